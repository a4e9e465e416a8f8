//! How text becomes words. SQLite's tokenizer splits at everything that is neither letter nor digit, and takes no notice of
//! case and diacritics. Scripts that are written without spaces are split here, into single characters.

// spec: begin
/// The tokenizer of every shard.
pub(super) const TOKENIZER: &str = "unicode61 remove_diacritics 2";

/// Characters of scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, Kana, Bopomofo and Han.
const UNSPACED: [(char, char); 11] = [
    ('\u{e00}', '\u{eff}'),
    ('\u{1000}', '\u{109f}'),
    ('\u{1780}', '\u{17ff}'),
    ('\u{3040}', '\u{312f}'),
    ('\u{31a0}', '\u{31bf}'),
    ('\u{31f0}', '\u{31ff}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{ff66}', '\u{ff9f}'),
    ('\u{20000}', '\u{3ffff}'),
];
// spec: end

/// The text for the tokenizer: each character of an unspaced script stands alone.
pub(super) fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unspaced(c) {
            out.extend([' ', c, ' ']);
        } else {
            // The parser of queries takes NUL for the end.
            out.push(if c.is_control() { ' ' } else { c });
        }
    }
    out
}

/// Whether there is anything in a text that can be found.
pub(super) fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// A text as one phrase of FTS5. Inside quotes only the quote has a meaning, which is doubled.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", spaced(text).replace('"', "\"\""))
}

/// Any text as one word that only the same text becomes.
pub(super) fn whole(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::from("x"), |mut word, byte| {
        // Writing to a string cannot fail.
        let _ = write!(word, "{byte:02x}");
        word
    })
}

fn is_unspaced(c: char) -> bool {
    c >= '\u{e00}' && UNSPACED.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
