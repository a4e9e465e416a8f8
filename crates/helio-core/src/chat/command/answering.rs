//! Answers that may be larger than the queue of a session: to LIST (ISUPPORT SAFELIST), WHO and NAMES.
//!
//! Such an answer is made in parts. The first is part of what the command answers at once, and most answers are that
//! alone. Each further part is made on a turn of its own, when the client has taken most of what was queued; answers to
//! later questions follow in order. A part looks at what is there when it is made, so who or what comes and goes meanwhile
//! is told or not, but what stays is told once. Anything else that a session is told may come between two parts.
//!
//! The answer to a labelled command is one batch, which ends with the last part.

use super::{list, metadata, names, who};
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal, Reply, batch_lines};
use crate::chat::session::Session;
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::chat::{Chat, Settings};
use crate::irc::capability::Capabilities;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use core::time::Duration;

/// Between two parts others get their turn.
const PAUSE: Duration = Duration::from_nanos(1);

/// What is left of an answer.
#[derive(Debug)]
pub(in crate::chat) struct Answering {
    question: Question,
    /// The batch that the answer is in, when the command was labelled.
    batch: Option<String>,
}

/// What was asked, and how far the answer is.
#[derive(Debug)]
pub(in crate::chat) enum Question {
    List(list::Listing),
    Metadata(Box<metadata::sync::Syncing>),
    Names(names::Naming),
    Who(who::Search),
}

/// What a part of an answer is made from.
pub(super) struct View<'a> {
    pub(super) chat: &'a Chat,
    /// Who asked, and what the client can read.
    pub(super) viewer: &'a User,
    pub(super) caps: Capabilities,
    pub(super) now: Now,
    pub(super) subscriptions: &'a BTreeSet<String>,
}

impl Question {
    /// Makes the next part, of about `place` bytes at most: with none nothing is shown. `true`: it was the last.
    fn step(&mut self, view: &View<'_>, reply: &mut Reply, place: usize) -> bool {
        let until = reply.len() + place;
        match self {
            Self::List(listing) => listing.step(view, reply, until),
            Self::Metadata(syncing) => syncing.step(view, reply, until),
            Self::Names(naming) => naming.step(view, reply, until),
            Self::Who(search) => search.step(view, reply, until),
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::List(_) => "LIST",
            Self::Metadata(_) => "METADATA",
            Self::Names(_) => "NAMES",
            Self::Who(_) => "WHO",
        }
    }
}

#[cfg(test)]
impl Answering {
    /// The room whose names are asked for.
    pub(in crate::chat) fn named_room(&self) -> Option<&str> {
        match &self.question {
            Question::Names(naming) => Some(&naming.room),
            Question::List(_) | Question::Metadata(_) | Question::Who(_) => None,
        }
    }
}

/// Answers a question: as much as there is place for now, the rest later.
pub(super) fn begin(turn: &mut Turn<'_>, mut question: Question) -> Outcome {
    let Turn { chat, session: id, now, reply, .. } = turn;
    let session = chat.sessions.get(*id).ok_or(Refusal::Silent)?;
    let viewer = session.user().and_then(|user| chat.state.user(user)).ok_or(Refusal::Silent)?;
    let is_repeated = |under_way: &Answering| matches!(under_way.question, Question::List(_));
    let is_busy = matches!(question, Question::List(_)) && session.answering.iter().any(is_repeated);
    if is_busy || session.answering.len() >= limits::CHAT_ANSWERS {
        reply.numeric(Numeric::RplTryAgain, &[question.verb()]);
        return Ok(());
    }
    if session.answering.is_empty() {
        let place = first_place(&chat.settings, session.out.len() + reply.len());
        let subscriptions = &session.subscriptions;
        let view = View { chat, viewer, caps: session.caps, now: *now, subscriptions };
        if question.step(&view, reply, place) {
            return Ok(());
        }
    }
    turn.reply.is_continued();
    turn.session_mut()?.answering.push_back(Answering { question, batch: None });
    turn.chat.timers.set(turn.session, turn.now.mono + PAUSE);
    Ok(())
}

/// The newest `count` answers go on in a batch.
pub(super) fn continue_in(chat: &mut Chat, id: SessionId, count: usize, batch: &str) {
    let Some(session) = chat.sessions.get_mut(id) else { return };
    session.answering.iter_mut().rev().take(count).for_each(|answering| answering.batch = Some(batch.into()));
}

/// Makes the next part for a session, if there is one and place for it. The one after it has a turn of its own.
pub(in crate::chat) fn proceed(chat: &mut Chat, id: SessionId, now: Now) {
    let most = most(&chat.settings);
    let Some(session) = chat.sessions.get_mut(id).filter(|session| is_ready(session, most)) else { return };
    let (mut under_way, caps, place) =
        (core::mem::take(&mut session.answering), session.caps, most.saturating_sub(session.out.len()));
    let viewer = session.user().and_then(|user| chat.state.user(user));
    let (Some(viewer), Some(answering)) = (viewer, under_way.front_mut()) else { return };
    let mut reply = Reply::new(&chat.settings.server_name, &viewer.nick, answering.question.verb());
    let Some(Session { subscriptions, .. }) = chat.sessions.get(id) else { return };
    let is_over = answering.question.step(&View { chat, viewer, caps, now, subscriptions }, &mut reply, place);
    let batch = answering.batch.clone();
    for mut line in reply.into_lines() {
        // What is in a batch of its own stays there.
        line.tags.batch = line.tags.batch.take().or_else(|| batch.clone());
        chat.sessions.send(id, &line);
    }
    if is_over {
        under_way.pop_front();
        end_batch(chat, id, batch, under_way.front());
    }
    if let Some(session) = chat.sessions.get_mut(id) {
        session.answering = under_way;
        if is_ready(session, most) {
            chat.timers.set(id, now.mono + PAUSE);
        }
    }
}

/// Gives the answers of a session their turn where the client has taken what was queued. Not at once: a client that takes
/// everything as it comes would keep the service from all others until it has its answer.
pub(in crate::chat) fn written(chat: &mut Chat, id: SessionId) {
    let most = most(&chat.settings);
    if chat.sessions.get(id).is_some_and(|session| is_ready(session, most)) {
        // In the past, and so as soon as the driver looks.
        chat.timers.set(id, Instant::ORIGIN);
    }
}

/// Ends the batch of an answer that is over, unless the next belongs to the same command.
fn end_batch(chat: &mut Chat, id: SessionId, batch: Option<String>, next: Option<&Answering>) {
    let is_last = next.is_none_or(|next| next.batch != batch);
    if let Some(batch) = batch.filter(|_| is_last) {
        let (_, end) = batch_lines(&chat.settings.server_name, &batch, &[]);
        chat.sessions.send(id, &end);
    }
}

/// Bytes that the first part may have when so many wait already. Beyond what later parts keep to, there is place for a
/// small answer, so that it comes at once.
fn first_place(settings: &Settings, queued: usize) -> usize {
    let small = limits::CHAT_ANSWER_AT_ONCE.min((settings.send_queue / 2).saturating_sub(queued));
    most(settings).saturating_sub(queued).max(small)
}

/// Bytes in a session's queue above which answers wait.
fn most(settings: &Settings) -> usize {
    limits::CHAT_ANSWER_QUEUE.min(settings.send_queue / 4)
}

fn is_ready(session: &Session, most: usize) -> bool {
    !session.answering.is_empty() && session.out.len() < most / 2
}
