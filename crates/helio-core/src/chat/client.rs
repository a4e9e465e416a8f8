//! The other end: a client for this service and for any IRC server, as a value without sockets or clock.
//!
//! It registers with the capabilities that it uses and the server has, joins its rooms, answers PING, finds out when a
//! connection is dead, comes back after a loss, drops what is repeated, and tells the fate of each typed message.
//!
//! The driver follows the crate's run-loop contract: `handle_*`, then [`Client::poll_action`] and
//! [`Client::poll_event`] until both are empty. The first action, [`Action::Connect`], waits there from the start.

pub mod desk;
mod enrol;
mod event;
mod incoming;
mod input;
mod link;
mod outbox;
mod register;
mod rooms;
mod seen;
mod settings;
mod wish;

pub use enrol::{EnrolError, Enrolled, Enrolment, Newcomer};
pub use event::{Action, End, Event, Fate, Kind, Message, Typed};
pub use input::{COMMANDS, plain_text};
pub use settings::Settings;
pub use wish::Wish;

use crate::irc::capability::Capabilities;
use crate::irc::line::LineBuilder;
use crate::rng::Rng;
use crate::time::{Instant, Now};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use desk::Desk;
use incoming::Labels;
use input::Input;
use link::{Link, Retries};
use outbox::{Means, Outbox};
use register::Registration;
use rooms::Rooms;
use seen::Seen;

/// One person's connection to one server, through all its losses.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    rng: Rng,
    link: Link,
    retries: Retries,
    registration: Registration,
    /// Our nickname, or the one that is being tried.
    nick: String,
    caps: Capabilities,
    rooms: Rooms,
    seen: Seen,
    outbox: Outbox,
    labels: Labels,
    closing: Closing,
    desk: Desk,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
}

/// Whether the client is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    No,
    /// As soon as the fate of everything is known.
    WhenDone,
}

impl Client {
    /// A client that wants to connect. `seed` spreads its waits, so that clients do not come back all at once.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut rooms = Rooms::default();
        for room in &settings.rooms {
            rooms.want(room.as_str(), None);
        }
        if let Some(first) = settings.rooms.first() {
            rooms.choose(first.as_str());
        }
        Self {
            nick: settings.nick.clone(),
            desk: Desk::new(&settings.nick),
            registration: Registration::default(),
            settings,
            rng: Rng::from_seed(seed),
            link: Link::Connecting,
            retries: Retries::default(),
            caps: Capabilities::NONE,
            rooms,
            seen: Seen::default(),
            outbox: Outbox::default(),
            labels: Labels::default(),
            closing: Closing::No,
            actions: VecDeque::from([Action::Connect]),
            events: VecDeque::new(),
        }
    }

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self, now: Now) {
        if self.link == Link::Connecting {
            register::begin(self, now);
        }
    }

    /// A line arrived from the server, without its line end. What is no message is ignored.
    pub fn handle_line(&mut self, line: &[u8], now: Now) {
        if self.link.is_open() {
            incoming::take(self, line, now);
            self.go_on(now);
        }
    }

    /// The connection ended or broke, or could not be opened.
    pub fn handle_end(&mut self, reason: &str, now: Now) {
        link::lost(self, reason, now);
        self.go_on(now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        link::time_passed(self, now);
        self.go_on(now);
    }

    /// When [`Client::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.link.wakes_at()
    }

    /// Whether another line of input may be handed in now. More would be kept without bound.
    #[must_use]
    pub fn takes_input(&self) -> bool {
        self.closing == Closing::No && self.outbox.has_room() && self.link != Link::Ended
    }

    /// A line was typed. A command ([`COMMANDS`]) is carried out, anything else is said in the current room, as several
    /// messages if it is long. An empty line is nothing.
    pub fn handle_input(&mut self, line: &str, now: Now) {
        if self.closing != Closing::No || self.link == Link::Ended {
            return;
        }
        match Input::parse(line) {
            Input::Nothing => {}
            Input::Say(text) => self.say(Kind::Message, text),
            Input::Me(text) => self.say(Kind::Action, text),
            Input::To { target, is_notice, text } => {
                self.outbox.add(target, if is_notice { Kind::Notice } else { Kind::Message }, text);
            }
            Input::Nick(nick) => register::rename(self, nick),
            Input::Join { room, key } => self.join(room.as_str(), key),
            Input::Part { room, reason } => self.part(room, reason),
            Input::Quit(reason) => {
                self.settings.quit_message = reason.to_string();
                self.closing = Closing::WhenDone;
            }
            Input::Help => self.tell(Event::Told { text: COMMANDS.to_string() }),
            Input::Wrong(text) => self.tell(Event::Wrong { text }),
        }
        self.go_on(now);
    }

    /// There will be no more input: the client leaves when the fate of everything that was typed is known.
    pub fn handle_input_end(&mut self, now: Now) {
        self.closing = Closing::WhenDone;
        self.go_on(now);
    }

    /// The client is to leave now, whatever is not acknowledged.
    pub fn handle_stop(&mut self, now: Now) {
        link::leave(self, now);
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What the person has in front of them.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Own messages whose fate is not decided.
    #[must_use]
    pub fn unsettled(&self) -> usize {
        self.outbox.len()
    }

    /// Whether QUIT is sent, or it is over.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self.link, Link::Quitting { .. } | Link::Ended)
    }

    /// Our nickname; before the first welcome, the one that is being tried.
    #[must_use]
    pub fn nick(&self) -> &str {
        &self.nick
    }

    fn say(&mut self, kind: Kind, text: &str) {
        match self.rooms.current().map(str::to_string) {
            Some(room) => self.outbox.add(&room, kind, text),
            None => self.tell(Event::Wrong { text: "you are in no room; /join #ROOM goes to one".to_string() }),
        }
    }

    fn join(&mut self, name: &str, key: Option<&str>) {
        if !self.rooms.want(name, key) {
            return self.tell(Event::NotJoined { room: name.to_string(), reason: "too many rooms".to_string() });
        }
        if self.link.is_online() && self.rooms.get(name).is_some_and(|room| !room.is_joined) {
            self.send(|line| {
                let line = line.command("JOIN").param(name);
                if let Some(key) = key { line.param(key) } else { line }
            });
        }
    }

    fn part(&mut self, room: Option<&str>, reason: &str) {
        let Some(name) = room.or(self.rooms.current()).map(str::to_string) else { return };
        if self.rooms.forget(&name).is_none() {
            return self.tell(Event::Wrong { text: format!("you are not in {name}") });
        }
        if self.link.is_online() {
            self.send(|line| line.command("PART").param(&name).trailing(reason));
        }
    }

    /// Sends what may be sent, and leaves when everything is done.
    fn go_on(&mut self, now: Now) {
        if !self.link.is_online() {
            // Whoever has nothing to say does not wait for the server to come back.
            if self.closing == Closing::WhenDone && self.outbox.len() == 0 && self.retries.was_online {
                link::leave(self, now);
            }
            return;
        }
        while let Some(target) = self.outbox.next_target(self.means()).map(str::to_string) {
            match self.rooms.get(&target) {
                None if target.starts_with('#') => {
                    let refused = self.outbox.refuse_next(format!("you are not in {target}"));
                    self.events.extend(refused);
                }
                Some(room) if !room.is_joined => break,
                Some(_) | None => self.send_next(),
            }
        }
        if self.closing == Closing::WhenDone && self.is_done() {
            link::leave(self, now);
        }
    }

    fn is_done(&self) -> bool {
        self.outbox.len() == 0 && self.link.is_synced() && self.rooms.are_joined()
    }

    fn send_next(&mut self) {
        let (means, mut bytes) = (self.means(), Vec::new());
        let Some((text, typed)) = self.outbox.send_next(&self.nick, means) else { return };
        if means.has_labels {
            bytes.extend_from_slice(format!("@label={} ", typed.number).as_bytes());
        }
        LineBuilder::new(&mut bytes).command(typed.verb()).param(&typed.target).trailing(&text).finish();
        if !means.has_labels {
            let token = format!("{}{}", incoming::BARRIER, typed.number);
            LineBuilder::new(&mut bytes).command("PING").trailing(&token).finish();
        }
        self.actions.push_back(Action::Send(bytes));
    }

    fn means(&self) -> Means {
        Means {
            has_labels: self.caps.has_labels(),
            knows_own: register::knows_own_messages(self.caps),
            seen: self.seen.count(),
        }
    }

    fn send(&mut self, compose: impl FnOnce(LineBuilder<'_>) -> LineBuilder<'_>) {
        let mut bytes = Vec::new();
        compose(LineBuilder::new(&mut bytes)).finish();
        self.actions.push_back(Action::Send(bytes));
    }

    fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Nothing follows: what was not settled is told, then how it ended.
    fn finish(&mut self, end: End) {
        if self.link != Link::Ended {
            self.link = Link::Ended;
            let abandoned = self.outbox.abandon();
            self.events.extend(abandoned);
            self.actions.push_back(Action::Close);
            self.tell(Event::Ended(end));
        }
    }
}

#[cfg(test)]
mod tests;
