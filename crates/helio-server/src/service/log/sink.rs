//! The door to the thread that writes: a queue bounded in bytes.

use super::writer::{FileId, Message, Token};
use helio_core::limits;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use tokio::sync::{Semaphore, oneshot};

/// Hands records to the writing thread. The thread finishes its files and ends when the last `Sink` is gone.
#[derive(Debug)]
pub(super) struct Sink {
    /// Unbounded itself: a record is sent only with its share of `room`, the other messages once a connection or signal.
    messages: mpsc::Sender<Message>,
    /// What is left of [`limits::LOG_QUEUE_BYTES`].
    room: Arc<Semaphore>,
    unwritten_bytes: Arc<AtomicU64>,
    next_file: AtomicU64,
}

/// No room for a record that cannot wait.
#[derive(Debug)]
pub(super) struct Full;

impl Sink {
    pub(super) fn new(messages: mpsc::Sender<Message>) -> Self {
        let room = Arc::new(Semaphore::new(limits::LOG_QUEUE_BYTES));
        Self { messages, room, unwritten_bytes: Arc::default(), next_file: AtomicU64::new(FileId::SHARED.0 + 1) }
    }

    /// Bytes that were handed in, or wait for room, and are not yet as safe as was asked.
    pub(super) fn unwritten_bytes(&self) -> Arc<AtomicU64> {
        self.unwritten_bytes.clone()
    }

    /// Appends a record to `file`; completes when it is as safe as was asked.
    pub(super) async fn append(&self, file: FileId, record: Vec<u8>) -> io::Result<()> {
        let waiting = Counted::new(&self.unwritten_bytes, &record);
        let permit = self.room.clone().acquire_many_owned(cost(&record)).await.map_err(|_| ended())?;
        let (done, safe) = oneshot::channel();
        let token = Token { done, _permit: permit, _waiting: waiting };
        self.messages.send(Message::Append { file, record, token }).map_err(|_| ended())?;
        safe.await.map_err(|_| ended())
    }

    /// Appends a record to `file` if there is room now; the receiver completes when it is as safe as was asked.
    pub(super) fn try_append(&self, file: FileId, record: Vec<u8>) -> Result<oneshot::Receiver<()>, Full> {
        let permit = self.room.clone().try_acquire_many_owned(cost(&record)).map_err(|_| Full)?;
        let (done, safe) = oneshot::channel();
        let waiting = Counted::new(&self.unwritten_bytes, &record);
        let token = Token { done, _permit: permit, _waiting: waiting };
        self.messages.send(Message::Append { file, record, token }).map_err(|_| Full)?;
        Ok(safe)
    }

    /// A file beside the shared one, for as long as one stream lasts.
    pub(super) fn open(&self, path: PathBuf) -> FileId {
        let file = FileId(self.next_file.fetch_add(1, Ordering::Relaxed));
        let _ = self.messages.send(Message::Open { file, path });
        file
    }

    /// The stream that wrote to `file` ended.
    pub(super) fn end(&self, file: FileId) {
        let _ = self.messages.send(Message::End { file });
    }

    /// Opens every file by its name again.
    pub(super) fn reopen(&self) {
        let _ = self.messages.send(Message::Reopen);
    }
}

/// Bytes that wait, until dropped.
#[derive(Debug)]
pub(super) struct Counted {
    counter: Arc<AtomicU64>,
    bytes: u64,
}

impl Counted {
    fn new(counter: &Arc<AtomicU64>, record: &[u8]) -> Self {
        let bytes = record.len() as u64;
        counter.fetch_add(bytes, Ordering::Relaxed);
        Self { counter: counter.clone(), bytes }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counter.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Never more than the whole queue, so that the largest record gets its turn.
fn cost(record: &[u8]) -> u32 {
    let cost = record.len().saturating_add(limits::LOG_APPEND_COST).min(limits::LOG_QUEUE_BYTES);
    u32::try_from(cost).unwrap_or(u32::MAX)
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes the log has ended")
}
