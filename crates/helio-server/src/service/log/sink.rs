//! The door to the thread that writes: a queue bounded in bytes.

use super::writer::{Done, FileId, Message, Token};
use helio_core::limits;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, oneshot};

/// Hands records to the writing thread. The thread finishes its files and ends when the last `Sink` is gone.
#[derive(Debug)]
pub(super) struct Sink {
    /// Unbounded itself: a record is sent only with its share of `room`, an opening with its share of `unopened`, the
    /// other messages once an opening or signal.
    messages: mpsc::Sender<Message>,
    /// What is left of [`limits::LOG_QUEUE_BYTES`].
    room: Arc<Semaphore>,
    /// What is left of [`limits::LOG_UNOPENED_FILES`].
    unopened: Arc<Semaphore>,
    unwritten_bytes: Arc<AtomicU64>,
    next_file: AtomicU64,
}

/// No room for what cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The file of one stream: the shared one, or one of its own, which is opened for the first record.
#[derive(Debug)]
pub(super) struct StreamFile {
    id: OnceCell<FileId>,
    path: PathBuf,
}

impl StreamFile {
    pub(super) fn shared() -> Self {
        Self { id: FileId::SHARED.into(), path: PathBuf::new() }
    }

    pub(super) fn own(path: PathBuf) -> Self {
        Self { id: OnceCell::new(), path }
    }
}

impl Sink {
    pub(super) fn new(messages: mpsc::Sender<Message>) -> Self {
        Self {
            messages,
            room: Arc::new(Semaphore::new(limits::LOG_QUEUE_BYTES)),
            unopened: Arc::new(Semaphore::new(limits::LOG_UNOPENED_FILES)),
            unwritten_bytes: Arc::default(),
            next_file: AtomicU64::new(FileId::SHARED.0 + 1),
        }
    }

    /// Bytes that were handed in, or wait for room, and are not yet as safe as was asked.
    pub(super) fn unwritten_bytes(&self) -> Arc<AtomicU64> {
        self.unwritten_bytes.clone()
    }

    /// Appends a record to `file`; completes when it is as safe as was asked.
    pub(super) async fn append(&self, file: &StreamFile, record: Vec<u8>) -> io::Result<()> {
        let waiting = Counted::new(&self.unwritten_bytes, &record);
        let file = *file.id.get_or_try_init(|| self.open(&file.path)).await?;
        let permit = self.room.clone().acquire_many_owned(cost(&record)).await.map_err(|_| ended())?;
        let (done, safe) = oneshot::channel();
        self.append_in(Room { _permit: permit, waiting }, file, record, Done::Tell(done));
        safe.await.map_err(|_| ended())
    }

    /// Room for `record`, if there is some now.
    pub(super) fn try_reserve(&self, record: &[u8]) -> Result<Room, Full> {
        let permit = self.room.clone().try_acquire_many_owned(cost(record)).map_err(|_| Full)?;
        Ok(Room { _permit: permit, waiting: Counted::new(&self.unwritten_bytes, record) })
    }

    /// Appends the record for which `room` was reserved to `file`.
    pub(super) fn append_in(&self, room: Room, file: FileId, record: Vec<u8>, done: Done) {
        // An error says that the thread is gone, and drops `done`.
        let _ = self.messages.send(Message::Append { file, record, token: Token { done, room } });
    }

    /// A file beside the shared one, until its [`Self::end`], if not too many wait to be opened.
    pub(super) fn try_open(&self, path: PathBuf) -> Result<FileId, Full> {
        let permit = self.unopened.clone().try_acquire_owned().map_err(|_| Full)?;
        Ok(self.open_with(permit, path))
    }

    /// Nothing more is written to `file`.
    pub(super) fn end(&self, file: FileId) {
        let _ = self.messages.send(Message::End { file });
    }

    /// The stream that wrote to `file`, if it wrote at all, ended.
    pub(super) fn end_stream(&self, file: &StreamFile) {
        if let Some(file) = file.id.get() {
            self.end(*file);
        }
    }

    /// Opens every file by its name again.
    pub(super) fn reopen(&self) {
        let _ = self.messages.send(Message::Reopen);
    }

    async fn open(&self, path: &Path) -> io::Result<FileId> {
        let permit = self.unopened.clone().acquire_owned().await.map_err(|_| ended())?;
        Ok(self.open_with(permit, path.to_owned()))
    }

    fn open_with(&self, unopened: OwnedSemaphorePermit, path: PathBuf) -> FileId {
        let file = FileId(self.next_file.fetch_add(1, Ordering::Relaxed));
        let _ = self.messages.send(Message::Open { file, path, unopened });
        file
    }
}

/// One record's room in the queue, until dropped.
#[derive(Debug)]
pub(super) struct Room {
    _permit: OwnedSemaphorePermit,
    waiting: Counted,
}

impl Room {
    /// The record is as safe as was asked.
    pub(super) fn settle(self) {
        self.waiting.settle();
    }
}

/// Bytes that count as unwritten until they are settled: what is dropped before that is lost, or nobody waits for it.
#[derive(Debug)]
struct Counted {
    counter: Arc<AtomicU64>,
    bytes: u64,
}

impl Counted {
    fn new(counter: &Arc<AtomicU64>, record: &[u8]) -> Self {
        let bytes = record.len() as u64;
        counter.fetch_add(bytes, Ordering::Relaxed);
        Self { counter: counter.clone(), bytes }
    }

    fn settle(self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// The bound [`limits::LOG_UNOPENED_FILES`].
    #[test]
    fn while_too_many_files_wait_to_be_opened_further_streams_wait_and_datagrams_are_refused() {
        let (messages, received) = mpsc::channel();
        let sink = Sink::new(messages);
        for n in 0..limits::LOG_UNOPENED_FILES {
            sink.try_open(n.to_string().into()).unwrap();
        }
        assert_eq!(sink.try_open("datagram".into()), Err(Full));
        let file = StreamFile::own("stream".into());
        let mut stored = pin!(sink.append(&file, b"waits".to_vec()));
        assert!(poll(stored.as_mut()).is_pending());
        assert_eq!(received.iter().take(limits::LOG_UNOPENED_FILES).count(), limits::LOG_UNOPENED_FILES);
        assert_eq!(sink.unwritten_bytes().load(Ordering::Relaxed), 5, "what waits is counted");

        // The files that were opened dropped their share with their message.
        assert!(poll(stored.as_mut()).is_pending());
        assert!(matches!(received.try_recv(), Ok(Message::Open { path, .. }) if path == Path::new("stream")));
        let Ok(Message::Append { record, token, .. }) = received.try_recv() else { panic!("nothing was appended") };
        assert_eq!(record, b"waits");
        token.complete();
        assert!(matches!(poll(stored.as_mut()), Poll::Ready(Ok(()))));
        assert!(sink.try_open("datagram".into()).is_ok());
    }

    /// A record whose sender is no longer waited for, as at the end of the program.
    #[test]
    fn what_is_given_up_stays_counted_until_it_is_written() {
        let (messages, received) = mpsc::channel();
        let sink = Sink::new(messages);
        let unwritten = || sink.unwritten_bytes().load(Ordering::Relaxed);
        let all = vec![0; limits::LOG_QUEUE_BYTES];
        let shared = StreamFile::shared();
        {
            let mut handed_over = pin!(sink.append(&shared, all));
            let mut without_room = pin!(sink.append(&shared, b"lost".to_vec()));
            assert!(poll(handed_over.as_mut()).is_pending() && poll(without_room.as_mut()).is_pending());
        }
        assert_eq!(unwritten(), limits::LOG_QUEUE_BYTES as u64 + 4);
        let Ok(Message::Append { token, .. }) = received.try_recv() else { panic!("nothing was appended") };
        token.complete();
        assert_eq!(unwritten(), 4, "this was never handed over");
    }

    #[test]
    fn a_stream_without_a_record_opens_nothing() {
        let (messages, received) = mpsc::channel();
        let sink = Sink::new(messages);
        sink.end_stream(&StreamFile::own("never".into()));
        assert!(received.try_recv().is_err());
        sink.end_stream(&StreamFile::shared());
        assert!(matches!(received.try_recv(), Ok(Message::End { file: FileId::SHARED })));
    }
}
