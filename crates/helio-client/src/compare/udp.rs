//! The UDP side: one socket and one session, driven by [`DatagramSession`].

use super::CompareError;
use helio_core::limits;
use helio_core::measure::compare::Measured;
use helio_core::measure::exchange::{DatagramSession, Outcome};
use helio_core::measure::wire::{HEADER_BYTES, SessionId};
use helio_core::time::human;
use helio_net::blocking;
use helio_net::clock::Clock;
use helio_net::sys;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// A reflector over UDP.
pub(super) struct Udp {
    socket: UdpSocket,
    session: DatagramSession,
    clock: Clock,
    timeout: Duration,
    /// What the socket's receive timeout is set to.
    armed: Duration,
    /// The last exchange failed.
    failed: bool,
    out: Vec<u8>,
    /// One byte more than the largest answer, so that a longer datagram is not mistaken for one.
    incoming: [u8; HEADER_BYTES + limits::REFLECTOR_PIECE + 1],
}

impl Udp {
    /// Makes sure that a reflector is at the other end. `Ok(Err(_))`: there is none, and why.
    pub(super) fn greet(
        peer: SocketAddr,
        session: SessionId,
        timeout: Duration,
    ) -> Result<Result<Self, String>, CompareError> {
        let broken = |source| CompareError::Socket { peer, doing: "preparing the UDP socket", source };
        let socket = blocking::udp(peer, timeout).map_err(broken)?;
        let mut udp = Self {
            socket,
            session: DatagramSession::new(session, timeout),
            clock: Clock::start(),
            timeout,
            armed: timeout,
            failed: false,
            out: Vec::new(),
            incoming: [0; HEADER_BYTES + limits::REFLECTOR_PIECE + 1],
        };
        let nothing: Arc<[u8]> = [].into();
        Ok(match udp.converse(&nothing) {
            Ok(Outcome { datagrams, .. }) if datagrams.back > 0 => Ok(udp),
            Ok(Outcome { datagrams, .. }) if datagrams.foreign > 0 => {
                Err(format!("what answers on the UDP port of {peer} is not a Heliograph reflector"))
            }
            Ok(Outcome { datagrams, .. }) => {
                let (sent, waited) = (datagrams.sent, human(timeout + timeout / 4 * limits::REFLECTOR_TALLY_TRIES));
                Err(format!("no answer from {peer} to {sent} datagrams in {waited}; a firewall, or UDP is off there"))
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(format!("{peer} refused (the machine answers, nothing listens on that UDP port)"))
            }
            Err(source) => return Err(broken(source)),
        })
    }

    /// Sends `payload` in as many datagrams as it takes and times its echo. What the socket says of a broken way, such
    /// as a refusal by ICMP, is a failure of this exchange alone.
    pub(super) fn exchange(&mut self, payload: &Arc<[u8]>) -> Measured {
        if std::mem::take(&mut self.failed) {
            // Word of an earlier message that came after its end.
            let _ = self.socket.take_error();
        }
        let drops = sys::receive_drops(&self.socket).ok();
        let talked = self.converse(payload);
        let dropped_here = drops.zip(sys::receive_drops(&self.socket).ok()).map(|(old, new)| new.wrapping_sub(old));
        match talked {
            Ok(Outcome { elapsed, datagrams }) => {
                let exchange_ns = elapsed.map(|elapsed| u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX));
                let datagrams = Some(datagrams);
                Measured { exchange_ns, total_ns: exchange_ns, datagrams, dropped_here, ..Measured::default() }
            }
            Err(error) => {
                self.failed = true;
                let (datagrams, failed) = (self.session.give_up(), Some(format!("exchanging over UDP: {error}")));
                Measured { datagrams, dropped_here, failed, ..Measured::default() }
            }
        }
    }

    fn converse(&mut self, payload: &Arc<[u8]>) -> io::Result<Outcome> {
        self.session.start(payload.clone());
        loop {
            self.transmit()?;
            if let Some(outcome) = self.session.poll_outcome() {
                return Ok(outcome);
            }
            self.wait()?;
        }
    }

    /// Sends what is to be sent, and takes in what is there already.
    fn transmit(&mut self) -> io::Result<()> {
        let mut since_read = 0;
        while self.session.poll_transmit(self.clock.now(), &mut self.out) {
            match send(&self.socket, &self.out, SendFlags::empty()) {
                // No room in the kernel: lost, as any datagram may be.
                Ok(_) | Err(Errno::NOBUFS | Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            since_read += 1;
            if since_read == limits::COMPARE_PIECES_BETWEEN_READS {
                since_read = 0;
                while self.receive(RecvFlags::DONTWAIT)? {}
            }
        }
        Ok(())
    }

    /// Waits for the next datagram or the session's timeout, whichever is first.
    fn wait(&mut self) -> io::Result<()> {
        let Some(wake) = self.session.poll_timeout() else { return Ok(()) };
        let left = wake - self.clock.now();
        if left.is_zero() {
            self.session.handle_timeout(self.clock.now());
            return Ok(());
        }
        self.arm(left)?;
        if !self.receive(RecvFlags::empty())? {
            self.session.handle_timeout(self.clock.now());
        }
        Ok(())
    }

    /// Sets the receive timeout to about `left`. The session reads the clock itself, so it need not be exact, and the
    /// usual exchange, which is over at once, is spared the system call.
    fn arm(&mut self, left: Duration) -> io::Result<()> {
        if left.abs_diff(self.armed) > self.timeout / 16 {
            self.socket.set_read_timeout(Some(left))?;
            self.armed = left;
        }
        Ok(())
    }

    /// Takes in one datagram; false when there is none.
    fn receive(&mut self, flags: RecvFlags) -> io::Result<bool> {
        match recv(&self.socket, &mut self.incoming[..], flags) {
            Ok((length, _)) => {
                let datagram = self.incoming.get(..length).unwrap_or_default();
                self.session.handle_datagram(datagram, self.clock.now());
                Ok(true)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
