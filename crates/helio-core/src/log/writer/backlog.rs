//! What a log file still has to take: bytes, where each record ends, who waits for it, and what is not yet synced.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Positions count all bytes that were ever handed in, from 0; `synced <= written <= appended`.
#[derive(Debug)]
pub(super) struct Backlog<T> {
    /// The bytes from position `start` on. Bytes that can be asked for again (see `keep_unsynced`) are still in it.
    bytes: Vec<u8>,
    start: u64,
    written: u64,
    synced: u64,
    /// Ends of the records whose token was not taken yet.
    records: VecDeque<(u64, T)>,
    /// End of the last record whose token was taken.
    finished: u64,
    /// Keep bytes until they are synced, not only until they are written.
    keep_unsynced: bool,
    /// Where in the file the bytes from `synced` to `written` are, if they are kept.
    segments: VecDeque<Segment>,
}

/// Bytes that lie together in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Offset in the file.
    pub(super) at: u64,
    /// Position of its first byte.
    pub(super) from: u64,
    pub(super) len: u64,
}

impl<T> Backlog<T> {
    pub(super) fn new(keep_unsynced: bool) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            written: 0,
            synced: 0,
            records: VecDeque::new(),
            finished: 0,
            keep_unsynced,
            segments: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, record: &[u8], token: T) {
        self.bytes.extend_from_slice(record);
        self.records.push_back((self.appended(), token));
    }

    pub(super) fn has_unwritten(&self) -> bool {
        self.written < self.appended()
    }

    pub(super) fn has_unsynced(&self) -> bool {
        self.synced < self.written
    }

    /// No record is partly in the file.
    pub(super) fn is_at_boundary(&self) -> bool {
        self.written == self.finished || self.records.binary_search_by_key(&self.written, |r| r.0).is_ok()
    }

    /// Length of the record, or rest of one, that is written next; 0 if there is none.
    pub(super) fn next_record(&self) -> u64 {
        self.records.get(self.first_unwritten()).map_or(0, |record| record.0 - self.written)
    }

    /// The next unwritten bytes: at most `most`; whole records that fit into `room`, and at least (the rest of) one.
    pub(super) fn unwritten(&self, most: usize, room: Option<u64>) -> &[u8] {
        let end = match room {
            None => self.appended(),
            Some(room) => {
                let limit = self.written.saturating_add(room).max(self.written + self.next_record());
                let fitting = self.records.partition_point(|record| record.0 <= limit);
                fitting.checked_sub(1).map_or(self.written, |last| self.records[last].0)
            }
        };
        let len = (end - self.written).min(most as u64);
        self.slice(self.written, len)
    }

    /// The file took `len` bytes at offset `at`.
    pub(super) fn advance(&mut self, len: u64, at: u64) {
        if self.keep_unsynced {
            match self.segments.back_mut() {
                Some(last) if last.at + last.len == at => last.len += len,
                _ => self.segments.push_back(Segment { at, from: self.written, len }),
            }
        }
        self.written += len;
        self.forget();
    }

    /// Everything written is safe.
    pub(super) fn mark_synced(&mut self) {
        self.synced = self.written;
        self.segments.clear();
        self.forget();
    }

    pub(super) fn segment(&self, n: usize) -> Option<(Segment, &[u8])> {
        self.segments.get(n).map(|s| (*s, self.slice(s.from, s.len)))
    }

    /// What was written and not synced is to be written again, in another file; or else is given up as it is.
    pub(super) fn restart_unsynced(&mut self) {
        if self.keep_unsynced {
            self.written = self.synced;
            self.segments.clear();
        }
        self.synced = self.written;
    }

    /// The token of the next record that is entirely written (and synced, if that is what it waits for).
    pub(super) fn pop_done(&mut self) -> Option<T> {
        let done = if self.keep_unsynced { self.synced } else { self.written };
        if self.records.front()?.0 > done {
            return None;
        }
        let (end, token) = self.records.pop_front()?;
        self.finished = end;
        Some(token)
    }

    /// Bytes that no file has taken.
    pub(super) fn unwritten_bytes(&self) -> u64 {
        self.appended() - self.written
    }

    fn appended(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn first_unwritten(&self) -> usize {
        self.records.partition_point(|record| record.0 <= self.written)
    }

    fn slice(&self, from: u64, len: u64) -> &[u8] {
        let from = (from - self.start) as usize;
        &self.bytes[from..from + len as usize]
    }

    /// Drops bytes that nobody will ask for, when that moves less than it frees.
    fn forget(&mut self) {
        let needed_from = if self.keep_unsynced { self.synced } else { self.written };
        let unneeded = (needed_from - self.start) as usize;
        if unneeded >= self.bytes.len() - unneeded {
            self.bytes.drain(..unneeded);
            self.start = needed_from;
            if self.bytes.is_empty() && self.bytes.capacity() > 2 * crate::limits::LOG_WRITE {
                self.bytes = Vec::new();
            }
        }
    }
}
