//! Messages that were erased from the store: their words leave the index before anybody is told (spec/search.md, "Erasing").

use super::Gone;
use super::looking::{Trouble, reread};
use super::worker::Worker;
use crate::service::chat::hub::Input;
use helio_core::chat::{Erasure, Ticket};
use helio_core::limits;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Who waits until words are gone. At most [`limits::CHAT_REDACTIONS_TOTAL`].
#[derive(Debug, Default)]
pub(in crate::service::chat) struct Erasing {
    /// Nobody has answered these yet.
    new: Vec<Ticket>,
    /// These were told that it failed, and will be told when it is done.
    failed: Vec<Ticket>,
}

impl Erasing {
    /// How long others may go first; `None`: nobody waits.
    pub(super) fn pause(&self) -> Option<Duration> {
        match (self.new.is_empty(), self.failed.is_empty()) {
            (false, _) => Some(Duration::ZERO),
            (true, false) => Some(limits::CHAT_PROBE_INTERVAL),
            (true, true) => None,
        }
    }
}

impl Worker {
    /// Marks where a message is. Several that come at once are then erased at once, since each costs a shard.
    pub(super) fn note_erased(&mut self, Gone { ticket, log, position }: Gone) {
        if let Some(open) = &mut self.open {
            let settled = open.settle(&self.jobs, usize::MAX);
            let noted = settled.and_then(|()| Ok(open.index.handle_erased(&log, &[position])?));
            noted.or_else(|error| self.renew(&error)).unwrap_or_else(|error| self.tell(&error));
        }
        self.erasing.new.push(ticket);
    }

    /// Makes all shards anew that have what is to be gone, and answers.
    pub(super) fn finish_erasing(&mut self) {
        if self.erasing.pause().is_none() {
            return;
        }
        match self.erase() {
            Ok(()) => {
                let failed = std::mem::take(&mut self.erasing.failed);
                self.answer_all(failed, Erasure::Done);
                let new = std::mem::take(&mut self.erasing.new);
                self.answer_all(new, Erasure::Done);
            }
            Err(error) => {
                self.tell(&error);
                let new = std::mem::take(&mut self.erasing.new);
                self.erasing.failed.extend(&new);
                self.answer_all(new, Erasure::Unfinished);
            }
        }
    }

    fn erase(&mut self) -> Result<(), Trouble> {
        let Some(open) = &mut self.open else { return self.make_anew() };
        let keeper = &self.keeper;
        let done = loop {
            match open.index.stale() {
                Ok(None) => break Ok(()),
                Ok(Some(shard)) => {
                    if let Err(error) = open.index.rebuild(shard, &mut |log, range| reread(keeper, log, range)) {
                        break Err(error);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        done.or_else(|error| self.renew(&error.into()))
    }

    /// An index from which nothing can be taken is made anew as a whole. An error says that even its file is still there.
    fn renew(&mut self, error: &Trouble) -> Result<(), Trouble> {
        self.tell(error);
        self.make_anew()
    }

    fn make_anew(&mut self) -> Result<(), Trouble> {
        let is_on = self.jobs.shared.is_on.load(Ordering::Relaxed);
        self.remove()?;
        if let (true, Some(path)) = (is_on, self.path.clone()) {
            // It can do without.
            self.begin(&path).unwrap_or_else(|error| self.tell(&error));
        }
        Ok(())
    }

    fn answer_all(&self, tickets: Vec<Ticket>, erasure: Erasure) {
        for ticket in tickets {
            // An error says that the hub is gone.
            let _ = self.hub.blocking_send(Input::Erased { ticket, erasure });
        }
    }
}
