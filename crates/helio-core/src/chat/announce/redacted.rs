//! Messages that were taken back (IRCv3 message-redaction, a draft).

use super::{To, line};
use crate::chat::event::{Redacted, Whence};
use crate::chat::ids::SessionId;
use crate::chat::line::{Line, Tags};
use crate::chat::state::{Room, State};
use crate::irc::capability::Capability;
use crate::time::Utc;
use alloc::vec::Vec;

/// Tells those who could see the message, and who redacted it: "MUST not forward this REDACT to target recipients that have not
/// negotiated this capability". To others nothing is said: it would draw looks to what is to be forgotten.
pub(super) fn announce(state: &State, redacted: &Redacted, to: &mut To<'_, '_>) {
    let origin = to.origin.as_ref().map(|origin| origin.session);
    let (target, whom): (_, Vec<SessionId>) = match &redacted.whence {
        Whence::Room { id, name, least } => {
            let room = state.room(name).filter(|room| room.id == *id);
            // A server operator may have done it from outside.
            (name, room.into_iter().flat_map(|room| Room::sessions(room, *least)).chain(origin).collect())
        }
        Whence::Private { user, with } => {
            let ends = [state.user(*user), state.user_named(with)];
            let mut sessions: Vec<SessionId> =
                ends.into_iter().flatten().flat_map(|user| user.sessions.iter()).collect();
            // Who writes to their own name is told once, by each client.
            sessions.sort_unstable();
            sessions.dedup();
            (with, sessions)
        }
    };
    let tags = Tags {
        time: Some(Utc::from_micros(redacted.at_us)),
        msgid: Some(redacted.msgid.clone()),
        account: redacted.account.clone(),
        is_bot: redacted.is_bot,
        ..Tags::default()
    };
    let irc = line(&redacted.by, "REDACT", &[target, &redacted.message.0], redacted.reason.as_deref());
    let told = Line { tags, irc, guest: Vec::new() };
    to.tell(whom, |audience| audience.has(Capability::MessageRedaction).then_some(&told));
}
