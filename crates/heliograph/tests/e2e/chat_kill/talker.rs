//! Somebody who says numbered messages until the connection is gone, and writes down what was sent, acknowledged and heard.

use crate::support::chat::Client;
use helio_core::rng::Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::mpsc::Sender;

/// Every this many messages the first in a room changes its settings before it speaks.
const SETTINGS_EVERY: u32 = 8;

/// Every this many messages one is private, and one has three lines where that is possible.
const OTHER_EVERY: u32 = 7;

/// What one says in a life at most, so that the whole room stays within a replay.
const MESSAGES: u32 = 60;

/// By what one learns that a message is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    LabelledEcho,
    Echo,
    /// The answer to a label, without an echo.
    Label,
}

impl Promise {
    fn capabilities(self) -> &'static str {
        match self {
            Self::LabelledEcho => "echo-message labeled-response message-tags batch server-time",
            Self::Echo => "echo-message message-tags server-time",
            Self::Label => "labeled-response message-tags batch server-time draft/multiline",
        }
    }

    fn has_label(self) -> bool {
        self != Self::Echo
    }

    pub(super) fn has_echo(self) -> bool {
        self != Self::Label
    }
}

/// A message as somebody met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    /// The room's name, or both nicknames.
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) msgid: Option<String>,
}

/// What is to be found again after the kill.
pub(super) struct Session {
    pub(super) nick: String,
    pub(super) room: String,
    pub(super) promise: Promise,
    /// In order; without msgid.
    pub(super) sent: Vec<Met>,
    /// Texts with the msgid where the acknowledgement told it.
    pub(super) acknowledged: Vec<(String, Option<String>)>,
    pub(super) heard: Vec<Met>,
    /// Numbers of the messages before which the settings were changed.
    pub(super) settings: Vec<u32>,
}

/// A session that goes on.
pub(super) struct Talker {
    client: Client,
    life: u32,
    peer: String,
    is_first: bool,
    window: usize,
    waiting: usize,
    session: Session,
    batches: BTreeMap<String, String>,
}

/// The numbered text of one message: the life of the server, who, and the number.
pub(super) fn numbered(life: u32, nick: &str, number: u32) -> String {
    format!("L{life}.{nick}.{number}")
}

/// The conversation of two people, as the store names its log.
pub(super) fn private(one: &str, other: &str) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    format!("private/{first}/{second}")
}

impl Talker {
    /// Comes into `room` of the server at `at`, as its operator if `is_first`.
    pub(super) fn join(at: SocketAddr, life: u32, who: [&str; 3], is_first: bool, rng: &mut Rng) -> Self {
        let [nick, peer, room] = who;
        let promise = [Promise::LabelledEcho, Promise::Echo, Promise::Label][rng.below(3) as usize];
        let session = Session {
            nick: nick.into(),
            room: room.into(),
            promise,
            sent: Vec::new(),
            acknowledged: Vec::new(),
            heard: Vec::new(),
            settings: Vec::new(),
        };
        let client = Client::join_with(at, nick, promise.capabilities(), room);
        let window = 1 + rng.below(8) as usize;
        Self { client, life, peer: peer.into(), is_first, window, waiting: 0, session, batches: BTreeMap::new() }
    }

    /// Talks until the connection is gone; tells of each acknowledgement.
    pub(super) fn talk(mut self, told: &Sender<()>) -> Session {
        let mut line = String::new();
        loop {
            if self.send().is_err() {
                // What was acknowledged before may still be unread.
                self.window = 0;
            }
            line.clear();
            match self.client.stream.read_line(&mut line) {
                Ok(0) => return self.session,
                // Half a line is none: the number in it could be cut.
                Ok(_) if !line.ends_with('\n') => return self.session,
                Ok(_) => self.hear(line.trim_end(), told),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("{} hears nothing any more", self.session.nick)
                }
                Err(_) => return self.session,
            }
        }
    }

    /// Sends as much as may be in flight.
    fn send(&mut self) -> std::io::Result<()> {
        while self.waiting < self.window && self.session.sent.len() < MESSAGES as usize {
            let number = self.session.sent.len() as u32;
            let text = numbered(self.life, &self.session.nick, number);
            let mut lines = String::new();
            if self.is_first && number.is_multiple_of(SETTINGS_EVERY) {
                self.session.settings.push(number);
                lines = settings(&self.session.room, self.life, number);
            }
            let is_private = number % OTHER_EVERY == 3;
            let target = if is_private { self.peer.clone() } else { self.session.room.clone() };
            let has_lines = self.session.promise == Promise::Label && number % OTHER_EVERY == 5;
            let label = if self.session.promise.has_label() { format!("@label={text} ") } else { String::new() };
            let verb = if number.is_multiple_of(2) { "PRIVMSG" } else { "NOTICE" };
            lines += &if has_lines {
                multiline(&label, &target, &text)
            } else {
                format!("{label}{verb} {target} :{text}\r\n")
            };
            let place = if is_private { private(&self.session.nick, &self.peer) } else { target };
            self.session.sent.push(Met { place, text, msgid: None });
            self.waiting += 1;
            self.client.stream.get_mut().write_all(lines.as_bytes())?;
        }
        Ok(())
    }

    fn hear(&mut self, line: &str, told: &Sender<()>) {
        let line = Line::parse(line);
        assert!(!matches!(line.verb, "FAIL" | "ERROR"), "{}: {line:?}", self.session.nick);
        if let Some(label) = line.tag("label") {
            // A multiline message is answered by ACK, like any other.
            assert_eq!(line.verb == "ACK", !self.session.promise.has_echo(), "{line:?}");
            self.acknowledged(label, line.tag("msgid"), told);
        }
        if line.verb == "BATCH" && line.params.get(1) == Some(&"draft/multiline") {
            self.batches.insert(line.params[0][1..].into(), line.tag("msgid").unwrap().into());
        }
        let [target, text] = line.params[..] else { return };
        // Later lines of a message of several, and what others said in earlier lives, shown again.
        if !matches!(line.verb, "PRIVMSG" | "NOTICE") || text.contains('/') || !self.is_of_now(text) {
            return;
        }
        let by = line.source.split('!').next().unwrap();
        let msgid = line.tag("msgid").or_else(|| self.batches.get(line.tag("batch")?).map(String::as_str));
        let msgid = Some(msgid.unwrap_or_else(|| panic!("no msgid: {line:?}")).to_owned());
        if by == self.session.nick && !self.session.promise.has_label() {
            self.acknowledged(text, msgid.as_deref(), told);
        }
        let place = if target.starts_with('#') { target.into() } else { private(by, target) };
        self.session.heard.push(Met { place, text: text.into(), msgid });
    }

    fn is_of_now(&self, text: &str) -> bool {
        text.starts_with(&format!("L{}.", self.life))
    }

    fn acknowledged(&mut self, text: &str, msgid: Option<&str>, told: &Sender<()>) {
        self.waiting = self.waiting.checked_sub(1).unwrap_or_else(|| panic!("{text} was acknowledged twice"));
        self.session.acknowledged.push((text.into(), msgid.map(String::from)));
        // Nobody listens once the server is to be killed.
        let _ = told.send(());
    }
}

/// Topic, limit and, once in a life, a ban.
fn settings(room: &str, life: u32, number: u32) -> String {
    let ban = if number == 0 { format!("MODE {room} +b L{life}!*@*\r\n") } else { String::new() };
    format!("{ban}TOPIC {room} :{}\r\nMODE {room} +l {}\r\n", topic(life, number), limit(life, number))
}

/// The topic that is set before the message of this number.
pub(super) fn topic(life: u32, number: u32) -> String {
    format!("topic {}", limit(life, number))
}

/// The limit that is set before the message of this number; rises from life to life.
pub(super) fn limit(life: u32, number: u32) -> u32 {
    life * 1000 + number
}

/// draft/multiline: one message of three lines.
fn multiline(label: &str, target: &str, text: &str) -> String {
    let lines = ["", "/2", "/3"].map(|end| format!("@batch=b PRIVMSG {target} :{text}{end}\r\n"));
    format!("{label}BATCH +b draft/multiline {target}\r\n{}BATCH -b\r\n", lines.concat())
}

/// A line from the server, in its parts.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    tags: &'a str,
    source: &'a str,
    pub(crate) verb: &'a str,
    pub(crate) params: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub(crate) fn parse(line: &'a str) -> Self {
        let (tags, line) = line.strip_prefix('@').and_then(|line| line.split_once(' ')).unwrap_or(("", line));
        let (source, line) = line.strip_prefix(':').and_then(|line| line.split_once(' ')).unwrap_or(("", line));
        let (middle, trailing) = line.split_once(" :").map_or((line, None), |(middle, end)| (middle, Some(end)));
        let mut words = middle.split(' ');
        let verb = words.next().unwrap();
        Self { tags, source, verb, params: words.chain(trailing).collect() }
    }

    pub(crate) fn tag(&self, name: &str) -> Option<&'a str> {
        self.tags.split(';').filter_map(|tag| tag.split_once('=')).find(|(found, _)| *found == name).map(|(_, v)| v)
    }
}
