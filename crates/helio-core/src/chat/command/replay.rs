//! What was said before, for those who come into a room.
//!
//! The place of the messages in the answer to JOIN is kept until they are read, so they come before anything that is said
//! meanwhile. Only messages of the room itself are shown: neither STATUSMSG, which the one who joins might not have been
//! allowed to see, nor reactions without message-tags.

use super::past::Past;
use crate::chat::Chat;
use crate::chat::event::Said;
use crate::chat::ids::Ticket;
use crate::chat::line::Audience;
use crate::chat::query::{Query, Span, Wanted};
use crate::chat::storage::{self, About, Purpose, Reading};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::Now;
use alloc::vec::Vec;

/// Asks for the last messages of a room, and keeps their place in the answer. Who has draft/chathistory asks for them by
/// themselves: the server "SHOULD NOT play back any history that would otherwise be sent automatically".
pub(super) fn ask(turn: &mut Turn<'_>, name: &str) {
    if turn.has(Capability::Chathistory) {
        return;
    }
    let count = turn.chat.settings.replay.messages;
    let wanted = if turn.has(Capability::MessageTags) { Wanted::MessagesAndTags } else { Wanted::Messages };
    let room = turn.chat.state.room(name).filter(|room| room.is_lasting && count > 0);
    let Some(about) = room.map(About::room) else { return };
    // The bound on the bytes that are shown comes later.
    let query = Query { span: Span::Last { after: None }, count, bytes: limits::STORE_READ_BYTES, wanted };
    let ticket = storage::ask(turn.chat, turn.session, about, Purpose::Replay, query);
    turn.reply.held(ticket, Vec::new());
}

/// The records have come: they take their place, unless the one who asked is no longer there.
pub(in crate::chat) fn arrived(chat: &mut Chat, ticket: Ticket, reading: &Reading, records: &[Vec<u8>], now: Now) {
    let session = reading.session;
    let Some(audience) = chat.sessions.audience(session) else { return };
    let bytes = if reading.is_open(chat) { replay(chat, reading, audience, records, now) } else { Vec::new() };
    chat.sessions.resolve(session, ticket, Some(&bytes));
}

/// The bytes of a replay: the newest messages that are to be shown and fit, oldest first.
fn replay(chat: &mut Chat, reading: &Reading, audience: Audience, records: &[Vec<u8>], now: Now) -> Vec<u8> {
    let Chat { ids, settings, .. } = chat;
    let oldest = now.utc.micros().saturating_sub(i64::try_from(settings.replay.age.as_micros()).unwrap_or(i64::MAX));
    let past = Past::new(audience, ids, now);
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut len = 0;
    // A record that cannot be read is left out: it must not keep people from the room.
    for mut said in records.iter().rev().filter_map(|record| serde_json::from_slice::<Said>(record).ok()) {
        if said.at_us < oldest || said.is_for_status() || ids.is_later(&said.msgid, reading.mark) {
            continue;
        }
        // The room may have had another name then.
        said.target = reading.about.name().into();
        let piece = past.show(said, ids);
        len += piece.len();
        if pieces.len() == settings.replay.messages || len > limits::CHAT_REPLAY_BYTES {
            break;
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
    }
    if pieces.is_empty() {
        return Vec::new();
    }
    pieces.reverse();
    past.wrap(&pieces.concat(), &settings.server_name, &["chathistory", reading.about.name()], &reading.place)
}
