//! The one thread that owns the chat service's store. Whatever waits when it comes round goes into one commit.

mod idle;

use super::hub::Input;
use super::reading::{self, Answer, Further, ReadingError};
use super::retaining::Retaining;
use super::search::{Gone, News, Press};
use super::{audit, control};
use crate::event::EventKind;
use crate::service::Context;
use helio_core::chat::query::{Kept, Query, Unanswered};
use helio_core::chat::{ControlAnswer, Erasure, MsgId, Ticket};
use helio_core::limits;
use helio_store::{Append, Log, LogName, Position, StoreError};
use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use tokio::sync::{mpsc, oneshot};

/// What the hub asks for. Requests are carried out in order, but for those to forget, which have time until there is nothing
/// else to do, and those to erase: each costs several syncs, so after whatever waits one of them is carried out.
#[derive(Debug)]
pub(super) enum Request {
    Append { ticket: Ticket, log: String, bytes: Vec<u8> },
    Read { ticket: Ticket, log: String, query: Query },
    Erase { ticket: Ticket, log: String, msgid: MsgId },
    Forget { log: String },
    Retain { logs: Vec<(String, Kept)>, private: Kept },
    Trim { log: String, keep: u64 },
    Replace { log: String, bytes: Vec<u8> },
    Probe,
    Audit { from: Option<u64>, answer: oneshot::Sender<ControlAnswer> },
    TrimAudit { records: u32, before_us: i64 },
    LogRead { log: String, from: u64, answer: oneshot::Sender<ControlAnswer> },
    Freeze { answer: oneshot::Sender<ControlAnswer> },
    Thaw { answer: oneshot::Sender<ControlAnswer> },
    Look(Look),
}

/// Something that reads the store and tells somebody else than the hub.
pub(super) struct Look(pub(super) Looking);

type Looking = Box<dyn FnOnce(&dyn Log) + Send>;

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look(…)")
    }
}

impl Request {
    /// The answer when there is no store.
    pub(super) fn failed(self) -> Option<Input> {
        match self {
            Self::Append { ticket, .. } => Some(Input::CommitFailed { first: ticket, last: ticket }),
            Self::Read { ticket, .. } => Some(Input::Read { ticket, records: Err(Unanswered::StoreFails) }),
            Self::Erase { ticket, .. } => Some(Input::Erased { ticket, erasure: Erasure::NotTried }),
            // Without an answer, who waits is told so.
            Self::Forget { .. } | Self::Trim { .. } | Self::Retain { .. } => None,
            Self::Replace { .. } | Self::TrimAudit { .. } => None,
            Self::Audit { .. } | Self::LogRead { .. } | Self::Freeze { .. } | Self::Thaw { .. } => None,
            Self::Look(_) => None,
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
    /// Messages to erase, oldest first. At most [`limits::CHAT_REDACTIONS_TOTAL`].
    erasing: VecDeque<(Ticket, String, MsgId)>,
    /// Questions that have looked at much and found nothing yet; the next one is the first.
    further: VecDeque<(Ticket, Further)>,
    /// A message whose erasing failed, perhaps half way. While there is one, the store counts as failing.
    unerased: Option<(Ticket, LogName, Position)>,
    /// Somebody copies the store's file: what has time waits, for it would make the copy void.
    is_frozen: bool,
    /// Who is told of what was committed and trimmed.
    press: Option<Press>,
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
        Self {
            store,
            requests,
            hub,
            context,
            group: Group::default(),
            is_failing: false,
            forgetting: VecDeque::new(),
            retaining: Retaining::default(),
            is_unscrubbed: false,
            erasing: VecDeque::new(),
            further: VecDeque::new(),
            unerased: None,
            is_frozen: false,
            press: None,
        }
    }

    /// The same, which tells the search index of what it does.
    pub(super) fn with_press(self, press: Press) -> Self {
        Self { press: Some(press), ..self }
    }

    /// Works until the hub is gone and everything it asked for is done, but for what waits to be forgotten: the next start
    /// does that.
    pub(super) fn run(mut self) {
        loop {
            self.beat();
            let mut next = match self.requests.try_recv() {
                Ok(request) => Some(request),
                Err(TryRecvError::Disconnected) => {
                    while self.erase_next() {}
                    break;
                }
                Err(TryRecvError::Empty) if self.look_further() || self.proceed() => continue,
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
            self.erase_next();
            self.look_further();
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
                self.read(ticket, &log, &query);
            }
            Request::Erase { ticket, log, msgid } => self.erasing.push_back((ticket, log, msgid)),
            Request::Forget { log } => self.group.forgotten.extend(LogName::new(&log).ok()),
            Request::Retain { logs, private } => self.retaining = Retaining::new(logs, private),
            Request::Trim { log, keep } => {
                self.commit();
                self.trim(&log, keep);
            }
            Request::Replace { log, bytes } => {
                self.commit();
                self.replace(&log, &bytes);
            }
            Request::Look(Look(look)) => look(&*self.store),
            Request::Probe => {
                self.commit();
                self.probe();
            }
            Request::Audit { from, answer } => {
                self.commit();
                let page = audit::page(&*self.store, from).unwrap_or_else(|error| audit::unread(&error));
                // An error says that nobody waits any more.
                let _ = answer.send(page);
            }
            Request::TrimAudit { records, before_us } => {
                self.commit();
                if let Err(error) = audit::trim(self.store.as_mut(), records, before_us) {
                    self.trouble(&error);
                }
            }
            Request::LogRead { log, from, answer } => {
                self.commit();
                let _ = answer.send(control::records(&*self.store, &log, from));
            }
            Request::Freeze { answer } => {
                self.commit();
                let frozen = self.store.freeze();
                self.is_frozen = frozen.is_ok();
                let _ = answer.send(control::frozen(frozen));
            }
            Request::Thaw { answer } => {
                self.is_frozen = false;
                let _ = answer.send(control::thawed(self.store.thaw()));
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
            Ok(positions) => {
                self.publish(&positions);
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

    /// Erases the message that waits for it longest; everything that was said before it is committed. Returns whether there was one.
    fn erase_next(&mut self) -> bool {
        let Some((ticket, log, msgid)) = self.erasing.pop_front() else { return false };
        let found = LogName::new(&log).ok().filter(|_| !self.is_failing).map(|log| {
            let position = reading::find(&*self.store, &log, &msgid);
            position.map(|position| position.map(|position| (ticket, log, position)))
        });
        let erasure = match found {
            Some(Ok(Some(message))) => {
                self.erase_at(message);
                return true;
            }
            Some(Ok(None)) => Erasure::NotThere,
            Some(Err(error)) => {
                self.trouble(&error);
                Erasure::NotTried
            }
            None => Erasure::NotTried,
        };
        self.tell(Input::Erased { ticket, erasure });
        true
    }

    fn erase_at(&mut self, message: (Ticket, LogName, Position)) {
        match self.store.erase(&message.1, message.2) {
            Ok(_) => self.erased(message),
            Err(error) => {
                let ticket = message.0;
                self.unerased = Some(message);
                self.fail(&error);
                self.tell(Input::Erased { ticket, erasure: Erasure::Unfinished });
            }
        }
    }

    /// The bytes of a message are gone from the store. Where there is a search index, its thread answers: its words are gone
    /// from there then.
    fn erased(&self, (ticket, log, position): (Ticket, LogName, Position)) {
        let erasure = match &self.press {
            Some(press) if press.erased(Gone { ticket, log, position }) => return,
            // A panic ended that thread, and the program ends as well. The next start goes over the index.
            Some(_) => Erasure::Unfinished,
            None => Erasure::Done,
        };
        self.tell(Input::Erased { ticket, erasure });
    }

    /// Hands the records of the group to the search index.
    fn publish(&mut self, positions: &[Position]) {
        let records = self.group.records.drain(..).zip(positions);
        if let Some(press) = &self.press {
            press.committed(records.map(|((_, log, record), position)| News { log, position: *position, record }));
        }
    }

    fn fail(&mut self, error: &dyn std::error::Error) {
        self.is_failing = true;
        let message = format!("{error}; messages are refused until the store works again");
        self.context.events.tell(EventKind::Failure { message });
    }

    fn probe(&mut self) {
        let is_working = self.store.probe().is_ok() && self.finish_erasing();
        if is_working && std::mem::take(&mut self.is_failing) {
            let message = "the store works again, messages are taken".to_owned();
            self.context.events.tell(EventKind::Recovered { message });
        }
        self.tell(Input::Probed { is_working });
    }

    /// What could not be erased is, as soon as that works. `false`: it does not.
    fn finish_erasing(&mut self) -> bool {
        let Some(message) = self.unerased.take() else { return true };
        match self.store.erase(&message.1, message.2) {
            Ok(_) => self.erased(message),
            Err(_) => self.unerased = Some(message),
        }
        self.unerased.is_none()
    }

    /// Lets a log hold one record alone. Nobody waits for it, and what is lost with it is little.
    fn replace(&mut self, log: &str, bytes: &[u8]) {
        let Ok(log) = LogName::new(log) else { return };
        if self.is_failing {
            return;
        }
        match self.store.append(&[Append { log: &log, expected: None, bytes }]) {
            Ok(positions) => {
                let newest = positions.last().copied().unwrap_or(Position::FIRST);
                if let Err(error) = self.store.trim_lazily(&log, newest) {
                    self.trouble(&error);
                }
            }
            Err(error) => self.context.events.tell(EventKind::Trouble { message: error.to_string() }),
        }
    }

    fn read(&mut self, ticket: Ticket, log: &str, query: &Query) {
        match LogName::new(log) {
            Ok(log) => self.answer(ticket, reading::answer(&*self.store, &log, query)),
            Err(_) => self.tell(Input::Read { ticket, records: Err(Unanswered::StoreFails) }),
        }
    }

    /// Lets the question that waits for it longest look at some more records. Returns whether there was one.
    fn look_further(&mut self) -> bool {
        let Some((ticket, further)) = self.further.pop_front() else { return false };
        self.answer(ticket, further.step(&*self.store));
        true
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Answer, ReadingError>) {
        let records = match answer {
            Ok(Answer::Further(further)) => return self.further.push_back((ticket, further)),
            Ok(Answer::Records(records)) => Ok(records),
            Err(ReadingError::UnknownMessage) => Err(Unanswered::UnknownMessage),
            Err(ReadingError::Store(error)) => {
                self.trouble(&error);
                Err(Unanswered::StoreFails)
            }
        };
        self.tell(Input::Read { ticket, records });
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

    fn trouble(&self, error: &StoreError) {
        self.context.events.tell(EventKind::Trouble { message: error.to_string() });
    }

    fn tell(&self, input: Input) {
        // An error says that the hub is gone: nobody waits for an answer.
        let _ = self.hub.blocking_send(input);
    }
}

#[cfg(test)]
mod tests;
