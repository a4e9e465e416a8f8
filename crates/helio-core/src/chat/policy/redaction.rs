//! Who may take a message back.
//!
//! Who said it, proven by the account or by being there since; in a room, who looks after it, for the messages of others; and
//! server operators, by their office. In a private conversation only who said it.

use super::{LEAST_FOR_SETTINGS, Right};
use crate::chat::event::Said;
use crate::chat::ids::Ids;
use crate::chat::state::{Room, Statuses, User};
use crate::irc::casemap;
use core::time::Duration;

/// A message that somebody wants to be gone.
#[derive(Clone, Copy, Debug)]
pub(in crate::chat) struct Redactable {
    /// Whether who asks said it.
    pub(in crate::chat) is_own: bool,
    /// Since it was said.
    pub(in crate::chat) age: Duration,
    /// For whom it was, if not for the whole room (STATUSMSG).
    pub(in crate::chat) least: Statuses,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum CannotRedact {
    /// Nothing there is for them.
    Target,
    /// They may not know that there is such a message.
    Unknown,
    /// It is not theirs.
    Forbidden,
    /// It is theirs, and was for too long: this is the time that they had.
    TooLate(Duration),
}

/// May `user` ask that something in `room` be gone? Whose message it is, is asked when it was found.
pub(in crate::chat) fn can_ask_to_redact(user: &User, room: &Room) -> bool {
    room.members.contains_key(&user.id) || user.is_operator()
}

/// May `user` redact this message of `room`? Authors for as long as `window`, those who look after the room and server
/// operators always. A message to a status that somebody does not have is for them as if it were not there.
pub(in crate::chat) fn can_redact(
    user: &User,
    room: &Room,
    message: Redactable,
    window: Option<Duration>,
) -> Result<Right, CannotRedact> {
    let Some(statuses) = room.statuses(user.id) else {
        return if user.is_operator() { Ok(Right::Office) } else { Err(CannotRedact::Target) };
    };
    let own = if message.is_own { in_window(message, window) } else { Err(CannotRedact::Forbidden) };
    let can_see = statuses.at_least(message.least) || message.is_own;
    if can_see && (own.is_ok() || statuses.at_least(LEAST_FOR_SETTINGS)) {
        return Ok(Right::Own);
    }
    if user.is_operator() {
        return Ok(Right::Office);
    }
    own.map_err(|reason| if can_see { reason } else { CannotRedact::Unknown })
}

/// May somebody redact this message of a conversation between two? Only what they said themselves. The other is not told
/// whether it is there, since a nickname does not prove that it was they.
pub(in crate::chat) fn can_redact_privately(
    message: Redactable,
    window: Option<Duration>,
) -> Result<Right, CannotRedact> {
    if message.is_own { in_window(message, window) } else { Err(CannotRedact::Unknown) }
}

fn in_window(message: Redactable, window: Option<Duration>) -> Result<Right, CannotRedact> {
    match window {
        Some(window) if message.age > window => Err(CannotRedact::TooLate(window)),
        Some(_) | None => Ok(Right::Own),
    }
}

/// Whether `user` said this: under the same account, or since they are there. A nickname proves nothing.
pub(in crate::chat) fn is_author(user: &User, said: &Said, ids: &Ids) -> bool {
    let is_same = |account: &str, other: &str| casemap::eq(account, other);
    let accounts = user.account.as_deref().zip(said.account.as_deref());
    // Times are those of one message only within a run.
    let is_of_this_run = ids.is_later(&said.msgid, 0);
    accounts.is_some_and(|(account, other)| is_same(account, other))
        || (is_of_this_run && user.said.contains(&said.at_us))
}
