//! The directory of a store: its files, their modes, and the lock.

use crate::StoreError;
use helio_core::limits::STORE_HOLDER_BYTES;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const DATABASE: &str = "store.sqlite3";
const LOCK: &str = "lock";

/// A directory that is there.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

/// The lock, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock ends when the file is closed")] File);

impl Directory {
    /// Makes it, and its parents, for the owner alone. One that is there stays as it is.
    pub(super) fn ensure(path: &Path) -> Result<Self, StoreError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| io_error("make the directory", path, &error))?;
        Ok(Self(path.to_owned()))
    }

    /// One that is there; nothing is made.
    pub(super) fn existing(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The lock, when there is one to take: where a server has run.
    pub(super) fn lock_if_there(&self) -> Result<Option<Lock>, StoreError> {
        if self.0.join(LOCK).exists() { self.open_lock(false).map(Some) } else { Ok(None) }
    }

    /// The database, if there is one.
    pub(super) fn database_if_there(&self) -> Option<PathBuf> {
        Some(self.0.join(DATABASE)).filter(|path| path.exists())
    }

    /// Takes the lock, and writes into it whose it is.
    pub(super) fn lock(&self) -> Result<Lock, StoreError> {
        self.open_lock(true)
    }

    fn open_lock(&self, may_make: bool) -> Result<Lock, StoreError> {
        let path = self.0.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(may_make).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(|error| io_error("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: self.0.clone(), holder: holder(&file) });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, &error)),
        }
        let name = format!("pid {}\n", std::process::id());
        let written = file.set_len(0).and_then(|()| file.write_all(name.as_bytes()));
        match written {
            // The name is a courtesy; a full disk is told by the first write that matters.
            Err(error) if error.kind() != ErrorKind::StorageFull => Err(io_error("write to", &path, &error)),
            _ => Ok(Lock(file)),
        }
    }

    /// Makes an empty database file, for the owner alone, unless there is one. SQLite gives its log the same mode.
    pub(super) fn ensure_database(&self) -> Result<PathBuf, StoreError> {
        let path = self.0.join(DATABASE);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(path),
            Err(error) => Err(io_error("make", &path, &error)),
            Ok(_) => {
                // The new names must outlive a power cut as well as what is written under them.
                let synced = File::open(&self.0).and_then(|folder| folder.sync_all());
                synced.map_err(|error| io_error("sync", &self.0, &error))?;
                Ok(path)
            }
        }
    }
}

/// What the holder wrote into the lock, if it is a name.
fn holder(file: &File) -> Option<String> {
    let mut text = String::new();
    file.take(STORE_HOLDER_BYTES).read_to_string(&mut text).ok()?;
    let name = text.trim();
    (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
}

fn io_error(doing: &'static str, path: &Path, error: &io::Error) -> StoreError {
    let (path, detail) = (path.to_owned(), error.to_string());
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return StoreError::Full { path, detail };
    }
    StoreError::Io { doing, path, detail }
}
