//! Where typed lines come from.

use crate::output;
use helio_core::limits;
use std::io::{self, BufRead, Read as _};
use tokio::sync::mpsc;

/// Lines of stdin, which a thread reads; it ends when stdin does.
pub(super) fn stdin() -> (mpsc::Receiver<String>, Option<mpsc::Sender<String>>) {
    let (sender, lines) = mpsc::channel(limits::SAID_AHEAD);
    std::thread::spawn(move || {
        if let Err(error) = read(io::stdin().lock(), |line| sender.blocking_send(line).is_ok()) {
            output::message(format_args!("helio: cannot read stdin: {error}"));
        }
    });
    (lines, None)
}

/// No line and no end: the sender must be kept for as long as that is to be so.
pub(super) fn none() -> (mpsc::Receiver<String>, Option<mpsc::Sender<String>>) {
    let (sender, lines) = mpsc::channel(1);
    (lines, Some(sender))
}

/// Hands over each line until `take` wants no more. One that is longer than [`limits::CHAT_CLIENT_INPUT_LINE`] comes as
/// several, of which none but the first can be a command. Bytes that are not UTF-8, which servers refuse, become U+FFFD.
fn read(mut input: impl BufRead, mut take: impl FnMut(String) -> bool) -> io::Result<()> {
    let mut kept = Vec::new();
    let mut is_in_line = false;
    loop {
        let mut line = std::mem::take(&mut kept);
        let room = limits::CHAT_CLIENT_INPUT_LINE - line.len();
        (&mut input).take(room as u64).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let is_cut = line.len() == limits::CHAT_CLIENT_INPUT_LINE && !line.ends_with(b"\n");
        if is_cut {
            kept = line.split_off(whole_characters(&line));
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        let text = if is_in_line && text.starts_with('/') { format!("/{text}") } else { text };
        is_in_line = is_cut;
        if !take(text) {
            return Ok(());
        }
    }
}

/// The bytes before a character that is not complete at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Ok(_) | Err(_) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        read(input, |line| {
            lines.push(line);
            true
        })
        .unwrap();
        lines
    }

    #[test]
    fn lines_are_handed_over_and_bad_bytes_are_marked() {
        assert_eq!(lines(b"a\r\n\nb\xffc"), ["a\r\n", "\n", "b\u{fffd}c"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_its_rest_is_no_command() {
        let bound = limits::CHAT_CLIENT_INPUT_LINE;
        let long = format!("{}☀/quit\n", "x".repeat(bound - 2));
        assert_eq!(lines(long.as_bytes()), [&"x".repeat(bound - 2), "☀/quit\n"]);
        let slash = format!("{}/quit\n/me\n", "x".repeat(bound));
        assert_eq!(lines(slash.as_bytes()), [&"x".repeat(bound), "//quit\n", "/me\n"]);
    }

    #[test]
    fn nothing_is_read_for_nobody() {
        let mut taken = 0;
        read(b"a\nb\nc\n".as_slice(), |_| {
            taken += 1;
            taken < 2
        })
        .unwrap();
        assert_eq!(taken, 2);
    }
}
