//! The decisions of the thread that writes one log file: when to write, sync, rotate, try again, and whom to tell.

mod backlog;
#[cfg(test)]
mod tests;
mod trouble;

use super::rotation::Rotation;
use crate::limits;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::string::String;
use backlog::Backlog;
use core::time::Duration;
use trouble::Troubles;

/// When what was written is forced onto the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before a record counts as done. Records that wait together share one sync.
    Every,
    /// [`limits::LOG_SYNC_INTERVAL`] after the first unsynced byte.
    #[default]
    Interval,
    /// When a connection ends.
    Close,
}

/// How one file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterOptions {
    /// When to sync. In each case also before a rotation, before a reopening and at the end.
    pub fsync: Fsync,
    /// When to rotate.
    pub rotation: Rotation,
    /// Records are whole lines, so a file found with an unfinished one gets a line end first.
    pub writes_lines: bool,
}

/// What was found when a file was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its size in bytes.
    pub size: u64,
    /// Time since its first byte, as well as that is known.
    pub age: Duration,
    /// It does not end in LF.
    pub ends_mid_line: bool,
    /// The name still leads to the file that was open, and this one stays in use.
    pub is_same: bool,
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Opening or creating the file.
    Open,
    /// Appending to it.
    Write,
    /// Forcing it onto the disk.
    Sync,
    /// Renaming it and creating the next.
    Rotate,
}

/// What people should hear about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileReport {
    /// An operation fails and is tried again until it works. Said once for each reason.
    Failing {
        /// What fails.
        operation: Operation,
        /// Why, in the system's words.
        reason: String,
    },
    /// What was failing works again.
    Works {
        /// What failed.
        operation: Operation,
        /// Since it failed first.
        after: Duration,
    },
}

/// One thing to do, see the crate's run-loop contract. Each is answered by the `handle_` method that its comment names, or by
/// [`FileWriter::handle_failed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAction<T> {
    /// Open (create if need be) the file by its name, instead of the one that is open. [`FileWriter::handle_opened`]
    Open,
    /// Append [`FileWriter::next_write`], or a part of it. [`FileWriter::handle_written`]
    Write,
    /// Put all of [`FileWriter::next_rewrite`] at its offset. [`FileWriter::handle_rewritten`]
    Rewrite,
    /// Force the file onto the disk. [`FileWriter::handle_synced`]
    Sync,
    /// Rename the file and create the next; if either fails, the old one stays. [`FileWriter::handle_rotated`]
    Rotate,
    /// The record with this token is as safe as was asked. No answer.
    Complete(T),
    /// Tell people. No answer.
    Report(FileReport),
    /// Everything is written and synced; close the file, if there is one. No answer.
    Close,
}

/// One log file. `T` is what comes back when a record is safe, such as the sender of an answer.
///
/// No byte is lost, doubled or reordered by a failure, except that a reopening while syncs fail (`fsync` `Every`)
/// writes the unsynced bytes into the new file too.
#[derive(Debug)]
pub struct FileWriter<T> {
    options: WriterOptions,
    backlog: Backlog<T>,
    outbox: VecDeque<FileAction<T>>,
    troubles: Troubles,
    /// Size of the open file; `None` while there is none.
    size: Option<u64>,
    /// The file's unfinished last line must be ended first.
    heal_due: bool,
    open_due: bool,
    sync_due: bool,
    rotate_due: bool,
    close_due: bool,
    /// The segment to be written again after a sync failed.
    rewriting: Option<usize>,
    sync_at: Option<Instant>,
    rotate_at: Option<Instant>,
}

impl<T> FileWriter<T> {
    /// A writer that has yet to open its file.
    #[must_use]
    pub fn new(options: WriterOptions) -> Self {
        Self {
            options,
            backlog: Backlog::new(options.fsync == Fsync::Every),
            outbox: VecDeque::new(),
            troubles: Troubles::default(),
            size: None,
            heal_due: false,
            open_due: true,
            sync_due: false,
            rotate_due: false,
            close_due: false,
            rewriting: None,
            sync_at: None,
            rotate_at: None,
        }
    }

    /// Append this record. The caller bounds how much waits.
    pub fn handle_append(&mut self, record: &[u8], token: T) {
        self.backlog.push(record, token);
        // An empty record has nothing to wait for but those before it.
        self.complete();
    }

    /// A connection that wrote here ended.
    pub fn handle_stream_end(&mut self) {
        if self.options.fsync == Fsync::Close {
            self.sync_due = true;
        }
    }

    /// Open the file by its name again (SIGHUP).
    pub fn handle_reopen(&mut self) {
        self.open_due = true;
        self.troubles.retry_now(Operation::Open);
    }

    /// Nothing more will be appended: finish and close.
    pub fn handle_close(&mut self) {
        self.close_due = true;
    }

    /// The file is open.
    pub fn handle_opened(&mut self, opened: Opened, now: Instant) {
        self.open_due = false;
        self.works(Operation::Open, now);
        self.adopt(opened, now);
    }

    /// The file was renamed and the next is open.
    pub fn handle_rotated(&mut self, opened: Opened, now: Instant) {
        self.works(Operation::Rotate, now);
        self.adopt(opened, now);
    }

    /// The file took the first `len` bytes (not 0) of [`Self::next_write`]; the first of them is at offset `at`.
    pub fn handle_written(&mut self, len: usize, at: u64, now: Instant) {
        self.works(Operation::Write, now);
        let len = len as u64;
        if let (Some(max_age), None, false) = (self.options.rotation.max_age, self.rotate_at, self.rotate_due) {
            self.rotate_at = Some(now + max_age);
        }
        self.size = Some(at + len);
        if self.heal_due {
            self.heal_due = false;
            return;
        }
        self.backlog.advance(len, at);
        if self.options.fsync == Fsync::Interval && self.sync_at.is_none() && !self.sync_due {
            self.sync_at = Some(now + limits::LOG_SYNC_INTERVAL);
        }
        self.complete();
    }

    /// [`Self::next_rewrite`] is in its place.
    pub fn handle_rewritten(&mut self) {
        self.rewriting = self.rewriting.map(|n| n + 1).filter(|&n| self.backlog.segment(n).is_some());
    }

    /// Everything written so far is on the disk.
    pub fn handle_synced(&mut self, now: Instant) {
        self.works(Operation::Sync, now);
        self.sync_due = false;
        self.sync_at = None;
        self.backlog.mark_synced();
        self.complete();
    }

    /// The action could not be done, or only in part (then `handle_written` came before).
    pub fn handle_failed(&mut self, operation: Operation, reason: String, now: Instant) {
        if operation == Operation::Sync && self.options.fsync == Fsync::Every {
            // The kernel may have dropped the pages it could not write, and would call the next sync a success.
            self.rewriting = self.backlog.segment(0).map(|_| 0);
        }
        if let Some(report) = self.troubles.add(operation, reason, now) {
            self.outbox.push_back(FileAction::Report(report));
        }
    }

    /// The time of [`Self::poll_timeout`] came.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.troubles.handle_timeout(now);
        if self.sync_at.take_if(|at| *at <= now).is_some() {
            self.sync_due = true;
        }
        if self.rotate_at.take_if(|at| *at <= now).is_some() {
            self.rotate_due = true;
        }
    }

    /// When to call [`Self::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.troubles.poll_timeout(), self.sync_at, self.rotate_at].into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<FileAction<T>> {
        self.outbox.pop_front().or_else(|| self.next_operation())
    }

    /// The bytes for [`FileAction::Write`]; not empty then.
    #[must_use]
    pub fn next_write(&self) -> &[u8] {
        if self.heal_due {
            return b"\n";
        }
        let may_rotate = !self.troubles.waits(Operation::Rotate);
        let max_bytes = self.options.rotation.max_bytes.filter(|_| may_rotate);
        let room = max_bytes.map(|max| max.saturating_sub(self.size.unwrap_or(0)));
        self.backlog.unwritten(limits::LOG_WRITE, room)
    }

    /// Offset and bytes for [`FileAction::Rewrite`].
    #[must_use]
    pub fn next_rewrite(&self) -> Option<(u64, &[u8])> {
        self.backlog.segment(self.rewriting?).map(|(segment, bytes)| (segment.at, bytes))
    }

    /// Bytes that no file has taken yet.
    #[must_use]
    pub fn unwritten_bytes(&self) -> u64 {
        self.backlog.unwritten_bytes()
    }

    fn next_operation(&mut self) -> Option<FileAction<T>> {
        if self.close_due && self.size.is_none() && !self.backlog.has_unwritten() {
            // Nothing was ever written and nothing will be: no reason to wait for a file that cannot be opened.
            self.close_due = false;
            self.open_due = false;
            return Some(FileAction::Close);
        }
        if self.open_due && !self.troubles.waits(Operation::Open) {
            // The old file is synced while it is still in our hands, unless that is what does not work.
            let sync_first = self.backlog.has_unsynced() && !self.troubles.has(Operation::Sync);
            return Some(if sync_first { FileAction::Sync } else { FileAction::Open });
        }
        let size = self.size?;
        if self.must_sync() {
            if !self.troubles.waits(Operation::Sync) {
                return Some(if self.rewriting.is_some() { FileAction::Rewrite } else { FileAction::Sync });
            }
            if self.options.fsync == Fsync::Every {
                return None;
            }
        }
        if self.must_rotate(size) {
            let sync_first = self.backlog.has_unsynced() && !self.troubles.waits(Operation::Sync);
            return Some(if sync_first { FileAction::Sync } else { FileAction::Rotate });
        }
        if self.backlog.has_unwritten() {
            return (!self.troubles.waits(Operation::Write)).then_some(FileAction::Write);
        }
        if !self.close_due {
            return None;
        }
        if self.backlog.has_unsynced() {
            return (!self.troubles.waits(Operation::Sync)).then_some(FileAction::Sync);
        }
        self.close_due = false;
        Some(FileAction::Close)
    }

    fn must_sync(&mut self) -> bool {
        if !self.backlog.has_unsynced() {
            self.sync_due = false;
            return false;
        }
        // All that waits is written first, so that it shares the sync; but what a full disk took is not kept waiting.
        let group_is_written = !self.backlog.has_unwritten() || self.troubles.waits(Operation::Write);
        self.sync_due || self.rewriting.is_some() || (self.options.fsync == Fsync::Every && group_is_written)
    }

    fn must_rotate(&self, size: u64) -> bool {
        let is_due = (self.rotate_due && size > 0)
            || (self.backlog.has_unwritten() && self.options.rotation.is_due_by_size(size, self.backlog.next_record()));
        is_due && self.backlog.is_at_boundary() && !self.troubles.waits(Operation::Rotate)
    }

    /// Another file is open now, unless it is the same.
    fn adopt(&mut self, opened: Opened, now: Instant) {
        if opened.is_same && self.size.is_some() {
            return;
        }
        self.backlog.restart_unsynced();
        self.rewriting = None;
        self.sync_due = false;
        self.sync_at = None;
        // What failed on the old file may work on this one.
        self.troubles.retry_now(Operation::Write);
        self.troubles.retry_now(Operation::Sync);
        self.size = Some(opened.size);
        self.heal_due = self.options.writes_lines && opened.ends_mid_line && self.backlog.is_at_boundary();
        self.rotate_due = false;
        let max_age = self.options.rotation.max_age.filter(|_| opened.size > 0);
        self.rotate_at = max_age.map(|max| now + max.saturating_sub(opened.age));
    }

    fn complete(&mut self) {
        while let Some(token) = self.backlog.pop_done() {
            self.outbox.push_back(FileAction::Complete(token));
        }
    }

    fn works(&mut self, operation: Operation, now: Instant) {
        if let Some(report) = self.troubles.remove(operation, now) {
            self.outbox.push_back(FileAction::Report(report));
        }
    }
}
