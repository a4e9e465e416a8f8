//! Whose rooms are, and who may decide about them. What counts is the account, not the status that somebody has at the moment.

use super::Right;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::settings::Settings;
use crate::chat::state::{Access, Ownership, Room, State, Statuses, User};
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;

/// The access that opens every door of a room, and that may give access to those below it.
const LEAST_FOR_DOORS: Access = Access::Admin;

/// May `user` learn by a command about its ownership that `room` is there? To others it looks as if there were none.
pub(in crate::chat) fn can_know_room(user: &User, room: &Room) -> bool {
    super::can_see_room(user, room) || access(user, room).is_some() || is_offered(user, room)
}

/// Does a door of `room` never close to `user`?
pub(super) fn is_always_let_in(user: &User, room: &Room) -> bool {
    access(user, room) >= Some(LEAST_FOR_DOORS)
}

/// May `user` register `room`? The answer is the account that becomes its founder.
pub(in crate::chat) fn can_register_room<'u>(user: &'u User, room: &Room) -> Outcome<&'u str> {
    let account = account(user, room)?;
    if room.ownership.is_some() {
        return Err(Refusal::fail(ReplyCode::RoomRegistered, &[&room.name]));
    }
    match room.statuses(user.id) {
        Some(statuses) if statuses.at_least(Statuses::OPERATOR) => Ok(account),
        Some(_) => Err(Refusal::numeric(Numeric::ErrChanOpPrivsNeeded, &[&room.name])),
        None => Err(Refusal::numeric(Numeric::ErrNotOnChannel, &[&room.name])),
    }
}

/// Can `account` be the founder of one more room? `room` is the one in question.
pub(in crate::chat) fn can_own_one_more(state: &State, settings: &Settings, account: &str, room: &Room) -> Outcome {
    let registered = state.rooms.values().filter_map(|room| room.ownership.as_ref());
    let (mut own, mut all) = (0, 0);
    for ownership in registered {
        all += 1;
        own += usize::from(casemap::eq(&ownership.founder, account));
    }
    let is_full = room.ownership.is_none() && all >= limits::CHAT_ROOMS_REGISTERED;
    if own >= settings.rooms_per_account || is_full {
        return Err(Refusal::fail(ReplyCode::TooManyRooms, &[&room.name]));
    }
    Ok(())
}

/// May `user` give `account` this access to `room`, or take it away? One's own one may always lay down.
pub(in crate::chat) fn can_set_access(
    user: &User,
    room: &Room,
    account: &str,
    access: Option<Access>,
) -> Outcome<Right> {
    let ownership = ownership(room)?;
    let theirs = ownership.access(account);
    if theirs == Some(Access::Founder) || (access == Some(Access::Founder) && !user.is_operator()) {
        return Err(Refusal::fail(ReplyCode::UseTransfer, &[&room.name, account]));
    }
    if access == Some(Access::Founder) {
        return Ok(Right::Office);
    }
    let is_laid_down = user.account.as_deref().is_some_and(|own| casemap::eq(own, account)) && access < theirs;
    let own = self::access(user, room);
    if is_laid_down || own == Some(Access::Founder) || (own == Some(LEAST_FOR_DOORS) && access.max(theirs) < own) {
        return Ok(Right::Own);
    }
    or_office(user, room)
}

/// May `user` read who has access to `room`? Those who have some.
pub(in crate::chat) fn can_read_access(user: &User, room: &Room) -> Outcome<Right> {
    ownership(room)?;
    if access(user, room).is_some() { Ok(Right::Own) } else { or_office(user, room) }
}

/// May `user` offer `room` to somebody else?
pub(in crate::chat) fn can_transfer(user: &User, room: &Room) -> Outcome {
    ownership(room)?;
    match access(user, room) {
        Some(Access::Founder) => Ok(()),
        _ => Err(Refusal::numeric(Numeric::ErrChanOpPrivsNeeded, &[&room.name])),
    }
}

/// May `user` take over `room`? The answer is the account that becomes its founder.
pub(in crate::chat) fn can_accept<'u>(user: &'u User, room: &Room) -> Outcome<&'u str> {
    let account = account(user, room)?;
    if is_offered(user, room) { Ok(account) } else { Err(Refusal::fail(ReplyCode::NotOffered, &[&room.name])) }
}

/// May `user` end the registration of `room`?
pub(in crate::chat) fn can_drop(user: &User, room: &Room) -> Outcome<Right> {
    ownership(room)?;
    if access(user, room) == Some(Access::Founder) { Ok(Right::Own) } else { or_office(user, room) }
}

/// May `user` decide for how long what is said in `room` is kept? What goes is not to be had back, so it is the founder's.
pub(in crate::chat) fn can_set_keep(user: &User, room: &Room) -> Outcome<Right> {
    can_drop(user, room)
}

/// May `user` give `room` another name? The founder of a registered room, an operator of any other.
pub(in crate::chat) fn can_rename(user: &User, room: &Room) -> Outcome<Right> {
    if room.ownership.is_none() {
        return super::with_status(user, room, Statuses::OPERATOR);
    }
    if access(user, room) == Some(Access::Founder) { Ok(Right::Own) } else { or_office(user, room) }
}

/// May `user` read and change what the filters of `room` look for?
pub(in crate::chat) fn can_filter(user: &User, room: &Room) -> Outcome<Right> {
    super::with_status(user, room, super::LEAST_FOR_SETTINGS)
}

/// What a registered room has; of another it is refused.
pub(in crate::chat) fn ownership(room: &Room) -> Outcome<&Ownership> {
    room.ownership.as_ref().ok_or_else(|| Refusal::fail(ReplyCode::RoomNotRegistered, &[&room.name]))
}

fn access(user: &User, room: &Room) -> Option<Access> {
    room.access(user.account.as_deref())
}

fn is_offered(user: &User, room: &Room) -> bool {
    let account = user.account.as_deref();
    account.zip(room.offered.as_deref()).is_some_and(|(account, offered)| casemap::eq(account, offered))
}

fn account<'u>(user: &'u User, room: &Room) -> Outcome<&'u str> {
    user.account.as_deref().ok_or_else(|| Refusal::fail(ReplyCode::AccountRequired, &[&room.name]))
}

fn or_office(user: &User, room: &Room) -> Outcome<Right> {
    if user.is_operator() {
        return Ok(Right::Office);
    }
    Err(Refusal::numeric(Numeric::ErrChanOpPrivsNeeded, &[&room.name]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ids::RoomId;
    use crate::time::Utc;
    use alloc::format;

    fn room(name: &str, founder: Option<&str>) -> Room {
        let now = Utc::default();
        let mut room = Room::new(RoomId(name.into()), name.into(), now, now);
        room.ownership = founder.map(|founder| Ownership::new(founder.into(), now));
        room
    }

    /// [`limits::CHAT_ROOMS_REGISTERED`]: then no room is registered; one that is can still change hands.
    #[test]
    fn registered_rooms_are_bounded() {
        let (mut state, settings) = (State::default(), Settings::new(""));
        let (own, new) = (room("#own", Some("ann")), room("#new", None));
        for number in 1..limits::CHAT_ROOMS_REGISTERED {
            let name = format!("#{number}");
            state.rooms.insert(name.as_str().into(), room(&name, Some("ann")));
        }
        assert!(can_own_one_more(&state, &settings, "bob", &new).is_ok());
        state.rooms.insert("#own".into(), room("#own", Some("ann")));
        let refused = can_own_one_more(&state, &settings, "bob", &new).expect_err("no more");
        assert_eq!(refused, Refusal::fail(ReplyCode::TooManyRooms, &["#new"]));
        assert!(can_own_one_more(&state, &settings, "bob", &own).is_ok());
    }
}
