//! How guests of the line listener see things (spec/line-listener.md "What a guest receives"): one line of plain text each,
//! in which nothing can drive a terminal.

use super::event::Said;
use crate::irc::formatting::after_colours;
use crate::printable::is_hidden;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;

// spec: begin
/// A message: `nick: text` for each of its lines, an action as `* nick does`. Empty when there is nothing to show.
pub(super) fn said(said: &Said) -> String {
    if !said.kind.is_message() {
        return String::new();
    }
    let is_private = !said.target.contains('#');
    let mut out = String::new();
    for text in lines(said) {
        match action(&text) {
            Some(Some(action)) => push(&mut out, &format!("* {} ", said.nick()), action),
            // Other CTCP asks programs, not people.
            Some(None) => {}
            None if is_private => push(&mut out, &format!("{} (private): ", said.nick()), &text),
            None => push(&mut out, &format!("{}: ", said.nick()), &text),
        }
    }
    out
}

/// The same as it is shown to who joins later: with the time of day in UTC before each line.
pub(super) fn said_at(message: &Said) -> String {
    // 2026-11-22T11:08:40.000123Z
    let time = Utc::from_micros(message.at_us).rfc3339();
    let time = time.get(11..16).unwrap_or_default();
    said(message).lines().map(|line| format!("[{time}] {line}\n")).collect()
}

/// `* text` as one line.
pub(super) fn notice(text: &str) -> String {
    let mut out = String::new();
    push(&mut out, "* ", text);
    out
}

/// The lines of a message, with those put together that were one before they were cut to IRC's size.
fn lines(said: &Said) -> impl Iterator<Item = String> {
    let mut lines: alloc::vec::Vec<String> = alloc::vec::Vec::new();
    for line in &said.lines {
        match lines.last_mut() {
            Some(last) if line.is_concat => last.push_str(&line.text),
            Some(_) | None => lines.push(line.text.clone()),
        }
    }
    lines.into_iter().filter(|line| !line.is_empty())
}

/// What CTCP a text is: `Some(Some(_))` the text of an action, `Some(None)` any other, `None` no CTCP.
pub(super) fn action(text: &str) -> Option<Option<&str>> {
    let ctcp = text.strip_prefix('\u{1}')?;
    let ctcp = ctcp.strip_suffix('\u{1}').unwrap_or(ctcp);
    Some(ctcp.strip_prefix("ACTION").filter(|rest| rest.is_empty() || rest.starts_with(' ')).map(str::trim_start))
}

fn push(out: &mut String, before: &str, text: &str) {
    out.push_str(before);
    push_plain(out, text);
    out.push('\n');
}

/// Text without formatting, and on one line.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_plain(&mut out, text);
    out
}

/// Text without IRC's formatting codes, and without whatever else a terminal could take as a command or hide. Joiners stay:
/// scripts and emoji need them, and they do no harm.
fn push_plain(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        // Most of what is written is this alone, and goes over in one piece.
        let (ascii, other) = rest.split_at(rest.bytes().take_while(|byte| matches!(byte, b' '..=b'~')).count());
        out.push_str(ascii);
        rest = other;
        let Some(c) = rest.chars().next() else { return };
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\u{3}' | '\u{4}' => rest = after_colours(c, rest).unwrap_or(rest),
            '\t' => out.push(' '),
            '\u{200c}' | '\u{200d}' => out.push(c),
            c if is_hidden(c) => {}
            c => out.push(c),
        }
    }
}

// spec: end

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formatting_and_terminal_codes_are_gone() {
        assert_eq!(notice("\u{2}bold\u{f} \u{3}04,12red\u{3}, \u{4}ff0000,00ff00hex"), "* bold red, hex\n");
        assert_eq!(notice("\u{1b}[2Jclear\u{9b}31m\u{202e}a\tb\r\n\u{7}"), "* [2Jclear31ma b\n");
        assert_eq!(notice("👩\u{200d}🚀"), "* 👩\u{200d}🚀\n");
    }

    #[test]
    fn only_actions_are_told_of_ctcp() {
        assert_eq!(action("\u{1}ACTION waves\u{1}"), Some(Some("waves")));
        assert_eq!(action("\u{1}ACTION\u{1}"), Some(Some("")));
        assert_eq!(action("\u{1}ACTIONS x\u{1}"), Some(None));
        assert_eq!(action("\u{1}VERSION\u{1}"), Some(None));
        assert_eq!(action("VERSION"), None);
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_of_plain_text(text: String) {
            let shown = notice(&text);
            let line = shown.strip_suffix('\n').expect("a line end");
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
