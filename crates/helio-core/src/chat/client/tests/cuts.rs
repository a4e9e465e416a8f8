//! The client and this service in one world, with the connection cut at every byte of either direction.

use crate::chat::client::{Action, Client, Event, Fate, Settings, Typed};
use crate::chat::tests::world::{Id, World};
use crate::irc::frame::LineBuffer;
use crate::irc::name::RoomName;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// Where a connection breaks: after so many bytes of it, and how much later the server finds out.
#[derive(Clone, Copy, Debug)]
struct Cut {
    to_server: usize,
    to_client: usize,
    noticed_after: Duration,
}

/// Nothing is cut.
const WHOLE: Cut = Cut { to_server: usize::MAX, to_client: usize::MAX, noticed_after: Duration::ZERO };

/// A client, the service, and the wire between them.
struct Wire {
    world: World,
    client: Client,
    /// The client's end, while it is open.
    open: Option<Id>,
    /// The cut to come, in bytes that are left.
    cut: Cut,
    /// Connections that are cut, and when the service learns of it.
    ghosts: Vec<(crate::time::Instant, Id)>,
    reading: LineBuffer,
    writing: LineBuffer,
    wants_connection: bool,
    events: Vec<Event>,
    /// Bytes that passed: to the server, to the client.
    passed: (usize, usize),
}

impl Wire {
    fn new(world: World, cut: Cut) -> Self {
        let settings = Settings::new("ada", Vec::from([RoomName::parse("#tea").expect("a room")]));
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
    fn run(&mut self) {
        for _ in 0..10_000 {
            self.drain();
            if self.events.iter().any(|event| matches!(event, Event::Ended(_))) {
                return;
            }
            if core::mem::take(&mut self.wants_connection) {
                self.open = Some(self.world.connect());
                (self.reading, self.writing) = (LineBuffer::from_server(), LineBuffer::from_client());
                self.client.handle_connected(self.world.now);
            } else if !self.read() {
                self.pass();
            }
        }
        panic!("the client never ends: {:?}", self.events);
    }

    fn drain(&mut self) {
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
    fn read(&mut self) -> bool {
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
    fn break_up(&mut self) {
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
    fn pass(&mut self) {
        let next = self.ghosts.iter().map(|(at, _)| *at).chain(self.client.poll_timeout()).min();
        let wait = next.map_or(Duration::from_secs(1), |at| at.since(self.world.now.mono));
        self.world.pass(wait);
        self.bury();
        if self.open.is_none() && !self.wants_connection {
            self.client.handle_end("cut", self.world.now);
        }
        self.client.handle_timeout(self.world.now);
    }

    fn fates(&self) -> Vec<(Typed, Fate)> {
        let typed = |event: &Event| {
            let Event::Typed(typed, fate) = event else { return None };
            Some((typed.clone(), fate.clone()))
        };
        self.events.iter().filter_map(typed).collect()
    }

    /// The texts of this author that are on disk, in order.
    fn stored(&self, author: &str) -> Vec<String> {
        let logs = self.world.logs.iter().filter(|(name, _)| *name != crate::chat::SETTINGS_LOG);
        let said = logs.flat_map(|(_, records)| records).filter_map(|record| {
            let said: crate::chat::Said = serde_json::from_slice(record).ok()?;
            said.from.starts_with(author).then(|| said.lines.iter().map(|line| line.text.clone()).collect::<String>())
        });
        said.collect()
    }
}

/// A room where Ben has said something, into which the client comes, says three lines, and goes.
fn conversation(cut: Cut) -> Wire {
    let mut world = World::new();
    let ben = world.member("ben", "#tea");
    world.say(ben, "PRIVMSG #tea :is there any left?");
    world.hear_all();
    let mut wire = Wire::new(world, cut);
    // The first connection must come about; what is cut is what follows.
    let whole = core::mem::replace(&mut wire.cut, WHOLE);
    for _ in 0..20 {
        wire.drain();
        if core::mem::take(&mut wire.wants_connection) {
            wire.open = Some(wire.world.connect());
            wire.client.handle_connected(wire.world.now);
        }
        wire.read();
    }
    (wire.cut, wire.passed) = (whole, (0, 0));
    for line in ["one", "two", "/me three"] {
        wire.client.handle_input(line, wire.world.now);
    }
    wire.client.handle_input_end(wire.world.now);
    wire.run();
    wire
}

/// What is told of each message is true: accepted ones are on disk once and in order, refused and unsent ones are not,
/// and nothing is there twice.
fn check(wire: &Wire, cut: Cut) -> [usize; 2] {
    let (fates, stored) = (wire.fates(), wire.stored("ada"));
    assert_eq!(fates.len(), 3, "{cut:?}: each has one fate: {:?}", wire.events);
    let mut counts = [0, 0];
    for (typed, fate) in &fates {
        let times = stored.iter().filter(|text| text.contains(&typed.text)).count();
        match fate {
            Fate::Accepted { .. } => {
                assert_eq!(times, 1, "{cut:?}: {typed:?} was accepted: {stored:?}");
                counts[0] += 1;
            }
            Fate::Unknown => {
                assert!(times <= 1, "{cut:?}: {typed:?} is there twice: {stored:?}");
                counts[1] += 1;
            }
            Fate::Refused { .. } | Fate::NotSent => panic!("{cut:?}: {typed:?} {fate:?}"),
        }
    }
    let order: Vec<_> =
        ["one", "two", "three"].into_iter().filter(|text| stored.iter().any(|s| s.contains(text))).collect();
    let found: Vec<_> = stored.iter().map(|text| order.iter().position(|word| text.contains(word))).collect();
    assert!(found.is_sorted(), "{cut:?}: {stored:?}");
    counts
}

/// Cuts at every byte, in a world where the service notices at once and in one where it does later.
#[test]
fn whatever_byte_is_the_last_nothing_is_said_twice_and_what_is_told_is_true() {
    let whole = conversation(WHOLE);
    assert_eq!(check(&whole, WHOLE), [3, 0]);
    let (to_server, to_client) = whole.passed;
    assert!(to_server > 50 && to_client > 100, "{:?}", whole.passed);
    // Where the service finds out later, every third byte will do.
    for (noticed_after, step) in [(Duration::ZERO, 1), (Duration::from_secs(10), 3)] {
        for at in (0..to_server).step_by(step) {
            let cut = Cut { to_server: at, noticed_after, ..WHOLE };
            assert_eq!(check(&conversation(cut), cut), [3, 0], "{cut:?}: the repeated messages tell everything");
        }
        for at in (0..to_client).step_by(step) {
            let cut = Cut { to_client: at, noticed_after, ..WHOLE };
            assert_eq!(check(&conversation(cut), cut), [3, 0], "{cut:?}: the repeated messages tell everything");
        }
    }
}

/// Where nothing is repeated nobody can know; then nothing is sent again.
#[test]
fn without_repetition_what_was_under_way_is_unknown_and_there_at_most_once() {
    let without = |cut| {
        let mut wire = Wire::new(World::new(), cut);
        for line in ["one", "two", "/me three"] {
            wire.client.handle_input(line, wire.world.now);
        }
        wire.client.handle_input_end(wire.world.now);
        wire.run();
        wire
    };
    let whole = without(WHOLE);
    let welcome = whole.passed;
    let mut unknown = 0;
    for at in (0..welcome.1).step_by(7) {
        let wire = without(Cut { to_client: at, ..WHOLE });
        let is_first_lost = wire.fates().iter().any(|(_, fate)| *fate == Fate::NotSent);
        if !is_first_lost {
            unknown += check(&wire, Cut { to_client: at, ..WHOLE })[1];
        }
    }
    assert!(unknown > 0, "some cuts fall between a message and its echo");
}

/// What others say while we are away is shown once, and in their order.
#[test]
fn what_others_say_is_shown_once() {
    let mut world = World::new();
    let ben = world.member("ben", "#tea");
    world.say(ben, "PRIVMSG #tea :line 0");
    let mut wire = Wire::new(world, WHOLE);
    for said in 1..6 {
        for _ in 0..20 {
            wire.drain();
            if core::mem::take(&mut wire.wants_connection) {
                wire.open = Some(wire.world.connect());
                wire.client.handle_connected(wire.world.now);
            }
            wire.read();
        }
        wire.break_up();
        wire.client.handle_end("cut", wire.world.now);
        wire.world.say(ben, &format!("PRIVMSG #tea :line {said}"));
        wire.world.pass(crate::limits::CHAT_CLIENT_RETRY_MAX);
        wire.client.handle_timeout(wire.world.now);
    }
    let shown: Vec<String> = wire
        .events
        .iter()
        .filter_map(|event| if let Event::Message(message) = event { Some(message.text.clone()) } else { None })
        .collect();
    assert_eq!(shown, (0..5).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert_eq!(wire.client.nick().to_string(), "ada");
}
