//! Following logs inside one process: who is told of commits knows what it has not read yet.

use crate::{LogName, Position};
use helio_core::limits::STORE_FOLLOWED_LOGS;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A cursor for each followed log. It is told of each commit, says which range to read next, and is told how far that
/// came; reading from the store is its owner's part. However far it falls behind, it holds two numbers a log.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    logs: BTreeMap<LogName, Cursor>,
    /// Logs with something unread that nobody is reading.
    due: BTreeSet<LogName>,
}

#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The first position that was not read.
    unread: Position,
    /// The position after the last one known to be committed.
    next: Position,
}

/// A range of a log that was not read yet. It is handed out again only after [`Follower::handle_read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The log.
    pub log: LogName,
    /// From the first unread position to the one after the last committed.
    pub range: Range<Position>,
}

/// Why a log is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{STORE_FOLLOWED_LOGS} logs are followed, which is the limit; stop following one to follow {log}")]
pub struct FollowError {
    /// The log.
    pub log: LogName,
}

impl Follower {
    /// One that follows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Follows `log`, of which positions before `unread` are known and `next` is the next position of the store at this
    /// moment. A log that is followed already starts again from there.
    ///
    /// # Errors
    ///
    /// [`STORE_FOLLOWED_LOGS`] are followed.
    pub fn follow(&mut self, log: &LogName, unread: Position, next: Position) -> Result<(), FollowError> {
        if self.logs.len() >= STORE_FOLLOWED_LOGS && !self.logs.contains_key(log) {
            return Err(FollowError { log: log.clone() });
        }
        self.logs.insert(log.clone(), Cursor { unread, next });
        self.mark(log);
        Ok(())
    }

    /// Stops following `log`.
    pub fn unfollow(&mut self, log: &LogName) {
        self.logs.remove(log);
        self.due.remove(log);
    }

    /// A record of `log` was committed at `position`. Commits may be told twice and in any order, also of logs that are
    /// not followed.
    pub fn handle_committed(&mut self, log: &LogName, position: Position) {
        if let Some(cursor) = self.logs.get_mut(log).filter(|cursor| cursor.next <= position) {
            cursor.next = position.next();
            self.mark(log);
        }
    }

    /// The next range to read, by name of the log; `None` when everything is read or being read.
    pub fn poll_unread(&mut self) -> Option<Unread> {
        let log = self.due.pop_first()?;
        let cursor = self.logs.get(&log)?;
        Some(Unread { range: cursor.unread..cursor.next, log })
    }

    /// A read of `log` came up to `to`: the position after the last record that it returned, or the end of the range when
    /// it returned none, since that was trimmed meanwhile. What a bound has cut off comes again, and so does all of it
    /// when the read failed and its start is told.
    pub fn handle_read(&mut self, log: &LogName, to: Position) {
        if let Some(cursor) = self.logs.get_mut(log) {
            cursor.unread = cursor.unread.max(to);
            self.mark(log);
        }
    }

    fn mark(&mut self, log: &LogName) {
        match self.logs.get(log) {
            Some(cursor) if cursor.unread < cursor.next => self.due.insert(log.clone()),
            _ => self.due.remove(log),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;
    use crate::{Append, Direction, Limit, Log};
    use proptest::prelude::*;

    fn log(number: u8) -> LogName {
        LogName::new(&format!("log/{number}")).unwrap()
    }

    fn at(number: u64) -> Position {
        Position::new(number)
    }

    fn polled(follower: &mut Follower) -> Option<(String, u64, u64)> {
        let Unread { log, range } = follower.poll_unread()?;
        Some((log.to_string(), range.start.get(), range.end.get()))
    }

    #[test]
    fn a_commit_makes_a_range_unread_once() {
        let mut follower = Follower::new();
        follower.follow(&log(1), at(3), at(3)).unwrap();
        assert_eq!(polled(&mut follower), None);
        follower.handle_committed(&log(1), at(4));
        follower.handle_committed(&log(1), at(3));
        follower.handle_committed(&log(2), at(1));
        assert_eq!(polled(&mut follower), Some(("log/1".into(), 3, 5)));
        assert_eq!(polled(&mut follower), None, "it is being read");
        follower.handle_read(&log(1), at(5));
        assert_eq!(polled(&mut follower), None);
    }

    #[test]
    fn what_a_read_left_comes_again() {
        let mut follower = Follower::new();
        follower.follow(&log(1), at(1), at(10)).unwrap();
        assert_eq!(polled(&mut follower), Some(("log/1".into(), 1, 10)));
        follower.handle_read(&log(1), at(4));
        assert_eq!(polled(&mut follower), Some(("log/1".into(), 4, 10)));
        follower.handle_read(&log(1), at(4));
        assert_eq!(polled(&mut follower), Some(("log/1".into(), 4, 10)), "a failed read is told with its start");
        follower.unfollow(&log(1));
        follower.handle_committed(&log(1), at(10));
        assert_eq!(polled(&mut follower), None);
    }

    #[test]
    fn one_log_more_than_the_limit_is_refused() {
        let mut follower = Follower::new();
        let name = |n: usize| LogName::new(&n.to_string()).unwrap();
        for n in 0..STORE_FOLLOWED_LOGS {
            follower.follow(&name(n), at(1), at(1)).unwrap();
        }
        let error = follower.follow(&name(STORE_FOLLOWED_LOGS), at(1), at(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "10000 logs are followed, which is the limit; stop following one to follow 10000"
        );
        follower.follow(&name(0), at(1), at(2)).unwrap();
        assert_eq!(polled(&mut follower), Some(("0".into(), 1, 2)), "a followed one starts again");
    }

    proptest! {
        /// Whatever order commits, reads and trims come in, each kept record is seen once, in order.
        #[test]
        fn everything_is_seen_once_and_in_order(steps in prop::collection::vec((0_u8..3, 0_u8..6), 1..200)) {
            let mut store = MemoryStore::new();
            let mut follower = Follower::new();
            let mut seen: BTreeMap<LogName, Vec<u64>> = BTreeMap::new();
            (0..3).for_each(|n| follower.follow(&log(n), at(1), at(1)).unwrap());
            let drain = |store: &MemoryStore, follower: &mut Follower, seen: &mut BTreeMap<LogName, Vec<u64>>, most| {
                for _ in 0..most {
                    let Some(Unread { log, range }) = follower.poll_unread() else { return };
                    let records = store.read(&log, range.clone(), Limit::records(2), Direction::Forwards).unwrap();
                    let to = records.last().map_or(range.end, |record| record.position.next());
                    seen.entry(log.clone()).or_default().extend(records.iter().map(|record| record.position.get()));
                    follower.handle_read(&log, to);
                }
            };
            for (number, kind) in steps {
                let name = log(number);
                match kind {
                    0..4 => {
                        let append = Append { log: &name, expected: None, bytes: b"x" };
                        for position in store.append(&[append; 3]).unwrap().into_iter().rev() {
                            follower.handle_committed(&name, position);
                        }
                    }
                    4 => drain(&store, &mut follower, &mut seen, 2),
                    _ => {
                        let before = store.next_position(&name).unwrap().get() / 2;
                        store.trim(&name, at(before)).unwrap();
                    }
                }
            }
            drain(&store, &mut follower, &mut seen, usize::MAX);
            for number in 0..3 {
                let seen = seen.remove(&log(number)).unwrap_or_default();
                prop_assert!(seen.is_sorted_by(|a, b| a < b));
                if let Some(head) = store.head(&log(number)).unwrap() {
                    let kept: Vec<u64> = (head.first.get()..head.next.get()).collect();
                    prop_assert!(seen.ends_with(&kept), "{seen:?} {kept:?}");
                }
            }
        }
    }
}
