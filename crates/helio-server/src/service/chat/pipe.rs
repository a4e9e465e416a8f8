//! How the bytes of a connection come, and how they go if the hub does not write them.

use super::link::{Closing, Link};
use super::websocket::WebShared;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{Sink as _, Stream as _};
use helio_core::chat::transport::Transport;
use helio_net::conn::{Connection, congestion_control};
use helio_net::tcp_info::TcpInfo;
use rustix::net::{Shutdown, shutdown};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

/// The kinds of connections.
#[derive(Debug)]
pub(super) enum Pipe {
    /// The socket is in the [`Link`], and the hub writes to it.
    Shared,
    /// Encrypted: the task does both.
    Own { connection: Connection, unwritten: Vec<u8>, written: usize },
    /// Each line is a message.
    Web { socket: Box<WebSocket>, is_binary: bool, unwritten: Vec<u8>, shared: Arc<WebShared> },
}

impl Pipe {
    pub(super) fn own(connection: Connection) -> Self {
        Self::Own { connection, unwritten: Vec::new(), written: 0 }
    }

    pub(super) fn web(socket: WebSocket, is_binary: bool, shared: Arc<WebShared>) -> Self {
        Self::Web { socket: Box::new(socket), is_binary, unwritten: Vec::new(), shared }
    }

    /// Reads into `buffer`, which is larger than any message of a WebSocket; nothing is the end.
    pub(super) fn poll_read(
        &mut self,
        link: &Link,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Shared => {
                let Some(socket) = link.socket() else { return Poll::Ready(Ok(0)) };
                loop {
                    ready!(socket.poll_read_ready(cx))?;
                    match socket.try_read(buffer) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        read => return Poll::Ready(read),
                    }
                }
            }
            Self::Own { connection, .. } => {
                let mut buffer = ReadBuf::new(buffer);
                ready!(Pin::new(connection).poll_read(cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
            Self::Web { socket, .. } => loop {
                let Some(message) = ready!(Pin::new(&mut **socket).poll_next(cx)) else { return Poll::Ready(Ok(0)) };
                if let Some(length) = line_of(&message.map_err(io::Error::other)?, buffer) {
                    return Poll::Ready(Ok(length));
                }
            },
        }
    }

    /// Writes what was handed over; ready when there is room for more.
    pub(super) fn poll_write(&mut self, link: &Link, wants_room: bool, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Shared => match link.socket() {
                Some(socket) if wants_room => socket.poll_write_ready(cx),
                Some(_) | None => Poll::Pending,
            },
            Self::Own { connection, unwritten, written } => loop {
                if *written == unwritten.len() {
                    *written = 0;
                    *unwritten = Vec::new();
                    link.take_handed(unwritten);
                    if unwritten.is_empty() {
                        return Pin::new(connection).poll_flush(cx);
                    }
                }
                *written += ready!(Pin::new(&mut *connection).poll_write(cx, &unwritten[*written..]))?;
            },
            Self::Web { socket, is_binary, unwritten, .. } => {
                let mut socket = Pin::new(&mut **socket);
                // While a line waits here, more of them wait in the session's queue, which has a bound.
                if !unwritten.contains(&b'\n') {
                    link.take_handed(unwritten);
                }
                let mut written = 0;
                while let Some(length) = unwritten[written..].iter().position(|byte| *byte == b'\n') {
                    if socket.as_mut().poll_ready(cx).map_err(io::Error::other)?.is_pending() {
                        unwritten.drain(..written);
                        return Poll::Pending;
                    }
                    let line = unwritten[written..written + length].trim_ascii_end();
                    socket.as_mut().start_send(message(line, *is_binary)).map_err(io::Error::other)?;
                    written += length + 1;
                }
                // Mostly all of it, and then no memory is kept.
                *unwritten = unwritten.split_off(written);
                socket.poll_flush(cx).map_err(io::Error::other)
            }
        }
    }

    /// What the kernel knows of the connection now; `None`: nothing.
    pub(super) fn inspect(&self, link: &Link) -> Option<Transport> {
        let (info, congestion) = match self {
            Self::Shared => {
                let socket = link.socket()?;
                (TcpInfo::of(socket).ok()?, congestion_control(socket))
            }
            Self::Own { connection, .. } => (connection.tcp_info()?, connection.congestion_control()),
            Self::Web { shared, .. } => shared.inspect()?,
        };
        Some(Transport { numbers: info.numbers().collect(), congestion })
    }

    /// Queues a line of the task's own.
    pub(super) fn say(&mut self, link: &Link, line: &str) -> bool {
        match self {
            Self::Shared => return link.write(line.as_bytes()).is_ok(),
            Self::Own { unwritten, .. } | Self::Web { unwritten, .. } => unwritten.extend_from_slice(line.as_bytes()),
        }
        true
    }

    /// Writes what is left, says that it is the end, and waits a while for the peer's: a close with unread bytes would
    /// become a reset that destroys our last words on their way (RFC 9293 §3.10.4).
    pub(super) async fn close(mut self, link: &Link, closing: &Closing, limit: Duration) {
        if closing.is_cut {
            return self.reset(link);
        }
        let end = async {
            let _ = poll_fn(|cx| self.poll_last_words(link, cx)).await;
            let mut buffer = vec![0; helio_core::limits::CHAT_READ];
            while poll_fn(|cx| self.poll_read(link, cx, &mut buffer)).await.is_ok_and(|length| length > 0) {}
        };
        if tokio::time::timeout(limit, Box::pin(end)).await.is_err() {
            self.reset(link);
        }
    }

    fn poll_last_words(&mut self, link: &Link, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !matches!(self, Self::Shared) {
            ready!(self.poll_write(link, false, cx))?;
        }
        match self {
            Self::Shared => {
                if let Some(socket) = link.socket() {
                    shutdown(socket, Shutdown::Write)?;
                }
                Poll::Ready(Ok(()))
            }
            Self::Own { connection, .. } => Pin::new(connection).poll_shutdown(cx),
            Self::Web { socket, .. } => Pin::new(&mut **socket).poll_close(cx).map_err(io::Error::other),
        }
    }

    fn reset(&self, link: &Link) {
        match self {
            Self::Shared => {
                if let Some(socket) = link.socket() {
                    let _ = socket.set_zero_linger();
                }
            }
            Self::Own { connection, .. } => connection.reset_on_close(),
            // Its socket is out of reach; what the kernel has not sent yet stays with it until it gives up.
            Self::Web { .. } => {}
        }
    }
}

/// A message as a line in `buffer`; `None` for those that carry none.
fn line_of(message: &Message, buffer: &mut [u8]) -> Option<usize> {
    let bytes: &[u8] = match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return None,
    };
    let place = buffer.get_mut(..=bytes.len())?;
    place[..bytes.len()].copy_from_slice(bytes);
    place[bytes.len()] = b'\n';
    Some(place.len())
}

fn message(line: &[u8], is_binary: bool) -> Message {
    // Our own lines are UTF-8, whoever wrote what is in them.
    if is_binary { Message::binary(line.to_vec()) } else { Message::text(String::from_utf8_lossy(line).into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::transport::SHOWN;

    #[test]
    fn every_number_that_is_shown_has_its_name_from_the_kernels_table() {
        let all = TcpInfo::decode(&[1; 512]);
        let known: Vec<&str> = all.numbers().map(|(name, _)| name).collect();
        let unknown: Vec<&str> = SHOWN.into_iter().filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, [] as [&str; 0]);
    }
}
