//! The chat service on sockets, disk and clock. What it says and to whom is decided in [`helio_core::chat`].
//!
//! One thread, the *hub*, owns the service's state and writes to plain sockets itself. A task for each connection reads
//! lines for it, and writes where the hub cannot. One thread, the *keeper*, owns the store and commits whatever waits
//! as one group. Passwords are compared on threads of their own.

mod audit;
mod batch;
mod connection;
mod control;
mod doors;
mod framer;
mod handshakes;
mod history;
mod hub;
mod keeper;
mod link;
mod outside;
mod page;
mod password;
mod pipe;
mod reading;
mod retaining;
mod search;
mod stored;
mod websocket;

pub use control::{ControlPlace, control_path};
pub use doors::{Door, Speech};
pub use helio_store::StoreError;
pub use helio_store::sqlite::Examined;
pub use password::{HashError, check_password_hash, hash_password};
pub use stored::{CredentialError, StoredChat, new_credential};

use super::Context;
use crate::event::EventKind;
use connection::Gate;
use control::Desk;
use doors::{Doors, Shown, Tls};
use handshakes::Handshakes;
use helio_core::chat::{Chat, Secret, Settings};
use helio_core::limits;
use helio_net::address::Address;
use helio_net::identity::IdentityError;
use helio_net::listen::BindError;
use helio_net::tls::ServerTls;
use helio_store::sqlite::SqliteStore;
use helio_store::{Log, Position};
use hub::{Hub, Input};
use keeper::Keeper;
use outside::Outside;
use password::random;
use search::{Erasing, Worker};
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Why the chat service cannot start.
#[derive(Debug, Error)]
pub enum ChatError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the store is not what the service wrote.
    #[error("record {position} of the log `{log}` cannot be used: {reason}; restore a backup of the data directory")]
    Record {
        /// Which log.
        log: String,
        /// Which record.
        position: Position,
        /// What is wrong with it.
        reason: String,
    },
    /// An address cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// TLS cannot be spoken with the certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The system has no random bits.
    #[error(transparent)]
    Random(HashError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// What can change while the service runs.
#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// Of the service itself.
    pub chat: Settings,
    /// Where it listens.
    pub doors: Vec<Door>,
    /// Web sites, such as `https://chat.example.org`, whose pages may connect.
    pub origins: Vec<String>,
}

/// Where the service keeps what lasts.
pub type Store = Box<dyn Log + Send>;

/// What the service is made of, beside its settings.
pub struct Parts {
    /// Where it keeps what lasts.
    pub store: Store,
    /// The file of the index for searches; without one nothing can be searched for.
    pub search: Option<PathBuf>,
    /// How it speaks TLS, if it does.
    pub tls: Option<Arc<ServerTls>>,
    /// Connections at a time; further ones wait to be accepted.
    pub permits: Arc<Semaphore>,
    /// Where whoever runs the server reaches it; none: nowhere.
    pub control: Option<ControlPlace>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("tls", &self.tls).finish_non_exhaustive()
    }
}

/// The store in `directory`, which is made if it is not there.
///
/// # Errors
/// Another process has it, or it cannot be used.
pub fn open_store(directory: &Path) -> Result<Store, ChatError> {
    Ok(Box::new(SqliteStore::open(directory)?))
}

/// Looks whether the store in `directory` is well, without a change; with `is_thorough` it is read to its end.
///
/// # Errors
/// A server uses it ([`StoreError::Locked`]), or something is wrong.
pub fn examine_store(directory: &Path, is_thorough: bool) -> Result<Examined, StoreError> {
    SqliteStore::examine(directory, is_thorough)
}

/// A chat service that runs, until [`crate::stop::Stop`] says otherwise.
#[derive(Debug)]
pub struct Running {
    hub: mpsc::Sender<Input>,
    doors: Doors,
}

/// Restores what was there, opens the doors and serves until the program stops.
///
/// # Errors
/// See [`ChatError`]; nothing was served then.
pub async fn start(context: &Context, settings: ChatSettings, mut parts: Parts) -> Result<Running, ChatError> {
    let run = random().map_err(ChatError::Random)?;
    let secret = Secret::new(random().map_err(ChatError::Random)?);
    let now = context.clock.read();
    let is_searched = settings.chat.search;
    let handshakes = Handshakes::new(settings.chat.connections.clone(), context.ops.clone());
    let mut chat = Chat::new(settings.chat, run, now).with_secret(secret);
    if let Some(error) = history::restore(&mut chat, parts.store.as_mut(), now)? {
        let message = format!("the log of rooms stays long: {error}");
        context.events.tell(EventKind::Trouble { message });
    }
    chat.handle_restore_end(now);
    let (hub, inputs) = mpsc::channel(limits::CHAT_INPUTS);
    let (keeper, requests) = std::sync::mpsc::channel();
    let shown = Shown::default();
    let control_desk = Desk {
        hub: hub.clone(),
        keeper: keeper.clone(),
        copying: Arc::new(Semaphore::new(1)),
        doors: shown.clone(),
        tls: parts.tls.clone(),
    };
    let (desk, press, jobs) = search::ends();
    let searching = Worker {
        jobs,
        keeper: keeper.clone(),
        hub: hub.clone(),
        events: context.events.clone(),
        clock: context.clock,
        path: parts.search,
        open: None,
        is_troubled: false,
        erasing: Erasing::default(),
    };
    let outside = Outside::new(keeper, hub.clone(), Handle::current(), context.reread.clone(), desk);
    let gate = Gate { service: context.clone(), hub: hub.clone(), handshakes };
    let mut opened = Doors::new(gate, parts.permits, parts.tls.map(Tls::of).transpose()?, shown);
    opened.admit(settings.origins);
    opened.become_like(&settings.doors).await?;
    let keeper = Keeper::new(parts.store, requests, hub.clone(), context.clone()).with_press(press);
    let to_hub = hub.clone();
    let tell_hub = move || _ = to_hub.blocking_send(Input::StoreLost);
    thread(context, "chat-store", move || keeper.run(), tell_hub)?;
    thread(context, "chat-search", move || searching.run(is_searched), || {})?;
    let hub_thread = Hub::new(chat, context, inputs, outside);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(ChatError::Thread)?;
    // Connections end with the seats that the hub drops.
    thread(context, "chat-hub", move || runtime.block_on(hub_thread.run()), || {})?;
    if let Some(place) = &parts.control {
        control::open(context, place, &control_desk);
    }
    let (stop, to_hub) = (context.stop.clone(), hub.clone());
    context.stop.spawn(async move {
        stop.begun().await;
        let _ = to_hub.send(Input::Stop).await;
    });
    Ok(Running { hub, doors: opened })
}

impl Running {
    /// Where it listens, with the ports that the system chose.
    #[must_use]
    pub fn bound(&self) -> Vec<(Speech, Address)> {
        self.doors.bound()
    }

    /// New settings and doors hold from now on; connections stay.
    ///
    /// # Errors
    /// An address cannot be had; then nothing changed.
    pub async fn change(&mut self, settings: ChatSettings) -> Result<(), BindError> {
        self.doors.become_like(&settings.doors).await?;
        self.doors.admit(settings.origins);
        self.doors.limit(settings.chat.connections.clone());
        let _ = self.hub.send(Input::Settings(Box::new(settings.chat))).await;
        Ok(())
    }

    /// New settings were refused: operators who asked for them are told why.
    pub async fn refuse_change(&self, reason: &str) {
        let _ = self.hub.send(Input::SettingsRefused(reason.to_owned())).await;
    }
}

/// A thread that the end of the program waits for. If it panics the program ends: without it the service would take
/// connections and answer nobody. `when_lost` is called before that is told.
fn thread(
    context: &Context,
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
    when_lost: impl FnOnce() + Send + 'static,
) -> Result<(), ChatError> {
    let (alive, ended) = oneshot::channel::<()>();
    let (events, stop) = (context.events.clone(), context.stop.clone());
    let work = move || {
        // What the work owned is dropped by the panic; nothing half-done is seen afterwards.
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            when_lost();
            let message = format!("a fault in the program ended its thread {name}; it stops and must be started again");
            events.tell(EventKind::Failure { message: message.clone() });
            stop.fail(message);
        }
        drop(alive);
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(ChatError::Thread)?;
    context.stop.spawn(async move {
        // An error says that the thread dropped its end: it is done.
        let _ = ended.await;
    });
    Ok(())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod watched;
