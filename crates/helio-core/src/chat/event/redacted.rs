//! A message that was taken back.

use crate::chat::ids::{MsgId, RoomId, UserId};
use crate::chat::state::Statuses;
use alloc::string::String;

/// Somebody redacted a message, and it is gone from the disk. Nothing of this is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Redacted {
    /// The identity of this, not of the message.
    pub(in crate::chat) msgid: MsgId,
    pub(in crate::chat) at_us: i64,
    /// Who, as `nick!user@host` was when they asked.
    pub(in crate::chat) by: String,
    pub(in crate::chat) account: Option<String>,
    pub(in crate::chat) is_bot: bool,
    pub(in crate::chat) message: MsgId,
    pub(in crate::chat) whence: Whence,
    pub(in crate::chat) reason: Option<String>,
}

/// Where a message was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Whence {
    /// In this very room, for those with at least one of these statuses.
    Room { id: RoomId, name: String, least: Statuses },
    /// Between `user` and whoever is called `with`.
    Private { user: UserId, with: String },
}
