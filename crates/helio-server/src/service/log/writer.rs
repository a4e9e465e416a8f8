//! The thread that writes. It carries out what [`FileWriter`] decides, for every file of the service.

use super::announce::Announcer;
use super::answers::PendingAnswer;
use super::archive::Archive;
use super::file::LogFile;
use super::sink::Room;
use helio_core::log::{FileAction, FileWriter, Operation, WriterOptions};
use helio_core::time::Instant;
use helio_net::clock::Clock;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// One of the service's files. Numbers are not used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(pub(super) u64);

impl FileId {
    /// The file that all streams share, if they share one.
    pub(super) const SHARED: Self = Self(0);
}

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    Append {
        file: FileId,
        record: Vec<u8>,
        token: Token,
    },
    /// `unopened` is dropped when the file is open.
    Open {
        file: FileId,
        path: PathBuf,
        unopened: OwnedSemaphorePermit,
    },
    End {
        file: FileId,
    },
    Reopen,
}

/// Comes back with the record; dropping it frees its room in the queue.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) done: Done,
    pub(super) room: Room,
}

/// What is done when a record is as safe as was asked.
#[derive(Debug)]
pub(super) enum Done {
    Nothing,
    /// Whoever waits is told, unless he has gone.
    Tell(oneshot::Sender<()>),
    /// A datagram's answer goes on its way.
    Answer(PendingAnswer),
}

impl Token {
    pub(super) fn complete(self) {
        self.room.settle();
        match self.done {
            Done::Nothing => {}
            Done::Tell(waiting) => drop(waiting.send(())),
            Done::Answer(answer) => answer.release(),
        }
    }
}

/// All files of the service, on their thread.
pub(super) struct Files {
    options: WriterOptions,
    clock: Clock,
    announcer: Announcer,
    archive: Option<Archive>,
    slots: BTreeMap<FileId, Slot>,
    /// When each file that waits for a time wants to be woken.
    timers: BTreeSet<(Instant, FileId)>,
}

struct Slot {
    writer: FileWriter<Token>,
    file: LogFile,
    due: Option<Instant>,
    /// Its share of the files that wait to be opened.
    unopened: Option<OwnedSemaphorePermit>,
}

impl Files {
    pub(super) fn new(options: WriterOptions, clock: Clock, announcer: Announcer, archive: Option<Archive>) -> Self {
        Self { options, clock, announcer, archive, slots: BTreeMap::new(), timers: BTreeSet::new() }
    }

    /// Takes on the file that all streams share.
    pub(super) fn add_shared(&mut self, file: LogFile) {
        self.add(FileId::SHARED, file, None);
    }

    /// Works until every sender is gone and every file is finished.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        let ids: Vec<FileId> = self.slots.keys().copied().collect();
        self.carry_out_all(ids);
        loop {
            let next = match self.timers.first() {
                Some((at, _)) => messages.recv_timeout(*at - self.clock.now()),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut touched = BTreeSet::new();
            match next {
                Ok(message) => {
                    self.handle(message, &mut touched);
                    // Whatever came meanwhile goes into the same write, and the same sync.
                    messages.try_iter().for_each(|message| self.handle(message, &mut touched));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            touched.extend(self.wake());
            self.carry_out_all(touched);
        }
        self.finish();
    }

    fn add(&mut self, id: FileId, file: LogFile, unopened: Option<OwnedSemaphorePermit>) {
        let writer = FileWriter::new(self.options);
        self.slots.insert(id, Slot { writer, file, due: None, unopened });
    }

    fn handle(&mut self, message: Message, touched: &mut BTreeSet<FileId>) {
        match message {
            Message::Append { file, record, token } => {
                if let Some(slot) = self.slots.get_mut(&file) {
                    slot.writer.handle_append(&record, token);
                    touched.insert(file);
                }
            }
            Message::Open { file, path, unopened } => {
                self.add(file, LogFile::new(path), Some(unopened));
                touched.insert(file);
            }
            Message::End { file } => {
                if let Some(slot) = self.slots.get_mut(&file) {
                    slot.writer.handle_stream_end();
                    if file != FileId::SHARED {
                        slot.writer.handle_close();
                    }
                    touched.insert(file);
                }
            }
            Message::Reopen => {
                for (id, slot) in &mut self.slots {
                    slot.writer.handle_reopen();
                    touched.insert(*id);
                }
            }
        }
    }

    /// Files whose time has come.
    fn wake(&mut self) -> Vec<FileId> {
        let now = self.clock.now();
        let due: Vec<FileId> = self.timers.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect();
        for id in &due {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.writer.handle_timeout(now);
            }
        }
        due
    }

    fn carry_out_all(&mut self, ids: impl IntoIterator<Item = FileId>) {
        for id in ids {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            let is_closed = slot.carry_out(id, self.clock, &mut self.announcer, self.archive.as_ref());
            if let Some(at) = slot.due.take() {
                self.timers.remove(&(at, id));
            }
            if is_closed {
                self.slots.remove(&id);
                self.announcer.forget(id);
                continue;
            }
            slot.due = slot.writer.poll_timeout();
            self.timers.extend(slot.due.map(|at| (at, id)));
        }
    }

    /// Everything that was handed in is written, however long the disk makes us wait; the program may end before.
    fn finish(&mut self) {
        for slot in self.slots.values_mut() {
            slot.writer.handle_close();
        }
        let ids: Vec<FileId> = self.slots.keys().copied().collect();
        self.carry_out_all(ids);
        while let Some((at, _)) = self.timers.first() {
            std::thread::sleep(*at - self.clock.now());
            let due = self.wake();
            self.carry_out_all(due);
        }
    }
}

impl Slot {
    /// Drains the machine; true when the file is finished.
    fn carry_out(&mut self, id: FileId, clock: Clock, announcer: &mut Announcer, archive: Option<&Archive>) -> bool {
        while let Some(action) = self.writer.poll_action() {
            let (operation, result) = match action {
                FileAction::Open => (Operation::Open, self.open(clock)),
                FileAction::Write => (Operation::Write, self.write(clock)),
                FileAction::Rewrite => (Operation::Sync, self.rewrite()),
                FileAction::Sync => (Operation::Sync, self.sync(clock)),
                FileAction::Rotate => (Operation::Rotate, self.rotate(clock, archive)),
                FileAction::Complete(token) => {
                    token.complete();
                    continue;
                }
                FileAction::Report(report) => {
                    announcer.tell(id, self.file.path(), &report);
                    continue;
                }
                FileAction::Close => return true,
            };
            if let Err(error) = result {
                self.writer.handle_failed(operation, error.to_string(), clock.now());
            }
        }
        false
    }

    fn open(&mut self, clock: Clock) -> io::Result<()> {
        let opened = self.file.open()?;
        self.unopened = None;
        self.writer.handle_opened(opened, clock.now());
        Ok(())
    }

    fn write(&mut self, clock: Clock) -> io::Result<()> {
        let (len, at) = self.file.write(self.writer.next_write())?;
        self.writer.handle_written(len, at, clock.now());
        Ok(())
    }

    fn rewrite(&mut self) -> io::Result<()> {
        if let Some((at, bytes)) = self.writer.next_rewrite() {
            self.file.rewrite(bytes, at)?;
        }
        self.writer.handle_rewritten();
        Ok(())
    }

    fn sync(&mut self, clock: Clock) -> io::Result<()> {
        self.file.sync()?;
        self.writer.handle_synced(clock.now());
        Ok(())
    }

    fn rotate(&mut self, clock: Clock, archive: Option<&Archive>) -> io::Result<()> {
        let opened = self.file.rotate()?;
        self.writer.handle_rotated(opened, clock.now());
        if let Some(archive) = archive {
            archive.look_at(self.file.path());
        }
        Ok(())
    }
}
