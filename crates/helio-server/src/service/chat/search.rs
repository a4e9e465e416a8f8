//! The one thread that owns the search index (spec/search.md). It takes in what the keeper has committed, reads what it lacks
//! from the store in slices, and answers searches.

mod catching;
mod erasing;
mod looking;
#[cfg(test)]
mod tests;
mod worker;

pub(super) use erasing::Erasing;
pub(super) use worker::Worker;

use super::hub::Input;
use helio_core::chat::search::{NotSearched, Search};
use helio_core::chat::{PRIVATE_LOGS, ROOM_LOGS, Ticket};
use helio_core::limits;
use helio_store::{LogName, Position};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Job {
    Search {
        ticket: Ticket,
        search: Box<Search>,
    },
    /// These were committed.
    News(Vec<News>),
    /// Something was trimmed, and its bytes are gone from the store.
    Trimmed,
    /// A message was erased from the store; the hub waits until its words are gone too.
    Erased(Gone),
    /// Whether there is to be an index.
    Switch(bool),
    /// The service ends.
    End,
}

/// A record that was committed.
#[derive(Debug)]
pub(super) struct News {
    pub(super) log: LogName,
    pub(super) position: Position,
    pub(super) record: Vec<u8>,
}

/// A message whose bytes are gone from the store.
#[derive(Debug)]
pub(super) struct Gone {
    pub(super) ticket: Ticket,
    pub(super) log: LogName,
    pub(super) position: Position,
}

/// What the thread and those who tell it things have in common.
#[derive(Debug, Default)]
struct Shared {
    /// Searches that wait for their turn. At most [`limits::SEARCH_WAITING`].
    waiting: AtomicUsize,
    /// Bytes of news that are not in the index yet. At most [`limits::SEARCH_NEWS_BYTES`].
    news_bytes: AtomicUsize,
    /// Some news were left out: what logs have more must be read from them.
    has_missed: AtomicBool,
    /// Whether there is to be an index: else news are not worth telling.
    is_on: AtomicBool,
}

/// The hub's end: it asks. The thread ends with it.
#[derive(Debug)]
pub(super) struct Desk {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

/// The keeper's end: it tells what it did.
#[derive(Debug)]
pub(super) struct Press {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

/// The thread's own end.
#[derive(Debug)]
pub(super) struct Jobs {
    jobs: Receiver<Job>,
    shared: Arc<Shared>,
}

/// The three ends.
pub(super) fn ends() -> (Desk, Press, Jobs) {
    let (sender, jobs) = channel();
    let shared = Arc::<Shared>::default();
    let desk = Desk { jobs: sender.clone(), shared: shared.clone() };
    (desk, Press { jobs: sender, shared: shared.clone() }, Jobs { jobs, shared })
}

impl Desk {
    /// Asks. The answer comes at once when too many wait, or the thread is gone.
    pub(super) fn search(&self, ticket: Ticket, search: Box<Search>) -> Option<Input> {
        if self.shared.waiting.fetch_add(1, Ordering::Relaxed) >= limits::SEARCH_WAITING {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            return Some(Input::Found { ticket, found: Err(NotSearched::TooMuch) });
        }
        let asked = self.jobs.send(Job::Search { ticket, search });
        asked.err().map(|_| Input::Found { ticket, found: Err(NotSearched::Fails) })
    }

    /// Whether there is to be an index.
    pub(super) fn switch(&self, is_on: bool) {
        // Without the thread there is none in any case.
        let _ = self.jobs.send(Job::Switch(is_on));
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::End);
    }
}

impl Press {
    /// Tells of a commit before anybody else is told of it: who searches then finds it.
    pub(super) fn committed(&self, records: impl Iterator<Item = News>) {
        if !self.shared.is_on.load(Ordering::Relaxed) {
            return;
        }
        let news: Vec<News> = records.filter(|news| is_searched(&news.log)).collect();
        let bytes: usize = news.iter().map(|news| news.record.len()).sum();
        if self.shared.news_bytes.load(Ordering::Relaxed) + bytes > limits::SEARCH_NEWS_BYTES {
            self.shared.has_missed.store(true, Ordering::Release);
            return;
        }
        if !news.is_empty() {
            self.shared.news_bytes.fetch_add(bytes, Ordering::Relaxed);
            let _ = self.jobs.send(Job::News(news));
        }
    }

    /// Tells that a message is gone from the store; the thread answers the hub. Whether it is there to do so.
    pub(super) fn erased(&self, gone: Gone) -> bool {
        self.jobs.send(Job::Erased(gone)).is_ok()
    }

    /// Tells that something was trimmed from the store.
    pub(super) fn trimmed(&self) {
        let _ = self.jobs.send(Job::Trimmed);
    }
}

/// Whether what is said in a log can be searched for: that of a room, or of a private conversation.
fn is_searched(log: &LogName) -> bool {
    [ROOM_LOGS, PRIVATE_LOGS].iter().any(|beginning| log.as_str().starts_with(beginning))
}
