//! Messages that are being redacted. First a message is looked for and read, since who may redact it depends on it; then it is
//! erased; when it is gone, that is told. `spec/event-log.md`, "Redaction".

use super::event::Redacted;
use super::ids::{MsgId, RoomId, SessionId, Ticket, UserId};
use super::policy::Right;
use alloc::collections::BTreeMap;
use alloc::string::String;

/// What waits for the disk. Bounded by [`limits::CHAT_REDACTIONS_TOTAL`](crate::limits::CHAT_REDACTIONS_TOTAL).
#[derive(Debug, Default)]
pub(super) struct Redacting {
    /// Messages that are looked for.
    pub(super) sought: BTreeMap<Ticket, Asked>,
    /// Messages that are being erased.
    pub(super) erased: BTreeMap<Ticket, Approved>,
}

/// Who asked that a message be redacted, and which.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) session: SessionId,
    pub(super) user: UserId,
    /// The answer carries it.
    pub(super) label: Option<String>,
    /// As it was written.
    pub(super) target: String,
    /// Where the conversation is kept.
    pub(super) log: String,
    pub(super) place: Venue,
    pub(super) msgid: MsgId,
    pub(super) reason: Option<String>,
}

/// Where the message is said to be.
#[derive(Clone, Debug)]
pub(super) enum Venue {
    Room {
        id: RoomId,
        name: String,
    },
    /// Of the one who asked and whoever has this nickname.
    Private {
        with: String,
    },
}

/// What will have happened when the message is gone.
#[derive(Clone, Debug)]
pub(super) struct Approved {
    pub(super) asked: Asked,
    pub(super) redacted: Redacted,
    pub(super) right: Right,
    /// That it could not be erased yet was told already, and nobody waits any more.
    pub(super) is_answered: bool,
}

impl Redacting {
    pub(super) fn len(&self) -> usize {
        self.sought.len() + self.erased.len()
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self, sessions: &super::sessions::Sessions) {
        assert!(self.len() <= crate::limits::CHAT_REDACTIONS_TOTAL, "{} redactions", self.len());
        let waiting = sessions.ids().into_iter().filter_map(|id| sessions.get(id)).map(|session| session.redactions);
        assert!(waiting.sum::<usize>() <= self.len(), "a session waits for a redaction that nobody owes");
    }
}
