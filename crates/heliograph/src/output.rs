//! Writing to the user: results on stdout, messages on stderr. Both keep quiet when nobody reads any more.

use crate::exit::{Exit, Failure, Outcome};
use helio_core::printable::is_hidden;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

/// One line of result. A closed pipe ends the program with success, as it does for `cat`.
pub(crate) fn line(text: impl Display) -> Outcome {
    let mut out = io::stdout().lock();
    wrote(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// One line of a service's events.
pub(crate) fn event(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// One result as a JSON object on its own line.
pub(crate) fn json(value: &impl Serialize) -> Outcome {
    match json_text(value) {
        Ok(text) => line(text),
        Err(error) => Err(Failure::new(Exit::Failure, format_args!("cannot write JSON: {error}"))),
    }
}

/// A JSON object on one line that is safe to show: no text from outside can move a cursor or turn the direction.
pub(crate) fn json_text(value: &impl Serialize) -> io::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, HiddenEscaped))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// JSON escapes U+0000–001F only (RFC 8259 §7); this escapes the other characters that a terminal obeys too. The value
/// stays the same.
struct HiddenEscaped;

impl Formatter for HiddenEscaped {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|&(_, c)| is_hidden(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hidden.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Raw bytes of result, such as an answer that was asked for as it came.
pub(crate) fn bytes(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    wrote(out.write_all(bytes).and_then(|()| out.flush()))
}

/// One line beside the result. Errors while telling are of no use to anyone.
pub(crate) fn message(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A question, behind which the answer is typed.
pub(crate) fn ask(text: impl Display) {
    let mut err = io::stderr();
    let _ = write!(err, "{text}").and_then(|()| err.flush());
}

/// Whether a person reads stderr, so that progress may be drawn.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Whether stderr is a terminal that can do more than print one line after the other.
pub(crate) fn is_drawn_on() -> bool {
    is_watched() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

fn wrote(result: io::Result<()>) -> Outcome {
    match result {
        Ok(()) => Ok(()),
        #[expect(clippy::exit, reason = "nobody reads the result: the one case that ends the program from the depth")]
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(Exit::Unavailable, format_args!("cannot write the result: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn json_shows_no_character_that_a_terminal_obeys_and_keeps_the_value() {
        let obeyed = "Grüße\u{9b}2J \u{85}\u{7f}\u{200f}\u{202e}\u{2066}\u{61c}\u{feff} \u{1b}[2J 👋 \"\\";
        let value = BTreeMap::from([(obeyed, obeyed)]);
        let text = json_text(&value).unwrap();
        assert!(!text.chars().any(is_hidden), "{text:?}");
        insta::assert_snapshot!(text, @r#"{"Grüße\u009b2J \u0085\u007f\u200f\u202e\u2066\u061c\ufeff \u001b[2J 👋 \"\\":"Grüße\u009b2J \u0085\u007f\u200f\u202e\u2066\u061c\ufeff \u001b[2J 👋 \"\\"}"#);
        let read: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
        assert_eq!(read[obeyed], obeyed);
    }
}
