//! Base64 with padding (RFC 4648 §4), where every sequence of bytes has exactly one encoding.

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The encoding of these bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let value = (bits >> (18 - 6 * at)) & 0x3F;
            text.push(if at <= group.len() { char::from(ALPHABET[value as usize]) } else { '=' });
        }
    }
    text
}

/// The bytes of an encoding. Nothing for any other text: other characters, padding that is missing, too much or not at
/// the end (§3.2, §3.3), bits left over that are not zero (§3.5).
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let Some((last, full)) = groups.split_last() else { return Some(Vec::new()) };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for group in full {
        bytes.extend_from_slice(&bits(group)?.to_be_bytes()[1..]);
    }
    let (padded, kept) = match *last {
        [a, b, b'=', b'='] => ([a, b, b'A', b'A'], 1),
        [a, b, c, b'='] => ([a, b, c, b'A'], 2),
        whole => (whole, 3),
    };
    let [_, decoded @ ..] = bits(&padded)?.to_be_bytes();
    let (kept, left_over) = decoded.split_at(kept);
    bytes.extend_from_slice(kept);
    left_over.iter().all(|byte| *byte == 0).then_some(bytes)
}

/// The 24 bits of four characters.
fn bits(group: &[u8; 4]) -> Option<u32> {
    group.iter().try_fold(0, |bits, &character| Some(bits << 6 | value(character)?))
}

fn value(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4648 §10.
    #[test]
    fn vectors_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_encoding() {
        // Too short, without padding, padding inside, padding alone, bits left over, another alphabet, white space.
        let wrong =
            ["Z", "Zg", "Zg=", "Zm8", "Zg==Zg==", "Zm=v", "====", "=", "Z===", "Zh==", "Zm9=", "Zm-_", "Zm9v\n"];
        for text in wrong {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn there_is_one_encoding(text in "[A-Za-d0-2+/]{0,9}={0,3}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,20}") {
            let _: Option<Vec<u8>> = decode(&text);
        }
    }
}
