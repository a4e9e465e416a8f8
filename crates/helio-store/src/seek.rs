//! Finding a place in a log whose records are in the order of something that is written in them.

use crate::{Direction, Limit, Log, LogName, Position, Record, StoreError};
use std::ops::Range;

/// The first position in `range` whose record has a key of at least `at`; the end of the range, or of the log, if there is
/// none. Reads about as many records as the length of the range has binary digits.
///
/// `key` takes the key out of a record; `None` when it has none. Such records and erased ones are passed over, a run of
/// them by reading it, so a long one is slow. Where keys are not in order the answer is a position at which they rise past
/// `at`, not always the first.
///
/// # Errors
///
/// The store fails.
pub fn seek<K: Ord>(
    store: &(impl Log + ?Sized),
    log: &LogName,
    range: Range<Position>,
    key: impl Fn(&[u8]) -> Option<K>,
    at: &K,
) -> Result<Position, StoreError> {
    let Some(head) = store.head(log)? else { return Ok(range.start) };
    let mut low = range.start.max(head.first);
    let mut high = range.end.min(head.next).max(low);
    let mut found = high;
    while low < high {
        let middle = Position::new(low.get() + (high.get() - low.get()) / 2);
        match first_with_key(store, log, middle..high, &key)? {
            Some((position, key)) if key < *at => low = position.next(),
            Some((position, _)) => (found, high) = (position, middle),
            None => high = middle,
        }
    }
    Ok(found)
}

/// The first record of `range` that has a key. One record is read at first, more where that has none.
fn first_with_key<K>(
    store: &(impl Log + ?Sized),
    log: &LogName,
    mut range: Range<Position>,
    key: impl Fn(&[u8]) -> Option<K>,
) -> Result<Option<(Position, K)>, StoreError> {
    let mut limit = Limit::records(1);
    loop {
        let records = store.read(log, range.clone(), limit, Direction::Forwards)?;
        let Some(last) = records.last() else { return Ok(None) };
        range.start = last.position.next();
        let keyed = |record: &Record| Some((record.position, key(record.bytes.as_deref()?)?));
        if let Some(found) = records.iter().find_map(keyed) {
            return Ok(Some(found));
        }
        limit = Limit::MOST;
    }
}
