//! What is asked of the server about the past and about rooms, one question after the other (IRCv3 chathistory, a draft;
//! WHOX).
//!
//! When we come into a room, there is a gap between what was here before and what comes from now on. The newest page of the
//! history goes into it, then those before that page, until one has a message that was here before. So what was said last
//! is there first, and nothing is missing or there twice.

mod past;

pub(super) use past::{history, targets};

use super::desk::{BufferId, BufferKind, Earlier};
use super::{Client, capable, incoming};
use crate::limits;
use crate::time::{Instant, Now, Utc};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};

/// The questions that wait, and the one that was asked.
#[derive(Debug, Default)]
pub(super) struct Asking {
    queue: VecDeque<Question>,
    open: Option<(Question, Instant)>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    /// What was said since we were here, before `before` or up to now.
    Missed { buffer: BufferId, before: Option<Reference>, pages: usize },
    /// What was said before the first entry.
    Earlier { buffer: BufferId },
    /// With whom something was said since then.
    Targets { since: Utc },
    /// Who is away in a room, and who is logged in as what.
    Who { buffer: BufferId },
}

/// A message of which the server is told where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    msgid: Option<String>,
    at: Utc,
}

impl Reference {
    fn wire(&self) -> String {
        match &self.msgid {
            Some(msgid) => format!("msgid={msgid}"),
            None => format!("timestamp={}", self.at.rfc3339_millis()),
        }
    }
}

impl Question {
    fn buffer(&self) -> Option<BufferId> {
        match self {
            Self::Missed { buffer, .. } | Self::Earlier { buffer } | Self::Who { buffer } => Some(*buffer),
            Self::Targets { .. } => None,
        }
    }
}

impl Asking {
    /// When the answer is given up.
    pub(super) fn gives_up_at(&self) -> Option<Instant> {
        self.open.as_ref().map(|(_, until)| *until)
    }

    fn add(&mut self, question: Question) {
        let is_there = self.queue.contains(&question) || self.open.as_ref().is_some_and(|(open, _)| *open == question);
        if !is_there {
            self.queue.push_back(question);
        }
    }

    /// Whether it is not known yet what was missed.
    pub(super) fn has_missed(&self) -> bool {
        let open = self.open.iter().map(|(question, _)| question);
        open.chain(&self.queue).any(|question| matches!(question, Question::Missed { .. } | Question::Targets { .. }))
    }
}

/// The server knows us: what was said to us alone meanwhile?
pub(super) fn welcomed(client: &mut Client) {
    client.asking = Asking::default();
    if !capable::has_history(client) || client.desk.account.is_none() {
        return;
    }
    for buffer in client.desk.buffers_mut().filter(|buffer| buffer.kind() == BufferKind::Private) {
        buffer.open_gap();
    }
    let known = client.last_heard.map_or(0, |heard| heard.micros());
    let margin = limits::CHAT_CLIENT_TARGETS_MARGIN.as_micros() as i64;
    client.asking.add(Question::Targets { since: Utc::from_micros((known - margin).max(0)) });
}

/// We came into a room.
pub(super) fn joined(client: &mut Client, buffer: BufferId) {
    client.asking.queue.retain(|question| question.buffer() != Some(buffer));
    if capable::has_history(client) {
        missed(client, buffer);
    }
    if client.server.has_whox {
        client.asking.add(Question::Who { buffer });
    }
}

fn missed(client: &mut Client, id: BufferId) {
    if let Some(buffer) = client.desk.buffer_mut(id) {
        buffer.open_gap();
        buffer.is_catching_up = true;
        client.asking.add(Question::Missed { buffer: id, before: None, pages: 0 });
    }
}

/// Somebody wants to see what was said before.
pub(super) fn earlier(client: &mut Client, id: BufferId) {
    let may_ask = client.link.is_online() && capable::has_history(client);
    let Some(buffer) = client.desk.buffer_mut(id).filter(|_| may_ask) else { return };
    let has_room = buffer.entries().len() + limits::CHAT_CLIENT_HISTORY <= limits::CHAT_DESK_ENTRIES;
    if buffer.earlier == Earlier::Possible && has_room && !buffer.is_catching_up {
        buffer.earlier = Earlier::Fetching;
        client.asking.add(Question::Earlier { buffer: id });
    }
}

/// Asks the next question if none is open.
pub(super) fn go_on(client: &mut Client, now: Now) {
    while client.asking.open.is_none() && client.link.is_online() {
        let Some(question) = client.asking.queue.pop_front() else { break };
        if ask(client, &question) {
            client.asking.open = Some((question, now.mono + limits::CHAT_CLIENT_ANSWER_TIMEOUT));
        }
    }
    if client.link.is_online() && !client.asking.has_missed() {
        incoming::settle(client);
    }
}

/// The connection is lost: nothing is asked any more. What was not fetched is fetched when we are back.
pub(super) fn lost(client: &mut Client) {
    client.asking = Asking::default();
    for buffer in client.desk.buffers_mut() {
        buffer.is_catching_up = false;
        if buffer.earlier == Earlier::Fetching {
            buffer.earlier = Earlier::Possible;
        }
    }
}

/// The end of a WHO.
pub(super) fn who_ended(client: &mut Client) -> bool {
    client.asking.open.take_if(|(question, _)| matches!(question, Question::Who { .. })).is_some()
}

/// Whether a WHO of ours is being answered.
pub(super) fn is_who_open(client: &Client) -> bool {
    client.asking.open.as_ref().is_some_and(|(question, _)| matches!(question, Question::Who { .. }))
}

/// The question that is open is refused, or not answered. `false`: there is none, or it is about something else.
pub(super) fn failed(client: &mut Client, command: &str) -> bool {
    let of = |question: &Question| if matches!(question, Question::Who { .. }) { "WHO" } else { "CHATHISTORY" };
    match client.asking.open.take_if(|(question, _)| command.is_empty() || command == of(question)) {
        Some((question, _)) => {
            past::give_up(client, question);
            true
        }
        None => false,
    }
}

/// Time has passed.
pub(super) fn time_passed(client: &mut Client, now: Now) {
    if client.asking.gives_up_at().is_some_and(|at| at <= now.mono) {
        failed(client, "");
    }
}

/// `false`: there is nothing to ask.
fn ask(client: &mut Client, question: &Question) -> bool {
    let buffer = question.buffer().and_then(|id| client.desk.buffer(id));
    let name = buffer.map(|buffer| buffer.name.clone());
    let limit = client.server.history_page.min(limits::CHAT_CLIENT_HISTORY).to_string();
    let history = |client: &mut Client, params: &[&str]| {
        client.send(|line| line.command("CHATHISTORY").params(params).param(&limit));
        true
    };
    match (question, name) {
        (Question::Targets { since }, _) => {
            let since = format!("timestamp={}", since.rfc3339_millis());
            let params = ["CHATHISTORY", "TARGETS", "timestamp=9999-12-30T00:00:00.000Z", &since];
            client.send(|line| {
                let line = line.command(params[0]).params(&params[1..]);
                line.param(&limits::CHAT_CLIENT_TARGETS.to_string())
            });
            true
        }
        (Question::Missed { before: None, .. }, Some(name)) => history(client, &["LATEST", &name, "*"]),
        (Question::Missed { before: Some(before), .. }, Some(name)) => {
            history(client, &["BEFORE", &name, &before.wire()])
        }
        (Question::Earlier { buffer }, Some(name)) => match past::first(client, *buffer) {
            Some(first) => history(client, &["BEFORE", &name, &first.wire()]),
            None => history(client, &["LATEST", &name, "*"]),
        },
        (Question::Who { .. }, Some(name)) => {
            client.send(|line| line.command("WHO").param(&name).param("%tnfa,7"));
            true
        }
        (Question::Missed { .. } | Question::Earlier { .. } | Question::Who { .. }, None) => false,
    }
}
