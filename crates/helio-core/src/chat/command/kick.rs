//! KICK: put somebody out of a room.

use super::office;
use crate::chat::event::{Actor, Presence};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::String;

/// `KICK room nicks [reason]`. Without a reason it is the nickname of who kicks.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let given = params.get(2).copied().filter(|reason| !reason.is_empty());
    let reason = String::from(truncate_utf8(given.unwrap_or(&turn.user()?.nick), limits::CHAT_KICK_REASON));
    for (index, nick) in params[1].split(',').filter(|nick| !nick.is_empty()).enumerate() {
        if index == limits::CHAT_KICK_TARGETS {
            return Err(Refusal::numeric(Numeric::ErrTooManyTargets, &[nick]));
        }
        if let Err(refusal) = kick(turn, params[0], nick, &reason) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

fn kick(turn: &mut Turn<'_>, name: &str, nick: &str, reason: &str) -> Outcome {
    let (by, room) = (turn.user()?, turn.room(name)?);
    // Who may not kick at all learns nothing of who is there.
    let _ = policy::can_kick(by, room, by)?;
    let user = turn.someone(nick)?;
    if !room.members.contains_key(&user.id) {
        return Err(Refusal::numeric(Numeric::ErrUserNotInChannel, &[&user.nick, &room.name]));
    }
    let right = policy::can_kick(by, room, user)?;
    let (nick, name) = (user.nick.clone(), room.name.clone());
    let event = Presence::Kicked { by: Actor::User(by.id), user: user.id, room: name.clone(), reason: reason.into() };
    turn.commit(event);
    office::tell(turn, right, &format!("kicked {nick} from {name}"));
    Ok(())
}
