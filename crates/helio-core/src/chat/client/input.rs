//! What a person types: words, or a command after a slash.

use crate::irc::casemap;
use crate::irc::formatting::after_colours;
use crate::irc::line::truncate_utf8;
use crate::irc::name::RoomName;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// A command, as it is explained to who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandHelp {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What comes behind it; in brackets what may be left out.
    pub parameters: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// Every command, by name. A line that starts with a slash is said with `//` in front.
pub const COMMANDS: &[CommandHelp] = &[
    row("away", "[MESSAGE]", "says that you are away, and why; without a message, that you are back"),
    row("close", "", "closes a conversation, or leaves the room"),
    row("help", "[COMMAND]", "explains the commands, or one of them"),
    row("invite", "NICK [#ROOM]", "invites somebody into the room"),
    row("join", "#ROOM [KEY]", "goes into a room"),
    row("kick", "NICK [REASON]", "puts somebody out of the room"),
    row("me", "TEXT", "says what you are doing"),
    row("mode", "[CHANGE]", "shows the modes of the room, or changes them: /mode +o ann"),
    row("msg", "NICK TEXT", "says something to somebody alone"),
    row("names", "[#ROOM]", "lists who is in the room"),
    row("nick", "NEW", "changes your nickname"),
    row("notice", "WHO TEXT", "says something that no program answers"),
    row("part", "[#ROOM] [REASON]", "leaves the room"),
    row("query", "NICK [TEXT]", "opens a conversation with somebody"),
    row("quit", "[REASON]", "leaves the server"),
    row("raw", "LINE", "sends a line to the server as it is"),
    row("react", "EMOJI", "reacts to the last message of somebody else, or takes that back"),
    row("redact", "[REASON]", "takes back your last message"),
    row("reply", "TEXT", "answers the last message of somebody else"),
    row("search", "WORDS", "finds messages of this room by their words"),
    row("topic", "[TEXT]", "shows what the room is about, or sets it"),
    row("whois", "NICK", "tells who somebody is"),
];

const fn row(name: &'static str, parameters: &'static str, help: &'static str) -> CommandHelp {
    CommandHelp { name, parameters, help }
}

/// One line of input, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input<'a> {
    Nothing,
    Say(&'a str),
    Me(&'a str),
    To {
        target: &'a str,
        is_notice: bool,
        text: &'a str,
    },
    Nick(&'a str),
    Join {
        room: RoomName,
        key: Option<&'a str>,
    },
    Part {
        room: Option<&'a str>,
        reason: &'a str,
    },
    Quit(&'a str),
    Help(&'a str),
    Away(&'a str),
    Close,
    Query {
        nick: &'a str,
        text: &'a str,
    },
    Reply(&'a str),
    React(&'a str),
    Redact(&'a str),
    Search(&'a str),
    Raw(&'a str),
    /// A command of the server: the verb and its parameters, of which the last may have spaces. The room is put before
    /// them where the command is about one.
    Ask {
        verb: &'static str,
        about: About,
        params: Vec<&'a str>,
    },
    Wrong(String),
}

/// Where the room goes among the parameters of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Nothing,
    /// First.
    Room,
    /// Last, unless it is given.
    RoomLast,
}

impl<'a> Input<'a> {
    /// Understands a line. It may end with its line end; spaces at its start are part of the words. Of several lines, all
    /// belong to the text.
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
        let name = verb.to_ascii_lowercase();
        if rest.is_empty() && COMMANDS.iter().any(|row| row.name == name && needs_more(row)) {
            return Self::Wrong(match name.as_str() {
                "msg" | "notice" => format!("/{verb} needs one name and a text"),
                _ => format!("/{verb} needs something behind it"),
            });
        }
        match name.as_str() {
            "help" => Self::Help(rest.trim_start_matches('/')),
            "quit" => Self::Quit(rest),
            "me" => Self::Me(rest),
            "msg" => to(verb, rest, false),
            "notice" => to(verb, rest, true),
            "nick" => Self::Nick(word(rest).0),
            "join" => join(rest),
            "part" => match word(rest) {
                (room, reason) if room.starts_with('#') => Self::Part { room: Some(room), reason },
                _ => Self::Part { room: None, reason: rest },
            },
            "away" => Self::Away(rest),
            "close" => Self::Close,
            "query" => query(verb, rest),
            "reply" => Self::Reply(rest),
            "react" => Self::React(rest.trim()),
            "redact" => Self::Redact(rest),
            "search" => Self::Search(rest),
            "raw" | "quote" => Self::Raw(rest),
            _ => ask(verb, &name, rest),
        }
    }
}

/// The commands that the server answers.
fn ask<'a>(verb: &str, name: &str, rest: &'a str) -> Input<'a> {
    let (first, more) = word(rest);
    let params = |list: &[&'a str]| list.iter().copied().filter(|param| !param.is_empty()).collect();
    match name {
        "topic" => Input::Ask { verb: "TOPIC", about: About::Room, params: params(&[rest]) },
        "names" if first.starts_with('#') => {
            Input::Ask { verb: "NAMES", about: About::Nothing, params: params(&[first]) }
        }
        "names" => Input::Ask { verb: "NAMES", about: About::Room, params: Vec::new() },
        "mode" if first.starts_with('#') => {
            Input::Ask { verb: "MODE", about: About::Nothing, params: rest.split_whitespace().collect() }
        }
        "mode" => Input::Ask { verb: "MODE", about: About::Room, params: rest.split_whitespace().collect() },
        "kick" => Input::Ask { verb: "KICK", about: About::Room, params: params(&[first, more]) },
        "invite" => {
            let about = if more.starts_with('#') { About::Nothing } else { About::RoomLast };
            Input::Ask { verb: "INVITE", about, params: params(&[first, word(more).0]) }
        }
        "whois" => Input::Ask { verb: "WHOIS", about: About::Nothing, params: params(&[first]) },
        _ => Input::Wrong(format!("there is no command /{verb}; /help lists those that there are")),
    }
}

fn needs_more(row: &CommandHelp) -> bool {
    !row.parameters.is_empty() && !row.parameters.starts_with('[')
}

fn query<'a>(verb: &str, rest: &'a str) -> Input<'a> {
    match word(rest) {
        (nick, text) if !nick.starts_with(['#', ':']) && !nick.contains(',') => Input::Query { nick, text },
        _ => Input::Wrong(format!("/{verb} needs one name")),
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
    fn commands_are_sorted_and_each_is_understood() {
        assert!(COMMANDS.is_sorted_by_key(|row| row.name));
        for row in COMMANDS {
            let line = format!("/{} ann #tea", row.name);
            let is_known = !matches!(&Input::parse(&line), Input::Wrong(text) if text.starts_with("there is no"));
            assert!(is_known, "{line}");
        }
    }

    #[test]
    fn questions_are_about_a_room() {
        let ask = |verb, about, params: &[&'static str]| Input::Ask { verb, about, params: params.to_vec() };
        assert_eq!(Input::parse("/topic milk first"), ask("TOPIC", About::Room, &["milk first"]));
        assert_eq!(Input::parse("/topic"), ask("TOPIC", About::Room, &[]));
        assert_eq!(Input::parse("/kick ben no tea"), ask("KICK", About::Room, &["ben", "no tea"]));
        assert_eq!(Input::parse("/invite ben"), ask("INVITE", About::RoomLast, &["ben"]));
        assert_eq!(Input::parse("/invite ben #ops"), ask("INVITE", About::Nothing, &["ben", "#ops"]));
        assert_eq!(Input::parse("/mode +o ben"), ask("MODE", About::Room, &["+o", "ben"]));
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
