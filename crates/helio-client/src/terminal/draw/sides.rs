//! The rooms on the left, the people on the right.

use super::Scene;
use crate::terminal::text::{self, Row, put};
use helio_core::chat::client::desk::{Buffer as Place, BufferKind, Desk, Member};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Ranks of members: the statuses, and none.
const RANKS: usize = 6;

/// The first room in a list of so many rows, such that the current one is in it.
pub(in crate::terminal) fn first_room(desk: &Desk, height: u16) -> usize {
    let at = desk.buffers().iter().position(|buffer| buffer.id() == desk.current().id());
    (at.unwrap_or(0) + 1).saturating_sub(usize::from(height))
}

impl Scene<'_> {
    /// Every room and conversation, with what is unread in it.
    pub(super) fn rooms(self, buffer: &mut Buffer, area: Rect) {
        let first = first_room(self.desk, area.height);
        let inner = area.width.saturating_sub(1);
        for (y, (at, place)) in (area.y..area.bottom()).zip(self.desk.buffers().iter().enumerate().skip(first)) {
            put(buffer, area.x, y, inner, &self.room(at + 1, place, usize::from(inner)));
        }
        self.border(buffer, area, area.right().saturating_sub(1));
    }

    /// Who is in the room, those with a status first.
    pub(super) fn people(self, buffer: &mut Buffer, area: Rect) {
        let current = self.desk.current();
        let x = area.x + 2;
        let cells = area.width.saturating_sub(2);
        let count = current.member_count();
        let head = if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
        put(buffer, x, area.y, cells, &text::pieces(&head, self.view.theme.quiet()));
        let ranked = (0..RANKS).flat_map(|rank| current.members().filter(move |member| member.rank() == rank));
        for (y, member) in (area.y + 1..area.bottom()).zip(ranked) {
            put(buffer, x, y, cells, &text::cut(self.member(member), usize::from(cells)));
        }
        self.border(buffer, area, area.x);
    }

    fn room(self, number: usize, place: &Place, cells: usize) -> Row {
        let (theme, is_current) = (self.view.theme, place.id() == self.desk.current().id());
        let style = match () {
            () if place.mentions > 0 => theme.mention(),
            () if place.unread > 0 => theme.accent().add_modifier(Modifier::BOLD),
            () if !place.is_joined => theme.quiet(),
            () => Style::new(),
        };
        let style = if is_current { style.patch(theme.chosen()) } else { style };
        let count = self.count(place);
        let key = if number < 10 { format!("{number} ") } else { "  ".to_owned() };
        let name = text::pieces(&format!("{key}{}", self.name(place)), style);
        let left = cells.saturating_sub(text::text_width(&count) + 1);
        let mut row = text::filled(text::cut(name, left), left, style);
        text::push(&mut row, &format!("{count} "), style);
        row
    }

    /// What is unread, a mark when somebody wants us: `3`, `12!`.
    pub(super) fn count(self, place: &Place) -> String {
        match (place.unread, place.mentions) {
            (0, _) => String::new(),
            (unread, 0) => unread.to_string(),
            (unread, _) => format!("{unread}!"),
        }
    }

    pub(super) fn name<'p>(self, place: &'p Place) -> &'p str
    where
        Self: 'p,
    {
        match place.kind() {
            BufferKind::Server if self.desk.network.is_empty() => "server",
            BufferKind::Server => &self.desk.network,
            BufferKind::Room | BufferKind::Private => &place.name,
        }
    }

    fn member(self, member: &Member) -> Row {
        let theme = self.view.theme;
        let mut row =
            text::pieces(&member.status().map_or(" ".to_owned(), |status| status.to_string()), theme.accent());
        let style = if member.is_away { theme.quiet() } else { theme.nick(&member.nick) };
        text::push(&mut row, &member.nick, style);
        if member.is_bot {
            text::push(&mut row, " bot", theme.quiet());
        }
        row
    }

    fn border(self, buffer: &mut Buffer, area: Rect, x: u16) {
        for y in area.y..area.bottom() {
            put(buffer, x, y, 1, &text::pieces("│", self.view.theme.quiet()));
        }
    }
}
