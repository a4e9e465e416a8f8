//! The entries of one buffer, in their order, each message once.

use super::entry::{Delivery, Entry, EntryId};
use crate::limits;
use crate::time::Utc;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

/// What the server has comes first, in its order; then what is on the way or waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    settled: VecDeque<Entry>,
    pending: VecDeque<Entry>,
    /// The messages that are here.
    known: BTreeMap<String, EntryId>,
    /// How many of the settled ones are before the gap: what comes after them is not known yet.
    gap: Option<usize>,
    /// Bytes of the texts of the settled ones.
    bytes: usize,
}

impl Entries {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        Both { settled: self.settled.iter(), pending: self.pending.iter() }
    }

    pub(super) fn get(&self, msgid: &str) -> Option<&Entry> {
        let id = *self.known.get(msgid)?;
        self.settled.iter().rev().find(|entry| entry.id == id)
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn push(&mut self, entry: Entry) -> bool {
        let is_new = self.note(&entry);
        if is_new {
            self.settled.push_back(entry);
        }
        is_new
    }

    pub(super) fn push_pending(&mut self, entry: Entry) {
        self.pending.push_back(entry);
    }

    /// Takes away what came into a gap that is still open: it is fetched again.
    pub(super) fn open_gap(&mut self) {
        if let Some(gap) = self.gap {
            let partial = self.settled.split_off(gap.min(self.settled.len()));
            partial.iter().for_each(|entry| self.forget(entry));
        }
        self.gap = Some(self.settled.len());
    }

    pub(super) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    pub(super) fn close_gap(&mut self) -> usize {
        self.gap.take().unwrap_or(self.settled.len()).min(self.settled.len())
    }

    pub(super) fn forget_before_gap(&mut self) {
        for _ in 0..self.gap.unwrap_or(0) {
            self.forget_first();
        }
    }

    pub(super) fn insert_earlier(&mut self, fetched: Vec<Entry>) -> usize {
        let start = self.gap.unwrap_or(0).min(self.settled.len());
        let mut later = self.settled.split_off(start);
        let mut added = 0;
        for entry in fetched {
            if self.note(&entry) {
                self.settled.push_back(entry);
                added += 1;
            } else if let Some(at) = later.iter().position(|other| other.msgid == entry.msgid) {
                // What came live meanwhile keeps its place between those around it.
                self.settled.extend(later.drain(..=at));
            }
        }
        self.settled.append(&mut later);
        added
    }

    pub(super) fn is_before_gap(&self, msgid: &str) -> bool {
        self.known.contains_key(msgid) && self.before_gap().rev().any(|entry| entry.msgid.as_deref() == Some(msgid))
    }

    pub(super) fn before_gap(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        let count = self.gap.unwrap_or(0).min(self.settled.len());
        self.settled.range(..count)
    }

    pub(super) fn change<T>(&mut self, id: EntryId, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        if let Some(entry) = self.pending.iter_mut().find(|entry| entry.id == id) {
            return Some(change(entry));
        }
        let entry = self.settled.iter_mut().rev().find(|entry| entry.id == id)?;
        let before = entry.size();
        let changed = change(entry);
        self.bytes = (self.bytes + entry.size()).saturating_sub(before);
        Some(changed)
    }

    pub(super) fn accepted(&mut self, id: EntryId, msgid: Option<String>, at: Utc) {
        let Some(place) = self.pending.iter().position(|entry| entry.id == id) else { return };
        let Some(mut entry) = self.pending.remove(place) else { return };
        (entry.msgid, entry.at, entry.delivery) = (msgid, at, None);
        self.push(entry);
    }

    pub(super) fn remove(&mut self, id: EntryId) -> Option<Entry> {
        if let Some(at) = self.pending.iter().position(|entry| entry.id == id) {
            return self.pending.remove(at);
        }
        let at = self.settled.iter().position(|entry| entry.id == id)?;
        self.gap = self.gap.map(|gap| gap - usize::from(at < gap));
        let entry = self.settled.remove(at)?;
        self.forget(&entry);
        Some(entry)
    }

    /// Forgets what is beyond the bounds: the oldest, and of what failed here the oldest too. How many.
    pub(super) fn shrink(&mut self) -> usize {
        let mut forgotten = 0;
        while self.settled.len() > limits::CHAT_DESK_ENTRIES || self.bytes > limits::CHAT_DESK_TEXT {
            self.forget_first();
            forgotten += 1;
        }
        while self.pending.len() > limits::CHAT_DESK_ENTRIES {
            let decided = |entry: &Entry| !matches!(entry.delivery, Some(Delivery::Waiting | Delivery::Sent));
            let at = self.pending.iter().position(decided).unwrap_or(0);
            self.pending.remove(at);
        }
        forgotten
    }

    fn forget_first(&mut self) {
        if let Some(entry) = self.settled.pop_front() {
            self.forget(&entry);
            self.gap = self.gap.map(|gap| gap.saturating_sub(1));
        }
    }

    /// Notes what is about to be settled. `false`: the message is here already.
    fn note(&mut self, entry: &Entry) -> bool {
        if let Some(msgid) = &entry.msgid {
            if self.known.contains_key(msgid) {
                return false;
            }
            self.known.insert(msgid.clone(), entry.id);
        }
        self.bytes += entry.size();
        true
    }

    fn forget(&mut self, entry: &Entry) {
        self.bytes = self.bytes.saturating_sub(entry.size());
        if let Some(msgid) = &entry.msgid {
            self.known.remove(msgid);
        }
    }
}

/// Two lists behind each other. `Chain` does not know its length.
struct Both<'a> {
    settled: alloc::collections::vec_deque::Iter<'a, Entry>,
    pending: alloc::collections::vec_deque::Iter<'a, Entry>,
}

impl<'a> Iterator for Both<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<Self::Item> {
        self.settled.next().or_else(|| self.pending.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.settled.len() + self.pending.len();
        (count, Some(count))
    }
}

impl DoubleEndedIterator for Both<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.pending.next_back().or_else(|| self.settled.next_back())
    }
}

impl ExactSizeIterator for Both<'_> {}
