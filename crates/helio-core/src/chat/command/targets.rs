//! CHATHISTORY TARGETS: in which rooms of the asker something was last said between two moments.
//!
//! When something was last said is kept for each room, and read where it is not known: after a start, once for each room.

use super::history;
use crate::chat::Chat;
use crate::chat::ids::{RoomId, SessionId, Ticket};
use crate::chat::line::{Line, compose};
use crate::chat::query::{Heading, Query, Span, Unanswered, Wanted};
use crate::chat::reply::{Outcome, Place, Refusal, batch_lines};
use crate::chat::state::Room;
use crate::chat::storage::{self, Purpose, Reading};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// A question that waits for the disk.
#[derive(Clone, Debug)]
pub(in crate::chat) struct Asked {
    /// The rooms in which the asker was.
    rooms: BTreeSet<RoomId>,
    /// Milliseconds since 1970 in UTC; both are left out. Counted from the first, which may be the later one.
    from: i64,
    to: i64,
    limit: usize,
}

/// `CHATHISTORY TARGETS from to limit`.
pub(super) fn ask(turn: &mut Turn<'_>, from: i64, to: i64, limit: usize) -> Outcome {
    let user = turn.user_id()?;
    if turn.session()?.history_reads >= limits::CHAT_HISTORY_READS {
        return Err(Refusal::fail(ReplyCode::MessageError, &["TARGETS"]));
    }
    let rooms: Vec<&Room> = turn.chat.state.rooms_of(user).filter(|room| room.is_lasting).collect();
    let unknown = rooms.iter().filter(|room| turn.chat.latest.of(&room.id).is_none());
    let unknown: Vec<String> = unknown.map(|room| room.name.clone()).collect();
    let asked = Asked { rooms: rooms.iter().map(|room| room.id.clone()).collect(), from, to, limit };
    let Some((last, others)) = unknown.split_last() else {
        let lines = lines(turn.chat, turn.session, &asked, &Place::Bare)?;
        turn.reply.lines(lines);
        return Ok(());
    };
    let (span, bytes, wanted) = (Span::Last { after: None }, limits::CHAT_REPLAY_BYTES, Wanted::Messages);
    let newest = Query { span, count: 1, bytes, wanted };
    for room in others {
        storage::ask(turn.chat, turn.session, room, Purpose::Latest, newest.clone());
    }
    // Questions are answered in order: with the last of them all is known.
    history::read(turn, last, Purpose::Targets(Box::new(asked)), newest)
}

/// The newest message of a room has come.
pub(in crate::chat) fn learn(chat: &mut Chat, reading: &Reading, records: Result<&[Vec<u8>], Unanswered>) {
    if let (Some(room), Ok(records)) = (reading.room(&chat.state), records) {
        let newest = records.last().and_then(|record| Heading::of(record));
        chat.latest.learn(&room.id, newest.map(|heading| heading.at_us()));
    }
}

/// So has the last that the answer needs.
pub(in crate::chat) fn arrived(
    chat: &mut Chat,
    ticket: Ticket,
    reading: &Reading,
    asked: &Asked,
    records: Result<&[Vec<u8>], Unanswered>,
) {
    learn(chat, reading, records);
    if history::answered(chat, reading.session).is_none() {
        return;
    }
    let lines = lines(chat, reading.session, asked, &reading.place);
    let lines =
        lines.unwrap_or_else(|_| Vec::from([history::failed(chat, reading, ReplyCode::MessageError, &["TARGETS"])]));
    chat.sessions.replace(reading.session, ticket, &lines);
}

/// The answer. `Err`: it is not known of every room.
fn lines(chat: &mut Chat, session: SessionId, asked: &Asked, place: &Place) -> Outcome<Vec<Line>> {
    let targets = targets(chat, session, asked)?;
    let is_batched = chat.sessions.audience(session).is_some_and(|audience| audience.has(Capability::Batch));
    let batch = is_batched.then(|| chat.ids.batch());
    let server = &chat.settings.server_name;
    let mut lines: Vec<Line> = targets
        .into_iter()
        .map(|(at_us, room)| {
            let time = Utc::from_micros(at_us).rfc3339_millis();
            let mut line = Line::irc(compose(Some(server), "CHATHISTORY", &["TARGETS", &room, &time], None));
            line.tags.batch = batch.clone();
            line
        })
        .collect();
    if let Some(batch) = batch {
        let (mut begin, end) = batch_lines(server, &batch, &["draft/chathistory-targets"]);
        place.tag(&mut begin);
        lines.insert(0, begin);
        lines.push(end);
    }
    Ok(lines)
}

/// The rooms in question, by the time of their newest message: from the one next to `from` on as many as are wanted.
fn targets(chat: &Chat, session: SessionId, asked: &Asked) -> Outcome<Vec<(i64, String)>> {
    let user = chat.sessions.get(session).and_then(|session| session.user());
    let rooms = user.into_iter().flat_map(|user| chat.state.rooms_of(user));
    let (low, high) = (asked.from.min(asked.to), asked.from.max(asked.to));
    let mut targets = Vec::new();
    for room in rooms.filter(|room| asked.rooms.contains(&room.id)) {
        let latest = chat.latest.of(&room.id);
        let latest = latest.ok_or_else(|| Refusal::fail(ReplyCode::MessageError, &["TARGETS"]))?;
        let is_between = |at_us: &i64| (low + 1..high).contains(&at_us.div_euclid(1_000));
        targets.extend(latest.filter(is_between).map(|at_us| (at_us, room.name.clone())));
    }
    targets.sort_unstable();
    let excess = targets.len().saturating_sub(asked.limit);
    if asked.from <= asked.to {
        targets.truncate(asked.limit);
    } else {
        targets.drain(..excess);
    }
    Ok(targets)
}
