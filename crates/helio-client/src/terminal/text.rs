//! Text as cells: what came from outside becomes [`Piece`]s that can do nothing but be seen, each with its width.

mod format;
mod wrap;

pub(super) use format::{styled, uncoded};
pub(super) use wrap::wrap;

use helio_core::limits;
use helio_core::printable::is_hidden;
use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

/// What stands in one cell, or in the two of a wide character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// One grapheme cluster without control characters.
    pub(super) text: String,
    /// Cells, at least 1.
    pub(super) width: u16,
    pub(super) style: Style,
}

/// One line of the screen, or a part of it.
pub(super) type Row = Vec<Piece>;

/// Text in pieces of one style. Controls become visible signs, what is hidden is left out (tabs are four spaces, line ends
/// one), so that no text moves the cursor, changes a colour or the direction of what stands beside it.
pub(super) fn pieces(text: &str, style: Style) -> Row {
    let mut row = Row::new();
    push(&mut row, text, style);
    row
}

/// Appends text, as [`pieces`] makes it.
pub(super) fn push(row: &mut Row, text: &str, style: Style) {
    for cluster in clean(text).graphemes(true) {
        push_cluster(row, cluster, style);
    }
}

/// Cells of a row.
pub(super) fn width(row: &[Piece]) -> usize {
    row.iter().map(|piece| usize::from(piece.width)).sum()
}

/// Cells of a text.
pub(super) fn text_width(text: &str) -> usize {
    width(&pieces(text, Style::new()))
}

/// A row of at most so many cells; `…` stands for what was cut.
pub(super) fn cut(mut row: Row, cells: usize) -> Row {
    if width(&row) <= cells {
        return row;
    }
    let mut used = 1;
    let fitting = row.iter().take_while(|piece| {
        used += usize::from(piece.width);
        used <= cells
    });
    let (kept, style) = (fitting.count(), row.last().map(|piece| piece.style).unwrap_or_default());
    row.truncate(kept);
    if cells > 0 {
        row.push(Piece { text: "…".to_owned(), width: 1, style });
    }
    row
}

/// The row with spaces behind it, up to so many cells.
pub(super) fn filled(mut row: Row, cells: usize, style: Style) -> Row {
    for _ in width(&row)..cells {
        row.push(Piece { text: " ".to_owned(), width: 1, style });
    }
    row
}

/// Draws a row from this cell on, at most so many cells, and nothing outside the buffer. The cell behind the last one.
pub(super) fn put(buffer: &mut Buffer, x: u16, y: u16, cells: u16, row: &[Piece]) -> u16 {
    let end = x.saturating_add(cells).min(buffer.area.right());
    let mut at = x;
    for piece in row {
        if piece.width > end.saturating_sub(at) {
            break;
        }
        if let Some(cell) = buffer.cell_mut((at, y)) {
            cell.set_symbol(&piece.text).set_style(piece.style);
        }
        for behind in at + 1..at + piece.width {
            if let Some(cell) = buffer.cell_mut((behind, y)) {
                // What is under the second half of a wide character is not shown.
                cell.reset();
                cell.set_style(piece.style);
            }
        }
        at += piece.width;
    }
    at
}

/// The text without what is no text.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            '\n' | '\u{2028}' | '\u{2029}' => out.push(' '),
            // Letters of some scripts are joined or kept apart by these; between others they change nothing.
            '\u{200c}' | '\u{200d}' => out.push(c),
            '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => out.push('\u{fffd}'),
            '\u{ad}' | '\u{180e}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => {}
            c if is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Terminals disagree about clusters in which several characters have a width: families of joined emoji, syllables of Indic
/// scripts. Each of those gets cells of its own, with its marks. Marks beyond [`limits::TERMINAL_CLUSTER`] are left out.
fn push_cluster(row: &mut Row, cluster: &str, style: Style) {
    let is_letter = cluster.chars().next().is_some_and(char::is_alphabetic);
    let parts = cluster.split(|c| c == '\u{200d}' && !is_letter);
    for part in parts.filter(|part| !part.is_empty()) {
        let text: String = part.chars().take(limits::TERMINAL_CLUSTER).collect();
        match text.cell_width() {
            0 => {}
            width @ 1..=2 if !(is_letter && is_composed(&text)) => row.push(Piece { text, width, style }),
            _ => row.extend(singly(&text, style)),
        }
    }
}

/// Whether several characters of it have a width.
fn is_composed(text: &str) -> bool {
    text.chars().filter(|c| c.encode_utf8(&mut [0; 4]).cell_width() > 0).count() > 1
}

/// Each character that has a width, with the marks behind it.
fn singly(text: &str, style: Style) -> Row {
    let mut row = Row::new();
    for c in text.chars() {
        let mut buffer = [0; 4];
        let one: &str = c.encode_utf8(&mut buffer);
        match (one.cell_width(), row.last_mut()) {
            (0, Some(last)) if (last.text.clone() + one).cell_width() == last.width => last.text.push(c),
            (0, _) => {}
            (width, _) => row.push(Piece { text: c.to_string(), width, style }),
        }
    }
    row
}

#[cfg(test)]
mod tests;
