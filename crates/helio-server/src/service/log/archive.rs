//! Rotated files: compressed and thinned out by a thread of its own, away from the writing.

use super::file::{names_in, split, sync_directory};
use crate::event::{EventKind, Events};
use helio_core::log::{RotatedFile, compressed_name, half_made_name, rotated_set, surplus};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What becomes of rotated files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveOptions {
    /// Compress them with zstd.
    pub compress: bool,
    /// How many stay; `None`: all.
    pub keep: Option<usize>,
}

/// The thread's door. The thread ends with the program: whatever it was doing is done again at the next start.
#[derive(Clone, Debug)]
pub(super) struct Archive(Arc<Waiting>);

/// Log files whose rotated ones are to be looked at: at most one entry a file.
#[derive(Debug, Default)]
struct Waiting {
    paths: Mutex<BTreeSet<PathBuf>>,
    more: Condvar,
}

impl Archive {
    /// Starts the thread; `None` when there is nothing to do for it.
    pub(super) fn start(options: ArchiveOptions, events: Events) -> io::Result<Option<Self>> {
        if options == ArchiveOptions::default() {
            return Ok(None);
        }
        let waiting = Arc::new(Waiting::default());
        let archive = Self(waiting.clone());
        std::thread::Builder::new().name("log-archive".to_owned()).spawn(move || work(&waiting, options, &events))?;
        Ok(Some(archive))
    }

    /// The file at `path` was rotated.
    pub(super) fn look_at(&self, path: &Path) {
        self.0.paths.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        self.0.more.notify_one();
    }
}

fn work(waiting: &Waiting, options: ArchiveOptions, events: &Events) {
    let mut is_failing = false;
    loop {
        let path = {
            let mut paths = waiting.paths.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                match paths.pop_first() {
                    Some(path) => break path,
                    None => paths = waiting.more.wait(paths).unwrap_or_else(PoisonError::into_inner),
                }
            }
        };
        match tidy(&path, options) {
            Ok(()) => is_failing = false,
            Err(error) => {
                // Said once; each rotation tries again, and nothing is lost meanwhile.
                if !std::mem::replace(&mut is_failing, true) {
                    let message = format!("cannot compress or remove rotated files of {}: {error}", path.display());
                    events.tell(EventKind::Trouble { message });
                }
            }
        }
    }
}

/// Brings the rotated files of the log at `path` into order, also those of a run that was cut off.
fn tidy(path: &Path, options: ArchiveOptions) -> io::Result<()> {
    let (directory, base) = split(path)?;
    let names = names_in(directory)?;
    let mut files = rotated_set(base, names.iter().map(String::as_str));
    if let Some(keep) = options.keep {
        let gone = surplus(&files, keep);
        for file in gone {
            remove_all(directory, file)?;
        }
        let gone = gone.len();
        files.drain(..gone);
    }
    if options.compress {
        for file in &files {
            compress(directory, file)?;
        }
    }
    sync_directory(directory)
}

fn remove_all(directory: &Path, file: &RotatedFile) -> io::Result<()> {
    let forms = [file.name.clone(), compressed_name(&file.name), half_made_name(&file.name)];
    for (name, exists) in forms.iter().zip([file.is_plain, file.is_compressed, file.is_half_made]) {
        if exists {
            fs::remove_file(directory.join(name))?;
        }
    }
    Ok(())
}

/// The plain file goes only when the compressed one is complete, on the disk and has its name.
fn compress(directory: &Path, file: &RotatedFile) -> io::Result<()> {
    let plain = directory.join(&file.name);
    let compressed = directory.join(compressed_name(&file.name));
    let half_made = directory.join(half_made_name(&file.name));
    if file.is_half_made {
        fs::remove_file(&half_made)?;
    }
    if !file.is_plain {
        return Ok(());
    }
    if !file.is_compressed {
        if let Err(error) = compress_to(&plain, &half_made) {
            let _ = fs::remove_file(&half_made);
            return Err(error);
        }
        fs::rename(&half_made, &compressed)?;
        sync_directory(directory)?;
    }
    fs::remove_file(&plain)
}

fn compress_to(plain: &Path, half_made: &Path) -> io::Result<()> {
    let mut source = File::open(plain)?;
    let target = File::create_new(half_made)?;
    target.set_permissions(source.metadata()?.permissions())?;
    let mut encoder = zstd::Encoder::new(target, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    encoder.include_checksum(true)?;
    io::copy(&mut source, &mut encoder)?;
    encoder.finish()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "log.20260101T000000.000000Z";
    const MID: &str = "log.20260102T000000.000000Z";
    const NEW: &str = "log.20260103T000000.000000Z";

    fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        directory
    }

    fn tidied(directory: &tempfile::TempDir, compress: bool, keep: Option<usize>) -> Vec<String> {
        tidy(&directory.path().join("log"), ArchiveOptions { compress, keep }).unwrap();
        let mut names = names_in(directory.path()).unwrap();
        names.sort();
        names
    }

    fn unpacked(directory: &tempfile::TempDir, name: &str) -> Vec<u8> {
        zstd::decode_all(File::open(directory.path().join(compressed_name(name))).unwrap()).unwrap()
    }

    #[test]
    fn rotated_files_are_compressed_and_nothing_else_is() {
        let d = directory(&[(OLD, b"old"), (NEW, b"new"), ("log", b"now"), ("log.1", b"not ours")]);
        assert_eq!(tidied(&d, true, None), ["log", "log.1", &compressed_name(OLD), &compressed_name(NEW)]);
        assert_eq!(unpacked(&d, OLD), b"old");
        assert_eq!(unpacked(&d, NEW), b"new");
    }

    #[test]
    fn the_oldest_go_in_whatever_form() {
        let d = directory(&[(&compressed_name(OLD), b"?"), (&half_made_name(MID), b"?"), (MID, b"mid"), (NEW, b"new")]);
        assert_eq!(tidied(&d, false, Some(1)), [NEW]);
        assert_eq!(tidied(&d, false, Some(0)), [""; 0]);
    }

    /// Spec, "Rotation": a crash during compression leaves the uncompressed file.
    #[test]
    fn what_a_crash_left_is_finished() {
        let before_rename = directory(&[(OLD, b"old"), (&half_made_name(OLD), b"rubbish")]);
        assert_eq!(tidied(&before_rename, true, None), [compressed_name(OLD)]);
        assert_eq!(unpacked(&before_rename, OLD), b"old");

        let before_removal = directory(&[(OLD, b"old"), (&compressed_name(OLD), b"whole")]);
        assert_eq!(tidied(&before_removal, true, None), [compressed_name(OLD)]);
        assert_eq!(fs::read(before_removal.path().join(compressed_name(OLD))).unwrap(), b"whole");
    }
}
