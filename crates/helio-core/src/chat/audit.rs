//! What was done by privilege, or tried: by whom, to whom, when. `spec/audit.md` describes the log.
//!
//! Never what somebody said, and never a password or what one is compared with.

use super::Chat;
use super::effect::Effect;
use super::event::Event;
use super::ids::{SessionId, Ticket};
use super::state::User;
use super::storage::{self, RecordError};
use crate::irc::line::truncate_utf8;
use crate::limits;
use crate::time::Now;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

// spec: begin

/// A record of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When, microseconds since 1970 in UTC.
    pub at_us: i64,
    /// Who did it.
    pub by: By,
    /// What was done: a command, or a request to the control socket, in lower case with hyphens.
    pub act: String,
    /// To whom or what; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// More about it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// It was tried and refused.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub is_refused: bool,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum By {
    /// Whoever runs the server, by `helio` on its machine.
    Control {
        /// The user of the system, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<u32>,
    },
    /// A server operator.
    Operator {
        /// The operator's name in the settings.
        name: String,
        /// `nick!user@host`.
        mask: String,
    },
    /// Anybody else.
    User {
        /// `nick!user@host`.
        mask: String,
        /// The account that they are logged in to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
    },
    /// The server itself.
    Server,
}

// spec: end

/// What was done, without who and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed<'a> {
    pub(super) act: &'a str,
    pub(super) target: &'a str,
    pub(super) detail: &'a str,
    pub(super) is_refused: bool,
}

impl<'a> Deed<'a> {
    pub(super) fn done(act: &'a str, target: &'a str, detail: &'a str) -> Self {
        Self { act, target, detail, is_refused: false }
    }

    pub(super) fn refused(act: &'a str, target: &'a str, detail: &'a str) -> Self {
        Self { act, target, detail, is_refused: true }
    }
}

/// What is known of the log itself.
#[derive(Debug)]
pub(super) struct Audit {
    /// Records since it was trimmed. The first one of a run trims, too.
    since_trim: u32,
    /// Records that could not be written and are not told of yet.
    lost: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { since_trim: limits::CHAT_AUDIT_SPARE, lost: 0 }
    }
}

impl AuditRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// It is none that is known here.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        serde_json::from_slice(bytes).map_err(|error| RecordError { reason: error.to_string() })
    }

    /// As it is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        storage::encode(self)
    }
}

impl By {
    /// The user of a session.
    pub(super) fn session(chat: &Chat, id: SessionId) -> Self {
        let user = chat.sessions.get(id).and_then(|session| session.user()).and_then(|id| chat.state.user(id));
        let nobody = || Self::User { mask: String::from("*"), account: None };
        user.map_or_else(nobody, Self::user)
    }

    fn user(user: &User) -> Self {
        match &user.operator {
            Some(name) => Self::Operator { name: name.clone(), mask: user.mask() },
            None => Self::User { mask: user.mask(), account: user.account.clone() },
        }
    }
}

/// Writes down what was done. The ticket is that of its append; there is none while the store takes nothing.
pub(super) fn note(chat: &mut Chat, by: By, deed: Deed<'_>, now: Now) -> Option<Ticket> {
    if chat.storage.can_take().is_err() {
        chat.audit.lost += 1;
        return None;
    }
    let lost = core::mem::take(&mut chat.audit.lost);
    if lost > 0 {
        note_lost(chat, lost, now);
    }
    write(chat, by, deed, now)
}

/// Tells that so many records are lost, because they could not be written.
pub(super) fn note_lost(chat: &mut Chat, count: u64, now: Now) {
    write(chat, By::Server, Deed::refused("records-lost", "", &count.to_string()), now);
}

fn write(chat: &mut Chat, by: By, deed: Deed<'_>, now: Now) -> Option<Ticket> {
    let cut = |text: &str| truncate_utf8(text, limits::CHAT_AUDIT_TEXT).to_string();
    let record = AuditRecord {
        at_us: now.utc.micros(),
        by,
        act: deed.act.to_string(),
        target: cut(deed.target),
        detail: cut(deed.detail),
        is_refused: deed.is_refused,
    };
    let ticket = chat.happen(&Event::Audit(Box::new(record)), None, now);
    chat.audit.since_trim += 1;
    if chat.audit.since_trim > limits::CHAT_AUDIT_SPARE {
        chat.audit.since_trim = 0;
        let kept = chat.settings.audit;
        let age_us = i64::try_from(kept.age.as_micros()).unwrap_or(i64::MAX);
        let before_us = now.utc.micros().saturating_sub(age_us);
        chat.effects.push_back(Effect::TrimAudit { records: kept.records, before_us });
    }
    ticket
}
