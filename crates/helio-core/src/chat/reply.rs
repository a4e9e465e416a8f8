//! What a command answers to the one who sent it: collected first, then labelled, batched and sent at once.

use super::guest_text;
use super::ids::Ticket;
use super::line::{Line, compose};
use crate::irc::line::LineBuilder;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::{ReplyCode, Severity};
use crate::limits;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Numerics from here on are errors (modern.ircdocs.horse "Numerics").
const FIRST_ERROR: u16 = 400;

/// Why a command was not carried out. Returned by handlers, turned into an answer in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A numeric with its middle parameters; the text is the table's.
    Numeric(Numeric, Vec<String>),
    /// A numeric with its middle parameters and a text that says more than the table's.
    Text(Numeric, Vec<String>, &'static str),
    /// The same with a text that is made for the occasion.
    Words(Numeric, Vec<String>, String),
    /// A standard reply: code and context.
    Fail(ReplyCode, Vec<String>),
    /// The same with a text that says more than the table's.
    FailText(ReplyCode, Vec<String>, String),
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

    pub(super) fn fail_text(code: ReplyCode, context: &[&str], text: &str) -> Self {
        Self::FailText(code, context.iter().map(ToString::to_string).collect(), text.to_string())
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
    /// Whether the client takes any standard reply.
    pub(super) has_standard_replies: bool,
    /// Whether the client is a guest, who is told of errors in words.
    pub(super) is_guest: bool,
    answers: Vec<Answer>,
    /// Bytes of these, without tags.
    len: usize,
    /// How many answers go on after this one, see [`command::answering`](super::command::answering).
    later: usize,
}

/// A part of an answer: lines that stay together, and the ticket that they wait for.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// None for a place that is kept for what is not known yet.
    pub(super) lines: Vec<Line>,
    pub(super) held: Option<Ticket>,
    pub(super) place: Place,
}

/// How the part of an answer is tagged that comes later, in a place that was kept for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Not at all.
    #[default]
    Bare,
    /// With the label: it is all of the answer.
    Labelled(String),
    /// It is in this batch.
    InBatch(String),
    /// Something to say here goes into a batch that ends at the place of a later ticket. There is none while all goes well.
    Before(Ticket),
    /// It ends this batch.
    Ending(String),
}

impl Place {
    /// Tags the first line of what comes in this place; the lines of a batch are tied to it already.
    pub(super) fn tag(&self, first: &mut Line) {
        match self {
            Self::Labelled(label) => first.tags.label = Some(label.clone()),
            Self::InBatch(batch) => first.tags.batch = Some(batch.clone()),
            Self::Bare | Self::Before(_) | Self::Ending(_) => {}
        }
    }
}

impl Reply {
    pub(super) fn new(server: &str, target: &str, command: &str) -> Self {
        Self {
            server: server.to_string(),
            target: target.to_string(),
            command: command.to_string(),
            label: None,
            has_standard_replies: false,
            is_guest: false,
            answers: Vec::new(),
            len: 0,
            later: 0,
        }
    }

    /// Bytes of the answer so far, without tags.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// One more of the answers goes on later.
    pub(super) fn is_continued(&mut self) {
        self.later += 1;
    }

    /// How many of the answers go on later.
    pub(super) fn later(&self) -> usize {
        self.later
    }

    /// The lines alone.
    pub(super) fn into_lines(self) -> impl Iterator<Item = Line> {
        self.answers.into_iter().flat_map(|answer| answer.lines)
    }

    /// The nickname changed, or there is one now.
    pub(super) fn set_target(&mut self, nick: &str) {
        self.target = nick.to_string();
    }

    /// The command that a standard reply names, where it is not the one that was sent.
    pub(super) fn set_command(&mut self, command: &str) {
        self.command = command.to_string();
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
        let mut line = Line::irc(bytes);
        if let Some(text) = trailing.filter(|_| self.is_guest && numeric.code() >= FIRST_ERROR) {
            line.guest = guest_text::notice(text).into_bytes();
        }
        self.line(line);
    }

    /// `* text` for a guest of the line listener.
    pub(super) fn tell_guest(&mut self, text: &str) {
        self.line(Line { guest: guest_text::notice(text).into_bytes(), ..Line::default() });
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
        self.fail_text(code, context, code.text());
    }

    fn fail_text(&mut self, code: ReplyCode, context: &[&str], text: &str) {
        let whom = Whom { server: &self.server, nick: &self.target, has_standard_replies: self.has_standard_replies };
        let mut line = failure_text(whom, &self.command, (code, text), context);
        if self.is_guest {
            line.guest = guest_text::notice(text).into_bytes();
        }
        self.line(line);
    }

    /// `NOTE command code context… :text`, or a NOTICE for those who take no standard replies.
    pub(super) fn note(&mut self, code: &str, context: &[&str], text: &str) {
        let line = self.note_line(code, context, text);
        self.line(line);
    }

    /// The line of [`Reply::note`], for an answer that waits.
    pub(super) fn note_line(&self, code: &str, context: &[&str], text: &str) -> Line {
        let params = [&[self.command.as_str(), code], context].concat();
        if self.has_standard_replies {
            return Line::irc(compose(Some(&self.server), Severity::Note.verb(), &params, Some(text)));
        }
        let text = alloc::format!("{}: {text}", params.join(" "));
        Line::irc(compose(Some(&self.server), "NOTICE", &[&self.target], Some(&text)))
    }

    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        match refusal {
            Refusal::Numeric(numeric, params) => {
                let params: Vec<&str> = params.iter().map(String::as_str).collect();
                self.numeric(*numeric, &params);
            }
            Refusal::Text(numeric, params, text) => {
                let params: Vec<&str> = params.iter().map(String::as_str).collect();
                self.numeric_text(*numeric, &params, text);
            }
            Refusal::Words(numeric, params, text) => {
                let params: Vec<&str> = params.iter().map(String::as_str).collect();
                self.numeric_text(*numeric, &params, text);
            }
            Refusal::Fail(code, context) => {
                let context: Vec<&str> = context.iter().map(String::as_str).collect();
                self.fail(*code, &context);
            }
            Refusal::FailText(code, context, text) => {
                let context: Vec<&str> = context.iter().map(String::as_str).collect();
                self.fail_text(*code, &context, text);
            }
            Refusal::Silent => {}
        }
    }

    /// Any line, such as the command's own announcement to the one who caused it.
    pub(super) fn line(&mut self, line: Line) {
        self.len += line.irc.len();
        self.answers.push(Answer { lines: alloc::vec![line], ..Answer::default() });
    }

    /// Lines that stay together, such as a batch. A label stands on the first.
    pub(super) fn lines(&mut self, lines: Vec<Line>) {
        self.answers.push(Answer { lines, ..Answer::default() });
    }

    /// Puts all that `fill` answers into a batch of this type, with these parameters.
    pub(super) fn batched(&mut self, reference: &str, kind: &[&str], fill: impl FnOnce(&mut Self)) {
        let (begin, end) = batch_lines(&self.server, reference, kind);
        let mut inner = self.gather(fill);
        inner.iter_mut().for_each(|line| line.tags.batch = Some(reference.to_string()));
        self.lines(core::iter::once(begin).chain(inner).chain([end]).collect());
    }

    /// Makes one part of all that `fill` answers.
    pub(super) fn together(&mut self, fill: impl FnOnce(&mut Self)) {
        let lines = self.gather(fill);
        self.lines(lines);
    }

    fn gather(&mut self, fill: impl FnOnce(&mut Self)) -> Vec<Line> {
        let before = core::mem::take(&mut self.answers);
        fill(self);
        let inner = core::mem::replace(&mut self.answers, before);
        inner.into_iter().flat_map(|answer| answer.lines).collect()
    }

    /// The part that was answered last must not be seen before `ticket` is answered.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        if let Some(last) = self.answers.last_mut() {
            last.held = Some(ticket);
        }
    }

    /// Lines that must not be seen before `ticket` is answered; none keeps a place for what comes with that answer, such
    /// as the news that it failed.
    pub(super) fn held(&mut self, ticket: Ticket, lines: Vec<Line>) {
        self.len += lines.iter().map(|line| line.irc.len()).sum::<usize>();
        self.answers.push(Answer { lines, held: Some(ticket), place: Place::Bare });
    }

    /// The answer as it is sent. With a label: nothing to show becomes ACK, one part is labelled, several become a batch. If
    /// more comes later, it is a batch in any case, which is returned and stays open.
    pub(super) fn finish(
        mut self,
        is_labelling: bool,
        batch: impl FnOnce() -> String,
    ) -> (Vec<Answer>, Option<String>) {
        let Some(label) = self.label.take().filter(|_| is_labelling) else { return (self.answers, None) };
        if self.later > 0 {
            let batch = batch();
            self.open(label, &batch);
            return (self.answers, Some(batch));
        }
        let is_silent = self.answers.iter().all(|answer| answer.lines.is_empty());
        match self.answers.as_mut_slice() {
            _ if is_silent => self.acknowledge(label),
            [one] => one.label(label),
            [..] => self.wrap(label, &batch()),
        }
        (self.answers, None)
    }

    /// ACK, where the last thing that it waits for is answered.
    fn acknowledge(&mut self, label: String) {
        let ack = Line::irc(compose(Some(&self.server), "ACK", &[], None));
        let mut last = self.answers.pop().unwrap_or_default();
        if let Some(ticket) = last.held {
            self.answers.iter_mut().for_each(|answer| answer.place = Place::Before(ticket));
        }
        last.lines = alloc::vec![ack];
        last.label(label);
        self.answers.push(last);
    }

    fn wrap(&mut self, label: String, reference: &str) {
        self.open(label, reference);
        let (_, end) = batch_lines(&self.server, reference, &[]);
        self.line(end);
    }

    /// Puts all into a batch without an end.
    fn open(&mut self, label: String, reference: &str) {
        for answer in &mut self.answers {
            // What is in a batch of its own (multiline) stays there; that batch's start is in ours.
            if let Some(first) = answer.lines.first_mut() {
                first.tags.batch.get_or_insert_with(|| reference.to_string());
            }
            answer.place = Place::InBatch(reference.to_string());
        }
        let (mut begin, _) = batch_lines(&self.server, reference, &["labeled-response"]);
        begin.tags.label = Some(label);
        self.answers.insert(0, Answer { lines: alloc::vec![begin], ..Answer::default() });
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

impl Answer {
    fn label(&mut self, label: String) {
        if let Some(first) = self.lines.first_mut() {
            first.tags.label = Some(label.clone());
        }
        self.place = Place::Labelled(label);
    }
}

/// The lines that begin and end a batch of the type, and with the parameters, `kind`.
pub(super) fn batch_lines(source: &str, reference: &str, kind: &[&str]) -> (Line, Line) {
    let (begin, end) = (alloc::format!("+{reference}"), alloc::format!("-{reference}"));
    let params = [&[begin.as_str()], kind].concat();
    (Line::irc(compose(Some(source), "BATCH", &params, None)), Line::irc(compose(Some(source), "BATCH", &[&end], None)))
}

/// Who is told of a failure, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whom<'a> {
    pub(super) server: &'a str,
    pub(super) nick: &'a str,
    pub(super) has_standard_replies: bool,
}

/// `FAIL command code context… :text`. Codes that are ours go only to those who take any standard reply; others are told the
/// same by ERR_UNKNOWNERROR.
pub(super) fn failure(whom: Whom<'_>, command: &str, code: ReplyCode, context: &[&str]) -> Line {
    failure_text(whom, command, (code, code.text()), context)
}

/// The same with another text.
fn failure_text(whom: Whom<'_>, command: &str, (code, text): (ReplyCode, &str), context: &[&str]) -> Line {
    let is_ours =
        matches!(code, ReplyCode::MessageNotStored | ReplyCode::SettingNotStored | ReplyCode::StoreUnavailable);
    let is_ours = is_ours || code == ReplyCode::MessageNotErased;
    // Of these the code is the drafts'.
    let has_code = matches!(command, "CHATHISTORY" | "MARKREAD" | "SEARCH");
    let is_ours = is_ours || (code == ReplyCode::InvalidParams && !has_code);
    // All codes of a command that is ours.
    let is_ours = is_ours || ["ACCOUNT", "FILTER", "ROOM"].contains(&command);
    if is_ours && !whom.has_standard_replies {
        let mut bytes = Vec::new();
        let line = LineBuilder::new(&mut bytes).source(whom.server).numeric(Numeric::ErrUnknownError);
        line.param(whom.nick).param(command).params(context).trailing(text).finish();
        return Line::irc(bytes);
    }
    let params = [&[command, code.code()], context].concat();
    Line::irc(compose(Some(whom.server), Severity::Fail.verb(), &params, Some(text)))
}
