//! Files of a backup: copied with their hash, synced, and under their name only when they are whole.

use super::{BackupError, FileRow};
use helio_core::limits::BACKUP_PIECE_BYTES;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Told of the bytes that are done; `false` stops the work.
type Moved<'a> = &'a dyn Fn(u64) -> bool;

/// A directory that is not whole yet. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
}

impl Part {
    /// One that is to be called `to`, where nothing is, or an empty directory.
    pub(super) fn beside(to: &Path) -> Result<Self, BackupError> {
        match std::fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => return Err(BackupError::Exists(to.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(BackupError::Exists(to.to_owned())),
            Err(error) => return Err(BackupError::io("list", to, error)),
        }
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        Self::new(parent(to).join(format!(".{name}.part-{}", std::process::id())))
    }

    /// One whose parts are to go into `folder`, which is made if it is not there.
    pub(super) fn within(folder: &Path) -> Result<Self, BackupError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| BackupError::io("make", folder, error))?;
        Self::new(folder.join(format!(".restore.part-{}", std::process::id())))
    }

    fn new(path: PathBuf) -> Result<Self, BackupError> {
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| BackupError::io("make", &path, error))?;
        Ok(Self { path })
    }

    /// It is whole: syncs it and gives it its name.
    pub(super) fn become_named(self, to: &Path) -> Result<(), BackupError> {
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                sync_folder(&entry.path())?;
            }
        }
        sync_folder(&self.path)?;
        std::fs::rename(&self.path, to).map_err(|error| BackupError::io("rename to", to, error))?;
        sync_folder(&parent(to))
    }

    /// Moves its folder `name` into `into`, if it has one.
    pub(super) fn give(&self, name: &str, into: &Path) -> Result<(), BackupError> {
        let (from, to) = (self.path.join(name), into.join(name));
        if !from.is_dir() {
            return Ok(());
        }
        sync_folder(&from)?;
        std::fs::rename(&from, &to).map_err(|error| BackupError::io("rename to", &to, error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After it got its name there is nothing here. What cannot be removed has a name that says what it is.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Copies `from` to the place `path` within `part`, synced, and says what it is.
pub(super) fn copy(from: &Path, part: &Part, path: &str, moved: Moved<'_>) -> Result<FileRow, BackupError> {
    let to = part.path.join(path);
    let folder = parent(&to);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| BackupError::io("make", &folder, error))?;
    // A copy that was void is overwritten.
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&to);
    let mut target = opened.map_err(|error| BackupError::io("make", &to, error))?;
    let row = pieces(from, path, moved, |piece| {
        target.write_all(piece).map_err(|error| BackupError::io("write to", &to, error))
    })?;
    target.sync_all().map_err(|error| BackupError::io("sync", &to, error))?;
    Ok(row)
}

/// Reads `from`, and says what it is; `path` is its name in the manifest.
pub(super) fn hash(from: &Path, path: &str, moved: Moved<'_>) -> Result<FileRow, BackupError> {
    pieces(from, path, moved, |_| Ok(()))
}

fn pieces(
    from: &Path,
    path: &str,
    moved: Moved<'_>,
    mut take: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<FileRow, BackupError> {
    let unreadable = |error| BackupError::io("read", from, error);
    let mut source = File::open(from).map_err(unreadable)?;
    let (mut hasher, mut bytes, mut piece) = (blake3::Hasher::new(), 0_u64, vec![0; BACKUP_PIECE_BYTES]);
    loop {
        if !moved(bytes) {
            return Err(BackupError::Stopped);
        }
        let len = match source.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        hasher.update(&piece[..len]);
        take(&piece[..len])?;
        bytes += len as u64;
    }
    Ok(FileRow { path: path.to_owned(), bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// Writes `value` as JSON, synced.
pub(super) fn write(to: &Path, value: &impl serde::Serialize) -> Result<(), BackupError> {
    let failed = |error| BackupError::io("write to", to, error);
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)
}

/// New names in a folder must outlive a power cut as well as what is under them.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| BackupError::io("sync", folder, error))
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
