//! Answers to labels (IRCv3 labeled-response): one line, none but ACK, or a batch of lines.

use super::line::Line;
use crate::chat::client::Client;
use crate::chat::client::input::same;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};

/// The open answers of several lines, and the message that was repeated last.
#[derive(Debug, Default)]
pub(in crate::chat::client) struct Labels {
    /// By the reference of the batch.
    open: BTreeMap<String, Answer>,
    /// The last repeated message: who, where, when. Further lines of it have no id of their own.
    repeated: Option<(String, String, Utc)>,
}

#[derive(Debug)]
struct Answer {
    number: u64,
    refusal: Option<String>,
}

impl Labels {
    pub(super) fn note_repeated(&mut self, line: &Line) {
        self.repeated = Some((line.nick.clone(), line.param(0).to_string(), line.time));
    }

    /// Whether it is a further line of the repeated message before it.
    pub(super) fn belongs_to_repeated(&self, line: &Line) -> bool {
        let is_it = |(nick, target, time): &(String, String, Utc)| {
            *nick == line.nick && same(target, line.param(0)) && *time == line.time
        };
        self.repeated.as_ref().is_some_and(is_it)
    }
}

/// Takes a line that answers one of our messages, alone or as a part of a batch. `false`: it is something else.
pub(super) fn take(client: &mut Client, line: &Line, now: Now) -> bool {
    let labelled: Option<u64> = line.label.as_deref().and_then(|label| label.parse().ok());
    if line.verb == "BATCH" {
        batch(client, line, labelled, now);
        return true;
    }
    let in_batch = line.batch.as_ref().and_then(|reference| client.labels.open.get(reference));
    let Some(number) = labelled.or(in_batch.map(|answer| answer.number)) else { return false };
    let refusal = is_refusal(line).then(|| line.last().to_string());
    if is_echo(client, line) {
        if let Some(msgid) = &line.msgid {
            client.seen.note(msgid);
        }
        if let Some(sent) = client.outbox.under_way(number) {
            sent.echoed(line.time, line.msgid.clone());
        }
    }
    if labelled.is_some() {
        let answered = client.outbox.answered(number, refusal, now.utc);
        client.events.extend(answered);
    } else if let Some(answer) = line.batch.as_ref().and_then(|reference| client.labels.open.get_mut(reference)) {
        answer.refusal = refusal.or(answer.refusal.take());
    }
    true
}

/// `BATCH +ref labeled-response` begins an answer, `BATCH -ref` ends it.
fn batch(client: &mut Client, line: &Line, labelled: Option<u64>, now: Now) {
    let reference = line.param(0);
    if let (Some(reference), Some(number)) = (reference.strip_prefix('+'), labelled) {
        if client.labels.open.len() < limits::CHAT_CLIENT_BATCHES {
            client.labels.open.insert(reference.to_string(), Answer { number, refusal: None });
        }
    } else if let Some(answer) = reference.strip_prefix('-').and_then(|name| client.labels.open.remove(name)) {
        let answered = client.outbox.answered(answer.number, answer.refusal, now.utc);
        client.events.extend(answered);
    }
}

fn is_echo(client: &Client, line: &Line) -> bool {
    matches!(line.verb.as_str(), "PRIVMSG" | "NOTICE") && same(&line.nick, &client.nick)
}

fn is_refusal(line: &Line) -> bool {
    line.verb == "FAIL" || line.numeric().is_some_and(super::is_error)
}
