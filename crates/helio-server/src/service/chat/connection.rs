//! The task of one connection: it reads lines for the hub, and writes what the hub cannot write itself.
//!
//! Its memory is bounded by construction: it reads only while the hub has room for another batch, and an idle
//! connection holds no buffer (reads go through one buffer a thread).

use super::batch::Batch;
use super::framer::{Framer, Wrong};
use super::handshakes::{Handshake, Handshakes};
use super::hub::{Input, broken};
use super::link::{Closing, Link, Work};
use super::pipe::Pipe;
use crate::event::{EndReason, EventKind};
use crate::ops::{Counted, Place};
use crate::service::Context as Service;
use helio_core::chat::{Face, Peer, SessionId};
use helio_core::limits;
use helio_core::printable::printable;
use helio_net::conn::Connection;
use helio_net::listen::Accepted;
use std::cell::RefCell;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;

/// What every connection's task is given.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) service: Service,
    pub(super) hub: mpsc::Sender<Input>,
    pub(super) handshakes: Handshakes,
}

/// A connection at work.
struct Task<'a> {
    gate: &'a Gate,
    id: SessionId,
    link: &'a Link,
    pipe: Pipe,
    framer: Framer,
    /// Why nothing more is read.
    ended: Option<Ended>,
    has_told_end: bool,
    /// While the hub has no room: ready when the peer is gone.
    gone: Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>,
    /// Since the peer is gone: when the session ends in any case.
    leaves_at: Option<Pin<Box<Sleep>>>,
    received_bytes: u64,
}

/// Why nothing more is read.
#[derive(Clone, Debug)]
struct Ended {
    reason: String,
    /// Nothing is to be written either.
    is_broken: bool,
}

/// What the task was woken for.
enum Woken {
    Batch(Batch),
    Inspect,
    Room,
    End(Ended),
    Close(Closing),
}

impl Gate {
    /// Talks with whoever connected, until that ends.
    pub(super) async fn converse(&self, accepted: Accepted, peer: SocketAddr, face: Face) {
        let Some((connection, handshake)) = self.establish(accepted, peer, Place::IrcTls).await else { return };
        drop(handshake);
        let (is_secure, certificate) = (connection.is_encrypted(), connection.peer_fingerprint());
        let (link, pipe) = match connection {
            Connection::Tcp(socket) => (Link::plain(socket), Pipe::Shared),
            connection @ (Connection::Tls(_) | Connection::Memory(_)) => (Link::handed(), Pipe::own(connection)),
        };
        let place = match face {
            Face::Guest => Place::Lines,
            Face::Irc if is_secure => Place::IrcTls,
            Face::Irc => Place::Irc,
        };
        self.talk(Peer { address: peer, face, is_secure, certificate }, place, link, pipe).await;
    }

    /// Agrees on the encryption, if there is to be one; the handshake then counts as long as the caller keeps it. `None`: the
    /// connection is dropped, and that is told.
    pub(super) async fn establish(
        &self,
        accepted: Accepted,
        peer: SocketAddr,
        place: Place,
    ) -> Option<(Connection, Option<Handshake>)> {
        let mut handshake = None;
        if accepted.is_encrypted() {
            if let Err(reason) = self.knock(peer.ip()).await {
                self.service.events.tell(EventKind::HandshakeFailed { peer, reason });
                return None;
            }
            match self.handshakes.begin(peer.ip()) {
                Ok(begun) => handshake = Some(begun),
                Err(reason) => {
                    self.handshake_failed(peer, place, reason);
                    return None;
                }
            }
        }
        tokio::select! {
            biased;
            established = accepted.establish() => match established {
                Ok(connection) => Some((connection, handshake)),
                Err(error) => {
                    self.handshake_failed(peer, place, error.to_string());
                    None
                }
            },
            () = self.service.stop.begun() => None,
        }
    }

    /// Talks on a connection that is ready.
    pub(super) async fn talk(&self, peer: Peer, place: Place, link: Link, mut pipe: Pipe) {
        let _counted = Counted::connection(&self.service.ops, place);
        let (address, face, started) = (peer.address, peer.face, self.service.clock.now());
        self.service.events.tell(EventKind::Connected { peer: address });
        let link = Arc::new(link);
        let (closing, received_bytes) = match self.introduce(peer, &link).await {
            Ok(id) => self.task(id, face, &link, pipe).run().await,
            Err(line) => {
                let sent_bytes = if pipe.say(&link, &line) { line.len() as u64 } else { 0 };
                let closing = Closing { reason: "Refused".to_owned(), sent_bytes, is_cut: false };
                pipe.close(&link, &closing, self.linger()).await;
                (closing, 0)
            }
        };
        self.service.events.tell(EventKind::Closed {
            peer: address,
            reason: end_reason(&closing.reason),
            received_bytes,
            sent_bytes: closing.sent_bytes,
            duration: self.service.clock.now() - started,
        });
    }

    /// A connection is dropped before it said anything.
    pub(super) fn handshake_failed(&self, peer: SocketAddr, place: Place, reason: String) {
        self.service.ops.metrics.handshake_failed(place);
        self.service.events.tell(EventKind::HandshakeFailed { peer, reason });
    }

    /// Tells the hub of a new connection. `Err` is what to say before it is closed.
    async fn introduce(&self, peer: Peer, link: &Arc<Link>) -> Result<SessionId, String> {
        let (answer, answered) = oneshot::channel();
        let _ = self.hub.send(Input::Connect { peer, link: link.clone(), answer }).await;
        // Without an answer the hub is gone.
        answered.await.unwrap_or_else(|_| Err(String::new()))
    }

    /// Asks whether `address` would be let in, so that who would not costs no handshake.
    async fn knock(&self, address: IpAddr) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        let _ = self.hub.send(Input::Knock { address, answer }).await;
        answered.await.unwrap_or_else(|_| Err("the service has ended".to_owned()))
    }

    fn task<'a>(&'a self, id: SessionId, face: Face, link: &'a Link, pipe: Pipe) -> Task<'a> {
        let framer = Framer::new(face);
        Task {
            gate: self,
            id,
            link,
            pipe,
            framer,
            ended: None,
            has_told_end: false,
            gone: None,
            leaves_at: None,
            received_bytes: 0,
        }
    }

    /// How long a peer has to close its end.
    fn linger(&self) -> Duration {
        if self.service.stop.has_begun() { limits::CHAT_STOP_LINGER } else { limits::LINGER_TIMEOUT }
    }
}

impl Task<'_> {
    /// Until the hub closes the connection. Returns how that was, and the number of bytes read.
    async fn run(mut self) -> (Closing, u64) {
        loop {
            match poll_fn(|cx| self.poll(cx)).await {
                Woken::Batch(batch) => {
                    self.link.sent_batch();
                    self.tell(Input::Lines { id: self.id, batch }).await;
                }
                Woken::Inspect => {
                    let transport = self.pipe.inspect(self.link);
                    self.tell(Input::Inspected { id: self.id, transport }).await;
                }
                Woken::Room => self.tell(Input::Room { id: self.id }).await,
                Woken::End(Ended { reason, is_broken }) => {
                    self.has_told_end = true;
                    self.tell(Input::End { id: self.id, reason, is_broken }).await;
                }
                Woken::Close(closing) => {
                    self.pipe.close(self.link, &closing, self.gate.linger()).await;
                    return (closing, self.received_bytes);
                }
            }
        }
    }

    async fn tell(&mut self, input: Input) {
        // The hub outlives its connections, but for a panic; then nobody answers.
        if self.gate.hub.send(input).await.is_err() {
            self.link.close(Closing { reason: "Server is gone".to_owned(), sent_bytes: 0, is_cut: true });
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Woken> {
        loop {
            let Work { may_read, wants_room, wants_inspection, closing } = self.link.look(cx.waker());
            if let Some(closing) = closing {
                return Poll::Ready(Woken::Close(closing));
            }
            if wants_inspection {
                return Poll::Ready(Woken::Inspect);
            }
            if let Poll::Ready(written) = self.pipe.poll_write(self.link, wants_room, cx) {
                match written {
                    Ok(()) if self.link.has_room() => return Poll::Ready(Woken::Room),
                    Ok(()) => {}
                    Err(error) => self.end(broken(&error), true),
                }
            }
            if let Some(ended) = self.ended.clone() {
                // Asked here and not above: the last batch may have been worked off before it was known that this ends.
                if !self.has_told_end && (self.link.ends() || self.poll_left(cx).is_ready()) {
                    return Poll::Ready(Woken::End(ended));
                }
                return Poll::Pending;
            }
            if !may_read {
                ready!(self.poll_gone(cx));
                continue;
            }
            self.gone = None;
            let mut batch = Batch::default();
            let clock = self.gate.service.clock;
            let taken = match self.poll_read(&mut batch, cx) {
                Poll::Ready(taken) => taken,
                Poll::Pending => ready!(self.framer.poll_time(clock, &mut batch, cx)),
            };
            if let Err(Wrong(why)) = taken {
                self.end(why.to_owned(), true);
            }
            if !batch.is_empty() {
                return Poll::Ready(Woken::Batch(batch));
            }
        }
    }

    /// Ready when the peer left without being read to its end, and had its time.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.leaves_at.is_none() {
            let link = self.link;
            ready!(self.gone.get_or_insert_with(|| Box::pin(link.gone())).as_mut().poll(cx));
        }
        self.gone = None;
        ready!(self.poll_left(cx));
        self.end("Connection closed".to_owned(), false);
        Poll::Ready(())
    }

    /// Ready [`limits::CHAT_LEFT_TIMEOUT`] after this was called first.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = || Box::pin(tokio::time::sleep(limits::CHAT_LEFT_TIMEOUT));
        self.leaves_at.get_or_insert_with(sleep).as_mut().poll(cx)
    }

    /// One read, taken apart while it is in the thread's buffer.
    fn poll_read(&mut self, batch: &mut Batch, cx: &mut Context<'_>) -> Poll<Result<(), Wrong>> {
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; limits::CHAT_READ]);
        }
        BUFFER.with_borrow_mut(|buffer| {
            let (length, ended) = match ready!(self.pipe.poll_read(self.link, cx, buffer)) {
                Ok(0) => (0, Some(("Connection closed".to_owned(), false))),
                Ok(length) => (length, None),
                Err(error) => (0, Some((broken(&error), true))),
            };
            if let Some((reason, is_broken)) = ended {
                self.end(reason, is_broken);
                return Poll::Ready(self.framer.end(batch));
            }
            self.received_bytes += length as u64;
            Poll::Ready(self.framer.take(&buffer[..length], self.gate.service.clock.now(), batch))
        })
    }

    /// Nothing more is read.
    fn end(&mut self, reason: String, is_broken: bool) {
        self.ended.get_or_insert(Ended { reason, is_broken });
    }
}

/// What the log is told: never what somebody wrote.
fn end_reason(reason: &str) -> EndReason {
    if reason.starts_with("Quit: ") || reason == "Connection closed" || reason == "Client quit" {
        return EndReason::ByPeer;
    }
    match reason {
        "Server is shutting down" => EndReason::Stopped,
        "SendQ exceeded" => EndReason::SlowReader,
        _ => EndReason::ByService(printable(reason.as_bytes(), limits::SHOWN_CHARS)),
    }
}
