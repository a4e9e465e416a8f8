//! What the service asks of its driver: the disk, which can be late or fail, and passwords to compare.

use super::{Commits, Id, World};
use crate::chat::query::{Heading, Query, Unanswered, linear};
use crate::chat::transport::Transport;
use crate::chat::{Effect, Erasure, PRIVATE_LOGS, Ticket, Verdict};
use alloc::string::String;
use alloc::vec::Vec;

impl World {
    /// The disk finishes everything that it was asked for.
    pub(crate) fn commit(&mut self) {
        for (ticket, log, bytes) in core::mem::take(&mut self.appends) {
            self.logs.entry(log).or_default().push(bytes);
            self.chat.handle_committed(ticket, self.now);
        }
        self.drain();
    }

    /// The disk refuses everything that it was asked for.
    pub(crate) fn fail(&mut self) {
        let appends = core::mem::take(&mut self.appends);
        if let (Some((first, ..)), Some((last, ..))) = (appends.first(), appends.last()) {
            self.chat.handle_commit_failed(*first, *last, self.now);
        }
        self.drain();
    }

    /// The disk finishes every read that it was asked for, with what is in the logs by now.
    pub(crate) fn read(&mut self) {
        for (ticket, log, query) in core::mem::take(&mut self.late_reads) {
            self.answer_read(ticket, &log, &query);
        }
        for (ticket, search) in core::mem::take(&mut self.late_searches) {
            self.answer_search(ticket, &search);
        }
        self.drain();
    }

    /// The disk erases every message that it was asked to. An erased record is empty here.
    pub(crate) fn erase(&mut self) {
        for (ticket, log, msgid) in core::mem::take(&mut self.erasures) {
            let is_it = |record: &&mut Vec<u8>| Heading::of(record).is_some_and(|heading| heading.is(&msgid));
            let found = self.logs.get_mut(&log).and_then(|log| log.iter_mut().find(is_it));
            let erasure = if found.map(Vec::clear).is_some() { Erasure::Done } else { Erasure::NotThere };
            self.chat.handle_erased(ticket, erasure, self.now);
        }
        self.drain();
    }

    /// The disk answers the message that it was asked to erase first, which stays to be erased.
    pub(crate) fn answer_erasure(&mut self, erasure: Erasure) {
        let ticket = self.erasures.first().expect("a message to erase").0;
        self.chat.handle_erased(ticket, erasure, self.now);
        self.drain();
    }

    /// The passwords that wait are compared.
    pub(crate) fn compare(&mut self) {
        let is_late = core::mem::replace(&mut self.are_passwords_late, false);
        core::mem::take(&mut self.late_passwords).into_iter().for_each(|effect| self.carry_out(effect));
        self.are_passwords_late = is_late;
        self.drain();
    }

    // In this world a password is right when it is its own "hash".
    fn answer_verify(&mut self, ticket: Ticket, password: &str, hash: &str) {
        let verdict = match Self::hash(password) == hash {
            _ if self.is_busy => Verdict::NotCompared,
            true => Verdict::Right,
            false => Verdict::Wrong,
        };
        self.chat.handle_verified(ticket, verdict, self.now);
    }

    fn answer_read(&mut self, ticket: Ticket, log: &str, query: &Query) {
        let records = self.logs.get(log).map(Vec::as_slice).unwrap_or_default();
        let found = match self.are_reads_failing {
            true => Err(Unanswered::StoreFails),
            false => linear::answer(query, records),
        };
        self.chat.handle_read(ticket, found.as_deref().map_err(|error| *error), self.now);
    }

    /// Does what the service asks its driver for.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        if self.are_passwords_late && matches!(effect, Effect::Verify { .. } | Effect::Derive { .. }) {
            return self.late_passwords.push(effect);
        }
        match effect {
            Effect::Append { ticket, log, bytes } => match self.commits {
                Commits::AtOnce => {
                    self.logs.entry(log).or_default().push(bytes);
                    self.chat.handle_committed(ticket, self.now);
                }
                Commits::WhenTold => self.appends.push((ticket, log, bytes)),
                Commits::Fail => self.chat.handle_commit_failed(ticket, ticket, self.now),
            },
            Effect::Read { ticket, log, query } if self.are_reads_late => self.late_reads.push((ticket, log, query)),
            Effect::Read { ticket, log, query } => self.answer_read(ticket, &log, &query),
            Effect::Erase { ticket, log, msgid } => {
                self.erasures.push((ticket, log, msgid));
                if !self.are_erasures_late {
                    self.erase();
                }
            }
            Effect::Replace { log, bytes } => _ = self.logs.insert(log, [bytes].into()),
            Effect::Forget { log } => {
                self.logs.remove(&log);
            }
            Effect::Retain { logs, private } => {
                let kept_of = |name: &String| {
                    let named = logs.iter().find(|(log, _)| log == name).map(|(_, kept)| *kept);
                    named.or(name.starts_with(PRIVATE_LOGS).then_some(private))
                };
                for (name, records) in &mut self.logs {
                    kept_of(name).into_iter().for_each(|kept| linear::retain(kept, records));
                }
            }
            Effect::Trim { log, keep } => {
                let log = self.logs.entry(log).or_default();
                log.drain(..log.len().saturating_sub(usize::try_from(keep).expect("a count")));
            }
            Effect::Probe => self.chat.handle_probed(self.commits != Commits::Fail, self.now),
            Effect::Verify { ticket, password, hash } => self.answer_verify(ticket, &password.0, &hash),
            Effect::Derive { ticket, password } => {
                let credential = World::credential(&password.0);
                self.chat.handle_derived(ticket, Some(credential).filter(|_| !self.is_busy), self.now);
            }
            Effect::TrimAudit { .. } => {}
            Effect::Reload { session } => self.reloads.push(session),
            Effect::Inspect { session } => self.inspections.push(Id(session)),
            Effect::Search { ticket, search } if self.are_reads_late => self.late_searches.push((ticket, search)),
            Effect::Search { ticket, search } => self.answer_search(ticket, &search),
        }
    }

    /// The driver has looked at a connection.
    pub(crate) fn inspected(&mut self, id: Id, transport: Option<&Transport>) {
        self.inspections.retain(|waiting| *waiting != id);
        self.chat.handle_inspected(id.0, transport, self.now);
        self.drain();
    }
}
