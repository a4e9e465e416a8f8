//! Whose metadata somebody may read and set. That they may know of a room is another question: `can_see_room`.

use super::Right;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Room, Statuses, User};
use crate::irc::casemap;
use crate::irc::standard_reply::ReplyCode;

/// What a room tells of itself is set by these and above.
const LEAST: Statuses = Statuses::OPERATOR;

/// May `user` read the metadata of `room`? Members, for it is kept from all whom its doors keep out; and server operators.
pub(in crate::chat) fn can_read_metadata(user: &User, room: &Room) -> Outcome {
    if room.members.contains_key(&user.id) || user.is_operator() {
        return Ok(());
    }
    Err(Refusal::fail(ReplyCode::KeyNoPermission, &[&room.name, "*"]))
}

/// May `user` set the key `key` of `room`?
pub(in crate::chat) fn can_set_metadata(user: &User, room: &Room, key: &str) -> Outcome<Right> {
    match room.statuses(user.id) {
        Some(statuses) if statuses.at_least(LEAST) => Ok(Right::Own),
        Some(_) | None => or_office(user, &room.name, key),
    }
}

/// May `user` set the key `key` of `other`? That of their own account under another nickname, too.
pub(in crate::chat) fn can_set_metadata_of(user: &User, other: &User, key: &str) -> Outcome<Right> {
    let accounts = user.account.as_deref().zip(other.account.as_deref());
    if user.id == other.id || accounts.is_some_and(|(own, others)| casemap::eq(own, others)) {
        return Ok(Right::Own);
    }
    or_office(user, &other.nick, key)
}

fn or_office(user: &User, target: &str, key: &str) -> Outcome<Right> {
    if user.is_operator() {
        return Ok(Right::Office);
    }
    Err(Refusal::fail(ReplyCode::KeyNoPermission, &[target, key]))
}
