//! A room's list of masks. Each is parsed once, when it is set, for the list is asked on every message.

use super::ListEntry;
use crate::irc::extban;
use alloc::vec::Vec;

/// The entries of one list in the order in which they were set; bounded by
/// [`limits::CHAT_ROOM_LIST_ENTRIES`](crate::limits::CHAT_ROOM_LIST_ENTRIES) over a room's lists together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct MaskList(Vec<Listed>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    entry: ListEntry,
    meaning: extban::ListEntry,
}

impl MaskList {
    pub(in crate::chat) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::chat) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::chat) fn iter(&self) -> impl DoubleEndedIterator<Item = &ListEntry> {
        self.0.iter().map(|listed| &listed.entry)
    }

    /// The entry with this mask, whatever the case in which it is written.
    pub(in crate::chat) fn get(&self, mask: &str) -> Option<&ListEntry> {
        self.iter().find(|entry| entry.mask.eq_ignore_ascii_case(mask))
    }

    /// Adds an entry. One with the same mask is replaced; one that is no mask changes nothing.
    pub(in crate::chat) fn add(&mut self, entry: &ListEntry) {
        if let Ok(meaning) = extban::ListEntry::parse(&entry.mask) {
            self.remove(&entry.mask);
            self.0.push(Listed { entry: entry.clone(), meaning });
        }
    }

    pub(in crate::chat) fn remove(&mut self, mask: &str) {
        self.0.retain(|listed| !listed.entry.mask.eq_ignore_ascii_case(mask));
    }

    /// Whether an entry means somebody as a whole: mutes do not count.
    pub(in crate::chat) fn means(&self, nick_user_host: &str, account: Option<&str>) -> bool {
        self.0.iter().any(|listed| !listed.meaning.is_mute && listed.meaning.matches(nick_user_host, account))
    }

    /// Whether an entry that only mutes means somebody.
    pub(in crate::chat) fn mutes(&self, nick_user_host: &str, account: Option<&str>) -> bool {
        self.0.iter().any(|listed| listed.meaning.is_mute && listed.meaning.matches(nick_user_host, account))
    }
}

impl<'a> FromIterator<&'a ListEntry> for MaskList {
    fn from_iter<I: IntoIterator<Item = &'a ListEntry>>(entries: I) -> Self {
        let mut list = Self::default();
        entries.into_iter().for_each(|entry| list.add(entry));
        list
    }
}
