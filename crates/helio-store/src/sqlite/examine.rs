//! A look at a store that is not to be changed, for whoever wonders whether it is well.

use super::directory::Directory;
use super::failure::failure;
use super::freeze::Freeze;
use super::{SqliteStore, configure, connect, schema};
use crate::StoreError;
use std::path::Path;

/// What a look at a store found, when nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examined {
    /// There is no database: the first start makes one.
    Absent,
    /// It is as this program keeps it.
    Current,
    /// It is of an older helio: the next start brings it up to date. It was not read to its end.
    Older,
}

impl SqliteStore {
    /// Opens the store in `directory` and closes it again; with `is_thorough` everything is read and checked
    /// ([`SqliteStore::verify`]). Nothing is made, and nothing changes but that what a crash left in SQLite's log is taken over,
    /// as any start would.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] while a server runs; else what is wrong.
    pub fn examine(directory: &Path, is_thorough: bool) -> Result<Examined, StoreError> {
        let directory = Directory::existing(directory);
        let lock = directory.lock_if_there()?;
        let Some(path) = directory.database_if_there() else { return Ok(Examined::Absent) };
        let failed = |error| failure(&path, "open", error);
        let connection = connect(&path).map_err(failed)?;
        schema::check(&connection, &path)?;
        if !schema::is_latest(&connection).map_err(failed)? {
            return Ok(Examined::Older);
        }
        if is_thorough {
            configure(&connection).map_err(failed)?;
            SqliteStore { connection, path, freeze: Freeze::Off, _lock: lock }.verify()?;
        }
        Ok(Examined::Current)
    }
}
