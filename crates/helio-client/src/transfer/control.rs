//! Watching and stopping a transfer from outside its thread.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use tokio::sync::oneshot;

/// Shared between a transfer and whoever shows its progress. All of it may be read and set at any time.
#[derive(Debug)]
pub struct Control {
    stopped: AtomicBool,
    bytes: AtomicU64,
    total: AtomicU64,
}

const NOT_KNOWN: u64 = u64::MAX;

impl Default for Control {
    fn default() -> Self {
        Self { stopped: AtomicBool::new(false), bytes: AtomicU64::new(0), total: AtomicU64::new(NOT_KNOWN) }
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
