//! A writer, its disk, and the model that judges both after every step.

use super::disk::Disk;
use crate::log::writer::*;
use alloc::vec;
use alloc::vec::Vec;

/// A writer on its disk, and the model: what was appended and what was said to be safe.
pub(super) struct Bench {
    pub(super) writer: FileWriter<usize>,
    pub(super) disk: Disk,
    pub(super) now: Instant,
    pub(super) appended: Vec<u8>,
    /// End of each record in `appended`.
    pub(super) ends: Vec<usize>,
    /// Records that were completed; they complete in order.
    pub(super) completed: usize,
    pub(super) reports: Vec<FileReport>,
    pub(super) closed: bool,
    pub(super) fsync: Fsync,
}

impl Bench {
    pub(super) fn new(options: WriterOptions, disk: Disk) -> Self {
        Self {
            writer: FileWriter::new(options),
            disk,
            now: Instant::ORIGIN,
            appended: vec![],
            ends: vec![],
            completed: 0,
            reports: vec![],
            closed: false,
            fsync: options.fsync,
        }
    }

    pub(super) fn append(&mut self, record: &[u8]) {
        self.appended.extend_from_slice(record);
        self.writer.handle_append(record, self.ends.len());
        self.ends.push(self.appended.len());
    }

    /// One action carried out; false when there was none.
    pub(super) fn step(&mut self) -> bool {
        let Some(action) = self.writer.poll_action() else { return false };
        let now = self.now;
        match action {
            // The documented exception, where bytes may be doubled, has a test of its own.
            FileAction::Open if self.disk.is_open && self.writer.troubles.has(Operation::Sync) => {
                self.writer.handle_failed(Operation::Open, "not now".into(), now);
            }
            FileAction::Open => match self.disk.open() {
                Ok(opened) => self.writer.handle_opened(opened, now),
                Err(reason) => self.writer.handle_failed(Operation::Open, reason, now),
            },
            FileAction::Write => {
                assert!(!self.writer.next_write().is_empty());
                match self.disk.write(self.writer.next_write()) {
                    Ok((len, at)) => self.writer.handle_written(len, at, now),
                    Err(reason) => self.writer.handle_failed(Operation::Write, reason, now),
                }
            }
            FileAction::Rewrite => {
                let (at, bytes) = self.writer.next_rewrite().unwrap();
                match self.disk.rewrite(at, bytes) {
                    Ok(()) => self.writer.handle_rewritten(),
                    Err(reason) => self.writer.handle_failed(Operation::Sync, reason, now),
                }
            }
            FileAction::Sync => match self.disk.sync() {
                Ok(()) => self.writer.handle_synced(now),
                Err(reason) => self.writer.handle_failed(Operation::Sync, reason, now),
            },
            FileAction::Rotate => match self.disk.rotate() {
                Ok(opened) => self.writer.handle_rotated(opened, now),
                Err(reason) => self.writer.handle_failed(Operation::Rotate, reason, now),
            },
            FileAction::Complete(token) => {
                assert_eq!(token, self.completed, "completed out of order, seed {}", self.disk.seed);
                self.completed += 1;
            }
            FileAction::Report(report) => self.reports.push(report),
            FileAction::Close => self.closed = true,
        }
        self.judge();
        true
    }

    /// Spec, "Goals": what was acknowledged is in the file, with `every` on the disk.
    pub(super) fn judge(&self) {
        let promised = self.completed.checked_sub(1).map_or(0, |last| self.ends[last]);
        if self.fsync == Fsync::Every {
            let durable: Vec<Option<u8>> = self.disk.durable().into_iter().take(promised).collect();
            let wanted: Vec<Option<u8>> = self.appended[..promised].iter().copied().map(Some).collect();
            assert_eq!(durable, wanted, "acknowledged and not on the disk, seed {}", self.disk.seed);
        } else {
            assert_eq!(self.disk.content()[..promised], self.appended[..promised], "seed {}", self.disk.seed);
        }
    }

    pub(super) fn drain(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the writer never rests, seed {}", self.disk.seed);
    }

    /// Lets time pass to the next timeout, if there is one within `limit`.
    pub(super) fn wait(&mut self, limit: Duration) {
        let end = self.now + limit;
        while let Some(at) = self.writer.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.writer.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(super) fn append_and_drain(&mut self, record: &[u8]) {
        self.append(record);
        self.drain();
    }
}
