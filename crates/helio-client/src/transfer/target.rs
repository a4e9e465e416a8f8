//! Where a stream is stored: under a partial name until it is whole, and never over an existing file by accident.

use super::error::TransferError;
use helio_core::limits;
use helio_core::transfer::raw::partial_name;
use rustix::fs::{Access, CWD, RenameFlags};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Where the user wants received streams.
#[derive(Clone, Debug)]
pub struct Destination {
    /// A file, a directory, or `-` for standard output.
    pub to: PathBuf,
    /// Replace an existing file.
    pub overwrite: bool,
}

/// An open place for one stream.
#[derive(Debug)]
pub struct Target {
    file: File,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Stdout,
    /// Written to by the name it has: a device or named pipe, or a file that is whole.
    Direct {
        path: PathBuf,
    },
    File {
        path: PathBuf,
        partial: PathBuf,
        overwrite: bool,
    },
}

impl Destination {
    /// Whether it is standard output.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        self.to == Path::new("-")
    }

    /// Whether each stream gets a name of its own in it.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.to.is_dir()
    }

    /// Says at once what [`Destination::open`] would say when a stream has come.
    ///
    /// # Errors
    /// `Target` or `Exists`.
    pub fn check(&self) -> Result<(), TransferError> {
        if self.is_stdout() || self.is_special()? {
            return Ok(());
        }
        if !self.is_directory() {
            self.check_free(&self.to)?;
        }
        let directory = if self.is_directory() { self.to.as_path() } else { parent(&self.to) };
        let failed = |source: io::Error| TransferError::Target { path: directory.to_owned(), source };
        let metadata = fs::metadata(directory).map_err(failed)?;
        if !metadata.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| failed(error.into()))
    }

    /// Opens a place for one stream; in a directory it will be called `name`.
    ///
    /// # Errors
    /// `Target` or `Exists`.
    pub fn open(&self, name: &str) -> Result<Target, TransferError> {
        if self.is_stdout() {
            let file = io::stdout().as_fd().try_clone_to_owned().map(File::from);
            let file = file.map_err(|source| TransferError::Target { path: self.to.clone(), source })?;
            return Ok(Target { file, place: Place::Stdout });
        }
        if self.is_special()? {
            // A named pipe blocks here until someone reads it.
            let file = File::options().write(true).open(&self.to);
            let file = file.map_err(|source| TransferError::Target { path: self.to.clone(), source })?;
            return Ok(Target { file, place: Place::Direct { path: self.to.clone() } });
        }
        let path = if self.is_directory() { self.to.join(name) } else { self.to.clone() };
        self.check_free(&path)?;
        let (file, partial) = create_partial(&path)?;
        Ok(Target { file, place: Place::File { path, partial, overwrite: self.overwrite } })
    }

    fn check_free(&self, path: &Path) -> Result<(), TransferError> {
        if path.symlink_metadata().is_ok() && !self.overwrite {
            return Err(TransferError::Exists { path: path.to_owned() });
        }
        Ok(())
    }

    /// Whether it is there and neither a file nor a directory; a block device must be meant to be overwritten.
    fn is_special(&self) -> Result<bool, TransferError> {
        let Ok(metadata) = fs::metadata(&self.to) else { return Ok(false) };
        let kind = metadata.file_type();
        if kind.is_block_device() && !self.overwrite {
            return Err(TransferError::Exists { path: self.to.clone() });
        }
        Ok(kind.is_char_device() || kind.is_fifo() || kind.is_block_device())
    }
}

impl Target {
    /// The open file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether it is a file of a directory, and not a pipe or device.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        matches!(self.place, Place::File { .. })
    }

    /// Where the bytes are until the file has its name; `None` for a pipe or device.
    #[must_use]
    pub fn partial(&self) -> Option<&Path> {
        match &self.place {
            Place::Stdout | Place::Direct { .. } => None,
            Place::File { partial, .. } => Some(partial),
        }
    }

    /// Puts everything on disk and gives the file its name; returns where it is, `None` for standard output.
    ///
    /// # Errors
    /// `Target`, or `Exists` when something of that name came up meanwhile. The partial file stays.
    pub fn commit(&mut self) -> Result<Option<PathBuf>, TransferError> {
        match &self.place {
            Place::Stdout => Ok(None),
            Place::Direct { path } => Ok(Some(path.clone())),
            Place::File { path, partial, overwrite } => {
                self.file.sync_all().map_err(|error| self.failed(error))?;
                rename(partial, path, *overwrite)?;
                // The name is on disk when the directory is. A file system that cannot do this keeps its own promises.
                let _ = File::open(parent(path)).and_then(|directory| directory.sync_all());
                let path = path.clone();
                self.place = Place::Direct { path: path.clone() };
                Ok(Some(path))
            }
        }
    }

    /// Ends without the name: returns where the bytes are, `None` when there are none to keep.
    pub fn keep_part(self) -> Option<PathBuf> {
        let Place::File { partial, .. } = self.place else { return None };
        if self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(&partial);
            return None;
        }
        let _ = self.file.sync_all();
        Some(partial)
    }

    pub(super) fn failed(&self, source: io::Error) -> TransferError {
        let path = match &self.place {
            Place::Stdout => Path::new("standard output"),
            Place::Direct { path } | Place::File { path, .. } => path,
        };
        TransferError::Target { path: path.to_owned(), source }
    }
}

impl AsFd for Target {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create_partial(path: &Path) -> Result<(File, PathBuf), TransferError> {
    let failed = |path: &Path, source| TransferError::Target { path: path.to_owned(), source };
    let name = path.file_name().ok_or_else(|| failed(path, io::ErrorKind::IsADirectory.into()))?;
    for attempt in 1..=limits::PARTIAL_FILES_OF_A_NAME {
        let partial = partial_name(name.as_bytes(), std::process::id(), attempt);
        let partial = path.with_file_name(OsString::from_vec(partial));
        // Also readable: the hash of numbered datagrams needs the file in order.
        match File::options().read(true).write(true).create_new(true).open(&partial) {
            Ok(file) => return Ok((file, partial)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(path, error)),
        }
    }
    let message = "too many partial files of earlier transfers lie beside it";
    Err(failed(path, io::Error::other(message)))
}

fn rename(from: &Path, to: &Path, overwrite: bool) -> Result<(), TransferError> {
    let flags = if overwrite { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
    let mut renamed = rustix::fs::renameat_with(CWD, from, CWD, to, flags);
    if renamed == Err(rustix::io::Errno::INVAL) && to.symlink_metadata().is_err() {
        // renameat2(2): not every file system knows NOREPLACE.
        renamed = rustix::fs::rename(from, to);
    }
    match renamed {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST | rustix::io::Errno::INVAL) => Err(TransferError::Exists { path: to.to_owned() }),
        Err(error) => Err(TransferError::Target { path: to.to_owned(), source: error.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn destination(to: &Path, overwrite: bool) -> Destination {
        Destination { to: to.to_owned(), overwrite }
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let mut target = destination(directory.path(), false).open("a.txt").unwrap();
        target.file().write_all(b"whole").unwrap();
        assert_eq!(names(directory.path()), [format!(".a.txt.part-{}", std::process::id())]);
        assert_eq!(target.commit().unwrap(), Some(directory.path().join("a.txt")));
        assert_eq!(names(directory.path()), ["a.txt"]);
        assert_eq!(target.keep_part(), None);
        assert_eq!(fs::read(directory.path().join("a.txt")).unwrap(), b"whole");
    }

    #[test]
    fn a_part_is_kept_beside_an_earlier_one_and_an_empty_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("a");
        let kept = |bytes: &[u8]| {
            let target = destination(&to, false).open("").unwrap();
            target.file().write_all(bytes).unwrap();
            target.keep_part()
        };
        let first = kept(b"one").unwrap();
        let second = kept(b"two").unwrap();
        assert_eq!((fs::read(&first).unwrap(), fs::read(&second).unwrap()), (b"one".to_vec(), b"two".to_vec()));
        assert_eq!(kept(b""), None);
        assert_eq!(names(directory.path()).len(), 2);
    }

    /// [`limits::PARTIAL_FILES_OF_A_NAME`].
    #[test]
    fn the_parts_of_a_name_are_bounded_and_none_is_lost_to_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("a");
        let kept = |_| {
            let target = destination(&to, false).open("")?;
            target.file().write_all(b"part").unwrap();
            Ok(target.keep_part())
        };
        let parts: Result<Vec<_>, TransferError> = (0..limits::PARTIAL_FILES_OF_A_NAME).map(kept).collect();
        let parts = parts.unwrap();
        let refused = kept(0).unwrap_err().to_string();
        assert!(refused.ends_with("too many partial files of earlier transfers lie beside it"), "{refused}");
        assert_eq!(names(directory.path()).len(), parts.len());
        fs::remove_file(parts[41].as_ref().unwrap()).unwrap();
        assert_eq!(kept(0).unwrap(), parts[41], "room again");
    }

    #[test]
    fn an_existing_file_is_safe_before_and_during_a_transfer() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("a");
        let mut target = destination(&to, false).open("").unwrap();
        target.file().write_all(b"new").unwrap();
        fs::write(&to, b"mine").unwrap();
        assert!(matches!(destination(&to, false).check(), Err(TransferError::Exists { .. })));
        assert!(matches!(destination(&to, false).open(""), Err(TransferError::Exists { .. })));
        assert!(matches!(target.commit(), Err(TransferError::Exists { .. })));
        let kept = target.keep_part().unwrap();
        assert_eq!((fs::read(&to).unwrap(), fs::read(kept).unwrap()), (b"mine".to_vec(), b"new".to_vec()));

        let mut target = destination(&to, true).open("").unwrap();
        target.file().write_all(b"newer").unwrap();
        target.commit().unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"newer");
    }

    #[test]
    fn what_cannot_be_written_is_said_before_anything_is_sent() {
        let directory = tempfile::tempdir().unwrap();
        let missing = destination(&directory.path().join("no/such/place"), false).check().unwrap_err();
        assert!(missing.to_string().contains("no/such: No such file or directory"), "{missing}");
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let below_a_file = destination(&file.join("x"), false).check().unwrap_err();
        assert!(below_a_file.to_string().contains("file: not a directory"), "{below_a_file}");
    }

    #[test]
    fn devices_are_written_to_and_not_replaced() {
        let null = destination(Path::new("/dev/null"), true);
        null.check().unwrap();
        let mut target = null.open("").unwrap();
        assert!(!target.is_regular());
        assert_eq!(target.commit().unwrap(), Some("/dev/null".into()));
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
