//! What was said before, for those who come into a room.

use crate::chat::Chat;
use crate::chat::announce;
use crate::chat::effect::Effect;
use crate::chat::event::Said;
use crate::chat::ids::{SessionId, Ticket};
use crate::chat::line::Line;
use crate::chat::turn::Turn;
use crate::time::Now;
use alloc::vec::Vec;

/// Asks for the last messages of a room, and keeps their place in the answer.
pub(super) fn ask(turn: &mut Turn<'_>, name: &str) {
    let count = turn.chat.settings.replay.messages;
    let Some(room) = turn.chat.state.room(name).filter(|room| room.is_lasting && count > 0) else { return };
    let log = room.log();
    let ticket = turn.chat.storage.ticket();
    turn.chat.storage.reads(ticket, turn.session, name.into());
    turn.chat.effects.push_back(Effect::Read { ticket, log, count });
    turn.reply.held(ticket, Line::default());
}

/// The records have come: they take their place.
pub(in crate::chat) fn arrived(
    chat: &mut Chat,
    ticket: Ticket,
    session: SessionId,
    _room: &str,
    records: &[Vec<u8>],
    _now: Now,
) {
    let Some(audience) = chat.sessions.audience(session) else { return };
    let mut bytes = Vec::new();
    for said in records.iter().filter_map(|record| serde_json::from_slice::<Said>(record).ok()) {
        for line in announce::said_lines(&said) {
            line.encode(audience, &mut bytes);
        }
    }
    chat.sessions.resolve(session, ticket, Some(&bytes));
}
