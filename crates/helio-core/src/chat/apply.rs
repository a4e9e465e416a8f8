//! The only place where state changes.

mod metadata;
mod room;

use super::ban::Ban;
use super::event::{AccountChange, AccountEvent, Event, Marked, Presence, Said, SaidKind, Scope, ServerEvent};
use super::ids::{SessionId, UserId};
use super::state::{MarkerOwner, MetadataOwner, State, User, UserFlag, Whowas};
use crate::irc::casemap::fold;
use crate::irc::name::skeleton;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::ToString;
use core::net::IpAddr;

/// What an arrival brings along that only its connection knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) address: Option<IpAddr>,
    pub(super) is_guest: bool,
    /// Since when they have no session, if they have none.
    pub(super) left: Option<Utc>,
}

impl State {
    /// Makes `event` true. Events that name what no longer exists change nothing.
    pub(super) fn apply(&mut self, event: &Event, now: Now) {
        match event {
            Event::Presence(presence) => self.apply_presence(presence, now),
            Event::Room(event) => self.apply_room(event, now),
            Event::Account(AccountEvent::Changed(change)) => self.apply_account(change),
            Event::Account(AccountEvent::Stay { account, stay }) => self.accounts.keep_stay(account, stay.as_deref()),
            Event::Account(AccountEvent::Restored(account)) => {
                self.accounts.restore(account);
                if account.deleted_us.is_some() {
                    self.metadata.forget(&MetadataOwner::Account(fold(&account.name)));
                    self.forget_account(&account.name);
                }
            }
            Event::Account(AccountEvent::Decoys(secret)) => self.accounts.decoys = Some(secret.clone()),
            Event::Account(AccountEvent::Invite(invite)) => self.invites.insert(invite),
            Event::Account(AccountEvent::InviteEnded { id }) => self.invites.remove(id),
            Event::Metadata(event) => self.apply_metadata(event),
            Event::Audit(_) => {}
            // A room is kept before the first thing is said in it.
            Event::Said(said, scope) => self.spoke(said, scope, now),
            Event::Marked(Marked { owner, marker, .. }) => self.markers.set(owner, marker),
            // It is in the logs that something changed.
            Event::Redacted(_) => {}
            Event::Server(event) => self.apply_server(event, now),
        }
    }

    fn apply_server(&mut self, event: &ServerEvent, now: Now) {
        match event {
            ServerEvent::BanSet(ban) => self.bans.set(Ban::clone(ban), now.utc),
            ServerEvent::BanLifted { target, .. } => self.bans.lift(target),
            ServerEvent::Defcon { level, .. } => self.defcon = *level,
        }
    }

    /// The author is not idle. TAGMSG does not count: typing is not yet saying.
    fn spoke(&mut self, said: &Said, scope: &Scope, now: Now) {
        let Some(user) = self.nicks.get(&fold(said.nick())).copied() else { return };
        if let Scope::Room { room, .. } = scope
            && said.is_durable()
        {
            self.spoke_in(room, user, now);
        }
        self.with(user, |user| {
            if said.kind != SaidKind::Tagmsg {
                user.spoke = now.mono;
            }
            if said.is_durable() {
                user.note_said(said.at_us);
            }
        });
    }

    /// Adds somebody; the id is new. The caller has made sure that the nickname is free.
    pub(super) fn arrive(&mut self, arrival: &Presence, origin: Origin, now: Now) {
        let Presence::Arrived { user, session, nick, username, host, realname, account } = arrival else { return };
        self.last_user = self.last_user.max(user.0);
        self.name(*user, nick);
        let user = User {
            id: *user,
            sessions: session.iter().copied().collect(),
            nick: nick.clone(),
            username: username.clone(),
            host: host.clone(),
            realname: realname.clone(),
            account: account.clone(),
            away: None,
            flags: BTreeSet::new(),
            operator: None,
            rooms: BTreeSet::new(),
            invited: BTreeMap::new(),
            address: origin.address,
            is_guest: origin.is_guest,
            signed_on: now.utc,
            spoke: now.mono,
            said: VecDeque::new(),
            left: origin.left,
        };
        if let Some(account) = &user.account {
            self.logged_in.entry(fold(account)).or_default().insert(user.id);
        }
        self.stays.note(&user);
        self.users.insert(user.id, user);
        self.most_users = self.most_users.max(self.users.len());
    }

    fn apply_presence(&mut self, presence: &Presence, now: Now) {
        match presence {
            // Carried out by `arrive`, which knows the connection.
            Presence::Arrived { .. } => {}
            Presence::LoggedIn { user, account } => self.log_in(*user, account),
            Presence::Attached { user, session, address } => self.with_stay(*user, |user| {
                user.sessions.add(*session);
                (user.address, user.left) = (Some(*address), None);
            }),
            Presence::Shown { user, session, room } => self.show(*user, *session, &fold(room)),
            Presence::Detached { user, session } => self.detach(*user, *session, now.utc),
            Presence::NickChanged { user, nick } => self.rename(*user, nick, now.utc),
            Presence::RealnameChanged { user, realname } => {
                self.with_stay(*user, |user| user.realname.clone_from(realname));
            }
            Presence::Away { user, message } => self.with(*user, |user| user.away.clone_from(message)),
            Presence::Flags { user, set } => self.set_flags(*user, set),
            Presence::Operator { user, name } => {
                let was = self.user(*user).is_some_and(User::is_operator);
                self.with(*user, |user| user.operator.clone_from(name));
                let is = self.user(*user).is_some_and(User::is_operator);
                self.operators = self.operators + usize::from(is) - usize::from(was);
            }
            Presence::Joined { user, room, statuses, session } => {
                self.enter(*user, &fold(room), *statuses, session.iter().copied().collect());
            }
            Presence::Parted { user, room, .. } | Presence::Kicked { user, room, .. } => {
                self.leave(*user, &fold(room), now.utc);
            }
            Presence::Invited { user, room, is_pass, .. } if *is_pass => self.invite(*user, &fold(room)),
            Presence::Invited { .. } => {}
            Presence::Quit { user, .. } => self.depart(*user, now.utc),
            Presence::Watched { session, nicks, is_added } => {
                for nick in nicks {
                    self.watch(*session, &fold(nick), *is_added);
                }
            }
            Presence::Wallops { .. } | Presence::ServerNotice { .. } => {}
        }
    }

    fn with(&mut self, user: UserId, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(&user) {
            change(user);
        }
    }

    fn log_in(&mut self, id: UserId, account: &str) {
        let Some(user) = self.users.get(&id) else { return };
        let was = user.account.clone();
        self.with_stay(id, |user| user.account = Some(account.to_string()));
        self.forget_log_in(id, was.as_deref());
        self.metadata.forget(&MetadataOwner::User(id));
        self.logged_in.entry(fold(account)).or_default().insert(id);
    }

    /// Somebody is no longer logged in to an account, or no longer without one: then their markers go.
    fn forget_log_in(&mut self, id: UserId, account: Option<&str>) {
        let Some(key) = account.map(fold) else { return self.markers.forget(&MarkerOwner::User(id)) };
        if let Some(users) = self.logged_in.get_mut(&key) {
            users.remove(&id);
            if users.is_empty() {
                self.logged_in.remove(&key);
            }
        }
    }

    /// Changes what is kept of a user who stays, or whether they do.
    fn with_stay(&mut self, user: UserId, change: impl FnOnce(&mut User)) {
        let Self { users, stays, .. } = self;
        let Some(user) = users.get_mut(&user) else { return };
        stays.forget(user);
        change(user);
        stays.note(user);
    }

    fn apply_account(&mut self, change: &AccountChange) {
        self.accounts.apply(change);
        match change {
            AccountChange::Deleted { account, .. } => {
                self.markers.forget(&MarkerOwner::Account(fold(account)));
                self.metadata.forget(&MetadataOwner::Account(fold(account)));
                self.forget_account(account);
            }
            AccountChange::AlwaysOn { account, .. } => {
                self.stays.changed.extend(self.logged_in.get(&fold(account)).into_iter().flatten());
            }
            AccountChange::Registered { .. }
            | AccountChange::Password { .. }
            | AccountChange::Suspended { .. }
            | AccountChange::Restored { .. }
            | AccountChange::NickOwned { .. }
            | AccountChange::CertificateOwned { .. }
            | AccountChange::App { .. } => {}
        }
    }

    fn name(&mut self, user: UserId, nick: &str) {
        self.nicks.insert(fold(nick), user);
        self.skeletons.insert(skeleton(nick).into(), user);
    }

    fn unname(&mut self, nick: &str) {
        self.nicks.remove(&fold(nick));
        self.skeletons.remove(skeleton(nick).as_str());
    }

    fn rename(&mut self, id: UserId, nick: &str, at: Utc) {
        let Some(user) = self.users.get_mut(&id) else { return };
        let old = core::mem::replace(&mut user.nick, nick.to_string());
        let was = Whowas { nick: old.clone(), ..Whowas::of(user, at) };
        self.remember(was);
        self.unname(&old);
        self.name(id, nick);
        self.with_stay(id, |_| {});
    }

    fn depart(&mut self, id: UserId, at: Utc) {
        let Some(user) = self.users.get(&id) else { return };
        let (rooms, was) = (user.rooms.clone(), Whowas::of(user, at));
        for key in rooms {
            self.leave(id, &key, at);
        }
        let Some(user) = self.users.remove(&id) else { return };
        self.stays.forget(&user);
        self.operators -= usize::from(user.is_operator());
        self.invisible -= usize::from(user.has(UserFlag::Invisible));
        self.unname(&user.nick);
        self.forget_log_in(id, user.account.as_deref());
        self.metadata.forget(&MetadataOwner::User(id));
        user.sessions.iter().for_each(|session| self.stop_watching(session));
        self.remember(was);
    }

    fn detach(&mut self, id: UserId, session: SessionId, at: Utc) {
        self.stop_watching(session);
        let Self { users, rooms, stays, .. } = self;
        let Some(user) = users.get_mut(&id) else { return };
        stays.forget(user);
        user.sessions.remove(session);
        user.left = user.sessions.is_empty().then_some(at);
        stays.note(user);
        for key in &user.rooms {
            if let Some(member) = rooms.get_mut(key).and_then(|room| room.members.get_mut(&id)) {
                member.sessions.remove(session);
            }
        }
    }

    fn set_flags(&mut self, id: UserId, set: &[(bool, UserFlag)]) {
        let Some(user) = self.users.get_mut(&id) else { return };
        let was = user.has(UserFlag::Invisible);
        for (is_added, flag) in set {
            if *is_added {
                user.flags.insert(*flag)
            } else {
                user.flags.remove(flag)
            };
        }
        self.invisible = self.invisible + usize::from(user.has(UserFlag::Invisible)) - usize::from(was);
    }

    /// Begins or ends one watch of MONITOR on a folded nickname.
    fn watch(&mut self, session: SessionId, nick: &str, is_added: bool) {
        let watching = self.watching.entry(session).or_default();
        if is_added && watching.len() < limits::CHAT_MONITOR {
            watching.insert(nick.into());
            self.monitors.entry(nick.into()).or_default().insert(session);
        } else if !is_added {
            watching.remove(nick);
            self.unwatch(nick, session);
        }
        if self.watching.get(&session).is_some_and(BTreeSet::is_empty) {
            self.watching.remove(&session);
        }
    }

    fn stop_watching(&mut self, session: SessionId) {
        for nick in self.watching.remove(&session).unwrap_or_default() {
            self.unwatch(&nick, session);
        }
    }

    fn unwatch(&mut self, nick: &str, session: SessionId) {
        if let Some(sessions) = self.monitors.get_mut(nick) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.monitors.remove(nick);
            }
        }
    }

    fn remember(&mut self, was: Whowas) {
        self.whowas.push_front(was);
        self.whowas.truncate(limits::CHAT_WHOWAS);
    }
}

impl Whowas {
    fn of(user: &User, left: Utc) -> Self {
        Self {
            nick: user.nick.clone(),
            username: user.username.clone(),
            host: user.host.clone(),
            realname: user.realname.clone(),
            account: user.account.clone(),
            left,
        }
    }
}
