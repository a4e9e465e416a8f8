//! What is sent: a file, or what a pipe brings.

use super::control::Control;
use super::error::TransferError;
use helio_core::limits;
use helio_core::transfer::raw::{SourceChange, source_change};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// An open source of bytes.
#[derive(Debug)]
pub struct Source {
    name: String,
    file: File,
    length: Option<u64>,
}

impl Source {
    /// Opens a file, or standard input for `-`. A named pipe blocks until someone writes to it.
    ///
    /// # Errors
    /// `Source` or `SourceIsDirectory`.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        if path == Path::new("-") {
            let file = io::stdin().as_fd().try_clone_to_owned();
            return Self::of(file.map(File::from), "standard input".into());
        }
        Self::of(File::open(path), path.display().to_string())
    }

    fn of(file: io::Result<File>, name: String) -> Result<Self, TransferError> {
        let opened = file.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (mut file, metadata) = match opened {
            Ok(opened) => opened,
            Err(source) => return Err(TransferError::Source { name, source }),
        };
        if metadata.is_dir() {
            return Err(TransferError::SourceIsDirectory { name });
        }
        // Standard input may be a file that someone has read from already.
        let position = io::Seek::stream_position(&mut file).unwrap_or(0);
        let length = metadata.is_file().then(|| metadata.len().saturating_sub(position));
        Ok(Self { name, file, length })
    }

    /// What to call it in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes that it had when it was opened; `None` for a pipe or terminal.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// What became of it by now, `sent` bytes having been read to its end.
    #[must_use]
    pub fn change(&self, sent: u64) -> SourceChange {
        source_change(self.length, sent)
    }

    /// Whether its end is to be trusted, now that it was read: not when Ctrl-C ended the program that wrote it.
    pub(super) fn is_at_its_end(&self, control: &Control) -> bool {
        if self.length.is_none() {
            std::thread::sleep(limits::SOURCE_END_GRACE);
        }
        !control.is_stopped()
    }

    /// Whether its name was removed since it was opened. Its bytes could be read all the same.
    #[must_use]
    pub fn was_removed(&self) -> bool {
        self.length.is_some() && self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Fills `buffer` as far as the source goes; less than its length only at the end.
    pub(super) fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, TransferError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(filled)
    }

    pub(super) fn failed(&self, source: io::Error) -> TransferError {
        TransferError::Source { name: self.name.clone(), source }
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
