//! What a person types: words, or a command after a slash.

use crate::irc::casemap;
use crate::irc::formatting::after_colours;
use crate::irc::line::truncate_utf8;
use crate::irc::name::RoomName;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The commands, as they are told to who asks.
pub const COMMANDS: &str = "/me TEXT, /msg NICK TEXT, /notice WHO TEXT, /nick NEW, /join #ROOM [KEY], \
    /part [#ROOM] [REASON], /quit [REASON]; a line that starts with a slash is said with // in front";

/// One line of input, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input<'a> {
    Nothing,
    Say(&'a str),
    Me(&'a str),
    To { target: &'a str, is_notice: bool, text: &'a str },
    Nick(&'a str),
    Join { room: RoomName, key: Option<&'a str> },
    Part { room: Option<&'a str>, reason: &'a str },
    Quit(&'a str),
    Help,
    Wrong(String),
}

impl<'a> Input<'a> {
    /// Understands a line. It may end with its line end; spaces at its start are part of the words.
    pub(super) fn parse(line: &'a str) -> Self {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        let Some(command) = line.strip_prefix('/') else { return Self::Say(line) };
        if command.starts_with('/') {
            return Self::Say(command);
        }
        let (verb, rest) = word(command);
        match (verb.to_ascii_lowercase().as_str(), rest) {
            ("help", _) => Self::Help,
            ("quit", reason) => Self::Quit(reason),
            ("me", text) if !text.is_empty() => Self::Me(text),
            ("msg", rest) => to(verb, rest, false),
            ("notice", rest) => to(verb, rest, true),
            ("nick", rest) if !rest.is_empty() => Self::Nick(word(rest).0),
            ("join", rest) if !rest.is_empty() => join(rest),
            ("part", rest) => match word(rest) {
                (room, reason) if room.starts_with('#') => Self::Part { room: Some(room), reason },
                _ => Self::Part { room: None, reason: rest },
            },
            ("me" | "nick" | "join", _) => Self::Wrong(format!("/{verb} needs something behind it")),
            _ => Self::Wrong(format!("there is no command /{verb}; /help lists those that there are")),
        }
    }
}

fn to<'a>(verb: &str, rest: &'a str, is_notice: bool) -> Input<'a> {
    match word(rest) {
        (target, text) if !text.is_empty() && !target.contains(',') && !target.starts_with(':') => {
            Input::To { target, is_notice, text }
        }
        _ => Input::Wrong(format!("/{verb} needs one name and a text")),
    }
}

fn join(rest: &str) -> Input<'_> {
    let (name, key) = word(rest);
    match RoomName::parse(name) {
        Ok(room) => Input::Join { room, key: Some(key).filter(|key| !key.is_empty()) },
        Err(error) => Input::Wrong(format!("{name} cannot be a room: {error}")),
    }
}

/// The first word, and what follows the spaces after it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim_start_matches(' '))
}

/// A text in pieces of at most [`limits::CHAT_CLIENT_MESSAGE`] bytes, cut at the last space of a piece if that leaves at
/// least half of it. Nothing is lost but the space at a cut.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > limits::CHAT_CLIENT_MESSAGE {
        let fitting = truncate_utf8(rest, limits::CHAT_CLIENT_MESSAGE);
        let at = fitting.rfind(' ').filter(|at| *at >= limits::CHAT_CLIENT_MESSAGE / 2);
        let (piece, after) = rest.split_at(at.unwrap_or(fitting.len()));
        pieces.push(piece);
        rest = if at.is_some() { after.get(1..).unwrap_or_default() } else { after };
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// What other people see instead of the bytes of formatting: bold, colour and the like are left out, everything else
/// stays (modern.ircdocs.horse "Formatting").
#[must_use]
pub fn plain_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\u{2}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}' | '\u{1e}' | '\u{1f}' => {}
            '\u{3}' | '\u{4}' => rest = after_colours(c, rest).unwrap_or(rest),
            c => out.push(c),
        }
    }
    out
}

/// Whether two names of people or rooms are the same.
pub(super) fn same(a: &str, b: &str) -> bool {
    casemap::eq(a, b)
}

/// A nickname to try when `wanted` is in use: first with `_`, then with digits, the later ones within the nine bytes that
/// old servers have.
pub(super) fn alternative(wanted: &str, attempt: u8) -> String {
    let room = if attempt > limits::CHAT_CLIENT_NICK_TRIES / 2 { 9 } else { limits::IRC_NICK };
    let base = truncate_utf8(wanted, room - 1);
    if attempt == 1 { format!("{base}_") } else { base.to_string() + &attempt.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_commands_are_told_apart() {
        assert_eq!(Input::parse("hello there\r\n"), Input::Say("hello there"));
        assert_eq!(Input::parse("//etc/hosts"), Input::Say("/etc/hosts"));
        assert_eq!(Input::parse(" /me"), Input::Say(" /me"));
        assert_eq!(Input::parse("  \n"), Input::Nothing);
        assert_eq!(Input::parse("/ME waves  twice"), Input::Me("waves  twice"));
        assert_eq!(Input::parse("/msg ben  hi"), Input::To { target: "ben", is_notice: false, text: "hi" });
        assert_eq!(Input::parse("/part"), Input::Part { room: None, reason: "" });
        assert_eq!(Input::parse("/part #a good night"), Input::Part { room: Some("#a"), reason: "good night" });
        assert_eq!(Input::parse("/quit"), Input::Quit(""));
        let room = RoomName::parse("#ops").unwrap();
        assert_eq!(Input::parse("/join #ops key"), Input::Join { room, key: Some("key") });
    }

    #[test]
    fn what_is_no_command_is_told_with_what_would_be() {
        let wrong = |line| {
            let Input::Wrong(text) = Input::parse(line) else { panic!("{line} is a command") };
            text
        };
        assert_eq!(wrong("/etc/hosts"), "there is no command /etc/hosts; /help lists those that there are");
        assert_eq!(wrong("/msg ben"), "/msg needs one name and a text");
        assert_eq!(wrong("/msg a,b hi"), "/msg needs one name and a text");
        assert_eq!(wrong("/join ops"), "ops cannot be a room: name of a room starts with #");
        assert_eq!(wrong("/me"), "/me needs something behind it");
    }

    #[test]
    fn formatting_is_left_out_and_everything_else_stays() {
        assert_eq!(plain_text("\u{2}bold\u{2} \u{3}4,12red\u{3} \u{3}07x \u{4}ff0000,00ff00y\u{f}"), "bold red x y");
        assert_eq!(plain_text("\u{3}4,x 1,2 \u{1b}[2J"), ",x 1,2 \u{1b}[2J");
        assert_eq!(plain_text("\u{3}☀"), "☀");
    }

    #[test]
    fn other_nicknames_end_differently_and_get_shorter() {
        let tried: Vec<_> = (1..=limits::CHAT_CLIENT_NICK_TRIES).map(|n| alternative("abcdefghijkl", n)).collect();
        assert_eq!(tried[0], "abcdefghijkl_");
        assert_eq!(tried[3], "abcdefghijkl4");
        assert_eq!(tried[8], "abcdefgh9");
    }

    proptest! {
        #[test]
        fn pieces_fit_and_nothing_but_spaces_is_lost(text in "[a-z☀é ]{1,900}") {
            let pieces = pieces(&text);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= limits::CHAT_CLIENT_MESSAGE));
            let joined: String = pieces.concat();
            prop_assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
