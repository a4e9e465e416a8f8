//! Datagram sockets for a thread that may block.

use super::{Sender, UdpEndpoint, plain, receive_reached, send_from};
use crate::sys;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::sockopt;
use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The sockets of one address (a name may have several), read as one.
#[derive(Debug)]
pub struct BlockingEndpoints {
    sockets: Vec<Endpoint>,
    /// Which one is asked first: the others' turn must come while one is flooded.
    first: AtomicUsize,
}

#[derive(Debug)]
struct Endpoint {
    socket: UdpSocket,
    is_wildcard: bool,
}

/// The sender of a datagram and the socket that heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who sent it.
    pub sender: Sender,
    socket: usize,
}

impl BlockingEndpoints {
    /// Takes over bound sockets; for blocking use, outside of the runtime.
    ///
    /// # Errors
    /// When the runtime does not give one of them back.
    pub fn new(endpoints: Vec<UdpEndpoint>) -> io::Result<Self> {
        let sockets = endpoints.into_iter().map(|UdpEndpoint { socket, is_wildcard }| {
            // It stays non-blocking: the wait is for all of them at once.
            Ok(Endpoint { socket: socket.into_std()?, is_wildcard })
        });
        Ok(Self { sockets: sockets.collect::<io::Result<_>>()?, first: AtomicUsize::new(0) })
    }

    /// The next datagram; `None` when none came for `wait`. A payload longer than `buffer` is cut.
    ///
    /// # Errors
    /// What the system says of a socket.
    pub fn receive(&self, buffer: &mut [u8], wait: Duration) -> io::Result<Option<(usize, Origin)>> {
        if let Some(received) = self.try_receive(buffer)? {
            return Ok(Some(received));
        }
        let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
        let mut waiting: Vec<_> = self.sockets.iter().map(|at| PollFd::new(&at.socket, PollFlags::IN)).collect();
        match rustix::event::poll(&mut waiting, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(None),
            Ok(_) => self.try_receive(buffer),
            Err(error) => Err(error.into()),
        }
    }

    fn try_receive(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, Origin)>> {
        let count = self.sockets.len();
        let first = self.first.fetch_add(1, Ordering::Relaxed) % count.max(1);
        for index in (first..count).chain(0..first) {
            match self.sockets[index].receive(buffer) {
                Ok((length, sender)) => return Ok(Some((length, Origin { sender, socket: index }))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Sends one datagram back to where one came from, from the address that that one was sent to. Does not wait for
    /// room (`WouldBlock`).
    pub fn answer(&self, payload: &[u8], origin: &Origin) -> io::Result<usize> {
        let socket = &self.sockets[origin.socket].socket;
        match origin.sender.reached {
            None => socket.send_to(payload, origin.sender.peer),
            Some(from) => send_from(socket, payload, origin.sender.peer, from),
        }
    }

    /// Asks the kernel for a receive buffer of this size for each socket; it grants what it likes.
    pub fn ask_receive_buffer(&self, bytes: usize) {
        for at in &self.sockets {
            let _ = sockopt::set_socket_recv_buffer_size(&at.socket, bytes);
        }
    }

    /// Datagrams that the kernel dropped for want of room in the buffers, since the sockets were opened; `None` where it
    /// does not say. Wraps at 2^32.
    #[must_use]
    pub fn receive_drops(&self) -> Option<u32> {
        self.sockets.iter().try_fold(0, |sum: u32, at| Some(sum.wrapping_add(sys::receive_drops(&at.socket).ok()?)))
    }
}

impl Endpoint {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Sender)> {
        if self.is_wildcard { receive_reached(&self.socket, buffer) } else { self.socket.recv_from(buffer).map(plain) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen;

    const PLENTY: Duration = Duration::from_secs(30);

    async fn bound(addresses: &[&str]) -> (BlockingEndpoints, Vec<u16>) {
        let mut endpoints = Vec::new();
        for address in addresses {
            endpoints.append(&mut listen::udp(&address.parse().unwrap()).await.unwrap());
        }
        let ports = endpoints.iter().map(|endpoint| endpoint.local().unwrap().port()).collect();
        (BlockingEndpoints::new(endpoints).unwrap(), ports)
    }

    #[tokio::test]
    async fn every_socket_is_heard_and_answers_from_the_address_that_was_asked() {
        let (endpoints, ports) = bound(&["127.0.0.1:0", "0.0.0.0:0", "[::1]:0"]).await;
        let asked = ["127.0.0.1", "127.0.0.2", "::1"];
        for (asked, port) in asked.into_iter().zip(ports) {
            let client = UdpSocket::bind(if asked == "::1" { "[::1]:0" } else { "127.0.0.1:0" }).unwrap();
            client.connect((asked, port)).unwrap();
            client.set_read_timeout(Some(PLENTY)).unwrap();
            client.send(b"ask").unwrap();
            let mut buffer = [0; 16];
            let (length, origin) = endpoints.receive(&mut buffer, PLENTY).unwrap().unwrap();
            assert_eq!(origin.sender.peer, client.local_addr().unwrap());
            endpoints.answer(&buffer[..length], &origin).unwrap();
            // A connected socket hears only the address that it asked.
            assert_eq!(client.recv(&mut buffer).unwrap(), 3, "{asked}");
        }
        assert!(endpoints.receive(&mut [0; 16], Duration::ZERO).unwrap().is_none());
        assert_eq!(endpoints.receive_drops(), Some(0));
    }

    #[tokio::test]
    async fn a_flooded_socket_does_not_silence_another() {
        let (endpoints, ports) = bound(&["127.0.0.1:0", "127.0.0.1:0"]).await;
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..3 {
            client.send_to(b"flood", ("127.0.0.1", ports[0])).unwrap();
        }
        client.send_to(b"other", ("127.0.0.1", ports[1])).unwrap();
        let mut buffer = [0; 5];
        let mut heard = || {
            endpoints.receive(&mut buffer, PLENTY).unwrap().unwrap();
            buffer
        };
        assert!([heard(), heard()].contains(b"other"));
    }
}
