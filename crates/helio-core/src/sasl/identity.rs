//! Names in an exchange: whose password it is, and whom to act as.

use crate::limits;

/// Why a text is no name in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing there.
    #[error("name is empty")]
    Empty,
    /// Too long.
    #[error("name is {bytes} bytes, limit is {}", limits::SASL_NAME)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has the character that ends names in messages.
    #[error("name has a NUL")]
    Nul,
}

/// Checks a name as every mechanism wants it (RFC 4616 §2, RFC 5802 §7 `saslname`, RFC 4422 appendix A).
pub(super) fn check(name: &str) -> Result<(), IdentityError> {
    match name.len() {
        0 => Err(IdentityError::Empty),
        bytes if bytes > limits::SASL_NAME => Err(IdentityError::TooLong { bytes }),
        _ if name.contains('\0') => Err(IdentityError::Nul),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_bytes_but_no_nul() {
        assert_eq!(check("Ann, = ü"), Ok(()));
        assert_eq!(check(""), Err(IdentityError::Empty));
        assert_eq!(check("a\0"), Err(IdentityError::Nul));
        assert_eq!(check(&"a".repeat(limits::SASL_NAME)), Ok(()));
        assert_eq!(check(&"a".repeat(limits::SASL_NAME + 1)), Err(IdentityError::TooLong { bytes: 256 }));
    }
}
