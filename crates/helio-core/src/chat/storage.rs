//! What lasts: handed to the driver in order, and who waits for the answer. `spec/event-log.md` fixes the records.
//!
//! While the store fails, nothing that would have to be kept is taken: messages and settings are refused until a probe
//! succeeds.

use super::event::{Actor, Change, Event, RoomEvent, Scope};
use super::ids::{RoomId, SessionId, Ticket};
use super::reply::{Outcome, Refusal, standard_reply};
use super::state::{ListEntry, ListKind, Setting, State};
use super::{Chat, Effect};
use crate::irc::casemap::fold;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Instant, Now, Utc};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The log of rooms and their settings.
pub const SETTINGS_LOG: &str = "settings";

/// Why a stored record could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored record cannot be read: {reason}")]
pub struct RecordError {
    /// What is wrong with it.
    pub reason: String,
}

/// Who waits for which ticket.
#[derive(Debug, Default)]
pub(super) struct Storage {
    last_ticket: u64,
    /// Appends that are not answered, in order. Bounded by [`limits::CHAT_UNCOMMITTED`].
    uncommitted: VecDeque<Waiting>,
    /// Reads that are not answered: what is done with the answer.
    reads: BTreeMap<Ticket, (SessionId, String)>,
    /// Since a commit failed: when the store is probed next.
    probe_at: Option<Instant>,
    is_probing: bool,
}

/// An append without an answer, and whom its failure concerns.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    /// The author, if it still waits.
    session: Option<SessionId>,
    command: &'static str,
    target: String,
    label: Option<String>,
}

/// The stored form of a [`RoomEvent`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Stored {
    Created { id: RoomId, name: String, at_us: i64 },
    Topic { room: String, by: String, text: String, at_us: i64 },
    Modes { room: String, changes: Vec<StoredChange>, at_us: i64 },
    Ended { room: String, id: RoomId },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredChange {
    Set(Setting),
    Add(ListKind, ListEntry),
    Remove(ListKind, ListEntry),
}

impl Storage {
    pub(super) fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    pub(super) fn probe_at(&self) -> Option<Instant> {
        self.probe_at.filter(|_| !self.is_probing)
    }

    /// Whether something that must be kept can be taken now.
    pub(super) fn can_take(&self) -> Outcome {
        if self.probe_at.is_some() || self.uncommitted.len() >= limits::CHAT_UNCOMMITTED {
            return Err(Refusal::fail(ReplyCode::StoreUnavailable, &[]));
        }
        Ok(())
    }

    /// Says who waits for the newest append: the author of a message, for its echo or for the news that it failed.
    pub(super) fn wait(
        &mut self,
        ticket: Ticket,
        session: SessionId,
        command: &'static str,
        target: &str,
        label: Option<String>,
    ) {
        if let Some(waiting) = self.uncommitted.back_mut().filter(|waiting| waiting.ticket == ticket) {
            *waiting = Waiting { ticket, session: Some(session), command, target: target.into(), label };
        }
    }

    /// Remembers what a read is for: the replay of a room to one session.
    pub(super) fn reads(&mut self, ticket: Ticket, session: SessionId, room: String) {
        self.reads.insert(ticket, (session, room));
    }

    pub(super) fn forget_session(&mut self, id: SessionId) {
        for waiting in self.uncommitted.iter_mut().filter(|waiting| waiting.session == Some(id)) {
            waiting.session = None;
        }
        self.reads.retain(|_, (session, _)| *session != id);
    }
}

/// Hands what lasts of `event` to the driver. The ticket is answered when it is on disk.
pub(super) fn store(chat: &mut Chat, event: &Event) -> Option<Ticket> {
    let (log, bytes) = match event {
        Event::Presence(_) => return None,
        Event::Room(event) => (String::from(SETTINGS_LOG), encode(&stored(event)?)),
        Event::Said(said, scope) => (log_of(&chat.state, &said.from, scope)?, encode(said)),
    };
    let ticket = chat.storage.ticket();
    let waiting = Waiting { ticket, session: None, command: "", target: String::new(), label: None };
    chat.storage.uncommitted.push_back(waiting);
    chat.effects.push_back(Effect::Append { ticket, log, bytes });
    if let Event::Room(RoomEvent::Ended { id, .. }) = event {
        chat.effects.push_back(Effect::Forget { log: super::state::Room::log_of(id) });
    }
    Some(ticket)
}

/// Everything up to `ticket` is safe: whoever waited is told.
pub(super) fn committed(chat: &mut Chat, ticket: Ticket) {
    while let Some(waiting) = chat.storage.uncommitted.front().filter(|waiting| waiting.ticket <= ticket) {
        let (ticket, session) = (waiting.ticket, waiting.session);
        chat.storage.uncommitted.pop_front();
        if let Some(session) = session {
            chat.sessions.resolve(session, ticket, None);
        }
    }
}

/// A commit failed: its authors get FAIL in place of what they wait for, and nothing more is taken until a probe succeeds.
pub(super) fn failed(chat: &mut Chat, first: Ticket, last: Ticket, now: Now) {
    committed(chat, Ticket(first.0.saturating_sub(1)));
    while let Some(waiting) = chat.storage.uncommitted.front().filter(|waiting| waiting.ticket <= last) {
        let ticket = waiting.ticket;
        let (session, label) = (waiting.session, waiting.label.clone());
        let mut line = standard_reply(
            &chat.settings.server_name,
            waiting.command,
            ReplyCode::MessageNotStored,
            &[&waiting.target],
        );
        chat.storage.uncommitted.pop_front();
        let Some(session) = session else { continue };
        let Some(audience) = chat.sessions.audience(session) else { continue };
        line.tags.label = label;
        line.guest = b"* your message could not be kept\n".to_vec();
        let mut bytes = Vec::new();
        line.encode(audience, &mut bytes);
        if !chat.sessions.resolve(session, ticket, Some(&bytes)) {
            chat.sessions.push(session, &bytes);
        }
    }
    if chat.storage.probe_at.replace(now.mono + limits::CHAT_PROBE_INTERVAL).is_none() {
        super::command::notice(chat, "The store failed: messages are refused until it works again".into(), now);
    }
}

pub(super) fn probe_if_due(chat: &mut Chat, now: Now) {
    if chat.storage.probe_at().is_some_and(|at| at <= now.mono) {
        chat.storage.is_probing = true;
        chat.effects.push_back(Effect::Probe);
    }
}

pub(super) fn probed(chat: &mut Chat, is_working: bool, now: Now) {
    chat.storage.is_probing = false;
    chat.storage.probe_at = (!is_working).then(|| now.mono + limits::CHAT_PROBE_INTERVAL);
    if is_working {
        super::command::notice(chat, "The store works again".into(), now);
    }
}

/// The answer to a read: the room's last messages, for one who joined it.
pub(super) fn read(chat: &mut Chat, ticket: Ticket, records: Option<&[Vec<u8>]>, now: Now) {
    let Some((session, room)) = chat.storage.reads.remove(&ticket) else { return };
    super::command::replay::arrived(chat, ticket, session, &room, records.unwrap_or_default(), now);
}

/// The log that something said belongs to. Both ends of a private conversation find the same.
fn log_of(state: &State, from: &str, scope: &Scope) -> Option<String> {
    match scope {
        Scope::Room { room, .. } => state.room(room).map(super::state::Room::log),
        Scope::Private { with } => {
            let mut pair = [fold(from.split('!').next()?), fold(&state.user(*with)?.nick)];
            pair.sort();
            Some(alloc::format!("private/{}/{}", pair[0], pair[1]))
        }
    }
}

fn encode(record: &impl Serialize) -> Vec<u8> {
    // Our own types have string keys only and no failing parts.
    serde_json::to_vec(record).unwrap_or_default()
}

fn stored(event: &RoomEvent) -> Option<Stored> {
    Some(match event.clone() {
        RoomEvent::Created { id, name, at } => Stored::Created { id, name, at_us: at.micros() },
        RoomEvent::Topic { room, by, text, at, .. } => Stored::Topic { room, by, text, at_us: at.micros() },
        RoomEvent::Modes { room, changes, at, .. } => {
            let changes: Vec<_> = changes.into_iter().filter_map(StoredChange::of).collect();
            if changes.is_empty() {
                return None;
            }
            Stored::Modes { room, changes, at_us: at.micros() }
        }
        RoomEvent::Ended { room, id } => Stored::Ended { room, id },
    })
}

/// Reads a record of [`SETTINGS_LOG`].
pub(super) fn decode(record: &[u8]) -> Result<RoomEvent, RecordError> {
    let stored: Stored =
        serde_json::from_slice(record).map_err(|error| RecordError { reason: alloc::format!("{error}") })?;
    Ok(match stored {
        Stored::Created { id, name, at_us } => RoomEvent::Created { id, name, at: Utc::from_micros(at_us) },
        Stored::Topic { room, by, text, at_us } => {
            RoomEvent::Topic { room, actor: Actor::Server, by, text, at: Utc::from_micros(at_us) }
        }
        Stored::Modes { room, changes, at_us } => RoomEvent::Modes {
            room,
            actor: Actor::Server,
            changes: changes.into_iter().map(StoredChange::change).collect(),
            at: Utc::from_micros(at_us),
        },
        Stored::Ended { room, id } => RoomEvent::Ended { room, id },
    })
}

impl StoredChange {
    fn of(change: Change) -> Option<Self> {
        match change {
            Change::Status { .. } => None,
            Change::Setting { setting } => Some(Self::Set(setting)),
            Change::List { is_added: true, kind, entry } => Some(Self::Add(kind, entry)),
            Change::List { is_added: false, kind, entry } => Some(Self::Remove(kind, entry)),
        }
    }

    fn change(self) -> Change {
        match self {
            Self::Set(setting) => Change::Setting { setting },
            Self::Add(kind, entry) => Change::List { is_added: true, kind, entry },
            Self::Remove(kind, entry) => Change::List { is_added: false, kind, entry },
        }
    }
}
