//! Passwords: how they are kept and compared. Slow on purpose; not for a thread that others wait for.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
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

    #[test]
    fn a_password_is_right_for_its_own_hash_only() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(check_password_hash(&hash), Ok(()));
        assert!(is_right("correct horse", &hash));
        assert!(!is_right("battery staple", &hash) && !is_right("", &hash) && !is_right("correct horse", ""));
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
