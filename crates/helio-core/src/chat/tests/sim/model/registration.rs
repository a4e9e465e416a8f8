//! How a connection becomes somebody, and what it is called then.

use super::{Conn, Model, Person, Stage, Told, words};
use crate::irc::capability::{Capability, implied_by_version, parse_request};
use crate::irc::casemap::fold;
use crate::irc::line::truncate_utf8;
use crate::irc::name::{Nick, ReservedNames, sanitize_user, skeleton};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};

impl Model {
    pub(super) fn registering(&mut self, conn: Conn, verb: &str, params: &[&str]) {
        match (verb, params) {
            ("NICK", [nick, ..]) if self.may_be_called(conn, nick) => {
                self.person(conn).nick = Some(nick.to_string());
                self.complete(conn);
            }
            ("USER", [user, _, _, realname, ..]) if !user.is_empty() && !realname.is_empty() => {
                let person = self.person(conn);
                person.username = Some(sanitize_user(user));
                person.realname = truncate_utf8(realname, limits::CHAT_REALNAME).to_string();
                self.complete(conn);
            }
            ("CAP", [sub, rest @ ..]) => self.cap(conn, sub, rest),
            ("METADATA", [target, subcommand, rest @ ..]) => self.metadata(conn, target, subcommand, rest),
            ("QUIT", _) => self.leaving = Some(String::new()),
            _ => {}
        }
    }

    pub(super) fn cap(&mut self, conn: Conn, sub: &str, rest: &[&str]) {
        let person = self.person(conn);
        match sub {
            "LS" => {
                let version = rest.first().and_then(|version| version.parse().ok()).unwrap_or(0);
                person.caps = person.caps.union(implied_by_version(version));
                person.is_302 |= version >= 302;
                person.is_negotiating = true;
            }
            "REQ" => {
                let offered = Capability::ALL.iter().copied().filter(|known| *known != Capability::Sts).collect();
                let list = rest.first().copied().unwrap_or_default();
                if let Some(request) = parse_request(list, offered, person.is_302) {
                    let had = person.has(Capability::Metadata);
                    person.caps = request.apply(person.caps);
                    let has = person.has(Capability::Metadata);
                    person.telling.lacked_batch |= (had || has) && !person.has(Capability::Batch);
                    if request.removed.contains(Capability::Metadata) {
                        person.telling.subscriptions.clear();
                    }
                }
                person.is_negotiating = true;
            }
            "END" => {
                person.is_negotiating = false;
                self.complete(conn);
            }
            _ => {}
        }
    }

    fn complete(&mut self, conn: Conn) {
        let person = self.person(conn);
        if person.stage != Stage::Registering || person.is_negotiating || person.username.is_none() {
            return;
        }
        let Some(nick) = person.nick.clone() else { return };
        if self.may_be_called(conn, &nick) {
            self.person(conn).stage = Stage::Here;
            self.arrive_with_values(conn);
        } else {
            self.person(conn).nick = None;
        }
    }

    /// It is a nickname, and nobody else who is here has it or one that looks like it.
    fn may_be_called(&self, conn: Conn, nick: &str) -> bool {
        let is_same = |person: &Person| {
            let other = person.name();
            fold(&other) == fold(nick) || skeleton(&other) == skeleton(nick)
        };
        let is_taken =
            self.people.iter().any(|(other, person)| *other != conn && person.stage == Stage::Here && is_same(person));
        Nick::parse(nick, self.settings.nick_rules).is_ok() && !ReservedNames::default().has(nick) && !is_taken
    }

    pub(super) fn nick(&mut self, conn: Conn, nick: &str) {
        let (old, mask) = (self.nick_of(conn), self.people[&conn].mask());
        if old == nick || !self.may_be_called(conn, nick) {
            return;
        }
        let mut around = self.neighbours(conn);
        around.insert(conn);
        let told =
            Told { irc: words([&mask, "NICK", nick]), guest: Some(format!("* {old} is now {nick}")), said: None };
        self.tell(&around, Some(conn), &told, |_| true);
        self.person(conn).nick = Some(nick.to_string());
        if fold(&old) != fold(nick) {
            let whom = self.watchers(nick);
            self.tell_own_values(&whom, conn, nick);
        }
    }

    /// A connection of the line listener becomes a guest in the lobby.
    pub(in crate::chat::tests::sim) fn guest_arrives(&mut self, conn: Conn) {
        let free = (1..).map(|number| format!("guest{number}")).find(|name| self.may_be_called(conn, name));
        let person = self.person(conn);
        (person.nick, person.stage) = (free, Stage::Here);
        person.username = Some("guest".into());
        person.realname = "Guest of the line listener".into();
        let lobby = self.settings.lobby.as_str().to_string();
        self.join(conn, &lobby, "");
        let answer = core::mem::take(&mut self.answer);
        self.person(conn).expects.extend(answer);
        if !self.rooms.get(&fold(&lobby)).is_some_and(|room| room.members.contains_key(&conn)) {
            self.close(conn, "the room cannot be entered");
        }
        self.sweep();
    }

    pub(super) fn guest_line(&mut self, conn: Conn, text: &str) {
        let text: String = text.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
        if text.trim().is_empty() {
            return;
        }
        if self.person(conn).stage == Stage::Registering {
            self.guest_arrives(conn);
        }
        if self.person(conn).is_closing() {
            return;
        }
        let text = text.trim_end();
        match text.strip_prefix('/') {
            None => self.guest_says(conn, text),
            Some(slashed) if slashed.starts_with('/') => self.guest_says(conn, slashed),
            Some(command) => {
                let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
                match verb {
                    "nick" => self.nick(conn, rest.trim()),
                    "me" if !rest.trim().is_empty() => self.guest_says(conn, &format!("\u{1}ACTION {rest}\u{1}")),
                    "quit" => {
                        self.leaving =
                            Some(if rest.is_empty() { "Guest quit".into() } else { format!("Quit: {rest}") });
                    }
                    _ => {}
                }
            }
        }
    }

    fn guest_says(&mut self, conn: Conn, text: &str) {
        let room = self.rooms.values().find(|room| room.members.contains_key(&conn)).map(|room| room.name.clone());
        if let Some(room) = room {
            self.say(conn, "PRIVMSG", &room, &[(text.to_string(), false)], "");
        }
    }
}
