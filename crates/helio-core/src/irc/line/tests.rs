//! The cases of ircdocs/parser-tests (msg-join), and that no line is ever broken by what it was made of.

use super::*;
use crate::irc::message::Message;
use crate::irc::tags::TagBuilder;
use alloc::string::String;
use proptest::prelude::*;

fn built(build: impl FnOnce(LineBuilder<'_>) -> LineBuilder<'_>) -> String {
    let mut out = Vec::new();
    build(LineBuilder::new(&mut out)).finish();
    String::from_utf8(out).unwrap()
}

/// msg-join. Where several spellings are right, ours is the one with a colon.
#[test]
fn the_community_cases() {
    assert_eq!(built(|line| line.command("foo").param("bar").param("baz").param("asdf")), "foo bar baz asdf\r\n");
    assert_eq!(built(|line| line.source("src").command("AWAY")), ":src AWAY\r\n");
    assert_eq!(built(|line| line.source("src").command("AWAY").trailing("")), ":src AWAY :\r\n");
    for (trailing, expected) in [
        ("asdf", ":coolguy foo bar baz :asdf\r\n"),
        ("asdf quux", ":coolguy foo bar baz :asdf quux\r\n"),
        ("", ":coolguy foo bar baz :\r\n"),
        (":asdf", ":coolguy foo bar baz ::asdf\r\n"),
        ("  asdf quux ", ":coolguy foo bar baz :  asdf quux \r\n"),
        ("lol :) ", ":coolguy foo bar baz :lol :) \r\n"),
        ("  ", ":coolguy foo bar baz :  \r\n"),
    ] {
        let line = built(|line| line.source("coolguy").command("foo").params(["bar", "baz"]).trailing(trailing));
        assert_eq!(line, expected);
    }
    assert_eq!(
        built(|line| line.source("coolguy").command("foo").params(["b\tar", "baz"])),
        ":coolguy foo b\tar baz\r\n"
    );
}

/// msg-join, those with tags. A missing value stays missing.
#[test]
fn the_community_cases_with_tags() {
    for (tags, expected) in [
        (&[("asd", "")][..], "@asd foo par1 :par2\r\n"),
        (&[("a", "b\\and\nk"), ("d", "gh;764")], "@a=b\\\\and\\nk;d=gh\\:764 foo par1 :par2\r\n"),
        (&[("foo", "\\\\;\\s \r\n")], "@foo=\\\\\\\\\\:\\\\s\\s\\r\\n foo par1 :par2\r\n"),
    ] {
        let mut out = Vec::new();
        let mut builder = TagBuilder::new(&mut out);
        assert!(tags.iter().all(|(key, value)| builder.push(key, value)));
        builder.finish();
        assert!(LineBuilder::new(&mut out).command("foo").param("par1").trailing("par2").finish());
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn a_numeric_has_three_digits() {
    let line = built(|line| line.source("irc.test").numeric(Numeric::RplWelcome).param("*").trailing("hi"));
    assert_eq!(line, ":irc.test 001 * :hi\r\n");
    let line = built(|line| line.source("irc.test").numeric(Numeric::ErrInputTooLong).param("ann"));
    assert_eq!(line, ":irc.test 417 ann\r\n");
}

#[test]
fn what_would_break_the_line_is_replaced() {
    let line = built(|line| line.source("a\r\nb").command("X Y").params(["", ":p", "q r\0"]).trailing("s\r\nQUIT\0"));
    assert_eq!(line, ":a__b X_Y * _p q_r_ :s  QUIT \r\n");
}

#[test]
fn the_end_is_cut_between_two_characters() {
    let mut out = b"@tags ".to_vec();
    assert!(!LineBuilder::new(&mut out).command("PRIVMSG").param("#a").trailing(&"€".repeat(200)).finish());
    let body = out.strip_prefix(b"@tags PRIVMSG #a :").unwrap();
    let text = core::str::from_utf8(body).unwrap();
    assert_eq!(text.trim_end().chars().count(), (510 - "PRIVMSG #a :".len()) / '€'.len_utf8());
    assert!(text.ends_with("€\r\n"));
}

#[test]
fn text_is_cut_between_two_characters() {
    assert_eq!(truncate_utf8("a€b", 9), "a€b");
    assert_eq!(truncate_utf8("a€b", 4), "a€");
    assert_eq!(truncate_utf8("a€b", 3), "a");
    assert_eq!(truncate_utf8("€", 0), "");
}

proptest! {
    /// A line is one line, of the right size, whatever it was made of, and parses to as many parameters.
    #[test]
    fn nothing_breaks_a_line(
        source in proptest::option::of(any::<String>()),
        command in "[@:]?\\PC{0,10}",
        params in proptest::collection::vec(any::<String>(), 0..6),
        trailing in proptest::option::of("\\PC{0,600}|[\r\n\0 :a]{0,20}"),
    ) {
        let mut out = Vec::new();
        let mut line = LineBuilder::new(&mut out);
        if let Some(source) = &source {
            line = line.source(source);
        }
        line = line.command(&command).params(&params);
        if let Some(trailing) = &trailing {
            line = line.trailing(trailing);
        }
        let is_whole = line.finish();
        prop_assert!(out.len() <= limits::IRC_BODY);
        let body = out.strip_suffix(b"\r\n").unwrap();
        prop_assert!(core::str::from_utf8(body).is_ok());
        prop_assert!(!body.iter().any(|&byte| is_line_breaking(byte)));
        if is_whole {
            let message = Message::parse(body).unwrap();
            prop_assert_eq!(message.params.len(), params.len() + usize::from(trailing.is_some()));
            prop_assert_eq!(message.source.is_some(), source.is_some());
        }
    }
}
