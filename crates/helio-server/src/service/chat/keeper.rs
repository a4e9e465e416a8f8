//! The one thread that owns the chat service's store. Whatever waits when it comes round goes into one commit.

use super::hub::Input;
use super::reading::{self, ReadingError};
use super::retaining::Retaining;
use crate::event::EventKind;
use crate::service::Context;
use helio_core::chat::Ticket;
use helio_core::chat::query::{Kept, Query, Unanswered};
use helio_core::limits;
use helio_store::{Append, AppendError, Log, LogHead, LogName, Position, StoreError};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use tokio::sync::mpsc;

/// What the hub asks for. Requests are carried out in order, but for those to forget: they have time until there is nothing
/// else to do.
#[derive(Debug)]
pub(super) enum Request {
    Append { ticket: Ticket, log: String, bytes: Vec<u8> },
    Read { ticket: Ticket, log: String, query: Query },
    Forget { log: String },
    Retain { logs: Vec<(String, Kept)>, private: Kept },
    Trim { log: String, keep: u64 },
    Probe,
}

impl Request {
    /// The answer when there is no store.
    pub(super) fn failed(self) -> Option<Input> {
        match self {
            Self::Append { ticket, .. } => Some(Input::CommitFailed { first: ticket, last: ticket }),
            Self::Read { ticket, .. } => Some(Input::Read { ticket, records: Err(Unanswered::StoreFails) }),
            Self::Forget { .. } | Self::Trim { .. } | Self::Retain { .. } => None,
            Self::Probe => Some(Input::Probed { is_working: false }),
        }
    }
}

/// The store and who is told.
pub(super) struct Keeper {
    store: Box<dyn Log + Send>,
    requests: Receiver<Request>,
    hub: mpsc::Sender<Input>,
    context: Context,
    group: Group,
    /// Since a commit failed: nothing more is tried until a probe succeeds. A batch that failed may come back after a
    /// crash unless a later one succeeded (spec/store.md), and what follows it may depend on it.
    is_failing: bool,
    /// Conversations of rooms whose end is on disk, and beginnings of logs that nobody reads, oldest first. At most
    /// [`limits::CHAT_FORGETTING`].
    forgetting: VecDeque<Forgetting>,
    retaining: Retaining,
    /// Something was trimmed whose bytes may still be in a file.
    is_unscrubbed: bool,
}

/// What is to be forgotten of a log.
#[derive(Debug)]
struct Forgetting {
    log: LogName,
    /// What is before this position.
    until: Position,
}

/// Appends that go into one commit.
#[derive(Debug, Default)]
struct Group {
    records: Vec<(Ticket, LogName, Vec<u8>)>,
    bytes: usize,
    /// To be forgotten when the group is on disk, for the ends of these rooms are in it or before it.
    forgotten: Vec<LogName>,
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
        self.forgotten.clear();
    }
}

impl Keeper {
    pub(super) fn new(
        store: Box<dyn Log + Send>,
        requests: Receiver<Request>,
        hub: mpsc::Sender<Input>,
        context: Context,
    ) -> Self {
        let (group, forgetting) = (Group::default(), VecDeque::new());
        let retaining = Retaining::default();
        Self { store, requests, hub, context, group, is_failing: false, forgetting, retaining, is_unscrubbed: false }
    }

    /// Works until the hub is gone and everything it asked for is done, but for what waits to be forgotten: the next start
    /// does that.
    pub(super) fn run(mut self) {
        loop {
            self.beat();
            let mut next = match self.requests.try_recv() {
                Ok(request) => Some(request),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) if self.proceed() => continue,
                Err(TryRecvError::Empty) => match self.requests.recv_timeout(limits::WATCHDOG_TICK) {
                    Ok(request) => Some(request),
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                },
            };
            while let Some(request) = next {
                self.beat();
                self.take(request);
                next = self.requests.try_recv().ok();
            }
            self.commit();
        }
        self.context.ops.health.keeper.end();
    }

    /// Shows the watchdog that this thread comes round: each request has the time that it allows.
    fn beat(&self) {
        self.context.ops.health.keeper.beat(self.context.clock.now());
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Append { ticket, log, bytes } => self.append(ticket, &log, bytes),
            Request::Read { ticket, log, query } => {
                self.commit();
                let records = self.read(&log, &query);
                self.tell(Input::Read { ticket, records });
            }
            Request::Forget { log } => self.group.forgotten.extend(LogName::new(&log).ok()),
            Request::Retain { logs, private } => self.retaining = Retaining::new(logs, private),
            Request::Trim { log, keep } => {
                self.commit();
                self.trim(&log, keep);
            }
            Request::Probe => {
                self.commit();
                self.probe();
            }
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
            return self.forget();
        };
        let (first, last) = (*first, *last);
        if self.is_failing {
            self.group.clear();
            return self.tell(Input::CommitFailed { first, last });
        }
        let records = self.group.records.iter();
        let batch: Vec<_> = records.map(|(_, log, bytes)| Append { log, expected: None, bytes }).collect();
        let (count, clock) = (batch.len(), self.context.clock);
        let begun = clock.now();
        let appended = self.store.append(&batch);
        drop(batch);
        self.context.ops.metrics.committed(count, clock.now().since(begun));
        match appended {
            Ok(_) => {
                self.tell(Input::Committed(last));
                self.forget();
            }
            Err(error) => {
                self.fail(&error);
                self.tell(Input::CommitFailed { first, last });
            }
        }
        self.group.clear();
    }

    fn fail(&mut self, error: &AppendError) {
        self.is_failing = true;
        let message = format!("{error}; messages are refused until the store works again");
        self.context.events.tell(EventKind::Failure { message });
    }

    fn probe(&mut self) {
        let is_working = self.store.probe().is_ok();
        if is_working && std::mem::take(&mut self.is_failing) {
            let message = "the store works again, messages are taken".to_owned();
            self.context.events.tell(EventKind::Recovered { message });
        }
        self.tell(Input::Probed { is_working });
    }

    fn read(&self, log: &str, query: &Query) -> Result<Vec<Vec<u8>>, Unanswered> {
        let log = LogName::new(log).map_err(|_| Unanswered::StoreFails)?;
        reading::answer(&*self.store, &log, query).map_err(|error| match error {
            ReadingError::UnknownMessage => Unanswered::UnknownMessage,
            ReadingError::Store(error) => {
                self.trouble(&error);
                Unanswered::StoreFails
            }
        })
    }

    /// What the group was to forget is due. While the store fails it is not, for that the rooms ended may not be on disk.
    fn forget(&mut self) {
        let forgotten = std::mem::take(&mut self.group.forgotten);
        if self.is_failing {
            return;
        }
        for log in forgotten {
            self.forget_later(Forgetting { log, until: Position::END });
        }
    }

    fn forget_later(&mut self, forgetting: Forgetting) {
        self.forgetting.push_back(forgetting);
        while self.forgetting.len() > limits::CHAT_FORGETTING {
            self.forget_step();
        }
    }

    /// What is before the newest `keep` records of a log is due to be forgotten. While the store fails it stays.
    fn trim(&mut self, log: &str, keep: u64) {
        let Some(log) = LogName::new(log).ok().filter(|_| !self.is_failing) else { return };
        match self.store.head(&log) {
            Ok(Some(head)) => {
                let until = Position::new(head.next.get().saturating_sub(keep)).max(head.first);
                self.forget_later(Forgetting { log, until });
            }
            Ok(None) => {}
            Err(error) => self.trouble(&error),
        }
    }

    /// Does a part of what has time. Returns whether there was any.
    fn proceed(&mut self) -> bool {
        if self.is_failing {
            return false;
        }
        if !self.forgetting.is_empty() {
            self.forget_step();
            return true;
        }
        match self.retaining.step(self.store.as_mut()) {
            Ok(Some(has_trimmed)) => {
                self.is_unscrubbed |= has_trimmed;
                return true;
            }
            Ok(None) => {}
            Err(error) => self.trouble(&error),
        }
        if std::mem::take(&mut self.is_unscrubbed) {
            if let Err(error) = self.store.scrub() {
                self.trouble(&error);
            }
            return true;
        }
        false
    }

    /// Forgets a part of the log that waits for it longest.
    fn forget_step(&mut self) {
        let Some(forgetting) = self.forgetting.front() else { return };
        match trim_step(self.store.as_mut(), forgetting) {
            Ok(Step { has_trimmed, is_done }) => {
                self.is_unscrubbed |= has_trimmed;
                self.forgetting.pop_front_if(|_| is_done);
            }
            // What is left is in nobody's way: the room's identity is never used again.
            Err(error) => {
                self.forgetting.pop_front();
                self.trouble(&error);
            }
        }
    }

    fn trouble(&self, error: &StoreError) {
        self.context.events.tell(EventKind::Trouble { message: error.to_string() });
    }

    fn tell(&self, input: Input) {
        // An error says that the hub is gone: nobody waits for an answer.
        let _ = self.hub.blocking_send(input);
    }
}

/// What came of a part of the work.
struct Step {
    has_trimmed: bool,
    is_done: bool,
}

/// Trims at most [`limits::CHAT_FORGET_STEP`] records of a log.
fn trim_step(store: &mut dyn Log, Forgetting { log, until }: &Forgetting) -> Result<Step, StoreError> {
    let nothing = Step { has_trimmed: false, is_done: true };
    let Some(LogHead { first, next, .. }) = store.head(log)? else { return Ok(nothing) };
    let until = next.min(*until);
    if first >= until {
        return Ok(nothing);
    }
    let step = Position::new(first.get() + limits::CHAT_FORGET_STEP as u64).min(until);
    let kept = store.trim_lazily(log, step)?;
    Ok(Step { has_trimmed: true, is_done: kept >= until })
}

#[cfg(test)]
mod tests {
    use super::super::watched::Watched;
    use super::*;
    use helio_core::chat::query::{Span, Wanted};
    use helio_store::memory::MemoryStore;

    #[test]
    fn while_the_store_fails_no_log_is_forgotten() {
        let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
        let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Context::silent());
        let ticket = Ticket::default();
        let said = br##"{"msgid":"a-b-c","at_us":2,"kind":"privmsg","from":"a!a@a","target":"#a","lines":[]}"##;
        let (span, wanted) = (Span::Last { after: None }, Wanted::Messages);
        let query = Query { span, count: 9, bytes: 9_000, wanted };
        keeper.take(Request::Append { ticket, log: "room".to_owned(), bytes: said.to_vec() });
        keeper.commit();
        keeper.is_failing = true;
        keeper.take(Request::Forget { log: "room".to_owned() });
        keeper.commit();
        assert!(!keeper.proceed());
        assert_eq!(keeper.read("room", &query).unwrap(), [said]);
        keeper.take(Request::Probe);
        assert!(!keeper.proceed());
        keeper.take(Request::Forget { log: "room".to_owned() });
        keeper.commit();
        while keeper.proceed() {}
        assert!(keeper.read("room", &query).unwrap().is_empty());
    }

    #[test]
    fn a_log_is_trimmed_to_its_newest_records_in_steps() {
        let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
        let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Context::silent());
        let log = LogName::new("log").unwrap();
        let ticket = Ticket::default();
        let count = 2 * limits::CHAT_FORGET_STEP as u64;
        for _ in 0..count {
            keeper.append(ticket, "log", b"said".to_vec());
        }
        // What is asked for before counts, though it is not committed yet.
        let trim = |keep| Request::Trim { log: "log".to_owned(), keep };
        keeper.take(trim(3));
        let first = |keeper: &Keeper| keeper.store.head(&log).unwrap().unwrap().first;
        assert_eq!(first(&keeper), Position::FIRST);
        assert!(keeper.proceed());
        assert_eq!(first(&keeper).get() - Position::FIRST.get(), limits::CHAT_FORGET_STEP as u64);
        while keeper.proceed() {}
        assert_eq!(first(&keeper).get() - Position::FIRST.get(), count - 3);
        keeper.take(trim(9));
        keeper.is_failing = true;
        keeper.take(trim(1));
        keeper.is_failing = false;
        while keeper.proceed() {}
        assert_eq!(first(&keeper).get() - Position::FIRST.get(), count - 3);
    }

    #[test]
    fn an_append_behind_a_thousand_rooms_to_forget_does_not_wait_for_them() {
        let rooms = 1_000;
        let mut store = MemoryStore::new();
        // The last one takes several steps.
        for n in 1..=rooms {
            let log = LogName::new(&format!("room/{n}")).unwrap();
            let said = Append { log: &log, expected: None, bytes: b"said" };
            let count = if n == rooms { limits::CHAT_FORGET_STEP + 1 } else { 1 };
            store.append(&vec![said; count]).unwrap();
        }
        let ((told, tells), (ask, requests)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
        let (hub, mut inputs) = mpsc::channel(limits::CHAT_INPUTS);
        for n in 1..=rooms {
            ask.send(Request::Forget { log: format!("room/{n}") }).unwrap();
        }
        let ticket = Ticket::default();
        ask.send(Request::Append { ticket, log: "room/new".to_owned(), bytes: b"hello".to_vec() }).unwrap();
        let store = Watched::new(store, move |call| {
            told.send(call).unwrap();
            Ok(())
        });
        let keeper = Keeper::new(Box::new(store), requests, hub, Context::silent());
        let thread = std::thread::spawn(move || keeper.run());
        let mut asked = Vec::new();
        while asked.last() != Some(&"scrub") {
            asked.push(tells.recv().unwrap());
        }
        drop(ask);
        thread.join().unwrap();
        let trims = rooms + 1;
        assert_eq!(asked, [&["append"][..], &vec!["trim"; trims], &["scrub"]].concat());
        assert!(matches!(inputs.blocking_recv(), Some(Input::Committed(_))));
    }
}
