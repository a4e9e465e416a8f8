//! What must hold of the table of connections at any time.

use super::{SessionId, Sessions};
use crate::chat::session::Stage;
use crate::limits;
use alloc::collections::BTreeSet;

impl Sessions {
    /// `queue_max`: the greatest bound that held so far.
    pub(in crate::chat) fn check_bounds(&self, queue_max: usize) {
        let ids = self.ids();
        assert_eq!((self.len, self.slots.len()), (ids.len(), ids.len() + self.free.len()), "places in the table");
        assert!(self.overflowed.is_empty(), "queues over their bound are looked after in the same turn");
        let listed: BTreeSet<SessionId> = self.listed.iter().copied().collect();
        assert_eq!(listed.len(), self.listed.len(), "each is listed once");
        let registering =
            |id: &&SessionId| self.get(**id).is_some_and(|session| matches!(session.stage, Stage::Registering(_)));
        assert_eq!(self.registering, ids.iter().filter(registering).count(), "connections that are nobody yet");
        for id in ids {
            let session = self.get(id).expect("a listed session");
            assert_eq!(session.is_listed, listed.contains(&id), "whether {id:?} is listed");
            // The last words come on top.
            assert!(session.out.len() <= queue_max + limits::IRC_BODY, "queue of {} bytes", session.out.len());
            assert!(session.out.holds() <= limits::CHAT_HELD_LINES, "{} holds", session.out.holds());
            assert!(session.waiting.len() <= limits::CHAT_WAITING_LINES, "{} lines wait", session.waiting.len());
            assert!(session.answering.len() <= limits::CHAT_ANSWERS, "{} answers", session.answering.len());
            assert!(session.subscriptions.len() <= limits::CHAT_METADATA_SUBS, "subscriptions");
            assert!(session.staged.len() <= limits::CHAT_METADATA_KEYS, "metadata of who is nobody yet");
            if session.is_closing() {
                let has_nothing = session.waiting.is_empty() && session.answering.is_empty();
                assert!(has_nothing && session.multiline.is_none(), "{id:?} is closing");
            }
            if let Stage::Registering(registration) = &session.stage {
                assert!(registration.lines <= limits::CHAT_REGISTRATION_LINES, "{} lines", registration.lines);
            }
            session.multiline.iter().for_each(|open| open.check_bounds());
        }
    }
}
