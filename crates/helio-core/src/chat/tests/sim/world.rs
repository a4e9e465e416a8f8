//! One service with everything around it: connections of which any byte may be the last, a disk, and a clock. Every input is
//! followed by the drain that the run-loop contract asks for, with writes of any size.

use super::client::Client;
use super::model::{Conn, Model, Stage};
use super::population::{Newcomer, SLOTS};
use super::store::Store;
use crate::chat::{Chat, Face, GuestFramer, GuestInput, Peer, Secret, SessionId, Settings};
use crate::irc::casemap::fold;
use crate::irc::frame::{LineBuffer, LineError};
use crate::limits;
use crate::rng::Rng;
use crate::time::{Instant, Now, Utc};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

pub(super) struct World {
    pub(super) chat: Chat,
    pub(super) model: Model,
    pub(super) store: Store,
    pub(super) links: BTreeMap<Conn, Link>,
    pub(super) slots: [Option<Conn>; SLOTS],
    pub(super) rng: Rng,
    /// The disk answers at this moment what many waited for.
    was_disk_busy: bool,
    next_conn: Conn,
    run: u8,
}

/// A connection, seen from between the two ends.
pub(super) struct Link {
    pub(super) id: SessionId,
    pub(super) client: Client,
    /// Nobody reads at the other end: the kernel takes so many bytes more.
    pub(super) stalled: Option<usize>,
    framer: Framer,
    /// What the client sent and the service has not read.
    unread: Vec<u8>,
    /// Lines that were read and not handed in, because the session is behind.
    held: VecDeque<Result<Vec<u8>, LineError>>,
    /// Lines that wait under flood control.
    waiting: VecDeque<Vec<u8>>,
    is_exempt: bool,
    is_partly_written: bool,
    heard: Instant,
}

enum Framer {
    Irc(LineBuffer),
    Guest(GuestFramer),
}

impl World {
    pub(super) fn new(settings: Settings, seed: u64) -> Self {
        let now = Now { mono: Instant::ORIGIN, utc: Utc::from_micros(1_795_345_720_000_000) };
        Self {
            chat: Chat::new(settings.clone(), [1; 12], now).with_secret(Secret::new([1; 32])),
            model: Model::new(settings, now),
            store: Store::default(),
            links: BTreeMap::new(),
            slots: [None; SLOTS],
            rng: Rng::from_seed(seed),
            was_disk_busy: false,
            next_conn: 0,
            run: 1,
        }
    }

    pub(super) fn connect(&mut self, slot: usize, newcomer: &Newcomer) -> Result<(), String> {
        if self.slots[slot].is_some() {
            return Ok(());
        }
        let face = if newcomer.is_guest { Face::Guest } else { Face::Irc };
        let address = newcomer.address.parse().map_err(|_| "no address")?;
        let id =
            self.chat.handle_connect(Peer { address, face, is_secure: false, certificate: None }, self.model.now)?;
        let framer = match newcomer.is_guest {
            true => Framer::Guest(GuestFramer::default()),
            false => Framer::Irc(LineBuffer::from_client()),
        };
        let link = Link {
            id,
            client: Client::default(),
            stalled: None,
            framer,
            unread: Vec::new(),
            held: VecDeque::new(),
            waiting: VecDeque::new(),
            is_exempt: address.ip().is_loopback(),
            is_partly_written: false,
            heard: self.model.now.mono,
        };
        self.next_conn += 1;
        self.slots[slot] = Some(self.next_conn);
        self.model.connect(self.next_conn, newcomer.is_guest, &address.ip().to_string());
        self.links.insert(self.next_conn, link);
        self.settle()?;
        self.send(slot, newcomer.first_words.as_bytes(), false)
    }

    /// The client sends bytes, of which the service reads some now. `is_pushy`: it goes on though it is behind.
    pub(super) fn send(&mut self, slot: usize, bytes: &[u8], is_pushy: bool) -> Result<(), String> {
        let utc = self.model.now.utc;
        let Some((conn, link)) = self.slot(slot) else { return Ok(()) };
        link.unread.extend(filled_in(&link.client, bytes, utc));
        let len = link.unread.len();
        let taken = if self.rng.chance(0.8) { len } else { self.rng.below(len as u64 + 1) as usize };
        self.read(conn, taken);
        self.hand_in(conn, is_pushy)
    }

    /// The connection breaks when the service has read `at` of these bytes.
    pub(super) fn cut(&mut self, slot: usize, bytes: &[u8], at: usize) -> Result<(), String> {
        let utc = self.model.now.utc;
        let Some((conn, link)) = self.slot(slot) else { return Ok(()) };
        let before = link.unread.len();
        link.unread.extend(filled_in(&link.client, bytes, utc));
        let taken = (before + at).min(link.unread.len());
        self.read(conn, taken);
        self.hand_in(conn, false)?;
        self.gone(conn, "Connection reset")
    }

    fn slot(&mut self, slot: usize) -> Option<(Conn, &mut Link)> {
        let conn = self.slots[slot]?;
        self.links.get_mut(&conn).map(|link| (conn, link))
    }

    /// Lines out of the next bytes, as a driver frames them.
    fn read(&mut self, conn: Conn, len: usize) {
        let now = self.model.now.mono;
        let Some(link) = self.links.get_mut(&conn) else { return };
        let bytes: Vec<u8> = link.unread.drain(..len).collect();
        match &mut link.framer {
            Framer::Irc(buffer) => {
                let mut input = bytes.as_slice();
                while let Some(line) = buffer.poll_line(&mut input) {
                    link.held.push_back(line.map(<[u8]>::to_vec));
                }
            }
            Framer::Guest(framer) => {
                framer.handle_bytes(&bytes, now);
                while let Some(GuestInput::Line(line)) = framer.poll_line() {
                    link.held.push_back(Ok(line));
                }
            }
        }
    }

    fn hand_in(&mut self, conn: Conn, is_pushy: bool) -> Result<(), String> {
        while let Some(link) = self.links.get_mut(&conn).filter(|link| is_pushy || !self.chat.is_behind(link.id)) {
            let (id, now) = (link.id, self.model.now);
            let Some(line) = link.held.pop_front() else { return Ok(()) };
            link.heard = now.mono;
            let before = self.waiting(id);
            match &line {
                Err(error) => self.chat.handle_bad_line(id, error.clone(), now),
                Ok(line) => self.chat.handle_line(id, line, now),
            }
            if self.waiting(id) > before {
                self.links.entry(conn).and_modify(|link| link.waiting.extend(line));
            } else if !self.model.people[&conn].is_closing() {
                // Nothing more is carried out when too many wait.
                let line = line.ok().filter(|_| before < limits::CHAT_WAITING_LINES);
                line.iter().for_each(|line| self.carry_out(conn, line));
                self.model.sweep();
            }
            self.settle()?;
        }
        Ok(())
    }

    /// What the service has done the model does, but for names that wait until there is place.
    fn carry_out(&mut self, conn: Conn, line: &[u8]) {
        let before = self.model.person(conn).expects.len();
        self.model.line(conn, line);
        let session = self.links.get(&conn).and_then(|link| self.chat.sessions.get(link.id));
        let answering = session.into_iter().flat_map(|session| &session.answering);
        let rooms = answering.filter_map(|answering| answering.named_room()).map(fold).collect();
        self.model.person(conn).wait_for_names(before, &rooms);
    }

    fn waiting(&self, id: SessionId) -> usize {
        self.chat.sessions.get(id).map_or(0, |session| session.waiting.len())
    }

    /// The connection is over.
    fn gone(&mut self, conn: Conn, reason: &str) -> Result<(), String> {
        let Some(link) = self.links.remove(&conn) else { return Ok(()) };
        self.slots.iter_mut().filter(|slot| **slot == Some(conn)).for_each(|slot| *slot = None);
        self.chat.handle_end(link.id, reason, self.model.now);
        self.model.end(conn, reason);
        self.model.sweep();
        self.settle()
    }

    /// Time passes: in a jump, or with every timer at its moment.
    pub(super) fn pass(&mut self, by: Duration, is_jump: bool) -> Result<(), String> {
        let end = self.model.now.mono + by;
        let mut rounds = 0;
        while let Some(at) = self.chat.poll_timeout().filter(|at| *at <= end) {
            self.turn_clock(if is_jump { end } else { at });
            self.timeout()?;
            rounds += 1;
            if rounds > 100_000 {
                return Err(format!("woken again and again at {at:?}"));
            }
        }
        self.turn_clock(end);
        let conns: Vec<Conn> = self.links.keys().copied().collect();
        conns.into_iter().try_for_each(|conn| self.hand_in(conn, false))
    }

    fn turn_clock(&mut self, at: Instant) {
        let now = &mut self.model.now;
        let passed = at.since(now.mono).as_micros() as i64;
        *now = Now { mono: now.mono.max(at), utc: Utc::from_micros(now.utc.micros() + passed) };
    }

    fn timeout(&mut self) -> Result<(), String> {
        let now = self.model.now;
        let due = self.chat.timers.due(now.mono).into_iter();
        let due: Vec<(SessionId, usize)> = due.map(|id| (id, self.allowed(id))).collect();
        self.chat.handle_timeout(now);
        self.model.is_in_turn = true;
        for (id, allowed) in due {
            let Some(conn) = self.links.iter().find(|(_, link)| link.id == id).map(|(conn, _)| *conn) else { continue };
            for _ in 0..allowed {
                let line = self.links.get_mut(&conn).and_then(|link| link.waiting.pop_front());
                line.iter().for_each(|line| self.carry_out(conn, line));
            }
            self.model.expire(conn);
            let person = self.model.person(conn);
            let is_new = person.is_guest && person.stage == Stage::Registering;
            if is_new && person.opened + limits::CHAT_GUEST_SETTLING <= now.mono {
                self.model.guest_arrives(conn);
            }
            let is_told = self.chat.closing_reason(id).is_some_and(|reason| reason != "SendQ exceeded");
            if is_told && !self.model.person(conn).is_closing() {
                self.notice_end(conn)?;
            }
        }
        self.model.is_in_turn = false;
        self.model.sweep();
        self.settle()
    }

    /// How many of the waiting lines flood control lets through now.
    fn allowed(&self, id: SessionId) -> usize {
        let Some(session) = self.chat.sessions.get(id) else { return 0 };
        let mut bucket = session.flood;
        (0..session.waiting.len()).take_while(|_| bucket.take(self.model.now.mono)).count()
    }

    /// The service ends a connection for a reason of its own; it must be a true one.
    fn notice_end(&mut self, conn: Conn) -> Result<(), String> {
        let link = &self.links[&conn];
        let Some(reason) = self.chat.closing_reason(link.id) else { return Ok(()) };
        let (person, settings, now) = (&self.model.people[&conn], &self.model.settings, self.model.now.mono);
        let is_registering = person.stage == Stage::Registering;
        let is_true = match reason.as_str() {
            // Somebody does not read, or waits for the disk, or is told of all that it lost.
            "SendQ exceeded" => {
                let is_disk_slow = self.was_disk_busy || !self.store.is_idle() || self.model.is_store_failing;
                link.stalled.is_some() || link.is_partly_written || is_disk_slow
            }
            "Excess Flood" => !link.is_exempt,
            "Registration timed out" => is_registering && person.opened + settings.registration_timeout <= now,
            "Too many lines before registration" => is_registering,
            _ => reason.starts_with("Ping timeout") && link.heard + settings.ping_interval * 2 <= now,
        };
        self.model.close(conn, &reason);
        if is_true { Ok(()) } else { Err(format!("{conn} was ended for no reason: {reason}")) }
    }

    /// What comes after each input: both agree on who is still there, and the service is drained.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        loop {
            let mut links: Vec<(SessionId, Conn)> = self.links.iter().map(|(conn, link)| (link.id, *conn)).collect();
            links.sort_unstable();
            for (id, conn) in links {
                let is_over = self.model.people[&conn].is_closing();
                match self.chat.closing_reason(id) {
                    Some(_) if !is_over => self.notice_end(conn)?,
                    None if is_over => return Err(format!("{conn} is not ended")),
                    Some(_) | None => {}
                }
            }
            let mut is_idle = true;
            while let Some(effect) = self.chat.poll_effect() {
                self.store.take(effect, &mut self.model)?;
            }
            while let Some(id) = self.chat.poll_session() {
                let conn = self.links.iter().find(|(_, link)| link.id == id).map(|(conn, _)| *conn);
                is_idle &= !self.write(conn.ok_or("a session that nobody has")?, false)?;
            }
            if is_idle {
                break;
            }
        }
        match (self.model.unstored.front(), self.model.unasked.front()) {
            (None, None) => Ok(()),
            (said, read) => Err(format!("the disk was not asked to keep {said:?} or to read for {read:?}")),
        }
    }

    /// Writes some of what waits for a connection, or all. `true`: it ended.
    pub(super) fn write(&mut self, conn: Conn, is_all: bool) -> Result<bool, String> {
        let Some(link) = self.links.get_mut(&conn) else { return Ok(false) };
        let Some(output) = self.chat.output(link.id) else { return Ok(false) };
        let (len, is_last) = (output.bytes.len(), output.is_last);
        let is_whole = is_all || self.rng.chance(0.7);
        let wanted = if is_whole { len } else { self.rng.below(len as u64 + 1) as usize };
        let taken = link.stalled.map_or(wanted, |room| wanted.min(room));
        link.stalled = link.stalled.map(|room| room - taken);
        link.client.receive(conn, &output.bytes[..taken], &mut self.model)?;
        link.is_partly_written = taken < len;
        self.chat.handle_written(link.id, taken);
        if is_last && taken == len {
            self.gone(conn, "closed")?;
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn stall(&mut self, slot: usize, room: Option<usize>) -> Result<(), String> {
        let Some((conn, link)) = self.slot(slot) else { return Ok(()) };
        link.stalled = room;
        self.write(conn, true).map(|_| ())
    }

    /// Some of those who read get what waits.
    pub(super) fn write_some(&mut self, share: f64) -> Result<(), String> {
        let conns: Vec<Conn> = self.links.keys().copied().filter(|_| self.rng.chance(share)).collect();
        conns.into_iter().try_for_each(|conn| self.write(conn, true).map(|_| ()))
    }

    /// Everybody who reads gets what waits.
    pub(super) fn write_all(&mut self) -> Result<(), String> {
        let conns: Vec<Conn> = self.links.keys().copied().collect();
        conns.into_iter().try_for_each(|conn| self.write(conn, true).map(|_| ()))
    }

    pub(super) fn work(&mut self, count: usize) -> Result<(), String> {
        self.was_disk_busy = !self.store.is_idle();
        self.store.work(count, &mut self.chat, &mut self.model);
        self.settle()?;
        self.was_disk_busy = false;
        Ok(())
    }

    pub(super) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) -> Result<(), String> {
        change(&mut self.model.settings);
        self.chat.handle_settings(self.model.settings.clone(), self.model.now);
        self.model.sweep();
        self.settle()
    }

    /// The machine loses its power and starts again, from all records or from a snapshot of what they make.
    pub(super) fn power_off(&mut self, is_snapshot: bool) -> Result<(), String> {
        self.links.clear();
        self.slots = [None; SLOTS];
        self.store.power_off(&self.model)?;
        self.run = self.run.wrapping_add(1);
        let (settings, secret) = (self.model.settings.clone(), Secret::new([self.run; 32]));
        self.chat = Chat::new(settings, [self.run; 12], self.model.now).with_secret(secret);
        for record in self.store.settings() {
            self.chat.handle_restored(&record, self.model.now).map_err(|error| error.to_string())?;
        }
        let rooms = self.store.rooms()?;
        if is_snapshot {
            self.store.replace_settings(self.chat.snapshot());
        }
        self.chat.handle_restore_end(self.model.now);
        self.model.power_off(rooms);
        Ok(())
    }
}

/// What a client sends, with the identities and times that a script cannot know: `{ago:N}` is the time N milliseconds ago.
fn filled_in(client: &Client, bytes: &[u8], now: Utc) -> Vec<u8> {
    let Ok(mut text) = String::from_utf8(bytes.to_vec()) else { return bytes.to_vec() };
    while let Some(start) = text.find("{ago:") {
        let end = start + text[start..].find('}').map_or(0, |len| len + 1);
        let millis: i64 = text[start..end].trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        text.replace_range(start..end, &Utc::from_micros(now.micros() - millis * 1_000).rfc3339_millis());
    }
    client.fill_in(text).into_bytes()
}
