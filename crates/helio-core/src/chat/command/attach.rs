//! Several clients as one user: a session that is logged in to the account of a user and asks for its nickname becomes one more
//! of that user's.
//!
//! It is told of the user's rooms one after the other, as if it joined them, and of what happens in a room from then on. The
//! next room comes when the client has taken most of the one before, history included. Likewise a user's other
//! sessions come into a room that one of them joins.

use super::{away, join, nick, welcome};
use crate::chat::event::Presence;
use crate::chat::ids::{SessionId, UserId};
use crate::chat::policy;
use crate::chat::reply::Outcome;
use crate::chat::session::Session;
use crate::chat::turn::Turn;
use crate::chat::{Chat, Settings};
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::{Instant, Now};

/// Where a session belongs that wants to be called `nick`: to somebody who is there, or it is somebody of its own.
pub(super) fn place(turn: &Turn<'_>, nick: &str) -> Outcome<Option<UserId>> {
    let Some(user) = turn.chat.state.user_named(nick) else {
        nick::is_free(turn, nick)?;
        nick::is_own(turn, nick)?;
        return Ok(None);
    };
    policy::can_attach(&turn.chat.settings, turn.account(), user)?;
    Ok(Some(user.id))
}

/// Whether a connection that is nobody yet may come to be called like this, though somebody is: log-in may follow NICK.
pub(super) fn is_possible(turn: &Turn<'_>, nick: &str) -> bool {
    let holder = turn.chat.state.user_named(nick).filter(|_| turn.user_id().is_err());
    holder.is_some_and(|user| user.account.is_some() && policy::takes_clients(&turn.chat.settings, user))
}

/// Makes the session one more of `user`'s.
pub(super) fn attach(turn: &mut Turn<'_>, user: UserId) -> Outcome {
    let (session, now) = (turn.session, turn.now);
    let peer = turn.session()?.peer.clone();
    turn.chat.sessions.register(session, user);
    turn.commit(Presence::Attached { user, session, address: peer.address.ip() });
    away::agree(turn.chat, user, now);
    let rooms = turn.user()?.rooms.iter().cloned().collect();
    turn.session_mut()?.entering = rooms;
    // Soon, behind the welcome.
    turn.chat.timers.set(session, now.mono);
    welcome::greet(turn)
}

/// The other sessions of `user` come into a room, too, that one of them joined.
pub(super) fn follow(turn: &mut Turn<'_>, user: UserId, room: &str) {
    let Turn { chat, session, now, .. } = turn;
    let Some(user) = chat.state.user(user).filter(|user| user.sessions.len() > 1) else { return };
    let key = fold(room);
    for other in user.sessions.iter().filter(|other| other != session) {
        let Some(other_session) = chat.sessions.get_mut(other) else { continue };
        // What was left meanwhile makes place: so there are never more than the user has rooms.
        other_session.entering.retain(|known| *known != key && user.rooms.contains(known));
        other_session.entering.push_back(key.clone());
        chat.timers.set(other, now.mono);
    }
}

/// Shows the next room to a session, if there is one and place for it. The one after it has a turn of its own.
pub(in crate::chat) fn proceed(chat: &mut Chat, id: SessionId, now: Now) {
    let most = most(&chat.settings);
    let Some(session) = chat.sessions.get_mut(id).filter(|session| is_ready(session, most)) else { return };
    let Some(key) = session.entering.pop_front() else { return };
    super::answer(chat, id, "JOIN", now, |turn| {
        // The room or the user may be gone meanwhile.
        if let Err(refusal) = show(turn, &key) {
            turn.reply.refuse(&refusal);
        }
    });
    // Of a room that was left meanwhile there is nothing to take, which would give the next its turn.
    if chat.sessions.get(id).is_some_and(|session| session.out.is_empty() && is_ready(session, most)) {
        chat.timers.set(id, now.mono);
    }
}

/// Gives the next room its turn where the client has taken what was queued.
pub(in crate::chat) fn written(chat: &mut Chat, id: SessionId) {
    let most = most(&chat.settings);
    if chat.sessions.get(id).is_some_and(|session| is_ready(session, most)) {
        // In the past, and so as soon as the driver looks.
        chat.timers.set(id, Instant::ORIGIN);
    }
}

fn show(turn: &mut Turn<'_>, key: &str) -> Outcome {
    let user = turn.user()?.id;
    let member = turn.chat.state.rooms.get(key).and_then(|room| Some((room, room.members.get(&user)?)));
    let Some((room, _)) = member.filter(|(_, member)| !member.sessions.contains(turn.session)) else { return Ok(()) };
    let (room, session) = (room.name.clone(), turn.session);
    turn.commit(Presence::Shown { user, session, room: room.clone() });
    join::show(turn, &room)
}

/// Bytes in a session's queue above which rooms wait.
fn most(settings: &Settings) -> usize {
    (limits::CHAT_ANSWER_QUEUE / 2).min(settings.send_queue / 8)
}

/// Another room is shown when nothing is on its way any more that may be large.
fn is_ready(session: &Session, most: usize) -> bool {
    let is_quiet = session.answering.is_empty() && session.out.holds() == 0;
    !session.entering.is_empty() && is_quiet && session.out.len() < most
}
