//! Lines of one read on their way to the hub.

use helio_core::irc::frame::LineError;

/// The lines of one read, and errors in the places of lines that are none. Handed out front first; the rest may wait.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// Pieces that were handed out.
    taken: usize,
}

#[derive(Clone, Debug)]
enum Piece {
    /// A line, by its end in `bytes`; it starts where the one before it ended.
    Line(usize),
    /// Something that is no line.
    Bad(LineError),
}

impl Batch {
    pub(super) fn push(&mut self, line: Result<&[u8], LineError>) {
        let piece = match line {
            Ok(line) => {
                self.bytes.extend_from_slice(line);
                Piece::Line(self.bytes.len())
            }
            Err(error) => Piece::Bad(error),
        };
        self.pieces.push(piece);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.pieces.len()
    }

    /// The next line. Not an iterator: what it hands out is borrowed from it.
    pub(super) fn take(&mut self) -> Option<Result<&[u8], LineError>> {
        let piece = self.pieces.get(self.taken)?;
        let start = self.pieces[..self.taken].iter().rev().find_map(|piece| match piece {
            Piece::Line(end) => Some(*end),
            Piece::Bad(_) => None,
        });
        self.taken += 1;
        Some(match piece {
            Piece::Line(end) => Ok(&self.bytes[start.unwrap_or(0)..*end]),
            Piece::Bad(error) => Err(error.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::irc::frame::LinePart;

    #[test]
    fn lines_come_out_as_they_went_in_with_errors_in_their_places() {
        let error = || Err(LineError::TooLong { part: LinePart::Body, limit: 512, label: Some("x".to_owned()) });
        let pushed: [Result<&[u8], LineError>; 5] = [error(), Ok(b"one"), Ok(b"two"), error(), Ok(b"three")];
        let mut batch = Batch::default();
        for line in &pushed {
            batch.push(line.clone());
        }
        for line in pushed {
            assert!(!batch.is_empty());
            assert_eq!(batch.take(), Some(line));
        }
        assert!(batch.is_empty());
        assert_eq!(batch.take(), None);
    }
}
