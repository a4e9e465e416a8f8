//! One client and a server that the test plays.

use crate::chat::client::{Action, Client, Event, Fate, Settings};
use crate::irc::name::RoomName;
use crate::time::{Instant, Now, Utc};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// A client, what it wrote and what it told, under a clock that jumps.
pub(super) struct Talk {
    pub(super) client: Client,
    pub(super) now: Now,
    /// Lines that it sent, without their ends.
    sent: Vec<String>,
    pub(super) told: Vec<Event>,
    pub(super) wants_connection: bool,
    pub(super) is_closed: bool,
}

impl Talk {
    pub(super) fn new(nick: &str, rooms: &[&str]) -> Self {
        let rooms = rooms.iter().map(|room| RoomName::parse(room).unwrap()).collect();
        Self::with(Settings::new(nick, rooms))
    }

    pub(super) fn with(settings: Settings) -> Self {
        let mut talk = Self {
            client: Client::new(settings, 7),
            now: Now { mono: Instant::ORIGIN, utc: Utc::from_micros(1_795_345_720_000_000) },
            sent: Vec::new(),
            told: Vec::new(),
            wants_connection: false,
            is_closed: false,
        };
        talk.drain();
        talk
    }

    pub(super) fn connect(&mut self) -> Vec<String> {
        assert!(self.wants_connection);
        self.wants_connection = false;
        self.client.handle_connected(self.now);
        self.sent()
    }

    /// The server says something; what the client answers.
    pub(super) fn server(&mut self, lines: &[&str]) -> Vec<String> {
        for line in lines {
            self.client.handle_line(line.as_bytes(), self.now);
        }
        self.sent()
    }

    pub(super) fn type_line(&mut self, line: &str) -> Vec<String> {
        assert!(self.client.takes_input());
        self.client.handle_input(line, self.now);
        self.sent()
    }

    pub(super) fn cut(&mut self) {
        self.client.handle_end("reset", self.now);
        self.drain();
    }

    /// Time passes; the timers on the way are served.
    pub(super) fn pass(&mut self, duration: Duration) -> Vec<String> {
        let end = self.now.mono + duration;
        while let Some(at) = self.client.poll_timeout().filter(|at| *at <= end) {
            self.now.mono = at.max(self.now.mono);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now.mono = end;
        self.sent()
    }

    pub(super) fn sent(&mut self) -> Vec<String> {
        self.drain();
        core::mem::take(&mut self.sent)
    }

    pub(super) fn told(&mut self) -> Vec<Event> {
        self.drain();
        core::mem::take(&mut self.told)
    }

    /// The fates told since the last look, as `number fate`.
    pub(super) fn fates(&mut self) -> Vec<String> {
        let fate = |event: Event| {
            let Event::Typed(typed, fate) = event else { return None };
            let fate = match fate {
                Fate::Accepted { .. } => "accepted".to_string(),
                Fate::Refused { reason } => format!("refused: {reason}"),
                Fate::Unknown => "unknown".to_string(),
                Fate::NotSent => "not sent".to_string(),
            };
            Some(format!("{} {fate}", typed.number))
        };
        self.told().into_iter().filter_map(fate).collect()
    }

    fn drain(&mut self) {
        while let Some(action) = self.client.poll_action() {
            match action {
                Action::Connect => self.wants_connection = true,
                Action::Close => self.is_closed = true,
                Action::Send(bytes) => {
                    let text = core::str::from_utf8(&bytes).unwrap();
                    assert!(text.ends_with("\r\n"), "{text:?}");
                    self.sent.extend(text.split_terminator("\r\n").map(str::to_string));
                }
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.told.push(event);
        }
    }
}
