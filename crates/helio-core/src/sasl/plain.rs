//! PLAIN (RFC 4616 §2): `[authzid] NUL authcid NUL passwd`, in UTF-8.

use super::identity;
use super::password::{Password, check_sendable};
use super::server::Failure;
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

/// The one message of PLAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Whom to act as, if it was said.
    pub(super) authzid: Option<String>,
    /// Whose password it is.
    pub(super) authcid: String,
    pub(super) password: Password,
}

impl Message {
    pub(super) fn parse(response: &[u8]) -> Result<Self, Failure> {
        let text = core::str::from_utf8(response).map_err(|_| Failure::Malformed)?;
        let mut parts = text.split('\0');
        let (Some(authzid), Some(authcid), Some(password), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Failure::Malformed);
        };
        identity::check(authcid).map_err(|_| Failure::Malformed)?;
        let authzid = Some(authzid).filter(|authzid| !authzid.is_empty());
        authzid.map_or(Ok(()), identity::check).map_err(|_| Failure::Malformed)?;
        check_sendable(password).map_err(|_| Failure::Malformed)?;
        Ok(Self { authzid: authzid.map(str::to_owned), authcid: authcid.to_owned(), password: password.into() })
    }

    /// The message of names without NUL and a password without one.
    pub(super) fn encode(&self) -> Vec<u8> {
        let authzid = self.authzid.as_deref().unwrap_or_default();
        [authzid, &self.authcid, self.password.as_str()].join("\0").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use proptest::prelude::*;

    fn message(authzid: Option<&str>, authcid: &str, password: &str) -> Message {
        Message { authzid: authzid.map(str::to_owned), authcid: authcid.to_owned(), password: password.into() }
    }

    /// RFC 4616 §4: both examples.
    #[test]
    fn examples_of_the_rfc() {
        for (bytes, parsed) in [
            (&b"\0tim\0tanstaaftanstaaf"[..], message(None, "tim", "tanstaaftanstaaf")),
            (b"Ursel\0Kurt\0xipj3plmq", message(Some("Ursel"), "Kurt", "xipj3plmq")),
        ] {
            assert_eq!(Message::parse(bytes), Ok(parsed.clone()));
            assert_eq!(parsed.encode(), bytes);
        }
    }

    #[test]
    fn what_is_no_message() {
        let long = [b"\0tim\0", &[b'x'; limits::SASL_PASSWORD + 1][..]].concat();
        let wrong: [&[u8]; 9] =
            [b"", b"tim", b"\0tim", b"\0tim\0", b"\0\0pw", b"\0tim\0pw\0", b"\0tim\0p\0w", b"\0tim\0\xff", &long];
        for bytes in wrong {
            assert_eq!(Message::parse(bytes), Err(Failure::Malformed), "{bytes:?}");
        }
        assert!(Message::parse(&long[..long.len() - 1]).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_was_sent(bytes in "[a\0é]{0,6}|.{0,20}".prop_map(String::into_bytes)) {
            if let Ok(message) = Message::parse(&bytes) {
                prop_assert_eq!(message.encode(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _: Result<Message, Failure> = Message::parse(&bytes);
        }
    }
}
