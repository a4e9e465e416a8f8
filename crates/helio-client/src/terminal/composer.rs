//! The lines in which one types.
//!
//! Of our own, since what is typed must wrap, and count in cells, just as what is read, and since its keys belong into the
//! one table of [`keys`](super::keys).

mod history;
mod motion;

use super::text::{self, Row};
use helio_core::limits;
use history::History;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

/// A text, a place in it, and what was typed before.
#[derive(Clone, Debug, Default)]
pub(super) struct Composer {
    text: String,
    /// Bytes before the cursor, which is between two grapheme clusters.
    cursor: usize,
    /// What was cut last.
    killed: String,
    history: History,
}

/// One change, or one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Newline,
    Left,
    Right,
    WordLeft,
    WordRight,
    /// To the start of the line.
    Home,
    End,
    Backspace,
    Delete,
    CutWordLeft,
    CutWordRight,
    /// Cuts all that is before the cursor in its line.
    CutHome,
    CutEnd,
    Paste,
    /// A row up; from the first one to what was typed before.
    Up,
    Down,
}

/// The text in rows of the screen.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) rows: Vec<Row>,
    /// Row and cell of the cursor.
    pub(super) cursor: (usize, usize),
    /// Row and cell of each place where the cursor can be, with the bytes before it.
    places: Vec<(usize, usize, usize)>,
}

impl Composer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text before the cursor.
    pub(super) fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// Inserts text without its control characters, but with its line ends. `false`: with it, it would be too long, and
    /// nothing was inserted.
    pub(super) fn insert(&mut self, inserted: &str) -> bool {
        let inserted: Vec<String> = inserted.split('\n').map(typed).collect();
        let inserted = inserted.join("\n");
        if self.text.len() + inserted.len() > limits::TERMINAL_INPUT {
            return false;
        }
        self.text.insert_str(self.cursor, &inserted);
        // A mark may have joined what was before.
        self.cursor = motion::at_or_after(&self.text, self.cursor + inserted.len());
        self.history.leave();
        true
    }

    /// Puts a text in place of what is between `start` and the cursor.
    pub(super) fn replace(&mut self, start: usize, with: &str) {
        let start = start.min(self.cursor);
        self.text.replace_range(start..self.cursor, with);
        self.cursor = motion::at_or_after(&self.text, start + with.len());
    }

    /// Carries out a change, for a screen where a row has so many cells. `false`: there was nothing to do.
    pub(super) fn edit(&mut self, edit: Edit, cells: usize) -> bool {
        let (text, cursor) = (&self.text, self.cursor);
        let to = match edit {
            Edit::Newline => return self.insert("\n"),
            Edit::Paste => return self.insert(&self.killed.clone()),
            Edit::Up => return self.vertical(false, cells) || self.recall(History::older),
            Edit::Down => return self.vertical(true, cells) || self.recall(History::newer),
            Edit::Left | Edit::Backspace => motion::left(text, cursor),
            Edit::Right | Edit::Delete => motion::right(text, cursor),
            Edit::WordLeft | Edit::CutWordLeft => motion::word_left(text, cursor),
            Edit::WordRight | Edit::CutWordRight => motion::word_right(text, cursor),
            Edit::Home | Edit::CutHome => motion::home(text, cursor),
            Edit::End | Edit::CutEnd => motion::end(text, cursor),
        };
        let has_moved = to != cursor;
        match edit {
            Edit::Backspace | Edit::Delete => drop(self.remove(to)),
            Edit::CutWordLeft | Edit::CutWordRight | Edit::CutHome | Edit::CutEnd if has_moved => {
                self.killed = self.remove(to);
            }
            Edit::CutWordLeft | Edit::CutWordRight | Edit::CutHome | Edit::CutEnd => {}
            Edit::Left | Edit::Right | Edit::WordLeft | Edit::WordRight | Edit::Home | Edit::End => self.cursor = to,
            Edit::Newline | Edit::Paste | Edit::Up | Edit::Down => {}
        }
        has_moved
    }

    /// Takes the text away, as sent. It can be recalled.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        let text = std::mem::take(&mut self.text);
        self.history.add(&text);
        text
    }

    /// Another text in place of this one, which is given back; the cursor is at its end.
    pub(super) fn swap(&mut self, text: String) -> String {
        self.cursor = text.len();
        self.history.leave();
        std::mem::replace(&mut self.text, text)
    }

    /// The text in rows of at most so many cells, where the cursor always has a cell.
    pub(super) fn shown(&self, cells: usize, style: Style) -> Shown {
        let cells = cells.max(3);
        let (mut rows, mut used, mut places) = (vec![Row::new()], 0, Vec::new());
        for (at, cluster) in self.text.grapheme_indices(true) {
            let row = text::cut(text::pieces(cluster, style), cells - 1);
            let width = if cluster == "\n" { 0 } else { text::width(&row) };
            // The last cell is for the cursor behind the text.
            if used + width >= cells {
                rows.push(Row::new());
                used = 0;
            }
            places.push((rows.len() - 1, used, at));
            if cluster == "\n" {
                rows.push(Row::new());
                used = 0;
            } else if let Some(last) = rows.last_mut() {
                last.extend(row);
                used += width;
            }
        }
        places.push((rows.len() - 1, used, self.text.len()));
        let place = places.iter().rev().find(|(_, _, at)| *at <= self.cursor);
        let cursor = place.map_or((0, 0), |(row, cell, _)| (*row, *cell));
        Shown { rows, cursor, places }
    }

    fn remove(&mut self, to: usize) -> String {
        let range = self.cursor.min(to)..self.cursor.max(to);
        let removed = self.text.drain(range.clone()).collect();
        // What was behind may have joined what was before.
        self.cursor = motion::at_or_after(&self.text, range.start);
        self.history.leave();
        removed
    }

    /// To the row above or below, into the same cell as far as there is one.
    fn vertical(&mut self, is_down: bool, cells: usize) -> bool {
        let Shown { cursor: (row, cell), places, rows } = self.shown(cells, Style::new());
        let wanted = if is_down { Some(row + 1).filter(|row| *row < rows.len()) } else { row.checked_sub(1) };
        let mut in_row = places.iter().filter(|(row, ..)| Some(*row) == wanted);
        let best = in_row.rfind(|(_, at, _)| *at <= cell);
        if let Some((_, _, at)) = best {
            self.cursor = *at;
        }
        best.is_some()
    }

    fn recall(&mut self, step: impl FnOnce(&mut History, &str) -> Option<String>) -> bool {
        let Some(text) = step(&mut self.history, &self.text) else { return false };
        self.cursor = text.len();
        self.text = text;
        true
    }
}

/// One line as it may be typed: formatting codes are kept, they mean something to others.
fn typed(line: &str) -> String {
    let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
    text::clean(&line)
}

#[cfg(test)]
mod tests;
