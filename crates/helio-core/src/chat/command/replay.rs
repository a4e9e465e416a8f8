//! What was said before, for those who come into a room.
//!
//! The place of the messages in the answer to JOIN is kept until they are read, so they come before anything that is said
//! meanwhile. Only messages of the room itself are shown: neither STATUSMSG, which the one who joins might not have been
//! allowed to see, nor reactions without message-tags.

use super::message;
use crate::chat::Chat;
use crate::chat::announce::Shown;
use crate::chat::effect::Effect;
use crate::chat::event::{Said, SaidKind};
use crate::chat::guest_text;
use crate::chat::ids::Ticket;
use crate::chat::line::{Audience, Face, Line};
use crate::chat::reply::{Place, batch_lines};
use crate::chat::storage::Reading;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Asks for the last messages of a room, and keeps their place in the answer.
pub(super) fn ask(turn: &mut Turn<'_>, name: &str) {
    let count = turn.chat.settings.replay.messages;
    let Some(room) = turn.chat.state.room(name).filter(|room| room.is_lasting && count > 0) else { return };
    let (log, room, id) = (room.log(), room.name.clone(), room.id.clone());
    let ticket = turn.chat.storage.ticket();
    let mark = turn.chat.ids.mark();
    turn.chat.storage.reads(ticket, Reading { session: turn.session, room, id, mark, place: Place::Bare });
    // Some of them may be reactions or for others; the bound on what is shown comes later.
    turn.chat.effects.push_back(Effect::Read { ticket, log, count: count.saturating_mul(2) });
    turn.reply.held(ticket, Vec::new());
}

/// The records have come: they take their place, unless the one who asked is no longer there.
pub(in crate::chat) fn arrived(chat: &mut Chat, ticket: Ticket, reading: &Reading, records: &[Vec<u8>], now: Now) {
    let session = reading.session;
    let Some(audience) = chat.sessions.audience(session) else { return };
    let bytes = if is_wanted(chat, reading) { replay(chat, reading, audience, records, now) } else { Vec::new() };
    chat.sessions.resolve(session, ticket, Some(&bytes));
}

fn is_wanted(chat: &Chat, reading: &Reading) -> bool {
    let user = chat.sessions.get(reading.session).and_then(|session| session.user());
    let room = chat.state.room(&reading.room).filter(|room| room.id == reading.id);
    user.zip(room).is_some_and(|(user, room)| room.members.contains_key(&user))
}

/// The bytes of a replay: the newest messages that are to be shown and fit, oldest first.
fn replay(chat: &mut Chat, reading: &Reading, audience: Audience, records: &[Vec<u8>], now: Now) -> Vec<u8> {
    let Chat { ids, settings, .. } = chat;
    let oldest = now.utc.micros().saturating_sub(i64::try_from(settings.replay.age.as_micros()).unwrap_or(i64::MAX));
    let is_batched = audience.face == Face::Irc && audience.has(Capability::Batch);
    let batch = is_batched.then(|| ids.batch());
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut len = 0;
    // A record that cannot be read is left out: it must not keep people from the room.
    for mut said in records.iter().rev().filter_map(|record| serde_json::from_slice::<Said>(record).ok()) {
        if said.at_us < oldest || said.is_for_status() || ids.is_later(&said.msgid, reading.mark) {
            continue;
        }
        tell_time(&mut said, audience, now);
        let piece = encode(&said, audience, batch.as_deref(), || ids.batch());
        len += piece.len();
        if pieces.len() == settings.replay.messages || len > limits::CHAT_REPLAY_BYTES {
            break;
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
    }
    pieces.reverse();
    wrap(pieces.concat(), batch, &settings.server_name, reading, audience)
}

/// Puts the messages into a batch of history, in the batch of the answer if there is one.
fn wrap(bytes: Vec<u8>, batch: Option<String>, server: &str, reading: &Reading, audience: Audience) -> Vec<u8> {
    let Some(batch) = batch.filter(|_| !bytes.is_empty()) else { return bytes };
    let (mut begin, end) = batch_lines(server, &batch, &["chathistory", &reading.room]);
    if let Place::InBatch(outer) = &reading.place {
        begin.tags.batch = Some(outer.clone());
    }
    let mut out = Vec::new();
    begin.encode(audience, &mut out);
    out.extend_from_slice(&bytes);
    end.encode(audience, &mut out);
    out
}

fn encode(said: &Said, audience: Audience, batch: Option<&str>, inner: impl FnOnce() -> String) -> Vec<u8> {
    if audience.face == Face::Guest {
        return guest_text::said_at(said).into_bytes();
    }
    let mut out = Vec::new();
    let shown = Shown::new(said, inner);
    let lines = shown.to(audience);
    for (index, line) in lines.iter().enumerate() {
        let mut line: Line = line.clone();
        // The end of an inner batch bears no tag; its other lines are in it.
        let is_end = lines.len() > 1 && index + 1 == lines.len() && audience.caps.has_multiline();
        if !is_end {
            line.tags.batch = line.tags.batch.or_else(|| batch.map(String::from));
        }
        line.encode(audience, &mut out);
    }
    out
}

/// Writes the time into the text for clients that are not told it otherwise, unless it was just now.
fn tell_time(said: &mut Said, audience: Audience, now: Now) {
    let age = now.utc.micros().saturating_sub(said.at_us);
    let is_new = u128::try_from(age).is_ok_and(|age| age < limits::CHAT_REPLAY_JUST_NOW.as_micros());
    if audience.face == Face::Guest || audience.has(Capability::ServerTime) || is_new || said.kind == SaidKind::Tagmsg {
        return;
    }
    // 2026-11-22T11:08:40.000123Z
    let stamp = Utc::from_micros(said.at_us).rfc3339().replace('T', " ");
    let stamp = stamp.get(..19).unwrap_or_default();
    for line in said.lines.iter_mut().filter(|line| !line.text.is_empty() && !line.is_concat) {
        line.text = match guest_text::action(&line.text) {
            Some(Some(action)) => format!("\u{1}ACTION [{stamp}] {action}\u{1}"),
            Some(None) | None => format!("[{stamp}] {}", line.text),
        };
    }
    message::split_long(said);
}
