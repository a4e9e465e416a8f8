//! What lasts: handed to the driver in order, and who waits for the answer. `spec/event-log.md` fixes the records.
//!
//! While the store fails, nothing that would have to be kept is taken: messages and settings are refused until a probe
//! succeeds. Settings that could not be stored are stored again then, for they stay true.

#[cfg(test)]
mod bounds;
mod markers;
mod record;
mod room;
mod searches;
mod unsaved;

pub use markers::MARKERS_LOG;
pub(super) use markers::restored as restored_markers;
pub(super) use record::encode_restored_metadata;
pub(super) use record::{decode, encode};
pub(super) use room::{append_to, forget_log, keep_room, store_change};
pub(super) use searches::found;
pub(super) use unsaved::{encode_account, encode_bans, encode_decoys, encode_filters, encode_invite, encode_room};

use super::conversation::{self, Conversation, Party};
use super::event::{AccountChange, AccountEvent, Event, RoomEvent, Said, Scope};
use super::ids::{RoomId, SessionId, Ticket};
use super::line::Line;
use super::policy;
use super::query::{Query, Unanswered};
use super::reply::{Outcome, Place, Refusal, Whom, batch_lines, failure};
use super::session::Session;
use super::state::{Room, State};
use super::{Chat, Effect, command};
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use markers::MarkersLog;
use unsaved::{Changed, Unsaved};

/// The log of accounts, of rooms and their settings.
pub const SETTINGS_LOG: &str = "settings";

/// How the names of the logs of rooms begin.
pub const ROOM_LOGS: &str = "room/";

/// How the names of the logs of private conversations begin.
pub const PRIVATE_LOGS: &str = "private/";

/// The log of what was done by privilege; `spec/audit.md`.
pub const AUDIT_LOG: &str = "audit";

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
    /// Reads that are not answered. Each holds a place in a session's queue, which bounds them.
    reads: BTreeMap<Ticket, Reading>,
    /// The newest replay among them for each session and room.
    newest_reads: BTreeMap<(SessionId, RoomId), Ticket>,
    /// Since a commit failed: when the store is probed next.
    probe_at: Option<Instant>,
    is_probing: bool,
    unsaved: Unsaved,
    markers: MarkersLog,
    /// Searches that are not answered. Each holds a place in a session's queue, which bounds them.
    searches: BTreeMap<Ticket, command::search::Asked>,
}

/// An append without an answer, and whom its failure concerns.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    /// The author, if it is to be told.
    session: Option<SessionId>,
    command: &'static str,
    target: String,
    place: Place,
    /// The room or account that it keeps a change of, if it does.
    changed: Option<Changed>,
}

/// A read without an answer.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) purpose: Purpose,
    pub(super) session: SessionId,
    pub(super) about: About,
    /// [`Ids::mark`](super::ids::Ids::mark) at that time: what was said later is seen live.
    pub(super) mark: u64,
    pub(super) place: Place,
}

/// What is read about.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// What was said in a room, by its name and identity: another may have its name by the time of the answer.
    Room { name: String, id: RoomId },
    /// What two said to each other. `name`: what the one who asks calls the other.
    Private { name: String, conversation: Conversation },
    /// With whom an account had conversations.
    Conversations(Party),
}

impl About {
    pub(super) fn room(room: &Room) -> Self {
        Self::Room { name: room.name.clone(), id: room.id.clone() }
    }

    pub(super) fn log(&self) -> String {
        match self {
            Self::Room { id, .. } => Room::log_of(id),
            Self::Private { conversation, .. } => conversation.log(),
            Self::Conversations(account) => account.conversations_log(),
        }
    }

    /// What the one who asked calls it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Room { name, .. } | Self::Private { name, .. } => name,
            Self::Conversations(_) => "*",
        }
    }
}

impl Reading {
    /// The very room that was asked about, if it is still there.
    pub(super) fn room<'a>(&self, state: &'a State) -> Option<&'a Room> {
        match &self.about {
            About::Room { name, id } => state.room(name).filter(|room| room.id == *id),
            About::Private { .. } | About::Conversations(_) => None,
        }
    }

    /// Whether the one who asked may see now what was asked for.
    pub(super) fn is_open(&self, chat: &Chat) -> bool {
        let user = chat.sessions.get(self.session).and_then(Session::user);
        let Some(user) = user.and_then(|user| chat.state.user(user)) else { return false };
        match &self.about {
            About::Room { .. } => self.room(&chat.state).is_some_and(|room| policy::can_read_history(user.id, room)),
            About::Private { conversation: Conversation { own: account, .. }, .. } | About::Conversations(account) => {
                policy::private_reader(&chat.state, user).as_ref() == Some(account)
            }
        }
    }
}

/// What a read is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// To be shown on joining.
    Replay,
    /// The answer to CHATHISTORY.
    History(Box<command::history::Asked>),
    /// To know when something was last said there.
    Latest,
    /// The same, and then to answer CHATHISTORY TARGETS.
    Targets(Box<command::targets::Asked>),
}

/// How much waits for the store.
pub(super) struct Waits {
    pub(super) uncommitted: usize,
    pub(super) reads: usize,
    /// Nothing is taken since a commit failed.
    pub(super) is_failing: bool,
}

impl Storage {
    pub(super) fn waits(&self) -> Waits {
        Waits { uncommitted: self.uncommitted.len(), reads: self.reads.len(), is_failing: self.probe_at.is_some() }
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    pub(super) fn probe_at(&self) -> Option<Instant> {
        self.probe_at.filter(|_| !self.is_probing)
    }

    /// Whether something that must be kept can be taken now.
    pub(super) fn can_take(&self) -> Outcome {
        self.can_take_many(limits::CHAT_APPENDS_AT_ONCE)
    }

    /// The same for so many records.
    pub(super) fn can_take_many(&self, records: usize) -> Outcome {
        let is_full = self.uncommitted.len() + records > limits::CHAT_UNCOMMITTED;
        if self.probe_at.is_some() || is_full {
            return Err(Refusal::fail(ReplyCode::StoreUnavailable, &[]));
        }
        Ok(())
    }

    /// Says who is told when an append fails: the author of a message.
    pub(super) fn wait(&mut self, ticket: Ticket, session: SessionId, command: &'static str, target: &str) {
        if let Some(waiting) = self.waiting_mut(ticket) {
            let changed = waiting.changed.take();
            let place = Place::Bare;
            *waiting = Waiting { ticket, session: Some(session), command, target: target.into(), place, changed };
        }
    }

    /// Remembers what a read is for.
    fn reads(&mut self, ticket: Ticket, reading: Reading) {
        if let (Purpose::Replay, About::Room { id, .. }) = (&reading.purpose, &reading.about) {
            self.newest_reads.insert((reading.session, id.clone()), ticket);
        }
        self.reads.insert(ticket, reading);
    }

    /// Takes what a read was for, and whether it is the newest replay: else the same session has asked for the same room again,
    /// because it left and came back.
    fn take_read(&mut self, ticket: Ticket) -> Option<(Reading, bool)> {
        let reading = self.reads.remove(&ticket)?;
        let About::Room { id, .. } = &reading.about else { return Some((reading, false)) };
        let key = (reading.session, id.clone());
        let is_newest = self.newest_reads.get(&key) == Some(&ticket);
        if is_newest {
            self.newest_reads.remove(&key);
        }
        Some((reading, is_newest))
    }

    /// Says how what takes the place of a held answer is to be tagged.
    pub(super) fn place(&mut self, ticket: Ticket, place: Place) {
        let of_search = self.searches.get_mut(&ticket).map(|asked| &mut asked.place);
        match self.reads.get_mut(&ticket).map(|reading| &mut reading.place).or(of_search) {
            Some(kept) => *kept = place,
            None => {
                if let Some(waiting) = self.waiting_mut(ticket) {
                    waiting.place = place;
                }
            }
        }
    }

    /// A room that is being read has another name now.
    fn follow(&mut self, id: &RoomId, name: &str) {
        for reading in self.reads.values_mut() {
            if let About::Room { name: known, id: of } = &mut reading.about
                && of == id
            {
                *known = name.into();
            }
        }
    }

    fn waiting_mut(&mut self, ticket: Ticket) -> Option<&mut Waiting> {
        let index = self.uncommitted.binary_search_by_key(&ticket, |waiting| waiting.ticket).ok()?;
        self.uncommitted.get_mut(index)
    }
}

/// Whether the record of something said is one that the store takes.
pub(super) fn can_keep(said: &Said) -> Outcome {
    // A line with its tags is far below the bound, however it is escaped.
    if said.lines.len() > 1 && encode(&*said.kept()).len() > limits::CHAT_RECORD_BYTES {
        return Err(Refusal::numeric(Numeric::ErrInputTooLong, &[]));
    }
    Ok(())
}

/// Hands what lasts of `event` to the driver. The ticket is answered when it is on disk.
pub(super) fn store(chat: &mut Chat, event: &Event) -> Option<Ticket> {
    if let Event::Room(RoomEvent::Renamed { id, name, .. }) = event {
        chat.storage.follow(id, name);
    }
    let (log, bytes) = match event {
        Event::Presence(_) | Event::Redacted(_) => return None,
        Event::Marked(marked) => return markers::store(chat, marked),
        Event::Room(event) => (String::from(SETTINGS_LOG), record::encode_room(event)?),
        Event::Account(event) => (String::from(SETTINGS_LOG), record::encode_account(event)),
        Event::Metadata(event) => (String::from(SETTINGS_LOG), record::encode_metadata(event)?),
        Event::Audit(record) => (String::from(AUDIT_LOG), encode(record)),
        Event::Server(event) => (String::from(SETTINGS_LOG), record::encode_server(event)),
        Event::Said(said, _) if !said.is_durable() => return None,
        Event::Said(said, scope) => (keep_said(chat, said, scope)?, encode(&*said.kept())),
    };
    chat.counts.messages += u64::from(matches!(event, Event::Said(..)));
    let changed = unsaved::changed(&chat.state, event);
    let ticket = append(chat, log, bytes, changed);
    forget_ended(chat, event);
    Some(ticket)
}

/// Hands one record to the driver.
fn append(chat: &mut Chat, log: String, bytes: Vec<u8>, changed: Option<Changed>) -> Ticket {
    let ticket = chat.storage.ticket();
    let place = Place::Bare;
    let waiting = Waiting { ticket, session: None, command: "", target: String::new(), place, changed };
    chat.storage.uncommitted.push_back(waiting);
    chat.effects.push_back(Effect::Append { ticket, log, bytes });
    ticket
}

/// What was said in a room that ended is forgotten, and with whom a deleted account spoke; after a restart again, for it may
/// not have come to that.
pub(super) fn forget_ended(chat: &mut Chat, event: &Event) {
    let log = match event {
        Event::Room(RoomEvent::Ended { id, .. }) => Room::log_of(id),
        Event::Account(AccountEvent::Changed(AccountChange::Deleted { account, .. })) => {
            Party::account(account).conversations_log()
        }
        Event::Room(_)
        | Event::Account(_)
        | Event::Presence(_)
        | Event::Said(..)
        | Event::Redacted(_)
        | Event::Marked(_)
        | Event::Metadata(_)
        | Event::Audit(_)
        | Event::Server(_) => return,
    };
    chat.effects.push_back(Effect::Forget { log });
}

/// All but the newest `keep` records of a log are not needed any more.
pub(super) fn trim(chat: &mut Chat, log: String, keep: usize) {
    chat.effects.push_back(Effect::Trim { log, keep: keep as u64 });
}

/// Everything up to `ticket` is safe: whoever waited is told.
pub(super) fn committed(chat: &mut Chat, ticket: Ticket) {
    markers::committed(chat, ticket);
    while let Some(waiting) = chat.storage.uncommitted.pop_front_if(|waiting| waiting.ticket <= ticket) {
        let Some(session) = waiting.session else { continue };
        chat.counts.acknowledged += 1;
        match waiting.place {
            // Some of what this answers for has failed.
            Place::Ending(batch) => {
                let (_, end) = batch_lines(&chat.settings.server_name, &batch, &[]);
                chat.sessions.replace(session, waiting.ticket, &[end]);
            }
            Place::Bare | Place::Labelled(_) | Place::InBatch(_) | Place::Before(_) => {
                chat.sessions.resolve(session, waiting.ticket, None);
            }
        }
    }
}

/// A commit failed: its authors are told in place of what they wait for, and nothing more is taken until a probe succeeds.
pub(super) fn failed(chat: &mut Chat, first: Ticket, last: Ticket, now: Now) {
    chat.latest.forget();
    chat.correspondence.forget();
    committed(chat, Ticket(first.0.saturating_sub(1)));
    markers::failed(&mut chat.storage);
    while let Some(mut waiting) = chat.storage.uncommitted.pop_front_if(|waiting| waiting.ticket <= last) {
        chat.counts.not_stored += 1;
        let changed = waiting.changed.take();
        let code = if changed.is_some() { ReplyCode::SettingNotStored } else { ReplyCode::MessageNotStored };
        changed.into_iter().for_each(|changed| chat.storage.unsaved.insert(changed));
        if let Some(session) = waiting.session {
            tell_failed(chat, session, waiting, code);
        }
    }
    begin_probing(chat, now);
}

/// The store fails: nothing is taken that would have to be kept, until a probe succeeds.
pub(super) fn begin_probing(chat: &mut Chat, now: Now) {
    if chat.storage.probe_at.replace(now.mono + limits::CHAT_PROBE_INTERVAL).is_none() {
        super::command::notice(chat, "The store failed: messages are refused until it works again".into(), now);
    }
}

/// There is no store any more. Which of the appends reached the disk before it was lost, nobody can tell.
pub(super) fn lost(chat: &mut Chat, now: Now) {
    failed(chat, Ticket::default(), Ticket(chat.storage.last_ticket), now);
    while let Some((ticket, _)) = chat.storage.reads.first_key_value() {
        read(chat, *ticket, Err(Unanswered::StoreFails), now);
    }
    searches::lost(chat, now);
}

/// Tells the author that a message or setting is not kept: tagged as the answer that it takes the place of, so that every label is
/// answered by exactly one line or batch (labeled-response).
fn tell_failed(chat: &mut Chat, session: SessionId, waiting: Waiting, code: ReplyCode) {
    let server = chat.settings.server_name.clone();
    let nick = command::nick_of(chat, session);
    let Some(audience) = chat.sessions.audience(session) else { return };
    let whom = Whom { server: &server, nick: &nick, has_standard_replies: audience.has(Capability::StandardReplies) };
    let mut line = failure(whom, waiting.command, code, &[&waiting.target]);
    line.guest = b"* your message was seen but could not be kept\n".to_vec();
    let mut lines = Vec::new();
    match waiting.place {
        Place::Bare => lines.push(line),
        Place::Labelled(label) => {
            line.tags.label = Some(label);
            lines.push(line);
        }
        Place::InBatch(batch) => {
            line.tags.batch = Some(batch);
            lines.push(line);
        }
        Place::Before(last) => {
            let (begin, batch) = begin_failures(chat, last, &server);
            lines.extend(begin);
            line.tags.batch = batch;
            lines.push(line);
        }
        Place::Ending(batch) => {
            let (_, end) = batch_lines(&server, &batch, &[]);
            line.tags.batch = Some(batch);
            lines.extend([line, end]);
        }
    }
    if !chat.sessions.replace(session, waiting.ticket, &lines) {
        lines.iter().for_each(|line| chat.sessions.send(session, line));
    }
}

/// The batch of the failures of one command that is acknowledged at `last`; its first line if this is the first of them.
fn begin_failures(chat: &mut Chat, last: Ticket, server: &str) -> (Option<Line>, Option<String>) {
    let Some(waiting) = chat.storage.waiting_mut(last) else { return (None, None) };
    if let Place::Ending(batch) = &waiting.place {
        return (None, Some(batch.clone()));
    }
    let batch = chat.ids.batch();
    let (mut begin, _) = batch_lines(server, &batch, &["labeled-response"]);
    if let Place::Labelled(label) = core::mem::replace(&mut waiting.place, Place::Ending(batch.clone())) {
        begin.tags.label = Some(label);
    }
    (Some(begin), Some(batch))
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
        unsaved::store_again(chat, now);
        markers::store_again(chat);
        super::command::notice(chat, "The store works again".into(), now);
    }
}

/// Asks for records of one log.
pub(super) fn ask(chat: &mut Chat, session: SessionId, about: About, purpose: Purpose, query: Query) -> Ticket {
    let (ticket, mark, log) = (chat.storage.ticket(), chat.ids.mark(), about.log());
    chat.storage.reads(ticket, Reading { purpose, session, about, mark, place: Place::Bare });
    chat.effects.push_back(Effect::Read { ticket, log, query });
    ticket
}

/// The answer to a read.
pub(super) fn read(chat: &mut Chat, ticket: Ticket, records: Result<&[Vec<u8>], Unanswered>, now: Now) {
    let Some((reading, is_newest)) = chat.storage.take_read(ticket) else { return };
    match &reading.purpose {
        Purpose::Replay => {
            // Who asked again is shown them then.
            let records = records.ok().filter(|_| is_newest).unwrap_or_default();
            command::replay::arrived(chat, ticket, &reading, records, now);
        }
        Purpose::History(asked) => command::history::arrived(chat, ticket, &reading, asked, records, now),
        Purpose::Latest => command::targets::learn(chat, &reading, records),
        Purpose::Targets(asked) => command::targets::arrived(chat, ticket, &reading, asked, records),
    }
}

/// The log that something said belongs to. Both ends of a private conversation find the same, in which it is noted first that
/// there is one.
fn keep_said(chat: &mut Chat, said: &Said, scope: &Scope) -> Option<String> {
    match scope {
        Scope::Room { room, .. } => chat.state.room(room).map(Room::log),
        Scope::Private { with } => {
            let with = chat.state.user(*with).map(Party::of)?;
            for (log, noted) in chat.correspondence.note(&chat.state, said, &with) {
                append(chat, log, encode(&noted), None);
            }
            Some(conversation::log_of(&Party::author(said), &with))
        }
    }
}
