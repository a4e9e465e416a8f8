//! A byte stream to a peer: one closed enum over the transports.

use crate::address::Scheme;
use crate::fingerprint::Fingerprint;
use crate::tcp_info::TcpInfo;
use crate::tls::TlsStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

/// An open byte stream. Reading, writing and half-closing work the same on all of them; only a written byte is on its way
/// for sure after a flush, which costs nothing where it is not needed.
#[derive(Debug)]
pub enum Connection {
    /// A TCP socket, with `TCP_NODELAY` on unless asked otherwise.
    Tcp(TcpStream),
    /// TLS over TCP, either side of it. Boxed, so that plain connections do not pay for it.
    Tls(Box<TlsStream>),
    /// One end of [`crate::memory::pair`].
    Memory(DuplexStream),
}

impl Connection {
    /// The other end's address; `None` for a pipe in memory.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.socket().and_then(|socket| socket.peer_addr().ok())
    }

    /// What the kernel knows about the connection now; `None` where it has nothing to say.
    #[must_use]
    pub fn tcp_info(&self) -> Option<TcpInfo> {
        self.socket().and_then(|socket| TcpInfo::of(socket).ok())
    }

    /// The name of the congestion control in use, such as `cubic` or `bbr`.
    #[must_use]
    pub fn congestion_control(&self) -> Option<String> {
        self.socket().and_then(congestion_control)
    }

    /// Makes the close of a TCP connection a reset: unsent data is dropped and the peer sees an error instead of the
    /// end of the stream. For peers that misbehave.
    pub fn reset_on_close(&self) {
        if let Some(socket) = self.socket() {
            let _ = socket.set_zero_linger();
        }
    }

    /// What the peer's TLS certificate is known by; `None` without one, and without TLS.
    #[must_use]
    pub fn peer_fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Tls(stream) => stream.peer_fingerprint(),
            Self::Tcp(_) | Self::Memory(_) => None,
        }
    }

    /// Whether what is written is encrypted on its way.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The transport, as addresses name it; a pipe in memory counts as TCP.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        if self.is_encrypted() { Scheme::Tls } else { Scheme::Tcp }
    }

    /// The socket for blocking use, as bulk copying wants it; `None` for a pipe in memory and for TLS, whose bytes are
    /// not those of the socket.
    pub fn into_blocking(self) -> Option<io::Result<std::net::TcpStream>> {
        match self {
            Self::Tcp(stream) => Some(stream.into_std().and_then(|socket| {
                socket.set_nonblocking(false)?;
                Ok(socket)
            })),
            Self::Tls(_) | Self::Memory(_) => None,
        }
    }

    /// The TCP socket below; `None` for a pipe in memory.
    fn socket(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.socket()),
            Self::Memory(_) => None,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Memory(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Memory(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// The name of the congestion control that a TCP socket uses; `None` where the system does not tell.
#[must_use]
pub fn congestion_control(socket: &TcpStream) -> Option<String> {
    #[cfg(target_os = "linux")]
    return rustix::net::sockopt::tcp_congestion(socket).ok();
    #[cfg(not(target_os = "linux"))]
    None
}
