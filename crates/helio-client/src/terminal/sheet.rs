//! The messages of one buffer in rows of the screen, made as far as they are looked at.

mod entry;
mod scroll;

pub(super) use scroll::Scroll;

use super::text::{self, Row};
use super::theme::Theme;
use helio_core::chat::client::desk::{Buffer, Entry, EntryId};
use helio_core::time::Utc;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use ratatui::style::Style;

/// A buffer as it is to be shown.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) buffer: &'a Buffer,
    entries: Vec<&'a Entry>,
    theme: Theme,
    zone: &'a TimeZone,
    /// Cells of a row.
    width: usize,
    /// Before which entry the unread line stands.
    unread: Option<EntryId>,
    picked: Option<EntryId>,
}

/// Cells of a row from which nicknames have a column of their own.
const COLUMNS_FROM: usize = 56;

impl<'a> Sheet<'a> {
    pub(super) fn new(buffer: &'a Buffer, theme: Theme, zone: &'a TimeZone, width: u16) -> Self {
        let entries = buffer.entries().collect();
        Self { buffer, entries, theme, zone, width: usize::from(width), unread: None, picked: None }
    }

    /// With a line before the first unread entry.
    pub(super) fn unread_from(self, unread: Option<EntryId>) -> Self {
        Self { unread, ..self }
    }

    /// With one entry picked.
    pub(super) fn picked(self, picked: Option<EntryId>) -> Self {
        Self { picked, ..self }
    }

    /// Where an entry stands.
    pub(super) fn place(&self, id: EntryId) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.id == id)
    }

    /// The entries in their order.
    pub(super) fn entries(&self) -> &[&'a Entry] {
        &self.entries
    }

    /// The rows of one entry, with the lines that stand before it.
    fn rows(&self, at: usize) -> Vec<Row> {
        let Some(entry) = self.entries.get(at) else { return Vec::new() };
        let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
        let mut rows = Vec::new();
        let day = self.day(entry.at);
        if before.is_none_or(|before| self.day(before.at) != day) {
            let label = day.map_or_else(String::new, |day| day.strftime("%A, %-d %B %Y").to_string());
            rows.push(self.rule(&label, self.theme.quiet()));
        }
        if self.unread == Some(entry.id) {
            rows.push(self.rule("new", self.theme.accent()));
        }
        let lines = self.entry(entry).into_iter().map(|row| text::cut(row, self.width));
        if self.picked == Some(entry.id) {
            rows.extend(lines.map(|row| self.marked(row)));
        } else {
            rows.extend(lines);
        }
        rows
    }

    /// A line across with words in its middle.
    fn rule(&self, label: &str, style: Style) -> Row {
        let label = if label.is_empty() { String::new() } else { format!(" {label} ") };
        let free = self.width.saturating_sub(text::text_width(&label));
        let line = format!("{}{label}{}", "─".repeat(free / 2), "─".repeat(free - free / 2));
        text::cut(text::pieces(&line, style), self.width)
    }

    fn marked(&self, row: Row) -> Row {
        let mut row = text::filled(row, self.width, Style::new());
        for piece in &mut row {
            piece.style = piece.style.patch(self.theme.chosen());
        }
        row
    }

    fn local(&self, at: Utc) -> Option<Zoned> {
        Some(Timestamp::from_microsecond(at.micros()).ok()?.to_zoned(self.zone.clone()))
    }

    fn day(&self, at: Utc) -> Option<Date> {
        self.local(at).map(|at| at.date())
    }

    fn has_columns(&self) -> bool {
        self.width >= COLUMNS_FROM
    }
}
