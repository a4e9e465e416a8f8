//! Trimming conversations to what is kept of them (spec/event-log.md, "How long messages are kept"), a little at a time.

use helio_core::chat::PRIVATE_LOGS;
use helio_core::chat::query::{Heading, Kept};
use helio_core::limits;
use helio_store::{Log, LogHead, LogName, Position, StoreError, seek};
use std::collections::VecDeque;
use std::ops::Range;

/// What is still to be looked at.
#[derive(Debug, Default)]
pub(super) struct Retaining {
    /// Logs with what is kept of each.
    logs: VecDeque<(LogName, Kept)>,
    /// Private conversations come after them, in the order of their names.
    private: Option<Private>,
}

#[derive(Debug)]
struct Private {
    kept: Kept,
    /// The last one that was looked at.
    after: Option<LogName>,
}

impl Retaining {
    pub(super) fn new(logs: Vec<(String, Kept)>, private: Kept) -> Self {
        let logs = logs.into_iter().filter_map(|(log, kept)| Some((LogName::new(&log).ok()?, kept)));
        let is_bounded = private != Kept::default();
        Self { logs: logs.collect(), private: is_bounded.then_some(Private { kept: private, after: None }) }
    }

    /// Looks at one log, or trims a part of it. Returns whether anything was trimmed, lazily; `None` when everything is done.
    ///
    /// # Errors
    /// The store fails. The rest is left for the next time.
    pub(super) fn step(&mut self, store: &mut dyn Log) -> Result<Option<bool>, StoreError> {
        let done = self.try_step(store);
        if done.is_err() {
            *self = Self::default();
        }
        done
    }

    fn try_step(&mut self, store: &mut dyn Log) -> Result<Option<bool>, StoreError> {
        if self.logs.is_empty() {
            self.list(store)?;
        }
        let Some((log, kept)) = self.logs.front() else { return Ok(None) };
        let Some(LogHead { first, next, .. }) = store.head(log)? else {
            self.logs.pop_front();
            return Ok(Some(false));
        };
        let time = |bytes: &[u8]| Heading::of(bytes).map(|heading| heading.at_us());
        let end = end_of_trim(store, log, *kept, first..next, time)?;
        let step = Position::new(first.get() + limits::CHAT_FORGET_STEP as u64).min(end);
        let is_done = step <= first || store.trim_lazily(log, step)? >= end;
        if is_done {
            self.logs.pop_front();
        }
        Ok(Some(step > first))
    }

    /// The next private conversations.
    fn list(&mut self, store: &dyn Log) -> Result<(), StoreError> {
        let Some(Private { kept, after }) = &mut self.private else { return Ok(()) };
        let heads = store.logs(PRIVATE_LOGS, after.as_ref(), limits::STORE_READ_RECORDS)?;
        self.logs.extend(heads.iter().map(|head| (head.log.clone(), *kept)));
        match heads.into_iter().next_back() {
            Some(last) => *after = Some(last.log),
            None => self.private = None,
        }
        Ok(())
    }
}

/// Up to where nothing is kept of a log whose positions are `all`, and whose records tell their `time`.
pub(super) fn end_of_trim(
    store: &dyn Log,
    log: &LogName,
    kept: Kept,
    all: Range<Position>,
    time: impl Fn(&[u8]) -> Option<i64>,
) -> Result<Position, StoreError> {
    let by_count = kept.newest.map_or(all.start, |newest| Position::new(all.end.get().saturating_sub(newest)));
    let by_age = match kept.since_us {
        Some(since_us) => seek(store, log, all.clone(), time, &since_us)?,
        None => all.start,
    };
    Ok(by_count.max(by_age).max(all.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_store::memory::MemoryStore;
    use helio_store::{Append, Direction, Limit};

    /// `count` messages, one every ten microseconds from 10 on.
    fn said(store: &mut MemoryStore, log: &str, count: i64) -> LogName {
        let name = LogName::new(log).unwrap();
        for n in 1..=count {
            let record = format!(
                r##"{{"msgid":"a-{n}","at_us":{},"kind":"privmsg","from":"a!a@a","target":"#a","lines":[]}}"##,
                n * 10
            );
            store.append(&[Append { log: &name, expected: None, bytes: record.as_bytes() }]).unwrap();
        }
        name
    }

    fn left(store: &MemoryStore, log: &LogName) -> usize {
        store.read(log, Position::FIRST..Position::END, Limit::MOST, Direction::Forwards).unwrap().len()
    }

    fn work(mut retaining: Retaining, store: &mut MemoryStore) -> usize {
        let mut trims = 0;
        while let Some(has_trimmed) = retaining.step(store).unwrap() {
            trims += usize::from(has_trimmed);
        }
        trims
    }

    #[test]
    fn what_is_older_or_more_than_is_kept_goes() {
        for (kept, expected) in [
            (Kept::default(), 100),
            (Kept { since_us: Some(500), newest: None }, 51),
            (Kept { since_us: Some(501), newest: None }, 50),
            (Kept { since_us: None, newest: Some(7) }, 7),
            (Kept { since_us: Some(500), newest: Some(7) }, 7),
            (Kept { since_us: Some(990), newest: Some(7) }, 2),
            (Kept { since_us: Some(5_000), newest: None }, 0),
            (Kept { since_us: Some(0), newest: Some(1_000) }, 100),
        ] {
            let mut store = MemoryStore::new();
            let log = said(&mut store, "room/a", 100);
            work(Retaining::new(vec![("room/a".into(), kept)], Kept::default()), &mut store);
            assert_eq!(left(&store, &log), expected, "{kept:?}");
        }
    }

    #[test]
    fn private_conversations_are_found_by_their_names_and_others_left_alone() {
        let mut store = MemoryStore::new();
        let private: Vec<_> = (0..20).map(|n| said(&mut store, &format!("private/a/{n}"), 9)).collect();
        let (settings, room) = (said(&mut store, "settings", 9), said(&mut store, "room/b", 9));
        let kept = Kept { since_us: None, newest: Some(2) };
        work(Retaining::new(vec![("room/none".into(), kept)], kept), &mut store);
        assert!(private.iter().all(|log| left(&store, log) == 2));
        assert_eq!((left(&store, &settings), left(&store, &room)), (9, 9));
    }

    #[test]
    fn much_goes_in_parts_so_that_others_get_their_turn() {
        let mut store = MemoryStore::new();
        let count = 3 * limits::CHAT_FORGET_STEP as i64 + 1;
        let log = said(&mut store, "room/a", count);
        let kept = Kept { since_us: None, newest: Some(1) };
        let trims = work(Retaining::new(vec![("room/a".into(), kept)], Kept::default()), &mut store);
        assert_eq!((trims, left(&store, &log)), (3, 1));
    }
}
