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
use alloc::vec::Vec;

/// `KICK rooms nicks [reason]`. Without a reason it is the nickname of who kicks.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let given = params.get(2).copied().filter(|reason| !reason.is_empty());
    let reason = String::from(truncate_utf8(given.unwrap_or(&turn.user()?.nick), limits::CHAT_KICK_REASON));
    for (index, (room, nick)) in pairs(params[0], params[1])?.into_iter().enumerate() {
        if index == limits::CHAT_KICK_TARGETS {
            return Err(Refusal::numeric(Numeric::ErrTooManyTargets, &[nick]));
        }
        if let Err(refusal) = kick(turn, room, nick, &reason) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

/// Who is to leave which room: several one room, or each the room in the same place (RFC 2812 §3.2.8).
fn pairs<'p>(rooms: &'p str, nicks: &'p str) -> Outcome<Vec<(&'p str, &'p str)>> {
    if !rooms.contains(',') {
        return Ok(nicks.split(',').filter(|nick| !nick.is_empty()).map(|nick| (rooms, nick)).collect());
    }
    let pairs: Vec<_> = rooms.split(',').zip(nicks.split(',')).collect();
    let is_even = rooms.split(',').count() == nicks.split(',').count();
    if is_even && pairs.iter().all(|(room, nick)| !room.is_empty() && !nick.is_empty()) {
        return Ok(pairs);
    }
    Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["KICK"]))
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
