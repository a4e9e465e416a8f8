//! PART: leave rooms.

use crate::chat::event::Presence;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    for name in params[0].split(',').filter(|name| !name.is_empty()) {
        if let Err(refusal) = part(turn, name, params.get(1).copied()) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

fn part(turn: &mut Turn<'_>, name: &str, reason: Option<&str>) -> Outcome {
    let user = turn.user_id()?;
    let room = turn.room(name)?;
    if !room.members.contains_key(&user) {
        return Err(Refusal::numeric(Numeric::ErrNotOnChannel, &[name]));
    }
    let room = room.name.clone();
    turn.commit(Presence::Parted { user, room, reason: reason.map(ToString::to_string) });
    Ok(())
}
