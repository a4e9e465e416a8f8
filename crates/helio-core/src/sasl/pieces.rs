//! Responses and challenges in lines of AUTHENTICATE (IRCv3 sasl-3.1).

use super::base64;
use crate::limits;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// What stands for no bytes, and for the end when the line before was full.
const EMPTY: &str = "+";

// The bound in characters is the bound in bytes only so.
const _: () = assert!(limits::SASL_RESPONSE.is_multiple_of(3) && limits::SASL_PIECE.is_multiple_of(4));

/// Collects the lines of one response or challenge after the other.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    /// Full pieces.
    encoded: String,
}

/// Why a line is refused. Whoever sent it is at fault; what was collected is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// The line is longer than a piece may be.
    #[error("piece is {bytes} bytes, limit is {}", limits::SASL_PIECE)]
    PieceTooLong {
        /// Its length.
        bytes: usize,
    },
    /// All pieces together are too long.
    #[error("response is longer than {} bytes", limits::SASL_RESPONSE)]
    TooLong,
    /// The text is not base64.
    #[error("response is not base64 (RFC 4648, section 4)")]
    NotBase64,
}

impl Pieces {
    /// Nothing collected.
    #[must_use]
    pub const fn new() -> Self {
        Self { encoded: String::new() }
    }

    /// Takes the parameter of one AUTHENTICATE, and gives all bytes when it was the last; `None` means that more must
    /// come. After a whole response and after an error, collecting begins anew. `*`, by which a client gives up, is the
    /// caller's to find.
    ///
    /// # Errors
    /// [`PieceError`]; for IRC the two about length are 905, the other is 904.
    pub fn handle_piece(&mut self, piece: &str) -> Result<Option<Vec<u8>>, PieceError> {
        let mut encoded = core::mem::take(&mut self.encoded);
        if piece == EMPTY {
            return decode(&encoded).map(Some);
        }
        if piece.is_empty() {
            return Err(PieceError::NotBase64);
        }
        if piece.len() > limits::SASL_PIECE {
            return Err(PieceError::PieceTooLong { bytes: piece.len() });
        }
        if encoded.len() + piece.len() > limits::SASL_RESPONSE / 3 * 4 {
            return Err(PieceError::TooLong);
        }
        encoded.push_str(piece);
        if piece.len() < limits::SASL_PIECE {
            return decode(&encoded).map(Some);
        }
        self.encoded = encoded;
        Ok(None)
    }
}

/// The parameters of AUTHENTICATE that carry these bytes, in their order; at least one.
#[must_use]
pub fn pieces_of(bytes: &[u8]) -> Vec<String> {
    let mut rest = &*base64::encode(bytes);
    let mut pieces = Vec::new();
    // ASCII can be cut anywhere.
    while let Some((piece, after)) = rest.split_at_checked(limits::SASL_PIECE) {
        pieces.push(piece.to_string());
        rest = after;
    }
    pieces.push(if rest.is_empty() { EMPTY.to_string() } else { rest.to_string() });
    pieces
}

fn decode(encoded: &str) -> Result<Vec<u8>, PieceError> {
    base64::decode(encoded).ok_or(PieceError::NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// Hands in all pieces; every one but the last must ask for more.
    fn collect(pieces: &[String]) -> Result<Option<Vec<u8>>, PieceError> {
        let (last, before) = pieces.split_last().unwrap();
        let mut collector = Pieces::new();
        for piece in before {
            assert_eq!(collector.handle_piece(piece), Ok(None));
        }
        collector.handle_piece(last)
    }

    /// sasl-3.1 "The AUTHENTICATE command": the example, an empty response, and one of exactly 400 characters.
    #[test]
    fn pieces_of_the_specification() {
        assert_eq!(pieces_of(b"jilles\0jilles\0sesame"), ["amlsbGVzAGppbGxlcwBzZXNhbWU="]);
        assert_eq!(pieces_of(b""), ["+"]);
        for (bytes, lengths) in [(297, vec![396]), (298, vec![400, 1]), (300, vec![400, 1]), (301, vec![400, 4])] {
            let pieces = pieces_of(&vec![b'x'; bytes]);
            assert_eq!(pieces.iter().map(String::len).collect::<Vec<_>>(), lengths, "{bytes} bytes");
            assert_eq!(collect(&pieces), Ok(Some(vec![b'x'; bytes])));
        }
    }

    #[test]
    fn a_response_ends_at_its_bound() {
        let most = vec![7; limits::SASL_RESPONSE];
        assert_eq!(collect(&pieces_of(&most)), Ok(Some(most.clone())));
        let more = vec![7; limits::SASL_RESPONSE + 1];
        assert_eq!(collect(&pieces_of(&more)), Err(PieceError::TooLong));
        let piece = "A".repeat(limits::SASL_PIECE + 1);
        assert_eq!(Pieces::new().handle_piece(&piece), Err(PieceError::PieceTooLong { bytes: 401 }));
    }

    #[test]
    fn after_an_error_collecting_begins_anew() {
        let mut pieces = Pieces::new();
        for wrong in ["", "*", "A", "Zg==Zg==", "é"] {
            assert_eq!(pieces.handle_piece(&"A".repeat(400)), Ok(None));
            assert_eq!(pieces.handle_piece(wrong), Err(PieceError::NotBase64), "{wrong}");
            assert_eq!(pieces.handle_piece("Zm9v"), Ok(Some(b"foo".to_vec())));
        }
    }

    #[test]
    fn padding_ends_a_response() {
        let mut pieces = Pieces::new();
        assert_eq!(pieces.handle_piece(&alloc::format!("{}=", "A".repeat(399))), Ok(None));
        assert_eq!(pieces.handle_piece("Zm9v"), Err(PieceError::NotBase64));
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let pieces = pieces_of(&bytes);
            prop_assert!(pieces.iter().all(|piece| (1..=limits::SASL_PIECE).contains(&piece.len())));
            prop_assert_eq!(collect(&pieces), Ok(Some(bytes)));
        }

        #[test]
        fn any_text_is_taken_or_refused(texts in prop::collection::vec("[+*A=é]{0,5}|[AB+/]{400}", 0..5)) {
            let mut pieces = Pieces::new();
            for text in texts {
                let taken = pieces.handle_piece(&text);
                prop_assert!(pieces.encoded.len().is_multiple_of(limits::SASL_PIECE), "{taken:?}");
            }
        }
    }
}
