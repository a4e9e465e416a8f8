//! LIST: which rooms there are.
//!
//! The answer may be larger than the queue of a session (ISUPPORT SAFELIST), so it is written bit by bit: more is made
//! when the client has taken what was. The rooms are those at the time when each bit is made, each at most once.

use crate::chat::Chat;
use crate::chat::ids::SessionId;
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Room, User};
use crate::chat::turn::Turn;
use crate::irc::line::LineBuilder;
use crate::irc::list_filter::{ListFilter, ListFilterError, ListedRoom};
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Instant, Now, Utc};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Bound;
use core::time::Duration;

/// Between two steps others get their turn.
const STEP_PAUSE: Duration = Duration::from_nanos(1);

/// A LIST that is being answered.
#[derive(Debug)]
pub(in crate::chat) struct Listing {
    filters: Vec<ListFilter>,
    /// The folded name of the room that was looked at last.
    after: Option<Box<str>>,
    /// The batch that the answer is, when the command was labelled.
    batch: Option<String>,
    started: Now,
}

/// `LIST [conditions]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if turn.session()?.listing.is_some() {
        turn.reply.numeric(Numeric::RplTryAgain, &["LIST"]);
        return Ok(());
    }
    let filters = ListFilter::parse_list(params.first().copied().unwrap_or_default());
    let filters = filters.map_err(|error| refusal(&error))?;
    let batch = begin_batch(turn);
    let start = numeric(turn.chat, turn.user()?, Numeric::RplListStart, &["Channel"], Numeric::RplListStart.text());
    send(turn.chat, turn.session, start, batch.as_ref());
    let listing = Listing { filters, after: None, batch, started: turn.now };
    turn.session_mut()?.listing = Some(Box::new(listing));
    proceed(turn.chat, turn.session, turn.now.mono + STEP_PAUSE);
    Ok(())
}

/// Goes on with a session's LIST if there is place in its queue. When others should get their turn before it is done, its
/// own comes at `next`.
pub(in crate::chat) fn proceed(chat: &mut Chat, id: SessionId, next: Instant) {
    let Some(session) = chat.sessions.get_mut(id).filter(|session| session.is_ready_for_list()) else { return };
    let (Some(mut listing), user, queued) = (session.listing.take(), session.user(), session.out.len()) else { return };
    let Some(user) = user.and_then(|user| chat.state.user(user)) else { return };
    let (mut lines, is_over) = step(chat, user, &mut listing, limits::CHAT_LIST_QUEUE.saturating_sub(queued));
    if is_over {
        lines.push(numeric(chat, user, Numeric::RplListEnd, &[], Numeric::RplListEnd.text()));
    }
    for line in lines {
        send(chat, id, line, listing.batch.as_ref());
    }
    if is_over {
        let end = listing.batch.map(|batch| format!("-{batch}"));
        let end = end.map(|end| compose(Some(&chat.settings.server_name), "BATCH", &[&end], None));
        return end.into_iter().for_each(|end| send(chat, id, end, None));
    }
    if let Some(session) = chat.sessions.get_mut(id) {
        session.listing = Some(listing);
        if session.is_ready_for_list() {
            chat.timers.set(id, next);
        }
    }
}

/// Gives a LIST its turn where the client has taken what was queued. Not at once: a client that takes everything as it
/// comes would keep the service from all others until its LIST is over.
pub(in crate::chat) fn written(chat: &mut Chat, id: SessionId) {
    let session = chat.sessions.get(id).filter(|session| session.is_ready_for_list());
    if let Some(listing) = session.and_then(|session| session.listing.as_ref()) {
        // In the past, and so as soon as the driver looks.
        chat.timers.set(id, listing.started.mono);
    }
}

/// The next lines, of about `place` bytes at most, and whether these were all.
fn step(chat: &Chat, user: &User, listing: &mut Listing, mut place: usize) -> (Vec<Vec<u8>>, bool) {
    let from = listing.after.take().map_or(Bound::Unbounded, Bound::Excluded);
    let mut rooms = chat.state.rooms.range::<Box<str>, _>((from, Bound::Unbounded)).peekable();
    let mut lines = Vec::new();
    for _ in 0..limits::CHAT_LIST_STEP {
        let Some((key, room)) = rooms.next_if(|_| place > 0) else { break };
        listing.after = Some(key.clone());
        if is_listed(user, room, listing) {
            let topic = room.topic.as_ref().map_or("", |topic| topic.text.as_str());
            let params = [&*room.name, &room.members.len().to_string()];
            let line = numeric(chat, user, Numeric::RplList, &params, topic);
            place = place.saturating_sub(line.len());
            lines.push(line);
        }
    }
    let is_over = rooms.peek().is_none();
    (lines, is_over)
}

fn is_listed(user: &User, room: &Room, listing: &Listing) -> bool {
    let now = listing.started.utc.micros();
    let age = |at: Utc| Duration::from_micros(u64::try_from(now.saturating_sub(at.micros())).unwrap_or(0));
    let topic_age = room.topic.as_ref().map(|topic| age(topic.at));
    let listed = ListedRoom { name: &room.name, users: room.members.len(), age: age(room.created), topic_age };
    policy::can_see_room(user, room) && ListFilter::admit(&listing.filters, &listed)
}

fn refusal(error: &ListFilterError) -> Refusal {
    match error {
        ListFilterError::TooMany(condition) => Refusal::numeric(Numeric::ErrTooManyTargets, &[condition]),
        ListFilterError::NotANumber(condition) => Refusal::fail(ReplyCode::InvalidParams, &[condition]),
    }
}

/// Opens the batch of a labelled answer. What follows is not part of the turn's own answer.
fn begin_batch(turn: &mut Turn<'_>) -> Option<String> {
    let is_labelling = turn.session().is_ok_and(|session| session.caps.has_labels());
    let label = turn.reply.label.take().filter(|_| is_labelling)?;
    let reference = turn.chat.ids.batch();
    let params = [&format!("+{reference}"), "labeled-response"];
    let mut begin = Line::irc(compose(Some(&turn.chat.settings.server_name), "BATCH", &params, None));
    begin.tags.label = Some(label);
    turn.chat.sessions.send(turn.session, &begin);
    Some(reference)
}

fn numeric(chat: &Chat, user: &User, numeric: Numeric, params: &[&str], text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let line = LineBuilder::new(&mut bytes).source(&chat.settings.server_name).numeric(numeric).param(&user.nick);
    line.params(params).trailing(text).finish();
    bytes
}

fn send(chat: &mut Chat, id: SessionId, line: Vec<u8>, batch: Option<&String>) {
    let mut line = Line::irc(line);
    line.tags.batch = batch.cloned();
    chat.sessions.send(id, &line);
}
