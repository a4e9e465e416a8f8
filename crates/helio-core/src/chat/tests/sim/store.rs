//! A disk that takes its time, fails and loses its power: what is not committed is gone then.

use super::model::{Ask, Fate, Model, Room};
use crate::chat::query::{Query, Unanswered, linear};
use crate::chat::search::{Findable, Found, NotSearched, Order, Search};
use crate::chat::{AUDIT_LOG, Chat, Effect, Erasure, SETTINGS_LOG, Ticket};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

#[derive(Default)]
pub(super) struct Store {
    /// What was asked for, oldest first.
    queue: VecDeque<Request>,
    logs: BTreeMap<String, Vec<Record>>,
    /// What is tried now fails.
    pub(super) is_broken: bool,
    /// Since something failed: nothing is tried before a probe worked (as the real keeper of the store does it).
    is_failing: bool,
    /// What could not be erased, and is when a probe worked.
    unerased: Vec<(Ticket, String, usize)>,
}

#[derive(Clone)]
struct Record {
    bytes: Vec<u8>,
    said: Option<usize>,
}

enum Request {
    Append {
        ticket: Ticket,
        log: String,
        record: Record,
    },
    Read {
        ticket: Ticket,
        log: String,
        query: Query,
        ask: Ask,
    },
    Search {
        ticket: Ticket,
        search: Box<Search>,
        ask: Ask,
    },
    /// The message that this redaction names.
    Erase {
        ticket: Ticket,
        log: String,
        redaction: usize,
    },
    Forget {
        log: String,
    },
    Probe,
}

impl Store {
    /// Takes what the service asks for; it must be what the model says that it has to ask for.
    pub(super) fn take(&mut self, effect: Effect, model: &mut Model) -> Result<(), String> {
        // What was tried too often has no model.
        if matches!(effect, Effect::Replace { .. }) {
            return Ok(());
        }
        self.queue.push_back(match effect {
            Effect::Append { ticket, log, bytes } => {
                let said = if [SETTINGS_LOG, AUDIT_LOG].contains(&log.as_str()) {
                    None
                } else {
                    Some(expected_append(&log, &bytes, model)?)
                };
                Request::Append { ticket, log, record: Record { bytes, said } }
            }
            Effect::Read { ticket, log, query } => {
                let ask = model.unasked.pop_front();
                let is_right = |ask: &Ask| match ask {
                    Ask::Read(..) => true,
                    Ask::Find(number) => model.is_sought_in(*number, &log),
                    Ask::Search(..) | Ask::Erase(_) => false,
                };
                let ask = ask.filter(is_right).ok_or_else(|| format!("a read of {log} that nobody waits for"))?;
                Request::Read { ticket, log, query, ask }
            }
            Effect::Search { ticket, search } => match model.unasked.pop_front() {
                Some(ask @ Ask::Search(..)) => Request::Search { ticket, search, ask },
                ask => return Err(format!("a search where {ask:?} was to come")),
            },
            Effect::Erase { ticket, log, msgid } => match model.unasked.pop_front() {
                Some(Ask::Erase(number))
                    if model.redactions[&number].msgid == msgid.0 && model.is_sought_in(number, &log) =>
                {
                    Request::Erase { ticket, log, redaction: number }
                }
                ask => return Err(format!("{msgid:?} is to be erased where {ask:?} was to come")),
            },
            Effect::Forget { log } => Request::Forget { log },
            Effect::Probe => Request::Probe,
            // What is kept of it concerns nobody here.
            Effect::TrimAudit { .. } => return Ok(()),
            Effect::Trim { .. }
            | Effect::Verify { .. }
            | Effect::Derive { .. }
            | Effect::Reload { .. }
            | Effect::Inspect { .. }
            | Effect::Retain { .. }
            | Effect::Replace { .. } => {
                return Err("nobody asked for this".to_string());
            }
        });
        Ok(())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Carries out up to `count` requests; appends that follow each other are one commit.
    pub(super) fn work(&mut self, count: usize, chat: &mut Chat, model: &mut Model) {
        let mut group: Vec<(Ticket, String, Record)> = Vec::new();
        for _ in 0..count {
            match self.queue.pop_front() {
                Some(Request::Append { ticket, log, record }) => group.push((ticket, log, record)),
                request => {
                    self.commit(core::mem::take(&mut group), chat, model);
                    match request {
                        Some(Request::Append { .. }) | None => return,
                        Some(Request::Read { ticket, log, query, ask }) => {
                            self.read((ticket, ask), &log, &query, chat, model);
                        }
                        Some(Request::Search { ticket, search, ask }) => {
                            self.search((ticket, ask), &search, chat, model);
                        }
                        Some(Request::Erase { ticket, log, redaction }) => {
                            self.erase((ticket, log, redaction), chat, model);
                        }
                        Some(Request::Forget { log }) => _ = self.logs.remove(&log),
                        Some(Request::Probe) => self.probe(chat, model),
                    }
                }
            }
        }
        self.commit(group, chat, model);
    }

    fn commit(&mut self, group: Vec<(Ticket, String, Record)>, chat: &mut Chat, model: &mut Model) {
        let (Some((first, ..)), Some((last, ..))) = (group.first(), group.last()) else { return };
        let (first, last) = (*first, *last);
        self.is_failing |= self.is_broken;
        let fate = if self.is_failing { Fate::Lost } else { Fate::OnDisk };
        for (_, log, record) in group {
            record.said.into_iter().for_each(|said| model.decide(said, fate));
            if fate == Fate::OnDisk {
                self.logs.entry(log).or_default().push(record);
            }
        }
        if fate == Fate::OnDisk {
            chat.handle_committed(last, model.now);
        } else {
            (model.is_store_failing, model.has_lost) = (true, true);
            chat.handle_commit_failed(first, last, model.now);
        }
        model.sweep();
    }

    fn probe(&mut self, chat: &mut Chat, model: &mut Model) {
        if !self.is_broken {
            self.is_failing = false;
            model.is_store_failing = false;
        }
        chat.handle_probed(!self.is_broken, model.now);
        if !self.is_broken {
            let unerased = core::mem::take(&mut self.unerased);
            unerased.into_iter().for_each(|message| self.erase(message, chat, model));
        }
        model.sweep();
    }

    fn read(&mut self, (ticket, ask): (Ticket, Ask), log: &str, query: &Query, chat: &mut Chat, model: &mut Model) {
        let records = self.logs.get(log).map(Vec::as_slice).unwrap_or_default();
        let on_disk: Vec<usize> = records.iter().filter_map(|record| record.said).collect();
        let bytes: Vec<Vec<u8>> = records.iter().map(|record| record.bytes.clone()).collect();
        let found = if self.is_broken { Err(Unanswered::StoreFails) } else { linear::answer(query, &bytes) };
        let on_disk = (!self.is_broken).then_some(&*on_disk);
        match ask {
            Ask::Read(conn, place) => model.answered(conn, place, on_disk),
            Ask::Find(redaction) => model.sought(redaction, on_disk),
            Ask::Search(..) | Ask::Erase(_) => {}
        }
        chat.handle_read(ticket, found.as_deref().map_err(|error| *error), model.now);
        model.sweep();
    }

    /// Every record is looked at.
    fn search(&mut self, (ticket, ask): (Ticket, Ask), search: &Search, chat: &mut Chat, model: &mut Model) {
        let mut found = Vec::new();
        for (log, record) in self.logs.iter().flat_map(|(log, records)| records.iter().map(move |record| (log, record)))
        {
            let Some(findable) = Findable::of(&record.bytes).filter(|_| search.logs.contains(log)) else { continue };
            let has_words = search.terms.iter().all(|term| findable.text.contains(&term.text));
            let is_by = search.author.as_ref().is_none_or(|author| *author == findable.author);
            if has_words && is_by && search.at_us.contains(&findable.at_us) {
                found.push((findable.at_us, Found { log: log.clone(), record: record.bytes.clone() }));
            }
        }
        found.sort_by_key(|(at_us, _)| *at_us);
        let excess = found.len().saturating_sub(search.limit);
        match search.wanted {
            Order::Newest => _ = found.drain(..excess),
            Order::Oldest => found.truncate(search.limit),
        }
        let found: Vec<Found> = found.into_iter().map(|(_, found)| found).collect();
        if let Ask::Search(conn, place) = ask {
            let numbers = |records: &Vec<Record>| records.iter().filter_map(|record| record.said).collect();
            let on_disk = self.logs.iter().map(|(log, records)| (log.clone(), numbers(records))).collect();
            model.searched(conn, place, Some(&on_disk).filter(|_| !self.is_broken));
        }
        let answer = if self.is_broken { Err(NotSearched::Fails) } else { Ok(found.as_slice()) };
        chat.handle_found(ticket, answer, model.now);
    }

    fn erase(&mut self, (ticket, log, redaction): (Ticket, String, usize), chat: &mut Chat, model: &mut Model) {
        // After a power failure nobody waits for it.
        let msgid = model.redactions.get(&redaction).map(|known| known.msgid.clone()).unwrap_or_default();
        let is_it = |record: &&mut Record| record.said.is_some_and(|said| model.said[said].msgid == msgid);
        let found = self.logs.get_mut(&log).and_then(|records| records.iter_mut().find(is_it));
        let erasure = match found {
            _ if self.is_failing => Erasure::NotTried,
            None => Erasure::NotThere,
            Some(_) if self.is_broken => {
                self.is_failing = true;
                self.unerased.push((ticket, log, redaction));
                Erasure::Unfinished
            }
            Some(record) => {
                *record = Record { bytes: Vec::new(), said: None };
                Erasure::Done
            }
        };
        model.erased(redaction, erasure);
        chat.handle_erased(ticket, erasure, model.now);
        model.sweep();
    }

    /// What was redacted is nowhere.
    pub(super) fn check_erased(&self, model: &Model) -> Result<(), String> {
        let redacted = model.said.iter().filter(|said| said.fate == Fate::Redacted);
        for msgid in redacted.map(|said| said.msgid.as_bytes()) {
            let mut records = self.logs.values().flatten();
            if records.any(|record| record.bytes.windows(msgid.len()).any(|part| part == msgid)) {
                return Err(format!("{} was redacted, and is on disk", String::from_utf8_lossy(msgid)));
            }
        }
        Ok(())
    }

    /// The power goes: what is in the queue is lost, and the disk works when it comes again. What was said and is on disk
    /// must all be there, in the order in which it was said.
    pub(super) fn power_off(&mut self, model: &Model) -> Result<(), String> {
        self.queue.clear();
        self.unerased.clear();
        (self.is_broken, self.is_failing) = (false, false);
        for (log, records) in &self.logs {
            let said: Vec<usize> = records.iter().filter_map(|record| record.said).collect();
            if !said.is_sorted_by(|a, b| a < b) {
                return Err(format!("{log} is out of order: {said:?}"));
            }
            if let Some(lost) = said.iter().find(|said| model.said[**said].fate != Fate::OnDisk) {
                return Err(format!("{log} has {lost}, whose commit was not told"));
            }
        }
        Ok(())
    }

    pub(super) fn settings(&self) -> Vec<Vec<u8>> {
        self.logs.get(SETTINGS_LOG).into_iter().flatten().map(|record| record.bytes.clone()).collect()
    }

    pub(super) fn replace_settings(&mut self, records: Vec<Vec<u8>>) {
        let records = records.into_iter().map(|bytes| Record { bytes, said: None });
        self.logs.insert(SETTINGS_LOG.into(), records.collect());
    }

    /// The rooms that the records on disk make, read as spec/event-log.md says.
    pub(super) fn rooms(&self) -> Result<Vec<Room>, String> {
        let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
        for bytes in self.settings() {
            let record: Value = serde_json::from_slice(&bytes).map_err(|error| format!("{error}"))?;
            replay(&mut rooms, &record).ok_or_else(|| format!("cannot be read: {record}"))?;
        }
        Ok(rooms.into_values().collect())
    }
}

/// The record must be the next of those that the model has to keep.
fn expected_append(log: &str, bytes: &[u8], model: &mut Model) -> Result<usize, String> {
    let record: Value = serde_json::from_slice(bytes).map_err(|error| format!("{error}"))?;
    let number = model.unstored.pop_front().ok_or_else(|| format!("kept, but nobody said it: {record}"))?;
    let said = &mut model.said[number];
    said.msgid = text(&record["msgid"]);
    let lines = record["lines"].as_array().cloned().unwrap_or_default();
    let lines: Vec<(String, bool)> =
        lines.iter().map(|line| (text(&line["text"]), line["is_concat"] == true)).collect();
    let is_it = record["from"] == said.from.as_str()
        && record["target"] == said.target.as_str()
        && record["kind"] == said.kind.to_lowercase()
        && record["at_us"] == said.at_us
        && text(&record["tags"]) == said.lasting_tags()
        && lines == said.lines;
    if !is_it {
        return Err(format!("kept as {record}, but said was {said:?}"));
    }
    let target = said.target.trim_start_matches(['~', '&', '@', '%', '+']).to_string();
    model.learn_log(&target, log).map(|()| number)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn replay(rooms: &mut BTreeMap<String, Room>, record: &Value) -> Option<()> {
    if let Some(of) = record["room"].as_object() {
        let room = rooms.get_mut(&text(&of["name"]).to_ascii_lowercase())?;
        return set_values(room, record);
    }
    let name = record["name"].as_str().or(record["room"].as_str())?;
    let key = name.to_ascii_lowercase();
    match record["event"].as_str()? {
        "created" => {
            let room = Room { flags: ['n', 't'].into(), ..room(name, record) };
            rooms.entry(key).or_insert(room);
        }
        "room" => {
            let mut room = room(name, record);
            room.topic = text(&record["topic"]["text"]);
            room.flags = record["flags"].as_array()?.iter().filter_map(flag).collect();
            room.key = record["key"].as_str().map(ToString::to_string);
            room.limit = record["limit"].as_u64().map(|limit| limit as usize);
            for (field, letter) in [("bans", 'b'), ("exceptions", 'e'), ("invitations", 'I')] {
                let entries = record[field].as_array().cloned().unwrap_or_default();
                room.lists.extend(entries.iter().map(|entry| (letter, text(&entry["mask"]))));
            }
            rooms.insert(key, room);
        }
        "topic" => rooms.get_mut(&key)?.topic = text(&record["text"]),
        "modes" => {
            let room = rooms.get_mut(&key)?;
            record["changes"].as_array()?.iter().try_for_each(|change| apply(room, change))?;
        }
        "ended" => {
            let log = format!("room/{}", record["id"].as_str()?);
            rooms.retain(|_, room| room.log.as_ref() != Some(&log));
        }
        _ => return None,
    }
    Some(())
}

/// What a room tells of itself.
fn set_values(room: &mut Room, record: &Value) -> Option<()> {
    match record["event"].as_str()? {
        "metadata" => room.values.clear(),
        "metadata-changed" => {}
        _ => return None,
    }
    for (key, value) in record["values"].as_object().or(record["changes"].as_object())? {
        match value.as_str() {
            Some(value) => room.values.insert(key.clone(), value.to_string()),
            None => room.values.remove(key),
        };
    }
    Some(())
}

fn room(name: &str, record: &Value) -> Room {
    let log = record["id"].as_str().map(|id| format!("room/{id}"));
    Room { name: name.to_string(), is_lasting: true, log, ..Room::default() }
}

fn apply(room: &mut Room, change: &Value) -> Option<()> {
    let list = |value: &Value| Some((list_letter(&value[0])?, text(&value[1]["mask"])));
    let is_entry = |known: &(char, String), wanted: &(char, String)| {
        known.0 == wanted.0 && known.1.eq_ignore_ascii_case(&wanted.1)
    };
    if let Some(added) = change.get("add") {
        let wanted = list(added)?;
        room.lists.retain(|known| !is_entry(known, &wanted));
        room.lists.insert(wanted);
    } else if let Some(removed) = change.get("remove") {
        let wanted = list(removed)?;
        room.lists.retain(|known| !is_entry(known, &wanted));
    } else if let Some(changed) = change["set"].get("flag") {
        let letter = flag(&changed["flag"])?;
        if changed["is_set"] == true {
            room.flags.insert(letter)
        } else {
            room.flags.remove(&letter)
        };
    } else if let Some(key) = change["set"].get("key") {
        room.key = key["key"].as_str().map(ToString::to_string);
    } else if let Some(limit) = change["set"].get("limit") {
        room.limit = limit["limit"].as_u64().map(|limit| limit as usize);
    } else {
        return None;
    }
    Some(())
}

fn list_letter(value: &Value) -> Option<char> {
    let names = [("ban", 'b'), ("exception", 'e'), ("invitation", 'I')];
    names.iter().find(|(name, _)| value == name).map(|(_, letter)| *letter)
}

fn flag(value: &Value) -> Option<char> {
    let names = [
        ("invite-only", 'i'),
        ("moderated", 'm'),
        ("no-outside", 'n'),
        ("secret", 's'),
        ("topic-locked", 't'),
        ("no-ctcp", 'C'),
        ("registered-only", 'R'),
    ];
    names.iter().find(|(name, _)| value == name).map(|(_, letter)| *letter)
}
