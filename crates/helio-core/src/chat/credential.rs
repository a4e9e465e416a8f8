//! What a password is compared with, and bits that only this server knows. `spec/accounts.md` fixes the stored form.

use super::ids::base32;
use crate::fingerprint::Fingerprint;
use crate::limits;
use crate::sasl::{NONCE_BYTES, PasswordError, ScramKeys, prepare_password};
use alloc::string::String;
use core::fmt;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// What a password is compared with that belongs to nobody, so that a name without an account is answered as slowly as one with:
/// nobody knows a password of this hash, whose parameters are those of ours.
pub const DECOY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$uGm0l5yWbS3hUq8fZ2kRxQ$b0T4rJ9vXc2Qe7LhWmYp1Ns6KdGzAf3iUo8Vt5RxPjE";

/// Why a text cannot be a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// It is easily guessed.
    #[error("password has {characters} characters, at least {} are needed", limits::CHAT_PASSWORD_MIN)]
    TooShort {
        /// How many it has.
        characters: usize,
    },
    /// It would not fit into every line that carries one.
    #[error("password is {bytes} bytes, limit is {}", limits::CHAT_PASSWORD_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No password is like this.
    #[error(transparent)]
    Unusable(#[from] PasswordError),
}

/// A new password in the form that is compared later.
///
/// # Errors
/// [`NewPasswordError`] when it cannot be one.
pub fn prepare_new_password(text: &str) -> Result<String, NewPasswordError> {
    let prepared = prepare_password(text)?;
    match (text.len(), text.chars().count()) {
        (bytes, _) if bytes > limits::CHAT_PASSWORD_MAX => Err(NewPasswordError::TooLong { bytes }),
        (_, characters) if characters < limits::CHAT_PASSWORD_MIN => Err(NewPasswordError::TooShort { characters }),
        _ => Ok(prepared),
    }
}

// spec: begin

/// What is kept of a password. Whoever has it can try passwords as fast as their machines go.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// A PHC string of Argon2id, for passwords that arrive as they are.
    pub hash: String,
    /// For those that are proved without being sent (SCRAM-SHA-256).
    pub scram: ScramKeys,
}

/// 256 bits that nobody outside knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// What is kept of a secret that the server made itself: its SHA-256. It has more random bits than anybody can try, so a slow
/// hash would add nothing, and comparing need not take the same time for all: nobody can choose what a hash begins with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(Fingerprint);

// spec: end

impl Secret {
    /// Of bits from a cryptographic generator.
    #[must_use]
    pub const fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// Another secret, which tells nothing of this one; the same for the same `purpose`.
    pub(super) fn of(&self, purpose: &str) -> Self {
        Self(self.digest(purpose.as_bytes()))
    }

    /// The nonce with this number, which nobody can guess.
    pub(super) fn nonce(&self, number: u64) -> [u8; NONCE_BYTES] {
        let digest = self.digest(&number.to_be_bytes());
        core::array::from_fn(|at| digest[at])
    }

    /// A text of `N` bytes in base32 that nobody can guess, another for each number.
    pub(super) fn token<const N: usize>(&self, purpose: &str, number: u64) -> String {
        let digest = self.digest(&[purpose.as_bytes(), &number.to_be_bytes()].concat());
        base32(&digest[..N])
    }

    pub(super) fn bits(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret has a fixed length and every text begins otherwise, so hashing both is a keyed hash.
    fn digest(&self, text: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(text).finalize().into()
    }
}

impl TokenHash {
    /// That of this text.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Fingerprint::of(token.as_bytes()))
    }
}

/// Never shown.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Never shown.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Never shown.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// 64 hexadecimal digits.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
        let mut bits = [0; 32];
        let is_hex = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_hex {
            return Err(D::Error::custom("expected 64 hexadecimal digits"));
        }
        for (bit, pair) in bits.iter_mut().zip(text.as_bytes().chunks(2)) {
            *bit = byte(pair).unwrap_or_default();
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;

    #[test]
    fn a_secret_comes_back_and_is_never_shown() {
        let secret = Secret::new(core::array::from_fn(|at| at as u8 * 8));
        let text = serde_json::to_string(&secret).unwrap();
        assert_eq!(text, format!("\"{}\"", (0..32).map(|at| format!("{:02x}", at * 8)).collect::<String>()));
        assert_eq!(serde_json::from_str::<Secret>(&text).unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for wrong in ["\"\"", "\"0\"", "1", &format!("\"{}\"", "+1".repeat(32))] {
            assert!(serde_json::from_str::<Secret>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_made_of_a_secret_is_never_the_same_twice() {
        let (one, other) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let nonces: BTreeSet<_> = (0..100).flat_map(|number| [one.nonce(number), other.nonce(number)]).collect();
        assert_eq!(nonces.len(), 200);
        let tokens: BTreeSet<_> = (0..100).map(|number| one.token::<20>("app password", number)).collect();
        assert!(tokens.len() == 100 && tokens.iter().all(|token| token.len() == 32), "{tokens:?}");
        assert!(one.token::<15>("invitation", 1) != one.token::<15>("app password", 1));
        assert!(one.of("decoys") != one && one.of("decoys") != other.of("decoys"));
    }
}
