//! Coming, going, and everything about a person that others see.

use super::{To, line, metadata, monitor};
use crate::chat::event::{Actor, Presence};
use crate::chat::ids::{SessionId, UserId};
use crate::chat::line::{Audience, Line};
use crate::chat::state::{Room, State, Statuses, User, UserFlag};
use crate::irc::capability::Capability;
use crate::irc::casemap;
use crate::irc::mode::{self, ModeChange};
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) fn announce(state: &State, presence: &Presence, server: &str, to: &mut To<'_, '_>, now: Now) {
    match presence {
        Presence::Arrived { user, nick, username, host, .. } => {
            monitor::online(state, &format!("{nick}!{username}@{host}"), server, to);
            let user = state.user(*user);
            user.into_iter().for_each(|user| metadata::online(state, user, nick, server, to, now));
        }
        // What the session is told is the answer to it.
        Presence::Watched { .. } | Presence::Attached { .. } | Presence::Detached { .. } => {}
        Presence::Shown { user, session, room } => shown(state, *user, *session, room, to, now),
        Presence::Flags { user, set } => flags_changed(state, *user, set, to, now),
        Presence::Operator { user, name } => {
            let Some(user) = state.user(*user) else { return };
            let mode = if name.is_some() { "+o" } else { "-o" };
            let told = Line::irc(line(&user.mask(), "MODE", &[&user.nick, mode], None)).at(now.utc);
            to.tell(user.sessions.iter(), |_| Some(&told));
        }
        Presence::Wallops { by, text } => {
            let Some(by) = state.user(*by) else { return };
            let told = Line::irc(line(&by.mask(), "WALLOPS", &[], Some(text))).at(now.utc);
            let wanting = state.users.values().filter(|user| user.has(UserFlag::Wallops));
            to.tell(wanting.flat_map(|user| user.sessions.iter()), |_| Some(&told));
        }
        Presence::ServerNotice { text } => server_notice(state, text, server, to, now),
        Presence::LoggedIn { user, account } => {
            let Some(user) = state.user(*user) else { return };
            let told = Line::irc(line(&user.mask(), "ACCOUNT", &[account], None)).at(now.utc);
            to.tell(user.sessions.iter(), |audience| audience.has(Capability::AccountNotify).then_some(&told));
            tell_around(state, user, Capability::AccountNotify, &told, to);
        }
        Presence::NickChanged { user, nick } => nick_changed(state, *user, nick, server, to, now),
        Presence::RealnameChanged { user, realname } => {
            let Some(user) = state.user(*user) else { return };
            let told = Line::irc(line(&user.mask(), "SETNAME", &[], Some(realname))).at(now.utc);
            to.tell(user.sessions.iter(), |audience| audience.has(Capability::Setname).then_some(&told));
            tell_around(state, user, Capability::Setname, &told, to);
        }
        Presence::Away { user, message } => {
            let Some(user) = state.user(*user) else { return };
            let told = Line::irc(line(&user.mask(), "AWAY", &[], message.as_deref())).at(now.utc);
            tell_around(state, user, Capability::AwayNotify, &told, to);
        }
        Presence::Joined { user, room, .. } => joined(state, *user, room, server, to, now),
        Presence::Parted { user, room, reason } => {
            let (Some(user), Some(room)) = (state.user(*user), state.room(room)) else { return };
            let mut told = Line::irc(line(&user.mask(), "PART", &[&room.name], reason.as_deref())).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        Presence::Kicked { by, user, room, reason } => {
            let (Some(user), Some(room)) = (state.user(*user), state.room(room)) else { return };
            let source = source(state, by, server);
            let mut told = Line::irc(line(&source, "KICK", &[&room.name, &user.nick], Some(reason))).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        Presence::Invited { by, user, room, .. } => invited(state, &source(state, by, server), *user, room, to, now),
        Presence::Quit { user, reason } => {
            let Some(user) = state.user(*user) else { return };
            let mut told = Line::irc(line(&user.mask(), "QUIT", &[], Some(reason))).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(state.neighbours(user.id), |_| Some(&told));
            monitor::offline(state, &user.nick, server, to);
        }
    }
}

/// Tells neighbours who can hear it, and with extended-monitor those who watch the user from elsewhere.
fn tell_around(state: &State, user: &User, capability: Capability, told: &Line, to: &mut To<'_, '_>) {
    let neighbours = state.neighbours(user.id);
    let strangers = monitor::strangers(state, user, &neighbours);
    to.tell(neighbours, |audience| audience.has(capability).then_some(told));
    let hears = |audience: Audience| audience.has(capability) && audience.has(Capability::ExtendedMonitor);
    to.tell(strangers, |audience| hears(audience).then_some(told));
}

/// The user's own sessions and everybody around.
fn around(state: &State, user: &User) -> Vec<SessionId> {
    let mut sessions = state.neighbours(user.id);
    sessions.extend(user.sessions.iter());
    sessions
}

/// Who did it, as the source of a line.
pub(super) fn source(state: &State, actor: &Actor, server: &str) -> String {
    match actor {
        Actor::User(user) => state.user(*user).map_or_else(|| String::from(server), User::mask),
        Actor::Server => String::from(server),
    }
}

fn nick_changed(state: &State, user: UserId, nick: &str, server: &str, to: &mut To<'_, '_>, now: Now) {
    let Some(user) = state.user(user) else { return };
    let mut told = Line::irc(line(&user.mask(), "NICK", &[nick], None)).at(now.utc);
    told.guest = format!("* {} is now {nick}\n", user.nick).into_bytes();
    to.tell(around(state, user), |_| Some(&told));
    if !casemap::eq(&user.nick, nick) {
        monitor::offline(state, &user.nick, server, to);
        monitor::online(state, &format!("{nick}!{}@{}", user.username, user.host), server, to);
        metadata::online(state, user, nick, server, to, now);
    }
}

fn flags_changed(state: &State, user: UserId, set: &[(bool, UserFlag)], to: &mut To<'_, '_>, now: Now) {
    let Some(user) = state.user(user) else { return };
    let changes = set.iter().map(|(is_added, flag)| ModeChange {
        is_added: *is_added,
        letter: flag.letter() as u8,
        argument: None,
    });
    for modes in mode::compose(&changes.collect::<Vec<_>>(), limits::IRC_BODY) {
        let told = Line::irc(line(&user.mask(), "MODE", &[&user.nick, &modes], None)).at(now.utc);
        to.tell(user.sessions.iter(), |_| Some(&told));
    }
}

/// Operators with `+s` hear what the server has to say; each by name, as NOTICE wants it.
fn server_notice(state: &State, text: &str, server: &str, to: &mut To<'_, '_>, now: Now) {
    let text = format!("*** {text}");
    let operators = state.users.values().filter(|user| user.is_operator() && user.has(UserFlag::ServerNotices));
    for user in operators {
        let told = Line::irc(line(server, "NOTICE", &[&user.nick], Some(&text))).at(now.utc);
        to.tell(user.sessions.iter(), |_| Some(&told));
    }
}

/// A session comes into a room in which its user is.
fn shown(state: &State, user: UserId, session: SessionId, room: &str, to: &mut To<'_, '_>, now: Now) {
    let (Some(user), Some(room)) = (state.user(user), state.room(room)) else { return };
    let [plain, extended] = join_lines(user, room, now);
    to.tell([session], |audience| Some(if audience.has(Capability::ExtendedJoin) { &extended } else { &plain }));
}

fn joined(state: &State, user: UserId, room: &str, server: &str, to: &mut To<'_, '_>, now: Now) {
    let (Some(user), Some(room)) = (state.user(user), state.room(room)) else { return };
    let [plain, extended] = join_lines(user, room, now);
    to.tell(room.sessions(Statuses::NONE), |audience| {
        Some(if audience.has(Capability::ExtendedJoin) { &extended } else { &plain })
    });
    if let Some(message) = &user.away {
        let away = Line::irc(line(&user.mask(), "AWAY", &[], Some(message))).at(now.utc);
        let others = room.sessions(Statuses::NONE).filter(|session| !user.sessions.contains(*session));
        to.tell(others, |audience| audience.has(Capability::AwayNotify).then_some(&away));
    }
    metadata::entered(state, user, room, server, to, now);
}

/// JOIN as it is, and with account and real name (extended-join).
fn join_lines(user: &User, room: &Room, now: Now) -> [Line; 2] {
    let mut plain = Line::irc(line(&user.mask(), "JOIN", &[&room.name], None)).at(now.utc);
    plain.tags.account.clone_from(&user.account);
    plain.guest = format!("* {} joined\n", user.nick).into_bytes();
    let account = user.account.as_deref().unwrap_or("*");
    let mut extended = plain.clone();
    extended.irc = line(&user.mask(), "JOIN", &[&room.name, account], Some(&user.realname));
    [plain, extended]
}

fn invited(state: &State, by: &str, user: UserId, name: &str, to: &mut To<'_, '_>, now: Now) {
    let Some(user) = state.user(user) else { return };
    let room = state.room(name);
    let name = room.map_or(name, |room| &room.name);
    let told = Line::irc(line(by, "INVITE", &[&user.nick, name], None)).at(now.utc);
    to.tell(user.sessions.iter(), |_| Some(&told));
    let Some(room) = room else { return };
    let origin = to.origin.as_ref().map(|origin| origin.session);
    let could_invite = room.sessions(Statuses::HALFOP).filter(|session| Some(*session) != origin);
    to.tell(could_invite, |audience| audience.has(Capability::InviteNotify).then_some(&told));
}
