//! A byte stream to a peer: one closed enum over the transports.

use crate::tcp_info::TcpInfo;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

/// An open byte stream. Reading, writing and half-closing work the same on all of them.
#[derive(Debug)]
pub enum Connection {
    /// A TCP socket, with `TCP_NODELAY` on unless asked otherwise.
    Tcp(TcpStream),
    /// One end of [`crate::memory::pair`].
    Memory(DuplexStream),
}

impl Connection {
    /// The other end's address; `None` for a pipe in memory.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Memory(_) => None,
        }
    }

    /// What the kernel knows about the connection now; `None` where it has nothing to say.
    #[must_use]
    pub fn tcp_info(&self) -> Option<TcpInfo> {
        match self {
            Self::Tcp(stream) => TcpInfo::of(stream).ok(),
            Self::Memory(_) => None,
        }
    }

    /// The name of the congestion control in use, such as `cubic` or `bbr`.
    #[must_use]
    pub fn congestion_control(&self) -> Option<String> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Tcp(stream) => rustix::net::sockopt::tcp_congestion(stream).ok(),
            #[cfg(not(target_os = "linux"))]
            Self::Tcp(_) => None,
            Self::Memory(_) => None,
        }
    }

    /// Makes the close of a TCP connection a reset: unsent data is dropped and the peer sees an error instead of the
    /// end of the stream. For peers that misbehave.
    pub fn reset_on_close(&self) {
        if let Self::Tcp(stream) = self {
            let _ = stream.set_zero_linger();
        }
    }

    /// The socket for blocking use, as bulk copying wants it; `None` for a pipe in memory.
    pub fn into_blocking(self) -> Option<io::Result<std::net::TcpStream>> {
        match self {
            Self::Tcp(stream) => Some(stream.into_std().and_then(|socket| {
                socket.set_nonblocking(false)?;
                Ok(socket)
            })),
            Self::Memory(_) => None,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
