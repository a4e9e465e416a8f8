//! What is open over the messages: help, what was found, what was pasted.

use super::{Scene, fill};
use crate::terminal::help;
use crate::terminal::text::{self, Row, put};
use helio_core::chat::client::desk::{Found, Search, SearchState};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Lines of a pasted text that are shown before one is asked.
const PREVIEW: usize = 6;

impl Scene<'_> {
    /// The page of keys and commands, from one of its rows on.
    pub(super) fn help(self, buffer: &mut Buffer, area: Rect, from: usize) {
        let rows = help::rows(self.view.theme, usize::from(area.width));
        for (y, row) in (area.y..area.bottom()).zip(rows.iter().skip(from)) {
            put(buffer, area.x, y, area.width, row);
        }
    }

    /// What was found, the newest below.
    pub(super) fn search(self, buffer: &mut Buffer, area: Rect, search: &Search) {
        let theme = self.view.theme;
        let within = search.within.as_ref().map_or_else(String::new, |place| format!(" in {place}"));
        let told = match (&search.state, search.found.len()) {
            (SearchState::Asked, _) => "searching …".to_owned(),
            (SearchState::Failed { reason }, _) => reason.clone(),
            (SearchState::Done, 0) => "nothing was found".to_owned(),
            (SearchState::Done, 1) => "1 message".to_owned(),
            (SearchState::Done, count) => format!("{count} messages"),
        };
        let head =
            text::pieces(&format!("\"{}\"{within}: {told}", search.words), theme.accent().add_modifier(Modifier::BOLD));
        put(buffer, area.x, area.y, area.width, &text::cut(head, usize::from(area.width)));
        let room = usize::from(area.height.saturating_sub(1));
        let skipped = (self.view.found + 1).saturating_sub(room);
        let found = search.found.iter().rev().enumerate().skip(skipped);
        for (y, (at, found)) in (area.y + 1..area.bottom()).rev().zip(found) {
            let mut row = text::cut(self.found(found), usize::from(area.width));
            if at == self.view.found {
                row = text::filled(row, usize::from(area.width), Style::new());
                row.iter_mut().for_each(|piece| piece.style = piece.style.patch(theme.chosen()));
            }
            put(buffer, area.x, y, area.width, &row);
        }
    }

    /// The start of what was pasted, above the question.
    pub(super) fn pasted(self, buffer: &mut Buffer, area: Rect, pasted: &str) {
        let quiet = self.view.theme.quiet();
        let lines: Vec<&str> = pasted.lines().collect();
        let mut rows = vec![text::pieces(&"─".repeat(usize::from(area.width)), quiet)];
        rows.extend(lines.iter().take(PREVIEW).map(|line| text::pieces(line, Style::new())));
        if let Some(more) = lines.len().checked_sub(PREVIEW).filter(|more| *more > 0) {
            rows.push(text::pieces(&format!("… and {more} more"), quiet));
        }
        let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(area.height);
        let area = Rect { y: area.bottom() - height, height, ..area };
        fill(buffer, area, Style::new());
        for (y, row) in (area.y..area.bottom()).zip(rows) {
            put(buffer, area.x, y, area.width, &text::cut(row, usize::from(area.width)));
        }
    }

    fn found(self, found: &Found) -> Row {
        let theme = self.view.theme;
        let at = Timestamp::from_microsecond(found.entry.at.micros()).ok();
        let at = at.map(|at| at.to_zoned(self.view.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
        let mut row = text::pieces(&format!("{} {} ", at.unwrap_or_default(), found.place), theme.quiet());
        text::push(&mut row, &found.entry.author, theme.nick(&found.entry.author));
        let words = found.entry.said().map_or_else(String::new, |said| text::uncoded(&said.lines.join(" ")));
        text::push(&mut row, &format!(": {words}"), Style::new());
        row
    }
}
