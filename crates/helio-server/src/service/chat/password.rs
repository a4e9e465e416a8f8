//! Passwords: how they are kept and compared. Slow on purpose; not for a thread that others wait for.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use helio_core::chat::Credential;
use helio_core::limits;
use helio_core::sasl::ScramKeys;
use thiserror::Error;

/// Why a text is no hash that passwords can be compared with, or none can be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct HashError(String);

/// The password's hash as a PHC string, by Argon2id with 19 MiB, two passes and a salt of its own (RFC 9106; OWASP's
/// least).
///
/// # Errors
/// The system has no random bits.
pub fn hash_password(password: &str) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

/// What `password`, which is prepared, is compared with when somebody logs in.
///
/// # Errors
/// The system has no random bits.
pub(super) fn credential(password: &str) -> Result<Credential, HashError> {
    let scram = ScramKeys::derive(password, random()?, limits::CHAT_SCRAM_ITERATIONS);
    Ok(Credential { hash: hash_password(password)?, scram: scram.map_err(|error| HashError(error.to_string()))? })
}

/// Bits that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], HashError> {
    let mut bits = [0; N];
    rustix::rand::getrandom(&mut bits, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| HashError(format!("cannot get random bits from the system: {error}")))?;
    Ok(bits)
}

/// Checks that passwords can be compared with `hash`, a PHC string.
///
/// # Errors
/// It is none, of another function than Argon2, or with parameters beyond what that has.
pub fn check_password_hash(hash: &str) -> Result<(), HashError> {
    let parsed = PasswordHash::new(hash).map_err(|error| HashError(error.to_string()))?;
    if !parsed.algorithm.as_str().starts_with("argon2") || parsed.hash.is_none() {
        return Err(HashError("expected a text that begins with `$argon2id$`".to_owned()));
    }
    Params::try_from(&parsed).map_err(|error| HashError(error.to_string()))?;
    Ok(())
}

/// Whether `password` is the one of `hash`, a PHC string whose own parameters hold.
pub(super) fn is_right(password: &str, hash: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::DECOY_HASH;

    #[test]
    fn a_password_is_right_for_its_own_hash_only() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(check_password_hash(&hash), Ok(()));
        assert!(is_right("correct horse", &hash));
        assert!(!is_right("battery staple", &hash) && !is_right("", &hash) && !is_right("correct horse", ""));
    }

    /// A name without an account takes as long as one with.
    #[test]
    fn a_decoy_is_as_slow_as_a_password_of_ours() {
        let parameters = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        let credential = credential("correct horse").unwrap();
        assert_eq!(check_password_hash(DECOY_HASH), Ok(()));
        assert_eq!(parameters(DECOY_HASH), parameters(&credential.hash));
        assert_eq!(DECOY_HASH.len(), credential.hash.len());
        assert_eq!(credential.scram.iterations(), limits::CHAT_SCRAM_ITERATIONS);
        assert!(credential.scram.is_password("correct horse") && is_right("correct horse", &credential.hash));
    }

    #[test]
    fn the_same_password_has_another_hash_each_time() {
        assert_ne!(hash_password("x").unwrap(), hash_password("x").unwrap());
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in
            ["", "secret", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1,t=2,p=1$c2FsdHNhbHQ$"]
        {
            assert!(check_password_hash(text).is_err(), "{text}");
        }
    }
}
