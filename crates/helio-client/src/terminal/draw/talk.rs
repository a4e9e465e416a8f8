//! The messages.

use super::Scene;
use crate::terminal::text::{self, put};
use helio_core::chat::client::desk::{Buffer as Place, BufferKind, Earlier, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

impl Scene<'_> {
    /// The rows of the current buffer, at the lower edge of their area.
    pub(super) fn talk(self, buffer: &mut Buffer, area: Rect) {
        let current = self.desk.current();
        let (sheet, height) = self.view.sheet(self.desk);
        if current.entries().len() == 0 {
            return self.nothing(buffer, area, current);
        }
        let page = sheet.page(self.view.scroll, height);
        let top = area.bottom().saturating_sub(u16::try_from(page.rows.len()).unwrap_or(u16::MAX));
        for (y, row) in (top..).zip(&page.rows) {
            put(buffer, area.x, y, area.width, row);
        }
        if page.before == 0 && current.earlier == Earlier::Fetching && area.height > 0 {
            super::fill(buffer, Rect { height: 1, ..area }, self.view.theme.quiet());
            put(
                buffer,
                area.x,
                area.y,
                area.width,
                &text::pieces("fetching earlier messages …", self.view.theme.quiet()),
            );
        }
    }

    /// Why there is nothing to read.
    fn nothing(self, buffer: &mut Buffer, area: Rect, current: &Place) {
        let words = match (&self.desk.link, current.kind()) {
            (LinkState::Connecting | LinkState::Registering, _) => "Connecting …",
            (_, BufferKind::Server) => "The server has said nothing.",
            (_, _) if current.is_catching_up || current.earlier == Earlier::Fetching => "Fetching what was said …",
            (_, BufferKind::Room) if !current.is_joined => "You are not in this room.",
            (_, BufferKind::Room | BufferKind::Private) => "Nothing has been said here yet. F1 shows the keys.",
        };
        let row = text::pieces(words, self.view.theme.quiet());
        let left = usize::from(area.width).saturating_sub(text::width(&row)) / 2;
        let x = area.x + u16::try_from(left).unwrap_or(0);
        if area.height > 0 {
            put(buffer, x, area.y + area.height / 2, area.right().saturating_sub(x), &row);
        }
    }
}
