//! A datagram socket.

use crate::sys;
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// A bound, and perhaps connected, UDP socket.
#[derive(Debug)]
pub struct UdpEndpoint {
    socket: UdpSocket,
}

impl UdpEndpoint {
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self { socket }
    }

    /// Our own address.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next datagram and its sender. A payload longer than `buffer` is cut.
    ///
    /// On a connected socket an ICMP error for an earlier datagram (nothing listens there) is returned here as
    /// `ConnectionRefused`; the socket stays usable.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.recv_from(buffer).await
    }

    /// A datagram that is already there, without waiting (`WouldBlock` when there is none).
    pub fn try_receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.try_recv_from(buffer)
    }

    /// Sends one datagram to the connected peer.
    pub async fn send(&self, payload: &[u8]) -> io::Result<usize> {
        self.socket.send(payload).await
    }

    /// Sends one datagram to `to`.
    pub async fn send_to(&self, payload: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.socket.send_to(payload, to).await
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
