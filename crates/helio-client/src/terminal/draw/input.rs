//! What is being typed.

use super::Scene;
use crate::terminal::text::{self, put};
use crate::terminal::view::PROMPT;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

impl Scene<'_> {
    /// The rows around the cursor, and its place.
    pub(super) fn input(self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        let prompt = u16::try_from(PROMPT.len()).unwrap_or(0).min(area.width);
        put(buffer, area.x, area.y, prompt, &text::pieces(PROMPT, self.view.theme.accent()));
        let shown = self.view.composer.shown(self.view.input_cells(), Style::new());
        let (row, cell) = shown.cursor;
        let first = (row + 1).saturating_sub(usize::from(area.height));
        let (x, cells) = (area.x + prompt, area.width - prompt);
        for (y, row) in (area.y..area.bottom()).zip(shown.rows.iter().skip(first)) {
            put(buffer, x, y, cells, row);
        }
        let at = Position::new(x + u16::try_from(cell).ok()?, area.y + u16::try_from(row - first).ok()?);
        area.contains(at).then_some(at)
    }
}
