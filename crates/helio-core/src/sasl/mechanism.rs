//! The mechanisms by name.

use core::fmt;
use core::str::FromStr;

/// A way to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// The password itself (RFC 4616); only for encrypted connections.
    Plain,
    /// Proof of the password, of both ends, without sending it (RFC 5802, RFC 7677). Without channel binding.
    ScramSha256,
    /// What the connection already proved: the client's certificate (RFC 4422 appendix A).
    External,
}

/// No mechanism of this name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such SASL mechanism; known are EXTERNAL, SCRAM-SHA-256 and PLAIN")]
pub struct UnknownMechanism;

impl Mechanism {
    /// All of them, in the order in which to prefer and to list them.
    pub const ALL: &[Self] = &[Self::External, Self::ScramSha256, Self::Plain];

    /// The name in the register of SASL mechanisms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::External => "EXTERNAL",
        }
    }

    /// The mechanism of this name. Registered names are in upper case (RFC 4422 §3.1); lower case is taken too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::from_name(name).ok_or(UnknownMechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn every_name_leads_back_to_its_mechanism() {
        for &mechanism in Mechanism::ALL {
            assert_eq!(mechanism.to_string().parse(), Ok(mechanism));
            assert_eq!(Mechanism::from_name(&mechanism.name().to_lowercase()), Some(mechanism));
            assert!(UnknownMechanism.to_string().contains(mechanism.name()));
        }
        for unknown in ["", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "PLAIN ", "DH-AES"] {
            assert_eq!(unknown.parse::<Mechanism>(), Err(UnknownMechanism), "{unknown}");
        }
    }
}
