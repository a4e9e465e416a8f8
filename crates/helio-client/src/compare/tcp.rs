//! The TCP side: one connection that stays open, and one for each exchange.

use super::{CompareError, shown};
use helio_core::measure::compare::Measured;
use helio_core::measure::wire::{START_BYTES, Start, VERSION};
use helio_core::time::{human, nanos};
use helio_net::blocking;
use helio_net::conn::Connection;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A reflector over TCP.
pub(super) struct Tcp {
    peer: SocketAddr,
    /// None after a failure, until its next turn.
    kept: Option<TcpStream>,
    timeout: Duration,
    /// Where echoes are read to; it keeps its size, so that no exchange pays for fresh pages but a size's first.
    echo: Vec<u8>,
    /// What a new connection sends: preamble and payload.
    opening: Vec<u8>,
}

/// How one exchange on a stream ended.
enum End {
    /// The whole echo is there.
    Whole,
    /// The time is over; so many bytes are there.
    TimedOut(usize),
    /// The peer ended its stream; so many bytes are there.
    Closed(usize),
}

impl Tcp {
    /// Makes sure that a reflector is at the other end of `connection`, which becomes the one that stays open.
    pub(super) fn greet(connection: Connection, peer: SocketAddr, timeout: Duration) -> Result<Self, CompareError> {
        let broken = |source| CompareError::Socket { peer, doing: "preparing the TCP socket", source };
        let kept = connection.into_blocking().unwrap_or(Err(io::ErrorKind::Unsupported.into())).map_err(broken)?;
        kept.set_read_timeout(Some(timeout)).map_err(broken)?;
        let mut tcp = Self { peer, kept: None, timeout, echo: Vec::new(), opening: Vec::new() };
        tcp.greet_kept(&kept)?;
        tcp.kept = Some(kept);
        Ok(tcp)
    }

    /// The connection that stays open, unless it broke.
    pub(super) fn kept(&self) -> Option<&TcpStream> {
        self.kept.as_ref()
    }

    /// Sends `payload` on the connection that stays open and times its echo. One that broke is opened again before.
    pub(super) fn exchange_kept(&mut self, payload: &[u8]) -> Result<Measured, CompareError> {
        let kept = match self.kept.take() {
            Some(kept) => kept,
            None => self.connect_again()?,
        };
        self.echo.resize(payload.len(), 0);
        let started = Instant::now();
        let end = exchange(&kept, payload, &mut self.echo, started + self.timeout);
        let elapsed = started.elapsed();
        match end.map_err(|source| self.broken("exchanging over TCP", source))? {
            End::Whole if elapsed < self.timeout => {
                self.check_echo(0, payload)?;
                self.kept = Some(kept);
                let exchange_ns = Some(nanos(elapsed));
                Ok(Measured { exchange_ns, total_ns: exchange_ns, ..Measured::default() })
            }
            End::Closed(_) => Err(self.broken("exchanging over TCP", io::ErrorKind::UnexpectedEof.into())),
            // The rest of the echo is still on its way, so this connection is of no more use.
            End::Whole | End::TimedOut(_) => Ok(Measured::default()),
        }
    }

    fn connect_again(&mut self) -> Result<TcpStream, CompareError> {
        let connected = blocking::tcp(self.peer, self.timeout)
            .and_then(|connected| connected.ok_or(io::ErrorKind::TimedOut.into()));
        let (kept, _) = connected.map_err(|source| self.broken("connecting again", source))?;
        match self.greet_kept(&kept) {
            Ok(()) => Ok(kept),
            // It is known to be a reflector; that it says nothing now is no reason to doubt it.
            Err(CompareError::Silent { timed_out, .. }) => {
                let kind = if timed_out { io::ErrorKind::TimedOut } else { io::ErrorKind::UnexpectedEof };
                Err(self.broken("greeting it again", kind.into()))
            }
            Err(other) => Err(other),
        }
    }

    /// Opens a connection, sends the preamble with `payload` behind it, and times both parts.
    pub(super) fn exchange_new(&mut self, payload: &[u8]) -> Result<Measured, CompareError> {
        self.opening.clear();
        self.opening.extend_from_slice(&Start::REQUEST.encode());
        self.opening.extend_from_slice(payload);
        self.echo.resize(self.opening.len(), 0);
        let connected = blocking::tcp(self.peer, self.timeout).map_err(|source| self.broken("connecting", source))?;
        let Some((stream, connect)) = connected else { return Ok(Measured::default()) };
        let left = self.timeout.saturating_sub(connect);
        let started = Instant::now();
        let end = exchange(&stream, &self.opening, &mut self.echo, started + left);
        let elapsed = started.elapsed();
        let connect_ns = Some(nanos(connect));
        match end.map_err(|source| self.broken("exchanging over a new TCP connection", source))? {
            End::Whole if elapsed < left => {
                self.check_preamble(START_BYTES)?;
                self.check_echo(START_BYTES, payload)?;
                let total_ns = Some(nanos(connect + elapsed));
                Ok(Measured { connect_ns, exchange_ns: Some(nanos(elapsed)), total_ns, ..Measured::default() })
            }
            End::Closed(_) => Err(self.broken("exchanging over TCP", io::ErrorKind::UnexpectedEof.into())),
            End::Whole | End::TimedOut(_) => Ok(Measured { connect_ns, ..Measured::default() }),
        }
    }

    fn greet_kept(&mut self, kept: &TcpStream) -> Result<(), CompareError> {
        self.echo.resize(START_BYTES, 0);
        let deadline = Instant::now() + self.timeout;
        let end = exchange(kept, &Start::REQUEST.encode(), &mut self.echo, deadline);
        let (peer, nothing) = (self.peer, "closed it without an answer".to_owned());
        match end {
            Ok(End::Whole) => self.check_preamble(START_BYTES),
            Ok(End::TimedOut(0)) => Err(CompareError::Silent {
                peer,
                did: format!("said nothing for {}", human(self.timeout)),
                timed_out: true,
            }),
            Ok(End::Closed(0)) => Err(CompareError::Silent { peer, did: nothing, timed_out: false }),
            Ok(End::TimedOut(arrived) | End::Closed(arrived)) => self.check_preamble(arrived),
            // What a close becomes when our preamble arrived unread.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                Err(CompareError::Silent { peer, did: nothing, timed_out: false })
            }
            Err(source) => Err(self.broken("greeting the reflector", source)),
        }
    }

    /// Checks the first `arrived` bytes of the echo, which should be a reflector's answer to the preamble.
    fn check_preamble(&self, arrived: usize) -> Result<(), CompareError> {
        let answer = self.echo.get(..arrived).unwrap_or_default();
        let peer = self.peer;
        match Start::decode(answer) {
            Some(Start { response: true, refused: true, version }) => {
                Err(CompareError::OtherVersion { peer, theirs: version, ours: VERSION })
            }
            Some(Start { response: true, version: VERSION, .. }) => Ok(()),
            Some(_) | None => Err(CompareError::NotReflector { peer, answer: shown(answer) }),
        }
    }

    fn check_echo(&self, from: usize, payload: &[u8]) -> Result<(), CompareError> {
        let echo = self.echo.get(from..).unwrap_or_default();
        if echo == payload {
            return Ok(());
        }
        let at = echo.iter().zip(payload).take_while(|(a, b)| a == b).count();
        Err(CompareError::Damaged { peer: self.peer, at })
    }

    fn broken(&self, doing: &'static str, source: io::Error) -> CompareError {
        CompareError::Socket { peer: self.peer, doing, source }
    }
}

/// Sends all of `out` and reads until `echo` is full, both at once: with a payload beyond the buffers of both sides,
/// writing everything first would wait for a peer that waits for us.
fn exchange(stream: &TcpStream, out: &[u8], echo: &mut [u8], deadline: Instant) -> io::Result<End> {
    let (mut sent, mut arrived) = (0, 0);
    while arrived < echo.len() {
        let rest = out.get(sent..).unwrap_or_default();
        if !rest.is_empty() {
            match send(stream, rest, SendFlags::DONTWAIT) {
                Ok(taken) => {
                    sent += taken;
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // With nothing left to send the read may wait, for at most the socket's own timeout.
        let flags = if rest.is_empty() { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        match recv(stream, echo.get_mut(arrived..).unwrap_or_default(), flags) {
            Ok((0, _)) => return Ok(End::Closed(arrived)),
            Ok((count, _)) => arrived += count,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if !rest.is_empty() => wait(stream, deadline)?,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        if arrived < echo.len() && Instant::now() >= deadline {
            return Ok(End::TimedOut(arrived));
        }
    }
    Ok(End::Whole)
}

/// Waits until `stream` can be read or written, at most until `deadline`.
fn wait(stream: &TcpStream, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(stream, PollFlags::IN | PollFlags::OUT)], Some(&left)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
