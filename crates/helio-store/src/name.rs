//! Names: bounded text, checked once.

use helio_core::limits::STORE_NAME_BYTES;
use std::borrow::Borrow;
use std::fmt;

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has no bytes.
    #[error("name is empty; give it at least one character")]
    Empty,
    /// It has more than [`STORE_NAME_BYTES`].
    #[error("name is {bytes} bytes, limit is {STORE_NAME_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It has a control character, which could forge lines where names are shown.
    #[error("name has a control character at byte {at}")]
    Control {
        /// Where, from 0.
        at: usize,
    },
}

macro_rules! name {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks a text of 1 to [`STORE_NAME_BYTES`] bytes without control characters.
            ///
            /// # Errors
            ///
            /// It is none; the error says why.
            pub fn new(text: &str) -> Result<Self, NameError> {
                check(text).map(|()| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of a log, by convention a path: `room/#lobby`, `private/a/b`, `settings`. Names sort by their bytes.
    LogName
}
name! {
    /// The name of a table.
    TableName
}
name! {
    /// A key in a table. Keys sort by their bytes.
    Key
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > STORE_NAME_BYTES {
        return Err(NameError::TooLong { bytes: text.len() });
    }
    text.find(char::is_control).map_or(Ok(()), |at| Err(NameError::Control { at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_up_to_the_bound_pass() {
        for text in ["a", "room/#lobby", "private/ä/b", &"x".repeat(255)] {
            assert_eq!(LogName::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn others_are_refused_with_the_reason() {
        let refusal = |text: &str| Key::new(text).unwrap_err().to_string();
        assert_eq!(refusal(""), "name is empty; give it at least one character");
        assert_eq!(refusal(&"x".repeat(256)), "name is 256 bytes, limit is 255");
        assert_eq!(refusal("ab\n"), "name has a control character at byte 2");
        assert_eq!(refusal("\0"), "name has a control character at byte 0");
    }
}
