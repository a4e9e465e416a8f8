//! A room.

use super::{Attached, Filter, Filters, ListEntry, ListKind, MaskList, Moments, Ownership, RoomFlag, Statuses};
use crate::chat::ids::{RoomId, SessionId, UserId};
use crate::chat::storage::ROOM_LOGS;
use crate::time::Utc;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A room: its settings, which last, and its members, who do not.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::chat) struct Room {
    pub(in crate::chat) id: RoomId,
    /// As the first to join wrote it.
    pub(in crate::chat) name: String,
    pub(in crate::chat) created: Utc,
    pub(in crate::chat) topic: Option<Topic>,
    pub(in crate::chat) flags: BTreeSet<RoomFlag>,
    pub(in crate::chat) key: Option<String>,
    pub(in crate::chat) limit: Option<u32>,
    pub(in crate::chat) bans: MaskList,
    pub(in crate::chat) exceptions: MaskList,
    pub(in crate::chat) invitations: MaskList,
    pub(in crate::chat) members: BTreeMap<UserId, Member>,
    /// Whether something was said or set, so that it is stored and kept when nobody is there.
    pub(in crate::chat) is_lasting: bool,
    /// Since when nobody is there, as far as this run of the service knows.
    pub(in crate::chat) empty_since: Option<Utc>,
    /// Whose it is; `None`: nobody's.
    pub(in crate::chat) ownership: Option<Ownership>,
    /// The account that its founder would give it to.
    pub(in crate::chat) offered: Option<String>,
    /// Seconds that one waits between two messages.
    pub(in crate::chat) slow: Option<u32>,
    pub(in crate::chat) filters: Filters,
    /// When those spoke last who have to wait because of that.
    pub(in crate::chat) spoke: Moments,
    /// Until when filters have muted whom.
    pub(in crate::chat) muted: Moments,
    pub(in crate::chat) keep: Keep,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Member {
    /// Those of the member's sessions that are told what happens here.
    pub(in crate::chat) sessions: Attached,
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

// spec: begin

/// Everything of a room that lasts, as it is stored whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct RoomSettings {
    pub(in crate::chat) id: RoomId,
    pub(in crate::chat) name: String,
    pub(in crate::chat) created_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) topic: Option<TopicSetting>,
    pub(in crate::chat) flags: BTreeSet<RoomFlag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) bans: Vec<ListEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) exceptions: Vec<ListEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) invitations: Vec<ListEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) ownership: Option<Ownership>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) slow: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) filters: Vec<Filter>,
    #[serde(default, skip_serializing_if = "Keep::is_all")]
    pub(in crate::chat) keep: Keep,
}

/// What is kept of what is said in it, where that is less than the server's settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Keep {
    /// Not what is older than so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) days: Option<u32>,
    /// Not more than so many of the newest records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) newest: Option<u64>,
}

/// A topic as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct TopicSetting {
    pub(in crate::chat) text: String,
    pub(in crate::chat) by: String,
    pub(in crate::chat) at_us: i64,
}

// spec: end

impl Keep {
    /// Whether it asks for nothing to go.
    pub(in crate::chat) fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

impl Room {
    /// A room in which nobody is, at `now`.
    pub(in crate::chat) fn new(id: RoomId, name: String, created: Utc, now: Utc) -> Self {
        Self {
            id,
            name,
            created,
            topic: None,
            // What rooms have everywhere: no outside messages, the topic for operators.
            flags: [RoomFlag::NoOutside, RoomFlag::TopicLocked].into_iter().collect(),
            key: None,
            limit: None,
            bans: MaskList::default(),
            exceptions: MaskList::default(),
            invitations: MaskList::default(),
            members: BTreeMap::new(),
            is_lasting: false,
            empty_since: Some(now),
            ownership: None,
            offered: None,
            slow: None,
            filters: Filters::default(),
            spoke: Moments::default(),
            muted: Moments::default(),
            keep: Keep::default(),
        }
    }

    pub(in crate::chat) fn has(&self, flag: RoomFlag) -> bool {
        self.flags.contains(&flag)
    }

    pub(in crate::chat) fn statuses(&self, user: UserId) -> Option<Statuses> {
        self.members.get(&user).map(|member| member.statuses)
    }

    pub(in crate::chat) fn list(&self, kind: ListKind) -> &MaskList {
        match kind {
            ListKind::Ban => &self.bans,
            ListKind::Exception => &self.exceptions,
            ListKind::Invitation => &self.invitations,
        }
    }

    pub(in crate::chat) fn list_mut(&mut self, kind: ListKind) -> &mut MaskList {
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
        self.members
            .values()
            .filter(move |member| member.statuses.at_least(least))
            .flat_map(|member| member.sessions.iter())
    }

    /// The log of what was said here.
    pub(in crate::chat) fn log(&self) -> String {
        Self::log_of(&self.id)
    }

    pub(in crate::chat) fn log_of(id: &RoomId) -> String {
        alloc::format!("{ROOM_LOGS}{id}")
    }

    /// What of it lasts.
    pub(in crate::chat) fn settings(&self) -> RoomSettings {
        let topic = self.topic.as_ref();
        let entries = |list: &MaskList| list.iter().cloned().collect();
        RoomSettings {
            id: self.id.clone(),
            name: self.name.clone(),
            created_us: self.created.micros(),
            topic: topic.map(|Topic { text, by, at }| TopicSetting {
                text: text.clone(),
                by: by.clone(),
                at_us: at.micros(),
            }),
            flags: self.flags.clone(),
            key: self.key.clone(),
            limit: self.limit,
            bans: entries(&self.bans),
            exceptions: entries(&self.exceptions),
            invitations: entries(&self.invitations),
            ownership: self.ownership.clone(),
            slow: self.slow,
            filters: self.filters.iter().cloned().collect(),
            keep: self.keep,
        }
    }
}

impl RoomSettings {
    /// The room that these make, with nobody in it.
    pub(in crate::chat) fn to_room(&self, now: Utc) -> Room {
        let topic = self.topic.clone();
        let topic = topic.map(|TopicSetting { text, by, at_us }| Topic { text, by, at: Utc::from_micros(at_us) });
        Room {
            topic,
            flags: self.flags.clone(),
            key: self.key.clone(),
            limit: self.limit,
            bans: self.bans.iter().collect(),
            exceptions: self.exceptions.iter().collect(),
            invitations: self.invitations.iter().collect(),
            is_lasting: true,
            ownership: self.ownership.clone(),
            slow: self.slow,
            filters: self.filters.iter().collect(),
            keep: self.keep,
            ..Room::new(self.id.clone(), self.name.clone(), Utc::from_micros(self.created_us), now)
        }
    }

    /// All entries of its lists.
    pub(in crate::chat) fn entries(&self) -> impl Iterator<Item = &ListEntry> {
        self.bans.iter().chain(&self.exceptions).chain(&self.invitations)
    }
}
