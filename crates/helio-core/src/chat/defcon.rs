//! Lockdown in levels, under the name that operators know from Ergo and from services. `spec/bans.md` has what each refuses.

use serde::{Deserialize, Serialize};

// spec: begin

/// A level of lockdown: 5 is none, 1 lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Defcon(u8);

impl Defcon {
    /// Nothing is refused.
    pub const NORMAL: Self = Self(5);

    /// Whether nobody can register an account.
    #[must_use]
    pub fn refuses_accounts(self) -> bool {
        self.0 <= 4
    }

    /// Whether private messages need an account.
    #[must_use]
    pub fn mutes_private(self) -> bool {
        self.0 <= 3
    }

    /// Whether speaking in rooms needs an account, and coming in does.
    #[must_use]
    pub fn needs_account(self) -> bool {
        self.0 <= 2
    }

    /// Whether there are no new connections.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self.0 <= 1
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self.0 {
            1 => "no new connections, nothing is said without an account, no new accounts",
            2 => "nobody comes in or speaks without an account, no new accounts",
            3 => "no private messages without an account, no new accounts",
            4 => "no new accounts",
            _ => "normal",
        }
    }
}

// spec: end

/// A number that is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no level of lockdown, expected 1 to 5")]
pub struct DefconError(u8);

impl TryFrom<u8> for Defcon {
    type Error = DefconError;

    fn try_from(level: u8) -> Result<Self, DefconError> {
        if (1..=Self::NORMAL.0).contains(&level) { Ok(Self(level)) } else { Err(DefconError(level)) }
    }
}

impl From<Defcon> for u8 {
    fn from(level: Defcon) -> Self {
        level.0
    }
}

impl Default for Defcon {
    fn default() -> Self {
        Self::NORMAL
    }
}

impl core::fmt::Display for Defcon {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.0)
    }
}
