//! Screens, pinned as text at three sizes.

mod keys;
mod questions;
mod scripts;
mod states;
mod talk;

use super::draw;
use crate::terminal::text::text_width;
use crate::terminal::theme::Colours;
use crate::terminal::view::{Step, View};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use helio_core::chat::client::Kind;
use helio_core::chat::client::desk::{BufferId, BufferKind, Desk, Entry, EntryId, LinkState, Member, Said, What};
use helio_core::time::{Instant, Now, Utc};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::CellWidth as _;
use ratatui::layout::Size;
use std::time::Duration;

/// Sunday, 22 November 2026, 14:10 UTC.
const NOON: i64 = 1_795_356_600;

/// A person before a terminal, and what the client knows.
struct Stage {
    desk: Desk,
    view: View,
    terminal: Terminal<TestBackend>,
    steps: Vec<Step>,
}

impl Stage {
    fn new(width: u16, height: u16, desk: Desk) -> Self {
        let view = View::new(Size { width, height }, Colours::Indexed, TimeZone::UTC);
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut stage = Self { desk, view, terminal, steps: Vec::new() };
        stage.settle();
        stage
    }

    fn settle(&mut self) {
        let steps = self.view.settle(&self.desk);
        self.steps.extend(steps);
    }

    fn press(&mut self, code: KeyCode, held: KeyModifiers) -> &mut Self {
        let steps = self.view.handle_event(&Event::Key(KeyEvent::new(code, held)), &self.desk);
        self.steps.extend(steps);
        self
    }

    fn key(&mut self, code: KeyCode) -> &mut Self {
        self.press(code, KeyModifiers::NONE)
    }

    fn ctrl(&mut self, code: KeyCode) -> &mut Self {
        self.press(code, KeyModifiers::CONTROL)
    }

    fn alt(&mut self, c: char) -> &mut Self {
        self.press(KeyCode::Char(c), KeyModifiers::ALT)
    }

    fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.key(KeyCode::Char(c));
        }
        self
    }

    fn paste(&mut self, text: &str) -> &mut Self {
        let steps = self.view.handle_event(&Event::Paste(text.to_owned()), &self.desk);
        self.steps.extend(steps);
        self
    }

    fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.view.handle_event(&Event::Resize(width, height), &self.desk);
        self.terminal.backend_mut().resize(width, height);
        self
    }

    /// The screen between bars, where a wide character takes the place of two; the cursor is `▏`'s row and cell below it.
    fn screen(&mut self) -> String {
        self.settle();
        let (view, desk) = (&self.view, &self.desk);
        let now =
            Now { mono: Instant::after_origin(Duration::from_secs(100)), utc: Utc::from_micros(NOON * 1_000_000) };
        let mut cursor = None;
        self.terminal.draw(|frame| cursor = draw(frame.buffer_mut(), view, desk, now)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let mut out = String::new();
        for line in buffer.content.chunks(width) {
            let (mut row, mut at) = (String::new(), 0);
            while let Some(cell) = line.get(at) {
                let cells = usize::from(cell.cell_width());
                assert!(at + cells <= width, "{} does not fit", cell.symbol());
                assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
                row.push_str(cell.symbol());
                at += cells.max(1);
            }
            out.push_str(&format!("|{row}|\n"));
        }
        let cursor = cursor.map_or("no cursor".to_owned(), |at| format!("cursor {},{}", at.x, at.y));
        out + &cursor
    }
}

fn at(minute: i64) -> Utc {
    Utc::from_micros((NOON + minute * 60) * 1_000_000)
}

fn entry(desk: &mut Desk, minute: i64, author: &str, what: What) -> Entry {
    let mut entry = Entry::new(desk.next_entry(), at(minute), author, what);
    (entry.msgid, entry.is_mine) = (Some(format!("m{minute}")), desk.is_me(author));
    entry
}

fn words(text: &str) -> What {
    What::Said(Said { kind: Kind::Message, lines: text.split('\n').map(str::to_owned).collect() })
}

/// Somebody says something in a room, in this minute after noon.
fn say(desk: &mut Desk, room: BufferId, minute: i64, author: &str, text: &str) -> EntryId {
    let entry = entry(desk, minute, author, words(text));
    let id = entry.id;
    desk.buffer_mut(room).unwrap().push(entry);
    id
}

/// Ada, connected, in #tea with some people.
fn tea() -> (Desk, BufferId) {
    let mut desk = Desk::new("ada");
    desk.network = "helio.local".to_owned();
    desk.link = LinkState::Online { lag: Some(Duration::from_micros(11_300)) };
    desk.is_encrypted = true;
    for room in ["#ops", "#tea"] {
        let id = desk.open(room, BufferKind::Room);
        desk.buffer_mut(id).unwrap().is_joined = true;
    }
    let id = desk.named("#tea").unwrap().id();
    desk.open("zoe", BufferKind::Private);
    desk.show(id);
    let room = desk.buffer_mut(id).unwrap();
    room.topic = "green, black, and what goes with it".to_owned();
    for nick in ["ada", "ben", "mina", "zoe"] {
        room.add_member(Member::new(nick));
    }
    room.member_mut("ben").unwrap().set_status('@', true);
    room.member_mut("mina").unwrap().is_away = true;
    (desk, id)
}

/// Tea with a talk.
fn talk() -> (Desk, BufferId) {
    let (mut desk, id) = tea();
    say(&mut desk, id, -1440, "ben", "good night");
    say(&mut desk, id, 0, "ben", "is there any tea left?");
    say(&mut desk, id, 1, "mina", "I think there is some in the blue tin, behind the biscuits that nobody likes");
    say(&mut desk, id, 2, "ada", "found it");
    (desk, id)
}

/// The same desk at all sizes.
fn stages(desk: &Desk) -> [Stage; 3] {
    [(60, 20), (80, 24), (120, 40)].map(|(width, height)| Stage::new(width, height, desk.clone()))
}
