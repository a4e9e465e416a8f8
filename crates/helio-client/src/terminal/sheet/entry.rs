//! One entry in rows.

use super::Sheet;
use crate::terminal::text::{self, Row};
use helio_core::chat::client::Kind;
use helio_core::chat::client::desk::{Delivery, Entry, Happening, Said, What};
use ratatui::style::{Modifier, Style};

/// Names of those who reacted, up to which they are told instead of counted.
const NAMED: usize = 3;

impl Sheet<'_> {
    /// All rows of an entry.
    pub(super) fn entry(&self, entry: &Entry) -> Vec<Row> {
        let (lead, words) = match &entry.what {
            What::Said(said) => (self.author(entry, said), self.said(entry, said)),
            What::Happened(happening) => {
                let (mark, style, text) = self.happened(entry, happening);
                (text::pieces(mark, style), vec![text::styled(&text, style, self.theme.colours)])
            }
        };
        let mut rows = Vec::new();
        let mut heads = self.heads(entry, lead);
        let indent = heads.next_head();
        let cells = self.width.saturating_sub(text::width(&indent));
        let quote = entry.reply_to.as_deref().map(|msgid| text::cut(self.quote(msgid), cells));
        rows.extend(quote.map(|quote| heads.put(quote)));
        for words in words {
            // The first row has the name before it, where names have no column.
            let first = if self.has_columns() { Row::new() } else { heads.take_inline() };
            let joined: Row = first.into_iter().chain(words).collect();
            rows.extend(text::wrap(joined, cells).into_iter().map(|row| heads.put(row)));
        }
        rows.extend(self.reactions(entry).into_iter().flat_map(|row| text::wrap(row, cells)).map(|row| heads.put(row)));
        let fate = self.fate(entry).into_iter().flat_map(|row| text::wrap(row, cells));
        rows.extend(fate.map(|row| heads.put(row)));
        rows
    }

    fn author(&self, entry: &Entry, said: &Said) -> Row {
        let style = if entry.is_mention { self.theme.mention() } else { self.theme.nick(&entry.author) };
        match said.kind {
            Kind::Message => text::pieces(&entry.author, style),
            Kind::Action => text::pieces("*", style),
            Kind::Notice => text::pieces(&format!("-{}-", entry.author), style),
        }
    }

    fn said(&self, entry: &Entry, said: &Said) -> Vec<Row> {
        if let Some(redacted) = &entry.redacted {
            let why = if redacted.reason.is_empty() { String::new() } else { format!(": {}", redacted.reason) };
            return vec![text::pieces(&format!("(taken back by {}{why})", redacted.by), self.theme.quiet())];
        }
        let base = if entry.delivery.is_some() { self.theme.quiet() } else { Style::new() };
        let mut rows: Vec<Row> = said.lines.iter().map(|line| text::styled(line, base, self.theme.colours)).collect();
        if said.kind == Kind::Action {
            let name = text::pieces(&format!("{} ", entry.author), self.theme.nick(&entry.author));
            let first = rows.first_mut().map(std::mem::take).unwrap_or_default();
            let first = name.into_iter().chain(first).collect();
            match rows.first_mut() {
                Some(row) => *row = first,
                None => rows.push(first),
            }
        }
        rows
    }

    /// The mark in the place of a name, how it looks, and a sentence.
    fn happened(&self, entry: &Entry, happening: &Happening) -> (&'static str, Style, String) {
        let (who, quiet) = (&entry.author, self.theme.quiet());
        let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        match happening {
            Happening::Joined => ("→", quiet, format!("{who} came in")),
            Happening::Left { reason } => ("←", quiet, format!("{who} left{}", because(reason))),
            Happening::Quit { reason } => ("←", quiet, format!("{who} went away{}", because(reason))),
            Happening::Renamed { to } => ("·", quiet, format!("{who} is now {to}")),
            Happening::Kicked { nick, reason } => {
                ("←", quiet, format!("{nick} was put out by {who}{}", because(reason)))
            }
            Happening::Topic { topic } if topic.is_empty() => ("·", quiet, format!("{who} took the topic away")),
            Happening::Topic { topic } => ("·", quiet, format!("{who} set the topic: {}", text::uncoded(topic))),
            Happening::Mode { change } => ("·", quiet, format!("{who} set {change}")),
            Happening::Invited { nick, room } => ("·", self.theme.accent(), format!("{who} invited {nick} to {room}")),
            Happening::RoomRenamed { from, reason } => {
                ("·", quiet, format!("{who} gave the room another name; it was {from}{}", because(reason)))
            }
            Happening::Away { reason: Some(reason) } => ("·", quiet, format!("{who} is away{}", because(reason))),
            Happening::Away { reason: None } => ("·", quiet, format!("{who} is back")),
            Happening::Lost { reason } => ("✗", self.theme.error(), format!("connection lost{}", because(reason))),
            Happening::Connected => ("·", quiet, "connected".to_owned()),
            Happening::Told { text } => ("·", Style::new(), text.clone()),
            Happening::Failed { text } => ("✗", self.theme.error(), text.clone()),
        }
    }

    /// The start of the message that is answered.
    fn quote(&self, msgid: &str) -> Row {
        let quiet = self.theme.quiet();
        let mut row = text::pieces("╭ ", quiet);
        match self.buffer.message(msgid) {
            Some(original) => {
                text::push(&mut row, &original.author, self.theme.nick(&original.author));
                let words = match original.said() {
                    Some(_) if original.redacted.is_some() => "(taken back)".to_owned(),
                    Some(said) => text::uncoded(&said.lines.join(" ")),
                    None => String::new(),
                };
                text::push(&mut row, &format!(": {words}"), quiet);
            }
            None => text::push(&mut row, "an earlier message", quiet),
        }
        row
    }

    fn reactions(&self, entry: &Entry) -> Option<Row> {
        let mut row = Row::new();
        for reaction in entry.reactions() {
            let nicks: Vec<&str> = reaction.nicks().collect();
            let who = if nicks.len() > NAMED { nicks.len().to_string() } else { nicks.join(", ") };
            let gap = if row.is_empty() { "" } else { "   " };
            text::push(&mut row, &format!("{gap}{}", reaction.text), Style::new());
            text::push(&mut row, &format!(" {who}"), self.theme.quiet());
        }
        (!row.is_empty()).then_some(row)
    }

    /// What became of a message of ours, if that is to be said.
    fn fate(&self, entry: &Entry) -> Option<Row> {
        let (style, text) = match entry.delivery.as_ref()? {
            Delivery::Sent => return None,
            Delivery::Waiting => (self.theme.quiet(), "⋯ waits until it can be sent".to_owned()),
            Delivery::Failed { reason } => (self.theme.error(), format!("✗ not said: {reason}")),
            Delivery::Unknown => (self.theme.error(), "✗ not known whether it arrived".to_owned()),
        };
        Some(text::pieces(&text, style))
    }

    fn heads(&self, entry: &Entry, lead: Row) -> Heads {
        let quiet = self.theme.quiet();
        let time = self.local(entry.at).map_or_else(|| "     ".to_owned(), |at| at.strftime("%H:%M").to_string());
        let mut time = text::pieces(&time, quiet);
        text::push(&mut time, " ", quiet);
        if !self.has_columns() {
            let is_spoken = entry.said().is_some_and(|said| said.kind == Kind::Message);
            let mut inline = lead;
            text::push(&mut inline, if is_spoken { ": " } else { " " }, quiet);
            return Heads { first: Some(time), rest: text::pieces("      ", quiet), inline };
        }
        let column = (self.width / 6).clamp(8, 14);
        let name = text::cut(lead, column);
        let mut first = text::filled(time, 6 + column - text::width(&name), Style::new());
        first.extend(name);
        let (bar, style) = if entry.is_mention {
            (" ┃ ", self.theme.mention().remove_modifier(Modifier::BOLD))
        } else {
            (" │ ", quiet)
        };
        text::push(&mut first, bar, style);
        let mut rest = text::filled(Row::new(), 6 + column, Style::new());
        text::push(&mut rest, bar, style);
        Heads { first: Some(first), rest, inline: Row::new() }
    }
}

/// What stands before the rows of an entry: time and name once, space afterwards.
struct Heads {
    first: Option<Row>,
    rest: Row,
    inline: Row,
}

impl Heads {
    /// As wide as any.
    fn next_head(&self) -> Row {
        self.rest.clone()
    }

    fn take_inline(&mut self) -> Row {
        std::mem::take(&mut self.inline)
    }

    fn put(&mut self, row: Row) -> Row {
        let mut whole = self.first.take().unwrap_or_else(|| self.rest.clone());
        whole.extend(row);
        whole
    }
}
