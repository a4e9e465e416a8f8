//! The services, one file each, and what they share.

pub mod chat;
pub mod echo;
pub mod log;

use crate::driver::{Store, Timeouts, drive};
use crate::event::{EventKind, Events};
use crate::ops::{Counted, Ops, Place};
use crate::stop::Stop;
use helio_core::limits;
use helio_core::peer::canonical;
use helio_core::session::Session;
use helio_net::clock::Clock;
use helio_net::listen::{Accepted, Incoming, Listener};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// What every service is given by the program around it.
#[derive(Clone, Debug)]
pub struct Context {
    /// The program's clock.
    pub clock: Clock,
    /// Where to tell what happens.
    pub events: Events,
    /// When to stop.
    pub stop: Stop,
    /// Time limits of each session.
    pub timeouts: Timeouts,
    /// Told when somebody who may do so asks that settings be read again.
    pub reread: Arc<Notify>,
    /// What whoever runs the program looks at.
    pub ops: Arc<Ops>,
}

impl Context {
    /// A context in which nothing happens but the test.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self {
            clock: Clock::start(),
            events: Events::none(),
            stop: Stop::default(),
            timeouts: Timeouts::default(),
            reread: Arc::default(),
            ops: Arc::default(),
        }
    }

    /// The context of one service.
    #[must_use]
    pub fn of(&self, service: &'static str) -> Self {
        Self { events: self.events.of(service), ..self.clone() }
    }

    /// Accepts on `listener` and runs a session for each connection, until the program stops.
    ///
    /// Returns at once; the work goes on in tasks of [`Stop`]. `new_session` is called with each peer's address and gives
    /// the session and its store, which is dropped when the session has ended.
    pub fn serve_streams<S, K>(&self, listener: Listener, new_session: impl Fn(SocketAddr) -> (S, K) + Send + 'static)
    where
        S: Session + Send + 'static,
        K: Store,
    {
        let context = self.clone();
        self.stop.spawn(async move { context.accept(listener, new_session).await });
    }

    async fn accept<S, K>(self, mut listener: Listener, new_session: impl Fn(SocketAddr) -> (S, K))
    where
        S: Session + Send + 'static,
        K: Store,
    {
        loop {
            let incoming = tokio::select! {
                () = self.stop.begun() => return,
                incoming = listener.accept() => incoming,
            };
            match incoming {
                Ok(Incoming::Connection { connection, peer, permit }) => {
                    let peer = canonical(peer);
                    let (context, (session, store)) = (self.clone(), new_session(peer));
                    self.stop.spawn(async move {
                        context.converse(connection, peer, session, &store).await;
                        drop(permit);
                    });
                }
                Ok(Incoming::Short { error, retry_in }) => self.events.tell(EventKind::Trouble {
                    message: format!("cannot accept connections now: {error}; trying again in {retry_in:?}"),
                }),
                Err(error) => {
                    let message = format!("the listener broke and accepts no more: {error}");
                    return self.events.tell(EventKind::Failure { message });
                }
            }
        }
    }

    /// Tells why no datagram could be received, and waits before the next try. An error of an earlier answer (ICMP), which
    /// comes back here too, concerns one peer and is passed over.
    async fn wait_out_receive_error(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return;
        }
        let wait = limits::ACCEPT_BACKOFF_MAX;
        let message = format!("cannot receive datagrams: {error}; trying again in {wait:?}");
        self.events.tell(EventKind::Trouble { message });
        tokio::time::sleep(wait).await;
    }

    async fn converse<S: Session, K: Store>(self, accepted: Accepted, peer: SocketAddr, session: S, store: &K) {
        let place = Place::of_service(self.events.service());
        let established = tokio::select! {
            biased;
            established = accepted.establish() => established,
            () = self.stop.begun() => return,
        };
        let connection = match established {
            Ok(connection) => connection,
            Err(error) => {
                self.ops.metrics.handshake_failed(place);
                return self.events.tell(EventKind::HandshakeFailed { peer, reason: error.to_string() });
            }
        };
        let _counted = Counted::connection(&self.ops, place);
        self.events.tell(EventKind::Connected { peer });
        let scheme = connection.scheme();
        let seen = |bytes: &[u8]| self.events.tell_received(peer, scheme, bytes);
        let ended = drive(connection, session, store, self.timeouts, self.clock, &self.stop, seen).await;
        self.events.tell(EventKind::Closed {
            peer,
            reason: ended.reason,
            received_bytes: ended.received_bytes,
            sent_bytes: ended.sent_bytes,
            duration: ended.duration,
        });
    }
}
