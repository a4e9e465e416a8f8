//! The one thread that owns the chat service's store. Whatever waits when it comes round goes into one commit.

use super::hub::Input;
use crate::event::{EventKind, Events};
use helio_core::chat::Ticket;
use helio_core::limits;
use helio_store::{Append, AppendError, Limit, Log, LogName, Position, StoreError};
use std::sync::mpsc::Receiver;
use tokio::sync::mpsc;

/// What the hub asks for. Requests are carried out in order.
#[derive(Debug)]
pub(super) enum Request {
    Append { ticket: Ticket, log: String, bytes: Vec<u8> },
    Read { ticket: Ticket, log: String, count: usize },
    Forget { log: String },
    Probe,
}

impl Request {
    /// The answer when there is no store.
    pub(super) fn failed(self) -> Option<Input> {
        match self {
            Self::Append { ticket, .. } => Some(Input::CommitFailed { first: ticket, last: ticket }),
            Self::Read { ticket, .. } => Some(Input::Read { ticket, records: None }),
            Self::Forget { .. } => None,
            Self::Probe => Some(Input::Probed { is_working: false }),
        }
    }
}

/// The store and who is told.
pub(super) struct Keeper {
    store: Box<dyn Log + Send>,
    requests: Receiver<Request>,
    hub: mpsc::Sender<Input>,
    events: Events,
    group: Group,
    /// Since a commit failed: nothing more is tried until a probe succeeds. A batch that failed may come back after a
    /// crash unless a later one succeeded (spec/store.md), and what follows it may depend on it.
    is_failing: bool,
}

/// Appends that go into one commit.
#[derive(Debug, Default)]
struct Group {
    records: Vec<(Ticket, LogName, Vec<u8>)>,
    bytes: usize,
}

impl Group {
    fn has_room(&self, bytes: usize) -> bool {
        self.records.len() < limits::STORE_BATCH_RECORDS && self.bytes + bytes <= limits::STORE_BATCH_BYTES
    }

    fn push(&mut self, ticket: Ticket, log: LogName, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        self.records.push((ticket, log, bytes));
    }

    fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }
}

impl Keeper {
    pub(super) fn new(
        store: Box<dyn Log + Send>,
        requests: Receiver<Request>,
        hub: mpsc::Sender<Input>,
        events: Events,
    ) -> Self {
        Self { store, requests, hub, events, group: Group::default(), is_failing: false }
    }

    /// Works until the hub is gone and everything it asked for is done.
    pub(super) fn run(mut self) {
        while let Ok(request) = self.requests.recv() {
            let mut next = Some(request);
            while let Some(request) = next {
                self.take(request);
                next = self.requests.try_recv().ok();
            }
            self.commit();
        }
    }

    fn take(&mut self, request: Request) {
        if let Request::Append { ticket, log, bytes } = request {
            return self.append(ticket, &log, bytes);
        }
        self.commit();
        match request {
            Request::Append { .. } => {}
            Request::Read { ticket, log, count } => {
                let records = self.read(&log, count);
                self.tell(Input::Read { ticket, records });
            }
            Request::Forget { log } => self.forget(&log),
            Request::Probe => self.probe(),
        }
    }

    fn append(&mut self, ticket: Ticket, log: &str, bytes: Vec<u8>) {
        let name = LogName::new(log).ok().filter(|_| bytes.len() <= limits::STORE_RECORD_BYTES && !self.is_failing);
        let Some(name) = name else {
            // What cannot be kept must not take others with it.
            self.commit();
            return self.tell(Input::CommitFailed { first: ticket, last: ticket });
        };
        if !self.group.has_room(bytes.len()) {
            self.commit();
        }
        self.group.push(ticket, name, bytes);
    }

    /// Commits the group, and tells.
    fn commit(&mut self) {
        let (Some((first, ..)), Some((last, ..))) = (self.group.records.first(), self.group.records.last()) else {
            return;
        };
        let (first, last) = (*first, *last);
        if self.is_failing {
            self.group.clear();
            return self.tell(Input::CommitFailed { first, last });
        }
        let records = self.group.records.iter();
        let batch: Vec<_> = records.map(|(_, log, bytes)| Append { log, expected: None, bytes }).collect();
        let appended = self.store.append(&batch);
        drop(batch);
        self.group.clear();
        match appended {
            Ok(_) => self.tell(Input::Committed(last)),
            Err(error) => {
                self.fail(&error);
                self.tell(Input::CommitFailed { first, last });
            }
        }
    }

    fn fail(&mut self, error: &AppendError) {
        self.is_failing = true;
        let message = format!("{error}; messages are refused until the store works again");
        self.events.tell(EventKind::Trouble { message });
    }

    fn probe(&mut self) {
        let is_working = self.store.probe().is_ok();
        if is_working && std::mem::take(&mut self.is_failing) {
            let message = "the store works again, messages are taken".to_owned();
            self.events.tell(EventKind::Recovered { message });
        }
        self.tell(Input::Probed { is_working });
    }

    fn read(&self, log: &str, count: usize) -> Option<Vec<Vec<u8>>> {
        let log = LogName::new(log).ok()?;
        match self.store.last(&log, Limit::records(count)) {
            Ok(records) => Some(records.into_iter().filter_map(|record| record.bytes).collect()),
            Err(error) => {
                self.trouble(&error);
                None
            }
        }
    }

    fn forget(&mut self, log: &str) {
        let Ok(name) = LogName::new(log) else { return };
        if self.is_failing {
            // That the room ended may not be on disk either. A log that is left behind is in nobody's way.
            return;
        }
        loop {
            match (self.store.trim(&name, Position::END), self.store.next_position(&name)) {
                (Ok(first), Ok(next)) if first < next => {}
                (Ok(_), Ok(_)) => return,
                // What is left is in nobody's way: the room's identity is never used again.
                (Err(error), _) | (_, Err(error)) => return self.trouble(&error),
            }
        }
    }

    fn trouble(&self, error: &StoreError) {
        self.events.tell(EventKind::Trouble { message: error.to_string() });
    }

    fn tell(&self, input: Input) {
        // An error says that the hub is gone: nobody waits for an answer.
        let _ = self.hub.blocking_send(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_store::memory::MemoryStore;

    #[test]
    fn while_the_store_fails_no_log_is_forgotten() {
        let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
        let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Events::none());
        let ticket = Ticket::default();
        keeper.take(Request::Append { ticket, log: "room".to_owned(), bytes: b"said".to_vec() });
        keeper.commit();
        keeper.is_failing = true;
        keeper.take(Request::Forget { log: "room".to_owned() });
        assert_eq!(keeper.read("room", 9).unwrap(), [b"said"]);
        keeper.take(Request::Probe);
        keeper.take(Request::Forget { log: "room".to_owned() });
        assert!(keeper.read("room", 9).unwrap().is_empty());
    }
}
