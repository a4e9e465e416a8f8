//! A store on a disk that fails: full, broken, unable to sync, or without power at the worst moment.
//!
//! For the tests of whatever stands on a store. What was acknowledged survives everything here; what was not may be
//! gone, or may be there as a whole after the power is back, as `spec/store.md`, "On an error", allows.

use crate::memory::MemoryStore;
use crate::{
    Append, AppendError, Direction, Entry, Key, Limit, Log, LogHead, LogName, Position, Record, SetError, StoreError,
    Table, TableName, Version,
};
use helio_core::rng::Rng;
use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;

/// What the disk does at one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Writes and syncs it.
    Commit,
    /// Has no room. Nothing is written.
    Full,
    /// Fails to write. Nothing is written.
    Broken,
    /// Writes it and fails to sync: it may come back after a power cut, unless a later commit succeeds.
    Unsynced,
    /// Loses power in the middle: nobody is told anything, and all calls fail until [`FaultyStore::restore_power`].
    PowerCut,
}

/// How often each fate is met, as shares of the commits; the rest commits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// [`Fate::Full`].
    pub full: f64,
    /// [`Fate::Broken`].
    pub broken: f64,
    /// [`Fate::Unsynced`].
    pub unsynced: f64,
    /// [`Fate::PowerCut`].
    pub power_cut: f64,
}

/// A [`MemoryStore`] behind such a disk. From one seed its life is the same every time.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    /// What is synced.
    disk: MemoryStore,
    /// What may be found instead after a power cut.
    unsynced: Option<MemoryStore>,
    has_power: bool,
    faults: Faults,
    next: VecDeque<Fate>,
    rng: Rng,
}

impl FaultyStore {
    /// An empty one without faults.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            disk: MemoryStore::new(),
            unsynced: None,
            has_power: true,
            faults: Faults::default(),
            next: VecDeque::new(),
            rng: Rng::from_seed(seed),
        }
    }

    /// From now on faults come by chance, as often as that.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// The commits after those already arranged meet `fates`; then chance goes on.
    pub fn arrange(&mut self, fates: impl IntoIterator<Item = Fate>) {
        self.next.extend(fates);
    }

    /// Whether it has power.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.has_power
    }

    /// Takes the power away between two calls. All calls fail now.
    pub fn cut_power(&mut self) {
        self.has_power = false;
    }

    /// Gives the power back. What was acknowledged is there; a last commit that was not may be, as a whole.
    pub fn restore_power(&mut self) {
        self.has_power = true;
        if let Some(unsynced) = self.unsynced.take().filter(|_| self.rng.chance(0.5)) {
            self.disk = unsynced;
        }
    }

    fn fate(&mut self) -> Fate {
        if let Some(fate) = self.next.pop_front() {
            return fate;
        }
        let Faults { full, broken, unsynced, power_cut } = self.faults;
        let shares =
            [(Fate::Full, full), (Fate::Broken, broken), (Fate::Unsynced, unsynced), (Fate::PowerCut, power_cut)];
        shares.into_iter().find(|(_, share)| self.rng.chance(*share)).map_or(Fate::Commit, |(fate, _)| fate)
    }

    /// Lets one commit meet its fate. A call that the caller got wrong meets none.
    fn commit<T, E: From<StoreError>>(&mut self, call: impl FnOnce(&mut MemoryStore) -> Result<T, E>) -> Result<T, E> {
        self.powered()?;
        let fate = self.fate();
        if fate == Fate::Commit {
            let done = call(&mut self.disk)?;
            self.unsynced = None;
            return Ok(done);
        }
        let mut written = self.disk.clone();
        call(&mut written)?;
        match fate {
            Fate::Full => Err(StoreError::Full { path: path(), detail: "no space left".to_owned() }.into()),
            Fate::Commit | Fate::Broken => Err(io_error("write to", "input/output error").into()),
            Fate::Unsynced => {
                self.unsynced = Some(written);
                Err(io_error("sync", "input/output error").into())
            }
            Fate::PowerCut => {
                self.unsynced = Some(written);
                self.has_power = false;
                Err(no_power().into())
            }
        }
    }

    fn powered(&self) -> Result<&MemoryStore, StoreError> {
        if self.has_power { Ok(&self.disk) } else { Err(no_power()) }
    }
}

impl Log for FaultyStore {
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError> {
        self.commit(|store| store.append(batch))
    }

    fn head(&self, log: &LogName) -> Result<Option<LogHead>, StoreError> {
        self.powered()?.head(log)
    }

    fn read(
        &self,
        log: &LogName,
        range: Range<Position>,
        limit: Limit,
        direction: Direction,
    ) -> Result<Vec<Record>, StoreError> {
        self.powered()?.read(log, range, limit, direction)
    }

    fn logs(&self, prefix: &str, after: Option<&LogName>, limit: usize) -> Result<Vec<LogHead>, StoreError> {
        self.powered()?.logs(prefix, after, limit)
    }

    fn erase(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError> {
        self.commit(|store| store.erase(log, position))
    }

    fn trim(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        self.commit(|store| store.trim(log, before))
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.commit(MemoryStore::probe)
    }
}

impl Table for FaultyStore {
    fn get(&self, table: &TableName, key: &Key) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        self.powered()?.get(table, key)
    }

    fn compare_and_set(
        &mut self,
        table: &TableName,
        key: &Key,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, SetError> {
        self.commit(|store| store.compare_and_set(table, key, expected, value))
    }

    fn list(
        &self,
        table: &TableName,
        prefix: &str,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.powered()?.list(table, prefix, after, limit)
    }
}

fn no_power() -> StoreError {
    io_error("reach", "no power")
}

fn io_error(doing: &'static str, detail: &str) -> StoreError {
    StoreError::Io { doing, path: path(), detail: detail.to_owned() }
}

fn path() -> PathBuf {
    PathBuf::from("a disk that fails")
}

#[cfg(test)]
mod tests;
