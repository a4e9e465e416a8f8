//! The client and this service in one world, with the connection cut at any byte of either direction.

use crate::chat::client::{Action, Client, Event, Fate, Settings, Typed};
use crate::chat::tests::world::{Id, World};
use crate::irc::frame::LineBuffer;
use crate::irc::name::RoomName;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Where a connection breaks: after so many bytes of it, and how much later the server finds out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) to_server: usize,
    pub(super) to_client: usize,
    pub(super) noticed_after: Duration,
}

/// Nothing is cut.
pub(super) const WHOLE: Cut = Cut { to_server: usize::MAX, to_client: usize::MAX, noticed_after: Duration::ZERO };

/// A client, the service, and the wire between them.
pub(super) struct Wire {
    pub(super) world: World,
    pub(super) client: Client,
    /// The client's end, while it is open.
    pub(super) open: Option<Id>,
    /// The cut to come, in bytes that are left.
    pub(super) cut: Cut,
    /// Connections that are cut, and when the service learns of it.
    ghosts: Vec<(crate::time::Instant, Id)>,
    reading: LineBuffer,
    writing: LineBuffer,
    pub(super) wants_connection: bool,
    pub(super) events: Vec<Event>,
    /// Bytes that passed: to the server, to the client.
    pub(super) passed: (usize, usize),
}

impl Wire {
    pub(super) fn new(world: World, cut: Cut) -> Self {
        Self::with(world, cut, Settings::new("ada", Vec::from([RoomName::parse("#tea").expect("a room")])))
    }

    pub(super) fn with(world: World, cut: Cut, settings: Settings) -> Self {
        Self {
            world,
            client: Client::new(settings, 3),
            open: None,
            cut,
            ghosts: Vec::new(),
            reading: LineBuffer::from_server(),
            writing: LineBuffer::from_client(),
            wants_connection: false,
            events: Vec::new(),
            passed: (0, 0),
        }
    }

    /// Moves bytes and serves timers until the client has ended.
    pub(super) fn run(&mut self) {
        for _ in 0..10_000 {
            self.pump();
            if self.events.iter().any(|event| matches!(event, Event::Ended(_))) {
                return;
            }
            self.pass();
        }
        panic!("the client never ends: {:?}", self.events);
    }

    pub(super) fn drain(&mut self) {
        while let Some(action) = self.client.poll_action() {
            match action {
                Action::Connect => self.wants_connection = true,
                Action::Close => self.break_up(),
                Action::Send(bytes) => self.write(&bytes),
            }
        }
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
    }

    /// The client's bytes go to the service, those before the cut.
    fn write(&mut self, bytes: &[u8]) {
        let Some(id) = self.open else { return };
        let passing = &bytes[..bytes.len().min(self.cut.to_server)];
        self.cut.to_server -= passing.len();
        self.passed.0 += passing.len();
        let mut input = passing;
        while let Some(line) = self.writing.poll_line(&mut input) {
            let line = line.expect("within the limits").to_vec();
            self.world.say_bytes(id, &line);
        }
        if passing.len() < bytes.len() {
            self.break_up();
        }
    }

    /// The service's bytes go to the client, those before the cut. `false`: there were none.
    pub(super) fn read(&mut self) -> bool {
        let Some(id) = self.open else { return false };
        let bytes: Vec<u8> = self.world.hear(id).iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect();
        let passing = &bytes[..bytes.len().min(self.cut.to_client)];
        self.cut.to_client -= passing.len();
        self.passed.1 += passing.len();
        let mut input = passing;
        let mut lines = Vec::new();
        while let Some(line) = self.reading.poll_line(&mut input) {
            lines.push(line.expect("within the limits").to_vec());
        }
        lines.iter().for_each(|line| self.client.handle_line(line, self.world.now));
        let is_closed = self.world.is_closed(id);
        if passing.len() < bytes.len() || is_closed {
            self.break_up();
            self.client.handle_end("cut", self.world.now);
        }
        !bytes.is_empty() || is_closed
    }

    /// The connection is no more; the service may not know yet.
    pub(super) fn break_up(&mut self) {
        if let Some(id) = self.open.take() {
            self.ghosts.push((self.world.now.mono + self.cut.noticed_after, id));
            self.cut = WHOLE;
        }
        self.bury();
    }

    fn bury(&mut self) {
        let now = self.world.now.mono;
        let (due, rest): (Vec<_>, Vec<_>) = self.ghosts.drain(..).partition(|(at, _)| *at <= now);
        self.ghosts = rest;
        due.into_iter().for_each(|(_, id)| self.world.cut(id));
    }

    /// To the next timer of the client, or the next thing that the service notices.
    pub(super) fn pass(&mut self) {
        let next = self.ghosts.iter().map(|(at, _)| *at).chain(self.client.poll_timeout()).min();
        let wait = next.map_or(Duration::from_secs(1), |at| at.since(self.world.now.mono));
        self.world.pass(wait);
        self.bury();
        if self.open.is_none() && !self.wants_connection {
            self.client.handle_end("cut", self.world.now);
        }
        self.client.handle_timeout(self.world.now);
    }

    pub(super) fn fates(&self) -> Vec<(Typed, Fate)> {
        let typed = |event: &Event| {
            let Event::Typed(typed, fate) = event else { return None };
            Some((typed.clone(), fate.clone()))
        };
        self.events.iter().filter_map(typed).collect()
    }

    /// The texts of this author that are on disk, in order.
    pub(super) fn stored(&self, author: &str) -> Vec<String> {
        let logs = self.world.logs.iter().filter(|(name, _)| *name != crate::chat::SETTINGS_LOG);
        let said = logs.flat_map(|(_, records)| records).filter_map(|record| {
            let said: crate::chat::Said = serde_json::from_slice(record).ok()?;
            said.from.starts_with(author).then(|| said.lines.iter().map(|line| line.text.clone()).collect::<String>())
        });
        said.collect()
    }

    /// Moves bytes until none are left, opening a connection if one is wanted. No time passes.
    pub(super) fn pump(&mut self) {
        for _ in 0..1_000 {
            self.drain();
            if core::mem::take(&mut self.wants_connection) {
                self.open = Some(self.world.connect());
                (self.reading, self.writing) = (LineBuffer::from_server(), LineBuffer::from_client());
                self.client.handle_connected(self.world.now);
            } else if !self.read() {
                return;
            }
        }
        panic!("the client and the server never stop to talk");
    }

    /// Time passes, whatever is due on the way is served, and bytes move.
    pub(super) fn wait(&mut self, duration: Duration) {
        let end = self.world.now.mono + duration;
        self.pump();
        loop {
            let ghosts = self.ghosts.iter().map(|(at, _)| *at);
            let next = ghosts.chain(self.client.poll_timeout()).min().filter(|at| *at <= end);
            let step = next.unwrap_or(end).since(self.world.now.mono);
            self.world.pass(step);
            self.bury();
            if self.open.is_none() {
                self.client.handle_end("cut", self.world.now);
            }
            self.client.handle_timeout(self.world.now);
            self.pump();
            if next.is_none() {
                return;
            }
        }
    }

    /// The connection breaks, and both notice.
    pub(super) fn lose(&mut self) {
        self.break_up();
        self.client.handle_end("cut", self.world.now);
        self.pump();
    }
}
