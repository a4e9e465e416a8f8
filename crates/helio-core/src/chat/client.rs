//! The other end: a client for this service and for any IRC server, as a value without sockets or clock.
//!
//! It registers with the capabilities that it uses and the server has, joins its rooms, answers PING, finds out when a
//! connection is dead, comes back after a loss, drops what is repeated, and tells the fate of each typed message.
//!
//! The driver follows the crate's run-loop contract: `handle_*`, then [`Client::poll_action`] and
//! [`Client::poll_event`] until both are empty. The first action, [`Action::Connect`], waits there from the start.

mod act;
mod asking;
mod capable;
pub mod desk;
mod enrol;
mod event;
mod incoming;
mod input;
mod link;
mod login;
mod outbox;
mod register;
mod rooms;
mod say;
mod search;
mod seen;
mod settings;
mod typing;
mod wish;

pub use enrol::{EnrolError, Enrolled, Enrolment, Newcomer};
pub use event::{Action, End, Event, Fate, Kind, Message, Typed};
pub use input::{COMMANDS, CommandHelp, plain_text};
pub use settings::{Login, Nonces, Settings};
pub use wish::Wish;

use crate::irc::capability::Capabilities;
use crate::irc::line::LineBuilder;
use crate::rng::Rng;
use crate::time::{Instant, Now, Utc};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use asking::Asking;
use capable::Server;
use desk::{BufferId, BufferKind, Desk, EntryId};
use incoming::{Batches, Early};
use link::{Link, Retries};
use login::LoggingIn;
use outbox::Outbox;
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
    /// What the server can do.
    server: Server,
    logging_in: LoggingIn,
    /// Messages that came, live or from the history.
    seen: Seen,
    /// Messages that were told by an event.
    told: Seen,
    outbox: Outbox,
    /// Where the entries are of own messages whose fate is open.
    drafts: BTreeMap<u64, (BufferId, EntryId)>,
    batches: Batches,
    asking: Asking,
    /// Reactions to messages that are not here yet.
    early: VecDeque<Early>,
    /// When the server last told the time.
    last_heard: Option<Utc>,
    /// When something last happened here.
    clock: Utc,
    /// The buffer from which something was asked last: answers that fit nothing else go there.
    asked_in: Option<BufferId>,
    typing: typing::Typing,
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
        let (mut rooms, mut desk) = (Rooms::default(), Desk::new(&settings.nick));
        for room in settings.rooms.iter().rev() {
            rooms.want(room.as_str(), None);
            let buffer = desk.open(room.as_str(), BufferKind::Room);
            desk.show(buffer);
        }
        desk.is_encrypted = settings.is_encrypted;
        Self {
            nick: settings.nick.clone(),
            registration: Registration::default(),
            settings,
            rng: Rng::from_seed(seed),
            link: Link::Connecting,
            retries: Retries::default(),
            caps: Capabilities::NONE,
            rooms,
            server: Server::default(),
            logging_in: LoggingIn::default(),
            seen: Seen::default(),
            told: Seen::default(),
            outbox: Outbox::default(),
            drafts: BTreeMap::new(),
            batches: Batches::default(),
            asking: Asking::default(),
            early: VecDeque::new(),
            last_heard: None,
            clock: Utc::from_micros(0),
            asked_in: None,
            typing: typing::Typing::default(),
            closing: Closing::No,
            desk,
            actions: VecDeque::from([Action::Connect]),
            events: VecDeque::new(),
        }
    }

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self, now: Now) {
        self.clock = now.utc;
        if self.link == Link::Connecting {
            register::begin(self, now);
        }
    }

    /// A line arrived from the server, without its line end. What is no message is ignored.
    pub fn handle_line(&mut self, line: &[u8], now: Now) {
        self.clock = now.utc;
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
        asking::time_passed(self, now);
        typing::time_passed(self, now);
        self.go_on(now);
    }

    /// When [`Client::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let times = [self.link.wakes_at(), self.asking.gives_up_at(), typing::ends_at(self)];
        times.into_iter().flatten().min()
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
        self.clock = now.utc;
        act::input(self, line, None, now);
        self.go_on(now);
    }

    /// A person does something in a user interface.
    pub fn handle_wish(&mut self, wish: Wish, now: Now) {
        if self.closing == Closing::No && self.link != Link::Ended {
            self.clock = now.utc;
            act::wish(self, wish, now);
            self.go_on(now);
        }
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

    /// Sends what may be sent, and leaves when everything is done.
    fn go_on(&mut self, now: Now) {
        if !self.link.is_online() {
            // Whoever has nothing to say does not wait for the server to come back.
            if self.closing == Closing::WhenDone && self.outbox.len() == 0 && self.retries.was_online {
                link::leave(self, now);
            }
            return;
        }
        asking::go_on(self, now);
        say::go_on(self);
        if self.closing == Closing::WhenDone && self.is_done() {
            link::leave(self, now);
        }
    }

    fn is_done(&self) -> bool {
        self.outbox.len() == 0 && self.link.is_synced() && self.rooms.are_joined()
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
            self.desk.link = desk::LinkState::Ended;
            let abandoned = self.outbox.abandon();
            self.decided(abandoned);
            self.actions.push_back(Action::Close);
            self.tell(Event::Ended(end));
        }
    }
}

#[cfg(test)]
mod tests;
