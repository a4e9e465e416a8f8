//! Who may take a message back, and who is told that it is gone.

use super::{Ask, Conn, Expect, Fate, Model, Said, Stage, words};
use crate::chat::Erasure;
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::irc::line::truncate_utf8;
use crate::irc::name::Nick;
use crate::limits;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

/// A wish that a message be gone.
#[derive(Clone, Debug)]
pub(in crate::chat::tests::sim) struct Redaction {
    conn: Conn,
    /// Who that is, when it was granted.
    by: String,
    /// As it was written.
    target: String,
    /// The number of the room; `None`: a conversation of two.
    room: Option<usize>,
    /// The nickname of the other one, if that is it, and the log of the two, when it was asked for.
    with: String,
    private: String,
    pub(in crate::chat::tests::sim) msgid: String,
    reason: Option<String>,
    /// Those with this rank and above saw the message.
    least: usize,
    /// The one who asked was told already that it could not be done.
    is_answered: bool,
}

impl Model {
    pub(super) fn ask_redaction(&mut self, conn: Conn, target: &str, msgid: &str, reason: Option<&str>) {
        if !self.people[&conn].has(Capability::MessageRedaction) {
            return;
        }
        let name = target.trim_start_matches(['~', '&', '@', '%', '+']);
        let room = self.rooms.get(&fold(name)).filter(|room| room.members.contains_key(&conn)).map(|room| room.number);
        let is_nick = Nick::parse(target, self.settings.nick_rules).is_ok();
        if room.is_none() && (name.starts_with('#') || !is_nick) {
            return self.answer.push(refused(&["INVALID_TARGET", target]));
        }
        let waiting = self.redactions.values().filter(|known| known.conn == conn && !known.is_answered).count();
        if self.is_store_failing || waiting >= limits::CHAT_REDACTIONS {
            return;
        }
        let reason = reason.map(|reason| truncate_utf8(reason, limits::CHAT_REDACT_REASON));
        let with = self.named(target).map_or_else(|| target.to_string(), |with| self.nick_of(with));
        let mut pair = [fold(&self.nick_of(conn)), fold(target)];
        pair.sort();
        let redaction = Redaction {
            conn,
            by: String::new(),
            target: target.to_string(),
            room,
            with,
            private: format!("private/{}/{}", pair[0], pair[1]),
            msgid: msgid.to_string(),
            reason: reason.filter(|reason| !reason.is_empty()).map(ToString::to_string),
            least: 0,
            is_answered: false,
        };
        let number = self.number_place();
        self.redactions.insert(number, redaction);
        self.unasked.push_back(Ask::Find(number));
    }

    /// The disk looked for the message among these. `None`: it cannot be read.
    pub(in crate::chat::tests::sim) fn sought(&mut self, number: usize, on_disk: Option<&[usize]>) {
        let Some(redaction) = self.redactions.get(&number).cloned() else { return };
        let conn = redaction.conn;
        if self.people.get(&conn).is_none_or(|person| person.stage != Stage::Here) {
            self.redactions.remove(&number);
            return;
        }
        match self.granted(&redaction, on_disk) {
            Ok(least) => {
                // That it was done has a time of its own.
                self.last_us = self.now.utc.micros().max(self.last_us + 1);
                let by = self.people[&conn].mask();
                self.redactions.insert(number, Redaction { by, least, ..redaction });
                self.unasked.push_back(Ask::Erase(number));
            }
            Err(code) => {
                self.redactions.remove(&number);
                self.refuse(&redaction, code);
            }
        }
    }

    /// The rank of those who saw the message, if it may be redacted; else why not, where there is a word for it.
    fn granted(&self, redaction: &Redaction, on_disk: Option<&[usize]>) -> Result<usize, Option<&'static str>> {
        let conn = redaction.conn;
        let room = redaction.room.map(|number| {
            let room = self.rooms.values().find(|room| room.number == number && room.members.contains_key(&conn));
            room.ok_or(Some("INVALID_TARGET"))
        });
        let room = room.transpose()?;
        let on_disk = on_disk.ok_or(None)?;
        let is_it = |number: &&usize| self.said[**number].msgid == redaction.msgid && !self.said[**number].is_change();
        let number = *on_disk.iter().find(is_it).ok_or(Some("UNKNOWN_MSGID"))?;
        let (said, is_own) = (&self.said[number], self.is_own(conn, number));
        let Some(room) = room else { return if is_own { Ok(0) } else { Err(Some("UNKNOWN_MSGID")) } };
        let (rank, least) = (room.rank(conn), said.least());
        match is_own || rank >= least {
            true if is_own || rank >= 2 => Ok(least),
            true => Err(Some("REDACT_FORBIDDEN")),
            false => Err(Some("UNKNOWN_MSGID")),
        }
    }

    /// Whether `conn` said this, and not too much since.
    fn is_own(&self, conn: Conn, number: usize) -> bool {
        let is_kept = |said: &&Said| said.by == conn && said.fate != Fate::NotKept && !said.is_change();
        let later = self.said[number + 1..].iter().filter(is_kept).count();
        self.said[number].by == conn && later < limits::CHAT_OWN_MESSAGES
    }

    /// The disk erased the message, or did not.
    pub(in crate::chat::tests::sim) fn erased(&mut self, number: usize, erasure: Erasure) {
        let Some(redaction) = self.redactions.remove(&number) else { return };
        let is_answered = redaction.is_answered;
        match erasure {
            Erasure::Done => self.gone(&redaction),
            Erasure::NotThere if !is_answered => self.refuse(&redaction, Some("UNKNOWN_MSGID")),
            Erasure::NotThere | Erasure::NotTried => {}
            Erasure::Unfinished => {
                self.is_store_failing = true;
                self.redactions.insert(number, Redaction { is_answered: true, ..redaction });
            }
        }
    }

    /// Everybody who may know is told.
    fn gone(&mut self, redaction: &Redaction) {
        self.said.iter_mut().filter(|said| said.msgid == redaction.msgid).for_each(|said| said.fate = Fate::Redacted);
        let (shown, mut whom) = match redaction.room {
            Some(number) => {
                let room = self.rooms.values().find(|room| room.number == number);
                let members =
                    room.into_iter().flat_map(|room| room.members.keys().map(|conn| (*conn, room.rank(*conn))));
                let whom = members.filter(|(_, rank)| *rank >= redaction.least).map(|(conn, _)| conn).collect();
                (room.map_or_else(String::new, |room| room.name.clone()), whom)
            }
            None => {
                let with = self.named(&redaction.with);
                (redaction.with.clone(), with.into_iter().collect::<BTreeSet<Conn>>())
            }
        };
        whom.insert(redaction.conn);
        let mut line = words([&redaction.by, "REDACT", &shown, &redaction.msgid]);
        line.extend(redaction.reason.clone());
        let is_told = |conn: &Conn| {
            let person = self.people.get(conn).filter(|person| person.stage == Stage::Here && !person.is_guest);
            person.is_some_and(|person| person.has(Capability::MessageRedaction))
        };
        whom.retain(is_told);
        whom.into_iter().for_each(|conn| self.person(conn).expects.push_back(Expect::line(line.clone())));
    }

    fn refuse(&mut self, redaction: &Redaction, code: Option<&str>) {
        let target = redaction.target.as_str();
        let line = match code {
            None => return,
            Some("INVALID_TARGET") => refused(&["INVALID_TARGET", target]),
            Some(code) => refused(&[code, target, &redaction.msgid]),
        };
        if let Some(person) = self.people.get_mut(&redaction.conn).filter(|person| person.stage == Stage::Here) {
            person.expects.push_back(line);
        }
    }

    /// Whether a message is where the redaction looks for it.
    pub(in crate::chat::tests::sim) fn is_sought_in(&self, number: usize, log: &str) -> bool {
        let redaction = &self.redactions[&number];
        match redaction.room {
            Some(room) => self.logs.get(&room).is_none_or(|known| known == log),
            None => log == redaction.private,
        }
    }
}

impl Said {
    /// The rank of those for whom it is.
    fn least(&self) -> usize {
        let prefix = self.target.chars().next().and_then(|prefix| "+%@&~".find(prefix));
        prefix.map_or(0, |index| index + 1)
    }
}

fn refused(words_of: &[&str]) -> Expect {
    Expect::line(words(["FAIL", "REDACT"].iter().chain(words_of)))
}
