//! One log file as the system sees it: opened by name, appended to, synced, renamed.

use helio_core::log::{Opened, rotated_name};
use helio_net::clock::utc_now;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Held while a file is between two names, so that nobody takes a rotation that fails for one that happened.
static RENAMING: Mutex<()> = Mutex::new(());

/// Only the owner writes, only the group reads: what others send is not for everybody.
const MODE: u32 = 0o640;

/// A path, and the file that is open under it.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Device and inode.
    identity: (u64, u64),
    /// Pipes and devices are only written.
    is_regular: bool,
}

impl LogFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// True when the open file can be synced and renamed.
    pub(super) fn is_regular(&self) -> bool {
        self.file.as_ref().is_some_and(|open| open.is_regular)
    }

    /// Opens or creates the file of that name; the one that is open stays if it is the same, or if this fails.
    pub(super) fn open(&mut self) -> io::Result<Opened> {
        let (next, opened) = open_next(&self.path)?;
        let is_same = self.file.as_ref().is_some_and(|now| now.identity == next.identity);
        if !is_same {
            self.file = Some(next);
        }
        Ok(Opened { is_same, ..opened })
    }

    /// Appends what the file takes of `bytes`, at least one: how many, and where the first one is.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<(usize, u64)> {
        let open = self.opened()?;
        loop {
            match open.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) if open.is_regular => {
                    let end = open.file.stream_position()?;
                    return Ok((len, end.saturating_sub(len as u64)));
                }
                Ok(len) => return Ok((len, 0)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts `bytes` at offset `at`, where they were before.
    pub(super) fn rewrite(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        let open = self.opened()?;
        // With O_APPEND a positioned write appends nevertheless (pwrite(2), "Bugs").
        set_flag(&open.file, rustix::fs::OFlags::APPEND, false)?;
        let written = open.file.write_all_at(bytes, at);
        set_flag(&open.file, rustix::fs::OFlags::APPEND, true)?;
        written
    }

    /// Forces contents and size onto the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let open = self.opened()?;
        if open.is_regular { open.file.sync_data() } else { Ok(()) }
    }

    /// Renames the file and creates the next one; if either fails, everything is as before.
    pub(super) fn rotate(&mut self) -> io::Result<Opened> {
        let here = std::fs::metadata(&self.path).map(|now| (now.dev(), now.ino())).ok();
        if here != Some(self.opened()?.identity) {
            // Someone else renamed it: that was the rotation.
            return self.open();
        }
        let (directory, name) = split(&self.path)?;
        let names = names_in(directory)?;
        let rotated = directory.join(rotated_name(name, utc_now(), names.iter().map(String::as_str)));
        let (next, opened) = {
            let _renaming = RENAMING.lock().unwrap_or_else(PoisonError::into_inner);
            rename_to_free(&self.path, &rotated)?;
            open_next(&self.path).inspect_err(|_| {
                // Over the next file if that was made: it is empty. If even this fails, the old file is still in our
                // hands and has a rotated one's name: nothing is lost.
                let _ = std::fs::rename(&rotated, &self.path);
            })?
        };
        self.file = Some(next);
        Ok(opened)
    }

    fn opened(&mut self) -> io::Result<&mut Open> {
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Names in `directory` that are text; ours are. No rotation is under way while they are read.
pub(super) fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let _renaming = RENAMING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

/// Directory and name of `path`; an empty directory is the current one.
pub(super) fn split(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the file name is not UTF-8 text"))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok((directory.unwrap_or(Path::new(".")), name))
}

/// Makes new, renamed and removed names in `directory` safe. A directory that may not be read cannot be synced either;
/// that is no reason not to log.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => {
            Err(error)
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn open_next(path: &Path) -> io::Result<(Open, Opened)> {
    let open = open(path)?;
    let opened = look_at(&open, path)?;
    Ok((open, opened))
}

fn open(path: &Path) -> io::Result<Open> {
    // Without NONBLOCK the opening of a pipe that nobody reads would wait for ever.
    let nonblock = rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(nonblock.bits()).unwrap_or(0);
    let file = OpenOptions::new().append(true).create(true).mode(MODE).custom_flags(flags).open(path)?;
    set_flag(&file, nonblock, false)?;
    let metadata = file.metadata()?;
    Ok(Open { identity: (metadata.dev(), metadata.ino()), is_regular: metadata.is_file(), file })
}

fn look_at(open: &Open, path: &Path) -> io::Result<Opened> {
    if !open.is_regular {
        return Ok(Opened::default());
    }
    let metadata = open.file.metadata()?;
    let size = metadata.len();
    if size == 0 {
        // It may be new, and what is acknowledged soon must not be in a file without a name.
        sync_directory(split(path)?.0)?;
        return Ok(Opened::default());
    }
    let born = metadata.created().or_else(|_| metadata.modified())?;
    let age = born.elapsed().unwrap_or(Duration::ZERO);
    Ok(Opened { size, age, ends_mid_line: last_byte(path).is_ok_and(|byte| byte != b'\n'), is_same: false })
}

/// By another descriptor, for ours may only write; a file that may not be read is taken to end its line.
fn last_byte(path: &Path) -> io::Result<u8> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn set_flag(file: &File, flag: rustix::fs::OFlags, on: bool) -> io::Result<()> {
    let mut flags = rustix::fs::fcntl_getfl(file)?;
    flags.set(flag, on);
    Ok(rustix::fs::fcntl_setfl(file, flags)?)
}

/// Renames, and never over a file that exists.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // The file system does not know the flag (renameat2(2)); what follows is nearly as good.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            other => return Ok(other?),
        }
    }
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(directory: &Path) -> Vec<String> {
        let mut names = names_in(directory).unwrap();
        names.sort();
        names
    }

    #[test]
    fn writes_append_wherever_the_end_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        fs::write(&path, "torn").unwrap();
        let mut file = LogFile::new(path.clone());
        let opened = file.open().unwrap();
        assert_eq!((opened.size, opened.ends_mid_line, opened.is_same), (4, true, false));
        assert_eq!(file.write(b"abc").unwrap(), (3, 4));
        let mut other = OpenOptions::new().append(true).open(&path).unwrap();
        other.write_all(b"--").unwrap();
        assert_eq!(file.write(b"def").unwrap(), (3, 9));
        file.rewrite(b"ABC", 4).unwrap();
        assert_eq!(file.write(b"g").unwrap(), (1, 12), "a repair does not move the end");
        file.sync().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"tornABC--defg");
        assert!(file.open().unwrap().is_same);
    }

    #[test]
    fn a_rotation_leaves_the_old_contents_under_the_new_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut file = LogFile::new(path.clone());
        file.open().unwrap();
        file.write(b"one\n").unwrap();
        assert_eq!(file.rotate().unwrap().size, 0);
        file.write(b"two\n").unwrap();
        let names = names(directory.path());
        assert_eq!(names.len(), 2);
        assert!(names[1].starts_with("log.2") && names[1].ends_with('Z'), "{names:?}");
        assert_eq!(fs::read(directory.path().join(&names[1])).unwrap(), b"one\n");
        assert_eq!(fs::read(path).unwrap(), b"two\n");
    }

    #[test]
    fn a_rename_by_someone_else_counts_as_the_rotation() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut file = LogFile::new(path.clone());
        file.open().unwrap();
        file.write(b"one\n").unwrap();
        fs::rename(&path, directory.path().join("log.1")).unwrap();
        file.rotate().unwrap();
        file.write(b"two\n").unwrap();
        assert_eq!(names(directory.path()), ["log", "log.1"]);
        assert_eq!(fs::read(path).unwrap(), b"two\n");
    }

    #[test]
    fn a_rename_never_destroys_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let (from, to) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&from, "a").unwrap();
        fs::write(&to, "b").unwrap();
        assert_eq!(rename_to_free(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"b");
    }

    #[test]
    fn a_pipe_without_reader_is_an_error_and_not_a_wait() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(LogFile::new(path.clone()).open().is_err());
        let mut null = LogFile::new("/dev/null".into());
        null.open().unwrap();
        assert!(!null.is_regular());
        assert_eq!(null.write(b"x").unwrap(), (1, 0));
        null.sync().unwrap();
    }
}
