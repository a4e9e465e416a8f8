//! Stores for the suite, each with its way of being closed and opened again.

use crate::fault::FaultyStore;
use crate::memory::MemoryStore;
use crate::sqlite::SqliteStore;
use crate::{Append, AppendError, Key, Log, LogName, Position, Record, Store, TableName};
use tempfile::TempDir;

/// A store that can be opened again. What was acknowledged must be there then.
pub(super) trait Bench {
    type Store: Store;
    fn store(&mut self) -> &mut Self::Store;
    fn reopen(&mut self);
}

pub(super) struct MemoryBench(MemoryStore);

/// Loses power whenever it is closed.
pub(super) struct FaultyBench(FaultyStore);

pub(super) struct SqliteBench {
    store: Option<SqliteStore>,
    directory: TempDir,
}

impl MemoryBench {
    pub(super) fn new() -> Self {
        Self(MemoryStore::new())
    }
}

impl Bench for MemoryBench {
    type Store = MemoryStore;

    fn store(&mut self) -> &mut MemoryStore {
        &mut self.0
    }

    /// Memory is the model: it has nothing to forget.
    fn reopen(&mut self) {}
}

impl FaultyBench {
    pub(super) fn new() -> Self {
        Self(FaultyStore::new(1))
    }
}

impl Bench for FaultyBench {
    type Store = FaultyStore;

    fn store(&mut self) -> &mut FaultyStore {
        &mut self.0
    }

    fn reopen(&mut self) {
        self.0.cut_power();
        self.0.restore_power();
    }
}

impl SqliteBench {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { store: Some(SqliteStore::open(directory.path()).unwrap()), directory }
    }
}

impl Bench for SqliteBench {
    type Store = SqliteStore;

    fn store(&mut self) -> &mut SqliteStore {
        self.store.as_mut().unwrap()
    }

    fn reopen(&mut self) {
        self.store().verify().unwrap();
        self.store = None;
        self.store = Some(SqliteStore::open(self.directory.path()).unwrap());
    }
}

pub(super) fn log(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

pub(super) fn table(name: &str) -> TableName {
    TableName::new(name).unwrap()
}

pub(super) fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

pub(super) fn at(number: u64) -> Position {
    Position::new(number)
}

/// Appends texts to logs, wherever these go on.
pub(super) fn append(store: &mut impl Log, batch: &[(&str, &str)]) -> Result<Vec<u64>, AppendError> {
    let names: Vec<LogName> = batch.iter().map(|(name, _)| log(name)).collect();
    let appends = names.iter().zip(batch);
    let appends: Vec<_> =
        appends.map(|(log, (_, text))| Append { log, expected: None, bytes: text.as_bytes() }).collect();
    Ok(store.append(&appends)?.into_iter().map(Position::get).collect())
}

/// Records as text: `position:bytes`, or `position-` for an erased one.
pub(super) fn texts(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| match &record.bytes {
        Some(bytes) => format!("{}:{}", record.position, String::from_utf8_lossy(bytes)),
        None => format!("{}-", record.position),
    };
    records.iter().map(text).collect()
}
