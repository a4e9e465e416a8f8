//! One line for what is going on: a question, what a key would do, what is being answered, who is typing.

use super::Scene;
use crate::terminal::complete::Completion;
use crate::terminal::emoji;
use crate::terminal::sheet::Scroll;
use crate::terminal::text::{self, Row, put};
use crate::terminal::view::Mode;
use helio_core::chat::client::desk::Entry;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

impl Scene<'_> {
    pub(super) fn hint(self, buffer: &mut Buffer, area: Rect) {
        let row = self.most_urgent(usize::from(area.width)).unwrap_or_default();
        put(buffer, area.x, area.y, area.width, &text::cut(row, usize::from(area.width)));
    }

    fn most_urgent(self, cells: usize) -> Option<Row> {
        let accent = |words: String| Some(text::pieces(&words, self.view.theme.accent()));
        self.view
            .note
            .clone()
            .and_then(accent)
            .or_else(|| self.question().and_then(accent))
            .or_else(|| self.view.completion.as_ref().and_then(|completion| self.candidates(completion, cells)))
            .or_else(|| self.answering())
            .or_else(|| self.below().and_then(accent))
            .or_else(|| self.typing())
            .or_else(|| self.kept_out())
    }

    fn question(self) -> Option<String> {
        let words = match &self.view.mode {
            Mode::Talk if self.desk.search.is_some() => "Up and Down choose, Enter goes there, Esc closes".to_owned(),
            Mode::Talk => return None,
            Mode::Pick { entry } => {
                let failed = self.entry(*entry).is_some_and(|entry| entry.msgid.is_none() && entry.delivery.is_some());
                let keys = if failed { "a again, d drop" } else { "r reply, e react, d take back" };
                format!("{keys}, Up and Down another, Esc done")
            }
            Mode::React { name, .. } if name.is_empty() => {
                let quick = emoji::QUICK.iter().zip(1..).map(|(emoji, key)| format!("{key} {emoji}"));
                format!("{} or a name: ", quick.collect::<Vec<_>>().join("  "))
            }
            Mode::React { name, .. } => {
                let found: Vec<_> = emoji::beginning(name).map(|(name, emoji)| format!("{emoji} {name}")).collect();
                format!("{name}: {} (Enter: the first)", found.join("  "))
            }
            Mode::Redact { .. } => "Take this back, for everybody? y: yes, any other key: no".to_owned(),
            Mode::Paste { text } => {
                format!("{} lines were pasted: y send, e edit, Esc drop", text.lines().count())
            }
            Mode::Help { .. } => "Up, Down, PageUp, PageDown; any other key closes".to_owned(),
        };
        Some(words)
    }

    /// What a word may become, from the chosen one on if there is no room for all.
    fn candidates(self, completion: &Completion, cells: usize) -> Option<Row> {
        if completion.candidates.len() < 2 {
            return None;
        }
        let theme = self.view.theme;
        let chosen = completion.chosen();
        let whole: usize = completion.candidates.iter().map(|candidate| text::text_width(&candidate.label) + 2).sum();
        let from = if whole <= cells { 0 } else { chosen };
        let mut row = Row::new();
        for (at, candidate) in completion.candidates.iter().enumerate().skip(from) {
            let style = if at == chosen { theme.chosen() } else { theme.quiet() };
            text::push(&mut row, &candidate.label, style);
            text::push(&mut row, "  ", Style::new());
        }
        Some(row)
    }

    fn answering(self) -> Option<Row> {
        let entry = self.entry(self.view.reply?)?;
        let words = entry.said().map_or_else(String::new, |said| text::uncoded(&said.lines.join(" ")));
        let mut row = text::pieces("reply to ", self.view.theme.accent());
        text::push(&mut row, &entry.author, self.view.theme.nick(&entry.author));
        text::push(&mut row, &format!(": {words}"), self.view.theme.quiet());
        Some(row)
    }

    /// What is further down than the screen.
    fn below(self) -> Option<String> {
        if self.view.scroll == Scroll::Newest {
            return None;
        }
        let (sheet, height) = self.view.sheet(self.desk);
        let behind = sheet.page(self.view.scroll, height).behind;
        let new = match self.desk.current().unread {
            0 => String::new(),
            unread => format!(", {unread} of them new"),
        };
        Some(format!("{behind} further down{new}; Esc goes there"))
    }

    fn typing(self) -> Option<Row> {
        let typing = self.desk.current().typing.iter().filter(|typing| typing.until > self.now.mono);
        let nicks: Vec<&str> = typing.map(|typing| typing.nick.as_str()).collect();
        let words = match nicks.as_slice() {
            [] => return None,
            [one] => format!("{one} is typing …"),
            [one, other] => format!("{one} and {other} are typing …"),
            [one, other, ..] => format!("{one}, {other} and {} more are typing …", nicks.len() - 2),
        };
        Some(text::pieces(&words, self.view.theme.quiet()))
    }

    fn kept_out(self) -> Option<Row> {
        let reason = self.desk.current().not_joined.as_ref()?;
        Some(text::pieces(&format!("cannot come in: {reason}"), self.view.theme.error()))
    }

    fn entry(&self, id: helio_core::chat::client::desk::EntryId) -> Option<&Entry> {
        self.desk.current().entry(id)
    }
}
