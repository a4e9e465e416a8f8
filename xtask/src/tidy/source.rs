//! A Rust source as the checks see it: its lines, the same lines without comments and literals, and which are tests.

/// One Rust source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    text: String,
    /// The text with every comment, string and character literal blanked; lines and columns stay where they were.
    code: String,
    /// For each line, whether it is compiled only for tests.
    test: Vec<bool>,
}

/// One line of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// As written.
    pub(crate) text: &'a str,
    /// Without comments and literals.
    pub(crate) code: &'a str,
    /// Compiled only for tests.
    pub(crate) test: bool,
}

impl Source {
    /// Reads a source.
    pub(crate) fn new(text: &str) -> Self {
        let code = blank(text);
        let test = test_lines(&code);
        Self { text: text.to_owned(), code, test }
    }

    /// Its lines in order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.text.lines().zip(self.code.lines()).zip(&self.test);
        lines.enumerate().map(|(index, ((text, code), &test))| Line { number: index + 1, text, code, test })
    }

    /// The whole of it, as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The whole of it without comments and literals, byte for byte in the same places.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether the line with this number (from 1) is compiled only for tests.
    pub(crate) fn is_test(&self, number: usize) -> bool {
        self.test.get(number - 1).copied().unwrap_or(false)
    }

    /// Declares the whole file to be test code.
    pub(crate) fn mark_as_test(&mut self) {
        self.test.fill(true);
    }

    /// Whether the lines of comments and attributes right above line `number` hold `marker` followed by a reason.
    pub(crate) fn has_reason_above(&self, number: usize, marker: &str) -> bool {
        let lines: Vec<&str> = self.text.lines().take(number - 1).collect();
        let above =
            lines.iter().rev().take_while(|line| line.trim().starts_with("//") || line.trim().starts_with("#["));
        above.into_iter().any(|line| has_reason(line, marker))
    }
}

/// Whether a line is the comment `// MARKER REASON` with a reason that is not empty.
pub(crate) fn has_reason(line: &str, marker: &str) -> bool {
    let comment = line.trim().strip_prefix("// ");
    comment.and_then(|comment| comment.strip_prefix(marker)).is_some_and(|reason| !reason.trim().is_empty())
}

/// The identifiers and keywords of a piece of code, each with its offset.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

/// The line number (from 1) of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The offset of the bracket that closes the one at `open`; the end of the code when there is none.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return offset;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// The offset of the first `{` or `;` from `start` on that stands outside parentheses and square brackets: where the
/// head of an item ends.
pub(crate) fn head_end(code: &str, start: usize) -> Option<usize> {
    let mut offset = start;
    while let Some(byte) = code.as_bytes().get(offset) {
        match byte {
            b'{' | b';' => return Some(offset),
            b'(' | b'[' => offset = closing(code, offset) + 1,
            _ => offset += 1,
        }
    }
    None
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Marks the lines of each item behind `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn test_lines(code: &str) -> Vec<bool> {
    let mut test = vec![code.contains("#![cfg(test)]"); code.lines().count()];
    for attribute in ["#[cfg(test)]", "#[cfg(all(test"] {
        for (start, _) in code.match_indices(attribute) {
            let end = match head_end(code, closing(code, start + 1) + 1) {
                Some(head) if code.as_bytes()[head] == b'{' => closing(code, head),
                Some(head) => head,
                None => code.len(),
            };
            let lines = line_of(code, start) - 1..line_of(code, end.min(code.len()));
            test.iter_mut().take(lines.end).skip(lines.start).for_each(|line| *line = true);
        }
    }
    test
}

/// Replaces every byte of comments and literals by a space; newlines stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let after_word = at > 0 && is_word(char::from(bytes[at - 1])) && bytes[at - 1].is_ascii();
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_comment(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => block_comment(bytes, at),
            b'"' => string(bytes, at),
            b'r' | b'b' | b'c' if !after_word => prefixed_string(bytes, at),
            b'\'' => character(text, at),
            _ => at,
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn line_comment(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn block_comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut end) = (0_usize, at);
    while end < bytes.len() {
        if bytes[end..].starts_with(b"/*") {
            depth += 1;
            end += 2;
        } else if bytes[end..].starts_with(b"*/") {
            depth -= 1;
            end += 2;
            if depth == 0 {
                return end;
            }
        } else {
            end += 1;
        }
    }
    end
}

fn string(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 2,
            b'"' => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// The end of `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`; `at` when it is only a word that begins so.
fn prefixed_string(bytes: &[u8], at: usize) -> usize {
    let prefix = bytes[at..].iter().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let hashes = bytes[at + prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let open = at + prefix + hashes;
    if bytes.get(open) != Some(&b'"') {
        return at;
    }
    if bytes[at + prefix - 1] != b'r' {
        return if hashes == 0 { string(bytes, open) } else { at };
    }
    let close: Vec<u8> = [b"\"", "#".repeat(hashes).as_bytes()].concat();
    let length = bytes[open + 1..].windows(close.len()).position(|window| window == close);
    length.map_or(bytes.len(), |length| open + 1 + length + close.len())
}

/// The end of a character literal; `at` when it is a lifetime.
fn character(text: &str, at: usize) -> usize {
    let mut rest = text[at + 1..].char_indices();
    match (rest.next(), rest.next()) {
        (Some((_, '\\')), Some((escaped, c))) => {
            let from = at + 1 + escaped + c.len_utf8();
            text[from..].find('\'').map_or(text.len(), |length| from + length + 1)
        }
        (Some(_), Some((quote, '\''))) => at + 1 + quote + 1,
        _ => at,
    }
}

#[cfg(test)]
mod tests;
