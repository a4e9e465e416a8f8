//! Who may do what: questions without effects, answered from state alone.

use super::reply::{Outcome, Refusal};
use super::state::{ListEntry, Room, RoomFlag, Statuses, User};
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

fn is_listed(user: &User, list: &[ListEntry]) -> bool {
    let mask = user.mask();
    list.iter().any(|entry| Mask::parse(&entry.mask).is_ok_and(|listed| listed.matches(&mask)))
}
