//! Bytes from outside, made safe to show: bounded, on one line, no control character reaches a terminal or a log.

use alloc::string::String;
use core::fmt::Write as _;

/// `bytes` as one line of text of at most `max_chars` characters, then ` … (N bytes)` when something was cut.
///
/// Valid UTF-8 stays readable. `\n`, `\r`, `\t` and `\\` are escaped as in Rust; other control characters, invisible
/// direction marks and bytes that are not UTF-8 become `\u{…}` or `\x…`.
#[must_use]
pub fn printable(bytes: &[u8], max_chars: usize) -> String {
    let mut out = String::new();
    let mut shown_chars = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if shown_chars == max_chars {
                return cut(out, bytes.len());
            }
            shown_chars += 1;
            push_char(&mut out, c);
        }
        for byte in chunk.invalid() {
            if shown_chars == max_chars {
                return cut(out, bytes.len());
            }
            shown_chars += 1;
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Text for a log line: like [`printable`] without a bound, and with `\` left alone so that ordinary text stays as is.
pub fn push_text(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' || c == '\t' {
                out.push(c);
            } else {
                push_char(out, c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// The classic dump: offset, sixteen bytes in hex, the same bytes as ASCII; one line each, no line end after the last.
#[must_use]
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        if row > 0 {
            out.push('\n');
        }
        let _ = write!(out, "{:08x} ", row * 16);
        for column in 0..16 {
            if column == 8 {
                out.push(' ');
            }
            match chunk.get(column) {
                Some(byte) => {
                    let _ = write!(out, " {byte:02x}");
                }
                None => out.push_str("   "),
            }
        }
        out.push_str("  |");
        out.extend(chunk.iter().map(|&b| if (0x20..0x7f).contains(&b) { b as char } else { '.' }));
        out.push('|');
    }
    out
}

/// Whether a character changes how the text around it is shown instead of being seen itself: controls (C0 and C1), line
/// separators, direction marks and overrides, characters without width.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn cut(mut out: String, total_bytes: usize) -> String {
    let _ = write!(out, " … ({total_bytes} bytes)");
    out
}

fn push_char(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' => out.push_str("\\\\"),
        c if is_hidden(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_shown_as_it_is() {
        assert_eq!(printable("Grüße, 世界 👋".as_bytes(), 80), "Grüße, 世界 👋");
    }

    #[test]
    fn terminal_sequences_and_bad_bytes_are_escaped() {
        assert_eq!(printable(b"\x1b[2J\r\n\0\xff\\", 80), r"\u{1b}[2J\r\n\u{0}\xff\\");
        assert_eq!(printable("a\u{202e}b".as_bytes(), 80), r"a\u{202e}b");
    }

    #[test]
    fn what_is_cut_is_said_with_the_full_size() {
        assert_eq!(printable(&[b'x'; 300], 4), "xxxx … (300 bytes)");
        assert_eq!(printable(b"xxxx", 4), "xxxx");
    }

    #[test]
    fn hex_dump_matches_the_classic_layout() {
        insta::assert_snapshot!(hex_dump(b"ACK: Hello, TCP!\n\xff"), @r"
        00000000  41 43 4b 3a 20 48 65 6c  6c 6f 2c 20 54 43 50 21  |ACK: Hello, TCP!|
        00000010  0a ff                                             |..|
        ");
        assert_eq!(hex_dump(b""), "");
    }

    proptest! {
        #[test]
        fn no_control_character_ever_comes_out(bytes: alloc::vec::Vec<u8>, max in 0usize..200) {
            let shown = printable(&bytes, max);
            prop_assert!(!shown.chars().any(char::is_control));
            let mut line = String::new();
            push_text(&mut line, &bytes);
            prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
        }
    }
}
