//! The reference model: who is called what, who is in which room with which statuses, what each room allows, and what was
//! said where. Slow and obvious: every question is answered by looking at everything.
//!
//! It carries out the same lines as the service and writes down what every connection must see, in order. Grammar
//! (messages, capabilities, masks) is taken from `irc`, which has its own tests; of the service itself it uses nothing.

mod history;
mod message;
mod metadata;
mod modes;
mod presence;
mod redaction;
mod registration;
mod replay;
mod rooms;
mod search;

use crate::chat::Settings;
use crate::irc::capability::{Capabilities, Capability};
use crate::irc::casemap::fold;
use crate::irc::message::Message;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
pub(super) use history::Question;
pub(super) use message::{Fate, Said};
pub(super) use redaction::Redaction;
pub(super) use rooms::Room;
pub(super) use search::Search;

/// A connection's number; never used again.
pub(super) type Conn = usize;

pub(super) struct Model {
    pub(super) settings: Settings,
    pub(super) now: Now,
    pub(super) people: BTreeMap<Conn, Person>,
    /// By folded name.
    pub(super) rooms: BTreeMap<Box<str>, Room>,
    /// Everything that was ever said, in order.
    pub(super) said: Vec<Said>,
    /// Durable ones that the service has not yet handed to the store, in order.
    pub(super) unstored: VecDeque<usize>,
    /// The time of the newest message of this run; those that were refused count.
    last_us: i64,
    /// What the service has not yet asked the store for, in order.
    pub(super) unasked: VecDeque<Ask>,
    /// Messages that somebody wants to be gone, by number of the wish.
    pub(super) redactions: BTreeMap<usize, Redaction>,
    /// Where the conversation of each room is kept, by number of the room, once that is known.
    pub(super) logs: BTreeMap<usize, String>,
    /// Since a commit failed: nothing that must be kept is taken.
    pub(super) is_store_failing: bool,
    /// Some commit failed in this run.
    pub(super) has_lost: bool,
    /// Several things happen at once, and what is left to do comes after the last.
    pub(super) is_in_turn: bool,
    /// How often clients heard each command, and each in each kind of batch.
    pub(super) heard: BTreeMap<String, usize>,
    next_room: usize,
    next_place: usize,
    /// What the one who sent the line sees of it; comes after what others see.
    answer: Vec<Expect>,
    leaving: Option<String>,
}

/// A connection and who it is.
#[derive(Default)]
pub(super) struct Person {
    pub(super) stage: Stage,
    pub(super) is_guest: bool,
    pub(super) nick: Option<String>,
    pub(super) username: Option<String>,
    pub(super) host: String,
    pub(super) realname: String,
    pub(super) caps: Capabilities,
    pub(super) is_302: bool,
    pub(super) is_negotiating: bool,
    pub(super) away: Option<String>,
    pub(super) is_invisible: bool,
    pub(super) flags: BTreeSet<char>,
    /// Rooms, by number, whose door is open to them.
    pub(super) invited: BTreeSet<usize>,
    /// Folded nicknames that they watch.
    pub(super) watched: BTreeSet<Box<str>>,
    pub(super) batch: Option<message::Batch>,
    pub(super) opened: Instant,
    /// What they must see and have not yet, in order.
    pub(super) expects: VecDeque<Expect>,
    /// Folded names of rooms whose members they asked for, and are told when there is place.
    pub(super) late_names: Vec<Box<str>>,
    /// Labels of commands that were carried out, and the durable messages that each answers for.
    pub(super) labels: BTreeMap<String, Vec<usize>>,
    /// Whether they were ever in the room that is secret from the start.
    pub(super) knows_secret: bool,
    pub(super) telling: metadata::Telling,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Registering,
    Here,
    /// Told why, and nothing more.
    Closing {
        /// What was queued may be lost.
        is_lossy: bool,
    },
}

/// What the store is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// To read, for this place of what a connection sees.
    Read(Conn, usize),
    /// To search, likewise.
    Search(Conn, usize),
    /// To find the message that is to be redacted.
    Find(usize),
    /// To erase it.
    Erase(usize),
}

/// One thing that a connection must see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    Line {
        words: Vec<String>,
        /// The message that it shows.
        said: Option<usize>,
        /// It promises that the message is on disk.
        is_echo: bool,
    },
    /// Something that was done, once it is on disk; nothing if that fails.
    IfKept { words: Vec<String> },
    /// The place of a replay that is not read yet.
    Replay { place: usize, room: usize, before: usize, count: usize, has_tags: bool },
    /// The place of the answer to CHATHISTORY, likewise.
    History { place: usize, room: usize, question: Question },
    /// The place of the answer to SEARCH, likewise.
    Search { place: usize, search: Search },
}

/// Something that happened, in the words of each face.
pub(super) struct Told {
    pub(super) irc: Vec<String>,
    pub(super) guest: Option<String>,
    /// What of it history shows later.
    pub(super) said: Option<usize>,
}

impl Expect {
    pub(super) fn line(words: Vec<String>) -> Self {
        Self::Line { words, said: None, is_echo: false }
    }
}

impl Model {
    pub(super) fn new(settings: Settings, now: Now) -> Self {
        Self {
            settings,
            now,
            people: BTreeMap::new(),
            rooms: BTreeMap::new(),
            said: Vec::new(),
            unstored: VecDeque::new(),
            last_us: 0,
            unasked: VecDeque::new(),
            redactions: BTreeMap::new(),
            logs: BTreeMap::new(),
            is_store_failing: false,
            has_lost: false,
            is_in_turn: false,
            heard: BTreeMap::new(),
            next_room: 0,
            next_place: 0,
            answer: Vec::new(),
            leaving: None,
        }
    }

    pub(super) fn connect(&mut self, conn: Conn, is_guest: bool, host: &str) {
        let person = Person { is_guest, host: host.to_string(), opened: self.now.mono, ..Person::default() };
        self.people.insert(conn, person);
    }

    /// The line is carried out.
    pub(super) fn line(&mut self, conn: Conn, line: &[u8]) {
        let Some(person) = self.people.get(&conn).filter(|person| !person.is_closing()) else { return };
        let Ok(text) = core::str::from_utf8(line) else { return };
        if person.is_guest {
            self.guest_line(conn, text);
        } else {
            self.irc_line(conn, text);
        }
        self.see_answer(conn);
        if let Some(reason) = self.leaving.take() {
            self.close(conn, &reason);
        }
        self.sweep();
    }

    /// The one who did something sees the answer to it, behind all that is to be seen already.
    fn see_answer(&mut self, conn: Conn) {
        let answer = core::mem::take(&mut self.answer);
        self.person(conn).expects.extend(answer);
    }

    fn irc_line(&mut self, conn: Conn, text: &str) {
        let Ok(message) = Message::parse(text.as_bytes()) else { return };
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let params: Vec<String> = message.params.iter().map(lossy).collect();
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        let verb = lossy(message.command).to_uppercase();
        if self.person(conn).stage == Stage::Registering {
            return self.registering(conn, &verb, &params);
        }
        let tags = message::LineTags::of(&message, self.person(conn).caps);
        if let Some(label) = tags.label.clone().filter(|_| self.person(conn).caps.has_labels()) {
            self.person(conn).labels.insert(label, Vec::new());
        }
        if !self.in_batch(conn, &verb, &params, &tags) {
            self.command(conn, &verb, &params, &tags);
        }
    }

    fn command(&mut self, conn: Conn, verb: &str, params: &[&str], tags: &message::LineTags) {
        match (verb, params) {
            ("NICK", [nick, ..]) => self.nick(conn, nick),
            ("CAP", [sub, rest @ ..]) => self.cap(conn, sub, rest),
            ("JOIN", ["0", ..]) => self.part_all(conn),
            ("JOIN", [rooms, rest @ ..]) => self.join_all(conn, rooms, rest.first().copied().unwrap_or_default()),
            ("PART", [rooms, rest @ ..]) => {
                rooms.split(',').for_each(|room| self.part(conn, room, rest.first().copied()));
            }
            ("QUIT", rest) => {
                let reason = rest.first().filter(|reason| !reason.is_empty());
                self.leaving = Some(reason.map_or("Client quit".into(), |reason| format!("Quit: {reason}")));
            }
            ("PRIVMSG" | "NOTICE" | "TAGMSG", [targets, rest @ ..]) => self.speak(conn, verb, targets, rest, tags),
            ("BATCH", params) => self.batch(conn, params, tags),
            ("TOPIC", [room]) => self.ask_topic(conn, room),
            ("TOPIC", [room, text, ..]) => self.set_topic(conn, room, text),
            ("CHATHISTORY", [subcommand, target, anchors @ .., limit]) => {
                self.ask_history(conn, subcommand, target, anchors, limit);
            }
            ("SEARCH", [attributes, ..]) => self.ask_search(conn, attributes),
            ("REDACT", [target, msgid, rest @ ..]) => self.ask_redaction(conn, target, msgid, rest.first().copied()),
            ("METADATA", [target, subcommand, rest @ ..]) => self.metadata(conn, target, subcommand, rest),
            ("MARKREAD", [target, rest @ ..]) => self.mark(conn, target, rest.first().copied()),
            ("NAMES", [room, ..]) => self.ask_names(conn, room),
            ("KICK", [room, nicks, rest @ ..]) => {
                let reason = rest.first().copied().filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or(&self.nick_of(conn)).to_string();
                nicks.split(',').for_each(|nick| self.kick(conn, room, nick, &reason));
            }
            ("INVITE", [nick, room, ..]) => self.invite(conn, nick, room),
            ("MODE", [room, modes, args @ ..]) if room.starts_with('#') => self.room_mode(conn, room, modes, args),
            ("MODE", [nick, modes, ..]) if fold(nick) == fold(&self.nick_of(conn)) => self.user_mode(conn, modes),
            ("AWAY", params) => self.set_away(conn, params.first().copied().filter(|text| !text.is_empty())),
            ("MONITOR", ["+", nicks, ..]) => self.watch(conn, nicks),
            ("SETNAME", [name, ..]) => self.set_realname(conn, name),
            _ => {}
        }
    }

    /// Tells others at once, and the one who did it at the end.
    fn tell(&mut self, whom: &BTreeSet<Conn>, by: Option<Conn>, told: &Told, hears: impl Fn(&Person) -> bool) {
        for conn in whom {
            let Some(person) = self.people.get_mut(conn).filter(|person| hears(person)) else { continue };
            let words = match (person.is_guest, &told.guest) {
                (false, _) => told.irc.clone(),
                (true, Some(text)) if by != Some(*conn) => Vec::from([text.clone()]),
                (true, _) => continue,
            };
            if by == Some(*conn) {
                self.answer.push(Expect::Line { words, said: told.said, is_echo: false });
            } else {
                person.expects.push_back(Expect::Line { words, said: told.said, is_echo: false });
            }
        }
    }

    pub(super) fn person(&mut self, conn: Conn) -> &mut Person {
        self.people.get_mut(&conn).expect("the world only speaks of connections that there are")
    }

    pub(super) fn nick_of(&self, conn: Conn) -> String {
        self.people[&conn].nick.clone().unwrap_or_default()
    }

    /// Whoever is here and called so.
    pub(super) fn named(&self, nick: &str) -> Option<Conn> {
        let is_named = |person: &Person| person.stage == Stage::Here && fold(&person.name()) == fold(nick);
        self.people.iter().find(|(_, person)| is_named(person)).map(|(conn, _)| *conn)
    }

    /// All who share a room with somebody, without themselves.
    fn neighbours(&self, conn: Conn) -> BTreeSet<Conn> {
        let shared = self.rooms.values().filter(|room| room.members.contains_key(&conn));
        shared.flat_map(|room| room.members.keys().copied()).filter(|other| *other != conn).collect()
    }
}

impl Person {
    /// Of what they are to see from the place `from` on, the names of these rooms come when there is place, and are not known
    /// before.
    pub(super) fn wait_for_names(&mut self, from: usize, rooms: &BTreeSet<Box<str>>) {
        for index in (from..self.expects.len()).rev() {
            let Some(Expect::Line { words, .. }) = self.expects.get(index) else { continue };
            let [code, room, ..] = words.as_slice() else { continue };
            let room = fold(room);
            if code == "366" && rooms.contains(&room) {
                self.late_names.push(room);
                self.expects.remove(index);
            }
        }
    }

    /// Whether these are names that come late.
    pub(super) fn takes_late(&mut self, seen: &[String]) -> bool {
        let [code, room, ..] = seen else { return false };
        let room = fold(room);
        let index = self.late_names.iter().position(|late| code == "366" && *late == room);
        index.map(|index| self.late_names.swap_remove(index)).is_some()
    }
    pub(super) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
    }

    pub(super) fn has(&self, capability: Capability) -> bool {
        self.caps.contains(capability)
    }

    pub(super) fn name(&self) -> String {
        self.nick.clone().unwrap_or_default()
    }

    pub(super) fn mask(&self) -> String {
        format!("{}!{}@{}", self.name(), self.username.clone().unwrap_or_default(), self.host)
    }
}

/// The words of a line.
pub(super) fn words<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Vec<String> {
    words.into_iter().map(|word| word.as_ref().to_string()).collect()
}
