//! PART: leave rooms.

use super::filter;
use crate::chat::event::Presence;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// `PART rooms [reason]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    for name in params[0].split(',').filter(|name| !name.is_empty()) {
        if let Err(refusal) = part(turn, name, params.get(1).copied()) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

/// Leaves every room.
pub(super) fn all(turn: &mut Turn<'_>) -> Outcome {
    let names: Vec<String> = turn.chat.state.rooms_of(turn.user_id()?).map(|room| room.name.clone()).collect();
    names.iter().try_for_each(|name| part(turn, name, None))
}

fn part(turn: &mut Turn<'_>, name: &str, reason: Option<&str>) -> Outcome {
    let user = turn.user()?;
    let room = turn.room(name)?;
    if !room.members.contains_key(&user.id) {
        return Err(Refusal::numeric(Numeric::ErrNotOnChannel, &[name]));
    }
    // A reason is a last word: not for those who may not speak.
    let reason = reason.filter(|_| policy::can_speak(user, room).is_ok()).map(ToString::to_string);
    let reason = reason.filter(|_| policy::is_unmuted(user, room, turn.now.mono).is_ok());
    let (user, room) = (user.id, room.name.clone());
    let is_said = |reason: &String| filter::screen(turn, Some(&room), || reason.clone()).is_ok();
    let reason = reason.filter(is_said);
    turn.commit(Presence::Parted { user, room, reason });
    Ok(())
}
