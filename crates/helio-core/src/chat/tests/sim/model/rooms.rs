//! Rooms: who may come in, who is in, and what it is about.

use super::{Ask, Conn, Expect, Model, Person, Told, words};
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::irc::extban::ListEntry;
use crate::time::Utc;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A room, as sets and words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::chat::tests::sim) struct Room {
    pub(in crate::chat::tests::sim) number: usize,
    pub(in crate::chat::tests::sim) name: String,
    pub(in crate::chat::tests::sim) topic: String,
    /// `i m n s t C R`.
    pub(in crate::chat::tests::sim) flags: BTreeSet<char>,
    pub(in crate::chat::tests::sim) key: Option<String>,
    pub(in crate::chat::tests::sim) limit: Option<usize>,
    /// Letter of the list, mask.
    pub(in crate::chat::tests::sim) lists: BTreeSet<(char, String)>,
    /// Each member's statuses, as mode letters.
    pub(in crate::chat::tests::sim) members: BTreeMap<Conn, BTreeSet<char>>,
    /// What it tells of itself.
    pub(in crate::chat::tests::sim) values: BTreeMap<String, String>,
    pub(in crate::chat::tests::sim) is_lasting: bool,
    pub(in crate::chat::tests::sim) empty_since: Option<Utc>,
    /// The log of what is said in it, once that is known.
    pub(in crate::chat::tests::sim) log: Option<String>,
}

impl Model {
    pub(super) fn number_room(&mut self) -> usize {
        self.next_room += 1;
        self.next_room
    }

    /// Where what is said in a room is kept.
    pub(in crate::chat::tests::sim) fn learn_log(&mut self, room: &str, log: &str) -> Result<(), String> {
        let Some(number) = self.rooms.get(&fold(room)).map(|room| room.number) else { return Ok(()) };
        let known = self.logs.entry(number).or_insert_with(|| log.to_string());
        if known == log { Ok(()) } else { Err(format!("{room} was kept in {known}, and is in {log}")) }
    }

    pub(super) fn join_all(&mut self, conn: Conn, rooms: &str, keys: &str) {
        let mut keys = keys.split(',');
        for room in rooms.split(',') {
            self.join(conn, room, keys.next().unwrap_or_default());
        }
    }

    pub(super) fn join(&mut self, conn: Conn, name: &str, key: &str) {
        let folded = fold(name);
        if let Some(room) = self.rooms.get(&folded) {
            if room.members.contains_key(&conn) || !self.may_join(conn, room, key) {
                return;
            }
        } else {
            let room =
                Room { number: self.number_room(), name: name.into(), flags: ['n', 't'].into(), ..Room::default() };
            self.rooms.insert(folded.clone(), room);
        }
        let person = &self.people[&conn];
        let (mask, nick, realname, away) = (person.mask(), person.name(), person.realname.clone(), person.away.clone());
        let is_guest = person.is_guest;
        let room = self.rooms.get_mut(&folded).expect("made above");
        let is_first = room.members.is_empty() && !is_guest;
        room.members.insert(conn, if is_first { ['o'].into() } else { BTreeSet::new() });
        room.empty_since = None;
        let (room, members) = (room.clone(), room.members.keys().copied().collect::<BTreeSet<_>>());
        let guest = Some(format!("* {nick} joined"));
        let plain = Told { irc: words([&mask, "JOIN", &room.name]), guest, said: None };
        let extended = Told { irc: words([&mask, "JOIN", &room.name, "*", &realname]), guest: None, said: None };
        self.tell(&members, Some(conn), &plain, |person| !person.has(Capability::ExtendedJoin));
        self.tell(&members, Some(conn), &extended, |person| person.has(Capability::ExtendedJoin));
        if let Some(away) = away {
            let others = members.into_iter().filter(|other| *other != conn).collect();
            let told = Told { irc: words([&mask, "AWAY", &away]), guest: None, said: None };
            self.tell(&others, Some(conn), &told, |person| person.has(Capability::AwayNotify));
        }
        let others = room.members.keys().copied().filter(|other| *other != conn).collect();
        self.tell_own_values(&others, conn, &nick);
        let person = self.person(conn);
        person.telling.entered.insert(folded.to_string());
        person.telling.lacked_names |= person.caps.omits_names();
        person.invited.remove(&room.number);
        person.knows_secret |= fold(&room.name) == fold("#secret");
        self.welcome(conn, &room);
    }

    /// What who joined is shown of the room.
    fn welcome(&mut self, conn: Conn, room: &Room) {
        let person = &self.people[&conn];
        if !person.is_guest {
            if !room.topic.is_empty() {
                self.answer.push(Expect::line(words(["332", &room.name, &room.topic])));
            }
            self.answer.extend(self.mark_joined(conn, room));
            let person = &self.people[&conn];
            if !person.caps.omits_names() {
                self.answer.push(self.names(conn, room));
            }
        }
        let count = self.settings.replay.messages;
        if room.is_lasting && count > 0 && !person.has(Capability::Chathistory) {
            let (room, has_tags) = (room.number, person.has(Capability::MessageTags));
            let place = self.number_place();
            self.answer.push(Expect::Replay { place, room, before: self.said.len(), count, has_tags });
            self.unasked.push_back(Ask::Read(conn, place));
        }
    }

    fn may_join(&self, conn: Conn, room: &Room, key: &str) -> bool {
        let person = &self.people[&conn];
        if person.invited.contains(&room.number) {
            return true;
        }
        let is_banned = room.means('b', person) && !room.means('e', person);
        let is_kept_out = room.flags.contains(&'i') && !room.means('I', person);
        let is_full = room.limit.is_some_and(|limit| room.members.len() >= limit);
        let has_key = room.key.as_deref().is_none_or(|wanted| wanted == key);
        !is_banned && !is_kept_out && !room.flags.contains(&'R') && has_key && !is_full
    }

    pub(super) fn may_speak(&self, conn: Conn, room: &Room) -> bool {
        let person = &self.people[&conn];
        let is_banned = room.means('b', person) || room.mutes('b', person);
        let is_excepted = room.means('e', person) || (!room.means('b', person) && room.mutes('e', person));
        match room.members.get(&conn) {
            Some(statuses) if !statuses.is_empty() => true,
            None if room.flags.contains(&'n') => false,
            Some(_) | None => !room.flags.contains(&'m') && (!is_banned || is_excepted),
        }
    }

    pub(super) fn part_all(&mut self, conn: Conn) {
        let rooms = self.rooms.values().filter(|room| room.members.contains_key(&conn));
        for room in rooms.map(|room| room.name.clone()).collect::<Vec<_>>() {
            self.part(conn, &room, None);
        }
    }

    pub(super) fn part(&mut self, conn: Conn, name: &str, reason: Option<&str>) {
        let Some(room) = self.rooms.get(&fold(name)).filter(|room| room.members.contains_key(&conn)) else { return };
        let person = &self.people[&conn];
        let mut irc = words([&person.mask(), "PART", &room.name]);
        irc.extend(reason.filter(|_| self.may_speak(conn, room)).map(ToString::to_string));
        let told = Told { irc, guest: Some(format!("* {} left", person.name())), said: None };
        self.leave(conn, name, Some(conn), &told);
    }

    pub(super) fn kick(&mut self, conn: Conn, name: &str, nick: &str, reason: &str) {
        let Some(room) = self.rooms.get(&fold(name)) else { return };
        let Some(other) = self.named(nick).filter(|other| room.members.contains_key(other)) else { return };
        if room.rank(conn) < 2.max(room.rank(other)) {
            return;
        }
        let (mask, nick, is_guest) = (self.people[&conn].mask(), self.nick_of(other), self.people[&other].is_guest);
        let irc = words([&mask, "KICK", &room.name, &nick, reason]);
        self.leave(other, name, Some(conn), &Told { irc, guest: Some(format!("* {nick} left")), said: None });
        if is_guest {
            self.close(other, "removed from the room");
        }
    }

    fn leave(&mut self, conn: Conn, name: &str, by: Option<Conn>, told: &Told) {
        let members = self.rooms[&fold(name)].members.keys().copied().collect();
        self.tell(&members, by, told, |_| true);
        if let Some(room) = self.rooms.get_mut(&fold(name)) {
            room.members.remove(&conn);
            if room.members.is_empty() {
                room.empty_since = Some(self.now.utc);
            }
        }
    }

    pub(super) fn invite(&mut self, conn: Conn, nick: &str, name: &str) {
        let (Some(other), Some(room)) = (self.named(nick), self.rooms.get(&fold(name))) else { return };
        let least = if room.flags.contains(&'i') { 2 } else { 0 };
        if !room.members.contains_key(&conn) || room.rank(conn) < least || room.members.contains_key(&other) {
            return;
        }
        let irc = words([&self.people[&conn].mask(), "INVITE", &self.nick_of(other), &room.name]);
        let told = Told { irc, guest: None, said: None };
        let (is_pass, number) = (room.rank(conn) >= 2, room.number);
        let watching = room.members.keys().copied().filter(|member| *member != conn && room.rank(*member) >= 2);
        let watching: BTreeSet<Conn> = watching.collect();
        self.tell(&[other].into(), Some(conn), &told, |_| true);
        self.tell(&watching, Some(conn), &told, |person| person.has(Capability::InviteNotify));
        if is_pass {
            self.person(other).invited.insert(number);
        }
    }

    pub(super) fn set_topic(&mut self, conn: Conn, name: &str, text: &str) {
        let Some(room) = self.rooms.get_mut(&fold(name)) else { return };
        let least = if room.flags.contains(&'t') { 2 } else { 0 };
        let may_set = room.members.contains_key(&conn) && room.rank(conn) >= least;
        if !may_set || room.topic == text || self.is_store_failing {
            return;
        }
        room.topic = text.to_string();
        room.is_lasting = true;
        let members = room.members.keys().copied().collect();
        let (name, guest) = (room.name.clone(), Some(format!("* topic: {text}")));
        let irc = words([&self.people[&conn].mask(), "TOPIC", &name, text]);
        let said = self.changed(conn, "TOPIC", &name, [text.to_string()].into());
        let told = Told { irc, guest, said };
        self.tell(&members, Some(conn), &told, |_| true);
    }

    pub(super) fn ask_topic(&mut self, conn: Conn, name: &str) {
        let room = self.rooms.get(&fold(name)).filter(|room| room.is_shown_to(conn) && !room.topic.is_empty());
        self.answer.extend(room.map(|room| Expect::line(words(["332", &room.name, &room.topic]))));
    }

    pub(super) fn ask_names(&mut self, conn: Conn, name: &str) {
        let room = self.rooms.get(&fold(name)).filter(|room| room.is_shown_to(conn));
        let names = room.map_or_else(|| Expect::line(words(["366", name])), |room| self.names(conn, room));
        self.answer.push(names);
    }

    /// Whom `conn` sees in a room.
    fn names(&self, conn: Conn, room: &Room) -> Expect {
        let viewer = &self.people[&conn];
        let is_shown =
            |other: &Conn| room.members.contains_key(&conn) || !self.people[other].is_invisible || *other == conn;
        let shown = room.members.iter().filter(|(other, _)| is_shown(other)).map(|(other, statuses)| {
            let person = &self.people[other];
            let held = [('q', '~'), ('a', '&'), ('o', '@'), ('h', '%'), ('v', '+')];
            let held = held.iter().filter(|(letter, _)| statuses.contains(letter)).map(|(_, prefix)| *prefix);
            let prefixes: String = held.take(if viewer.has(Capability::MultiPrefix) { 5 } else { 1 }).collect();
            let name = if viewer.has(Capability::UserhostInNames) { person.mask() } else { person.name() };
            prefixes + &name
        });
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        Expect::line([words(["366", &room.name]), shown].concat())
    }

    /// Rooms that nobody needs any more are gone.
    pub(in crate::chat::tests::sim) fn sweep(&mut self) {
        if self.is_in_turn {
            return;
        }
        let (now, kept) = (self.now.utc, self.settings.keep_empty_rooms.as_micros() as i64);
        for room in self.rooms.values_mut().filter(|room| room.members.is_empty()) {
            room.empty_since.get_or_insert(now);
        }
        let is_failing = self.is_store_failing;
        let is_over = |room: &Room| room.empty_since.is_some_and(|since| since.micros() + kept <= now.micros());
        self.rooms.retain(|_, room| match room.is_lasting {
            _ if !room.members.is_empty() => true,
            true => is_failing || !is_over(room),
            false => false,
        });
        // While it is no secret anybody may learn of it.
        if self.rooms.get("#secret").is_some_and(|room| !room.flags.contains(&'s')) {
            self.people.values_mut().for_each(|person| person.knows_secret = true);
        }
    }
}

impl Room {
    /// From 5 for owners to 0 for members without a status.
    pub(super) fn rank(&self, conn: Conn) -> usize {
        let statuses = self.members.get(&conn).into_iter().flatten();
        statuses.filter_map(|letter| "vhoaq".find(*letter)).map(|index| index + 1).max().unwrap_or(0)
    }

    pub(super) fn is_shown_to(&self, conn: Conn) -> bool {
        !self.flags.contains(&'s') || self.members.contains_key(&conn)
    }

    fn means(&self, letter: char, person: &Person) -> bool {
        self.entries(letter).any(|entry| !entry.is_mute && entry.matches(&person.mask(), None))
    }

    fn mutes(&self, letter: char, person: &Person) -> bool {
        self.entries(letter).any(|entry| entry.is_mute && entry.matches(&person.mask(), None))
    }

    fn entries(&self, letter: char) -> impl Iterator<Item = ListEntry> {
        let entries = self.lists.iter().filter(move |(known, _)| *known == letter);
        entries.filter_map(|(_, mask)| ListEntry::parse(mask).ok())
    }
}
