//! What server operators do without a right of their own is told to the others.

use crate::chat::event::Presence;
use crate::chat::policy::Right;
use crate::chat::turn::Turn;
use alloc::format;

/// Tells of `act` if it was done only as a server operator.
pub(super) fn tell(turn: &mut Turn<'_>, right: Right, act: &str) {
    let Ok(user) = turn.user() else { return };
    if right == Right::Office {
        let text = format!("{} used the office of server operator: {act}", user.nick);
        turn.commit(Presence::ServerNotice { text });
    }
}
