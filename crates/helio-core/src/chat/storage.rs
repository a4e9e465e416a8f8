//! What lasts: handed to the driver in order, and who waits for the answer. `spec/event-log.md` fixes the records.
//!
//! While the store fails, nothing that would have to be kept is taken: messages and settings are refused until a probe
//! succeeds. Settings that could not be stored are stored again then, for they stay true.

mod record;
mod unsaved;

pub(super) use record::{decode, encode};
pub(super) use unsaved::encode_whole;

use super::event::{Event, RoomEvent, Scope};
use super::ids::{SessionId, Ticket};
use super::reply::{Outcome, Refusal, standard_reply};
use super::state::State;
use super::{Chat, Effect};
use crate::irc::casemap::fold;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use unsaved::{Changed, Unsaved};

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
    unsaved: Unsaved,
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
    /// The room whose settings it keeps, if it does.
    changed: Option<Changed>,
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
            let changed = waiting.changed.take();
            *waiting = Waiting { ticket, session: Some(session), command, target: target.into(), label, changed };
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
        Event::Room(event) => (String::from(SETTINGS_LOG), record::encode_room(event)?),
        Event::Said(said, scope) => (log_of(&chat.state, &said.from, scope)?, encode(said)),
    };
    let ticket = chat.storage.ticket();
    let changed = unsaved::changed(&chat.state, event);
    let waiting = Waiting { ticket, session: None, command: "", target: String::new(), label: None, changed };
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
        let code = match waiting.changed {
            Some(_) => ReplyCode::SettingNotStored,
            None => ReplyCode::MessageNotStored,
        };
        let mut line = standard_reply(&chat.settings.server_name, waiting.command, code, &[&waiting.target]);
        if let Some(waiting) = chat.storage.uncommitted.pop_front() {
            chat.storage.unsaved.extend(waiting.changed);
        }
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
        unsaved::store_again(chat);
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
