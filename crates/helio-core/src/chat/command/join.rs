//! JOIN: come into rooms.

use super::{attach, markread, metadata, names, office, part, replay, room, room_end, topic};
use crate::chat::event::{Presence, RoomEvent};
use crate::chat::line::Face;
use crate::chat::policy::{self, Right};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Statuses, User};
use crate::chat::turn::Turn;
use crate::irc::name::{NameError, RoomName};
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::ToString;

/// `JOIN rooms [keys]`, and `JOIN 0` to leave all rooms (RFC 2812 §3.2.1).
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if params[0] == "0" {
        return part::all(turn);
    }
    let mut keys = params.get(1).copied().unwrap_or_default().split(',');
    for name in params[0].split(',').filter(|name| !name.is_empty()) {
        let key = keys.next().filter(|key| !key.is_empty());
        if let Err(refusal) = join(turn, name, key) {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

/// Brings the user into one room, which is made if there is none.
pub(super) fn join(turn: &mut Turn<'_>, name: &str, key: Option<&str>) -> Outcome {
    let name = RoomName::parse(name).map_err(|error| no_name(name, error))?;
    let user = turn.user()?;
    let (id, rooms) = (user.id, user.rooms.len());
    let room = turn.chat.state.room(name.as_str());
    if room.is_some_and(|room| room.members.contains_key(&id)) {
        return Ok(());
    }
    if rooms >= limits::CHAT_ROOMS_PER_USER {
        return Err(Refusal::numeric(Numeric::ErrTooManyChannels, &[name.as_str()]));
    }
    let (right, statuses) = match room {
        Some(room) => {
            let is_first = room.members.is_empty() && room.ownership.is_none();
            (policy::can_join(turn.user()?, room, key)?, first_status(turn.user()?, is_first))
        }
        None => {
            create(turn, &name)?;
            (Right::Own, first_status(turn.user()?, true))
        }
    };
    let name = turn.room(name.as_str())?.name.clone();
    turn.commit(Presence::Joined { user: id, room: name.clone(), statuses, session: Some(turn.session) });
    room::access::entered(turn, &name);
    office::tell(turn, right, &format!("joined {name}"));
    attach::follow(turn, id, &name);
    show(turn, &name)
}

/// Tells a session what it needs to know of a room that it has come into.
pub(super) fn show(turn: &mut Turn<'_>, name: &str) -> Outcome {
    topic::show_if_set(turn, name)?;
    markread::joined(turn, name)?;
    let session = turn.session()?;
    if session.peer.face != Face::Guest && !session.caps.omits_names() {
        names::show(turn, name)?;
    }
    metadata::sync::joined(turn, name)?;
    replay::ask(turn, name);
    Ok(())
}

/// Who comes into an empty room that is nobody's looks after it; guests have no commands for that.
fn first_status(user: &User, is_first: bool) -> Statuses {
    if is_first && !user.is_guest { Statuses::OPERATOR } else { Statuses::NONE }
}

/// Makes a room; when there are too many, in the place of one that nobody has been in for long.
fn create(turn: &mut Turn<'_>, name: &RoomName) -> Outcome {
    if turn.chat.state.room_looks.is_taken(name.as_str()) {
        let text = "Channel name looks like that of another";
        return Err(Refusal::Text(Numeric::ErrBadChanMask, [name.as_str().to_string()].into(), text));
    }
    if turn.chat.state.rooms.len() >= limits::CHAT_ROOMS && !room_end::end_oldest(turn.chat, turn.now) {
        return Err(Refusal::numeric(Numeric::ErrUnavailResource, &[name.as_str()]));
    }
    let id = turn.chat.ids.room();
    turn.commit(RoomEvent::Created { id, name: name.as_str().to_string(), at: turn.now.utc });
    Ok(())
}

fn no_name(name: &str, error: NameError) -> Refusal {
    let numeric = match error {
        NameError::NoRoomPrefix | NameError::Empty => Numeric::ErrNoSuchChannel,
        NameError::TooLong { .. } | NameError::ForbiddenCharacter(_) | NameError::Precis => Numeric::ErrBadChanMask,
    };
    Refusal::numeric(numeric, &[name])
}
