//! CHATHISTORY TARGETS: in which rooms of the asker, and with whom, something was last said between two moments.
//!
//! When something was last said is remembered for each room and conversation, and read where it is not known: after a start,
//! once for each. With whom an account spoke is read each time: what is remembered must not grow with history.

use super::history;
use crate::chat::Chat;
use crate::chat::conversation::{Conversation, Noted, Party};
use crate::chat::ids::{RoomId, SessionId, Ticket};
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::query::{Heading, Query, Span, Unanswered, Wanted};
use crate::chat::reply::{Outcome, Place, Refusal, batch_lines};
use crate::chat::session::Session;
use crate::chat::state::{Room, User};
use crate::chat::storage::{self, About, Purpose, Reading};
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
    /// The account that the asker was logged in to.
    account: Option<Party>,
    /// The other sides of its conversations, when these are known.
    with: BTreeSet<Party>,
    /// Milliseconds since 1970 in UTC; both are left out. Counted from the first, which may be the later one.
    from: i64,
    to: i64,
    limit: usize,
    /// The read at whose place the answer comes, if it is another one.
    answers: Option<Ticket>,
}

/// `CHATHISTORY TARGETS from to limit`.
pub(super) fn ask(turn: &mut Turn<'_>, from: i64, to: i64, limit: usize) -> Outcome {
    let user = turn.user()?;
    let account = policy::private_reader(&turn.chat.state, user);
    let rooms: Vec<&Room> = turn.chat.state.rooms_of(user.id).filter(|room| room.is_lasting).collect();
    if turn.session()?.history_reads >= limits::CHAT_HISTORY_READS {
        return Err(Refusal::fail(ReplyCode::MessageError, &["TARGETS"]));
    }
    let unknown = rooms.iter().filter(|room| turn.chat.latest.of(&room.id).is_none());
    let mut unknown: Vec<About> = unknown.map(|room| About::room(room)).collect();
    let rooms = rooms.iter().map(|room| room.id.clone()).collect();
    let asked = Asked { rooms, account: account.clone(), with: BTreeSet::new(), from, to, limit, answers: None };
    // Questions are answered in order: with the last of them all is known.
    let (last, query) = match account {
        Some(account) => (Some(About::Conversations(account)), notes()),
        None => (unknown.pop(), newest()),
    };
    for room in unknown {
        storage::ask(turn.chat, turn.session, room, Purpose::Latest, newest());
    }
    let Some(last) = last else {
        let lines = lines(turn.chat, turn.session, &asked, &Place::Bare)?;
        turn.reply.lines(lines);
        return Ok(());
    };
    history::read(turn, last, Purpose::Targets(Box::new(asked)), query)
}

/// The newest message of a log.
fn newest() -> Query {
    let (span, bytes, wanted) = (Span::Last { after: None }, limits::CHAT_REPLAY_BYTES, Wanted::Messages);
    Query { span, count: 1, bytes, wanted }
}

/// The newest records of a log of conversations.
fn notes() -> Query {
    let (span, count, bytes) =
        (Span::Last { after: None }, limits::CHAT_CONVERSATION_RECORDS, limits::STORE_READ_BYTES);
    Query { span, count, bytes, wanted: Wanted::Records }
}

/// The newest message of a room or conversation has come.
pub(in crate::chat) fn learn(chat: &mut Chat, reading: &Reading, records: Result<&[Vec<u8>], Unanswered>) {
    let Ok(records) = records else { return };
    let newest = records.last().and_then(|record| Heading::of(record)).map(|heading| heading.at_us());
    match &reading.about {
        About::Room { .. } => {
            if let Some(room) = reading.room(&chat.state) {
                chat.latest.learn(&room.id, newest);
            }
        }
        About::Private { conversation, .. } => chat.correspondence.learn(&conversation.log(), newest),
        About::Conversations(_) => {}
    }
}

/// So has the last that the answer needs, or the list of conversations.
pub(in crate::chat) fn arrived(
    chat: &mut Chat,
    ticket: Ticket,
    reading: &Reading,
    asked: &Asked,
    records: Result<&[Vec<u8>], Unanswered>,
) {
    let mut asked = asked.clone();
    match (&reading.about, records) {
        (About::Conversations(account), Ok(records)) => {
            asked.with = parties(chat, account, records);
            asked.answers = Some(ticket);
            if ask_conversations(chat, reading, account, &asked) {
                return;
            }
        }
        _ => learn(chat, reading, records),
    }
    if history::answered(chat, reading.session).is_none() {
        return;
    }
    let lines = match (&reading.about, records) {
        (About::Conversations(_), Err(_)) => Err(Refusal::Silent),
        _ => lines(chat, reading.session, &asked, &reading.place),
    };
    let lines =
        lines.unwrap_or_else(|_| Vec::from([history::failed(chat, reading, ReplyCode::MessageError, &["TARGETS"])]));
    chat.sessions.replace(reading.session, asked.answers.unwrap_or(ticket), &lines);
}

/// The other sides of the conversations of an account that were noted last.
fn parties(chat: &mut Chat, account: &Party, records: &[Vec<u8>]) -> BTreeSet<Party> {
    if records.len() >= limits::CHAT_CONVERSATION_RECORDS {
        storage::trim(chat, account.conversations_log(), limits::CHAT_CONVERSATION_RECORDS);
    }
    let mut with = BTreeSet::new();
    // A record that cannot be read is left out.
    for noted in records.iter().rev().filter_map(|record| serde_json::from_slice::<Noted>(record).ok()) {
        with.insert(noted.with);
        if with.len() == limits::CHAT_CONVERSATIONS {
            break;
        }
    }
    with
}

/// Asks when something was last said in the conversations of which that is not known. `false`: there are none.
fn ask_conversations(chat: &mut Chat, reading: &Reading, account: &Party, asked: &Asked) -> bool {
    let conversations = asked.with.iter().map(|with| Conversation { own: account.clone(), with: with.clone() });
    let unknown = conversations.filter(|conversation| chat.correspondence.latest(&conversation.log()).is_none());
    let about = |conversation| About::Private { name: String::new(), conversation };
    let mut unknown: Vec<About> = unknown.map(about).collect();
    let Some(last) = unknown.pop().filter(|_| chat.sessions.get(reading.session).is_some()) else { return false };
    for conversation in unknown {
        storage::ask(chat, reading.session, conversation, Purpose::Latest, newest());
    }
    let purpose = Purpose::Targets(Box::new(asked.clone()));
    let ticket = storage::ask(chat, reading.session, last, purpose, newest());
    chat.storage.place(ticket, reading.place.clone());
    true
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

/// The rooms and conversations in question, by the time of their newest message: from the one next to `from` on as many as are
/// wanted.
fn targets(chat: &Chat, session: SessionId, asked: &Asked) -> Outcome<Vec<(i64, String)>> {
    let user = chat.sessions.get(session).and_then(Session::user).and_then(|user| chat.state.user(user));
    let user = user.ok_or(Refusal::Silent)?;
    let rooms = chat.state.rooms_of(user.id).filter(|room| asked.rooms.contains(&room.id));
    let rooms = rooms.map(|room| (room.name.clone(), chat.latest.of(&room.id)));
    let (low, high) = (asked.from.min(asked.to), asked.from.max(asked.to));
    let is_between = |at_us: &i64| (low + 1..high).contains(&at_us.div_euclid(1_000));
    let mut targets = Vec::new();
    for (name, latest) in rooms.chain(conversations(chat, user, asked)) {
        let latest = latest.ok_or_else(|| Refusal::fail(ReplyCode::MessageError, &["TARGETS"]))?;
        targets.extend(latest.filter(is_between).map(|at_us| (at_us, name)));
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

/// What the other sides are called, and when something was last said, if the asker may still read that. Only those that one
/// would read by that name: a nickname may be somebody else's by now.
fn conversations<'a>(
    chat: &'a Chat,
    user: &User,
    asked: &'a Asked,
) -> impl Iterator<Item = (String, Option<Option<i64>>)> {
    let account =
        asked.account.as_ref().filter(|account| policy::private_reader(&chat.state, user).as_ref() == Some(account));
    let with = account.into_iter().flat_map(|account| asked.with.iter().map(move |with| (account, with)));
    with.filter_map(|(own, with)| {
        let name = with.name(&chat.state.accounts);
        let log = Conversation { own: own.clone(), with: with.clone() }.log();
        (Party::called(&chat.state, &name) == *with).then(|| (name, chat.correspondence.latest(&log)))
    })
}
