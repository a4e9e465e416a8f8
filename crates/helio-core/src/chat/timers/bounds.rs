//! What must hold of the timers at any time.

use super::Timers;
use crate::chat::sessions::Sessions;
use alloc::collections::BTreeSet;

impl Timers {
    pub(in crate::chat) fn check_bounds(&self, sessions: &Sessions) {
        let entries: BTreeSet<_> = self.by_session.iter().map(|(id, at)| (*at, *id)).collect();
        assert_eq!(self.by_time, entries, "one entry for each session");
        for id in self.by_session.keys() {
            assert!(sessions.get(*id).is_some(), "a timer of a connection that is gone");
        }
        for id in sessions.ids() {
            let is_closing = sessions.get(id).is_some_and(|session| session.is_closing());
            assert!(is_closing || self.by_session.contains_key(&id), "{id:?} is never looked after again");
        }
    }
}
