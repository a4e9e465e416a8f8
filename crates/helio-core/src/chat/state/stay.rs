//! Where an account's user is who stays without a client, and who of them has none now.

use super::User;
use crate::chat::ids::UserId;
use crate::irc::casemap;
use crate::time::Utc;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

// spec: begin

/// What is kept of a user who stays, so that they are where they were after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Stay {
    pub(in crate::chat) nick: String,
    pub(in crate::chat) username: String,
    pub(in crate::chat) host: String,
    pub(in crate::chat) realname: String,
    /// Names of rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) rooms: Vec<String>,
    /// Since when no client was there; absent: one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) left_us: Option<i64>,
}

// spec: end

impl Stay {
    pub(in crate::chat) fn of(user: &User, rooms: Vec<String>) -> Self {
        Self {
            nick: user.nick.clone(),
            username: user.username.clone(),
            host: user.host.clone(),
            realname: user.realname.clone(),
            rooms,
            left_us: user.left.map(Utc::micros),
        }
    }

    pub(in crate::chat) fn is_of(&self, user: &User) -> bool {
        casemap::eq(&self.nick, &user.nick)
    }
}

/// Users without a client, and those whose stay may be another than the one that is kept; made true by `apply`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct Stays {
    /// By the time at which the last client left.
    absent: BTreeSet<(Utc, UserId)>,
    /// Only such that are logged in.
    pub(in crate::chat) changed: BTreeSet<UserId>,
}

impl Stays {
    /// How many users have no client.
    pub(in crate::chat) fn absent(&self) -> usize {
        self.absent.len()
    }

    /// Who has been without a client for longest, and since when.
    pub(in crate::chat) fn longest(&self) -> Option<(Utc, UserId)> {
        self.absent.first().copied()
    }

    /// Notes what `user` is from now on.
    pub(in crate::chat) fn note(&mut self, user: &User) {
        self.absent.extend(user.left.map(|left| (left, user.id)));
        if user.account.is_some() {
            self.changed.insert(user.id);
        }
    }

    /// Forgets what `user` was.
    pub(in crate::chat) fn forget(&mut self, user: &User) {
        if let Some(left) = user.left {
            self.absent.remove(&(left, user.id));
        }
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds<'a>(&self, users: impl Iterator<Item = &'a User>) {
        let mut absent = BTreeSet::new();
        for user in users {
            assert_eq!(user.left.is_some(), user.sessions.is_empty(), "since when {} has no client", user.nick);
            absent.extend(user.left.map(|left| (left, user.id)));
        }
        assert_eq!(self.absent, absent, "who has no client");
        assert!(self.absent.len() <= crate::limits::CHAT_ALWAYS_ON, "{} without a client", self.absent.len());
    }
}
