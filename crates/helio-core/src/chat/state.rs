//! Who is there, which rooms and which accounts exist: plain data, joined by ids, changed by [`apply`](super::apply) alone.

pub(super) mod accounts;
pub(super) mod attached;
pub(super) mod bans;
pub(super) mod empty_rooms;
mod filter;
pub(super) mod invites;
mod looks;
pub(super) mod markers;
pub(super) mod mask_list;
pub(super) mod metadata;
pub(super) mod modes;
pub(super) mod ownership;
mod pattern;
pub(super) mod restraint;
pub(super) mod room;
pub(super) mod stay;
pub(super) mod user;

pub use accounts::AccountInfo;
pub(super) use accounts::{Account, Accounts};
pub(super) use attached::Attached;
pub(super) use bans::Bans;
pub(super) use empty_rooms::EmptyRooms;
pub(super) use filter::{Filter, FilterAction, FilterChange, Filters};
pub use invites::InviteInfo;
pub(super) use invites::{Invite, Invites};
pub(super) use looks::Looks;
pub(super) use markers::{Marker, MarkerOwner, MarkerRecord, MarkerTarget, Markers};
pub(super) use mask_list::MaskList;
pub(super) use metadata::{
    Metadata, MetadataChanged, MetadataChanges, MetadataOwner, MetadataRecord, MetadataTarget, MetadataValues,
    is_metadata_value, metadata_key,
};
pub(super) use modes::{ListEntry, ListKind, RoomFlag, Setting, Statuses, UserFlag};
pub(super) use ownership::{Access, AccessEntry, Ownership};
pub(super) use pattern::folded;
pub(super) use restraint::{Moments, Who};
pub(super) use room::{Keep, Member, Room, RoomSettings, Topic};
pub(super) use stay::{Stay, Stays};
pub(super) use user::{User, Whowas};

use super::defcon::Defcon;
use super::ids::{SessionId, UserId};
use crate::irc::casemap::fold;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::ops::RangeBounds;

/// Everything that commands ask and events change.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<UserId, User>,
    /// By folded nickname.
    pub(super) nicks: BTreeMap<Box<str>, UserId>,
    /// By the nickname's skeleton, so that no two names look alike.
    pub(super) skeletons: BTreeMap<Box<str>, UserId>,
    /// By folded name.
    pub(super) rooms: BTreeMap<Box<str>, Room>,
    pub(super) accounts: Accounts,
    /// Those of all rooms.
    pub(super) filters: Filters,
    /// What the rooms' names look like; kept true by `apply`.
    pub(super) room_looks: Looks,
    /// Which of the rooms are empty; kept true by `apply`.
    pub(super) empty_rooms: EmptyRooms,
    /// Who was here, newest first, bounded.
    pub(super) whowas: VecDeque<Whowas>,
    /// Folded nickname → sessions that want to know when it comes and goes (MONITOR).
    pub(super) monitors: BTreeMap<Box<str>, BTreeSet<SessionId>>,
    /// How far people have read.
    pub(super) markers: Markers,
    /// Folded name of an account → who is logged in to it.
    pub(super) logged_in: BTreeMap<Box<str>, BTreeSet<UserId>>,
    /// The same the other way round: what each session watches, bounded.
    pub(super) watching: BTreeMap<SessionId, BTreeSet<Box<str>>>,
    /// The number given to the newest user.
    pub(super) last_user: u64,
    /// Most users at a time so far.
    pub(super) most_users: usize,
    /// Users with `+i`, and server operators: kept here because LUSERS counts them for everybody who arrives.
    pub(super) invisible: usize,
    pub(super) operators: usize,
    pub(super) invites: Invites,
    /// Who stays without a client.
    pub(super) stays: Stays,
    /// Whom the server keeps out.
    pub(super) bans: Bans,
    /// The level of lockdown that operators set.
    pub(super) defcon: Defcon,
    /// What people and rooms tell of themselves.
    pub(super) metadata: Metadata,
}

impl State {
    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    pub(super) fn user_named(&self, nick: &str) -> Option<&User> {
        self.users.get(self.nicks.get(&fold(nick))?)
    }

    /// Who is logged in to the account.
    pub(super) fn users_of(&self, account: &str) -> impl Iterator<Item = &User> {
        let users = self.logged_in.get(&fold(account)).into_iter().flatten();
        users.filter_map(|id| self.users.get(id))
    }

    /// The room of this name, however it is written.
    pub(super) fn room(&self, name: &str) -> Option<&Room> {
        self.rooms.get(&fold(name))
    }

    pub(super) fn rooms_of(&self, user: UserId) -> impl Iterator<Item = &Room> {
        let keys = self.user(user).into_iter().flat_map(|user| user.rooms.iter());
        keys.filter_map(|key| self.rooms.get(key))
    }

    /// Those of `range` who are in a room with `user`.
    pub(super) fn near(&self, user: UserId, range: impl RangeBounds<UserId> + Clone) -> BTreeSet<UserId> {
        self.rooms_of(user).flat_map(|room| room.members.range(range.clone()).map(|(id, _)| *id)).collect()
    }

    /// The sessions of all who share a room with `user`, each once, without the user's own.
    pub(super) fn neighbours(&self, user: UserId) -> Vec<SessionId> {
        let members = self.rooms_of(user).flat_map(|room| room.members.iter());
        let mut sessions: Vec<SessionId> =
            members.filter(|(id, _)| **id != user).flat_map(|(_, member)| member.sessions.iter()).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// The sessions that watch `nick`.
    pub(super) fn watchers(&self, nick: &str) -> impl Iterator<Item = SessionId> + '_ {
        self.monitors.get(&fold(nick)).into_iter().flatten().copied()
    }
}
