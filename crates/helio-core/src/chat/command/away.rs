//! AWAY and SETNAME: what one says of oneself.

use crate::chat::event::Presence;
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let message = params.first().copied().filter(|message| !message.is_empty());
    let message = message.map(|message| truncate_utf8(message, limits::CHAT_AWAY).to_string());
    let user = turn.user()?;
    let (id, is_new, is_away) = (user.id, user.away != message, message.is_some());
    if is_new {
        turn.commit(Presence::Away { user: id, message });
    }
    turn.reply.numeric(if is_away { Numeric::RplNowAway } else { Numeric::RplUnaway }, &[]);
    Ok(())
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
