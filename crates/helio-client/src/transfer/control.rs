//! Watching and stopping a transfer from outside its thread.

use super::error::{FailedTransfer, TransferError};
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// Shared between a transfer and whoever shows its progress. All of it may be read and set at any time.
#[derive(Debug)]
pub struct Control {
    stopped: AtomicBool,
    bytes: AtomicU64,
    total: AtomicU64,
    partial: OnceLock<PathBuf>,
}

const NOT_KNOWN: u64 = u64::MAX;

impl Default for Control {
    fn default() -> Self {
        Self {
            stopped: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(NOT_KNOWN),
            partial: OnceLock::new(),
        }
    }
}

impl Control {
    /// Asks the transfer to end. It does within a fraction of a second, unless it waits for a pipe.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Bytes moved so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes that there are to move; `None` when that is not known.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|&total| total != NOT_KNOWN)
    }

    /// How a transfer stands that was asked to end and does not, because one of its reads or writes hangs.
    #[must_use]
    pub fn abandoned(&self) -> FailedTransfer {
        FailedTransfer { error: TransferError::Hung, bytes: self.bytes(), kept: self.partial.get().cloned() }
    }

    /// Where the bytes grow; once for each transfer.
    pub(super) fn set_partial(&self, partial: Option<&Path>) {
        if let Some(partial) = partial {
            let _ = self.partial.set(partial.to_owned());
        }
    }

    pub(super) fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn set_total(&self, total: Option<u64>) {
        self.total.store(total.unwrap_or(NOT_KNOWN), Ordering::Relaxed);
    }
}

/// Runs blocking work on a thread of its own. Unlike the runtime's own blocking threads it does not hold up the end of
/// the program when it hangs in a read of a terminal or pipe.
///
/// # Errors
/// When the system gives no thread, or the work panicked.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name("transfer".into()).spawn(move || sender.send(work()))?;
    receiver.await.map_err(|_| io::Error::other("the transfer's thread ended unexpectedly"))
}

/// Whether closing the socket is a reset instead of an end of stream (`socket(7)`, SO_LINGER with no time). It also holds
/// for a program that is killed.
pub(super) fn reset_on_close(socket: &TcpStream, on: bool) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_linger(socket, on.then_some(Duration::ZERO))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::{Destination, IoChoice, ReceiveOptions, receive};
    use std::io::Write;
    use std::net::TcpListener;
    use std::sync::Arc;

    #[test]
    fn a_transfer_that_hangs_is_left_with_the_name_of_its_part() {
        let directory = tempfile::tempdir().unwrap();
        let target = Destination { to: directory.path().join("a"), overwrite: false }.open("").unwrap();
        let partial = target.partial().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let socket = listener.accept().unwrap().0;
        let control = Arc::new(Control::default());
        let inner = control.clone();
        let options = ReceiveOptions { io: IoChoice::Auto, hash: false, idle: Duration::MAX };
        let receiving = thread::spawn(move || receive(socket, target, &options, &inner));
        sender.write_all(b"abc").unwrap();
        while control.bytes() < 3 {
            thread::yield_now();
        }
        let left = control.abandoned();
        assert_eq!(
            (left.bytes, left.kept, left.error.to_string().as_str()),
            (3, Some(partial), "interrupted while a read or write hangs")
        );
        drop(sender);
        assert_eq!(receiving.join().unwrap().unwrap().path, Some(directory.path().join("a")));
    }
}
