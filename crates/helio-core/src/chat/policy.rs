//! Who may do what: questions without effects, answered from state alone.

use super::reply::{Outcome, Refusal};
use super::state::{ListEntry, Room, RoomFlag, State, Statuses, User, UserFlag};
use crate::irc::mask::Mask;
use crate::irc::numeric::Numeric;

/// May `user` come into `room`, knowing `key`?
pub(super) fn can_join(user: &User, room: &Room, key: Option<&str>) -> Outcome {
    let refused = |numeric| Err(Refusal::numeric(numeric, &[&room.name]));
    let is_invited = user.invited.contains(&crate::irc::casemap::fold(&room.name));
    if is_invited {
        return Ok(());
    }
    if is_listed(user, &room.bans) && !is_listed(user, &room.exceptions) {
        return refused(Numeric::ErrBannedFromChan);
    }
    if room.has(RoomFlag::InviteOnly) && !is_listed(user, &room.invitations) {
        return refused(Numeric::ErrInviteOnlyChan);
    }
    if room.key.is_some() && room.key.as_deref() != key {
        return refused(Numeric::ErrBadChannelKey);
    }
    if room.limit.is_some_and(|limit| room.members.len() >= limit as usize) {
        return refused(Numeric::ErrChannelIsFull);
    }
    Ok(())
}

/// May `user` speak in `room`?
pub(super) fn can_speak(user: &User, room: &Room) -> Outcome {
    let refused = || Err(Refusal::numeric(Numeric::ErrCannotSendToChan, &[&room.name]));
    let statuses = room.statuses(user.id);
    if statuses.is_some_and(|statuses| statuses.at_least(Statuses::VOICE)) {
        return Ok(());
    }
    let is_outside = statuses.is_none() && room.has(RoomFlag::NoOutside);
    let is_banned = is_listed(user, &room.bans) && !is_listed(user, &room.exceptions);
    if is_outside || room.has(RoomFlag::Moderated) || is_banned { refused() } else { Ok(()) }
}

/// May `viewer` learn that `room` is there?
pub(super) fn can_see_room(viewer: &User, room: &Room) -> bool {
    !room.has(RoomFlag::Secret) || room.members.contains_key(&viewer.id) || viewer.is_operator()
}

/// May `viewer` learn that `user` is in `room`? Invisible users are seen in a room only from inside.
pub(super) fn can_see_membership(viewer: &User, user: &User, room: &Room) -> bool {
    let is_inside = room.members.contains_key(&viewer.id);
    let is_open = can_see_room(viewer, room) && !user.has(UserFlag::Invisible);
    is_inside || is_open || viewer.is_operator() || viewer.id == user.id
}

/// May `viewer` find `user` without knowing the nickname?
pub(super) fn can_see_user(state: &State, viewer: &User, user: &User) -> bool {
    let is_near = viewer.id == user.id || state.share_room(viewer.id, user.id);
    !user.has(UserFlag::Invisible) || is_near || viewer.is_operator()
}

/// May `viewer` see what only the server knows of `user`: the address behind the host, and the modes?
pub(super) fn can_see_connection(viewer: &User, user: &User) -> bool {
    viewer.id == user.id || viewer.is_operator()
}

/// May `user` do what only server operators do?
pub(super) fn can_operate(user: &User) -> Outcome {
    if user.is_operator() { Ok(()) } else { Err(Refusal::numeric(Numeric::ErrNoPrivileges, &[])) }
}

fn is_listed(user: &User, list: &[ListEntry]) -> bool {
    let mask = user.mask();
    list.iter().any(|entry| Mask::parse(&entry.mask).is_ok_and(|listed| listed.matches(&mask)))
}
