//! Keys while one reads and types.

use super::{Mode, Scroll, Step, View};
use crate::terminal::complete::Completion;
use crate::terminal::keys::{self, Action};
use crossterm::event::{KeyCode, KeyEvent};
use helio_core::chat::client::Wish;
use helio_core::chat::client::desk::{Buffer, BufferKind, Desk, Earlier};
use helio_core::limits;

impl View {
    pub(super) fn key(&mut self, key: &KeyEvent, desk: &Desk) -> Vec<Step> {
        self.note = None;
        let was_leaving = std::mem::take(&mut self.is_leaving);
        if let Some(steps) = self.mode_key(key, desk) {
            return steps;
        }
        let action = keys::action(key);
        if let Some(steps) = self.search_key(action, desk) {
            return steps;
        }
        match action {
            Some(Action::Interrupt) if was_leaving => vec![Step::Quit],
            Some(action) => self.act(action, key, desk),
            None => keys::letter(key).map_or(Vec::new(), |c| self.change(desk, |view| view.insert(&c.to_string()))),
        }
    }

    fn act(&mut self, action: Action, key: &KeyEvent, desk: &Desk) -> Vec<Step> {
        match action {
            Action::Edit(edit) => {
                let cells = self.input_cells();
                self.change(desk, |view| {
                    view.composer.edit(edit, cells);
                })
            }
            Action::Send => self.send(desk),
            Action::Complete => self.complete(false, desk),
            Action::CompleteBack => self.complete(true, desk),
            Action::Previous => show(neighbour(desk, true)),
            Action::Next => show(neighbour(desk, false)),
            Action::NextUnread => show(loudest(desk)),
            Action::Numbered => show(numbered(key, desk)),
            Action::PageUp => self.scroll_by(true, None, desk),
            Action::PageDown => self.scroll_by(false, None, desk),
            Action::Newest => self.newest(),
            Action::JumpUnread => self.jump_unread(desk),
            Action::Pick => self.pick(true, desk),
            Action::PickNewer => self.pick(false, desk),
            Action::Close => close(desk),
            Action::Rooms => self.toggle_rooms(desk),
            Action::People => self.toggle_people(desk),
            Action::Reconnect => vec![Step::Wish(Wish::Reconnect)],
            Action::Help => {
                self.mode = Mode::Help { from: 0 };
                Vec::new()
            }
            Action::Cancel => self.cancel(),
            Action::Interrupt => self.interrupt(desk),
            Action::Redraw => vec![Step::Redraw],
            Action::Suspend => vec![Step::Suspend],
        }
    }

    /// So many rows towards the past or the present, or nearly a page. Asks for earlier messages in time.
    pub(super) fn scroll_by(&mut self, is_up: bool, rows: Option<usize>, desk: &Desk) -> Vec<Step> {
        let (sheet, height) = self.sheet(desk);
        let count = rows.unwrap_or(height.saturating_sub(2).max(1));
        let scroll = if is_up { sheet.up(self.scroll, count, height) } else { sheet.down(self.scroll, count) };
        let is_near = is_up && sheet.page(scroll, height).before < limits::TERMINAL_AHEAD;
        self.scroll = scroll;
        let wants = is_near && desk.current().earlier == Earlier::Possible;
        if wants { vec![Step::Wish(Wish::Earlier(desk.current().id()))] } else { Vec::new() }
    }

    /// Changes what is typed, and tells others that something is.
    pub(super) fn change(&mut self, desk: &Desk, change: impl FnOnce(&mut Self)) -> Vec<Step> {
        let (was_saying, before) = (self.is_saying(), self.composer.text().len());
        self.completion = None;
        change(self);
        let is_typing = self.is_saying();
        let says = is_typing != was_saying || is_typing && before != self.composer.text().len();
        let can = desk.current().kind() != BufferKind::Server;
        let wish = Wish::Typing { buffer: desk.current().id(), is_typing };
        if says && can { vec![Step::Wish(wish)] } else { Vec::new() }
    }

    pub(super) fn insert(&mut self, text: &str) {
        if !self.composer.insert(text) {
            self.note = Some(format!("no more than {} bytes at a time", limits::TERMINAL_INPUT));
        }
    }

    fn send(&mut self, desk: &Desk) -> Vec<Step> {
        if self.composer.text().trim().is_empty() {
            return Vec::new();
        }
        if self.composer.text().trim_end() == "/help" {
            self.composer.take();
            self.mode = Mode::Help { from: 0 };
            return Vec::new();
        }
        if !self.takes_input {
            self.note = Some("too much waits to be sent already; this stays here".to_owned());
            return Vec::new();
        }
        let text = self.composer.take();
        (self.scroll, self.unread, self.completion) = (Scroll::Newest, None, None);
        let buffer = desk.current().id();
        let is_command = text.starts_with('/') && !text.starts_with("//");
        let wish = match self.reply.filter(|_| !is_command) {
            Some(reply_to) => {
                self.reply = None;
                let text = text.strip_prefix("//").map_or(text.clone(), |rest| format!("/{rest}"));
                Wish::Say { buffer, text, reply_to: Some(reply_to) }
            }
            None => Wish::Input(text),
        };
        vec![Step::Wish(wish)]
    }

    fn complete(&mut self, is_back: bool, desk: &Desk) -> Vec<Step> {
        let found = self.completion.take();
        let found = found.or_else(|| Completion::of(self.composer.before(), desk));
        let Some(mut completion) = found else { return Vec::new() };
        if let Some(candidate) = completion.turn(is_back) {
            let text = candidate.text.clone();
            self.composer.replace(completion.start, &text);
        }
        self.completion = Some(completion);
        Vec::new()
    }

    fn newest(&mut self) -> Vec<Step> {
        self.scroll = Scroll::Newest;
        Vec::new()
    }

    fn jump_unread(&mut self, desk: &Desk) -> Vec<Step> {
        let Some(first) = self.unread.or(desk.current().first_unread()) else {
            self.note = Some("nothing is unread here".to_owned());
            return Vec::new();
        };
        self.unread = Some(first);
        let (sheet, height) = self.sheet(desk);
        let scroll = sheet.with_top(first, height);
        self.scroll = scroll;
        Vec::new()
    }

    fn toggle_rooms(&mut self, desk: &Desk) -> Vec<Step> {
        self.sides.rooms = Some(self.areas(desk).rooms.is_none());
        Vec::new()
    }

    fn toggle_people(&mut self, desk: &Desk) -> Vec<Step> {
        self.sides.people = Some(self.areas(desk).people.is_none());
        Vec::new()
    }

    fn cancel(&mut self) -> Vec<Step> {
        if self.reply.take().is_none() {
            (self.scroll, self.unread) = (Scroll::Newest, None);
        }
        self.completion = None;
        Vec::new()
    }

    fn interrupt(&mut self, desk: &Desk) -> Vec<Step> {
        if self.composer.is_empty() && self.reply.is_none() {
            self.is_leaving = true;
            self.note = Some("Ctrl-C again leaves".to_owned());
            return Vec::new();
        }
        self.reply = None;
        self.change(desk, |view| drop(view.composer.swap(String::new())))
    }
}

fn show(buffer: Option<&Buffer>) -> Vec<Step> {
    buffer.map(|buffer| Step::Wish(Wish::Show(buffer.id()))).into_iter().collect()
}

fn close(desk: &Desk) -> Vec<Step> {
    let current = desk.current();
    if current.kind() == BufferKind::Server { Vec::new() } else { vec![Step::Wish(Wish::Close(current.id()))] }
}

/// The buffer before or behind the current one, round about.
fn neighbour(desk: &Desk, is_before: bool) -> Option<&Buffer> {
    let buffers = desk.buffers();
    let at = buffers.iter().position(|buffer| buffer.id() == desk.current().id())?;
    let step = if is_before { buffers.len() - 1 } else { 1 };
    buffers.get((at + step) % buffers.len())
}

/// The buffer with the most mentions, else with the most that is unread.
fn loudest(desk: &Desk) -> Option<&Buffer> {
    let others = desk.buffers().iter().filter(|buffer| buffer.id() != desk.current().id() && buffer.unread > 0);
    others.max_by_key(|buffer| (buffer.mentions, buffer.unread))
}

fn numbered<'a>(key: &KeyEvent, desk: &'a Desk) -> Option<&'a Buffer> {
    let KeyCode::Char(digit) = key.code else { return None };
    desk.buffers().get(usize::try_from(digit.to_digit(10)?).ok()?.checked_sub(1)?)
}
