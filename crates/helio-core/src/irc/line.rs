//! Lines going out. Everything that the server writes goes through here, whatever it was made of.

use super::numeric::Numeric;
use crate::limits;
use alloc::vec::Vec;

/// Composes `[:source] COMMAND params… [:trailing]` and CR LF at the end of a buffer, after tags if there are any.
///
/// It guarantees, by changing what it was given where it must:
/// - CR, LF and NUL are nowhere but at the end. In the trailing parameter each becomes a space.
/// - A middle parameter is one word. Spaces and those three in it, and a colon at its start, become `_`; an empty one
///   becomes `*`. So do a source and a command, and a line cannot begin with `@`.
/// - With CR LF it is at most [`limits::IRC_BODY`] bytes. What does not fit is cut, between two UTF-8 characters.
#[derive(Debug)]
pub struct LineBuilder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    is_cut: bool,
}

impl<'a> LineBuilder<'a> {
    /// Starts a line after what `out` holds.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, is_cut: false }
    }

    /// `:source`; before the command.
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.push_bytes(b":");
        self.push_word(source);
        self
    }

    /// The command.
    #[must_use]
    pub fn command(mut self, command: &str) -> Self {
        self.push_middle(command);
        self
    }

    /// The command of a numeric reply, always three digits. The target's nickname (`*` before it has one) comes next.
    #[must_use]
    pub fn numeric(self, numeric: Numeric) -> Self {
        let code = numeric.code();
        let digits = [code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + (digit % 10) as u8);
        let mut line = self;
        line.separate();
        line.push_bytes(&digits);
        line
    }

    /// A middle parameter.
    #[must_use]
    pub fn param(mut self, param: &str) -> Self {
        self.push_middle(param);
        self
    }

    /// Several middle parameters.
    #[must_use]
    pub fn params<S: AsRef<str>>(mut self, params: impl IntoIterator<Item = S>) -> Self {
        for param in params {
            self.push_middle(param.as_ref());
        }
        self
    }

    /// The last parameter, which may be empty and may hold spaces.
    #[must_use]
    pub fn trailing(mut self, text: &str) -> Self {
        self.separate();
        self.push_bytes(b":");
        let fitting = truncate_utf8(text, self.room());
        self.is_cut |= fitting.len() < text.len();
        self.out.extend(fitting.bytes().map(|byte| if is_line_breaking(byte) { b' ' } else { byte }));
        self
    }

    /// Bytes that still fit before CR LF. A trailing parameter needs two of them for its space and colon.
    #[must_use]
    pub fn room(&self) -> usize {
        (limits::IRC_BODY - 2).saturating_sub(self.out.len() - self.start)
    }

    /// Ends the line. `true` when all of it fitted, `false` when something was cut.
    pub fn finish(self) -> bool {
        self.out.extend_from_slice(b"\r\n");
        !self.is_cut
    }

    fn push_middle(&mut self, word: &str) {
        self.separate();
        self.push_word(word);
    }

    fn push_word(&mut self, word: &str) {
        let word = if word.is_empty() { "*" } else { word };
        let fitting = truncate_utf8(word, self.room());
        self.is_cut |= fitting.len() < word.len();
        let start = self.out.len();
        self.out.extend(fitting.bytes().map(|byte| if is_line_breaking(byte) || byte == b' ' { b'_' } else { byte }));
        // A colon would start the trailing parameter, an at sign at the start of the line its tags.
        let is_first = start == self.start;
        let is_mark = |first: &&mut u8| **first == b':' || (is_first && **first == b'@');
        if let Some(first) = self.out.get_mut(start).filter(is_mark) {
            *first = b'_';
        }
    }

    fn separate(&mut self) {
        if self.out.len() > self.start {
            self.push_bytes(b" ");
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        if bytes.len() <= self.room() {
            self.out.extend_from_slice(bytes);
        } else {
            self.is_cut = true;
        }
    }
}

/// The longest beginning of a text that has at most `max` bytes and ends between two characters.
#[must_use]
pub fn truncate_utf8(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

fn is_line_breaking(byte: u8) -> bool {
    matches!(byte, 0 | b'\r' | b'\n')
}

#[cfg(test)]
mod tests;
