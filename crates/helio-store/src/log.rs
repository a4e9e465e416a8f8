//! Ordered logs.

use crate::{AppendError, LogName, StoreError};
use helio_core::limits::{STORE_READ_BYTES, STORE_READ_RECORDS};
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// A place in a log, counted from 1. A place keeps its number for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// The first record of every log.
    pub const FIRST: Self = Self(1);

    /// After every position that any log reaches: the end of a range without end.
    pub const END: Self = Self(i64::MAX as u64);

    /// The position of that number. 0 is before every record; numbers beyond [`Position::END`] mean it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        if number > Self::END.0 { Self::END } else { Self(number) }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::new(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One record to append.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The log that gets it; made by its first record.
    pub log: &'a LogName,
    /// Where it must come to stand, records of the same batch before it counted; `None` is wherever the log goes on.
    pub expected: Option<Position>,
    /// Up to [`helio_core::limits::STORE_RECORD_BYTES`], also none.
    pub bytes: &'a [u8],
}

/// One record as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub position: Position,
    /// What was appended; `None` when it was erased.
    pub bytes: Option<Vec<u8>>,
}

/// A log and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Its name.
    pub log: LogName,
    /// The first position that is kept; [`LogHead::next`] when the log was trimmed to nothing.
    pub first: Position,
    /// The position of the next record.
    pub next: Position,
}

/// From which end of its range a read begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the low end, oldest first.
    Forwards,
    /// From the high end, newest first.
    Backwards,
}

/// How much a read returns at most. The first record comes whatever its size, so a reader always gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    records: usize,
    bytes: usize,
}

impl Limit {
    /// As much as one read may return.
    pub const MOST: Self = Self { records: STORE_READ_RECORDS, bytes: STORE_READ_BYTES };

    /// At most `records`, and not more than [`STORE_READ_RECORDS`]; 0 returns nothing.
    #[must_use]
    pub fn records(records: usize) -> Self {
        Self { records: records.min(STORE_READ_RECORDS), ..Self::MOST }
    }

    /// Also at most `bytes`, and not more than [`STORE_READ_BYTES`].
    #[must_use]
    pub fn and_bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes.min(STORE_READ_BYTES), ..self }
    }

    /// Takes from `items`, of the sizes that `size` tells, as long as it allows.
    pub(crate) fn take<T, E>(
        self,
        items: impl Iterator<Item = Result<T, E>>,
        size: impl Fn(&T) -> usize,
    ) -> Result<Vec<T>, E> {
        let (mut taken, mut bytes) = (Vec::new(), 0_usize);
        for item in items.take(self.records) {
            let item = item?;
            bytes = bytes.saturating_add(size(&item));
            if bytes > self.bytes && !taken.is_empty() {
                break;
            }
            taken.push(item);
        }
        Ok(taken)
    }

    /// The bound of records alone.
    pub(crate) fn max_records(self) -> usize {
        self.records
    }
}

impl Record {
    pub(crate) fn size(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }
}

/// A set of named, ordered logs. Each call that changes something is one synced commit: it is done when it returns.
pub trait Log {
    /// Appends a batch, all of it or nothing, and returns where each record came to stand.
    ///
    /// # Errors
    ///
    /// A record or the batch is too large, a position is not the expected one, or the store fails. Nothing of the batch
    /// is visible then; `spec/store.md`, "On an error", has the one case where it may come back after a crash.
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError>;

    /// Where a log stands; `None` when nothing was ever appended to it.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn head(&self, log: &LogName) -> Result<Option<LogHead>, StoreError>;

    /// Where the next record of a log will stand.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn next_position(&self, log: &LogName) -> Result<Position, StoreError> {
        Ok(self.head(log)?.map_or(Position::FIRST, |head| head.next))
    }

    /// Reads from one end of `range`, which is half-open. Erased records are in their place; trimmed ones and those
    /// not yet written are left out.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn read(
        &self,
        log: &LogName,
        range: Range<Position>,
        limit: Limit,
        direction: Direction,
    ) -> Result<Vec<Record>, StoreError>;

    /// The newest records, oldest first. A large `limit` is cut from the old end.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn last(&self, log: &LogName, limit: Limit) -> Result<Vec<Record>, StoreError> {
        let mut records = self.read(log, Position::FIRST..Position::END, limit, Direction::Backwards)?;
        records.reverse();
        Ok(records)
    }

    /// Logs whose names begin with `prefix` and come behind `after`, by name; at most `limit` and
    /// [`STORE_READ_RECORDS`].
    ///
    /// # Errors
    ///
    /// The store fails.
    fn logs(&self, prefix: &str, after: Option<&LogName>, limit: usize) -> Result<Vec<LogHead>, StoreError>;

    /// Makes the bytes of one record be gone for good. Returns whether there was a record that was not erased yet.
    ///
    /// # Errors
    ///
    /// The store fails; the bytes may be there still. Call it again, also when the record already reads as erased.
    fn erase(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError>;

    /// Makes all records before `before` be gone for good, at most [`helio_core::limits::STORE_TRIM_RECORDS`] of them.
    /// Returns the first position that is kept: when it is lower than `before` and than the next position, call again.
    ///
    /// # Errors
    ///
    /// The store fails; the bytes may be there still. Call it again.
    fn trim(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError>;

    /// [`Log::trim`], but the bytes are gone for good only when [`Log::scrub`] has returned: many trims can share one.
    ///
    /// # Errors
    ///
    /// As [`Log::trim`].
    fn trim_lazily(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        self.trim(log, before)
    }

    /// Makes the bytes of what was trimmed lazily be gone for good.
    ///
    /// # Errors
    ///
    /// The store fails; the bytes may be there still. Call it again.
    fn scrub(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Brings everything into one file, which is left alone until [`Log::thaw`], so that another process can copy it while the
    /// store is used. `None`: the store is in no file.
    ///
    /// What must change the file breaks this off: [`Log::erase`], [`Log::trim`] and [`Log::scrub`], whose bytes are to be gone, and
    /// [`helio_core::limits::STORE_FROZEN_BYTES`] of what came meanwhile.
    ///
    /// # Errors
    ///
    /// The store fails; it is not frozen.
    fn freeze(&mut self) -> Result<Option<PathBuf>, StoreError> {
        Ok(None)
    }

    /// Ends [`Log::freeze`]. Returns whether the file was left alone all the time, so that a copy of it is the store as it was
    /// when it was frozen.
    ///
    /// # Errors
    ///
    /// The store fails; what was copied must not be used.
    fn thaw(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// Writes and syncs something, to learn whether a store that failed works again.
    ///
    /// # Errors
    ///
    /// It still fails.
    fn probe(&mut self) -> Result<(), StoreError>;
}
