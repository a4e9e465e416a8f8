//! What server operators do without a right of their own is told to the others.

use crate::chat::audit::{self, By, Deed};
use crate::chat::event::Presence;
use crate::chat::policy::Right;
use crate::chat::turn::Turn;
use alloc::format;

/// Tells of `act` if it was done only as a server operator.
pub(super) fn tell(turn: &mut Turn<'_>, right: Right, act: &str) {
    let Ok(user) = turn.user() else { return };
    let nick = user.nick.clone();
    tell_of(turn, &nick, right, act);
}

/// The same of somebody called `nick`, who may have left meanwhile.
pub(super) fn tell_of(turn: &mut Turn<'_>, nick: &str, right: Right, act: &str) {
    if right == Right::Office {
        let (by, now) = (By::session(turn.chat, turn.session), turn.now);
        audit::note(turn.chat, by, Deed::done("office", "", act), now);
        let text = format!("{nick} used the office of server operator: {act}");
        turn.commit(Presence::ServerNotice { text });
    }
}
