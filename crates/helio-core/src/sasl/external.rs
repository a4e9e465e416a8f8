//! EXTERNAL (RFC 4422 appendix A): the response is the name to act as, or nothing.

use super::identity;
use super::server::Failure;
use alloc::borrow::ToOwned as _;
use alloc::string::String;

/// The name to act as; none means that of the certificate.
pub(super) fn parse(response: &[u8]) -> Result<Option<String>, Failure> {
    let authzid = core::str::from_utf8(response).map_err(|_| Failure::Malformed)?;
    if authzid.is_empty() {
        return Ok(None);
    }
    identity::check(authzid).map_err(|_| Failure::Malformed)?;
    Ok(Some(authzid.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_or_nothing() {
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse("fred@example.com ü".as_bytes()), Ok(Some("fred@example.com ü".to_owned())));
        assert_eq!(parse(b"fred\0"), Err(Failure::Malformed));
        assert_eq!(parse(b"\xff"), Err(Failure::Malformed));
        assert_eq!(parse(&[b'a'; 256]), Err(Failure::Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Ok(authzid) = parse(&bytes) {
                prop_assert_eq!(authzid.unwrap_or_default().into_bytes(), bytes);
            }
        }
    }
}
