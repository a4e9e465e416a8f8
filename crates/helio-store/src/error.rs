//! What can go wrong, who is at fault, and what to do.

use crate::{LogName, Position, Version};
use std::path::PathBuf;

/// Something is larger than its bound. The caller's fault; nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// A record of a batch.
    #[error("record {index} of the batch is {bytes} bytes, limit is {limit}")]
    Record {
        /// Its place in the batch, from 0.
        index: usize,
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// A batch, by its records.
    #[error("batch has {records} records, limit is {limit}; split it")]
    BatchRecords {
        /// How many it has.
        records: usize,
        /// The bound.
        limit: usize,
    },
    /// A batch, by its bytes.
    #[error("batch is {bytes} bytes, limit is {limit}; split it")]
    BatchBytes {
        /// The sum of its records.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// A value of a table.
    #[error("value is {bytes} bytes, limit is {limit}")]
    Value {
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
}

/// Why a batch was not appended. Nothing of it is visible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log goes on elsewhere: somebody else appended, or the caller counts wrong. Read the log up to `got` first.
    #[error("record {index} of the batch expects position {expected} in {log}, the next one is {got}")]
    Position {
        /// The record's place in the batch, from 0.
        index: usize,
        /// The log.
        log: LogName,
        /// What the record said.
        expected: Position,
        /// Where it would have come to stand.
        got: Position,
    },
    /// A bound.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a value was not set. Nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Another version is there: read the value again and decide anew.
    #[error("expected {}, got {}", or_none(*expected), or_none(*got))]
    Conflict {
        /// What the caller said; `None` is no value.
        expected: Option<Version>,
        /// What is there.
        got: Option<Version>,
    },
    /// A bound.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store itself fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room. The call left nothing behind; the store works again as soon as there is room.
    #[error("no room for {}: {detail}; free some space on that disk", path.display())]
    Full {
        /// The database.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// Another process has the store.
    #[error("{} is in use by {}; stop that one, or use another directory", path.display(), holder.as_deref().unwrap_or("another process"))]
    Locked {
        /// What it holds.
        path: PathBuf,
        /// What is known about it, such as `pid 4711`.
        holder: Option<String>,
    },
    /// The database is damaged.
    #[error("{} is damaged: {detail}; stop helio, keep a copy of the whole directory, and restore a backup", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The database was made by a newer helio.
    #[error("{} has schema {found}, this helio knows up to {known}; use the helio that made it, or a newer one", path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// A database of another program has the place.
    #[error("{} is a database of another program (application id {application_id:#010x}); use another directory", path.display())]
    NotAStore {
        /// The database.
        path: PathBuf,
        /// Whose it is.
        application_id: i32,
    },
    /// Reading, writing or syncing failed.
    #[error("cannot {doing} {}: {detail}; look at the disk and its permissions", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The database engine refused a statement of ours, which is a defect of helio.
    #[error("the database engine refused a statement on {}: {detail}; this is a defect of helio, please report it", path.display())]
    Engine {
        /// The database.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
}

fn or_none(version: Option<Version>) -> String {
    version.map_or_else(|| "no value".to_owned(), |version| format!("version {version}"))
}
