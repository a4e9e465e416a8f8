//! A byte stream cut into lines of bounded length.

use alloc::vec::Vec;

/// A line, or a part of one that was too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The bytes, without the line end.
    pub text: &'a [u8],
    /// An earlier piece belongs to the same line.
    pub continues: bool,
    /// Another piece of the same line follows.
    pub goes_on: bool,
}

/// Cuts one stream into lines at LF and CR LF. Holds at most two bytes more than the largest line.
#[derive(Debug)]
pub struct LineSplitter {
    max_line: usize,
    /// The unfinished line, behind `handed_out` bytes of the piece that was returned last.
    buffer: Vec<u8>,
    handed_out: usize,
    /// Part of the unfinished line was handed out because the line is too long.
    continues: bool,
    /// The unfinished line was handed out early by [`Self::flush`], so its end adds no line.
    flushed: bool,
}

impl LineSplitter {
    /// A splitter at the start of a stream. `max_line` is in bytes, without the line end; at least
    /// [`crate::limits::LOG_LINE_MIN`] is taken.
    #[must_use]
    pub fn new(max_line: usize) -> Self {
        let max_line = max_line.max(crate::limits::LOG_LINE_MIN);
        Self { max_line, buffer: Vec::new(), handed_out: 0, continues: false, flushed: false }
    }

    /// Takes bytes off the front of `input` until a piece is complete. `None`: all of `input` was taken and the rest
    /// waits for its line end.
    pub fn next_piece(&mut self, input: &mut &[u8]) -> Option<Piece<'_>> {
        self.forget_handed_out();
        loop {
            if self.is_overfull() {
                return Some(self.cut());
            }
            if input.is_empty() {
                return None;
            }
            let window = input.len().min(self.max_line + 2 - self.buffer.len());
            let line_end = input[..window].iter().position(|&b| b == b'\n');
            let (text, rest) = input.split_at(line_end.unwrap_or(window));
            self.buffer.extend_from_slice(text);
            *input = rest;
            if line_end.is_none() || self.is_overfull() {
                continue;
            }
            *input = &rest[1..];
            if self.buffer.last() == Some(&b'\r') {
                self.buffer.pop();
            }
            if self.buffer.is_empty() && self.flushed {
                self.flushed = false;
                continue;
            }
            return Some(self.hand_out_line(false));
        }
    }

    /// Hands out what waits for its line end as if the end had come; call it until `None`. The line end itself, when it
    /// comes next, adds no line then.
    ///
    /// For the end of a stream, and for answers that promise that everything received was written.
    pub fn flush(&mut self) -> Option<Piece<'_>> {
        self.forget_handed_out();
        if self.buffer.is_empty() {
            return None;
        }
        if self.buffer.len() > self.max_line {
            return Some(self.cut());
        }
        Some(self.hand_out_line(true))
    }

    fn forget_handed_out(&mut self) {
        self.buffer.drain(..self.handed_out);
        self.handed_out = 0;
    }

    /// More than a line, no matter what follows. A CR just behind the largest line may still be half of its end.
    fn is_overfull(&self) -> bool {
        let len = self.buffer.len();
        len > self.max_line + 1 || (len == self.max_line + 1 && self.buffer.last() != Some(&b'\r'))
    }

    fn hand_out_line(&mut self, early: bool) -> Piece<'_> {
        self.handed_out = self.buffer.len();
        self.flushed = early;
        let continues = core::mem::replace(&mut self.continues, false);
        Piece { text: &self.buffer, continues, goes_on: false }
    }

    fn cut(&mut self) -> Piece<'_> {
        self.handed_out = cut_point(&self.buffer, self.max_line);
        self.flushed = false;
        let continues = core::mem::replace(&mut self.continues, true);
        Piece { text: &self.buffer[..self.handed_out], continues, goes_on: true }
    }
}

/// The largest place up to `max` at which `bytes` may be cut without cutting a UTF-8 character (RFC 3629 §3).
fn cut_point(bytes: &[u8], max: usize) -> usize {
    for start in (max.saturating_sub(3)..max).rev() {
        let len = match bytes[start] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let end = bytes.len().min(start + len);
        let is_character = bytes[start + 1..end].iter().all(|b| (0x80..=0xbf).contains(b));
        return if start + len > max && is_character { start } else { max };
    }
    max
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use alloc::string::String;
    use proptest::prelude::*;

    const MAX: usize = limits::LOG_LINE_MIN;

    fn show(piece: Piece<'_>) -> String {
        let text = String::from_utf8_lossy(piece.text);
        alloc::format!("{}{text}{}", if piece.continues { "<" } else { "" }, if piece.goes_on { ">" } else { "" })
    }

    fn feed(splitter: &mut LineSplitter, mut input: &[u8]) -> Vec<String> {
        core::iter::from_fn(|| splitter.next_piece(&mut input).map(show)).collect()
    }

    fn flush(splitter: &mut LineSplitter) -> Vec<String> {
        core::iter::from_fn(|| splitter.flush().map(show)).collect()
    }

    #[test]
    fn lf_and_crlf_end_a_line_and_a_lone_cr_does_not() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"one\ntwo\r\nth\ree\n\n\r\nrest"), ["one", "two", "th\ree", "", ""]);
        assert_eq!(flush(&mut s), ["rest"]);
        assert_eq!(flush(&mut s), [""; 0]);
    }

    #[test]
    fn a_line_end_split_between_two_reads_is_one_line_end() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"one\r"), [""; 0]);
        assert_eq!(feed(&mut s, b"\ntwo\n"), ["one", "two"]);
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_whole_with_either_line_end() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"0123456789abcdef\n"), ["0123456789abcdef"]);
        assert_eq!(feed(&mut s, b"0123456789abcdef\r"), [""; 0]);
        assert_eq!(feed(&mut s, b"\n"), ["0123456789abcdef"]);
    }

    #[test]
    fn a_longer_line_is_cut_and_the_pieces_know_it() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"0123456789abcdefX\nnext\n"), ["0123456789abcdef>", "<X", "next"]);
        assert_eq!(feed(&mut s, &[b'y'; 40]), ["yyyyyyyyyyyyyyyy>", "<yyyyyyyyyyyyyyyy>"]);
        assert_eq!(feed(&mut s, b"\n"), ["<yyyyyyyy"]);
    }

    /// RFC 3629 §3: a character is one lead byte and up to three that continue it.
    #[test]
    fn no_character_is_cut() {
        for (c, head) in [("é", 15), ("€", 14), ("👋", 13), ("👋", 15)] {
            let line = alloc::format!("{}{c}tail\n", "x".repeat(head));
            let mut s = LineSplitter::new(MAX);
            let want = [alloc::format!("{}>", "x".repeat(head)), alloc::format!("<{c}tail")];
            assert_eq!(feed(&mut s, line.as_bytes()), want);
        }
    }

    #[test]
    fn bytes_that_are_no_character_do_not_move_the_cut() {
        let mut s = LineSplitter::new(MAX);
        let mut input: &[u8] = &[0x80; 40];
        assert_eq!(s.next_piece(&mut input).unwrap().text.len(), MAX);
    }

    #[test]
    fn a_flushed_line_is_not_ended_twice() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"hello"), [""; 0]);
        assert_eq!(flush(&mut s), ["hello"]);
        assert_eq!(feed(&mut s, b"\n\nnext\n"), ["", "next"]);
        assert_eq!(feed(&mut s, b"a"), [""; 0]);
        assert_eq!(flush(&mut s), ["a"]);
        assert_eq!(feed(&mut s, b"b\r\n\r\n"), ["b", ""]);
    }

    #[test]
    fn a_flush_keeps_to_the_limit_too() {
        let mut s = LineSplitter::new(MAX);
        assert_eq!(feed(&mut s, b"0123456789abcdef\r"), [""; 0]);
        assert_eq!(flush(&mut s), ["0123456789abcdef>", "<\r"]);
    }

    /// The obvious splitter over the whole stream, to judge the incremental one.
    fn model(stream: &[u8]) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = stream.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        let tail = lines.pop().unwrap();
        for line in &mut lines {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if !tail.is_empty() {
            lines.push(tail);
        }
        lines
    }

    proptest! {
        #[test]
        fn any_stream_in_any_reads_gives_the_lines_of_the_model(
            reads in prop::collection::vec("[a\u{e9}\u{1f44b}\r\n]{0,40}", 0..8), cuts in any::<u64>(),
        ) {
            // Reads end anywhere, also inside a character.
            let stream = reads.concat().into_bytes();
            let mut s = LineSplitter::new(MAX);
            let mut lines: Vec<Vec<u8>> = Vec::new();
            let mut collect = |piece: Piece<'_>| {
                assert!(piece.text.len() <= MAX);
                if piece.continues {
                    lines.last_mut().unwrap().extend_from_slice(piece.text);
                } else {
                    lines.push(piece.text.to_vec());
                }
                assert!(core::str::from_utf8(piece.text).is_ok(), "a character was cut");
            };
            let mut rest = &stream[..];
            let mut rng = crate::rng::Rng::from_seed(cuts);
            while !rest.is_empty() {
                let (mut read, behind) = rest.split_at(1 + rng.below(rest.len() as u64) as usize);
                while let Some(piece) = s.next_piece(&mut read) {
                    collect(piece);
                }
                prop_assert!(read.is_empty());
                prop_assert!(s.buffer.len() <= MAX + 2);
                rest = behind;
            }
            while let Some(piece) = s.flush() {
                collect(piece);
            }
            prop_assert_eq!(lines, model(&stream));
        }
    }
}
