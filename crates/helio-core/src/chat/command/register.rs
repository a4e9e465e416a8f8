//! PASS, USER and the end of registration.

use crate::chat::Chat;
use crate::chat::apply;
use crate::chat::effect::{Effect, Password};
use crate::chat::event::Presence;
use crate::chat::ids::{SessionId, Ticket, UserId};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::session::Stage;
use crate::chat::turn::Turn;
use crate::irc::name::sanitize_user;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::ToString;

pub(super) fn pass(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.password = Some(params[0].to_string());
    }
    Ok(())
}

pub(super) fn user(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.username = Some(sanitize_user(params[0]));
        registration.realname = params[3].to_string();
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
    let (session, now) = (turn.session, turn.now);
    let wanted = turn.chat.settings.password_hash.clone();
    let ticket = turn.chat.storage.ticket();
    let Some(registration) = turn.session_mut()?.registration() else { return Ok(()) };
    let (Some(_), Some(_), false) = (&registration.nick, &registration.username, registration.is_negotiating) else {
        return Ok(());
    };
    if registration.verifying.is_some() {
        return Ok(());
    }
    if let (Some(hash), false) = (wanted, registration.is_password_right) {
        let Some(password) = registration.password.take() else {
            turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
            turn.close("A password is needed (PASS)");
            return Ok(());
        };
        registration.verifying = Some(ticket);
        turn.chat.effects.push_back(Effect::Verify { ticket, password: Password(password), hash });
        return Ok(());
    }
    arrive(turn.chat, session, now);
    welcome(turn)
}

pub(super) fn verified(chat: &mut Chat, ticket: Ticket, is_right: bool, now: Now) {
    let waiting = chat.sessions.ids().into_iter().find(|id| {
        let session = chat.sessions.get_mut(*id);
        session.and_then(|session| session.registration()).is_some_and(|known| known.verifying == Some(ticket))
    });
    let Some(id) = waiting else { return };
    super::answer(chat, id, "PASS", now, |turn| {
        if let Ok(Some(registration)) = turn.session_mut().map(|session| session.registration()) {
            registration.verifying = None;
            registration.is_password_right = is_right;
        }
        if is_right {
            let _ = complete(turn);
        } else {
            turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
            turn.close("Wrong password");
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
    let realname = core::mem::take(&mut registration.realname);
    session.stage = Stage::Registered(user);
    let host = host_of(peer.address.ip().to_canonical());
    let arrival = Presence::Arrived { user, session: id, nick, username, host, realname };
    let origin = apply::Origin {
        address: peer.address.ip(),
        is_secure: peer.is_secure,
        is_guest: peer.face == crate::chat::Face::Guest,
    };
    chat.state.arrive(&arrival, origin, now);
    chat.timers.set(id, now.mono + chat.settings.ping_interval);
}

/// An address as a host: IPv6 must not begin with a colon, or it would look like a last parameter.
fn host_of(address: core::net::IpAddr) -> alloc::string::String {
    let host = address.to_string();
    if host.starts_with(':') { format!("0{host}") } else { host }
}

fn welcome(turn: &mut Turn<'_>) -> Outcome {
    let (nick, mask) = {
        let user = turn.user()?;
        (user.nick.clone(), user.mask())
    };
    turn.reply.set_target(&nick);
    let settings = turn.chat.settings.clone();
    let text = format!("Welcome to the {} network, {mask}", settings.network);
    turn.reply.numeric_text(Numeric::RplWelcome, &[], &text);
    Ok(())
}
