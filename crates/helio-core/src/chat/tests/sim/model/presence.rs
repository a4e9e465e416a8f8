//! Who comes, goes, and is how.

use super::{Conn, Expect, Model, Person, Stage, Told, words};
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

impl Model {
    /// The connection is told why it ends, and others see it leave. The reason tells whether what waits may be lost.
    pub(in crate::chat::tests::sim) fn close(&mut self, conn: Conn, reason: &str) {
        let person = &self.people[&conn];
        if person.is_closing() {
            return;
        }
        if person.stage == Stage::Here {
            let told = Told {
                irc: words([&person.mask(), "QUIT", reason]),
                guest: Some(format!("* {} left", person.name())),
                said: None,
            };
            let neighbours = self.neighbours(conn);
            self.tell(&neighbours, None, &told, |_| true);
        }
        for room in self.rooms.values_mut() {
            room.members.remove(&conn);
        }
        self.person(conn).stage = Stage::Closing { is_lossy: reason == "SendQ exceeded" };
        self.person(conn).batch = None;
        self.sweep();
    }

    /// The connection is gone.
    pub(in crate::chat::tests::sim) fn end(&mut self, conn: Conn, reason: &str) {
        self.close(conn, reason);
        self.people.remove(&conn);
    }

    pub(super) fn set_away(&mut self, conn: Conn, message: Option<&str>) {
        let person = self.person(conn);
        if person.away.as_deref() == message {
            return;
        }
        person.away = message.map(ToString::to_string);
        let mut irc = words([&person.mask(), "AWAY"]);
        irc.extend(message.map(ToString::to_string));
        self.tell_around(conn, BTreeSet::new(), &Told { irc, guest: None, said: None }, Capability::AwayNotify);
    }

    pub(super) fn set_realname(&mut self, conn: Conn, name: &str) {
        let person = self.person(conn);
        if person.realname == name || name.is_empty() {
            return;
        }
        person.realname = name.to_string();
        let told = Told { irc: words([&person.mask(), "SETNAME", name]), guest: None, said: None };
        self.tell_around(conn, [conn].into(), &told, Capability::Setname);
    }

    /// Who shares a room is told, and with extended-monitor who watches the nickname; all of them only if they can hear it.
    fn tell_around(&mut self, conn: Conn, mut whom: BTreeSet<Conn>, told: &Told, capability: Capability) {
        let nick = fold(&self.nick_of(conn));
        let neighbours = self.neighbours(conn);
        let watches = |(other, person): &(&Conn, &Person)| {
            **other != conn && person.watched.contains(&nick) && person.has(Capability::ExtendedMonitor)
        };
        whom.extend(self.people.iter().filter(watches).map(|(other, _)| *other));
        whom.extend(neighbours);
        self.tell(&whom, Some(conn), told, |person| person.has(capability));
    }

    pub(super) fn watch(&mut self, conn: Conn, nicks: &str) {
        self.person(conn).watched.extend(nicks.split(',').map(fold));
    }

    /// One letter at a time, with its sign.
    pub(super) fn user_mode(&mut self, conn: Conn, modes: &str) {
        let person = self.person(conn);
        let Some((sign, letter)) = modes.chars().next().zip(modes.chars().nth(1)) else { return };
        if !['B', 'i', 'w'].contains(&letter) {
            return;
        }
        let is_new = if sign == '+' { person.flags.insert(letter) } else { person.flags.remove(&letter) };
        if is_new {
            person.is_invisible = person.flags.contains(&'i');
            let line = words([&person.mask(), "MODE", &person.name(), &format!("{sign}{letter}")]);
            self.answer.push(Expect::line(line));
        }
    }

    /// The service lost its power: nobody is there, and the rooms are those that the disk has.
    pub(in crate::chat::tests::sim) fn power_off(&mut self, rooms: Vec<super::Room>) {
        self.people.clear();
        self.unstored.clear();
        self.unasked.clear();
        self.redactions.clear();
        self.logs.clear();
        self.last_us = 0;
        (self.is_store_failing, self.has_lost) = (false, false);
        self.rooms.clear();
        for mut room in rooms {
            room.number = self.number_room();
            self.logs.extend(room.log.clone().map(|log| (room.number, log)));
            room.empty_since = Some(self.now.utc);
            self.rooms.insert(fold(&room.name), room);
        }
    }
}
