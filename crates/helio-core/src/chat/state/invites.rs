//! Invitations to register an account. `spec/accounts.md` describes them.

use crate::chat::credential::TokenHash;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::ops::Bound;
use serde::{Deserialize, Serialize};

/// All invitations, by id; expired ones stay until another is made.
#[derive(Debug, Default)]
pub(in crate::chat) struct Invites(BTreeMap<String, Invite>);

// spec: begin

/// An invitation, as it is and as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Invite {
    pub(in crate::chat) id: String,
    /// Of its code.
    pub(in crate::chat) hash: TokenHash,
    pub(in crate::chat) uses_left: u32,
    pub(in crate::chat) made_us: i64,
    pub(in crate::chat) expires_us: i64,
    /// Who made it.
    pub(in crate::chat) by: String,
    /// The room that whoever uses it is invited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) room: Option<String>,
}

// spec: end

/// What whoever made an invitation may know of it; the code is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteInfo {
    /// What it is revoked by.
    pub id: String,
    /// How many accounts can still be registered with it.
    pub uses_left: u32,
    /// When it was made, microseconds since 1970 in UTC.
    pub made_us: i64,
    /// Until when it can be used, microseconds since 1970 in UTC.
    pub expires_us: i64,
    /// Who made it.
    pub by: String,
    /// The room that whoever uses it is invited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
}

impl Invite {
    pub(in crate::chat) fn info(&self) -> InviteInfo {
        let Self { id, uses_left, made_us, expires_us, by, room, .. } = self.clone();
        InviteInfo { id, uses_left, made_us, expires_us, by, room }
    }

    pub(in crate::chat) fn is_expired(&self, now_us: i64) -> bool {
        self.expires_us <= now_us
    }
}

impl Invites {
    pub(in crate::chat) fn get(&self, id: &str) -> Option<&Invite> {
        self.0.get(id)
    }

    pub(in crate::chat) fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order of their ids.
    pub(in crate::chat) fn iter(&self) -> impl Iterator<Item = &Invite> {
        self.0.values()
    }

    /// Those with ids in this range.
    pub(in crate::chat) fn range(&self, range: (Bound<&str>, Bound<&str>)) -> impl Iterator<Item = &Invite> {
        self.0.range::<str, _>(range).map(|(_, invite)| invite)
    }

    /// The one with this code, if it can be used now.
    pub(in crate::chat) fn of_code(&self, code: &str, now_us: i64) -> Option<&Invite> {
        let hash = TokenHash::of(code);
        self.0.values().find(|invite| invite.hash == hash && !invite.is_expired(now_us))
    }

    pub(in crate::chat) fn insert(&mut self, invite: &Invite) {
        self.0.insert(invite.id.clone(), invite.clone());
    }

    pub(in crate::chat) fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self) {
        assert!(self.0.len() <= crate::limits::CHAT_INVITES, "{} invitations", self.0.len());
    }
}
