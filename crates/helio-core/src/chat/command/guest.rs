//! Guests of the line listener (spec/line-listener.md).

use crate::chat::Chat;
use crate::chat::ids::SessionId;
use crate::time::Now;

/// Makes a new connection of the line listener somebody, in the lobby.
pub(in crate::chat) fn arrive(_chat: &mut Chat, _id: SessionId, _now: Now) {}

/// One line of a guest.
pub(super) fn dispatch(_chat: &mut Chat, _id: SessionId, _line: &[u8], _now: Now) {}
