//! A room.

use super::{ListEntry, ListKind, RoomFlag, Statuses};
use crate::chat::ids::{RoomId, SessionId, UserId};
use crate::time::Utc;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// A room: its settings, which last, and its members, who do not.
#[derive(Debug)]
pub(in crate::chat) struct Room {
    pub(in crate::chat) id: RoomId,
    /// As the first to join wrote it.
    pub(in crate::chat) name: String,
    pub(in crate::chat) created: Utc,
    pub(in crate::chat) topic: Option<Topic>,
    pub(in crate::chat) flags: BTreeSet<RoomFlag>,
    pub(in crate::chat) key: Option<String>,
    pub(in crate::chat) limit: Option<u32>,
    pub(in crate::chat) bans: Vec<ListEntry>,
    pub(in crate::chat) exceptions: Vec<ListEntry>,
    pub(in crate::chat) invitations: Vec<ListEntry>,
    pub(in crate::chat) members: BTreeMap<UserId, Member>,
    /// Whether something was said or set that is worth keeping when nobody is there.
    pub(in crate::chat) is_lasting: bool,
    /// Since when nobody is there.
    pub(in crate::chat) empty_since: Option<Utc>,
}

/// Somebody in a room.
#[derive(Clone, Copy, Debug)]
pub(in crate::chat) struct Member {
    pub(in crate::chat) session: SessionId,
    pub(in crate::chat) statuses: Statuses,
}

/// What a room is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Topic {
    pub(in crate::chat) text: String,
    /// Who set it, as `nick!user@host` was then.
    pub(in crate::chat) by: String,
    pub(in crate::chat) at: Utc,
}

impl Room {
    pub(in crate::chat) fn new(id: RoomId, name: String, created: Utc) -> Self {
        Self {
            id,
            name,
            created,
            topic: None,
            // What rooms have everywhere: no outside messages, the topic for operators.
            flags: [RoomFlag::NoOutside, RoomFlag::TopicLocked].into_iter().collect(),
            key: None,
            limit: None,
            bans: Vec::new(),
            exceptions: Vec::new(),
            invitations: Vec::new(),
            members: BTreeMap::new(),
            is_lasting: false,
            empty_since: Some(created),
        }
    }

    pub(in crate::chat) fn has(&self, flag: RoomFlag) -> bool {
        self.flags.contains(&flag)
    }

    pub(in crate::chat) fn statuses(&self, user: UserId) -> Option<Statuses> {
        self.members.get(&user).map(|member| member.statuses)
    }

    pub(in crate::chat) fn list(&self, kind: ListKind) -> &Vec<ListEntry> {
        match kind {
            ListKind::Ban => &self.bans,
            ListKind::Exception => &self.exceptions,
            ListKind::Invitation => &self.invitations,
        }
    }

    pub(in crate::chat) fn list_mut(&mut self, kind: ListKind) -> &mut Vec<ListEntry> {
        match kind {
            ListKind::Ban => &mut self.bans,
            ListKind::Exception => &mut self.exceptions,
            ListKind::Invitation => &mut self.invitations,
        }
    }

    pub(in crate::chat) fn entries(&self) -> usize {
        self.bans.len() + self.exceptions.len() + self.invitations.len()
    }

    /// The sessions of members with at least `least`.
    pub(in crate::chat) fn sessions(&self, least: Statuses) -> impl Iterator<Item = SessionId> + '_ {
        self.members.values().filter(move |member| member.statuses.at_least(least)).map(|member| member.session)
    }

    /// The log of what was said here.
    pub(in crate::chat) fn log(&self) -> String {
        Self::log_of(&self.id)
    }

    pub(in crate::chat) fn log_of(id: &RoomId) -> String {
        alloc::format!("room/{id}")
    }
}
