//! Lines that belong together (IRCv3 batch): messages of several lines, what was asked for of the past, and the answers to
//! labels (labeled-response), which are one line, none but ACK, or a batch.

use super::line::Line;
use crate::chat::client::Client;
use crate::chat::client::input::same;
use crate::chat::client::{asking, search};
use crate::limits;
use crate::time::{Now, Utc};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The batches that are open, and the message that was repeated last.
#[derive(Debug, Default)]
pub(in crate::chat::client) struct Batches {
    /// By reference.
    open: BTreeMap<String, Batch>,
    /// Bytes of the lines that are kept in open batches.
    bytes: usize,
    /// The last repeated message: who, where, when. Further lines of it have no id of their own.
    repeated: Option<(String, String, Utc)>,
}

#[derive(Debug)]
struct Batch {
    kind: Kind,
    /// The line that began it.
    head: Line,
    /// Those that are kept until its end.
    lines: Vec<Line>,
    /// Why the message that it answers was refused.
    refusal: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The answer to the message with this number.
    Answer(u64),
    /// One message of several lines.
    Multiline,
    History,
    Targets,
    Search,
}

impl Batches {
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

    /// The message that a line is part of the answer to.
    fn answered_by(&self, line: &Line) -> Option<u64> {
        let labelled = line.label.as_deref().and_then(|label| label.parse().ok());
        let batch = line.batch.as_ref().and_then(|reference| self.open.get(reference));
        labelled.or(batch.and_then(|batch| if let Kind::Answer(number) = batch.kind { Some(number) } else { None }))
    }

    /// Keeps a line if it is in a batch that is looked at as a whole. Beyond [`limits::CHAT_CLIENT_BATCH_BYTES`] it is
    /// dropped.
    fn keep(&mut self, line: Line) -> Option<Line> {
        let batch = line.batch.as_ref().and_then(|reference| self.open.get_mut(reference));
        let Some(batch) = batch.filter(|batch| !matches!(batch.kind, Kind::Answer(_))) else { return Some(line) };
        if self.bytes + line.size <= limits::CHAT_CLIENT_BATCH_BYTES {
            self.bytes += line.size;
            batch.lines.push(line);
        }
        None
    }

    fn begin(&mut self, reference: &str, line: Line) {
        let kind = match line.param(1) {
            "labeled-response" => self.answered_by(&line).map(Kind::Answer),
            "draft/multiline" => Some(Kind::Multiline),
            "chathistory" => Some(Kind::History),
            "draft/chathistory-targets" => Some(Kind::Targets),
            "soju.im/search" => Some(Kind::Search),
            _ => None,
        };
        if let Some(kind) = kind.filter(|_| self.open.len() < limits::CHAT_CLIENT_BATCHES) {
            self.open.insert(reference.to_string(), Batch { kind, head: line, lines: Vec::new(), refusal: None });
        }
    }

    fn end(&mut self, reference: &str) -> Option<Batch> {
        let batch = self.open.remove(reference)?;
        self.bytes -= batch.lines.iter().map(|line| line.size).sum::<usize>().min(self.bytes);
        Some(batch)
    }
}

/// Takes a line that is about a batch, is in one, or answers one of our messages. `Some`: it is something else.
pub(super) fn take(client: &mut Client, line: Line, now: Now) -> Option<Line> {
    if line.verb != "BATCH" {
        let line = client.batches.keep(line)?;
        return answer(client, line, now);
    }
    let reference = line.param(0).to_string();
    if let Some(reference) = reference.strip_prefix('+') {
        client.batches.begin(reference, line);
    } else if let Some(batch) = reference.strip_prefix('-').and_then(|name| client.batches.end(name)) {
        return ended(client, batch, now);
    }
    None
}

fn ended(client: &mut Client, batch: Batch, now: Now) -> Option<Line> {
    match batch.kind {
        Kind::Answer(number) => client.answered(number, batch.refusal, now),
        Kind::Multiline => {
            let line = client.batches.keep(whole(batch)?)?;
            return answer(client, line, now);
        }
        Kind::History => asking::history(client, batch.head.param(2), &batch.lines, now),
        Kind::Targets => asking::targets(client, &batch.lines),
        Kind::Search => search::found(client, &batch.lines),
    }
    None
}

/// The message that the lines make, as one line with line feeds in its text (multiline).
fn whole(batch: Batch) -> Option<Line> {
    let mut text = String::new();
    for (at, line) in batch.lines.iter().enumerate() {
        if at > 0 && !line.tags.is_concat {
            text.push('\n');
        }
        text.push_str(line.param(1));
    }
    let first = batch.lines.first()?;
    let params = Vec::from([batch.head.param(2).to_string(), text]);
    let size = batch.lines.iter().map(|line| line.size).sum();
    Some(Line { verb: first.verb.clone(), params, size, ..batch.head })
}

/// A line that answers one of our messages, alone or in a batch. `Some`: it is something else.
fn answer(client: &mut Client, line: Line, now: Now) -> Option<Line> {
    let Some(number) = client.batches.answered_by(&line) else { return Some(line) };
    let refusal = is_refusal(&line).then(|| line.last().to_string());
    if is_echo(client, &line) {
        if let Some(msgid) = &line.msgid {
            client.seen.note(msgid);
        }
        client.echoed(number, &line);
    }
    let batch = line.batch.as_ref().and_then(|reference| client.batches.open.get_mut(reference));
    match batch.filter(|batch| batch.kind == Kind::Answer(number)) {
        Some(batch) => batch.refusal = refusal.or(batch.refusal.take()),
        None => client.answered(number, refusal, now),
    }
    None
}

fn is_echo(client: &Client, line: &Line) -> bool {
    matches!(line.verb.as_str(), "PRIVMSG" | "NOTICE") && same(&line.nick, &client.nick)
}

fn is_refusal(line: &Line) -> bool {
    line.verb == "FAIL" || line.numeric().is_some_and(super::is_error)
}
