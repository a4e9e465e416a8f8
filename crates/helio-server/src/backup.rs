//! Backups of a data directory, of a server that runs or one that does not: `spec/backup.md`.

mod files;
mod manifest;

pub use manifest::{FileRow, Manifest};

#[cfg(test)]
use crate::service::chat::Store;
use files::{Part, copy, hash, sync_folder, write};
use helio_core::limits::BACKUP_ATTEMPTS;
use helio_store::StoreError;
use helio_store::sqlite::check_file;
use manifest::{FORMAT, MANIFEST};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder of the store in a data directory, and its file in a backup.
const STORE: &str = "store";
const DATABASE: &str = "store.sqlite3";
/// The folder of the server's own identity.
const IDENTITY: &str = "tls";

/// Why there is no backup, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file operation.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// The store of the data directory, or that of the backup.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server that has the store did not let it be copied.
    #[error("the server did not let its store be copied: {0}")]
    Server(String),
    /// Something is there already.
    #[error("{} is there already; name a place where nothing is", .0.display())]
    Exists(PathBuf),
    /// Something must be gone from the store at once, each time that it was copied.
    #[error("the store was cleaned of deleted messages during each of {BACKUP_ATTEMPTS} copies; try again later")]
    Busy,
    /// There is no manifest.
    #[error("{} is no backup: it has no {MANIFEST}", .0.display())]
    NoBackup(PathBuf),
    /// The manifest makes no sense.
    #[error("{} cannot be used: {detail}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// It was made by a later version.
    #[error("{} has format {found}, known is {FORMAT}; use helio {helio}, which made it, or a later one", path.display())]
    Format {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Who wrote it.
        helio: String,
    },
    /// A file is not what was backed up.
    #[error("{} is damaged: {detail}; use another backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How.
        detail: String,
    },
    /// Whoever watches had enough.
    #[error("stopped before it was done; nothing is left of it")]
    Stopped,
}

impl BackupError {
    /// Whether it is the backup, or the store, that is not whole.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Store(StoreError::Corrupt { .. }) | Self::Manifest { .. } | Self::Damaged { .. })
    }

    fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes that are done.
    pub bytes: u64,
    /// All bytes; 0: not known.
    pub total: u64,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Files are copied.
    Copying,
    /// Files are read and compared with the manifest.
    Reading,
    /// The database is looked at as a whole.
    Checking,
}

/// Who is told how far the work is; `false` stops it.
pub type Watch<'a> = &'a dyn Fn(Progress) -> bool;

/// Somebody who has the store, and can leave its file alone for a while.
pub trait Frozen {
    /// Brings everything into one file and leaves that alone. Returns where it is.
    ///
    /// # Errors
    /// It cannot be done now.
    fn freeze(&mut self) -> Result<PathBuf, BackupError>;

    /// Ends that. Returns whether the file was left alone all the time.
    ///
    /// # Errors
    /// It is not known; the copy is void.
    fn thaw(&mut self) -> Result<bool, BackupError>;
}

#[cfg(test)]
impl Frozen for Store {
    fn freeze(&mut self) -> Result<PathBuf, BackupError> {
        self.as_mut().freeze()?.ok_or_else(|| BackupError::Server("it is in no file".to_owned()))
    }

    fn thaw(&mut self) -> Result<bool, BackupError> {
        Ok(self.as_mut().thaw()?)
    }
}

/// Makes the backup `to` of the data directory `data`, whose store `source` has.
///
/// # Errors
/// [`BackupError`]; nothing is left of it.
pub fn make(data: &Path, to: &Path, source: &mut dyn Frozen, watch: Watch<'_>) -> Result<Manifest, BackupError> {
    let part = Part::beside(to)?;
    let mut files = vec![copy_store(&part, source, watch)?];
    files.extend(copy_identity(data, &part, watch)?);
    check_database(&part.path.join(&files[0].path), watch)?;
    let made_us = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros() as i64);
    let manifest = Manifest { format: FORMAT, helio: env!("CARGO_PKG_VERSION").to_owned(), made_us, files };
    write(&part.path.join(MANIFEST), &manifest)?;
    part.become_named(to)?;
    Ok(manifest)
}

/// Looks at every byte of the backup `dir`. Nothing is changed.
///
/// # Errors
/// [`BackupError`] names the first thing that is wrong.
pub fn check(dir: &Path, watch: Watch<'_>) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(dir)?;
    let (total, mut done) = (manifest.bytes(), 0);
    for row in &manifest.files {
        let path = dir.join(&row.path);
        let moved = |bytes| watch(Progress { phase: Phase::Reading, bytes: done + bytes, total });
        let found = match hash(&path, &row.path, &moved) {
            Err(BackupError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Damaged { path, detail: "it is missing".to_owned() });
            }
            found => found?,
        };
        if found.bytes != row.bytes {
            let detail = format!("it has {} bytes, expected {}", found.bytes, row.bytes);
            return Err(BackupError::Damaged { path, detail });
        }
        if found.blake3 != row.blake3 {
            return Err(BackupError::Damaged { path, detail: "its BLAKE3 differs".to_owned() });
        }
        done += row.bytes;
    }
    check_database(&dir.join(STORE).join(DATABASE), watch)?;
    Ok(manifest)
}

/// Makes the data directory `data` of the backup `from`, after a look at every byte of it.
///
/// # Errors
/// [`BackupError`]; nothing is left of it.
pub fn restore(from: &Path, data: &Path, watch: Watch<'_>) -> Result<Manifest, BackupError> {
    for folder in [IDENTITY, STORE] {
        let path = data.join(folder);
        if path.try_exists().map_err(|error| BackupError::io("look for", &path, error))? {
            return Err(BackupError::Exists(path));
        }
    }
    let manifest = check(from, watch)?;
    let part = Part::within(data)?;
    let (total, mut done) = (manifest.bytes(), 0);
    for row in &manifest.files {
        let moved = |bytes| watch(Progress { phase: Phase::Copying, bytes: done + bytes, total });
        let copied = copy(&from.join(&row.path), &part, &row.path, &moved)?;
        if copied != *row {
            let detail = "it changed while it was restored".to_owned();
            return Err(BackupError::Damaged { path: from.join(&row.path), detail });
        }
        done += row.bytes;
    }
    for folder in [IDENTITY, STORE] {
        part.give(folder, data)?;
    }
    sync_folder(data)?;
    Ok(manifest)
}

fn copy_store(part: &Part, source: &mut dyn Frozen, watch: Watch<'_>) -> Result<FileRow, BackupError> {
    for _ in 0..BACKUP_ATTEMPTS {
        let file = source.freeze()?;
        let total = file.metadata().map_or(0, |file| file.len());
        let moved = |bytes| watch(Progress { phase: Phase::Copying, bytes, total });
        let copied = copy(&file, part, &format!("{STORE}/{DATABASE}"), &moved);
        // Also when copying failed: nobody is to wait for us.
        let is_intact = source.thaw();
        let copied = copied?;
        if is_intact? {
            return Ok(copied);
        }
    }
    Err(BackupError::Busy)
}

fn copy_identity(data: &Path, part: &Part, watch: Watch<'_>) -> Result<Vec<FileRow>, BackupError> {
    let folder = data.join(IDENTITY);
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| BackupError::io("list", &folder, error))?,
    };
    let mut rows = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| BackupError::io("list", &folder, error))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if let Some(name) = entry.file_name().to_str().filter(|name| is_file && !name.starts_with('.')) {
            let moved = |bytes| watch(Progress { phase: Phase::Copying, bytes, total: 0 });
            rows.push(copy(&entry.path(), part, &format!("{IDENTITY}/{name}"), &moved)?);
        }
    }
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(rows)
}

fn check_database(file: &Path, watch: Watch<'_>) -> Result<(), BackupError> {
    if !watch(Progress { phase: Phase::Checking, bytes: 0, total: 0 }) {
        return Err(BackupError::Stopped);
    }
    Ok(check_file(file)?)
}

#[cfg(test)]
mod tests;
