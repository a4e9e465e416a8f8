//! Rooms in which nobody is, found without looking at all rooms.

use super::Room;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;

/// Two indexes over the rooms without members.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct EmptyRooms {
    /// Rooms that are kept and not registered, by the time since when nobody is there.
    kept: BTreeSet<(Utc, Box<str>)>,
    /// Rooms with nothing worth keeping.
    unneeded: BTreeSet<Box<str>>,
}

impl EmptyRooms {
    /// Forgets the room at `key` as it is, before it changes or goes.
    pub(in crate::chat) fn forget(&mut self, key: &str, room: &Room) {
        match room.empty_since {
            Some(_) if room.ownership.is_some() => {}
            Some(since) if room.is_lasting => _ = self.kept.remove(&(since, key.into())),
            Some(_) => _ = self.unneeded.remove(key),
            None => {}
        }
    }

    /// Notes the room at `key` as it is, after it came or changed.
    pub(in crate::chat) fn note(&mut self, key: &str, room: &Room) {
        match room.empty_since {
            // Registered rooms wait for nobody.
            Some(_) if room.ownership.is_some() => {}
            Some(since) if room.is_lasting => _ = self.kept.insert((since, key.into())),
            Some(_) => _ = self.unneeded.insert(key.into()),
            None => {}
        }
    }

    /// How many there are.
    pub(in crate::chat) fn len(&self) -> usize {
        self.kept.len() + self.unneeded.len()
    }

    /// A room that nobody needs.
    pub(in crate::chat) fn unneeded(&self) -> Option<&str> {
        self.unneeded.first().map(|key| &**key)
    }

    /// The kept room, not registered, that has been empty for longest, and since when.
    pub(in crate::chat) fn oldest(&self) -> Option<(Utc, &str)> {
        self.kept.first().map(|(since, key)| (*since, &**key))
    }
}
