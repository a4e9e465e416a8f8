//! Who is where under which name with which clients, and what was said.

use super::NAMES;
use crate::chat::tests::world::Id;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Who has no account.
pub(super) const STRANGER: usize = 2;
/// Who stays without a client.
const STAYS: usize = 0;

#[derive(Default)]
pub(super) struct Model {
    /// In the order in which they came.
    pub(super) clients: Vec<Client>,
    /// Whoever is there, with the nickname.
    users: BTreeMap<usize, String>,
    /// Which room who is in.
    members: BTreeSet<(&'static str, usize)>,
    /// Who looks after which room.
    operators: BTreeSet<(&'static str, usize)>,
    pub(super) said: Vec<Said>,
    values: BTreeMap<usize, String>,
    /// Who has read what of whom, up to when.
    marks: BTreeMap<(usize, &'static str), String>,
    /// The store is known to fail.
    pub(super) is_refusing: bool,
    /// What it is asked to keep is lost.
    pub(super) is_losing: bool,
}

#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: Id,
    pub(super) who: usize,
    pub(super) has_echo: bool,
    /// Rooms that it was told of.
    pub(super) shown: BTreeSet<&'static str>,
    /// What it must hear next, in order.
    pub(super) expects: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Said {
    by: usize,
    /// Who said it can show that: by the account, or by being there since.
    is_proven: bool,
    pub(super) place: Place,
    pub(super) text: String,
    is_kept: bool,
    pub(super) is_redacted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Room(&'static str),
    /// Between two, or of one with themselves; the lesser first.
    Pair(usize, usize),
}

impl Place {
    pub(super) fn pair(one: usize, other: usize) -> Self {
        Self::Pair(one.min(other), one.max(other))
    }
}

impl Model {
    /// How somebody is called, or was last.
    pub(super) fn nick(&self, who: usize) -> String {
        self.users.get(&who).cloned().unwrap_or_else(|| NAMES[who].to_string())
    }

    pub(super) fn come(&mut self, client: Client) {
        let nick = self.nick(client.who);
        self.users.insert(client.who, nick);
        self.clients.push(client);
    }

    pub(super) fn leave(&mut self, client: usize) {
        let Client { who, .. } = self.clients.remove(client);
        if who == STAYS || self.clients.iter().any(|client| client.who == who) {
            return;
        }
        let nick = self.nick(who);
        self.tell_around(who, &format!("{nick} QUIT"));
        self.users.remove(&who);
        self.members.retain(|(_, member)| *member != who);
        self.operators.retain(|(_, member)| *member != who);
        if who == STRANGER {
            self.forget_stranger();
        }
    }

    pub(super) fn join(&mut self, client: usize, room: &'static str) {
        let who = self.clients[client].who;
        let is_first = !self.members.iter().any(|(name, _)| *name == room);
        if !self.members.insert((room, who)) {
            return;
        }
        if is_first {
            self.operators.insert((room, who));
        }
        self.clients[client].shown.insert(room);
        let line = format!("{} JOIN {room}", self.nick(who));
        self.tell_room(room, &line);
        // Nobody sets one of a room here.
        self.clients[client].expects.push(format!("MARKREAD {room} *"));
        if let Some(value) = self.values.get(&who).cloned() {
            let line = format!("METADATA {} url * {value}", self.nick(who));
            let others = self.clients.iter_mut().filter(|other| other.who != who && other.shown.contains(room));
            others.for_each(|other| other.expects.push(line.clone()));
        }
    }

    pub(super) fn part(&mut self, client: usize, room: &'static str) {
        let who = self.clients[client].who;
        if !self.members.contains(&(room, who)) {
            return;
        }
        let line = format!("{} PART {room}", self.nick(who));
        self.tell_room(room, &line);
        self.members.remove(&(room, who));
        self.operators.remove(&(room, who));
        for client in self.clients.iter_mut().filter(|client| client.who == who) {
            client.shown.remove(room);
        }
    }

    /// Clients are told of the rooms of their users that they were not told of.
    pub(super) fn show_rooms(&mut self) {
        for client in &mut self.clients {
            let nick = &self.users[&client.who];
            for (room, _) in self.members.iter().filter(|(_, member)| *member == client.who) {
                if client.shown.insert(room) {
                    client.expects.push(format!("{nick} JOIN {room}"));
                    client.expects.push(format!("MARKREAD {room} *"));
                }
            }
        }
    }

    pub(super) fn say(&mut self, client: usize, verb: &str, place: &Place, target: &str, text: &str) {
        let Client { who, has_echo, .. } = self.clients[client].clone();
        let with = match place {
            Place::Room(room) if !self.members.contains(&(room, who)) => return,
            Place::Room(_) => None,
            Place::Pair(one, other) => Some(if *one == who { *other } else { *one }),
        };
        if self.is_refusing || with.is_some_and(|with| !self.users.contains_key(&with)) {
            return;
        }
        let line = format!("{} {verb} {target} {text}", self.nick(who));
        for (index, other) in self.clients.iter_mut().enumerate() {
            let is_meant = match place {
                Place::Room(room) => other.shown.contains(room),
                Place::Pair(one, two) => [*one, *two].contains(&other.who),
            };
            if is_meant && (index != client || with == Some(who)) {
                other.expects.push(line.clone());
            }
            // An echo says that it is kept.
            if index == client && has_echo && !self.is_losing {
                other.expects.push(line.clone());
            }
        }
        let (is_kept, place) = (!self.is_losing, place.clone());
        self.said.push(Said { by: who, is_proven: true, place, text: text.to_string(), is_kept, is_redacted: false });
    }

    pub(super) fn redact(&mut self, client: usize, number: usize, target: &str, msgid: &str) {
        let who = self.clients[client].who;
        let said = self.said[number].clone();
        let is_own = said.by == who && said.is_proven;
        let may = match said.place {
            Place::Room(room) => {
                target == room
                    && self.members.contains(&(room, who))
                    && (is_own || self.operators.contains(&(room, who)))
            }
            Place::Pair(..) => !target.starts_with('#') && is_own,
        };
        if !may || !said.is_kept || said.is_redacted || self.is_refusing {
            return;
        }
        self.said[number].is_redacted = true;
        let line = format!("{} REDACT {target} {msgid}", self.nick(who));
        for (index, other) in self.clients.iter_mut().enumerate() {
            let is_told = match said.place {
                Place::Room(room) => other.shown.contains(room),
                Place::Pair(one, two) => [one, two].contains(&other.who),
            };
            if is_told || index == client {
                other.expects.push(line.clone());
            }
        }
    }

    pub(super) fn set(&mut self, client: usize, value: &str) {
        let who = self.clients[client].who;
        if who != STRANGER && self.is_refusing {
            return;
        }
        self.values.insert(who, value.to_string());
        let line = format!("METADATA {} url * {value}", self.nick(who));
        for other in self.around(who).into_iter().filter(|other| *other != client) {
            self.clients[other].expects.push(line.clone());
        }
    }

    pub(super) fn mark(&mut self, client: usize, of: &'static str, moment: &str) {
        let who = self.clients[client].who;
        let known = self.marks.get(&(who, of)).cloned();
        if known.as_deref().is_some_and(|known| known >= moment) {
            let line = format!("MARKREAD {of} {}", known.unwrap_or_default());
            return self.clients[client].expects.push(line);
        }
        if who != STRANGER && self.is_refusing {
            return;
        }
        self.marks.insert((who, of), moment.to_string());
        let line = format!("MARKREAD {of} {moment}");
        self.clients.iter_mut().filter(|other| other.who == who).for_each(|other| other.expects.push(line.clone()));
    }

    /// To the other of two nicknames.
    pub(super) fn rename(&mut self, client: usize) -> String {
        let who = self.clients[client].who;
        let old = self.nick(who);
        let new = if old == NAMES[who] { format!("{old}2") } else { NAMES[who].to_string() };
        self.tell_around(who, &format!("{old} NICK {new}"));
        self.users.insert(who, new.clone());
        new
    }

    /// Nobody is there but who stays; of what was lost nothing is left.
    pub(super) fn restart(&mut self) {
        self.clients.clear();
        self.users.retain(|who, _| *who == STAYS);
        self.members.retain(|(_, who)| *who == STAYS);
        self.operators.clear();
        self.forget_stranger();
    }

    /// What is only known of somebody while they are there.
    fn forget_stranger(&mut self) {
        self.values.remove(&STRANGER);
        self.marks.retain(|(who, _), _| *who != STRANGER);
        self.said.iter_mut().filter(|said| said.by == STRANGER).for_each(|said| said.is_proven = false);
    }

    /// What somebody may read in a place, in order.
    pub(super) fn texts(&self, who: usize, place: &Place) -> Vec<String> {
        let may_read = match place {
            Place::Room(room) => self.members.contains(&(room, who)),
            Place::Pair(..) => who != STRANGER,
        };
        let said = self.said.iter().filter(|said| said.place == *place && said.is_kept && !said.is_redacted);
        said.filter(|_| may_read).map(|said| said.text.clone()).collect()
    }

    fn tell_room(&mut self, room: &str, line: &str) {
        let told = self.clients.iter_mut().filter(|client| client.shown.contains(room));
        told.for_each(|client| client.expects.push(line.to_string()));
    }

    fn tell_around(&mut self, who: usize, line: &str) {
        for client in self.around(who) {
            self.clients[client].expects.push(line.to_string());
        }
    }

    /// Clients of somebody, and those that see a room in which they are.
    fn around(&self, who: usize) -> Vec<usize> {
        let sees = |client: &Client| {
            client.who == who || self.members.iter().any(|(room, member)| *member == who && client.shown.contains(room))
        };
        (0..self.clients.len()).filter(|index| sees(&self.clients[*index])).collect()
    }
}
