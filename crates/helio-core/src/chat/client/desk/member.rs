//! Somebody in a room.

use alloc::string::{String, ToString as _};

/// What a member may have, highest first: founder, admin, operator, half-operator, voice.
pub(in crate::chat::client) const STATUSES: &str = "~&@%+";

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The nickname.
    pub nick: String,
    /// What they are in the room, highest first: of `~&@%+` those that they have.
    pub statuses: String,
    /// Whether they are away.
    pub is_away: bool,
    /// The account that they are logged in to, as far as the server told.
    pub account: Option<String>,
    /// Whether it is a program.
    pub is_bot: bool,
}

impl Member {
    /// Somebody without any status.
    #[must_use]
    pub fn new(nick: &str) -> Self {
        Self { nick: nick.to_string(), statuses: String::new(), is_away: false, account: None, is_bot: false }
    }

    /// The highest status, which is shown before the name.
    #[must_use]
    pub fn status(&self) -> Option<char> {
        self.statuses.chars().next()
    }

    /// For sorting: 0 for founders, more for those below.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.status().and_then(|status| STATUSES.find(status)).unwrap_or(STATUSES.len())
    }

    /// Has this status from now on, or not any more. What is no status is ignored.
    pub fn set_status(&mut self, status: char, is_set: bool) {
        let has = |other: char| if other == status { is_set } else { self.statuses.contains(other) };
        self.statuses = STATUSES.chars().filter(|other| has(*other)).collect();
    }
}
