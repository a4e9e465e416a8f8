//! What must hold at any time of what waits for the disk.

use super::{About, Purpose, Reading, Storage};
use crate::chat::sessions::Sessions;
use crate::chat::state::State;
use crate::limits;

impl Storage {
    pub(in crate::chat) fn check_bounds(&self, state: &State, sessions: &Sessions) {
        assert!(self.uncommitted.len() <= limits::CHAT_UNCOMMITTED, "{} appends wait", self.uncommitted.len());
        assert!(self.uncommitted.iter().is_sorted_by_key(|waiting| waiting.ticket), "appends are in order");
        assert!(
            self.uncommitted.back().is_none_or(|waiting| waiting.ticket.0 <= self.last_ticket),
            "the newest ticket"
        );
        assert!(self.unsaved.is_empty() || self.probe_at.is_some(), "what is not saved is saved by a probe");
        let open = sessions.ids().len();
        // A connection that is gone leaves the reads that it asked for until they are answered.
        let of_open = self.reads.values().filter(|reading| sessions.get(reading.session).is_some());
        // TARGETS reads each room of the asker, and each conversation.
        let targets = limits::CHAT_ROOMS_PER_USER + limits::CHAT_CONVERSATIONS;
        let most = limits::CHAT_HELD_LINES + limits::CHAT_HISTORY_READS * targets;
        assert!(of_open.count() <= open * most, "{} reads wait", self.reads.len());
        assert!(self.reads.keys().all(|ticket| ticket.0 <= self.last_ticket), "the newest ticket");
        for ((session, room), newest) in &self.newest_reads {
            let is_replay = |reading: &Reading| matches!(reading.purpose, Purpose::Replay);
            let is_of = |reading: &Reading| matches!(&reading.about, About::Room { id, .. } if id == room);
            let of_both = |reading: &Reading| is_replay(reading) && reading.session == *session && is_of(reading);
            let last = self.reads.iter().rfind(|(_, reading)| of_both(reading)).map(|(ticket, _)| ticket);
            assert_eq!(last, Some(newest), "the newest read of {session:?} for {room}");
        }
        assert!(state.rooms.len() <= limits::CHAT_ROOMS, "what can be unsaved");
    }
}
