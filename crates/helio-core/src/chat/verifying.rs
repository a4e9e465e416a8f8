//! Passwords that are being compared, or made ready to be compared later: whose they are, and what for.
//!
//! What a session says behind a password waits until there is an answer: what comes next may depend on it, and answers keep
//! the order of the commands.

use super::Chat;
use super::command::login::Claim;
use super::command::{self, NewPassword};
use super::credential::Credential;
use super::effect::{Effect, Password, Verdict};
use super::ids::{SessionId, Ticket};
use super::settings::Operator;
use crate::limits;
use crate::time::Now;
use alloc::collections::BTreeMap;
use alloc::string::String;

impl Chat {
    /// The answer to [`Effect::Verify`].
    pub fn handle_verified(&mut self, ticket: Ticket, verdict: Verdict, now: Now) {
        command::verified(self, ticket, verdict, now);
        self.settle(now);
    }

    /// The answer to [`Effect::Derive`]; `None`: it could not be done, or there was no room for it.
    pub fn handle_derived(&mut self, ticket: Ticket, credential: Option<Credential>, now: Now) {
        command::derived(self, ticket, credential, now);
        self.settle(now);
    }
}

/// Comparisons that are not answered, at most one for each session. Bounded by [`limits::CHAT_VERIFICATIONS`].
#[derive(Debug, Default)]
pub(super) struct Verifying(BTreeMap<Ticket, (SessionId, Purpose)>);

/// What a password is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be let in.
    Pass,
    /// To log in, by SASL or, before registration, by PASS. A response of SASL carries its label.
    LogIn { claim: Claim, by: LogInBy },
    /// To be the password of a new account; the answer carries the label.
    /// With the id of the invitation, where one is needed.
    Register { account: String, label: Option<String>, invite: Option<String> },
    /// The old one of an account, or a new one in its place.
    ChangePassword(NewPassword),
    /// To become a server operator.
    Oper {
        /// As the settings knew the operator then; `None` for a name that nobody has.
        operator: Option<Operator>,
        /// The answer carries it.
        label: Option<String>,
        /// The name that was given.
        name: String,
    },
}

/// How a password came that is to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LogInBy {
    Sasl { label: Option<String> },
    Pass,
}

impl Verifying {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= limits::CHAT_VERIFICATIONS
    }

    pub(super) fn forget_session(&mut self, id: SessionId) {
        self.0.retain(|_, (session, _)| *session != id);
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self, sessions: &super::sessions::Sessions) {
        assert!(self.0.len() <= limits::CHAT_VERIFICATIONS, "{} passwords", self.0.len());
        let waiting: alloc::vec::Vec<SessionId> = self.0.values().map(|(id, _)| *id).collect();
        let mut held = sessions.ids();
        held.retain(|id| sessions.get(*id).is_some_and(|session| session.is_verifying));
        assert!(held.iter().all(|id| waiting.contains(id)), "a session waits for an answer that nobody owes");
        assert_eq!(waiting.len(), held.len(), "one password for each session that waits");
    }
}

/// Asks that a password be compared; the session's further lines wait for the answer.
pub(super) fn begin(chat: &mut Chat, id: SessionId, purpose: Purpose, password: Password, hash: String) {
    if let Some(ticket) = wait(chat, id, purpose) {
        chat.effects.push_back(Effect::Verify { ticket, password, hash });
    }
}

/// Asks that a password be made ready to be compared later; the session's further lines wait for the answer.
pub(super) fn derive(chat: &mut Chat, id: SessionId, purpose: Purpose, password: Password) {
    if let Some(ticket) = wait(chat, id, purpose) {
        chat.effects.push_back(Effect::Derive { ticket, password });
    }
}

fn wait(chat: &mut Chat, id: SessionId, purpose: Purpose) -> Option<Ticket> {
    chat.sessions.get_mut(id)?.is_verifying = true;
    let ticket = chat.storage.ticket();
    chat.verifying.0.insert(ticket, (id, purpose));
    Some(ticket)
}

/// There is an answer: whose, and to what. `None`: the session is gone.
pub(super) fn end(chat: &mut Chat, ticket: Ticket) -> Option<(SessionId, Purpose)> {
    let (id, purpose) = chat.verifying.0.remove(&ticket)?;
    chat.sessions.get_mut(id)?.is_verifying = false;
    Some((id, purpose))
}
