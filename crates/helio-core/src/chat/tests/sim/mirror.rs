//! What a client makes of the rooms it is in from nothing but the lines that it received.

use super::model::{Conn, Model};
use crate::irc::capability::Capability;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};

#[derive(Default)]
pub(super) struct Mirror {
    nick: String,
    rooms: BTreeMap<String, Room>,
    /// What people and rooms tell of themselves: of whom or what, by key.
    values: BTreeMap<(String, String), String>,
}

#[derive(Default)]
struct Room {
    /// With their statuses as mode letters.
    members: BTreeMap<String, BTreeSet<char>>,
    topic: String,
    /// It was told who was there when it came in.
    knows_members: bool,
    /// And all of their statuses.
    knows_statuses: bool,
}

impl Mirror {
    /// Takes one line in its words; `all_prefixes`: the client has multi-prefix.
    pub(super) fn take(&mut self, words: &[&str], all_prefixes: bool) {
        match words {
            ["001", nick] => self.nick = nick.to_string(),
            ["332", room, topic] => self.room(room, |room| room.topic = topic.to_string()),
            ["366", room, ..] => {
                // What is set of those who were not in sight comes next.
                let known = self.rooms.iter().filter(|(name, _)| name != room).map(|(_, room)| &room.members);
                let known: BTreeSet<String> = known.flat_map(|members| members.keys().cloned()).collect();
                if self.rooms.get(*room).is_some_and(|room| !room.knows_members) {
                    self.values.retain(|(of, _), _| of.starts_with('#') || known.contains(of));
                }
                self.room(room, |room| (room.knows_members, room.knows_statuses) = (true, all_prefixes));
            }
            [source, "JOIN", room, ..] => {
                let nick = nick_of(source);
                if nick == self.nick {
                    self.rooms.insert(room.to_string(), Room::default());
                    self.values.retain(|(of, _), _| of != room);
                } else if !self.sees(&nick) {
                    self.values.retain(|(of, _), _| *of != nick);
                }
                self.room(room, |room| _ = room.members.insert(nick, BTreeSet::new()));
            }
            [source, "PART", room, ..] => self.leaves(room, &nick_of(source)),
            [_, "KICK", room, nick, ..] => self.leaves(room, nick),
            [source, "QUIT", ..] => {
                let nick = nick_of(source);
                self.rooms.values_mut().for_each(|room| _ = room.members.remove(&nick));
            }
            [source, "NICK", new] => {
                let nick = nick_of(source);
                for room in self.rooms.values_mut() {
                    if let Some(statuses) = room.members.remove(&nick) {
                        room.members.insert(new.to_string(), statuses);
                    }
                }
                let values = core::mem::take(&mut self.values).into_iter();
                let renamed = |of: String| if of == nick { new.to_string() } else { of };
                self.values = values.map(|((of, key), value)| ((renamed(of), key), value)).collect();
                if nick == self.nick {
                    self.nick = new.to_string();
                }
            }
            [_, "TOPIC", room, topic] => self.room(room, |room| room.topic = topic.to_string()),
            [_, "MODE", room, changes @ ..] => self.room(room, |room| {
                changes.iter().for_each(|change| room.change(change));
            }),
            _ => {}
        }
    }

    /// Takes names as they come: others may come and go before the last.
    pub(super) fn names(&mut self, room: &str, names: &str) {
        self.room(room, |room| room.members.extend(names.split(' ').map(member)));
    }

    /// Takes what somebody or a room tells now.
    pub(super) fn value(&mut self, of: &str, key: &str, value: Option<&String>) {
        let place = (of.to_string(), key.to_string());
        match value {
            Some(value) => self.values.insert(place, value.clone()),
            None => self.values.remove(&place),
        };
    }

    pub(super) fn forget_keys(&mut self, is_forgotten: impl Fn(&str) -> bool) {
        self.values.retain(|(_, key), _| !is_forgotten(key));
    }

    fn sees(&self, nick: &str) -> bool {
        self.rooms.values().any(|room| room.members.contains_key(nick))
    }

    /// Compares what others tell with the truth, for a client that was told who is in each of its rooms.
    fn check_values(&self, conn: Conn, model: &Model) -> Result<(), String> {
        let person = &model.people[&conn];
        if !person.has(Capability::Metadata) || person.telling.lacked_names {
            return Ok(());
        }
        let rooms = model.rooms.values().filter(|room| room.members.contains_key(&conn));
        let others = rooms.clone().flat_map(|room| room.members.keys()).filter(|other| **other != conn);
        let others = others.map(|other| (model.nick_of(*other), &model.people[other].telling.values));
        for (of, values) in rooms.clone().map(|room| (room.name.clone(), &room.values)).chain(others) {
            for key in &person.telling.subscriptions {
                let (mine, truth) = (self.values.get(&(of.clone(), key.clone())), values.get(key));
                if mine != truth {
                    return Err(format!("{} believes {key} of {of} to be {mine:?}, not {truth:?}", self.nick));
                }
            }
        }
        Ok(())
    }

    fn leaves(&mut self, room: &str, nick: &str) {
        if nick == self.nick {
            self.rooms.remove(room);
        }
        self.room(room, |room| _ = room.members.remove(nick));
    }

    fn room(&mut self, name: &str, change: impl FnOnce(&mut Room)) {
        if let Some(room) = self.rooms.get_mut(name) {
            change(room);
        }
    }

    /// Compares it with the truth, when nothing is on its way any more.
    pub(super) fn check(&self, conn: Conn, model: &Model) -> Result<(), String> {
        let rooms = model.rooms.values().filter(|room| room.members.contains_key(&conn));
        let is_nick_right = self.nick == model.nick_of(conn);
        if !is_nick_right || rooms.clone().count() != self.rooms.len() {
            return Err(format!("{} believes to be {} in {:?}", model.nick_of(conn), self.nick, self.rooms.keys()));
        }
        for room in rooms {
            let Some(mine) = self.rooms.get(&room.name) else { return Err(format!("does not know {}", room.name)) };
            let members = room.members.iter().map(|(other, statuses)| (model.nick_of(*other), statuses.clone()));
            let members: BTreeMap<String, BTreeSet<char>> = members.collect();
            let is_same = match (mine.knows_members, mine.knows_statuses) {
                (false, _) => true,
                (true, true) => mine.members == members,
                (true, false) => mine.members.keys().eq(members.keys()),
            };
            if !is_same || mine.topic != room.topic {
                return Err(format!("{} sees {:?} in {}, there are {members:?}", self.nick, mine.members, room.name));
            }
        }
        self.check_values(conn, model)
    }
}

impl Room {
    /// `+o nick`, one letter.
    fn change(&mut self, change: &str) {
        let Some((mode, nick)) = change.split_once(' ') else { return };
        let (Some(sign), Some(letter)) = (mode.chars().next(), mode.chars().nth(1)) else { return };
        if let Some(statuses) = self.members.get_mut(nick).filter(|_| "qaohv".contains(letter)) {
            if sign == '+' {
                statuses.insert(letter)
            } else {
                statuses.remove(&letter)
            };
        }
    }
}

fn nick_of(mask: &str) -> String {
    mask.split('!').next().unwrap_or_default().to_string()
}

fn member(name: &str) -> (String, BTreeSet<char>) {
    let nick = name.trim_start_matches(['~', '&', '@', '%', '+']);
    let prefixes = name[..name.len() - nick.len()].chars();
    let held = [('~', 'q'), ('&', 'a'), ('@', 'o'), ('%', 'h'), ('+', 'v')];
    let letters = prefixes.filter_map(|prefix| held.iter().find(|(known, _)| *known == prefix));
    (nick_of(nick), letters.map(|(_, letter)| *letter).collect())
}
