//! Rooms: their settings, and who comes and goes.

use crate::chat::event::{Change, Event, MetadataEvent, RoomEvent, Scope};
use crate::chat::ids::{RoomId, SessionId, UserId};
use crate::chat::state::{
    Attached, Member, MetadataChanged, MetadataOwner, MetadataTarget, Room, RoomSettings, Setting, State, Statuses,
    Topic, Who,
};
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::{Now, Utc};
use core::time::Duration;

impl State {
    pub(super) fn apply_room(&mut self, event: &RoomEvent, now: Now) {
        match event {
            RoomEvent::Created { id, name, at } => self.add(Room::new(id.clone(), name.clone(), *at, now.utc)),
            RoomEvent::Kept { id, name, at } => {
                self.add(Room::new(id.clone(), name.clone(), *at, now.utc));
                self.with_presence(&fold(name), |room| room.is_lasting = true);
            }
            RoomEvent::Topic { room, by, text, at, .. } => self.with_room(room, |room| {
                room.topic = (!text.is_empty()).then(|| Topic { text: text.clone(), by: by.clone(), at: *at });
            }),
            RoomEvent::Modes { room, changes, .. } => self.with_room(room, |room| {
                for change in changes {
                    room.change(change);
                }
            }),
            RoomEvent::Restored { settings } => self.restore(settings, now.utc),
            RoomEvent::Ended { room, id, .. } => self.end(&fold(room), id),
            RoomEvent::Ownership { room, change, at } => {
                self.with_presence(&fold(room), |room| room.change_ownership(change, *at));
            }
            RoomEvent::Renamed { room, id, name, .. } => self.rename_room(&fold(room), id, name),
            RoomEvent::Muted { room, user, until } => {
                let Some(who) = self.user(*user).map(Who::of) else { return };
                self.with_room(room, |room| room.muted.note(who, *until, |until| until <= now.mono));
            }
            RoomEvent::Filter { room, change, .. } => self.with_room(room, |room| room.filters.change(change)),
            RoomEvent::Keep { room, keep, .. } => self.with_room(room, |room| room.keep = *keep),
            RoomEvent::ServerFilters { filters } => self.filters = filters.iter().collect(),
            RoomEvent::Offered { room, to } => self.with_room(room, |room| room.offered.clone_from(to)),
        }
    }

    /// What must happen before `event` because it is the first thing worth keeping in its room.
    pub(in crate::chat) fn first_kept(&self, event: &Event) -> Option<RoomEvent> {
        let name = match event {
            Event::Said(said, Scope::Room { room, .. }) if said.is_durable() => room,
            Event::Room(
                RoomEvent::Topic { room, .. }
                | RoomEvent::Ownership { room, .. }
                | RoomEvent::Filter { room, .. }
                | RoomEvent::Keep { room, .. },
            ) => room,
            Event::Room(RoomEvent::Modes { room, changes, .. }) if changes.iter().any(Change::is_lasting) => room,
            Event::Metadata(MetadataEvent::Changed(MetadataChanged {
                target: MetadataTarget::Room { name, .. },
                ..
            })) => name,
            Event::Said(..)
            | Event::Redacted(_)
            | Event::Metadata(_)
            | Event::Room(_)
            | Event::Account(_)
            | Event::Presence(_)
            | Event::Marked(_)
            | Event::Audit(_)
            | Event::Server(_) => return None,
        };
        let room = self.room(name).filter(|room| !room.is_lasting)?;
        Some(RoomEvent::Kept { id: room.id.clone(), name: room.name.clone(), at: room.created })
    }

    pub(super) fn enter(&mut self, user: UserId, key: &str, statuses: Statuses, sessions: Attached) {
        let Some(someone) = self.users.get_mut(&user) else { return };
        if !self.rooms.contains_key(key) {
            return;
        }
        someone.invited.remove(key);
        someone.rooms.insert(key.into());
        self.stays.note(someone);
        self.with_presence(key, |room| {
            room.members.insert(user, Member { sessions, statuses });
            room.empty_since = None;
        });
    }

    /// The session of a member is told from now on what happens in the room.
    pub(super) fn show(&mut self, user: UserId, session: SessionId, key: &str) {
        let is_own = self.user(user).is_some_and(|user| user.sessions.contains(session));
        let member = self.rooms.get_mut(key).and_then(|room| room.members.get_mut(&user));
        if let Some(member) = member.filter(|_| is_own) {
            member.sessions.add(session);
        }
    }

    pub(super) fn leave(&mut self, user: UserId, key: &str, at: Utc) {
        self.with_presence(key, |room| {
            if room.members.remove(&user).is_some() && room.members.is_empty() {
                room.empty_since = Some(at);
            }
        });
        self.with_stay(user, |user| {
            user.rooms.remove(key);
        });
    }

    /// Invitations to rooms that are no more make room for new ones.
    pub(super) fn invite(&mut self, user: UserId, key: &str) {
        let Self { users, rooms, .. } = self;
        let (Some(user), Some(room)) = (users.get_mut(&user), rooms.get(key)) else { return };
        if user.invited.len() >= limits::CHAT_INVITATIONS {
            user.invited.retain(|key, id| rooms.get(key).is_some_and(|room| room.id == *id));
        }
        if user.invited.len() < limits::CHAT_INVITATIONS || user.invited.contains_key(key) {
            user.invited.insert(key.into(), room.id.clone());
        }
    }

    /// Adds a room unless there is one of this name.
    fn add(&mut self, room: Room) {
        let key = fold(&room.name);
        if !self.rooms.contains_key(&key) {
            self.empty_rooms.note(&key, &room);
            self.room_looks.note(&room.name);
            self.rooms.insert(key, room);
        }
    }

    fn restore(&mut self, settings: &RoomSettings, now: Utc) {
        let key = fold(&settings.name);
        let mut room = settings.to_room(now);
        if let Some(known) = self.rooms.remove(&key) {
            self.empty_rooms.forget(&key, &known);
            self.room_looks.forget(&known.name);
            (room.members, room.empty_since) = (known.members, known.empty_since);
            if known.id != room.id {
                self.metadata.forget(&MetadataOwner::Room(known.id));
            }
        }
        self.add(room);
    }

    fn end(&mut self, key: &str, id: &RoomId) {
        if self.rooms.get(key).is_none_or(|room| room.id != *id) {
            return;
        }
        let Some(room) = self.rooms.remove(key) else { return };
        self.empty_rooms.forget(key, &room);
        self.room_looks.forget(&room.name);
        self.metadata.forget(&MetadataOwner::Room(room.id));
        for user in room.members.keys() {
            self.with(*user, |user| {
                user.rooms.remove(key);
            });
        }
    }

    /// Notes who spoke, where that counts.
    pub(super) fn spoke_in(&mut self, room: &str, user: UserId, now: Now) {
        let Self { users, rooms, .. } = self;
        let room = rooms.get_mut(&fold(room)).filter(|room| room.slow.is_some());
        if let (Some(room), Some(user)) = (room, users.get(&user)) {
            let pause = Duration::from_secs(room.slow.unwrap_or_default().into());
            room.spoke.note(Who::of(user), now.mono, |spoke| spoke + pause <= now.mono);
        }
    }

    /// Whatever else had that name is no more, though it may not be known yet: see `spec/event-log.md`.
    fn rename_room(&mut self, old: &str, id: &RoomId, name: &str) {
        let key = fold(name);
        if self.rooms.get(old).is_none_or(|room| room.id != *id) {
            return;
        }
        let Some(mut room) = self.rooms.remove(old) else { return };
        self.empty_rooms.forget(old, &room);
        self.room_looks.forget(&room.name);
        if let Some(former) = self.rooms.get(&key).map(|former| former.id.clone()) {
            self.end(&key, &former);
        }
        for user in self.users.values_mut() {
            if user.rooms.remove(old) {
                user.rooms.insert(key.clone());
            }
            if user.invited.get(old) == Some(id) {
                user.invited.remove(old);
                user.invited.insert(key.clone(), id.clone());
            }
        }
        room.name = name.into();
        self.empty_rooms.note(&key, &room);
        self.room_looks.note(&room.name);
        self.rooms.insert(key, room);
    }

    /// An account is no more: its rooms go to others, or are registered no more.
    pub(super) fn forget_account(&mut self, account: &str) {
        let Self { rooms, empty_rooms, .. } = self;
        for (key, room) in rooms.iter_mut().filter(|(_, room)| room.ownership.is_some()) {
            empty_rooms.forget(key, room);
            room.forget_account(account);
            empty_rooms.note(key, room);
        }
    }

    fn with_room(&mut self, room: &str, change: impl FnOnce(&mut Room)) {
        if let Some(room) = self.rooms.get_mut(&fold(room)) {
            change(room);
        }
    }

    /// Changes what decides whether a room is empty or kept.
    fn with_presence(&mut self, key: &str, change: impl FnOnce(&mut Room)) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        self.empty_rooms.forget(key, room);
        change(room);
        self.empty_rooms.note(key, room);
    }
}

impl Room {
    fn change(&mut self, change: &Change) {
        match change {
            Change::Status { is_added, status, user } => {
                if let Some(member) = self.members.get_mut(user) {
                    member.statuses.set(*status, *is_added);
                }
            }
            Change::Setting { setting: Setting::Flag { flag, is_set: true } } => _ = self.flags.insert(*flag),
            Change::Setting { setting: Setting::Flag { flag, is_set: false } } => _ = self.flags.remove(flag),
            Change::Setting { setting: Setting::Key { key } } => self.key.clone_from(key),
            Change::Setting { setting: Setting::Limit { limit } } => self.limit = *limit,
            Change::Setting { setting: Setting::Slow { seconds } } => {
                self.slow = *seconds;
                self.spoke.clear();
            }
            Change::List { is_added: true, kind, entry } => self.list_mut(*kind).add(entry),
            Change::List { is_added: false, kind, entry } => self.list_mut(*kind).remove(&entry.mask),
        }
    }
}
