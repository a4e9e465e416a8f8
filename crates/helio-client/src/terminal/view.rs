//! What a person does at the screen, and what that changes: the model stays the client's, the rest is here.

mod act;
mod attention;
mod modes;
mod mouse;

pub(super) use attention::Notice;
pub(super) use modes::Mode;

use super::areas::{Areas, Sides};
use super::complete::Completion;
use super::composer::Composer;
use super::sheet::{Scroll, Sheet};
use super::theme::{Colours, Theme};
use crossterm::event::{Event, KeyEventKind};
use helio_core::chat::client::Wish;
use helio_core::chat::client::desk::{BufferId, BufferKind, Desk, EntryId};
use jiff::tz::TimeZone;
use ratatui::layout::Size;
use ratatui::style::Style;
use std::collections::BTreeMap;

/// Cells before what is typed.
pub(super) const PROMPT: &str = "> ";

/// Everything about the screen that the model does not know.
#[derive(Debug)]
pub(super) struct View {
    pub(super) size: Size,
    pub(super) theme: Theme,
    pub(super) zone: TimeZone,
    pub(super) mode: Mode,
    pub(super) composer: Composer,
    /// Which message the words will answer.
    pub(super) reply: Option<EntryId>,
    pub(super) scroll: Scroll,
    /// The entry before which the unread line stands.
    pub(super) unread: Option<EntryId>,
    pub(super) completion: Option<Completion>,
    /// Something to say once, until the next key.
    pub(super) note: Option<String>,
    pub(super) sides: Sides,
    /// Which of what was found is chosen.
    pub(super) found: usize,
    /// Whether more may be typed at the client now.
    pub(super) takes_input: bool,
    drafts: BTreeMap<BufferId, Draft>,
    /// The buffer that was looked at last.
    shown: Option<BufferId>,
    is_focused: bool,
    /// Whether the last key was an interrupt.
    is_leaving: bool,
    mentions: usize,
    /// Where to go as soon as its buffer is looked at.
    goal: Option<(BufferId, EntryId)>,
}

/// What was typed in a buffer and not sent.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    reply: Option<EntryId>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// By the client.
    Wish(Wish),
    /// Somebody wants attention, and is not looked at.
    Notice(Notice),
    /// Leave now.
    Quit,
    /// Give the terminal back until the shell continues us.
    Suspend,
    /// Draw everything again.
    Redraw,
}

impl View {
    /// A view of nothing yet.
    pub(super) fn new(size: Size, colours: Colours, zone: TimeZone) -> Self {
        Self {
            size,
            theme: Theme { colours },
            zone,
            mode: Mode::Talk,
            composer: Composer::default(),
            reply: None,
            scroll: Scroll::Newest,
            unread: None,
            completion: None,
            note: None,
            sides: Sides::default(),
            found: 0,
            takes_input: true,
            drafts: BTreeMap::new(),
            shown: None,
            is_focused: true,
            is_leaving: false,
            mentions: 0,
            goal: None,
        }
    }

    /// Something came from the terminal.
    pub(super) fn handle_event(&mut self, event: &Event, desk: &Desk) -> Vec<Step> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, desk),
            Event::Key(_) => Vec::new(),
            Event::Paste(text) => self.paste(text, desk),
            Event::Mouse(mouse) => self.mouse(mouse, desk),
            Event::Resize(width, height) => {
                self.size = Size { width: *width, height: *height };
                Vec::new()
            }
            Event::FocusGained => self.focus(true, desk),
            Event::FocusLost => self.focus(false, desk),
        }
    }

    /// The desk has changed: takes note of another buffer, of what is unread, of mentions. To be called before drawing.
    pub(super) fn settle(&mut self, desk: &Desk) -> Vec<Step> {
        let current = desk.current();
        let is_live = self.shown == Some(current.id()) && self.is_reading();
        if self.shown != Some(current.id()) {
            self.arrive(desk);
        }
        self.reach_goal(desk);
        self.forget_what_is_gone(desk);
        let mut steps = Vec::new();
        steps.extend(self.attention(desk).map(Step::Notice));
        if current.unread > 0 {
            if !is_live && self.unread.is_none() {
                self.unread = current.first_unread();
            }
            if self.is_reading() {
                steps.push(Step::Wish(Wish::Read(current.id())));
            }
        }
        steps
    }

    /// The parts of the screen.
    pub(super) fn areas(&self, desk: &Desk) -> Areas {
        let rows = self.composer.shown(self.input_cells(), Style::new()).rows.len();
        Areas::of(self.size, self.sides, rows, desk.current().kind() == BufferKind::Room)
    }

    /// The messages of the current buffer as they are to be shown, and for how many rows there is room.
    pub(super) fn sheet<'a>(&'a self, desk: &'a Desk) -> (Sheet<'a>, usize) {
        let talk = self.areas(desk).talk;
        let sheet = Sheet::new(desk.current(), self.theme, &self.zone, talk.width);
        (sheet.unread_from(self.unread).picked(self.mode.entry()), usize::from(talk.height))
    }

    /// Cells for what is typed.
    pub(super) fn input_cells(&self) -> usize {
        usize::from(self.size.width).saturating_sub(PROMPT.len())
    }

    /// Whether what comes is in front of the person.
    fn is_reading(&self) -> bool {
        self.is_focused && self.scroll == Scroll::Newest && matches!(self.mode, Mode::Talk | Mode::Paste { .. })
    }

    fn focus(&mut self, is_focused: bool, desk: &Desk) -> Vec<Step> {
        self.is_focused = is_focused;
        if is_focused && desk.current().unread == 0 {
            self.unread = None;
        }
        Vec::new()
    }

    /// Another buffer is looked at.
    fn arrive(&mut self, desk: &Desk) {
        let id = desk.current().id();
        let Draft { text, reply } = self.drafts.remove(&id).unwrap_or_default();
        let left = Draft { text: self.composer.swap(text), reply: std::mem::replace(&mut self.reply, reply) };
        if let Some(shown) = self.shown.replace(id).filter(|_| !left.text.is_empty()) {
            self.drafts.insert(shown, left);
        }
        self.drafts.retain(|id, _| desk.buffer(*id).is_some());
        (self.scroll, self.unread, self.completion) = (Scroll::Newest, None, None);
        if self.mode.entry().is_some() {
            self.mode = Mode::Talk;
        }
    }

    fn reach_goal(&mut self, desk: &Desk) {
        if let Some((_, entry)) = self.goal.take_if(|(buffer, _)| *buffer == desk.current().id()) {
            let (sheet, height) = self.sheet(desk);
            let scroll = sheet.with_top(entry, height);
            (self.scroll, self.mode) = (scroll, Mode::Pick { entry });
        }
    }

    fn forget_what_is_gone(&mut self, desk: &Desk) {
        let is_gone = |id: EntryId| desk.current().entry(id).is_none();
        self.reply = self.reply.filter(|id| !is_gone(*id));
        if self.mode.entry().is_some_and(is_gone) {
            self.mode = Mode::Talk;
        }
        self.found = self.found.min(desk.search.as_ref().map_or(0, |search| search.found.len().saturating_sub(1)));
    }

    /// Whether what is typed would be said, so that others may know that it is being typed.
    fn is_saying(&self) -> bool {
        let text = self.composer.text();
        !text.trim().is_empty() && (!text.starts_with('/') || text.starts_with("//"))
    }
}
