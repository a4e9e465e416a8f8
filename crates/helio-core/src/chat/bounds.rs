//! What must hold of the service at any time: every list is under its bound, and what is written down twice agrees.

use super::Chat;
use super::session::Stage;
use super::state::{MarkerOwner, MetadataOwner, Room, State, User, UserFlag};
use crate::irc::casemap::fold;
use crate::irc::name::skeleton;
use crate::limits;
use alloc::collections::{BTreeMap, BTreeSet};

impl Chat {
    /// Panics when something of it does not hold.
    pub(super) fn check_bounds(&self) {
        self.sessions.check_bounds(self.settings.send_queue.max(limits::CHAT_SENDQ));
        self.storage.check_bounds(&self.state, &self.sessions);
        self.latest.check_bounds(&self.state);
        self.correspondence.check_bounds();
        self.timers.check_bounds(&self.sessions);
        self.verifying.check_bounds(&self.sessions);
        self.redacting.check_bounds(&self.sessions);
        let addresses = self.sessions.ids().into_iter().filter_map(|id| self.sessions.get(id));
        self.places.check_bounds(addresses.map(|session| session.peer.address.ip()));
        self.state.check_bounds();
        self.registrations.check_bounds();
        self.renames.check_bounds();
        self.throttles.connections.check_bounds();
        self.metadata_changes.check_bounds();
        self.guesses.check_bounds(self.state.accounts.len());
        self.check_users();
    }

    /// Every user has a session, and every registered session its user.
    fn check_users(&self) {
        for user in self.state.users.values() {
            for session in user.sessions.iter() {
                let session = self.sessions.get(session).expect("the session of a user");
                assert_eq!(session.user(), Some(user.id), "{} and its session", user.nick);
            }
        }
        for id in self.sessions.ids() {
            let session = self.sessions.get(id).expect("a listed session");
            if let Stage::Registered(user) = session.stage {
                let user = self.state.user(user);
                assert!(user.is_some_and(|user| user.sessions.contains(id)), "a session and its user");
            }
        }
    }
}

impl State {
    fn check_bounds(&self) {
        self.accounts.check_bounds();
        self.check_log_ins();
        self.markers.check_bounds(|owner| match owner {
            MarkerOwner::Account(name) => self.accounts.get(name).is_none_or(|account| account.deleted_us.is_none()),
            MarkerOwner::User(user) => self.user(*user).is_some_and(|user| user.account.is_none()),
        });
        self.metadata.check_bounds(|owner| match owner {
            MetadataOwner::Account(name) => self.accounts.get(name).is_some_and(|account| account.deleted_us.is_none()),
            MetadataOwner::Room(id) => self.rooms.values().any(|room| room.id == *id),
            MetadataOwner::User(user) => self.user(*user).is_some(),
        });
        assert!(self.filters.len() <= limits::CHAT_SERVER_FILTERS, "filters");
        self.invites.check_bounds();
        self.bans.check_bounds();
        assert!(self.rooms.len() <= limits::CHAT_ROOMS, "{} rooms", self.rooms.len());
        assert!(self.whowas.len() <= limits::CHAT_WHOWAS, "{} who were here", self.whowas.len());
        let nicks: BTreeMap<_, _> = self.users.values().map(|user| (fold(&user.nick), user.id)).collect();
        assert_eq!(self.nicks, nicks, "nicknames");
        let skeletons: BTreeMap<_, _> =
            self.users.values().map(|user| (skeleton(&user.nick).into(), user.id)).collect();
        assert_eq!(self.skeletons, skeletons, "what nicknames look like");
        assert_eq!((nicks.len(), skeletons.len()), (self.users.len(), self.users.len()), "one of each for each user");
        let looks = self.rooms.values().map(|room| room.name.as_str()).collect();
        assert_eq!(self.room_looks, looks, "what names of rooms look like");
        assert!(self.users.values().all(|user| user.id.0 <= self.last_user), "the newest user");
        let count = |is: fn(&User) -> bool| self.users.values().filter(|user| is(user)).count();
        assert_eq!(self.invisible, count(|user| user.has(UserFlag::Invisible)), "invisible users");
        assert_eq!(self.operators, count(User::is_operator), "operators");
        assert!(self.most_users >= self.users.len(), "most users at a time");
        self.users.values().for_each(|user| self.check_user(user));
        self.rooms.iter().for_each(|(key, room)| self.check_room(key, room));
        self.stays.check_bounds(self.users.values());
        self.check_monitors();
        self.check_empty_rooms();
    }

    fn check_user(&self, user: &User) {
        let nick = &user.nick;
        assert!(user.rooms.len() <= limits::CHAT_ROOMS_PER_USER, "rooms of {nick}");
        assert!(user.invited.len() <= limits::CHAT_INVITATIONS, "invitations of {nick}");
        assert!(user.said.len() <= limits::CHAT_OWN_MESSAGES, "messages of {nick}");
        assert!(nick.len() <= limits::IRC_NICK && user.username.len() <= limits::IRC_USER, "names of {nick}");
        assert!(user.realname.len() <= limits::CHAT_REALNAME && user.host.len() <= limits::IRC_HOST, "names of {nick}");
        assert!(user.away.as_ref().is_none_or(|away| away.len() <= limits::CHAT_AWAY), "away of {nick}");
        for key in &user.rooms {
            let is_member = self.rooms.get(key).is_some_and(|room| room.members.contains_key(&user.id));
            assert!(is_member, "{nick} believes to be in {key}");
        }
    }

    fn check_room(&self, key: &str, room: &Room) {
        let name = &room.name;
        assert_eq!(*fold(name), *key, "the key of {name}");
        assert!(name.len() <= limits::IRC_ROOM_NAME && room.entries() <= limits::CHAT_ROOM_LIST_ENTRIES, "{name}");
        assert!(room.topic.as_ref().is_none_or(|topic| topic.text.len() <= limits::CHAT_TOPIC), "topic of {name}");
        assert!(room.key.as_ref().is_none_or(|key| key.len() <= limits::CHAT_ROOM_KEY), "key of {name}");
        assert!(room.filters.len() <= limits::CHAT_ROOM_FILTERS, "filters of {name}");
        let entries = room.ownership.as_ref().map_or(0, |ownership| ownership.access.len());
        assert!(entries <= limits::CHAT_ROOM_ACCESS_ENTRIES, "access to {name}");
        assert!(room.spoke.len().max(room.muted.len()) <= limits::CHAT_ROOM_RESTRAINED, "who waits in {name}");
        assert_eq!(room.members.is_empty(), room.empty_since.is_some(), "since when {name} is empty");
        for (id, member) in &room.members {
            let user = self.user(*id).expect("the user of a member");
            let is_own = |session| user.sessions.contains(session);
            assert!(member.sessions.iter().all(is_own), "sessions of {} in {name}", user.nick);
            assert!(user.rooms.contains(key), "{} does not know of {name}", user.nick);
        }
    }

    fn check_log_ins(&self) {
        let mut logged_in: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for user in self.users.values() {
            if let Some(account) = &user.account {
                logged_in.entry(fold(account)).or_default().insert(user.id);
            }
        }
        assert_eq!(self.logged_in, logged_in, "who is logged in to which account");
    }

    fn check_monitors(&self) {
        let mut monitors: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (session, watched) in &self.watching {
            assert!(!watched.is_empty() && watched.len() <= limits::CHAT_MONITOR, "watched by one session");
            for nick in watched {
                monitors.entry(nick.clone()).or_default().insert(*session);
            }
        }
        let sessions: BTreeSet<_> = self.users.values().flat_map(|user| user.sessions.iter()).collect();
        assert!(self.watching.keys().all(|session| sessions.contains(session)), "who watches is there");
        assert_eq!(self.monitors, monitors, "who watches whom");
    }

    fn check_empty_rooms(&self) {
        let mut empty = super::state::EmptyRooms::default();
        self.rooms.iter().for_each(|(key, room)| empty.note(key, room));
        assert_eq!(self.empty_rooms, empty, "rooms that are empty");
    }
}
