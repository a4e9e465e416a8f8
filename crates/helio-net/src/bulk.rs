//! Moving many bytes between a file and a socket with as few calls and copies as the system offers.
//!
//! A [`Mover`] does one system call's worth at a time and loses nothing in between, so that its caller can look at a
//! stop flag, count, measure or change the method after each step. Give a blocking socket short time-outs
//! (`SO_SNDTIMEO`, `SO_RCVTIMEO`): a step then comes back as [`Step::TimedOut`] instead of hanging.

mod buffer;

use buffer::Buffer;
use helio_core::limits;
use helio_core::transfer::Method;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use thiserror::Error;

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This many bytes were handed to the destination.
    Moved(usize),
    /// The socket's time-out passed; nothing was lost, the next step goes on.
    TimedOut,
    /// The source is at its end and everything of it was handed over.
    End,
}

/// Which side of a step failed.
#[derive(Debug, Error)]
pub enum MoveError {
    /// The source cannot be read.
    #[error("{0}")]
    Read(#[source] io::Error),
    /// The destination takes no more.
    #[error("{0}")]
    Write(#[source] io::Error),
    /// The method does not work between these two; nothing was moved by it. Copying always works.
    #[error("{} is not possible here: {source}", .method.name())]
    Unsupported {
        /// The method asked for.
        method: Method,
        /// The system's answer.
        source: io::Error,
    },
}

/// Moves bytes from one descriptor to another. Holds a buffer of [`limits::BULK_CHUNK`], and a pipe once it splices.
#[derive(Debug, Default)]
pub struct Mover {
    buffer: Buffer,
    pipe: Option<Pipe>,
    /// Bytes in the pipe.
    in_pipe: usize,
}

#[derive(Debug)]
struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Mover {
    /// A mover that holds nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves up to `most` bytes. What an earlier step has read is always written first, whatever its method was.
    ///
    /// `on_read` sees bytes as they are read, each once; only [`Method::Copy`] has them to show. `sendfile` needs a file
    /// as its source.
    ///
    /// # Errors
    /// See [`MoveError`]. After `Unsupported` the same bytes can be moved by copying.
    pub fn step(
        &mut self,
        method: Method,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        most: usize,
        on_read: &mut dyn FnMut(&[u8]),
    ) -> Result<Step, MoveError> {
        if self.in_pipe > 0 {
            return self.empty_pipe(to);
        }
        if self.buffer.is_empty() {
            let most = most.min(limits::BULK_CHUNK);
            return match method {
                Method::Copy => self.copy(from, to, most, on_read),
                Method::Sendfile => sendfile(from, to, most),
                Method::Splice => self.splice(from, to, most),
            };
        }
        self.write_buffer(to)
    }

    fn copy(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        most: usize,
        on_read: &mut dyn FnMut(&[u8]),
    ) -> Result<Step, MoveError> {
        let room = self.buffer.room(most);
        match outcome(rustix::io::retry_on_intr(|| rustix::io::read(from, &mut *room))) {
            Ok(Step::Moved(0)) => return Ok(Step::End),
            Ok(Step::Moved(read)) => {
                self.buffer.filled(read);
                on_read(self.buffer.unwritten());
            }
            Ok(step) => return Ok(step),
            Err(error) => return Err(MoveError::Read(error)),
        }
        self.write_buffer(to)
    }

    fn write_buffer(&mut self, to: BorrowedFd<'_>) -> Result<Step, MoveError> {
        let bytes = self.buffer.unwritten();
        let step = outcome(rustix::io::retry_on_intr(|| rustix::io::write(to, bytes))).map_err(MoveError::Write)?;
        if let Step::Moved(written) = step {
            self.buffer.wrote(written);
        }
        Ok(step)
    }
}

/// Time-outs are not errors here.
fn outcome(result: rustix::io::Result<usize>) -> io::Result<Step> {
    match result {
        Ok(bytes) => Ok(Step::Moved(bytes)),
        Err(rustix::io::Errno::AGAIN) => Ok(Step::TimedOut),
        Err(error) => Err(error.into()),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{BorrowedFd, Method, MoveError, Mover, Pipe, Step, limits, outcome};
    use rustix::io::{Errno, retry_on_intr};
    use rustix::pipe::{PipeFlags, SpliceFlags};
    use std::io;

    /// `sendfile(2)` stops at 2 GiB, far above `most`; the file's own position moves along.
    pub(super) fn sendfile(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> Result<Step, MoveError> {
        match retry_on_intr(|| rustix::fs::sendfile(to, from, None, most)) {
            Ok(0) => Ok(Step::End),
            Ok(bytes) => Ok(Step::Moved(bytes)),
            Err(Errno::AGAIN) => Ok(Step::TimedOut),
            Err(error @ (Errno::INVAL | Errno::NOSYS)) => Err(unsupported(Method::Sendfile, error)),
            // One call, two sides: what the page lists for files is the source's fault, the rest the socket's.
            Err(error @ (Errno::IO | Errno::NOMEM | Errno::OVERFLOW)) => Err(MoveError::Read(error.into())),
            Err(error) => Err(MoveError::Write(error.into())),
        }
    }

    impl Mover {
        pub(super) fn splice(
            &mut self,
            from: BorrowedFd<'_>,
            to: BorrowedFd<'_>,
            most: usize,
        ) -> Result<Step, MoveError> {
            let pipe = match &self.pipe {
                Some(pipe) => pipe,
                None => {
                    let made = make_pipe().map_err(|source| MoveError::Unsupported { method: Method::Splice, source });
                    self.pipe.insert(made?)
                }
            };
            let spliced =
                retry_on_intr(|| rustix::pipe::splice(from, None, &pipe.writer, None, most, SpliceFlags::MOVE));
            match spliced {
                Ok(0) => return Ok(Step::End),
                Err(error @ (Errno::INVAL | Errno::NOSYS)) => return Err(unsupported(Method::Splice, error)),
                result => match outcome(result).map_err(MoveError::Read)? {
                    Step::Moved(bytes) => self.in_pipe = bytes,
                    step @ (Step::TimedOut | Step::End) => return Ok(step),
                },
            }
            self.empty_pipe(to)
        }

        /// Hands the pipe's bytes on. A destination that cannot be spliced to (a terminal, a file opened for appending)
        /// gets them by copying.
        pub(super) fn empty_pipe(&mut self, to: BorrowedFd<'_>) -> Result<Step, MoveError> {
            let Some(pipe) = &self.pipe else { return Ok(Step::Moved(0)) };
            let len = self.in_pipe;
            let spliced = retry_on_intr(|| rustix::pipe::splice(&pipe.reader, None, to, None, len, SpliceFlags::MOVE));
            if spliced == Err(Errno::INVAL) {
                let read = rustix::io::read(&pipe.reader, self.buffer.room(len));
                let read = read.map_err(|error| MoveError::Read(error.into()))?;
                self.in_pipe -= read;
                self.buffer.filled(read);
                return self.write_buffer(to);
            }
            let step = outcome(spliced).map_err(MoveError::Write)?;
            if let Step::Moved(bytes) = step {
                self.in_pipe -= bytes;
            }
            Ok(step)
        }
    }

    fn make_pipe() -> io::Result<Pipe> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        // A smaller pipe works too, with more calls (`fs.pipe-max-size`).
        let _ = rustix::pipe::fcntl_setpipe_size(&writer, limits::BULK_CHUNK);
        Ok(Pipe { reader, writer })
    }

    fn unsupported(method: Method, error: Errno) -> MoveError {
        MoveError::Unsupported { method, source: error.into() }
    }
}

#[cfg(target_os = "linux")]
use linux::sendfile;

#[cfg(not(target_os = "linux"))]
fn sendfile(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: usize) -> Result<Step, MoveError> {
    Err(MoveError::Unsupported { method: Method::Sendfile, source: io::ErrorKind::Unsupported.into() })
}

#[cfg(not(target_os = "linux"))]
impl Mover {
    fn splice(&mut self, _: BorrowedFd<'_>, _: BorrowedFd<'_>, _: usize) -> Result<Step, MoveError> {
        Err(MoveError::Unsupported { method: Method::Splice, source: io::ErrorKind::Unsupported.into() })
    }

    fn empty_pipe(&mut self, _: BorrowedFd<'_>) -> Result<Step, MoveError> {
        Ok(Step::Moved(0))
    }
}

#[cfg(test)]
mod tests;
