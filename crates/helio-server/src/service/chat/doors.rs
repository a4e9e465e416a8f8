//! The addresses where chat listens. They can change while it runs: connections stay.

use super::connection::Gate;
use super::websocket::{self, Origins};
use crate::event::EventKind;
use crate::service::Context;
use helio_core::chat::{Connections, Face};
use helio_core::limits;
use helio_core::peer::canonical;
use helio_net::address::{Address, Scheme};
use helio_net::identity::IdentityError;
use helio_net::listen::{self, BindError, Incoming, Listener};
use helio_net::tls::{ServerSettings, ServerTls};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

/// What is spoken behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speech {
    /// IRC.
    Irc,
    /// IRC in a WebSocket.
    Web,
    /// Lines of text (spec/line-listener.md).
    Line,
}

/// An address to listen on.
#[derive(Clone, Debug)]
pub struct Door {
    /// What is spoken there.
    pub speech: Speech,
    /// Where; its scheme says whether it is encrypted, and without one it is not.
    pub address: Address,
    /// Whether the service does without it when another program has the port, and says so: nobody has asked for it.
    pub is_optional: bool,
}

impl Door {
    fn is_same(&self, other: &Self) -> bool {
        self.speech == other.speech && self.address == other.address
    }
}

/// A door that is open.
#[derive(Debug)]
struct Open {
    door: Door,
    /// Addresses of the sockets, with the ports that the system chose.
    bound: Vec<Address>,
    close: CancellationToken,
    /// One for each socket: when it is closed.
    ended: Vec<oneshot::Receiver<()>>,
}

/// All doors that are open.
#[derive(Debug)]
pub(super) struct Doors {
    gate: Gate,
    permits: Arc<Semaphore>,
    tls: Option<Tls>,
    origins: Origins,
    open: Vec<Open>,
    shown: Shown,
}

/// How TLS is spoken, with one identity: IRC by one protocol name (ALPN), browsers by another.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    irc: Arc<ServerTls>,
    web: Arc<ServerTls>,
}

impl Tls {
    /// Beside `irc` what browsers speak. They are not asked for a certificate, since some then ask their user.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub(super) fn of(irc: Arc<ServerTls>) -> Result<Self, IdentityError> {
        let settings = ServerSettings { protocol: Some("http/1.1"), ..ServerSettings::default() };
        Ok(Self { web: Arc::new(irc.beside(&settings)?), irc })
    }

    fn speaking(&self, speech: Speech) -> Option<&Arc<ServerTls>> {
        match speech {
            Speech::Irc => Some(&self.irc),
            Speech::Web => Some(&self.web),
            Speech::Line => None,
        }
    }
}

/// Where is listened, for those who ask while [`Doors`] belongs to another.
pub(super) type Shown = Arc<RwLock<Vec<(Speech, Address)>>>;

impl Doors {
    pub(super) fn new(gate: Gate, permits: Arc<Semaphore>, tls: Option<Tls>, shown: Shown) -> Self {
        Self { gate, permits, tls, origins: Origins::default(), open: Vec::new(), shown }
    }

    /// Opens the doors of `wanted` that are not open, and closes those that are not wanted.
    ///
    /// # Errors
    /// An address that is not optional cannot be had; then nothing changed.
    pub(super) async fn become_like(&mut self, wanted: &[Door]) -> Result<(), BindError> {
        let changed = self.change_to(wanted).await;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = self.bound();
        changed
    }

    async fn change_to(&mut self, wanted: &[Door]) -> Result<(), BindError> {
        let mut closed = Vec::new();
        let bound = match self.bind_missing(wanted, &mut closed).await {
            Ok(bound) => bound,
            Err(error) => {
                for (door, bound) in closed {
                    self.reopen(door, &bound).await;
                }
                return Err(error);
            }
        };
        self.open.retain(|open| {
            let is_wanted = wanted.iter().any(|door| open.door.is_same(door));
            if !is_wanted {
                open.close.cancel();
            }
            is_wanted
        });
        for (door, listeners) in bound {
            self.open(door, listeners);
        }
        Ok(())
    }

    /// Binds what is wanted and not open. Doors in its way that are not wanted any more are closed; they are in `closed`
    /// then, with their addresses.
    async fn bind_missing(
        &mut self,
        wanted: &[Door],
        closed: &mut Vec<(Door, Vec<Address>)>,
    ) -> Result<Vec<(Door, Vec<Listener>)>, BindError> {
        let mut bound = Vec::new();
        for door in wanted {
            if self.open.iter().any(|open| open.door.is_same(door)) {
                continue;
            }
            let mut listeners = self.bind(door).await;
            if matches!(listeners, Err(BindError::InUse { .. })) && self.make_way(door, wanted, closed).await {
                listeners = self.bind(door).await;
            }
            match listeners {
                Ok(listeners) => bound.push((door.clone(), listeners)),
                Err(error @ BindError::InUse { .. }) if door.is_optional => {
                    self.tell(format!("a default address is left out: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(bound)
    }

    /// Closes doors with the port of `door` that are not wanted. Returns whether there were any.
    async fn make_way(&mut self, door: &Door, wanted: &[Door], closed: &mut Vec<(Door, Vec<Address>)>) -> bool {
        let is_in_way = |open: &mut Open| {
            open.bound.iter().any(|at| at.port == door.address.port)
                && !wanted.iter().any(|door| open.door.is_same(door))
        };
        let in_way: Vec<_> = self.open.extract_if(.., is_in_way).collect();
        let has_closed = !in_way.is_empty();
        for open in in_way {
            open.close.cancel();
            for ended in open.ended {
                // An error says that the task dropped its end: its socket is closed.
                let _ = ended.await;
            }
            closed.push((open.door, open.bound));
        }
        has_closed
    }

    /// Opens `door` where it was.
    async fn reopen(&mut self, door: Door, bound: &[Address]) {
        let mut listeners = Vec::new();
        for address in bound {
            match self.bind(&Door { address: address.clone(), ..door.clone() }).await {
                Ok(again) => listeners.extend(again),
                Err(error) => self.tell(format!("an address that was listened on is lost: {error}")),
            }
        }
        if !listeners.is_empty() {
            self.open(door, listeners);
        }
    }

    fn tell(&self, message: String) {
        self.gate.service.events.tell(EventKind::Trouble { message });
    }

    /// Pages of these web sites may connect, from now on.
    pub(super) fn admit(&self, origins: Vec<String>) {
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }

    /// So many connections may be in their handshakes, from now on.
    pub(super) fn limit(&self, bounds: Connections) {
        self.gate.handshakes.set_bounds(bounds);
    }

    /// Where is listened, in the order of opening.
    pub(super) fn bound(&self) -> Vec<(Speech, Address)> {
        let all = self.open.iter();
        all.flat_map(|open| open.bound.iter().map(|address| (open.door.speech, address.clone()))).collect()
    }

    async fn bind(&self, door: &Door) -> Result<Vec<Listener>, BindError> {
        let tls = self.tls.as_ref().and_then(|tls| tls.speaking(door.speech));
        match (door.address.scheme, tls) {
            (None | Some(Scheme::Tcp), _) => listen::tcp(&door.address).await,
            (Some(Scheme::Tls), Some(tls)) => listen::tls(&door.address, tls).await,
            (Some(scheme @ (Scheme::Tls | Scheme::Udp)), _) => {
                Err(BindError::WrongScheme { address: door.address.clone(), scheme })
            }
        }
    }

    fn open(&mut self, door: Door, listeners: Vec<Listener>) {
        let close = CancellationToken::new();
        let mut bound = Vec::new();
        let mut ended = Vec::new();
        for listener in listeners {
            bound.extend(listener.local().ok().map(|at| Address::bound(listener.scheme(), at)));
            let listener = listener.with_permits(self.permits.clone()).with_keepalive(limits::CHAT_PING_INTERVAL);
            let (gate, origins, close) = (self.gate.clone(), self.origins.clone(), close.clone());
            let (alive, end) = oneshot::channel::<()>();
            ended.push(end);
            self.gate.service.stop.spawn(async move {
                match door.speech {
                    Speech::Irc => accept(gate, Face::Irc, listener, close).await,
                    Speech::Line => accept(gate, Face::Guest, listener, close).await,
                    Speech::Web => websocket::serve(gate, origins, listener, close).await,
                }
                drop(alive);
            });
        }
        self.open.push(Open { door, bound, close, ended });
    }
}

async fn accept(gate: Gate, face: Face, mut listener: Listener, close: CancellationToken) {
    let Context { stop, events, .. } = gate.service.clone();
    loop {
        let incoming = tokio::select! {
            () = stop.begun() => return,
            () = close.cancelled() => return,
            incoming = listener.accept() => incoming,
        };
        match incoming {
            Ok(Incoming::Connection { connection, peer, permit }) => {
                let gate = gate.clone();
                stop.spawn(async move {
                    gate.converse(connection, canonical(peer), face).await;
                    drop(permit);
                });
            }
            Ok(Incoming::Short { error, retry_in }) => events.tell(EventKind::Trouble {
                message: format!("cannot accept connections now: {error}; trying again in {retry_in:?}"),
            }),
            Err(error) => {
                let message = format!("the listener broke and accepts no more: {error}");
                return events.tell(EventKind::Failure { message });
            }
        }
    }
}
