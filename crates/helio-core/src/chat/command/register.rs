//! PASS, USER and the end of registration.

use super::{account, attach, authenticate, away, ban, login, welcome};
use crate::chat::effect::{Password, Verdict};
use crate::chat::event::Presence;
use crate::chat::ids::{SessionId, UserId};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::chat::verifying::{self, Purpose};
use crate::chat::{Chat, announce, apply};
use crate::irc::host;
use crate::irc::line::truncate_utf8;
use crate::irc::name::sanitize_user;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::Now;
use alloc::string::{String, ToString};

/// Why a connection is closed whose password cannot be compared now.
const BUSY: &str = "Server is busy, try again later";

pub(super) fn pass(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.password = Some(Password(params[0].to_string()));
    }
    Ok(())
}

pub(super) fn user(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    // The two in the middle mean nothing any more and may be anything.
    if params[0].is_empty() || params[3].is_empty() {
        return Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["USER"]));
    }
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.username = Some(sanitize_user(params[0]));
        registration.realname = truncate_utf8(params[3], limits::CHAT_REALNAME).to_string();
    }
    complete(turn)
}

/// Before registration a connection may say little.
pub(super) fn count_line(turn: &mut Turn<'_>) -> Outcome {
    let Some(registration) = turn.session_mut()?.registration() else { return Ok(()) };
    registration.lines += 1;
    if registration.lines > limits::CHAT_REGISTRATION_LINES {
        turn.close("Too many lines before registration");
        return Err(Refusal::Silent);
    }
    Ok(())
}

/// Makes the connection somebody when everything for that was said.
pub(super) fn complete(turn: &mut Turn<'_>) -> Outcome {
    // A log-in to a banned account.
    if turn.closing.is_some() {
        return Ok(());
    }
    let (session, now) = (turn.session, turn.now);
    let wanted = turn.chat.settings.password_hash.clone();
    let Some(registration) = turn.session_mut()?.registration() else { return Ok(()) };
    let (Some(nick), Some(_), false) = (&registration.nick, &registration.username, registration.is_negotiating) else {
        return Ok(());
    };
    if let (Some(hash), false) = (wanted, registration.is_password_right) {
        return verify(turn, hash);
    }
    let (nick, pass) = (nick.clone(), registration.password.take());
    if !account::is_open(turn)? || pass.is_some_and(|pass| login::by_pass(turn, &pass.0)) {
        return Ok(());
    }
    if !ban::is_let_in(turn)? {
        return Ok(());
    }
    // Somebody else may have taken the nickname since it was chosen.
    let place = attach::place(turn, &nick);
    if let (Err(_), Some(registration)) = (&place, turn.session_mut()?.registration()) {
        registration.nick = None;
    }
    let place = place?;
    let called_to = turn.session_mut()?.registration().and_then(|registration| registration.called_to.take());
    authenticate::abort(turn)?;
    if let Some(user) = place {
        return attach::attach(turn, user);
    }
    arrive(turn.chat, session, now);
    welcome::greet(turn)?;
    called_to.map_or(Ok(()), |room| account::invite::call_in(turn, room))
}

fn verify(turn: &mut Turn<'_>, hash: String) -> Outcome {
    let session = turn.session;
    let is_full = turn.chat.verifying.is_full();
    let Some(registration) = turn.session_mut()?.registration() else { return Ok(()) };
    let Some(password) = registration.password.take() else {
        turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
        turn.close("A password is needed (PASS)");
        return Ok(());
    };
    if is_full {
        turn.close(BUSY);
        return Ok(());
    }
    verifying::begin(turn.chat, session, Purpose::Pass, password, hash);
    Ok(())
}

/// The password of PASS was compared.
pub(super) fn verified(chat: &mut Chat, id: SessionId, verdict: Verdict, now: Now) {
    super::answer(chat, id, "PASS", now, |turn| {
        if let Ok(Some(registration)) = turn.session_mut().map(|session| session.registration()) {
            registration.is_password_right = verdict == Verdict::Right;
        }
        match verdict {
            Verdict::Right => {
                if let Err(refusal) = complete(turn) {
                    turn.reply.refuse(&refusal);
                }
            }
            Verdict::Wrong => {
                turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
                turn.close("Wrong password");
            }
            Verdict::NotCompared => turn.close(BUSY),
        }
    });
}

/// Turns a connection that has a free nickname and a username into a user.
pub(super) fn arrive(chat: &mut Chat, id: SessionId, now: Now) {
    let user = UserId(chat.state.last_user + 1);
    let Some(session) = chat.sessions.get_mut(id) else { return };
    let peer = session.peer.clone();
    let Some(registration) = session.registration() else { return };
    let (Some(nick), Some(username)) = (registration.nick.take(), registration.username.take()) else { return };
    let (realname, account) = (core::mem::take(&mut registration.realname), registration.account.take());
    chat.sessions.register(id, user);
    let host = host::of_address(peer.address.ip().to_canonical());
    let arrival = Presence::Arrived { user, session: Some(id), nick, username, host, realname, account };
    let origin =
        apply::Origin { address: Some(peer.address.ip()), is_guest: peer.face == crate::chat::Face::Guest, left: None };
    chat.state.arrive(&arrival, origin, now);
    announce::announce(chat, &arrival.into(), None, None, now);
    away::agree(chat, user, now);
    chat.timers.set(id, now.mono + chat.settings.ping_interval);
}
