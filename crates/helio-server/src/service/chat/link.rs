//! What the hub and the task of one connection share.
//!
//! The hub writes to a plain socket itself: waking a task for each delivery would cost as much again as the write. When
//! the socket is full, and for TLS and WebSocket, the task takes over.

use helio_core::limits;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::net::TcpStream;

/// One connection, seen by both.
#[derive(Debug)]
pub(super) struct Link {
    /// The socket, if the hub may write to it.
    socket: Option<TcpStream>,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Wakes the task.
    task: Option<Waker>,
    /// Batches of lines that the hub has not worked off.
    batches: usize,
    /// The task waits until `batches` is nothing.
    is_ending: bool,
    /// The hub had more to write than there was room for, and wants to know when there is some.
    wants_room: bool,
    /// The hub wants to know what the kernel knows of the connection.
    wants_inspection: bool,
    /// Bytes for the task to write.
    handed: Vec<u8>,
    closing: Option<Closing>,
}

/// The hub is done with the connection: what was handed over goes out, then it closes.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    /// Why.
    pub(super) reason: String,
    /// Bytes that the hub wrote or handed over.
    pub(super) sent_bytes: u64,
    /// The peer does not read: do not wait for it.
    pub(super) is_cut: bool,
}

/// What there is to do for the task.
#[derive(Debug)]
pub(super) struct Work {
    /// The hub has room for another batch.
    pub(super) may_read: bool,
    /// The hub is to be told when there is room again.
    pub(super) wants_room: bool,
    /// The hub is to be told what the kernel knows of the connection.
    pub(super) wants_inspection: bool,
    pub(super) closing: Option<Closing>,
}

impl Link {
    /// A connection that the hub writes to itself.
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self { socket: Some(socket), shared: Mutex::default() }
    }

    /// A connection whose task writes.
    pub(super) fn handed() -> Self {
        Self { socket: None, shared: Mutex::default() }
    }

    pub(super) fn socket(&self) -> Option<&TcpStream> {
        self.socket.as_ref()
    }

    /// Task: waits until the peer has ended its half, whether or not all that it sent is read. Only plain sockets can tell.
    pub(super) async fn gone(&self) {
        #[cfg(target_os = "linux")]
        if let Some(socket) = &self.socket {
            // Readiness for urgent data, which nobody registered for, comes with the end alone.
            let _ = socket.ready(Interest::PRIORITY).await;
            return;
        }
        std::future::pending::<()>().await;
    }

    /// Hub: writes what there is room for; returns how much that was. When it was less than all, an
    /// [`Input::Room`](super::hub::Input::Room) will come.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(socket) = &self.socket else { return Ok(self.hand_over(bytes)) };
        let written = match socket.try_write(bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        if written < bytes.len() {
            self.change(|shared| shared.wants_room = true);
        }
        Ok(written)
    }

    fn hand_over(&self, bytes: &[u8]) -> usize {
        self.change(|shared| {
            let room = limits::CHAT_HANDED_BYTES.saturating_sub(shared.handed.len()).min(bytes.len());
            shared.handed.extend_from_slice(&bytes[..room]);
            shared.wants_room |= room < bytes.len();
            room
        })
    }

    /// Hub: a batch is worked off.
    pub(super) fn worked_off(&self) {
        let mut shared = self.lock();
        let may_wait = shared.batches >= limits::CHAT_UNREAD_BATCHES || shared.is_ending;
        shared.batches = shared.batches.saturating_sub(1);
        if may_wait {
            wake(shared);
        }
    }

    /// Hub: an [`Input::Inspected`](super::hub::Input::Inspected) is to come.
    pub(super) fn inspect(&self) {
        self.change(|shared| shared.wants_inspection = true);
    }

    /// Hub: nothing more is said on this connection.
    pub(super) fn close(&self, closing: Closing) {
        self.change(|shared| {
            shared.closing.get_or_insert(closing);
        });
    }

    /// Task: what there is to do; `waker` is called when that changes.
    pub(super) fn look(&self, waker: &Waker) -> Work {
        let mut shared = self.lock();
        if !shared.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            shared.task = Some(waker.clone());
        }
        Work {
            may_read: shared.batches < limits::CHAT_UNREAD_BATCHES,
            wants_room: shared.wants_room,
            wants_inspection: std::mem::take(&mut shared.wants_inspection),
            closing: shared.closing.clone(),
        }
    }

    /// Task: a batch is on its way to the hub.
    pub(super) fn sent_batch(&self) {
        self.lock().batches += 1;
    }

    /// Task: nothing more will be read. Returns whether all batches are worked off; it is woken when that changes.
    pub(super) fn ends(&self) -> bool {
        let mut shared = self.lock();
        shared.is_ending = true;
        shared.batches == 0
    }

    /// Task: moves what is to be written to the end of `buffer`.
    pub(super) fn take_handed(&self, buffer: &mut Vec<u8>) {
        let mut shared = self.lock();
        if buffer.is_empty() {
            std::mem::swap(&mut shared.handed, buffer);
        } else {
            buffer.append(&mut shared.handed);
        }
    }

    /// Task: there is room. Returns whether the hub waits to hear it.
    pub(super) fn has_room(&self) -> bool {
        std::mem::take(&mut self.lock().wants_room)
    }

    /// Changes what is shared, and wakes the task.
    fn change<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        let mut shared = self.lock();
        let result = change(&mut shared);
        wake(shared);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut shared: MutexGuard<'_, Shared>) {
    // The task puts a new one here when it looks again.
    let task = shared.task.take();
    drop(shared);
    if let Some(task) = task {
        task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_ends_misses_no_batch_that_was_worked_off_meanwhile() {
        let link = Link::handed();
        link.sent_batch();
        assert!(link.look(Waker::noop()).may_read);
        // Nobody is woken: there was room all the time.
        link.worked_off();
        assert!(link.ends());
        link.sent_batch();
        assert!(!link.ends());
    }
}
