//! One room, one conversation, or what the server says.

use super::entries::Entries;
use super::entry::EntryId;
use super::member::Member;
use super::{Entry, What};
use crate::irc::casemap::{self, fold};
use crate::limits;
use crate::time::{Instant, Utc};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Tells buffers apart for as long as the client lives, whatever they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub(super) u32);

/// What a buffer is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BufferKind {
    /// What the server says, and what belongs to no room.
    Server,
    /// A room.
    Room,
    /// What somebody and we say to each other.
    Private,
}

/// Whether there is history before the first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// There is none, or the server keeps none: nothing to ask for.
    Nothing,
    /// There may be.
    Possible,
    /// It was asked for.
    Fetching,
}

/// Somebody who is typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub nick: String,
    /// Until when that is shown, unless it is said again.
    pub until: Instant,
}

/// One room, one conversation, or what the server says.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// The room's name, or the nickname of the other side; empty for the server's.
    pub name: String,
    /// What the room is about; empty: it has no topic. For a conversation, why the other side is away.
    pub topic: String,
    /// Who set the topic, as far as that is known.
    pub topic_by: Option<String>,
    /// The modes of the room as the server told them, such as `+nt`; empty: they were not told.
    pub modes: String,
    /// Whether we are in the room. A conversation always is; when the connection is lost, no room is.
    pub is_joined: bool,
    /// Why the server did not let us in the last time.
    pub not_joined: Option<String>,
    /// Whether what was said while we were away is still being fetched.
    pub is_catching_up: bool,
    /// Messages of others that were not read. May be more than there are entries.
    pub unread: usize,
    /// Those of them that mention us; in a conversation all.
    pub mentions: usize,
    /// Everything until then was read, on this or another client of ours.
    pub read_until: Option<Utc>,
    /// Who is typing, at most [`limits::CHAT_DESK_TYPING`].
    pub typing: Vec<Typing>,
    /// Whether there is history before the first entry.
    pub earlier: Earlier,
    /// Members beyond those that are known by name.
    pub more_members: usize,
    pub(super) activity: u64,
    id: BufferId,
    kind: BufferKind,
    members: BTreeMap<Box<str>, Member>,
    entries: Entries,
}

impl Buffer {
    pub(super) fn new(id: BufferId, name: &str, kind: BufferKind) -> Self {
        Self {
            name: name.to_string(),
            topic: String::new(),
            topic_by: None,
            modes: String::new(),
            is_joined: kind != BufferKind::Room,
            not_joined: None,
            is_catching_up: false,
            unread: 0,
            mentions: 0,
            read_until: None,
            typing: Vec::new(),
            earlier: Earlier::Nothing,
            more_members: 0,
            activity: 0,
            id,
            kind,
            members: BTreeMap::new(),
            entries: Entries::default(),
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> BufferId {
        self.id
    }

    /// What it is of.
    #[must_use]
    pub fn kind(&self) -> BufferKind {
        self.kind
    }

    /// Whether it is the room or conversation of this name.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.kind != BufferKind::Server && casemap::eq(&self.name, name)
    }

    /// Its entries: what the server has in the server's order, then what is on the way or waits.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The entry with this id, unless it was forgotten.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.id == id)
    }

    /// The message that the server calls so, if it is here: what a reply quotes.
    #[must_use]
    pub fn message(&self, msgid: &str) -> Option<&Entry> {
        self.entries.get(msgid)
    }

    /// The first message of others that was not read: where a line is drawn, and where "jump to unread" goes.
    #[must_use]
    pub fn first_unread(&self) -> Option<EntryId> {
        let read_until = self.read_until?;
        self.entries.iter().find(|entry| entry.at > read_until && entry.is_news()).map(|entry| entry.id)
    }

    /// The members that are known by name, in the order of their folded names.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.values()
    }

    /// One member.
    #[must_use]
    pub fn member(&self, nick: &str) -> Option<&Member> {
        self.members.get(&fold(nick))
    }

    /// How many are in the room.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.members.len() + self.more_members
    }

    /// One member, to change.
    pub fn member_mut(&mut self, nick: &str) -> Option<&mut Member> {
        self.members.get_mut(&fold(nick))
    }

    /// Somebody is in the room. Beyond [`limits::CHAT_DESK_MEMBERS`] they are only counted.
    pub fn add_member(&mut self, member: Member) {
        let key = fold(&member.nick);
        if self.members.len() < limits::CHAT_DESK_MEMBERS || self.members.contains_key(&key) {
            self.members.insert(key, member);
        } else {
            self.more_members += 1;
        }
    }

    /// Somebody is not in the room any more, or was never known by name.
    pub fn remove_member(&mut self, nick: &str) -> Option<Member> {
        self.typing.retain(|typing| !casemap::eq(&typing.nick, nick));
        self.members.remove(&fold(nick))
    }

    /// Nobody is known to be in the room.
    pub fn clear_members(&mut self) {
        self.members.clear();
        self.more_members = 0;
        self.typing.clear();
    }

    /// Somebody is typing until then, or stopped.
    pub fn set_typing(&mut self, nick: &str, until: Option<Instant>) {
        self.typing.retain(|typing| !casemap::eq(&typing.nick, nick));
        if let Some(until) = until.filter(|_| self.typing.len() < limits::CHAT_DESK_TYPING) {
            self.typing.push(Typing { nick: nick.to_string(), until });
        }
    }

    /// Something was said or happened just now. It comes before what of ours is on the way or waits. `false`: the message
    /// is here already.
    pub fn push(&mut self, entry: Entry) -> bool {
        self.entries.push(entry) && self.shrink()
    }

    /// Something was typed here that the server does not have yet.
    pub fn push_pending(&mut self, entry: Entry) {
        self.entries.push_pending(entry);
        self.shrink();
    }

    /// From now on it is not known what is missing before that which comes by [`Buffer::push`], until
    /// [`Buffer::close_gap`]. What came into an older gap is taken away, to be fetched anew.
    pub fn open_gap(&mut self) {
        self.entries.open_gap();
    }

    /// Whether something may be missing.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.entries.has_gap()
    }

    /// Nothing is missing any more. What is unread is counted anew; how many entries were before the gap.
    pub fn close_gap(&mut self) -> usize {
        if let Some(until) = self.read_until.filter(|_| self.has_gap()) {
            self.count_unread(until);
        }
        self.entries.close_gap()
    }

    /// The entries before the gap are forgotten: too much is missing between them and what came since.
    pub fn forget_before_gap(&mut self) {
        self.entries.forget_before_gap();
    }

    /// Puts what was fetched, in its order, into the gap before everything that is there; without a gap before all
    /// entries. What is here already is left out, and what is around it goes around it. The number of those that are new.
    pub fn insert_earlier(&mut self, fetched: Vec<Entry>) -> usize {
        let added = self.entries.insert_earlier(fetched);
        self.shrink();
        added
    }

    /// Whether a message that was there before the gap is called so.
    #[must_use]
    pub fn is_before_gap(&self, msgid: &str) -> bool {
        self.entries.is_before_gap(msgid)
    }

    /// Whether there are messages before the gap that the server could know again.
    #[must_use]
    pub fn has_messages_before_gap(&self) -> bool {
        self.entries.before_gap().any(|entry| entry.msgid.is_some())
    }

    /// What the server has is `msgids`, from some message on that was here before the gap. Of the others that were here and
    /// are later than that one, it has none any more: they were taken back while we were away.
    pub fn redact_missing(&mut self, msgids: &[&str]) {
        let is_there = |entry: &&Entry| entry.msgid.as_deref().is_some_and(|msgid| msgids.contains(&msgid));
        let later = self.entries.before_gap().skip_while(|entry| !is_there(entry));
        let gone = later.filter(|entry| entry.msgid.is_some() && entry.redacted.is_none() && !is_there(entry));
        let gone: Vec<EntryId> = gone.filter(|entry| entry.said().is_some()).map(|entry| entry.id).collect();
        for id in gone {
            self.change(id, |entry| entry.redact("", ""));
        }
    }

    /// Changes an entry, whose place stays.
    pub fn change<T>(&mut self, id: EntryId, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.entries.change(id, change)
    }

    /// Changes the message that the server calls so.
    pub fn change_message<T>(&mut self, msgid: &str, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let id = self.message(msgid)?.id;
        self.change(id, change)
    }

    /// The server has a message of ours: it goes to the end of what the server has. If that message is here already, the
    /// pending entry goes away.
    pub fn accepted(&mut self, id: EntryId, msgid: Option<String>, at: Utc) {
        self.entries.accepted(id, msgid, at);
    }

    /// Takes an entry away.
    pub fn remove(&mut self, id: EntryId) -> Option<Entry> {
        self.entries.remove(id)
    }

    /// Everything until then was read; a marker only moves forward. `false`: it was read already.
    pub fn mark_read(&mut self, until: Utc) -> bool {
        if self.read_until.is_some_and(|read| read >= until) {
            return false;
        }
        self.read_until = Some(until);
        self.count_unread(until);
        true
    }

    /// Whether something of ours is on the way or waits here.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        self.entries.has_pending()
    }

    /// When the last thing was said by anybody: until where it is read when all is read.
    #[must_use]
    pub fn last_said(&self) -> Option<Utc> {
        let said = |entry: &&Entry| entry.delivery.is_none() && matches!(entry.what, What::Said(_));
        self.entries.iter().rev().find(said).map(|entry| entry.at)
    }

    fn count_unread(&mut self, until: Utc) {
        let news = self.entries.iter().filter(|entry| entry.at > until && entry.is_news());
        (self.unread, self.mentions) =
            news.fold((0, 0), |(unread, mentions), entry| (unread + 1, mentions + usize::from(entry.is_mention)));
    }

    fn shrink(&mut self) -> bool {
        if self.entries.shrink() > 0 && self.earlier == Earlier::Nothing && self.kind != BufferKind::Server {
            self.earlier = Earlier::Possible;
        }
        true
    }
}
