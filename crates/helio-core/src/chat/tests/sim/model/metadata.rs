//! What people and rooms tell of themselves, who may read and set it, and who is told of which change; and how far people
//! have read.

use super::{Conn, Expect, Model, Person, Room, Stage, words};
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::irc::name::Nick;
use crate::limits;
use crate::rate::TokenBucket;
use crate::time::{Instant, Utc};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What one connection sets and wants to be told.
#[derive(Debug)]
pub(in crate::chat::tests::sim) struct Telling {
    /// What is set of whoever has this connection; before there is anybody, what is going to be.
    pub(in crate::chat::tests::sim) values: BTreeMap<String, String>,
    pub(in crate::chat::tests::sim) subscriptions: BTreeSet<String>,
    /// Every key that was ever in these.
    pub(in crate::chat::tests::sim) ever: BTreeSet<String>,
    /// Folded names of rooms in which they ever were.
    pub(in crate::chat::tests::sim) entered: BTreeSet<String>,
    /// What is told unasked came to them without a batch around it, or may have.
    pub(in crate::chat::tests::sim) lacked_batch: bool,
    /// They came into a room and were not told who was there.
    pub(in crate::chat::tests::sim) lacked_names: bool,
    /// Up to when they have read, in milliseconds, by the number of a room or the nickname of somebody.
    marks: BTreeMap<Result<usize, String>, i64>,
    bucket: TokenBucket,
}

/// Whom or what a target means.
enum Target {
    Person(Conn),
    Room(String),
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            values: BTreeMap::new(),
            subscriptions: BTreeSet::new(),
            ever: BTreeSet::new(),
            entered: BTreeSet::new(),
            lacked_batch: false,
            lacked_names: false,
            marks: BTreeMap::new(),
            bucket: TokenBucket::every(limits::CHAT_METADATA_INTERVAL, limits::CHAT_METADATA_BURST, Instant::ORIGIN),
        }
    }
}

impl Model {
    pub(super) fn metadata(&mut self, conn: Conn, target: &str, subcommand: &str, params: &[&str]) {
        let person = &self.people[&conn];
        let is_own = target == "*" || (person.stage == Stage::Here && fold(target) == fold(&person.name()));
        match (subcommand, params) {
            ("SUB", keys) if is_own => {
                let keys: Vec<String> = keys.iter().filter_map(|key| known_key(key)).collect();
                let telling = &mut self.person(conn).telling;
                telling.subscriptions.extend(keys.iter().cloned());
                telling.ever.extend(keys);
            }
            ("UNSUB", keys) if is_own => {
                let keys: Vec<String> = keys.iter().filter_map(|key| known_key(key)).collect();
                self.person(conn).telling.subscriptions.retain(|known| !keys.contains(known));
            }
            ("SET", [key, rest @ ..]) => {
                let Some(key) = known_key(key) else { return };
                let value = rest.first().copied().filter(|value| !value.is_empty()).map(ToString::to_string);
                self.set_metadata(conn, target, Some((key, value)));
            }
            ("CLEAR", []) if person.stage == Stage::Here => self.set_metadata(conn, target, None),
            ("GET", keys) => self.get_metadata(conn, target, Some(keys)),
            ("LIST", []) => self.get_metadata(conn, target, None),
            _ => {}
        }
    }

    fn target(&self, conn: Conn, target: &str) -> Option<Target> {
        match target {
            "*" => Some(Target::Person(conn)),
            name if name.starts_with('#') => {
                let room = self.rooms.get(&fold(name)).filter(|room| room.is_shown_to(conn));
                room.map(|room| Target::Room(fold(&room.name).to_string()))
            }
            nick => self.named(nick).map(Target::Person),
        }
    }

    /// Sets one key; without one, takes all away.
    fn set_metadata(&mut self, conn: Conn, target: &str, change: Option<(String, Option<String>)>) {
        if self.people[&conn].stage == Stage::Registering {
            return self.stage_metadata(conn, change.filter(|_| target == "*"));
        }
        let Some(target) = self.target(conn, target) else { return };
        let (shown, values) = match &target {
            Target::Person(other) if *other == conn => (self.nick_of(conn), &self.people[&conn].telling.values),
            Target::Room(room) if self.rooms[room.as_str()].rank(conn) >= 3 => {
                let room = &self.rooms[room.as_str()];
                (room.name.clone(), &room.values)
            }
            Target::Person(_) | Target::Room(_) => return,
        };
        let changes: Vec<(String, Option<String>)> = match change {
            Some((key, value)) if values.get(&key) == value.as_ref() => {
                // Set to what it is: that is said, and nothing done.
                let same = value.map(|value| Expect::line(words(["761", &shown, &key, &value])));
                return self.answer.extend(same);
            }
            Some(change) => Vec::from([change]),
            None => values.keys().map(|key| (key.clone(), None)).collect(),
        };
        let (is_room, now) = (matches!(target, Target::Room(_)), self.now.mono);
        let is_refused = changes.is_empty() || (is_room && self.is_store_failing);
        if is_refused || !self.person(conn).telling.bucket.take(now) {
            return;
        }
        for (key, value) in changes {
            let answer = match &value {
                Some(value) => words(["761", &shown, &key, value]),
                None => words(["766", &shown, &key]),
            };
            self.answer.push(if is_room { Expect::IfKept { words: answer } } else { Expect::line(answer) });
            self.change_metadata(conn, &target, &shown, &key, value);
        }
    }

    /// Keeps what will be set of somebody who is not there yet.
    fn stage_metadata(&mut self, conn: Conn, change: Option<(String, Option<String>)>) {
        let values = &mut self.person(conn).telling.values;
        let answer = match change {
            Some((key, Some(value))) => {
                values.insert(key.clone(), value.clone());
                words(["761", "*", &key, &value])
            }
            Some((key, None)) if values.remove(&key).is_some() => words(["766", "*", &key]),
            Some((_, None)) | None => return,
        };
        self.answer.push(Expect::line(answer));
    }

    fn change_metadata(&mut self, conn: Conn, target: &Target, shown: &str, key: &str, value: Option<String>) {
        let (values, whom) = match target {
            Target::Person(other) => {
                let whom = self.neighbours(*other).into_iter().chain(self.watchers(shown)).collect();
                (&mut self.person(*other).telling.values, whom)
            }
            Target::Room(name) => {
                let room = self.rooms.get_mut(name.as_str()).expect("a room that was found");
                room.is_lasting = true;
                let whom = room.members.keys().copied().collect::<BTreeSet<Conn>>();
                (&mut room.values, whom)
            }
        };
        match &value {
            Some(value) => values.insert(key.to_string(), value.clone()),
            None => values.remove(key),
        };
        self.tell_values(&whom, Some(conn), shown, &[(key.to_string(), value)]);
    }

    /// Tells those of `whom` who want to know, and did not do it.
    fn tell_values(&mut self, whom: &BTreeSet<Conn>, by: Option<Conn>, of: &str, values: &[(String, Option<String>)]) {
        for (conn, (key, value)) in whom.iter().flat_map(|conn| values.iter().map(move |value| (conn, value))) {
            let Some(person) = self.people.get_mut(conn).filter(|person| person.stage == Stage::Here) else { continue };
            let is_told = person.has(Capability::Metadata) && person.telling.subscriptions.contains(key);
            if is_told && by != Some(*conn) {
                let line = words(["METADATA", of, key, "*"].into_iter().chain(value.as_deref()));
                person.expects.push_back(Expect::line(line));
            }
        }
    }

    /// All that `conn` tells, to these.
    pub(super) fn tell_own_values(&mut self, whom: &BTreeSet<Conn>, conn: Conn, nick: &str) {
        let values = self.people[&conn].telling.values.iter();
        let values: Vec<_> = values.map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        self.tell_values(whom, None, nick, &values);
    }

    pub(super) fn watchers(&self, nick: &str) -> BTreeSet<Conn> {
        let watches = |(_, person): &(&Conn, &Person)| person.watched.contains(&fold(nick));
        self.people.iter().filter(watches).map(|(conn, _)| *conn).collect()
    }

    /// Somebody is here now: what was set before is set.
    pub(super) fn arrive_with_values(&mut self, conn: Conn) {
        let now = self.now.mono;
        let telling = &mut self.person(conn).telling;
        telling.bucket = TokenBucket::every(limits::CHAT_METADATA_INTERVAL, limits::CHAT_METADATA_BURST, now);
        if telling.values.is_empty() {
            return;
        }
        telling.bucket.take(now);
        let nick = self.nick_of(conn);
        let whom = self.watchers(&nick).into_iter().filter(|other| *other != conn).collect();
        self.tell_own_values(&whom, conn, &nick);
    }

    /// Some keys, or all that are set.
    fn get_metadata(&mut self, conn: Conn, target: &str, keys: Option<&[&str]>) {
        let Some(target) = Some(target).filter(|_| self.people[&conn].stage == Stage::Here) else { return };
        let (shown, values) = match self.target(conn, target) {
            Some(Target::Person(other)) => (self.nick_of(other), &self.people[&other].telling.values),
            Some(Target::Room(room)) if self.rooms[room.as_str()].members.contains_key(&conn) => {
                let room = &self.rooms[room.as_str()];
                (room.name.clone(), &room.values)
            }
            Some(Target::Room(_)) | None => return,
        };
        let line = |key: &String| match values.get(key) {
            Some(value) => Expect::line(words(["761", &shown, key, value])),
            None => Expect::line(words(["766", &shown, key])),
        };
        let lines: Vec<Expect> = match keys {
            Some(keys) => keys.iter().filter_map(|key| known_key(key)).map(|key| line(&key)).collect(),
            None => values.keys().map(line).collect(),
        };
        self.answer.extend(lines);
    }

    /// Whether a client may be told what is set of `of`: it asked for the key, and was in the room.
    pub(in crate::chat::tests::sim) fn may_be_told(&self, conn: Conn, of: &str, key: &str) -> Result<(), String> {
        let person = &self.people[&conn];
        let is_own = fold(of) == fold(&person.name());
        if !is_own && !person.telling.ever.contains(key) {
            return Err(format!("it did not want to know {key}"));
        }
        if of.starts_with('#') && !person.telling.entered.contains(&*fold(of)) {
            return Err("it was never in that room".into());
        }
        Ok(())
    }

    /// `MARKREAD target [timestamp]`.
    pub(super) fn mark(&mut self, conn: Conn, target: &str, moment: Option<&str>) {
        let room = self.rooms.get(&fold(target)).filter(|room| room.members.contains_key(&conn));
        let of = match (target.starts_with('#'), room) {
            (false, _) if Nick::parse(target, self.settings.nick_rules).is_err() => return,
            (false, _) => Some(Err(fold(target).to_string())),
            (true, room) => room.map(|room| Ok(room.number)),
        };
        let Some(of) = of else {
            let unknown = Expect::line(words(["MARKREAD", target, "*"]));
            return self.answer.extend(Some(unknown).filter(|_| moment.is_none()));
        };
        let time = moment.and_then(|moment| Utc::parse_rfc3339(moment.strip_prefix("timestamp=")?));
        let (now, known) = (self.now.utc, self.people[&conn].telling.marks.get(&of).copied());
        let at = time.map(|time| time.micros().min(now.micros()).div_euclid(1_000));
        if let Some(at) = at.into_iter().chain(known).max() {
            self.person(conn).telling.marks.insert(of.clone(), at);
        }
        let line = self.marked(conn, target, &of);
        self.answer.push(line);
    }

    fn marked(&self, conn: Conn, shown: &str, of: &Result<usize, String>) -> Expect {
        let at = self.people[&conn].telling.marks.get(of);
        let time = at.map(|at| format!("timestamp={}", Utc::from_micros(at * 1_000).rfc3339_millis()));
        Expect::line(words(["MARKREAD", shown, &time.unwrap_or("*".into())]))
    }

    /// How far they have read in a room into which they came.
    pub(super) fn mark_joined(&self, conn: Conn, room: &Room) -> Option<Expect> {
        let has_markers = self.people[&conn].has(Capability::ReadMarker);
        has_markers.then(|| self.marked(conn, &room.name, &Ok(room.number)))
    }
}

/// The key that is written so, if it can be one.
fn known_key(key: &str) -> Option<String> {
    (!key.contains('@')).then(|| key.to_lowercase())
}
