//! An open TLS connection, and the socket below it.

use crate::fingerprint::Fingerprint;
use helio_core::limits;
use rustls::{CommonState, ProtocolVersion};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// An open TLS connection over TCP.
///
/// Reading, writing and ending work as on a socket, with two differences that TLS brings. What was written may wait in
/// here until the socket takes it: it is on its way after a flush, and reading moves it along too. And a peer that ends
/// its stream without saying so (close_notify, RFC 8446 §6.1) gives an error of the kind
/// [`io::ErrorKind::UnexpectedEof`], since whoever is on the way could have done that.
#[derive(Debug)]
pub struct TlsStream {
    inner: tokio_rustls::TlsStream<Metered>,
    /// Somebody waits for the socket to take more, and must be the one that it wakes.
    is_writer_waiting: bool,
}

impl TlsStream {
    pub(super) fn server(stream: tokio_rustls::server::TlsStream<Metered>) -> Self {
        Self::new(stream.into())
    }

    pub(super) fn client(stream: tokio_rustls::client::TlsStream<Metered>) -> Self {
        Self::new(stream.into())
    }

    fn new(mut stream: tokio_rustls::TlsStream<Metered>) -> Self {
        match &mut stream {
            tokio_rustls::TlsStream::Server(stream) => {
                let (socket, session) = stream.get_mut();
                socket.remaining = None;
                session.set_buffer_limit(Some(limits::TLS_SEND_BUFFER));
            }
            tokio_rustls::TlsStream::Client(stream) => {
                let (socket, session) = stream.get_mut();
                socket.remaining = None;
                session.set_buffer_limit(Some(limits::TLS_SEND_BUFFER));
            }
        }
        Self { inner: stream, is_writer_waiting: false }
    }

    /// The socket below, for what the kernel knows of it. Bytes read or written there break the connection.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.inner.get_ref().0.socket
    }

    /// What the peer's certificate is known by; `None` when it showed none, as most clients do.
    #[must_use]
    pub fn peer_fingerprint(&self) -> Option<Fingerprint> {
        self.session().peer_certificates()?.first().map(|certificate| Fingerprint::of(certificate))
    }

    /// The version that was agreed, such as `TLS 1.3`.
    #[must_use]
    pub fn version(&self) -> &'static str {
        if self.session().protocol_version() == Some(ProtocolVersion::TLSv1_3) { "TLS 1.3" } else { "TLS 1.2" }
    }

    fn session(&self) -> &CommonState {
        self.inner.get_ref().1
    }

    /// Lets `write` work on the library's stream, and notes whether it has to wait.
    fn write_with<T>(
        self: Pin<&mut Self>,
        write: impl FnOnce(Pin<&mut tokio_rustls::TlsStream<Metered>>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let this = self.get_mut();
        let written = write(Pin::new(&mut this.inner));
        this.is_writer_waiting = written.is_pending();
        written
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.session().wants_write() && !this.is_writer_waiting {
            // Whoever only reads from now on would otherwise keep the end of its last answer here. An error shows in
            // reading too.
            let _ = Pin::new(&mut this.inner).poll_flush(cx);
        }
        match ready!(Pin::new(&mut this.inner).poll_read(cx, buf)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let message = "ended without a TLS close_notify, so something may be missing";
                Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, message)))
            }
            other => Poll::Ready(other),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write_with(|inner| inner.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(|inner| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(|inner| inner.poll_shutdown(cx))
    }
}

/// A socket that counts what is read during the handshake.
#[derive(Debug)]
pub(super) struct Metered {
    socket: TcpStream,
    /// Bytes that may still be read; `None` once the handshake is complete.
    remaining: Option<usize>,
}

/// The handshake is longer than [`limits::TLS_HANDSHAKE_BYTES`].
#[derive(Debug, thiserror::Error)]
#[error("the handshake is too long")]
struct TooLong;

/// Whether the error came from the limit of [`Metered`].
pub(super) fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooLong>())
}

impl Metered {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, remaining: Some(limits::TLS_HANDSHAKE_BYTES) }
    }
}

impl AsyncRead for Metered {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { socket, remaining } = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(socket).poll_read(cx, buf))?;
        if let Some(remaining) = remaining {
            let read = buf.filled().len() - before;
            let Some(rest) = remaining.checked_sub(read) else { return Poll::Ready(Err(io::Error::other(TooLong))) };
            *remaining = rest;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
