//! What a server keeps of a password (RFC 5802 §3).

use super::super::base64;
use super::super::password::{PasswordError, prepare_password};
use super::{hash, hmac};
use crate::limits;
use alloc::string::String;
use core::fmt;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Bytes of the salt in our keys, decoys too.
pub const SALT_BYTES: usize = 16;

/// A key, a signature or a proof. `Debug` does not show it, and comparing takes the same time whatever differs.
#[derive(Clone, Copy)]
pub(super) struct Key([u8; 32]);

/// What a server keeps of a password: enough to check a proof and to give one, not enough to log in elsewhere. Still to
/// be kept like a password's hash: whoever has it can try passwords, and pretend to be the server.
///
/// Serialised it is four members; bytes are strings of base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScramKeys {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    salt: [u8; SALT_BYTES],
    #[serde(deserialize_with = "checked_iterations")]
    iterations: u32,
    stored_key: Key,
    server_key: Key,
}

/// Why no keys can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The text is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Too few or too many rounds.
    #[error("{got} iterations, from {} to {} are allowed", limits::SCRAM_ITERATIONS_MIN, limits::SCRAM_ITERATIONS_MAX)]
    Iterations {
        /// As many were asked for.
        got: u32,
    },
}

impl ScramKeys {
    /// The keys of a password. The salt is random and new with each password. **This computes for long**: `iterations`
    /// rounds of PBKDF2, from [`limits::SCRAM_ITERATIONS_MIN`] to [`limits::SCRAM_ITERATIONS_MAX`]. More make guessing
    /// from stolen keys dearer, and each login of a client.
    ///
    /// # Errors
    /// [`KeysError`] for what is no password, and for a number of rounds that no client should take.
    pub fn derive(password: &str, salt: [u8; SALT_BYTES], iterations: u32) -> Result<Self, KeysError> {
        check_iterations(iterations)?;
        let salted = SaltedPassword::derive(&prepare_password(password)?, &salt, iterations);
        Ok(Self { salt, iterations, stored_key: hash(&salted.client_key()), server_key: salted.server_key() })
    }

    /// Keys of no password, for a name that has no account, so that asking with it looks like asking with a wrong
    /// password; for PLAIN too, since [`is_password`](Self::is_password) computes as long for them.
    ///
    /// The same secret and name give the same keys: give the name as accounts are looked up (folded), and the iterations
    /// that accounts have. The secret must be random, stay the same over restarts, and serve nothing else.
    #[must_use]
    pub fn decoy(secret: &[u8; 32], name: &str, iterations: u32) -> Self {
        let key = |what: &str| hmac(hmac(secret, what.as_bytes()).as_bytes(), name.as_bytes());
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&key("salt").0[..SALT_BYTES]);
        Self { salt, iterations, stored_key: key("stored key"), server_key: key("server key") }
    }

    /// Whether the keys are those of this password, for PLAIN. What is no password is not theirs. **This computes for
    /// long**, like [`derive`](Self::derive).
    #[must_use]
    pub fn is_password(&self, password: &str) -> bool {
        let given = Self::derive(password, self.salt, self.iterations);
        given.is_ok_and(|given| given.stored_key == self.stored_key)
    }

    /// Rounds of PBKDF2 that were made.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// Whether the proof is that of the password for this message (RFC 5802 §3).
    pub(super) fn is_proof(&self, proof: &Key, auth_message: &str) -> bool {
        let signature = hmac(&self.stored_key.0, auth_message.as_bytes());
        hash(&proof.xor(&signature)) == self.stored_key
    }

    pub(super) fn server_signature(&self, auth_message: &str) -> Key {
        hmac(&self.server_key.0, auth_message.as_bytes())
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

/// `SaltedPassword` of RFC 5802 §3: as good as the password for whoever has it.
pub(super) struct SaltedPassword([u8; 32]);

impl SaltedPassword {
    /// From a prepared password.
    pub(super) fn derive(prepared: &str, salt: &[u8], iterations: u32) -> Self {
        Self(pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(prepared.as_bytes(), salt, iterations))
    }

    pub(super) fn client_key(&self) -> Key {
        hmac(&self.0, b"Client Key")
    }

    pub(super) fn server_key(&self) -> Key {
        hmac(&self.0, b"Server Key")
    }
}

impl Key {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn xor(&self, other: &Self) -> Self {
        Self(core::array::from_fn(|at| self.0[at] ^ other.0[at]))
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_text(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Self)
    }
}

fn as_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(bytes))
}

fn from_text<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let bytes = base64::decode(&String::deserialize(deserializer)?);
    let bytes = bytes.ok_or_else(|| D::Error::custom("bytes are not base64"))?;
    let got = bytes.len();
    bytes.try_into().map_err(|_| D::Error::custom(format_args!("{got} bytes, expected {N}")))
}

fn checked_iterations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let iterations = u32::deserialize(deserializer)?;
    check_iterations(iterations).map_err(D::Error::custom)?;
    Ok(iterations)
}

pub(super) fn check_iterations(got: u32) -> Result<(), KeysError> {
    let is_allowed = (limits::SCRAM_ITERATIONS_MIN..=limits::SCRAM_ITERATIONS_MAX).contains(&got);
    if is_allowed { Ok(()) } else { Err(KeysError::Iterations { got }) }
}

#[cfg(test)]
mod tests;
