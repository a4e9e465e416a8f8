//! A store for tests: in memory, and each change of it is told before it happens, which may refuse it.

use helio_store::memory::MemoryStore;
use helio_store::{Append, AppendError, Direction, Limit, Log, LogHead, LogName, Position, Record, StoreError};
use std::ops::Range;

/// The store, and who is told the name of each call that changes it.
pub(super) struct Watched<F> {
    store: MemoryStore,
    before: F,
}

impl<F: FnMut(&'static str) -> Result<(), StoreError>> Watched<F> {
    pub(super) fn new(store: MemoryStore, before: F) -> Self {
        Self { store, before }
    }
}

impl<F: FnMut(&'static str) -> Result<(), StoreError>> Log for Watched<F> {
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError> {
        (self.before)("append")?;
        self.store.append(batch)
    }

    fn head(&self, log: &LogName) -> Result<Option<LogHead>, StoreError> {
        self.store.head(log)
    }

    fn read(
        &self,
        log: &LogName,
        range: Range<Position>,
        limit: Limit,
        direction: Direction,
    ) -> Result<Vec<Record>, StoreError> {
        self.store.read(log, range, limit, direction)
    }

    fn logs(&self, prefix: &str, after: Option<&LogName>, limit: usize) -> Result<Vec<LogHead>, StoreError> {
        self.store.logs(prefix, after, limit)
    }

    fn erase(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError> {
        (self.before)("erase")?;
        self.store.erase(log, position)
    }

    fn trim(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        (self.before)("trim")?;
        self.store.trim(log, before)
    }

    fn scrub(&mut self) -> Result<(), StoreError> {
        (self.before)("scrub")?;
        self.store.scrub()
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        (self.before)("probe")?;
        self.store.probe()
    }
}
