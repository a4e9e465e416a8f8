//! A store in memory: obvious, forgetful, and the model that judges the others.

use crate::bounds::{check_batch, check_value};
use crate::{
    Append, AppendError, Direction, Entry, Key, Limit, Log, LogHead, LogName, Position, Record, SetError, StoreError,
    Table, TableName, Version,
};
use helio_core::limits::{STORE_READ_RECORDS, STORE_TRIM_BYTES, STORE_TRIM_RECORDS};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;

/// Logs and tables that end with the value. For tests, and for servers that are told to keep nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    logs: BTreeMap<LogName, Records>,
    tables: BTreeMap<(TableName, Key), (Version, Vec<u8>)>,
    last_version: u64,
}

/// The kept records of one log by their positions; `None` is an erased one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Records {
    kept: BTreeMap<Position, Option<Vec<u8>>>,
    next: Position,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the records of a batch would come to stand, if each is where it expects to be.
    fn places(&self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError> {
        let mut ahead: BTreeMap<&LogName, Position> = BTreeMap::new();
        let mut places = Vec::with_capacity(batch.len());
        for (index, append) in batch.iter().enumerate() {
            let stored = || self.logs.get(append.log).map_or(Position::FIRST, |records| records.next);
            let next = ahead.entry(append.log).or_insert_with(stored);
            if let Some(expected) = append.expected.filter(|expected| expected != next) {
                return Err(AppendError::Position { index, log: append.log.clone(), expected, got: *next });
            }
            places.push(*next);
            *next = next.next();
        }
        Ok(places)
    }
}

impl Records {
    fn head(&self, log: &LogName) -> LogHead {
        LogHead { log: log.clone(), first: self.first(), next: self.next }
    }

    fn first(&self) -> Position {
        self.kept.first_key_value().map_or(self.next, |(position, _)| *position)
    }
}

impl Log for MemoryStore {
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError> {
        check_batch(batch)?;
        let places = self.places(batch)?;
        for (append, &position) in batch.iter().zip(&places) {
            let empty = || Records { kept: BTreeMap::new(), next: Position::FIRST };
            let records = self.logs.entry(append.log.clone()).or_insert_with(empty);
            records.kept.insert(position, Some(append.bytes.to_vec()));
            records.next = position.next();
        }
        Ok(places)
    }

    fn head(&self, log: &LogName) -> Result<Option<LogHead>, StoreError> {
        Ok(self.logs.get(log).map(|records| records.head(log)))
    }

    fn read(
        &self,
        log: &LogName,
        range: Range<Position>,
        limit: Limit,
        direction: Direction,
    ) -> Result<Vec<Record>, StoreError> {
        let Some(records) = self.logs.get(log).filter(|_| range.start < range.end) else { return Ok(Vec::new()) };
        let all = records.kept.range(range);
        let record = |(position, bytes): (&Position, &Option<Vec<u8>>)| -> Result<Record, StoreError> {
            Ok(Record { position: *position, bytes: bytes.clone() })
        };
        match direction {
            Direction::Forwards => limit.take(all.map(record), Record::size),
            Direction::Backwards => limit.take(all.rev().map(record), Record::size),
        }
    }

    fn logs(&self, prefix: &str, after: Option<&LogName>, limit: usize) -> Result<Vec<LogHead>, StoreError> {
        let all = self.logs.iter().filter(|(log, _)| log.as_str().starts_with(prefix) && Some(*log) > after);
        Ok(all.take(limit.min(STORE_READ_RECORDS)).map(|(log, records)| records.head(log)).collect())
    }

    fn erase(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError> {
        let record = self.logs.get_mut(log).and_then(|records| records.kept.get_mut(&position));
        Ok(record.is_some_and(|record| record.take().is_some()))
    }

    fn trim(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        let Some(records) = self.logs.get_mut(log) else { return Ok(Position::FIRST) };
        let mut bytes = 0;
        for trimmed in 0..STORE_TRIM_RECORDS {
            let Some(first) = records.kept.first_entry().filter(|first| *first.key() < before) else { break };
            bytes += first.get().as_ref().map_or(0, Vec::len);
            if bytes > STORE_TRIM_BYTES && trimmed > 0 {
                break;
            }
            first.remove();
        }
        Ok(records.first())
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Table for MemoryStore {
    fn get(&self, table: &TableName, key: &Key) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        Ok(self.tables.get(&(table.clone(), key.clone())).cloned())
    }

    fn compare_and_set(
        &mut self,
        table: &TableName,
        key: &Key,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, SetError> {
        check_value(value)?;
        let place = (table.clone(), key.clone());
        let got = self.tables.get(&place).map(|(version, _)| *version);
        if got != expected {
            return Err(SetError::Conflict { expected, got });
        }
        self.last_version += 1;
        let version = Version::new(self.last_version);
        match value {
            Some(value) => self.tables.insert(place, (version, value.to_vec())),
            None => self.tables.remove(&place),
        };
        Ok(version)
    }

    fn list(
        &self,
        table: &TableName,
        prefix: &str,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let wanted = |place: &(TableName, Key)| {
            place.0 == *table && place.1.as_str().starts_with(prefix) && Some(&place.1) > after
        };
        let all = self.tables.iter().filter(|(place, _)| wanted(place));
        let entries = all.map(|((_, key), (version, value))| -> Result<Entry, Infallible> {
            Ok(Entry { key: key.clone(), version: *version, value: value.clone() })
        });
        Ok(Limit::records(limit).take(entries, Entry::size).unwrap_or_else(|never| match never {}))
    }
}
