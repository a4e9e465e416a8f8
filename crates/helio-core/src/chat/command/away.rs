//! AWAY and SETNAME: what one says of oneself.

use super::filter;
use crate::chat::Chat;
use crate::chat::event::Presence;
use crate::chat::ids::UserId;
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::session::Away;
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The message that stands for no message: nobody is there, for whatever reason (pre-away).
const NOBODY: &str = "*";

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let message = params.first().copied().filter(|message| !message.is_empty());
    let message = message.map(|message| truncate_utf8(message, limits::CHAT_AWAY).to_string());
    let (has_pre_away, is_away, since) = (turn.has(Capability::PreAway), message.is_some(), turn.now.mono);
    let user = turn.user_id();
    if !has_pre_away {
        user.clone()?;
    }
    if let Some(message) = &message {
        filter::screen_everywhere(turn, message)?;
    }
    let is_automatic = |message: &str| has_pre_away && message == NOBODY;
    let away = message.map(|message| Box::new(Away { is_automatic: is_automatic(&message), message, since }));
    turn.session_mut()?.away = away;
    if let Ok(user) = user {
        agree(turn.chat, user, turn.now);
    }
    turn.reply.numeric(if is_away { Numeric::RplNowAway } else { Numeric::RplUnaway }, &[]);
    Ok(())
}

/// A user is away when nobody reads along on any session. What a person wrote is shown, the newest first; what
/// clients say by themselves only when there is nothing else.
pub(in crate::chat) fn agree(chat: &mut Chat, user: UserId, now: Now) {
    let Some(someone) = chat.state.user(user) else { return };
    let of = |id| chat.sessions.get(id).map(|session| session.away.as_deref());
    let aways: Option<Vec<&Away>> = someone.sessions.iter().filter_map(of).collect();
    let message = aways.map(|aways| {
        let written = aways.iter().filter(|away| !away.is_automatic).max_by_key(|away| away.since);
        // What was written last holds for who has no session any more.
        let last = someone.away.as_ref().filter(|_| aways.is_empty());
        written.map(|away| &away.message).or(last).map_or_else(|| NOBODY.to_string(), String::clone)
    });
    if message != someone.away {
        chat.happen(&Presence::Away { user, message }.into(), None, now);
    }
}

/// Tells who asks about `user`, or sends something, that nobody is there, if that is so.
pub(super) fn tell(reply: &mut Reply, user: &User) {
    if let Some(message) = &user.away {
        reply.numeric_text(Numeric::RplAway, &[&user.nick], message);
    }
}

pub(super) fn setname(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let realname = params[0];
    if realname.len() > limits::CHAT_REALNAME {
        return Err(Refusal::fail(ReplyCode::InvalidRealname, &[]));
    }
    let user = turn.user()?;
    if user.realname != realname {
        let event = Presence::RealnameChanged { user: user.id, realname: realname.to_string() };
        turn.commit(event);
    }
    Ok(())
}
