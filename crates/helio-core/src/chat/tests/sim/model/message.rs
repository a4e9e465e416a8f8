//! What is said, and who sees it in which form.

use super::{Conn, Expect, Model, Person, words};
use crate::irc::capability::{Capabilities, Capability};
use crate::irc::casemap::fold;
use crate::irc::line::truncate_utf8;
use crate::irc::message::Message;
use crate::limits;
use crate::time::Instant;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Something said.
#[derive(Clone, Debug)]
pub(in crate::chat::tests::sim) struct Said {
    pub(in crate::chat::tests::sim) by: Conn,
    pub(in crate::chat::tests::sim) from: String,
    pub(in crate::chat::tests::sim) kind: &'static str,
    pub(in crate::chat::tests::sim) target: String,
    /// Text, and whether it continues the line before.
    pub(in crate::chat::tests::sim) lines: Vec<(String, bool)>,
    pub(in crate::chat::tests::sim) tags: String,
    pub(in crate::chat::tests::sim) at_us: i64,
    /// As the service stores it.
    pub(in crate::chat::tests::sim) msgid: String,
    pub(in crate::chat::tests::sim) fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat::tests::sim) enum Fate {
    /// Typing and the like.
    NotKept,
    Pending,
    OnDisk,
    Lost,
    /// Taken back, and gone from the disk.
    Redacted,
}

/// Tags of a line that mean something.
#[derive(Clone, Debug, Default)]
pub(in crate::chat::tests::sim) struct LineTags {
    pub(super) label: Option<String>,
    batch: Option<String>,
    is_concat: bool,
    client: String,
}

/// A multiline message that is being sent.
#[derive(Debug)]
pub(in crate::chat::tests::sim) struct Batch {
    reference: String,
    target: String,
    lines: Vec<(String, bool)>,
    tags: LineTags,
    deadline: Instant,
    is_refused: bool,
}

/// Whom something is for, and how that is written.
struct Address {
    whom: BTreeSet<Conn>,
    shown: String,
    room: Option<alloc::boxed::Box<str>>,
}

impl LineTags {
    pub(super) fn of(message: &Message<'_>, caps: Capabilities) -> Self {
        let text = |key: &str| message.tags.get(key).map(|value| String::from_utf8_lossy(&value).into_owned());
        let client = message.tags.client_only().map(|(key, value)| {
            let (key, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
            if value.is_empty() { key.into_owned() } else { format!("{key}={value}") }
        });
        let client: Vec<String> = client.filter(|_| caps.contains(Capability::MessageTags)).collect();
        Self {
            label: text("label").filter(|label| !label.is_empty() && label.len() <= limits::IRC_LABEL),
            batch: text("batch"),
            is_concat: text("draft/multiline-concat").is_some(),
            client: client.join(";"),
        }
    }
}

impl Model {
    pub(super) fn speak(&mut self, conn: Conn, verb: &str, targets: &str, rest: &[&str], tags: &LineTags) {
        let kind = match verb {
            "PRIVMSG" => "PRIVMSG",
            "NOTICE" => "NOTICE",
            _ if self.people[&conn].has(Capability::MessageTags) => "TAGMSG",
            _ => return,
        };
        let mut known = BTreeSet::new();
        let targets: Vec<&str> = targets.split(',').filter(|target| known.insert(fold(target))).collect();
        let text = rest.first().copied().unwrap_or_default();
        if targets.len() > limits::CHAT_TARGETS || (text.is_empty() && kind != "TAGMSG") {
            return;
        }
        let lines = if kind == "TAGMSG" { Vec::new() } else { Vec::from([(text.to_string(), false)]) };
        for target in targets {
            if let Some(number) = self.say(conn, kind, target, &lines, &tags.client)
                && let Some(label) = &tags.label
                && let Some(answered) = self.person(conn).labels.get_mut(label)
            {
                answered.push(number);
            }
        }
    }

    /// Says something if that is allowed. `Some`: it is kept, under this number.
    pub(super) fn say(
        &mut self,
        conn: Conn,
        kind: &'static str,
        target: &str,
        lines: &[(String, bool)],
        tags: &str,
    ) -> Option<usize> {
        let address = self.address(conn, target, lines)?;
        // Times only rise.
        self.last_us = self.now.utc.micros().max(self.last_us + 1);
        let is_kept = kind != "TAGMSG" || tags.split(';').any(|tag| tag.starts_with("+draft/react="));
        if is_kept && self.is_store_failing {
            return None;
        }
        let person = &self.people[&conn];
        let fate = if is_kept { Fate::Pending } else { Fate::NotKept };
        let (lines, tags, at_us) = (lines.to_vec(), tags.to_string(), self.last_us);
        let (from, target, msgid) = (person.mask(), address.shown, String::new());
        let mut said = Said { by: conn, from, kind, target, lines, tags, at_us, msgid, fate };
        said.fit(person.is_guest);
        if let Some(room) = address.room.and_then(|room| self.rooms.get_mut(&room)) {
            room.is_lasting |= is_kept;
        }
        let number = self.said.len();
        for other in address.whom {
            let shown = said.shown_to(&self.people[&other], number, false);
            self.person(other).expects.extend(shown);
        }
        if self.people[&conn].has(Capability::EchoMessage) {
            self.answer.extend(said.shown_to(&self.people[&conn], number, is_kept));
        }
        self.said.push(said);
        self.unstored.extend(is_kept.then_some(number));
        is_kept.then_some(number)
    }

    /// What history is to show of a change of a room, one line each; nothing for none.
    pub(super) fn changed(&mut self, conn: Conn, kind: &'static str, room: &str, lines: Vec<String>) -> Option<usize> {
        if lines.is_empty() {
            return None;
        }
        self.last_us = self.now.utc.micros().max(self.last_us + 1);
        let lines = lines.into_iter().map(|line| (line, false)).collect();
        let (from, target, at_us) = (self.people[&conn].mask(), room.to_string(), self.last_us);
        let (tags, msgid, fate) = (String::new(), String::new(), Fate::Pending);
        let number = self.said.len();
        self.said.push(Said { by: conn, from, kind, target, lines, tags, at_us, msgid, fate });
        self.unstored.push_back(number);
        Some(number)
    }

    fn address(&self, conn: Conn, target: &str, lines: &[(String, bool)]) -> Option<Address> {
        let name = target.trim_start_matches(['~', '&', '@', '%', '+']);
        if !name.starts_with('#') {
            let other = self.named(target)?;
            return Some(Address { whom: [other].into(), shown: self.nick_of(other), room: None });
        }
        let room = self.rooms.get(&fold(name)).filter(|room| self.may_speak(conn, room))?;
        let is_ctcp = |text: &str| text.starts_with('\u{1}') && !text.starts_with("\u{1}ACTION ");
        if room.flags.contains(&'C') && lines.iter().any(|(text, _)| is_ctcp(text)) {
            return None;
        }
        let prefixes = &target[..target.len() - name.len()];
        let least = prefixes.chars().filter_map(|prefix| Some(("+%@&~".find(prefix)? + 1, prefix))).min();
        let is_meant = |other: &Conn| *other != conn && room.rank(*other) >= least.map_or(0, |(rank, _)| rank);
        let whom = room.members.keys().copied().filter(is_meant).collect();
        let shown = least.map_or(room.name.clone(), |(_, prefix)| format!("{prefix}{}", room.name));
        Some(Address { whom, shown, room: Some(fold(name)) })
    }

    pub(super) fn batch(&mut self, conn: Conn, params: &[&str], tags: &LineTags) {
        let deadline = self.now.mono + limits::CHAT_MULTILINE_TIMEOUT;
        let person = self.person(conn);
        // Its answer comes when it ends, in one of many ways.
        person.labels.retain(|label, _| Some(label) != tags.label.as_ref());
        if !person.caps.has_multiline() {
            return;
        }
        match params {
            [begin, "draft/multiline", target, ..]
                if begin.starts_with('+') && person.batch.as_ref().is_none_or(|open| open.is_refused) =>
            {
                let (reference, target) = (begin[1..].to_string(), target.to_string());
                let (tags, lines) = (tags.clone(), Vec::new());
                person.batch = Some(Batch { reference, target, lines, tags, deadline, is_refused: false });
            }
            [end, ..] if end.starts_with('-') => {
                let ended = person.batch.take_if(|open| open.reference == end[1..]);
                let Some(open) = ended.filter(|open| !open.is_refused) else { return };
                if open.lines.iter().any(|(text, _)| !text.is_empty()) {
                    self.say(conn, "PRIVMSG", &open.target, &open.lines, &open.tags.client);
                }
            }
            _ => {}
        }
    }

    /// Whether the line says that it is part of a batch, and so is none of its own.
    pub(super) fn in_batch(&mut self, conn: Conn, verb: &str, params: &[&str], tags: &LineTags) -> bool {
        let person = self.person(conn);
        let Some(reference) = tags.batch.as_ref().filter(|_| person.caps.has_multiline()) else { return false };
        let Some(open) = person.batch.as_mut().filter(|open| open.reference == *reference) else { return true };
        match (verb, params) {
            ("PRIVMSG", [target, text, ..])
                if fold(target) == fold(&open.target) && !(text.is_empty() && tags.is_concat) =>
            {
                open.lines.push((text.to_string(), tags.is_concat && !open.lines.is_empty()));
            }
            _ => open.is_refused = true,
        }
        true
    }

    /// The disk decided about a message. Of a lost one there is no echo.
    pub(in crate::chat::tests::sim) fn decide(&mut self, number: usize, fate: Fate) {
        self.said[number].fate = fate;
        let is_broken_promise =
            |expect: &Expect| matches!(expect, Expect::Line { said: Some(said), is_echo: true, .. } if *said == number);
        if fate == Fate::Lost {
            self.people.values_mut().for_each(|person| person.expects.retain(|expect| !is_broken_promise(expect)));
        }
    }

    /// A batch that took too long is none.
    pub(in crate::chat::tests::sim) fn expire(&mut self, conn: Conn) {
        let now = self.now.mono;
        if let Some(open) = self.person(conn).batch.as_mut().filter(|open| open.deadline <= now) {
            open.is_refused = true;
        }
    }
}

impl Said {
    pub(super) fn nick(&self) -> &str {
        self.from.split('!').next().unwrap_or_default()
    }

    /// Of a room: its topic or modes.
    pub(super) fn is_change(&self) -> bool {
        ["TOPIC", "MODE"].contains(&self.kind)
    }

    /// Whether it came to the disk, though it may have been taken back since.
    pub(in crate::chat::tests::sim) fn was_kept(&self) -> bool {
        [Fate::OnDisk, Fate::Redacted].contains(&self.fate)
    }

    pub(super) fn is_for_status(&self) -> bool {
        self.target.starts_with(['~', '&', '@', '%', '+'])
    }

    fn room_in_line(&self) -> usize {
        let around = [":", &self.from, " ", self.kind, " ", &self.target, " :", "\r\n"].concat();
        limits::IRC_BODY - around.len()
    }

    /// One line is cut, several and those of guests go on in further lines.
    fn fit(&mut self, is_guest: bool) {
        let max = self.room_in_line();
        match self.lines.as_mut_slice() {
            [(text, _)] if !is_guest => {
                let end = if text.starts_with('\u{1}') && text.ends_with('\u{1}') { "\u{1}" } else { "" };
                if text.len() > max {
                    *text = format!("{}{end}", truncate_utf8(text, max - end.len()));
                }
            }
            _ => self.split(),
        }
    }

    pub(super) fn split(&mut self) {
        let max = self.room_in_line();
        let mut lines = Vec::new();
        for (text, is_concat) in self.lines.drain(..) {
            let (mut rest, mut is_concat) = (text.as_str(), is_concat);
            loop {
                let piece = truncate_utf8(rest, max);
                lines.push((piece.to_string(), is_concat));
                (rest, is_concat) = (&rest[piece.len()..], true);
                if rest.is_empty() {
                    break;
                }
            }
        }
        self.lines = lines;
    }

    /// As `person` sees it.
    pub(super) fn shown_to(&self, person: &Person, number: usize, is_echo: bool) -> Vec<Expect> {
        let lines = if person.is_guest { self.guest_lines() } else { self.irc_lines(person.caps) };
        let line = |words| Expect::Line { words, said: Some(number), is_echo };
        lines.into_iter().map(line).collect()
    }

    fn irc_lines(&self, caps: Capabilities) -> Vec<Vec<String>> {
        let has_tags = caps.contains(Capability::MessageTags);
        let tags = if has_tags { self.tags.as_str() } else { "" };
        if self.kind == "TAGMSG" {
            let line = words([&self.from, "TAGMSG", &self.target, tags]);
            return if has_tags { Vec::from([line]) } else { Vec::new() };
        }
        let line = |text: &str, tags: &str| words([&self.from, self.kind, &self.target, text, tags]);
        let texts = self.lines.iter().map(|(text, _)| text.as_str());
        if self.is_change() {
            return Vec::from([words([&self.from, self.kind, &self.target].into_iter().chain(texts))]);
        }
        if self.lines.len() > 1 && caps.has_multiline() {
            let mut lines = Vec::from([words([&self.from, "BATCH", "+", "draft/multiline", &self.target, tags])]);
            lines.extend(self.lines.iter().map(|(text, is_concat)| {
                let concat = if *is_concat { "draft/multiline-concat" } else { "" };
                line(text, concat)
            }));
            lines.push(words([&self.from, "BATCH", "-"]));
            return lines;
        }
        let full = self.lines.iter().filter(|(text, _)| !text.is_empty());
        full.enumerate().map(|(index, (text, _))| line(text, if index == 0 { tags } else { "" })).collect()
    }

    pub(super) fn guest_lines(&self) -> Vec<Vec<String>> {
        let mut whole: Vec<String> = Vec::new();
        for (text, is_concat) in self.lines.iter().filter(|_| self.kind != "TAGMSG") {
            match whole.last_mut().filter(|_| *is_concat) {
                Some(last) => last.push_str(text),
                None => whole.push(text.clone()),
            }
        }
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let nick = self.nick();
        let shown = whole.iter().filter(|text| !text.is_empty()).filter_map(|text| match text.strip_prefix('\u{1}') {
            Some(ctcp) => ctcp.strip_prefix("ACTION ").map(|action| format!("* {nick} {}", plain(action.trim_start()))),
            None if self.target.contains('#') => Some(format!("{nick}: {}", plain(text))),
            None => Some(format!("{nick} (private): {}", plain(text))),
        });
        shown.map(|line| Vec::from([line])).collect()
    }
}
