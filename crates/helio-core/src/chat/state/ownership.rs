//! Whose a registered room is, and who has access to it. `spec/rooms.md` describes both.

use super::{Room, Statuses};
use crate::chat::event::OwnershipChange;
use crate::irc::casemap;
use crate::limits;
use crate::time::Utc;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

// spec: begin

/// What a registered room has and others have not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Ownership {
    /// The name of an account.
    pub(in crate::chat) founder: String,
    pub(in crate::chat) registered_us: i64,
    /// Who has it for longest comes first; the founder is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) access: Vec<AccessEntry>,
}

/// An account and what it is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct AccessEntry {
    pub(in crate::chat) account: String,
    pub(in crate::chat) access: Access,
    /// Who gave it: an account, or the nickname of a server operator.
    pub(in crate::chat) by: String,
    pub(in crate::chat) at_us: i64,
}

/// What an account is in a registered room, from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum Access {
    /// `v`
    Voice,
    /// `h`
    Halfop,
    /// `o`
    Op,
    /// `a`: no door is closed, and the list of those below is theirs.
    Admin,
    /// `q`: one for each room.
    Founder,
}

// spec: end

impl Access {
    /// Each with its word and the statuses that come with it.
    const TABLE: [(Self, &str, &[Statuses]); 5] = [
        (Self::Founder, "founder", &[Statuses::OWNER, Statuses::OPERATOR]),
        (Self::Admin, "admin", &[Statuses::ADMIN, Statuses::OPERATOR]),
        (Self::Op, "op", &[Statuses::OPERATOR]),
        (Self::Halfop, "halfop", &[Statuses::HALFOP]),
        (Self::Voice, "voice", &[Statuses::VOICE]),
    ];

    pub(in crate::chat) fn of_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(word)).map(|(access, ..)| *access)
    }

    pub(in crate::chat) fn word(self) -> &'static str {
        Self::TABLE.iter().find(|(access, ..)| *access == self).map_or("", |(_, word, _)| word)
    }

    /// What a member with it gets on coming in.
    pub(in crate::chat) fn statuses(self) -> &'static [Statuses] {
        Self::TABLE.iter().find(|(access, ..)| *access == self).map_or(&[], |(.., statuses)| statuses)
    }
}

impl Ownership {
    /// The same without those who have no account here; `None` when the founder has none.
    pub(in crate::chat) fn of_those(mut self, has_account: impl Fn(&str) -> bool) -> Option<Self> {
        self.access.retain(|entry| has_account(&entry.account));
        has_account(&self.founder).then_some(self)
    }

    pub(in crate::chat) fn new(founder: String, at: Utc) -> Self {
        Self { founder, registered_us: at.micros(), access: Vec::new() }
    }

    /// What the account of this name is here.
    pub(in crate::chat) fn access(&self, account: &str) -> Option<Access> {
        if casemap::eq(&self.founder, account) {
            return Some(Access::Founder);
        }
        self.access.iter().find(|entry| casemap::eq(&entry.account, account)).map(|entry| entry.access)
    }

    /// What DROP asks to be repeated, so that it is not sent by a slip: the time of the registration has it, no secret.
    pub(in crate::chat) fn code(&self) -> String {
        alloc::format!("{:06}", self.registered_us.rem_euclid(1_000_000))
    }

    /// Puts somebody into the list, at its end, or takes them out of it.
    pub(in crate::chat) fn set(&mut self, account: &str, access: Option<Access>, by: &str, at: Utc) {
        self.access.retain(|entry| !casemap::eq(&entry.account, account));
        if let Some(access) = access.filter(|_| self.access.len() < limits::CHAT_ROOM_ACCESS_ENTRIES) {
            self.access.push(AccessEntry { account: account.into(), access, by: by.into(), at_us: at.micros() });
        }
    }

    /// Who was the founder is an admin now.
    fn pass_to(&mut self, founder: &str, at: Utc) {
        let former = core::mem::replace(&mut self.founder, founder.into());
        self.set(founder, None, "", at);
        if !casemap::eq(&former, founder) {
            self.set(&former, Some(Access::Admin), &former, at);
        }
    }

    /// An account is no more: the admin for longest takes its place. `None`: nobody does.
    fn without(mut self, account: &str) -> Option<Self> {
        self.access.retain(|entry| !casemap::eq(&entry.account, account));
        if casemap::eq(&self.founder, account) {
            let heir = self.access.iter().position(|entry| entry.access == Access::Admin)?;
            self.founder = self.access.remove(heir).account;
        }
        Some(self)
    }
}

impl Room {
    /// What somebody who is logged in to `account` is here.
    pub(in crate::chat) fn access(&self, account: Option<&str>) -> Option<Access> {
        self.ownership.as_ref()?.access(account?)
    }

    /// Whether it is registered or not after this. Whoever calls it notes what becomes of it when it is empty.
    pub(in crate::chat) fn change_ownership(&mut self, change: &OwnershipChange, at: Utc) {
        self.offered = None;
        match (change, &mut self.ownership) {
            (OwnershipChange::Registered { founder }, ownership @ None) => {
                *ownership = Some(Ownership::new(founder.clone(), at));
            }
            (OwnershipChange::Founder { founder }, Some(ownership)) => ownership.pass_to(founder, at),
            (OwnershipChange::Access { account, access, by }, Some(ownership)) => {
                ownership.set(account, *access, by, at);
            }
            (OwnershipChange::Dropped, ownership) => *ownership = None,
            // Of a room that is registered, or not any more: refused before it happens, and nothing in a log that is ours.
            (OwnershipChange::Registered { .. }, Some(_)) => {}
            (OwnershipChange::Founder { .. } | OwnershipChange::Access { .. }, None) => {}
        }
    }

    /// An account is no more. `false`: it was nothing here.
    pub(in crate::chat) fn forget_account(&mut self, account: &str) -> bool {
        let is_concerned = self.access(Some(account)).is_some();
        if is_concerned {
            self.ownership = self.ownership.take().and_then(|ownership| ownership.without(account));
        }
        is_concerned
    }
}
