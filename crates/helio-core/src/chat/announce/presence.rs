//! Coming, going, and everything about a person that others see.

use super::{To, line};
use crate::chat::event::{Actor, Presence};
use crate::chat::ids::{SessionId, UserId};
use crate::chat::line::Line;
use crate::chat::state::{State, Statuses, User};
use crate::irc::capability::Capability;
use crate::time::Now;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) fn announce(state: &State, presence: &Presence, to: &mut To<'_, '_>, now: Now) {
    match presence {
        // MONITOR's and the welcome's business; see `command::monitor` and `command::register`.
        Presence::Arrived { .. } | Presence::Flags { .. } | Presence::Operator { .. } => {}
        Presence::NickChanged { user, nick } => nick_changed(state, *user, nick, to, now),
        Presence::RealnameChanged { user, realname } => {
            let Some(user) = state.user(*user) else { return };
            let told = Line::irc(line(&user.mask(), "SETNAME", &[], Some(realname))).at(now.utc);
            to.tell(around(state, user), |audience| audience.has(Capability::Setname).then_some(&told));
        }
        Presence::Away { user, message } => {
            let Some(user) = state.user(*user) else { return };
            let told = Line::irc(line(&user.mask(), "AWAY", &[], message.as_deref())).at(now.utc);
            to.tell(state.neighbours(user.id), |audience| audience.has(Capability::AwayNotify).then_some(&told));
        }
        Presence::Joined { user, room, .. } => joined(state, *user, room, to, now),
        Presence::Parted { user, room, reason } => {
            let (Some(user), Some(room)) = (state.user(*user), state.room(room)) else { return };
            let mut told = Line::irc(line(&user.mask(), "PART", &[&room.name], reason.as_deref())).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        Presence::Kicked { by, user, room, reason } => {
            let (Some(user), Some(room)) = (state.user(*user), state.room(room)) else { return };
            let source = source(state, by, &String::new());
            let mut told = Line::irc(line(&source, "KICK", &[&room.name, &user.nick], Some(reason))).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        Presence::Invited { by, user, room } => invited(state, *by, *user, room, to, now),
        Presence::Quit { user, reason } => {
            let Some(user) = state.user(*user) else { return };
            let mut told = Line::irc(line(&user.mask(), "QUIT", &[], Some(reason))).at(now.utc);
            told.guest = format!("* {} left\n", user.nick).into_bytes();
            to.tell(state.neighbours(user.id), |_| Some(&told));
        }
    }
}

/// The user's own session and everybody around.
fn around(state: &State, user: &User) -> Vec<SessionId> {
    let mut sessions = state.neighbours(user.id);
    sessions.push(user.session);
    sessions
}

/// Who did it, as the source of a line.
pub(super) fn source(state: &State, actor: &Actor, server: &str) -> String {
    match actor {
        Actor::User(user) => state.user(*user).map_or_else(String::new, User::mask),
        Actor::Server => String::from(server),
    }
}

fn nick_changed(state: &State, user: UserId, nick: &str, to: &mut To<'_, '_>, now: Now) {
    let Some(user) = state.user(user) else { return };
    let mut told = Line::irc(line(&user.mask(), "NICK", &[nick], None)).at(now.utc);
    told.guest = format!("* {} is now {nick}\n", user.nick).into_bytes();
    to.tell(around(state, user), |_| Some(&told));
}

fn joined(state: &State, user: UserId, room: &str, to: &mut To<'_, '_>, now: Now) {
    let (Some(user), Some(room)) = (state.user(user), state.room(room)) else { return };
    let mut plain = Line::irc(line(&user.mask(), "JOIN", &[&room.name], None)).at(now.utc);
    plain.tags.account.clone_from(&user.account);
    plain.guest = format!("* {} joined\n", user.nick).into_bytes();
    let account = user.account.as_deref().unwrap_or("*");
    let mut extended = plain.clone();
    extended.irc = line(&user.mask(), "JOIN", &[&room.name, account], Some(&user.realname));
    to.tell(room.sessions(Statuses::NONE), |audience| {
        Some(if audience.has(Capability::ExtendedJoin) { &extended } else { &plain })
    });
    if let Some(message) = &user.away {
        let away = Line::irc(line(&user.mask(), "AWAY", &[], Some(message))).at(now.utc);
        let others = room.members.values().map(|member| member.session).filter(|session| *session != user.session);
        to.tell(others, |audience| audience.has(Capability::AwayNotify).then_some(&away));
    }
}

fn invited(state: &State, by: UserId, user: UserId, room: &str, to: &mut To<'_, '_>, now: Now) {
    let (Some(by), Some(user), Some(room)) = (state.user(by), state.user(user), state.room(room)) else { return };
    let told = Line::irc(line(&by.mask(), "INVITE", &[&user.nick, &room.name], None)).at(now.utc);
    to.tell([user.session], |_| Some(&told));
    let could_invite = room.sessions(Statuses::HALFOP).filter(|session| *session != by.session);
    to.tell(could_invite, |audience| audience.has(Capability::InviteNotify).then_some(&told));
}
