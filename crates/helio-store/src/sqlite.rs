//! The store in SQLite, in a directory of its own: `spec/store.md`, "The directory" and "The database".

mod directory;
mod examine;
mod failure;
mod freeze;
mod log;
mod schema;
mod space;
mod table;
#[cfg(test)]
mod tests;
mod verify;

pub use examine::Examined;
pub use verify::check_file;

use crate::StoreError;
use directory::{Directory, Lock};
pub(crate) use failure::failure;
use freeze::Freeze;
use helio_core::limits::{STORE_CACHE_KIB, STORE_STATEMENTS, STORE_WAL_PAGES};
use rusqlite::{Connection, OpenFlags, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Logs and tables in one SQLite database. One value has the directory to itself until it is dropped.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    /// The database file, for messages.
    path: PathBuf,
    freeze: Freeze,
    /// Held as long as the connection: fields are dropped in this order.
    _lock: Option<Lock>,
}

impl SqliteStore {
    /// Opens the store in `directory`; makes both when they are not there, and finishes what a crash interrupted. An
    /// older schema is brought up to the present one.
    ///
    /// # Errors
    ///
    /// Another process has it ([`StoreError::Locked`]), it is newer, foreign or damaged, or the disk fails. Nothing is
    /// changed in the first three cases.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let directory = Directory::ensure(directory)?;
        let lock = directory.lock()?;
        let path = directory.ensure_database()?;
        let failed = |error| failure(&path, "open", error);
        let mut connection = connect(&path).map_err(failed)?;
        schema::check(&connection, &path)?;
        configure(&connection).map_err(failed)?;
        schema::migrate(&mut connection).map_err(failed)?;
        let store = Self { connection, path, freeze: Freeze::Off, _lock: Some(lock) };
        store.truncate_wal()?;
        Ok(store)
    }

    /// The database file. It is not the whole store, but between [`Log::freeze`](crate::Log::freeze) and
    /// [`Log::thaw`](crate::Log::thaw).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write_probe(&self) -> Result<(), StoreError> {
        let size = helio_core::limits::STORE_PROBE_BYTES as i64;
        let sql = "INSERT INTO probe (id, bytes) VALUES (1, randomblob(?1)) \
                   ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes";
        let written = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params![size]));
        written.map(|_| ()).map_err(|error| failure(&self.path, "write to", error))
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Before the first read: a log that is opened so needs no index in shared memory.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    // What SQLite sorts or sets aside stays in memory: no file outside the directory ever holds a record.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -STORE_CACHE_KIB)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", STORE_WAL_PAGES, |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STORE_STATEMENTS);
    Ok(())
}
