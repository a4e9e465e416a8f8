//! IRC over WebSocket (IRCv3 websocket, `text.ircv3.net`) as a stream of lines like any other: each message is one line without
//! its end.

use futures_util::{Sink as _, Stream as _};
use helio_core::limits;
use helio_net::address::Address;
use helio_net::conn::Connection;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

/// The subprotocol that we speak.
const SUBPROTOCOL: &str = "text.ircv3.net";

/// The path where servers of ours speak it.
const PATH: &str = "/irc";

/// A connection that has become a WebSocket.
pub(crate) struct WebStream {
    socket: WebSocketStream<Connection>,
    /// Read and not taken: the rest of one message and its end.
    unread: Vec<u8>,
    taken: usize,
    /// Of a line whose end was not written yet.
    unfinished: Vec<u8>,
}

/// Asks the server at `address` to speak IRC over WebSocket on this connection.
///
/// # Errors
/// It does not, in words.
pub(crate) async fn upgrade(connection: Connection, address: &Address) -> Result<WebStream, String> {
    let host = Address { scheme: None, ..address.clone() };
    let request = format!("wss://{host}{PATH}").into_client_request();
    let mut request = request.map_err(|error| error.to_string())?;
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let most = Some(limits::CHAT_CLIENT_WEB_MESSAGE);
    let config = WebSocketConfig::default().max_message_size(most).max_frame_size(most);
    let asked = tokio_tungstenite::client_async_with_config(request, connection, Some(config));
    let answered = tokio::time::timeout(limits::CONNECT_TIMEOUT, asked).await;
    let answered = answered.map_err(|_| "the server does not answer over HTTP".to_owned())?;
    let (socket, _) = answered.map_err(|error| format!("no IRC is spoken at {PATH} there: {error}"))?;
    Ok(WebStream { socket, unread: Vec::new(), taken: 0, unfinished: Vec::new() })
}

impl WebStream {
    /// The bytes of a message with the end of a line, or `None` at the end of all.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        loop {
            let line = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                None | Some(Ok(Message::Close(_))) => return Poll::Ready(Ok(None)),
                Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
                Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => return Poll::Ready(Err(broken(error))),
            };
            return Poll::Ready(Ok(Some([line.as_slice(), b"\r\n"].concat())));
        }
    }
}

impl AsyncRead for WebStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.taken == self.unread.len() {
            let Some(message) = ready!(self.poll_message(cx))? else { return Poll::Ready(Ok(())) };
            (self.unread, self.taken) = (message, 0);
        }
        let waiting = self.unread.get(self.taken..).unwrap_or_default();
        let count = waiting.len().min(buf.remaining());
        buf.put_slice(waiting.get(..count).unwrap_or_default());
        self.taken += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebStream {
    /// Takes what belongs to one line at most, and sends it when its end is there.
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Some(end) = buf.iter().position(|byte| *byte == b'\n') else {
            self.unfinished.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        };
        // Nothing is taken before there is room: who is woken writes the same bytes again.
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(broken)?;
        let mut line = std::mem::take(&mut self.unfinished);
        line.extend_from_slice(buf.get(..end).unwrap_or_default());
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let text = String::from_utf8(line).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Pin::new(&mut self.socket).start_send(Message::text(text)).map_err(broken)?;
        Poll::Ready(Ok(end + 1))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(broken)
    }
}

fn broken(error: tungstenite::Error) -> io::Error {
    if let tungstenite::Error::Io(error) = error { error } else { io::Error::other(error.to_string()) }
}
