//! The schema and how it came to be: `spec/store.md`, "The database".

use super::failure::failure;
use crate::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

// spec: begin
/// Marks the file as ours (`PRAGMA application_id`): "HELO".
const APPLICATION_ID: i32 = 0x4845_4C4F;

/// The script at index `n` leads from version `n` to `n + 1`; version 0 is an empty database. A script that was
/// released is never changed.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE log (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        first INTEGER NOT NULL,
        next INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE record (
        id INTEGER PRIMARY KEY,
        log INTEGER NOT NULL,
        position INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE place (
        log INTEGER NOT NULL REFERENCES log (id),
        position INTEGER NOT NULL,
        record INTEGER,
        PRIMARY KEY (log, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        tbl TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (tbl, key)
    ) STRICT;
    CREATE TABLE counter (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE probe (
        id INTEGER PRIMARY KEY,
        bytes BLOB NOT NULL
    ) STRICT;
    INSERT INTO counter (name, value) VALUES ('version', 0), ('dead_bytes', 0), ('cleaned_to', 0);
"];

/// Bytes that a dead row counts beside its own, roughly what SQLite spends on a row.
pub(super) const ROW_OVERHEAD_BYTES: i64 = 16;

/// Dead bytes that stay between the deleted rows and the live ones: pages that SQLite may merge when it deletes. Of a
/// longer row it keeps at least [`LOCAL_BYTES`] in the tree; rows count by that.
pub(super) const MARGIN_BYTES: i64 = 32 * 1024;

/// The same in rows, for rows of hardly any bytes: more than eight pages of 4 KiB hold.
pub(super) const MARGIN_ROWS: i64 = 4_096;

/// See [`MARGIN_BYTES`]; sqlite.org/fileformat2.html, "Cell Payload Overflow Pages", for pages of 4 KiB.
pub(super) const LOCAL_BYTES: i64 = 489;
// spec: end

/// The version that [`migrate`] leads to.
const LATEST: i64 = MIGRATIONS.len() as i64;

/// Refuses a database that is not ours or too new, before anything is changed.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| failure(path, "read", error);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let application_id = pragma("application_id")? as i32;
    let version = pragma("user_version")?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).map_err(failed)?;
    let is_new = application_id == 0 && version == 0 && objects == 0;
    if application_id != APPLICATION_ID && !is_new {
        return Err(StoreError::NotAStore { path: path.to_owned(), application_id });
    }
    if version > LATEST {
        return Err(StoreError::TooNew { path: path.to_owned(), found: version, known: LATEST });
    }
    Ok(())
}

/// Whether [`migrate`] has nothing to do.
pub(super) fn is_latest(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_query_value(None, "user_version", |row| Ok(row.get::<_, i64>(0)? == LATEST))
}

/// Brings the schema up to the latest version, each step in one transaction with its number.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = usize::try_from(found).unwrap_or(0);
    for (script, version) in MIGRATIONS.iter().zip(1_i64..).skip(known) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
