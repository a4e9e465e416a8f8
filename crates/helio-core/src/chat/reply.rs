//! What a command answers to the one who sent it: collected first, then labelled, batched and sent at once.

use super::ids::Ticket;
use super::line::{Line, compose};
use crate::irc::line::LineBuilder;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::{ReplyCode, Severity};
use crate::limits;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Why a command was not carried out. Returned by handlers, turned into an answer in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A numeric with its middle parameters; the text is the table's.
    Numeric(Numeric, Vec<String>),
    /// A standard reply: code and context.
    Fail(ReplyCode, Vec<String>),
    /// Nothing is answered, as NOTICE demands.
    Silent,
}

impl Refusal {
    pub(super) fn numeric(numeric: Numeric, params: &[&str]) -> Self {
        Self::Numeric(numeric, params.iter().map(ToString::to_string).collect())
    }

    pub(super) fn fail(code: ReplyCode, context: &[&str]) -> Self {
        Self::Fail(code, context.iter().map(ToString::to_string).collect())
    }
}

/// The result of a command.
pub(super) type Outcome<T = ()> = Result<T, Refusal>;

/// The answer so far.
#[derive(Debug)]
pub(super) struct Reply {
    server: String,
    /// The nickname that numerics are addressed to; `*` before there is one.
    target: String,
    command: String,
    pub(super) label: Option<String>,
    lines: Vec<Answer>,
    /// The answer is complete only when this ticket is answered.
    after: Option<Ticket>,
}

/// A line of an answer, and the ticket that it waits for.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) line: Line,
    pub(super) held: Option<Ticket>,
}

impl Reply {
    pub(super) fn new(server: &str, target: &str, command: &str) -> Self {
        Self {
            server: server.to_string(),
            target: target.to_string(),
            command: command.to_string(),
            label: None,
            lines: Vec::new(),
            after: None,
        }
    }

    /// Holds the end of a labelled answer until `ticket` is answered, for a command whose success is known only then.
    pub(super) fn after(&mut self, ticket: Ticket) {
        self.after = Some(ticket);
    }

    /// The nickname changed, or there is one now.
    pub(super) fn set_target(&mut self, nick: &str) {
        self.target = nick.to_string();
    }

    /// A numeric with its text from the table.
    pub(super) fn numeric(&mut self, numeric: Numeric, params: &[&str]) {
        match numeric.text() {
            "" => self.numeric_with(numeric, params, None),
            text => self.numeric_with(numeric, params, Some(text)),
        }
    }

    /// A numeric whose last parameter is data.
    pub(super) fn numeric_text(&mut self, numeric: Numeric, params: &[&str], text: &str) {
        self.numeric_with(numeric, params, Some(text));
    }

    fn numeric_with(&mut self, numeric: Numeric, params: &[&str], trailing: Option<&str>) {
        let mut bytes = Vec::new();
        let builder = LineBuilder::new(&mut bytes).source(&self.server).numeric(numeric).param(&self.target);
        let builder = builder.params(params);
        match trailing {
            Some(text) => builder.trailing(text).finish(),
            None => builder.finish(),
        };
        self.line(Line::irc(bytes));
    }

    /// As many lines of one numeric as `items` need, joined by `separator`; none without items. An item larger than a
    /// line is cut.
    pub(super) fn numeric_list<S: AsRef<str>>(
        &mut self,
        numeric: Numeric,
        params: &[&str],
        items: impl IntoIterator<Item = S>,
        separator: char,
    ) {
        for text in pack(items, separator, self.room(params)) {
            self.numeric_text(numeric, params, &text);
        }
    }

    /// Bytes that the last parameter of a numeric may have after `params`.
    pub(super) fn room(&self, params: &[&str]) -> usize {
        let source_and_code = 1 + self.server.len() + 1 + 3;
        let middle: usize = params.iter().map(|param| 1 + param.len()).sum();
        (limits::IRC_BODY - 2).saturating_sub(source_and_code + 1 + self.target.len() + middle + 2)
    }

    /// A line of the server itself, such as `PONG` or `CAP`.
    pub(super) fn server_line(&mut self, command: &str, params: &[&str], trailing: Option<&str>) {
        self.line(Line::irc(compose(Some(&self.server), command, params, trailing)));
    }

    /// A standard reply (IRCv3 standard-replies) to the command at hand.
    pub(super) fn fail(&mut self, code: ReplyCode, context: &[&str]) {
        let command = self.command.clone();
        let line = standard_reply(&self.server, &command, code, context);
        self.line(line);
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        match refusal {
            Refusal::Numeric(numeric, params) => {
                let params: Vec<&str> = params.iter().map(String::as_str).collect();
                self.numeric(*numeric, &params);
            }
            Refusal::Fail(code, context) => {
                let context: Vec<&str> = context.iter().map(String::as_str).collect();
                self.fail(*code, &context);
            }
            Refusal::Silent => {}
        }
    }

    /// Any line, such as the command's own announcement to the one who caused it.
    pub(super) fn line(&mut self, line: Line) {
        self.lines.push(Answer { line, held: None });
    }

    /// A line that must not be seen before `ticket` is answered.
    pub(super) fn held(&mut self, ticket: Ticket, line: Line) {
        self.lines.push(Answer { line, held: Some(ticket) });
    }

    /// The answer as it is sent. With a label: none becomes ACK, one is labelled, several become a batch.
    pub(super) fn finish(mut self, is_labelling: bool, batch: impl FnOnce() -> String) -> Vec<Answer> {
        let Some(label) = self.label.take().filter(|_| is_labelling) else { return self.lines };
        match self.lines.as_mut_slice() {
            [] => {
                let mut ack = Line::irc(compose(Some(&self.server), "ACK", &[], None));
                ack.tags.label = Some(label);
                self.line(ack);
            }
            [one] => one.line.tags.label = Some(label),
            [..] => self.wrap(label, &batch()),
        }
        if let Some(last) = self.lines.last_mut() {
            last.held = last.held.or(self.after);
        }
        self.lines
    }

    fn wrap(&mut self, label: String, reference: &str) {
        for answer in &mut self.lines {
            // A line that is in a batch of its own (multiline) stays there; that batch's start is in ours.
            answer.line.tags.batch.get_or_insert_with(|| reference.to_string());
        }
        let server = Some(self.server.as_str());
        let mut begin =
            Line::irc(compose(server, "BATCH", &[&alloc::format!("+{reference}"), "labeled-response"], None));
        begin.tags.label = Some(label);
        let end = compose(server, "BATCH", &[&alloc::format!("-{reference}")], None);
        self.lines.insert(0, Answer { line: begin, held: None });
        self.line(Line::irc(end));
    }
}

/// Joins items into texts of at most `budget` bytes.
pub(super) fn pack<S: AsRef<str>>(items: impl IntoIterator<Item = S>, separator: char, budget: usize) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for item in items {
        let item = item.as_ref();
        match texts.last_mut() {
            Some(text) if text.len() + separator.len_utf8() + item.len() <= budget => {
                text.push(separator);
                text.push_str(item);
            }
            Some(_) | None => texts.push(item.to_string()),
        }
    }
    texts
}

/// `FAIL command code context… :text`.
pub(super) fn standard_reply(server: &str, command: &str, code: ReplyCode, context: &[&str]) -> Line {
    let params = [&[command, code.code()], context].concat();
    Line::irc(compose(Some(server), Severity::Fail.verb(), &params, Some(code.text())))
}
