//! Passwords, and the form in which they are compared.

use crate::limits;
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;
use precis_core::profile::PrecisFastInvocation as _;
use precis_profiles::OpaqueString;

/// A password as somebody gave it, not prepared. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing there.
    #[error("password is empty")]
    Empty,
    /// Too long.
    #[error("password is {bytes} bytes, limit is {}", limits::SASL_PASSWORD)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has a control character, or one that is not assigned in the Unicode tables of the preparation (6.3).
    #[error("password has a character that is not allowed in passwords (RFC 8265)")]
    ForbiddenCharacter,
}

impl Password {
    /// The password, in the clear.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The form of a password that is hashed and compared: OpaqueString (RFC 8265 §4.2), in which all spaces are the ASCII
/// one and letters with accents are one character. Case and width stay, so `a` and `A` are two
/// passwords.
///
/// RFC 5802 names SASLprep instead, which OpaqueString replaces (RFC 8265 §1). The two differ where SASLprep also folds
/// compatible characters, such as `Ⅸ` and `IX`: a client that does so proves another password than the one with `Ⅸ`.
///
/// # Errors
/// [`PasswordError`] when the text is no password.
pub fn prepare_password(text: &str) -> Result<String, PasswordError> {
    check_size(text)?;
    let prepared = OpaqueString::enforce(text).map_err(|_| PasswordError::ForbiddenCharacter)?;
    check_size(&prepared)?;
    Ok(prepared.into_owned())
}

/// Checks what PLAIN can carry (RFC 4616 §2): the server prepares it.
pub(super) fn check_sendable(text: &str) -> Result<(), PasswordError> {
    if text.contains('\0') { Err(PasswordError::ForbiddenCharacter) } else { check_size(text) }
}

fn check_size(text: &str) -> Result<(), PasswordError> {
    match text.len() {
        0 => Err(PasswordError::Empty),
        bytes if bytes > limits::SASL_PASSWORD => Err(PasswordError::TooLong { bytes }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    /// RFC 8265 §4.3, table 3, and §4.2.2: width, spaces beyond ASCII, case, normal form C.
    #[test]
    fn forms_that_are_compared() {
        for (given, prepared) in [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
            ("πßå", "πßå"),
            ("Jack of ♦s", "Jack of ♦s"),
            ("foo\u{1680}bar", "foo bar"),
            ("a\u{308}\u{a0}", "ä "),
            ("\u{212a}", "K"),
            ("Ａ", "Ａ"),
            ("Ⅸ", "Ⅸ"),
        ] {
            assert_eq!(prepare_password(given).as_deref(), Ok(prepared), "{given}");
        }
        assert_eq!(prepare_password("my cat is a \tby"), Err(PasswordError::ForbiddenCharacter));
        assert_eq!(prepare_password("\0"), Err(PasswordError::ForbiddenCharacter));
        assert_eq!(prepare_password(""), Err(PasswordError::Empty));
    }

    #[test]
    fn a_password_ends_at_its_bound() {
        let most = "a".repeat(limits::SASL_PASSWORD);
        assert_eq!(prepare_password(&most).as_ref(), Ok(&most));
        assert_eq!(prepare_password(&format!("{most}a")), Err(PasswordError::TooLong { bytes: 1025 }));
    }

    #[test]
    fn debug_does_not_show_it() {
        assert_eq!(format!("{:?}", Password::from("sesame")), "Password(..)");
    }

    proptest! {
        /// A host may prepare what was prepared before.
        #[test]
        fn preparing_twice_changes_nothing(text in ".{0,20}|[a\u{308}\u{a0}\u{1680} é\u{323}]{0,9}") {
            if let Ok(prepared) = prepare_password(&text) {
                prop_assert_eq!(prepare_password(&prepared), Ok(prepared));
            }
        }
    }
}
