//! The thread's work.

use super::catching::{self, document};
use super::erasing::Erasing;
use super::looking::{Trouble, look, reread};
use super::{Job, Jobs, News, is_searched};
use crate::event::{EventKind, Events};
use crate::service::chat::hub::Input;
use crate::service::chat::keeper::Request;
use helio_core::chat::search::{Found, NotSearched, Order, Search};
use helio_core::limits;
use helio_core::time::Instant;
use helio_net::clock::Clock;
use helio_store::search::{FindError, Question, SearchIndex, Stretch, Term};
use helio_store::{Direction, LogName, Position, StoreError};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::sync::mpsc;

/// While messages come, so many times the time that a step of work took is left to others before the next.
const REST: u32 = 4;

/// A stamp of the index may be so much later than the message: see spec/search.md, "A message's number".
const SHIFT_US: i64 = 1_000_000;

/// The index and whom it has to do with.
pub(in crate::service::chat) struct Worker {
    pub(in crate::service::chat) jobs: Jobs,
    pub(in crate::service::chat) keeper: Sender<Request>,
    pub(in crate::service::chat) hub: mpsc::Sender<Input>,
    pub(in crate::service::chat) events: Events,
    pub(in crate::service::chat) clock: Clock,
    /// The file of the index; `None`: there is to be none.
    pub(in crate::service::chat) path: Option<PathBuf>,
    pub(in crate::service::chat) open: Option<Open>,
    /// The last work failed, which was told.
    pub(in crate::service::chat) is_troubled: bool,
    pub(in crate::service::chat) erasing: Erasing,
}

/// An index in use.
pub(in crate::service::chat) struct Open {
    pub(super) index: SearchIndex,
    /// What was committed and is not in the index, oldest first. Bounded by [`limits::SEARCH_NEWS_BYTES`].
    news: VecDeque<News>,
    /// When news came last.
    heard_at: Instant,
    /// When work that has time may go on.
    rested_at: Instant,
    listing: Pass,
    /// Of what was erased while nobody looked; after an end that was none of ours.
    checking: Pass,
    check_from: Position,
}

/// A pass over all logs.
#[derive(Debug, PartialEq, Eq)]
enum Pass {
    /// Behind this one; `None`: from the start.
    After(Option<LogName>),
    Done,
}

impl Worker {
    /// Works until the hub is gone.
    pub(in crate::service::chat) fn run(mut self, is_on: bool) {
        self.switch(is_on);
        let mut is_idle = false;
        loop {
            match self.jobs.jobs.recv_timeout(self.pause(is_idle)) {
                Ok(Job::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(job) => {
                    self.take(job);
                    is_idle = false;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.finish_erasing();
                    is_idle = !self.work();
                }
            }
        }
        self.end();
    }

    /// Closes the index when the keeper has ended. What it erases until then is noted: the next start makes these shards anew.
    fn end(mut self) {
        // The keeper works as long as anybody can ask it for something.
        self.keeper = channel().0;
        while let Ok(job) = self.jobs.jobs.recv() {
            if let Job::News(_) | Job::Erased(_) = job {
                self.take(job);
            }
        }
        if let Some(mut open) = self.open.take() {
            let closed = open.settle(&self.jobs, usize::MAX).and_then(|()| Ok(open.index.close()?));
            closed.unwrap_or_else(|error| self.tell(&error));
        }
    }

    /// How long to wait for a job before other work is done.
    fn pause(&self, is_idle: bool) -> Duration {
        let pause = match &self.open {
            Some(open) if !is_idle => open.rested_at.since(self.clock.now()),
            Some(open) if !open.news.is_empty() => limits::SEARCH_NEWS_PAUSE,
            // Nothing but jobs.
            Some(_) | None => Duration::from_hours(1),
        };
        self.erasing.pause().map_or(pause, |erasing| erasing.min(pause))
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Search { ticket, search } => {
                self.try_again();
                let found = self.search(&search);
                self.jobs.shared.waiting.fetch_sub(1, Ordering::Relaxed);
                // An error says that the hub is gone.
                let _ = self.hub.blocking_send(Input::Found { ticket, found });
                // However many searches wait, what is to be gone goes.
                self.finish_erasing();
            }
            Job::Erased(gone) => self.note_erased(gone),
            Job::News(news) => match &mut self.open {
                Some(open) => {
                    open.heard_at = self.clock.now();
                    open.news.extend(news);
                }
                None => {
                    // They are read from the store.
                    self.jobs.done(&news);
                    self.try_again();
                }
            },
            Job::Trimmed => {
                if let Some(open) = &mut self.open {
                    open.listing = Pass::After(None);
                }
            }
            Job::Switch(is_on) => self.switch(is_on),
            Job::End => {}
        }
    }

    /// Opens the index, or removes it.
    fn switch(&mut self, is_on: bool) {
        let Some(path) = self.path.clone() else { return };
        // Whether it can be opened or not: from now on news come, or none. What was committed before is found by going over
        // all logs.
        self.jobs.shared.is_on.store(is_on, Ordering::Relaxed);
        let done = match is_on {
            true if self.open.is_some() => return,
            true => self.begin(&path),
            false => self.remove(),
        };
        done.unwrap_or_else(|error| self.tell(&error));
    }

    /// Where there is to be an index and none could be opened, it may be possible now. What is to be erased from it goes first:
    /// nothing would be known of that in the file.
    fn try_again(&mut self) {
        let is_wanted = self.jobs.shared.is_on.load(Ordering::Relaxed);
        if self.open.is_none() && is_wanted && self.erasing.pause().is_none() {
            self.switch(true);
        }
    }

    /// Has no index any more. Nothing of it is in a file.
    pub(super) fn remove(&mut self) -> Result<(), Trouble> {
        if let Some(open) = self.open.take() {
            self.jobs.done(open.news.iter());
        }
        // One of an earlier time may be there.
        Ok(self.path.as_deref().map_or(Ok(()), SearchIndex::remove)?)
    }

    pub(super) fn begin(&mut self, path: &Path) -> Result<(), Trouble> {
        let mut index = SearchIndex::open(path)?;
        if !self.is_of_this_store(&index)? {
            drop(index);
            SearchIndex::remove(path)?;
            index = SearchIndex::open(path)?;
        }
        let checking = if index.was_closed() { Pass::Done } else { Pass::After(None) };
        let (news, listing, heard_at) = (VecDeque::new(), Pass::After(None), Instant::ORIGIN);
        let rested_at = self.clock.now();
        self.open = Some(Open { index, news, heard_at, rested_at, listing, checking, check_from: Position::FIRST });
        Ok(())
    }

    /// Whether the newest messages of the index are in the store; else it is that of another one, or the store was put back
    /// to what it was earlier.
    fn is_of_this_store(&self, index: &SearchIndex) -> Result<bool, Trouble> {
        let newest = index.newest(limits::SEARCH_CHECKED)?;
        let is_empty = newest.is_empty();
        for (place, stamp) in newest {
            // Where there is none it was erased, and the next one may be there.
            if let Some(at_us) = look(&self.keeper, move |store| catching::time_of(store, &place))? {
                return Ok((at_us..at_us.saturating_add(SHIFT_US)).contains(&stamp));
            }
        }
        Ok(is_empty)
    }

    /// Does a part of what has time. Returns whether there was any.
    fn work(&mut self) -> bool {
        let Some(open) = &mut self.open else { return false };
        let begun = self.clock.now();
        let is_quiet = begun.since(open.heard_at) >= limits::SEARCH_NEWS_PAUSE;
        let done = open.step(&self.keeper, &self.jobs, is_quiet);
        let ended = self.clock.now();
        let is_busy = ended.since(open.heard_at) < limits::SEARCH_NEWS_PAUSE;
        open.rested_at = if is_busy { ended + ended.since(begun) * REST } else { ended };
        self.is_troubled &= done.is_err();
        done.unwrap_or_else(|error| {
            self.tell(&error);
            self.fall_back(&error);
            false
        })
    }

    /// A damaged index is made anew. Whatever else is wrong may pass.
    fn fall_back(&mut self, error: &Trouble) {
        if matches!(error, Trouble::Store(StoreError::Corrupt { .. } | StoreError::Engine { .. })) {
            self.switch(false);
            self.switch(true);
        }
    }

    fn search(&mut self, search: &Search) -> Result<Vec<Found>, NotSearched> {
        let until = self.clock.now() + limits::SEARCH_TIMEOUT;
        let clock = self.clock;
        let mut is_over = move || clock.now() >= until;
        let open = self.open.as_mut().ok_or(NotSearched::Fails)?;
        let found = open.answer(&self.keeper, &self.jobs, search, &mut is_over);
        found.unwrap_or_else(|error| {
            self.tell(&error);
            self.fall_back(&error);
            Err(NotSearched::Fails)
        })
    }

    pub(super) fn tell(&mut self, trouble: &Trouble) {
        let was_troubled = std::mem::replace(&mut self.is_troubled, true);
        if matches!(trouble, Trouble::Store(_)) && !was_troubled {
            self.events.tell(EventKind::Trouble { message: format!("search: {trouble}") });
        }
    }
}

impl Open {
    /// Does one part of what is to be done. Returns whether there was any. `is_quiet`: no more news are to be expected soon.
    fn step(&mut self, keeper: &Sender<Request>, jobs: &Jobs, is_quiet: bool) -> Result<bool, Trouble> {
        if jobs.shared.has_missed.swap(false, Ordering::Acquire) {
            self.listing = Pass::After(None);
        }
        if self.news.len() >= limits::SEARCH_BATCH || (is_quiet && !self.news.is_empty()) {
            self.settle(jobs, limits::SEARCH_BATCH)?;
        } else if self.listing != Pass::Done {
            self.list(keeper)?;
        } else if let Some(shard) = self.index.stale()? {
            self.index.rebuild(shard, &mut |log, range| reread(keeper, log, range))?;
        } else if let Some((log, next)) = self.index.behind(None)? {
            self.catch_up(keeper, log, next)?;
        } else if self.checking != Pass::Done {
            self.check(keeper)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Puts news into the index, at most so many.
    pub(super) fn settle(&mut self, jobs: &Jobs, most: usize) -> Result<(), Trouble> {
        while !self.news.is_empty() {
            let count = self.news.len().min(most).min(limits::SEARCH_BATCH);
            let news: Vec<News> = self.news.drain(..count).collect();
            jobs.done(&news);
            let stretches: Vec<Stretch> = news.into_iter().map(stretch).collect();
            if let Err(error) = self.index.add(&stretches) {
                // They are read from the store when that works again.
                self.listing = Pass::After(None);
                return Err(error.into());
            }
            if count == most {
                break;
            }
        }
        Ok(())
    }

    /// Learns how far some more logs go.
    fn list(&mut self, keeper: &Sender<Request>) -> Result<(), Trouble> {
        let Pass::After(after) = &self.listing else { return Ok(()) };
        let after = after.clone();
        let (heads, last) = look(keeper, move |store| catching::heads(store, after.as_ref()))?;
        self.index.handle_heads(&heads)?;
        self.listing = last.map_or(Pass::Done, |last| Pass::After(Some(last)));
        Ok(())
    }

    /// Reads the next part of a log.
    fn catch_up(&mut self, keeper: &Sender<Request>, log: LogName, next: Position) -> Result<(), Trouble> {
        let (mut stretches, mut from, mut count) = (Vec::new(), next, 0);
        while count < limits::SEARCH_BATCH {
            let name = log.clone();
            let slice = look(keeper, move |store| catching::slice(store, &name, from..Position::END))?;
            if slice.range.is_empty() {
                break;
            }
            (from, count) = (slice.range.end, count + slice.records.len());
            stretches.push(Stretch { log: log.clone(), range: slice.range.clone(), documents: slice.documents() });
        }
        self.index.add(&stretches)?;
        Ok(())
    }

    /// Looks for what was erased without the index being told.
    fn check(&mut self, keeper: &Sender<Request>) -> Result<(), Trouble> {
        let Pass::After(after) = &self.checking else { return Ok(()) };
        let (after, from) = (after.clone(), self.check_from);
        let looked = look(keeper, move |store| {
            let Some(head) = store.logs("", after.as_ref(), 1)?.pop() else { return Ok(None) };
            let end = if is_searched(&head.log) { Position::END } else { from };
            let slice = catching::slice(store, &head.log, from..end)?;
            Ok(Some((head.log, slice)))
        })?;
        let Some((log, slice)) = looked else {
            self.checking = Pass::Done;
            return Ok(());
        };
        self.index.handle_erased(&log, &slice.erased())?;
        self.check_from = slice.range.end;
        if slice.records.is_empty() {
            (self.checking, self.check_from) = (Pass::After(Some(log)), Position::FIRST);
        }
        Ok(())
    }

    /// Answers a search from all that was committed until now.
    fn answer(
        &mut self,
        keeper: &Sender<Request>,
        jobs: &Jobs,
        search: &Search,
        is_over: &mut dyn FnMut() -> bool,
    ) -> Result<Result<Vec<Found>, NotSearched>, Trouble> {
        if jobs.shared.has_missed.swap(false, Ordering::Acquire) {
            self.listing = Pass::After(None);
        }
        self.settle(jobs, usize::MAX)?;
        while self.listing != Pass::Done {
            if is_over() {
                return Ok(Err(NotSearched::Incomplete));
            }
            self.list(keeper)?;
        }
        let mut logs: Vec<LogName> = search.logs.iter().filter_map(|log| LogName::new(log).ok()).collect();
        if let Some(party) = &search.party {
            logs.extend(self.index.logs_of(party)?);
        }
        while let Some((log, next)) = self.index.behind(Some(&logs))? {
            if is_over() {
                return Ok(Err(NotSearched::Incomplete));
            }
            self.catch_up(keeper, log, next)?;
        }
        let terms: Vec<Term> = search.terms.iter().map(term).collect();
        let question = Question {
            logs: &logs,
            author: search.author.as_deref(),
            terms: &terms,
            at_us: search.at_us.clone(),
            direction: match search.wanted {
                Order::Newest => Direction::Backwards,
                Order::Oldest => Direction::Forwards,
            },
            limit: search.limit,
        };
        let places = match self.index.find(&question, is_over) {
            Ok(places) => places,
            Err(FindError::TooLong) => return Ok(Err(NotSearched::TooMuch)),
            Err(FindError::Store(error)) => return Err(error.into()),
        };
        let search = search.clone();
        Ok(Ok(look(keeper, move |store| catching::found(store, places, &search))?))
    }
}

impl Jobs {
    /// These news are taken care of.
    fn done<'a>(&self, news: impl IntoIterator<Item = &'a News>) {
        let bytes: usize = news.into_iter().map(|news| news.record.len()).sum();
        self.shared.news_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

fn stretch(News { log, position, record }: News) -> Stretch {
    Stretch { log, range: position..position.next(), documents: document(position, &record).into_iter().collect() }
}

fn term(term: &helio_core::chat::search::Term) -> Term {
    Term { text: term.text.clone(), is_prefix: term.is_prefix }
}
