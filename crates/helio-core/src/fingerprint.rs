//! The fingerprint of a certificate: what clients pin, and what accounts know their owners by.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Bytes of a SHA-256 value.
const LENGTH: usize = 32;

/// SHA-256 over the whole certificate (DER), as `openssl x509 -fingerprint -sha256` has it.
///
/// Shown in lower case without colons; read in either case, with colons or without.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// The fingerprint of the certificate with this DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// With a colon between bytes: easier to compare by eye.
    #[must_use]
    pub fn with_colons(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no fingerprint.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a fingerprint, expected the SHA-256 of a certificate: 64 hexadecimal digits, colons allowed")]
pub struct ParseFingerprintError(String);

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| ParseFingerprintError(text.chars().take(2 * LENGTH + LENGTH).collect()))
    }
}

/// 64 digits, or 32 pairs of them with a colon between each two.
fn parse(text: &str) -> Option<[u8; LENGTH]> {
    let digits = match text.len() {
        length if length == 2 * LENGTH => text.to_owned(),
        _ => {
            let pairs: Vec<&str> = text.split(':').collect();
            pairs.iter().all(|pair| pair.len() == 2).then(|| pairs.concat())?
        }
    };
    let mut bytes = [0; LENGTH];
    let values: Option<Vec<u8>> = digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let values = values.filter(|values| values.len() == 2 * LENGTH)?;
    for (byte, pair) in bytes.iter_mut().zip(values.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(bytes)
}

/// As it is shown.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn both_forms_are_read_back_in_either_case() {
        let fingerprint = Fingerprint::of(b"abc");
        // FIPS 180-4's example value.
        assert_eq!(fingerprint.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(fingerprint.with_colons().starts_with("ba:78:16:"));
        for text in [fingerprint.to_string(), fingerprint.with_colons()] {
            assert_eq!(text.parse(), Ok(fingerprint));
            assert_eq!(serde_json::from_str(&format!("\"{text}\"")).ok(), Some(fingerprint));
            assert_eq!(text.to_uppercase().parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        let good = Fingerprint::of(b"abc").to_string();
        let bad = ["", "ba", &good[2..], &format!("{good}00"), &good.replace('b', "x"), &format!("{good}:"), "é:ab"];
        for text in bad {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
        let error = "ab".parse::<Fingerprint>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`ab` is not a fingerprint, expected the SHA-256 of a certificate: 64 hexadecimal digits, colons allowed"
        );
    }
}
