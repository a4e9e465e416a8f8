//! The file of the index: made, opened, and made anew when it is of no use.

use super::SearchIndex;
use crate::StoreError;
use crate::sqlite::failure;
use helio_core::limits::{SEARCH_CACHE_KIB, SEARCH_STATEMENTS};
use rusqlite::{Connection, OpenFlags, params};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

// spec: begin
/// Marks the file as ours (`PRAGMA application_id`): "HELS".
const APPLICATION_ID: i32 = 0x4845_4C53;

/// The version of the schema (`PRAGMA user_version`) and of how words are made. Another one is made anew, never brought up.
const VERSION: i32 = 1;

/// The tables beside those of the shards.
const SCHEMA: &str = "
    CREATE TABLE log (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        next INTEGER NOT NULL,
        head INTEGER NOT NULL,
        newest INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX behind ON log (id) WHERE next < head;
    CREATE TABLE party (
        name TEXT NOT NULL,
        log INTEGER NOT NULL,
        PRIMARY KEY (name, log)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE shard (
        id INTEGER PRIMARY KEY,
        documents INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        oldest INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        is_stale INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX stale ON shard (id) WHERE is_stale;
    CREATE TABLE span (
        shard INTEGER NOT NULL,
        log INTEGER NOT NULL,
        first INTEGER NOT NULL,
        next INTEGER NOT NULL,
        PRIMARY KEY (shard, log)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX span_of_log ON span (log, shard);
    CREATE TABLE document (
        id INTEGER PRIMARY KEY,
        log INTEGER NOT NULL,
        position INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE state (
        is_closed INTEGER NOT NULL
    ) STRICT;
    INSERT INTO state (is_closed) VALUES (1);
";
// spec: end

pub(super) fn open(path: &Path) -> Result<SearchIndex, StoreError> {
    match open_as_it_is(path) {
        Ok(Some(index)) => return Ok(index),
        Ok(None) | Err(StoreError::Corrupt { .. }) => {}
        Err(error) => return Err(error),
    }
    remove(path)?;
    let version = "is no index of this version just after it was made".to_owned();
    open_as_it_is(path)?.ok_or_else(|| StoreError::Corrupt { path: path.to_owned(), detail: version })
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-journal")] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StoreError::Io { doing: "remove", path, detail: error.to_string() });
            }
            _ => {}
        }
    }
    Ok(())
}

/// `None`: it is of another version, or another program's.
fn open_as_it_is(path: &Path) -> Result<Option<SearchIndex>, StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(StoreError::Io { doing: "make", path: path.to_owned(), detail: error.to_string() });
        }
        _ => {}
    }
    let failed = |error| failure(path, "open", error);
    let connection = connect(path).map_err(failed)?;
    if !prepare(&connection).map_err(failed)? {
        return Ok(None);
    }
    let was_closed = connection.query_row("SELECT is_closed FROM state", (), |row| row.get(0)).map_err(failed)?;
    // Truncates the log of SQLite too: what was gone before a crash is gone from there as well.
    set_closed(&connection, false).map_err(failed)?;
    Ok(Some(SearchIndex { connection, path: path.to_owned(), was_closed }))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // Whole after a power cut, but perhaps as it was a while before it.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -SEARCH_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(SEARCH_STATEMENTS);
    Ok(connection)
}

/// Makes the tables in an empty file; whether they are ours.
fn prepare(connection: &Connection) -> rusqlite::Result<bool> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if objects > 0 {
        return Ok(pragma("application_id")? == APPLICATION_ID && pragma("user_version")? == VERSION);
    }
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(true)
}

/// Says whether all that was erased so far is known; synced, for a power cut must not make an old answer true.
pub(super) fn set_closed(connection: &Connection, is_closed: bool) -> rusqlite::Result<()> {
    connection.execute("UPDATE state SET is_closed = ?1", params![is_closed])?;
    truncate_wal(connection)
}

/// Copies the log of SQLite into the file, synced, and leaves nothing of it.
pub(super) fn truncate_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
