//! The model: what a person has in front of them.
//!
//! A [`Desk`] holds a [`Buffer`] for each room and conversation, each with its [`Entry`]s. The client changes its own and
//! lends it out ([`Client::desk`](super::Client::desk)); a user interface reads it and draws. A desk of one's own, as tests
//! of screens want it, is changed by the methods that the client uses.
//!
//! Everything in it is bounded ([`limits`](crate::limits)), and is text as it came: who draws it leaves out control
//! characters ([`plain_text`](super::plain_text) knows the codes of formatting).

mod buffer;
mod entries;
mod entry;
mod member;
mod reaction;
mod search;

pub use buffer::{Buffer, BufferId, BufferKind, Earlier, Typing};
pub use entry::{Delivery, Entry, EntryId, Happening, Redacted, Said, What};
pub use member::Member;
pub(super) use member::STATUSES;
pub use reaction::Reaction;
pub use search::{Found, Search, SearchState};

use crate::irc::casemap;
use crate::limits;
use crate::time::Instant;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// All that a person has in front of them.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Our nickname; before the first welcome, the one that is being tried.
    pub nick: String,
    /// The account that we are logged in to.
    pub account: Option<String>,
    /// How the network calls itself, else the server's name; empty before the first welcome.
    pub network: String,
    /// Whether we are away.
    pub is_away: bool,
    /// The connection.
    pub link: LinkState,
    /// Whether it is encrypted (TLS).
    pub is_encrypted: bool,
    /// The search that was asked for last, until it is closed.
    pub search: Option<Search>,
    /// In the order of [`BufferKind`], then by name. The first is the server's.
    buffers: Vec<Buffer>,
    current: BufferId,
    next_buffer: u32,
    next_entry: u64,
    /// Counts what happened, to know where nothing happened for longest.
    activity: u64,
}

/// Where the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It is being opened.
    Connecting,
    /// It is open; the server does not know us yet.
    Registering,
    /// The server knows us.
    Online {
        /// The time that the last PING took; `None` before the first answer.
        lag: Option<Duration>,
    },
    /// It is lost.
    Waiting {
        /// When it is tried again.
        until: Instant,
        /// Why it was lost.
        reason: String,
    },
    /// It is over.
    Ended,
}

impl Desk {
    /// A desk with nothing but the server's buffer on it.
    #[must_use]
    pub fn new(nick: &str) -> Self {
        let server = Buffer::new(BufferId(0), "", BufferKind::Server);
        Self {
            nick: nick.to_string(),
            account: None,
            network: String::new(),
            is_away: false,
            link: LinkState::Connecting,
            is_encrypted: false,
            search: None,
            current: server.id(),
            buffers: Vec::from([server]),
            next_buffer: 1,
            next_entry: 0,
            activity: 0,
        }
    }

    /// All buffers, in a stable order: the server's, the rooms by name, the conversations by name.
    #[must_use]
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The buffer that is looked at, where words without a target go.
    #[must_use]
    pub fn current(&self) -> &Buffer {
        let current = self.buffer(self.current);
        #[expect(clippy::expect_used, reason = "the server's buffer is made with the desk and never closed")]
        current.or(self.buffers.first()).expect("a desk has a buffer")
    }

    /// The buffer with this id, unless it was closed.
    #[must_use]
    pub fn buffer(&self, id: BufferId) -> Option<&Buffer> {
        self.buffers.iter().find(|buffer| buffer.id() == id)
    }

    /// The room or conversation of this name. The server's buffer has none.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Buffer> {
        self.buffers.iter().find(|buffer| buffer.is_named(name))
    }

    /// Mentions in all buffers that were not read: what a title or badge shows.
    #[must_use]
    pub fn mentions(&self) -> usize {
        self.buffers.iter().map(|buffer| buffer.mentions).sum()
    }

    /// Whether this nickname is ours.
    #[must_use]
    pub fn is_me(&self, nick: &str) -> bool {
        casemap::eq(&self.nick, nick)
    }

    /// The buffer to change.
    pub fn buffer_mut(&mut self, id: BufferId) -> Option<&mut Buffer> {
        self.buffers.iter_mut().find(|buffer| buffer.id() == id)
    }

    /// The room or conversation of this name, to change.
    pub fn named_mut(&mut self, name: &str) -> Option<&mut Buffer> {
        self.buffers.iter_mut().find(|buffer| buffer.is_named(name))
    }

    /// All buffers, to change; their order stays.
    pub fn buffers_mut(&mut self) -> impl Iterator<Item = &mut Buffer> {
        self.buffers.iter_mut()
    }

    /// The room or conversation of this name; it is opened if there is none. Of more than
    /// [`limits::CHAT_DESK_PRIVATE`] conversations, the one closes in which nothing happened for longest; so it is with the
    /// rooms that we are not in, beyond [`limits::CHAT_DESK_ROOMS`].
    pub fn open(&mut self, name: &str, kind: BufferKind) -> BufferId {
        self.activity += 1;
        if let Some(buffer) = self.buffers.iter_mut().find(|buffer| buffer.is_named(name)) {
            buffer.activity = self.activity;
            return buffer.id();
        }
        self.make_room(kind);
        let mut buffer = Buffer::new(BufferId(self.next_buffer), name, kind);
        buffer.activity = self.activity;
        self.next_buffer += 1;
        let id = buffer.id();
        self.buffers.push(buffer);
        self.sort();
        id
    }

    /// Closes a buffer; the server's stays. If it was looked at, the next one is.
    pub fn close(&mut self, id: BufferId) {
        let Some(at) = self.buffers.iter().position(|buffer| buffer.id() == id).filter(|at| *at > 0) else { return };
        self.buffers.remove(at);
        if self.current == id {
            let next = self.buffers.get(at).or(self.buffers.last());
            self.current = next.map_or(BufferId(0), Buffer::id);
        }
    }

    /// Looks at a buffer. `false`: it was closed.
    pub fn show(&mut self, id: BufferId) -> bool {
        let is_there = self.buffer(id).is_some();
        if is_there {
            self.current = id;
        }
        is_there
    }

    /// Gives a room or conversation another name. One that was open under the new name gives way to it.
    pub fn rename(&mut self, id: BufferId, name: &str) {
        if let Some(other) = self.named(name).map(Buffer::id).filter(|other| *other != id) {
            if self.current == other {
                self.current = id;
            }
            self.close(other);
        }
        if let Some(buffer) = self.buffer_mut(id) {
            buffer.name = name.to_string();
        }
        self.sort();
    }

    /// The id of the next entry.
    pub fn next_entry(&mut self) -> EntryId {
        self.next_entry += 1;
        EntryId(self.next_entry)
    }

    /// Closes the buffer of this kind in which nothing happened for longest, if there are too many.
    fn make_room(&mut self, kind: BufferKind) {
        let most = if kind == BufferKind::Room { limits::CHAT_DESK_ROOMS } else { limits::CHAT_DESK_PRIVATE };
        let of_kind = || self.buffers.iter().filter(|buffer| buffer.kind() == kind);
        if of_kind().count() >= most {
            let is_idle = |buffer: &&Buffer| {
                let is_used = kind == BufferKind::Room && buffer.is_joined || buffer.has_pending();
                buffer.id() != self.current && !is_used
            };
            if let Some(id) = of_kind().filter(is_idle).min_by_key(|buffer| buffer.activity).map(Buffer::id) {
                self.close(id);
            }
        }
    }

    fn sort(&mut self) {
        self.buffers.sort_by_cached_key(|buffer| (buffer.kind(), casemap::fold(&buffer.name)));
    }
}

#[cfg(test)]
mod tests;
