//! The whole screen, made of the view and the model alone.

mod hint;
mod input;
mod pages;
mod sides;
mod status;
mod talk;
#[cfg(test)]
mod tests;

pub(super) use sides::first_room;

use super::view::{Mode, View};
use helio_core::chat::client::desk::Desk;
use helio_core::time::Now;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// What all parts are drawn from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    view: &'a View,
    desk: &'a Desk,
    now: Now,
}

/// Draws everything into a buffer of the view's size. Where the cursor is to be, if there is room for it.
pub(super) fn draw(buffer: &mut Buffer, view: &View, desk: &Desk, now: Now) -> Option<Position> {
    let scene = Scene { view, desk, now };
    let areas = view.areas(desk);
    scene.title(buffer, areas.title);
    if let Some(area) = areas.rooms {
        scene.rooms(buffer, area);
    }
    if let Some(area) = areas.people {
        scene.people(buffer, area);
    }
    match (&view.mode, &desk.search) {
        (Mode::Help { from }, _) => scene.help(buffer, areas.talk, *from),
        (_, Some(search)) => scene.search(buffer, areas.talk, search),
        (_, None) => scene.talk(buffer, areas.talk),
    }
    if let Mode::Paste { text } = &view.mode {
        scene.pasted(buffer, areas.talk, text);
    }
    scene.hint(buffer, areas.hint);
    scene.status(buffer, areas.status);
    scene.input(buffer, areas.input)
}

/// Gives a whole area a background.
fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    for position in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
            cell.set_style(style);
        }
    }
}
