//! When something was last said in each room, as far as this run of the service knows: what CHATHISTORY TARGETS asks. The
//! truth is in the rooms' logs; where it is not known it is read from there.

use super::event::{Event, RoomEvent, Said, SaidKind, Scope, Whence};
use super::ids::RoomId;
use super::state::{State, Statuses};
use alloc::collections::BTreeMap;

/// At most one entry for each room that there is.
#[derive(Debug, Default)]
pub(super) struct Latest {
    /// Microseconds since 1970 in UTC. `None`: nothing was ever said there.
    known: BTreeMap<RoomId, Option<i64>>,
}

impl Latest {
    /// Takes note of what just happened: of messages that all in a room may see, as history shows them.
    pub(super) fn note(&mut self, state: &State, event: &Event) {
        match event {
            Event::Said(said, Scope::Room { room, least }) if *least == Statuses::NONE => {
                if let Some(room) = state.room(room) {
                    self.said(&room.id, said);
                }
            }
            Event::Room(RoomEvent::Ended { id, .. }) => _ = self.known.remove(id),
            // It may have been the newest.
            Event::Redacted(redacted) => {
                if let Whence::Room { id, .. } = &redacted.whence {
                    self.known.remove(id);
                }
            }
            Event::Said(..)
            | Event::Room(_)
            | Event::Account(_)
            | Event::Presence(_)
            | Event::Marked(_)
            | Event::Metadata(_)
            | Event::Audit(_)
            | Event::Server(_) => {}
        }
    }

    fn said(&mut self, id: &RoomId, said: &Said) {
        match (said.kind, self.known.get_mut(id)) {
            (SaidKind::Tagmsg | SaidKind::Topic | SaidKind::Mode | SaidKind::Rename, _) => {}
            (SaidKind::Privmsg | SaidKind::Notice, Some(known)) => *known = Some(said.at_us),
            (SaidKind::Privmsg | SaidKind::Notice, None) => _ = self.known.insert(id.clone(), Some(said.at_us)),
        }
    }

    /// What the log of a room that there is says. What was said since the question counts more.
    pub(super) fn learn(&mut self, id: &RoomId, at_us: Option<i64>) {
        self.known.entry(id.clone()).or_insert(at_us);
    }

    /// When something was last said in a room; `None`: not known.
    pub(super) fn of(&self, id: &RoomId) -> Option<Option<i64>> {
        self.known.get(id).copied()
    }

    /// A commit failed: what was said last may not be in the logs.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self, state: &State) {
        let is_there = |id: &RoomId| state.rooms.values().any(|room| room.id == *id);
        assert!(self.known.keys().all(is_there), "rooms that are no more");
    }
}
