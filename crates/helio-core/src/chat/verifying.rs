//! Passwords that are being compared: whose they are, and what for.

use super::ids::{SessionId, Ticket};
use crate::limits;
use alloc::collections::BTreeMap;
use alloc::string::String;

/// Comparisons that are not answered. Bounded by [`limits::CHAT_VERIFICATIONS`].
#[derive(Debug, Default)]
pub(super) struct Verifying(BTreeMap<Ticket, (SessionId, Purpose)>);

/// What a password is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be let in.
    Pass,
    /// To become the server operator `name`; the answer carries the label.
    Oper { name: String, label: Option<String> },
}

impl Verifying {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= limits::CHAT_VERIFICATIONS
    }

    pub(super) fn wait(&mut self, ticket: Ticket, session: SessionId, purpose: Purpose) {
        self.0.insert(ticket, (session, purpose));
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<(SessionId, Purpose)> {
        self.0.remove(&ticket)
    }

    pub(super) fn forget_session(&mut self, id: SessionId) {
        self.0.retain(|_, (session, _)| *session != id);
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self, sessions: &super::sessions::Sessions) {
        assert!(self.0.len() <= limits::CHAT_VERIFICATIONS, "{} passwords", self.0.len());
        assert!(self.0.values().all(|(id, _)| sessions.get(*id).is_some()), "of a connection that is gone");
    }
}
