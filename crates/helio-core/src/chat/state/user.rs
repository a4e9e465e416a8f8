//! Somebody who is there, and somebody who was.

use super::{Attached, Room, UserFlag};
use crate::chat::ids::{RoomId, UserId};
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::{Instant, Utc};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use core::net::IpAddr;

/// Somebody who is there.
#[derive(Debug)]
pub(in crate::chat) struct User {
    pub(in crate::chat) id: UserId,
    pub(in crate::chat) sessions: Attached,
    pub(in crate::chat) nick: String,
    pub(in crate::chat) username: String,
    /// What others see as the host.
    pub(in crate::chat) host: String,
    pub(in crate::chat) realname: String,
    pub(in crate::chat) account: Option<String>,
    pub(in crate::chat) away: Option<String>,
    pub(in crate::chat) flags: BTreeSet<UserFlag>,
    /// The name under which OPER succeeded.
    pub(in crate::chat) operator: Option<String>,
    /// Folded names of the rooms that they are in.
    pub(in crate::chat) rooms: BTreeSet<Box<str>>,
    /// Folded names of rooms that they were invited to, by someone who may, and have not joined since; bounded. A later
    /// room of the same name is another room.
    pub(in crate::chat) invited: BTreeMap<Box<str>, RoomId>,
    /// From where the newest of their sessions came; `None`: none came since the service runs.
    pub(in crate::chat) address: Option<IpAddr>,
    /// Whether they came by the line listener.
    pub(in crate::chat) is_guest: bool,
    pub(in crate::chat) signed_on: Utc,
    /// When they last said something.
    pub(in crate::chat) spoke: Instant,
    /// The times of the newest things that they said and that are kept, whatever they were called: in one run of the service
    /// each time is that of one message. At most [`limits::CHAT_OWN_MESSAGES`].
    pub(in crate::chat) said: VecDeque<i64>,
    /// Since when they have no session; `None`: they have one.
    pub(in crate::chat) left: Option<Utc>,
}

impl User {
    /// `nick!user@host`: the source of their lines, and what masks are matched with.
    pub(in crate::chat) fn mask(&self) -> String {
        alloc::format!("{}!{}@{}", self.nick, self.username, self.host)
    }

    pub(in crate::chat) fn has(&self, flag: UserFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// Whether an invitation opens the door of `room` to them.
    pub(in crate::chat) fn is_invited(&self, room: &Room) -> bool {
        !self.invited.is_empty() && self.invited.get(&fold(&room.name)) == Some(&room.id)
    }

    /// Takes note of something that they said and that is kept.
    pub(in crate::chat) fn note_said(&mut self, at_us: i64) {
        if self.said.len() >= limits::CHAT_OWN_MESSAGES {
            self.said.pop_front();
        }
        self.said.push_back(at_us);
    }

    pub(in crate::chat) fn is_operator(&self) -> bool {
        self.operator.is_some()
    }
}

/// Somebody who was here (WHOWAS).
#[derive(Clone, Debug)]
pub(in crate::chat) struct Whowas {
    pub(in crate::chat) nick: String,
    pub(in crate::chat) username: String,
    pub(in crate::chat) host: String,
    pub(in crate::chat) realname: String,
    pub(in crate::chat) account: Option<String>,
    pub(in crate::chat) left: Utc,
}
