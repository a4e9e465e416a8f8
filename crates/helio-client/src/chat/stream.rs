//! The connection to a server, whatever lines are packed into on it.

use super::web::{self, WebStream};
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::conn::Connection;
use helio_net::connect::{self, ConnectError};
use helio_net::tls::ClientTls;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What lines are packed into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Nothing: IRC as ever.
    #[default]
    Lines,
    /// Messages of a WebSocket, over TLS, as web pages speak it.
    WebSocket,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum OpenError {
    /// None could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// One could, and no IRC over WebSocket is spoken on it.
    #[error("cannot talk with {address}: {reason}")]
    Web {
        /// The server's address.
        address: Address,
        /// Why not.
        reason: String,
    },
}

/// A stream of lines.
pub(crate) enum Stream {
    Plain(Connection),
    Web(Box<WebStream>),
}

/// Connects to `address`: by its scheme plain or over TLS, for a WebSocket always over TLS.
///
/// # Errors
/// See [`OpenError`].
pub(crate) async fn open(address: &Address, tls: &ClientTls, framing: Framing) -> Result<Stream, OpenError> {
    if framing == Framing::WebSocket {
        let (address, tls) = (address.with_scheme(Scheme::Tls), ClientTls { protocol: Some("http/1.1"), ..*tls });
        let connected = connect::tls(&address, &tls, limits::CONNECT_TIMEOUT).await?;
        let upgraded = web::upgrade(connected.connection, &address).await;
        let stream = upgraded.map_err(|reason| OpenError::Web { address, reason })?;
        return Ok(Stream::Web(Box::new(stream)));
    }
    let connected = match address.scheme {
        Some(Scheme::Tls) => connect::tls(address, tls, limits::CONNECT_TIMEOUT).await,
        Some(Scheme::Tcp | Scheme::Udp) | None => connect::tcp(address, limits::CONNECT_TIMEOUT).await,
    };
    Ok(Stream::Plain(connected?.connection))
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Web(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Web(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Web(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Web(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
