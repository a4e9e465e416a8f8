//! PING and PONG: is the other end there?

use crate::chat::Chat;
use crate::chat::ids::SessionId;
use crate::chat::line::{Line, compose};
use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;

pub(super) fn ping(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let server = turn.chat.settings.server_name.clone();
    turn.reply.server_line("PONG", &[&server], Some(params[0]));
    Ok(())
}

/// Hearing anything at all was the answer.
pub(super) fn pong(_: &mut Turn<'_>, _: &[&str]) -> Outcome {
    Ok(())
}

/// Asks a silent client.
pub(in crate::chat) fn ask(chat: &mut Chat, id: SessionId) {
    let line = Line::irc(compose(None, "PING", &[], Some(&chat.settings.server_name)));
    chat.sessions.send(id, &line);
}
