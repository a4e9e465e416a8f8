//! The listener of a web door: connections that bring one request each, in good time.

use crate::event::EventKind;
use crate::ops::Place;
use crate::service::chat::connection::Gate;
use crate::service::chat::handshakes::Handshake;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use helio_core::limits;
use helio_core::peer::canonical;
use helio_net::conn::Connection;
use helio_net::listen::{Accepted, Incoming, Listener};
use helio_net::tcp_info::TcpInfo;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Sleep;

/// A listener for the HTTP server. TLS is agreed on in tasks beside it, so that a slow peer delays nobody.
pub(super) struct WebDoor {
    gate: Gate,
    listener: Listener,
    /// Connections whose handshake is complete. Those under way are bounded as handshakes are.
    ready: mpsc::Receiver<(WebConnection, WebPeer)>,
    to_ready: mpsc::Sender<(WebConnection, WebPeer)>,
}

/// Who asks, and what is shared with the connection, which the HTTP server keeps to itself.
#[derive(Clone, Debug)]
pub(super) struct WebPeer {
    pub(super) address: SocketAddr,
    /// Over TLS.
    pub(super) is_secure: bool,
    shared: Arc<WebShared>,
}

/// What a connection is told and tells while it is out of reach.
#[derive(Debug, Default)]
pub(in crate::service::chat) struct WebShared {
    /// It has become a WebSocket.
    is_upgraded: AtomicBool,
    /// What the kernel knew of it when bytes last came.
    info: Mutex<Option<TcpInfo>>,
    congestion: Option<String>,
}

/// A connection that is dropped unless it becomes a WebSocket soon.
pub(super) struct WebConnection {
    connection: Connection,
    shared: Arc<WebShared>,
    /// Until it is one: when it is dropped, and its place among those that wait.
    waits: Option<(Pin<Box<Sleep>>, Handshake)>,
    _permit: OwnedSemaphorePermit,
}

impl WebDoor {
    pub(super) fn new(gate: Gate, listener: Listener) -> Self {
        let (to_ready, ready) = mpsc::channel(1);
        Self { gate, listener, ready, to_ready }
    }

    /// Agrees on TLS in a task of its own.
    fn establish(&self, accepted: Accepted, address: SocketAddr, permit: OwnedSemaphorePermit) {
        let (gate, ready) = (self.gate.clone(), self.to_ready.clone());
        self.gate.service.stop.spawn(async move {
            let Some((connection, handshake)) = gate.establish(accepted, address, Place::WebTls).await else { return };
            let Some(handshake) = handshake else { return };
            // An error says that the door was closed meanwhile.
            let _ = ready.send(pair(connection, address, handshake, permit)).await;
        });
    }
}

impl WebPeer {
    fn new(address: SocketAddr, is_secure: bool, congestion: Option<String>) -> Self {
        Self { address, is_secure, shared: Arc::new(WebShared { congestion, ..WebShared::default() }) }
    }

    /// The connection is a WebSocket now, and may last.
    pub(super) fn upgraded(&self) -> Arc<WebShared> {
        self.shared.is_upgraded.store(true, Ordering::Relaxed);
        self.shared.clone()
    }

    pub(super) fn place(&self) -> Place {
        if self.is_secure { Place::WebTls } else { Place::Web }
    }
}

impl WebShared {
    /// What the kernel knew of the connection when bytes last came: the question for it, for one.
    pub(in crate::service::chat) fn inspect(&self) -> Option<(TcpInfo, Option<String>)> {
        let info = self.info.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some((info, self.congestion.clone()))
    }

    fn look(&self, connection: &Connection) {
        *self.info.lock().unwrap_or_else(PoisonError::into_inner) = connection.tcp_info();
    }
}

fn pair(
    connection: Connection,
    address: SocketAddr,
    handshake: Handshake,
    permit: OwnedSemaphorePermit,
) -> (WebConnection, WebPeer) {
    let peer = WebPeer::new(address, connection.is_encrypted(), connection.congestion_control());
    let connection = WebConnection {
        connection,
        shared: peer.shared.clone(),
        waits: Some((Box::pin(tokio::time::sleep(limits::CHAT_WEB_REQUEST_TIMEOUT)), handshake)),
        _permit: permit,
    };
    (connection, peer)
}

impl axum::serve::Listener for WebDoor {
    type Io = WebConnection;
    type Addr = WebPeer;

    async fn accept(&mut self) -> (WebConnection, WebPeer) {
        loop {
            let incoming = tokio::select! {
                Some(ready) = self.ready.recv() => return ready,
                incoming = self.listener.accept() => incoming,
            };
            match incoming {
                Ok(Incoming::Connection { connection, peer, permit }) if connection.is_encrypted() => {
                    self.establish(connection, canonical(peer), permit);
                }
                Ok(Incoming::Connection { connection, peer, permit }) => {
                    let peer = canonical(peer);
                    let handshake = match self.gate.handshakes.begin(peer.ip()) {
                        Ok(handshake) => handshake,
                        Err(reason) => {
                            self.gate.handshake_failed(peer, Place::Web, reason);
                            continue;
                        }
                    };
                    // No more than taking it: there is no TLS.
                    let Ok(connection) = connection.establish().await else { continue };
                    return pair(connection, peer, handshake, permit);
                }
                Ok(Incoming::Short { error, retry_in }) => self.gate.service.events.tell(EventKind::Trouble {
                    message: format!("cannot accept connections now: {error}; trying again in {retry_in:?}"),
                }),
                Err(error) => {
                    let message = format!("the listener broke and accepts no more: {error}");
                    self.gate.service.events.tell(EventKind::Failure { message });
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<WebPeer> {
        Ok(WebPeer::new(self.listener.local()?, false, None))
    }
}
impl Connected<IncomingStream<'_, WebDoor>> for WebPeer {
    fn connect_info(stream: IncomingStream<'_, WebDoor>) -> Self {
        stream.remote_addr().clone()
    }
}

impl AsyncRead for WebConnection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let is_upgraded = self.shared.is_upgraded.load(Ordering::Relaxed);
        if is_upgraded {
            self.waits = None;
        }
        if self.waits.as_mut().is_some_and(|(deadline, _)| deadline.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let read = Pin::new(&mut self.connection).poll_read(cx, buf);
        if is_upgraded && read.is_ready() {
            self.shared.look(&self.connection);
        }
        read
    }
}

impl AsyncWrite for WebConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}
