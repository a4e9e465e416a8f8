//! Who may do what: questions without effects, answered from state alone. What is not allowed here is refused.
//!
//! In a room, a right comes with a status: owner (`q`) > admin (`a`) > operator (`o`) > half-operator (`h`) > voice (`v`).
//! [`least_for_status`] and [`LEAST_FOR_SETTINGS`] say which.
//!
//! A server operator may come into every room, see every room, and set topic and modes, invite and kick without a status
//! or being a member; [`Right::Office`] tells such acts apart, and each is told to the server operators who want notices.
//! Being a server operator gives no voice: nobody speaks in the name of an office.

mod account;
mod entry;
mod metadata;
mod redaction;

pub use account::AccountError;
pub(super) use account::{
    MayRegister, can_be_called, can_change_account, can_change_login, can_register, may_stay, stays,
};
pub(super) use metadata::{can_read_metadata, can_set_metadata, can_set_metadata_of};
pub(super) use redaction::{CannotRedact, Redactable, can_ask_to_redact, can_redact, can_redact_privately, is_author};
mod ownership;
mod speaking;

pub(super) use ownership::{
    can_accept, can_drop, can_filter, can_know_room, can_own_one_more, can_read_access, can_register_room, can_rename,
    can_set_access, can_set_keep, can_transfer, ownership,
};

pub(super) use entry::{
    KeptOut, can_ban, can_connect, can_enter, can_speak_in_rooms, can_speak_privately, can_use_account, defcon,
};
pub(super) use speaking::{can_speak_now, is_unfiltered, is_unmuted};

use super::conversation::Party;
use super::event::Change;
use super::ids::UserId;
use super::reply::{Outcome, Refusal};
use super::settings::Settings;
use super::state::{ListKind, Room, RoomFlag, State, Statuses, User, UserFlag};
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::limits;

/// Settings, lists, topic of a locked room, kicks and invitations to a closed room are for these and above.
const LEAST_FOR_SETTINGS: Statuses = Statuses::HALFOP;

/// By which right somebody does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Right {
    /// Their own in this room.
    Own,
    /// Only as a server operator.
    Office,
}

/// Which status one needs to give or take another.
fn least_for_status(status: Statuses) -> Statuses {
    match status {
        Statuses::OWNER | Statuses::ADMIN => Statuses::OWNER,
        Statuses::OPERATOR | Statuses::HALFOP => Statuses::OPERATOR,
        _ => Statuses::HALFOP,
    }
}

/// May `user` come into `room`, knowing `key`?
///
/// An invitation by somebody with [`LEAST_FOR_SETTINGS`] opens every door; being on the list of invitations opens that of
/// `+i` alone. Who looks after a registered room is never kept out of it.
pub(super) fn can_join(user: &User, room: &Room, key: Option<&str>) -> Outcome<Right> {
    let Some(numeric) = closed_door(user, room, key) else { return Ok(Right::Own) };
    if user.is_operator() { Ok(Right::Office) } else { Err(Refusal::numeric(numeric, &[&room.name])) }
}

/// May `user` speak in `room`?
pub(super) fn can_speak(user: &User, room: &Room) -> Outcome {
    let statuses = room.statuses(user.id);
    if room.has(RoomFlag::ReadOnly) && !statuses.unwrap_or_default().at_least(LEAST_FOR_SETTINGS) {
        let text = "Cannot send to channel, it is read-only (+A)";
        return Err(Refusal::Text(Numeric::ErrCannotSendToChan, [room.name.clone()].into(), text));
    }
    if statuses.is_some_and(|statuses| statuses.at_least(Statuses::VOICE)) {
        return Ok(());
    }
    let is_outside = statuses.is_none() && room.has(RoomFlag::NoOutside);
    if is_outside || room.has(RoomFlag::Moderated) || is_silenced(user, room) {
        return Err(Refusal::numeric(Numeric::ErrCannotSendToChan, &[&room.name]));
    }
    Ok(())
}

/// May `viewer` learn that `room` is there?
pub(super) fn can_see_room(viewer: &User, room: &Room) -> bool {
    !room.has(RoomFlag::Secret) || room.members.contains_key(&viewer.id) || viewer.is_operator()
}

/// May `user` read what was said in `room`? Members alone, and all of it; an office opens no conversations of others.
pub(super) fn can_read_history(user: UserId, room: &Room) -> bool {
    room.members.contains_key(&user)
}

/// As which account `user` may read private conversations: their own, while one can log in to it. A nickname proves nothing, so
/// who is not logged in may read none.
pub(super) fn private_reader(state: &State, user: &User) -> Option<Party> {
    let account = user.account.as_deref().and_then(|name| state.accounts.get(name));
    account.filter(|account| account.is_active()).map(|account| Party::account(&account.name))
}

/// May `viewer` learn that `user` is in `room`? Invisible users are seen in a room only from inside.
pub(super) fn can_see_membership(viewer: &User, user: &User, room: &Room) -> bool {
    let is_inside = room.members.contains_key(&viewer.id);
    let is_open = can_see_room(viewer, room) && !user.has(UserFlag::Invisible);
    is_inside || is_open || viewer.is_operator() || viewer.id == user.id
}

/// May `viewer` find `user` without knowing the nickname? `is_near`: whether they are in a room together; asked last, for it
/// costs most.
pub(super) fn can_see_user(viewer: &User, user: &User, is_near: impl FnOnce() -> bool) -> bool {
    !user.has(UserFlag::Invisible) || viewer.id == user.id || viewer.is_operator() || is_near()
}

/// May `viewer` see what only the server knows of `user`: the address behind the host, and the modes?
pub(super) fn can_see_connection(viewer: &User, user: &User) -> bool {
    viewer.id == user.id || viewer.is_operator()
}

/// May `user` do what only server operators do?
pub(super) fn can_operate(user: &User) -> Outcome {
    if user.is_operator() { Ok(()) } else { Err(Refusal::numeric(Numeric::ErrNoPrivileges, &[])) }
}

/// May CTCP other than ACTION be sent to `room`?
pub(super) fn can_send_ctcp(room: &Room) -> Outcome {
    if !room.has(RoomFlag::NoCtcp) {
        return Ok(());
    }
    Err(Refusal::Text(Numeric::ErrCannotSendToChan, [room.name.clone()].into(), "Cannot send CTCP to channel (+C)"))
}

/// May `author` write to `user` alone?
pub(super) fn can_message(author: &User, user: &User) -> Outcome {
    let is_known = author.account.is_some() || author.is_operator() || author.id == user.id;
    if user.has(UserFlag::RegisteredOnly) && !is_known {
        return Err(Refusal::numeric(Numeric::ErrNeedReggedNick, &[&user.nick]));
    }
    Ok(())
}

/// May `user` read the topic and the modes of `room`?
pub(super) fn can_read_settings(user: &User, room: &Room) -> Outcome {
    if can_see_room(user, room) { Ok(()) } else { Err(Refusal::numeric(Numeric::ErrNotOnChannel, &[&room.name])) }
}

/// May `user` read this list of `room`? Bans are for all who may see the room; who is excepted or invited is for those who
/// decide it.
pub(super) fn can_read_list(user: &User, room: &Room, kind: ListKind) -> Outcome {
    match kind {
        ListKind::Ban => can_read_settings(user, room),
        ListKind::Exception | ListKind::Invitation => with_status(user, room, LEAST_FOR_SETTINGS).map(|_| ()),
    }
}

/// May `user` set the topic of `room`? It is a way to speak, too.
pub(super) fn can_set_topic(user: &User, room: &Room) -> Outcome<Right> {
    let is_for_all = !room.has(RoomFlag::TopicLocked) && can_speak(user, room).is_ok();
    let least = if is_for_all { Statuses::NONE } else { LEAST_FOR_SETTINGS };
    with_status(user, room, least)
}

/// May `user` make this change to `room`? One's own statuses one may always lay down, and nobody takes one from who stands
/// higher.
pub(super) fn can_change(user: &User, room: &Room, change: &Change) -> Outcome<Right> {
    let Change::Status { is_added, status, user: other } = change else {
        return with_status(user, room, LEAST_FOR_SETTINGS);
    };
    if !is_added && *other == user.id && room.members.contains_key(other) {
        return Ok(Right::Own);
    }
    let theirs = room.statuses(*other).unwrap_or_default().highest();
    let least = least_for_status(*status);
    with_status(user, room, if *is_added { least } else { least.max(theirs) })
}

/// May `user` be answered whether somebody is in `room`? From outside, a refusal that depends on it would tell.
pub(super) fn can_name_members(user: &User, room: &Room) -> Outcome {
    with_status(user, room, Statuses::NONE).map(|_| ())
}

/// May `user` put `other` out of `room`? Not who stands higher.
pub(super) fn can_kick(user: &User, room: &Room, other: &User) -> Outcome<Right> {
    let theirs = room.statuses(other.id).unwrap_or_default().highest();
    with_status(user, room, LEAST_FOR_SETTINGS.max(theirs))
}

/// May `user` invite somebody to `room`?
pub(super) fn can_invite(user: &User, room: &Room) -> Outcome<Right> {
    let least = if room.has(RoomFlag::InviteOnly) { LEAST_FOR_SETTINGS } else { Statuses::NONE };
    with_status(user, room, least)
}

/// Does an invitation by `user` open the doors of `room`, or does it only tell of it?
pub(super) fn can_open_doors(user: &User, room: &Room) -> bool {
    with_status(user, room, LEAST_FOR_SETTINGS).is_ok()
}

/// Whether clients of the same account can become `user`'s at all.
pub(super) fn takes_clients(settings: &Settings, user: &User) -> bool {
    settings.has_several_clients || user.sessions.is_empty()
}

/// May a session that is logged in to `account` become one more of `user`'s, who has the nickname that it asks for?
pub(super) fn can_attach(settings: &Settings, account: Option<&str>, user: &User) -> Outcome {
    let is_same = account.zip(user.account.as_deref()).is_some_and(|(a, b)| casemap::eq(a, b));
    if !is_same || !takes_clients(settings, user) {
        return Err(Refusal::numeric(Numeric::ErrNicknameInUse, &[&user.nick]));
    }
    if user.sessions.len() >= limits::CHAT_SESSIONS_PER_USER {
        let text = "Too many of your clients use this nickname: end one of them first";
        return Err(Refusal::Text(Numeric::ErrNicknameInUse, [user.nick.clone()].into(), text));
    }
    Ok(())
}

/// Membership with at least this status, or the office.
fn with_status(user: &User, room: &Room, least: Statuses) -> Outcome<Right> {
    let numeric = match room.statuses(user.id) {
        Some(statuses) if statuses.at_least(least) => return Ok(Right::Own),
        Some(_) => Numeric::ErrChanOpPrivsNeeded,
        None => Numeric::ErrNotOnChannel,
    };
    if user.is_operator() { Ok(Right::Office) } else { Err(Refusal::numeric(numeric, &[&room.name])) }
}

/// What keeps somebody out of a room, as the numeric that says so.
fn closed_door(user: &User, room: &Room, key: Option<&str>) -> Option<Numeric> {
    if user.is_invited(room) || ownership::is_always_let_in(user, room) {
        return None;
    }
    let account = user.account.as_deref();
    if !room.bans.is_empty() {
        let mask = user.mask();
        if room.bans.means(&mask, account) && !room.exceptions.means(&mask, account) {
            return Some(Numeric::ErrBannedFromChan);
        }
    }
    if room.has(RoomFlag::InviteOnly) && !room.invitations.means(&user.mask(), account) {
        return Some(Numeric::ErrInviteOnlyChan);
    }
    if room.has(RoomFlag::RegisteredOnly) && account.is_none() {
        return Some(Numeric::ErrNeedReggedNick);
    }
    if room.key.is_some() && room.key.as_deref() != key {
        return Some(Numeric::ErrBadChannelKey);
    }
    let is_full = room.limit.is_some_and(|limit| room.members.len() >= limit as usize);
    is_full.then_some(Numeric::ErrChannelIsFull)
}

/// Whether a ban or a mute keeps somebody from speaking. An exception from bans excepts from mutes too.
///
/// On every message of a member without a status: it costs one comparison when no ban is set, else at most one match of a
/// mask for each entry.
fn is_silenced(user: &User, room: &Room) -> bool {
    if room.bans.is_empty() {
        return false;
    }
    let (mask, account) = (user.mask(), user.account.as_deref());
    let is_banned = room.bans.means(&mask, account);
    if !is_banned && !room.bans.mutes(&mask, account) {
        return false;
    }
    let is_excepted = room.exceptions.means(&mask, account);
    !is_excepted && (is_banned || !room.exceptions.mutes(&mask, account))
}

#[cfg(test)]
mod tests;
