//! A datagram socket.

mod blocking;
#[cfg(target_os = "linux")]
mod packet_info;

pub use blocking::{BlockingEndpoints, Origin};

use crate::sys;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// A bound, and perhaps connected, UDP socket.
#[derive(Debug)]
pub struct UdpEndpoint {
    socket: UdpSocket,
    /// Bound to every address: which one a datagram was sent to is asked for each.
    is_wildcard: bool,
}

/// Where a datagram came from, and what an answer needs to go back the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Whose datagram it was.
    pub peer: SocketAddr,
    /// Our address that it was sent to, on a socket bound to all of them. An answer from another one would be dropped
    /// by a client whose socket is connected, and by firewalls.
    reached: Option<IpAddr>,
}

impl UdpEndpoint {
    pub(crate) fn new(socket: UdpSocket) -> Self {
        let is_wildcard = socket.local_addr().is_ok_and(|at| at.ip().is_unspecified()) && ask_reached(&socket);
        Self { socket, is_wildcard }
    }

    /// Our own address.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next datagram and its sender. A payload longer than `buffer` is cut.
    ///
    /// On a connected socket an ICMP error for an earlier datagram (nothing listens there) is returned here as
    /// `ConnectionRefused`; the socket stays usable.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Sender)> {
        if self.is_wildcard {
            return self.socket.async_io(Interest::READABLE, || receive_reached(&self.socket, buffer)).await;
        }
        self.socket.recv_from(buffer).await.map(plain)
    }

    /// A datagram that is already there, without waiting (`WouldBlock` when there is none).
    pub fn try_receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Sender)> {
        if self.is_wildcard {
            return self.socket.try_io(Interest::READABLE, || receive_reached(&self.socket, buffer));
        }
        self.socket.try_recv_from(buffer).map(plain)
    }

    /// Sends one datagram to the connected peer.
    pub async fn send(&self, payload: &[u8]) -> io::Result<usize> {
        self.socket.send(payload).await
    }

    /// Sends one datagram back to `sender`, from the address that it had sent to.
    pub async fn answer(&self, payload: &[u8], sender: &Sender) -> io::Result<usize> {
        match sender.reached {
            None => self.socket.send_to(payload, sender.peer).await,
            Some(from) => {
                let send = || send_from(&self.socket, payload, sender.peer, from);
                self.socket.async_io(Interest::WRITABLE, send).await
            }
        }
    }

    /// Datagrams that the kernel dropped for want of room in this socket's buffer; `None` where it does not say.
    #[must_use]
    pub fn receive_drops(&self) -> Option<u32> {
        sys::receive_drops(&self.socket).ok()
    }

    /// The socket for blocking use.
    pub fn into_blocking(self) -> io::Result<std::net::UdpSocket> {
        let socket = self.socket.into_std()?;
        socket.set_nonblocking(false)?;
        Ok(socket)
    }
}

fn plain((length, peer): (usize, SocketAddr)) -> (usize, Sender) {
    (length, Sender { peer, reached: None })
}

#[cfg(target_os = "linux")]
use packet_info::{ask_reached, receive_reached, send_from};

#[cfg(not(target_os = "linux"))]
fn ask_reached(_: &UdpSocket) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn receive_reached<S>(_: &S, _: &mut [u8]) -> io::Result<(usize, Sender)> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn send_from<S>(_: &S, _: &[u8], _: SocketAddr, _: IpAddr) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen;

    /// 127.0.0.2 is an address of every Linux machine, and not the one that the kernel would answer from.
    #[tokio::test]
    async fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
        for any in ["0.0.0.0:0", "*:0"] {
            let endpoint = listen::udp(&any.parse().unwrap()).await.unwrap().remove(0);
            let port = endpoint.local().unwrap().port();
            for asked in ["127.0.0.1", "127.0.0.2"] {
                let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                client.connect((asked, port)).await.unwrap();
                client.send(b"ask").await.unwrap();
                let mut buffer = [0; 16];
                let (length, sender) = endpoint.receive(&mut buffer).await.unwrap();
                assert_eq!(sender.peer.ip().to_canonical(), IpAddr::from([127, 0, 0, 1]), "{any}");
                endpoint.answer(&buffer[..length], &sender).await.unwrap();
                // A connected socket hears only the address that it asked.
                assert_eq!(client.recv(&mut buffer).await.unwrap(), 3, "{asked} on {any}");
            }
        }
    }

    #[tokio::test]
    async fn ipv6_clients_of_a_wildcard_socket_are_answered() {
        let endpoint = listen::udp(&"*:0".parse().unwrap()).await.unwrap().remove(0);
        let client = UdpSocket::bind("[::1]:0").await.unwrap();
        client.connect(("::1", endpoint.local().unwrap().port())).await.unwrap();
        client.send(b"").await.unwrap();
        let (length, sender) = endpoint.receive(&mut [0; 16]).await.unwrap();
        assert_eq!((length, sender.reached), (0, Some("::1".parse().unwrap())));
        endpoint.answer(b"", &sender).await.unwrap();
        assert_eq!(client.recv(&mut [0; 16]).await.unwrap(), 0);
    }
}
