//! JOIN: come into rooms.

use super::replay;
use crate::chat::event::{Presence, RoomEvent};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Statuses, User};
use crate::chat::turn::Turn;
use crate::irc::name::RoomName;
use crate::irc::numeric::Numeric;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let mut keys = params.get(1).copied().unwrap_or_default().split(',').filter(|key| !key.is_empty());
    for name in params[0].split(',').filter(|name| !name.is_empty()) {
        if let Err(refusal) = join(turn, name, keys.next()) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

/// Brings the user into one room, which is made if there is none.
pub(super) fn join(turn: &mut Turn<'_>, name: &str, key: Option<&str>) -> Outcome {
    let name = RoomName::parse(name).map_err(|_| Refusal::numeric(Numeric::ErrNoSuchChannel, &[name]))?;
    let user = turn.user_id()?;
    let statuses = match turn.chat.state.room(name.as_str()) {
        Some(room) if room.members.contains_key(&user) => return Ok(()),
        Some(room) => {
            let _ = policy::can_join(turn.user()?, room, key)?;
            first_status(turn.user()?, room.members.is_empty())
        }
        None => {
            turn.chat.storage.can_take()?;
            let id = turn.chat.ids.room();
            turn.commit(RoomEvent::Created { id, name: name.as_str().to_string(), at: turn.now.utc });
            first_status(turn.user()?, true)
        }
    };
    turn.commit(Presence::Joined { user, room: name.as_str().to_string(), statuses });
    names(turn, name.as_str());
    replay::ask(turn, name.as_str());
    Ok(())
}

/// Who comes into an empty room looks after it; guests have no commands for that.
fn first_status(user: &User, is_first: bool) -> Statuses {
    if is_first && !user.is_guest { Statuses::OPERATOR } else { Statuses::NONE }
}

/// Who is in the room, as the end of a JOIN.
fn names(turn: &mut Turn<'_>, name: &str) {
    turn.reply.numeric(Numeric::RplEndOfNames, &[name]);
}
