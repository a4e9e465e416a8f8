//! Leaving the database file alone while somebody copies it: `spec/store.md`, "Copying a store in use".

use super::SqliteStore;
use super::failure::failure;
use crate::StoreError;
use helio_core::limits::STORE_WAL_PAGES;
use std::path::{Path, PathBuf};

/// Whether the database file is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Freeze {
    #[default]
    Off,
    /// Since everything was in it.
    On,
    /// It was, until something could not wait.
    Broken,
}

impl SqliteStore {
    pub(super) fn freeze_file(&mut self) -> Result<PathBuf, StoreError> {
        self.freeze = Freeze::Off;
        self.checkpoint_every(0)?;
        if let Err(error) = self.truncate_wal() {
            self.checkpoint_every(STORE_WAL_PAGES)?;
            return Err(error);
        }
        self.freeze = Freeze::On;
        Ok(self.path.clone())
    }

    pub(super) fn thaw_file(&mut self) -> Result<bool, StoreError> {
        let was = std::mem::take(&mut self.freeze);
        if was == Freeze::On {
            self.checkpoint_every(STORE_WAL_PAGES)?;
        }
        Ok(was == Freeze::On)
    }

    /// The file is about to change, whoever copies it.
    pub(super) fn break_freeze(&mut self) -> Result<(), StoreError> {
        if self.freeze == Freeze::On {
            self.freeze = Freeze::Broken;
            self.checkpoint_every(STORE_WAL_PAGES)?;
        }
        Ok(())
    }

    /// After a write that SQLite's log took: a copy that takes too long must not let it grow without end.
    pub(super) fn bound_freeze(&mut self, most: u64) {
        if self.freeze == Freeze::On && wal_bytes(&self.path) > most {
            // What was written is safe whatever this says, and the copy is void already.
            let _ = self.break_freeze();
        }
    }

    fn checkpoint_every(&self, pages: u32) -> Result<(), StoreError> {
        let set = self.connection.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(()));
        set.map_err(|error| failure(&self.path, "configure", error))
    }
}

fn wal_bytes(database: &Path) -> u64 {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    std::fs::metadata(path).map_or(0, |file| file.len())
}
