//! What a backup says of itself: `spec/backup.md`, "What is in it".

use super::BackupError;
use helio_core::limits::BACKUP_MANIFEST_BYTES;
use serde::{Deserialize, Serialize};
use std::io::Read as _;
use std::path::{Component, Path};

// spec: begin

/// The name of the manifest in a backup.
pub(super) const MANIFEST: &str = "backup.json";

/// The only format so far.
pub(super) const FORMAT: u32 = 1;

/// A backup's table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The version of helio that made it.
    pub helio: String,
    /// When it was made, microseconds since 1970 in UTC.
    pub made_us: i64,
    /// All files but the manifest.
    pub files: Vec<FileRow>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Relative to the backup.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its BLAKE3 as hexadecimal digits.
    pub blake3: String,
}

// spec: end

impl Manifest {
    /// Reads that of the backup `dir`.
    pub(super) fn read(dir: &Path) -> Result<Self, BackupError> {
        let path = dir.join(MANIFEST);
        let unreadable = |detail: String| BackupError::Manifest { path: path.clone(), detail };
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupError::NoBackup(dir.to_owned()));
            }
            Err(error) => return Err(BackupError::io("read", &path, error)),
        };
        let mut text = Vec::new();
        let read = file.take(BACKUP_MANIFEST_BYTES + 1).read_to_end(&mut text);
        read.map_err(|error| BackupError::io("read", &path, error))?;
        if text.len() as u64 > BACKUP_MANIFEST_BYTES {
            return Err(unreadable(format!("it is longer than {BACKUP_MANIFEST_BYTES} bytes")));
        }
        // Whatever a later format has in it, the number of the format is there.
        let Format { format, helio } = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if format != FORMAT {
            return Err(BackupError::Format { path, found: format, helio });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        match manifest.files.iter().find(|file| !is_inside(&file.path)) {
            Some(file) => Err(unreadable(format!("{} is not a path within the backup", file.path))),
            None => Ok(manifest),
        }
    }

    /// The sizes of all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
    #[serde(default)]
    helio: String,
}

/// Whether a path of a manifest, which anybody may have written, stays within the backup.
fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}
