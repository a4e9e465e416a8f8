//! The mouse, where it was asked for: the wheel scrolls, a click on a room goes there.

use super::{Step, View};
use crate::terminal::draw::first_room;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use helio_core::chat::client::Wish;
use helio_core::chat::client::desk::Desk;
use ratatui::layout::Position;

/// Rows of one turn of the wheel.
const WHEEL: usize = 3;

impl View {
    pub(super) fn mouse(&mut self, mouse: &MouseEvent, desk: &Desk) -> Vec<Step> {
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) {
            return self.click(Position::new(mouse.column, mouse.row), desk);
        }
        let is_up = mouse.kind == MouseEventKind::ScrollUp;
        let turns = is_up || mouse.kind == MouseEventKind::ScrollDown;
        if turns { self.scroll_by(is_up, Some(WHEEL), desk) } else { Vec::new() }
    }

    fn click(&self, at: Position, desk: &Desk) -> Vec<Step> {
        let Some(rooms) = self.areas(desk).rooms.filter(|rooms| rooms.contains(at)) else { return Vec::new() };
        let row = first_room(desk, rooms.height) + usize::from(at.y - rooms.y);
        desk.buffers().get(row).map(|buffer| Step::Wish(Wish::Show(buffer.id()))).into_iter().collect()
    }
}
