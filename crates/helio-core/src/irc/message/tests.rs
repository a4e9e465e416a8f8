//! The cases of ircdocs/parser-tests (msg-split), and that any line parses to what was composed.

use super::*;
use crate::irc::tags;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Input; tags; source; verb; parameters.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>, &'a str, &'a [&'a str]);

const SPLIT: &[Case<'_>] = &[
    ("foo bar baz asdf", &[], None, "foo", &["bar", "baz", "asdf"]),
    (":coolguy foo bar baz asdf", &[], Some("coolguy"), "foo", &["bar", "baz", "asdf"]),
    ("foo bar baz :asdf quux", &[], None, "foo", &["bar", "baz", "asdf quux"]),
    ("foo bar baz :", &[], None, "foo", &["bar", "baz", ""]),
    ("foo bar baz ::asdf", &[], None, "foo", &["bar", "baz", ":asdf"]),
    (":coolguy foo bar baz :asdf quux", &[], Some("coolguy"), "foo", &["bar", "baz", "asdf quux"]),
    (":coolguy foo bar baz :  asdf quux ", &[], Some("coolguy"), "foo", &["bar", "baz", "  asdf quux "]),
    (":coolguy PRIVMSG bar :lol :) ", &[], Some("coolguy"), "PRIVMSG", &["bar", "lol :) "]),
    (":coolguy foo bar baz :", &[], Some("coolguy"), "foo", &["bar", "baz", ""]),
    (":coolguy foo bar baz :  ", &[], Some("coolguy"), "foo", &["bar", "baz", "  "]),
    ("@a=b;c=32;k;rt=ql7 foo", &[("a", "b"), ("c", "32"), ("k", ""), ("rt", "ql7")], None, "foo", &[]),
    (r"@a=b\\and\nk;c=72\s45;d=gh\:764 foo", &[("a", "b\\and\nk"), ("c", "72 45"), ("d", "gh;764")], None, "foo", &[]),
    ("@c;h=;a=b :quux ab cd", &[("c", ""), ("h", ""), ("a", "b")], Some("quux"), "ab", &["cd"]),
    (":src JOIN #chan", &[], Some("src"), "JOIN", &["#chan"]),
    (":src JOIN :#chan", &[], Some("src"), "JOIN", &["#chan"]),
    (":src AWAY", &[], Some("src"), "AWAY", &[]),
    (":src AWAY ", &[], Some("src"), "AWAY", &[]),
    (":cool\tguy foo bar baz", &[], Some("cool\tguy"), "foo", &["bar", "baz"]),
    (
        ":coolguy!ag@net\x035w\x03ork.admin PRIVMSG foo :bar baz",
        &[],
        Some("coolguy!ag@net\x035w\x03ork.admin"),
        "PRIVMSG",
        &["foo", "bar baz"],
    ),
    (
        ":coolguy!~ag@n\x02et\x0305w\x0fork.admin PRIVMSG foo :bar baz",
        &[],
        Some("coolguy!~ag@n\x02et\x0305w\x0fork.admin"),
        "PRIVMSG",
        &["foo", "bar baz"],
    ),
    (
        "@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4= :irc.example.com COMMAND param1 param2 :param3 param3",
        &[("tag1", "value1"), ("tag2", ""), ("vendor1/tag3", "value2"), ("vendor2/tag4", "")],
        Some("irc.example.com"),
        "COMMAND",
        &["param1", "param2", "param3 param3"],
    ),
    (
        "@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4 COMMAND param1 param2 :param3 param3",
        &[("tag1", "value1"), ("tag2", ""), ("vendor1/tag3", "value2"), ("vendor2/tag4", "")],
        None,
        "COMMAND",
        &["param1", "param2", "param3 param3"],
    ),
    (
        ":irc.example.com COMMAND param1 param2 :param3 param3",
        &[],
        Some("irc.example.com"),
        "COMMAND",
        &["param1", "param2", "param3 param3"],
    ),
    ("COMMAND", &[], None, "COMMAND", &[]),
    (r"@foo=\\\\\:\\s\s\r\n COMMAND", &[("foo", "\\\\;\\s \r\n")], None, "COMMAND", &[]),
    (
        ":gravel.mozilla.org 432  #momo :Erroneous Nickname: Illegal characters",
        &[],
        Some("gravel.mozilla.org"),
        "432",
        &["#momo", "Erroneous Nickname: Illegal characters"],
    ),
    (":gravel.mozilla.org MODE #tckk +n ", &[], Some("gravel.mozilla.org"), "MODE", &["#tckk", "+n"]),
    (
        ":services.esper.net MODE #foo-bar +o foobar  ",
        &[],
        Some("services.esper.net"),
        "MODE",
        &["#foo-bar", "+o", "foobar"],
    ),
    (r"@tag1=value\\ntest COMMAND", &[("tag1", "value\\ntest")], None, "COMMAND", &[]),
    (r"@tag1=value\1 COMMAND", &[("tag1", "value1")], None, "COMMAND", &[]),
    (r"@tag1=value1\ COMMAND", &[("tag1", "value1")], None, "COMMAND", &[]),
    ("@tag1=1;tag2=3;tag3=4;tag1=5 COMMAND", &[("tag1", "5"), ("tag2", "3"), ("tag3", "4")], None, "COMMAND", &[]),
    (
        "@tag1=1;tag2=3;tag3=4;tag1=5;vendor/tag2=8 COMMAND",
        &[("tag1", "5"), ("tag2", "3"), ("tag3", "4"), ("vendor/tag2", "8")],
        None,
        "COMMAND",
        &[],
    ),
    (":SomeOp MODE #channel :+i", &[], Some("SomeOp"), "MODE", &["#channel", "+i"]),
    (
        ":SomeOp MODE #channel +oo SomeUser :AnotherUser",
        &[],
        Some("SomeOp"),
        "MODE",
        &["#channel", "+oo", "SomeUser", "AnotherUser"],
    ),
];

#[test]
fn the_community_cases() {
    for (input, tags, source, verb, params) in SPLIT {
        let message = Message::parse(input.as_bytes()).unwrap();
        assert_eq!(message.source, source.map(str::as_bytes), "{input}");
        assert_eq!(message.command, verb.as_bytes(), "{input}");
        let expected: Vec<_> = params.iter().map(|param| param.as_bytes()).collect();
        assert_eq!(*message.params, *expected, "{input}");
        for (key, value) in *tags {
            assert_eq!(message.tags.get(key).as_deref(), Some(value.as_bytes()), "{input}: {key}");
        }
        assert!(message.tags.iter().all(|(key, _)| tags.iter().any(|(k, _)| k.as_bytes() == key)), "{input}");
    }
}

/// RFC 1459 §2.3.1: the fifteenth parameter is what is left, with or without its colon.
#[test]
fn the_last_parameter_takes_the_rest() {
    for last in ["15 16 17 ", ":15 16 17 "] {
        let line = ["C 1 2 3 4 5 6 7 8 9 10 11 12 13 14 ", last].concat();
        let message = Message::parse(line.as_bytes()).unwrap();
        assert_eq!(message.params.len(), limits::IRC_PARAMS);
        assert_eq!(message.params.iter().last(), Some(&b"15 16 17 "[..]));
    }
}

#[test]
fn bytes_that_no_message_may_hold_are_refused() {
    for (line, byte, at) in [("A b\0", 0, 3), ("A\rB", b'\r', 1), ("@a=b\n C", b'\n', 4), ("PING :x\r", b'\r', 7)] {
        assert_eq!(Message::parse(line.as_bytes()), Err(ParseError::ForbiddenByte { byte, at }));
    }
    let shown = alloc::format!("{}", Message::parse(b"A\r").unwrap_err());
    assert_eq!(shown, "line has CR at byte 1, which no message may hold");
}

#[test]
fn a_line_without_command_is_no_message() {
    for line in ["", " ", "@a=b", "@a=b ", ":src", ":src ", "@a :src", "@", ":", "@ :"] {
        assert_eq!(Message::parse(line.as_bytes()), Err(ParseError::NoCommand), "{line:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(message) = Message::parse(&line) {
            prop_assert!(message.params.len() <= limits::IRC_PARAMS);
            prop_assert!(!message.command.contains(&b' '));
            let forbidden = |byte: &u8| matches!(byte, 0 | b'\r' | b'\n');
            prop_assert!(!message.params.iter().any(|param| param.iter().any(forbidden)));
        }
    }

    #[test]
    fn what_was_composed_is_parsed(
        tags in proptest::collection::vec(("\\+?[a-z-]{1,5}", "[^\0]{0,6}"), 0..4),
        source in proptest::option::of("[^\0\r\n ]{1,8}"),
        command in "[A-Z]{1,8}|[0-9]{3}",
        middles in proptest::collection::vec("[^\0\r\n :][^\0\r\n ]{0,6}", 0..14),
        trailing in proptest::option::of("[^\0\r\n]{0,20}"),
    ) {
        let mut line = Vec::new();
        let mut builder = tags::TagBuilder::new(&mut line);
        for (key, value) in &tags {
            prop_assert!(builder.push(key, value));
        }
        builder.finish();
        let mut text = String::new();
        source.iter().for_each(|source| text.push_str(&[":", source, " "].concat()));
        text.push_str(&command);
        middles.iter().for_each(|middle| text.push_str(&[" ", middle].concat()));
        trailing.iter().for_each(|trailing| text.push_str(&[" :", trailing].concat()));
        line.extend_from_slice(text.as_bytes());

        let message = Message::parse(&line).unwrap();
        prop_assert_eq!(message.source, source.as_deref().map(str::as_bytes));
        prop_assert_eq!(message.command, command.as_bytes());
        let params: Vec<_> = middles.iter().chain(&trailing).map(|param| param.as_bytes()).collect();
        prop_assert_eq!(&*message.params, &*params);
        prop_assert_eq!(message.tags.iter().count(), tags.len());
        for ((key, value), (read_key, read_value)) in tags.iter().zip(message.tags.iter()) {
            prop_assert_eq!((key.as_bytes(), value.as_bytes()), (read_key, &*read_value));
        }
    }
}
