//! The cases of ircdocs/parser-tests (mask-match, userhost-split), and a slow model of matching.

use super::*;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Mask; what matches; what does not.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

const MATCH: &[Case<'_>] = &[
    (
        "*@127.0.0.1",
        &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1"],
        &["coolguy!ab@127.0.0.5", "cooldud3!~d@124.0.0.1"],
    ),
    (
        "cool*@*",
        &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1", "cool132!ab@example.com"],
        &["koolguy!ab@127.0.0.5", "cooodud3!~d@124.0.0.1"],
    ),
    (
        "cool!*@*",
        &["cool!guyab@127.0.0.1", "cool!~dudebc@127.0.0.1", "cool!312ab@example.com"],
        &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1", "koolguy!ab@127.0.0.5", "cooodud3!~d@124.0.0.1"],
    ),
    ("cool!?username@*", &["cool!ausername@127.0.0.1", "cool!~username@127.0.0.1"], &["cool!username@127.0.0.1"]),
    ("cool!a?*@*", &["cool!ab@127.0.0.1", "cool!abc@127.0.0.1"], &["cool!a@127.0.0.1"]),
    (
        "cool[guy]!*@*",
        &["cool[guy]!guy@127.0.0.1", "cool[guy]!a@example.com"],
        &["coolg!ab@127.0.0.1", "cool[!ac@127.0.1.1"],
    ),
];

#[test]
fn the_community_cases_of_matching() {
    for (mask, matches, fails) in MATCH {
        for text in *matches {
            assert!(glob(mask, text), "{mask} {text}");
        }
        for text in *fails {
            assert!(!glob(mask, text), "{mask} {text}");
        }
    }
}

#[test]
fn the_community_cases_of_splitting() {
    for (source, nick, user, host) in [
        ("coolguy!ag@127.0.0.1", "coolguy", Some("ag"), Some("127.0.0.1")),
        ("coolguy!~ag@localhost", "coolguy", Some("~ag"), Some("localhost")),
        ("coolguy@127.0.0.1", "coolguy", None, Some("127.0.0.1")),
        ("coolguy!ag", "coolguy", Some("ag"), None),
        ("coolguy!ag@net\x035w\x03ork.admin", "coolguy", Some("ag"), Some("net\x035w\x03ork.admin")),
        ("coolguy!~ag@n\x02et\x0305w\x0fork.admin", "coolguy", Some("~ag"), Some("n\x02et\x0305w\x0fork.admin")),
        ("coolguy", "coolguy", None, None),
        ("", "", None, None),
    ] {
        assert_eq!(UserHost::split(source), UserHost { nick, user, host }, "{source}");
    }
}

#[test]
fn what_is_missing_becomes_a_star() {
    for (text, mask) in [
        ("nick", "nick!*@*"),
        ("nick!user", "nick!user@*"),
        ("user@host", "*!user@host"),
        ("nick!user@host", "nick!user@host"),
        ("nick!@", "nick!*@*"),
        ("!@host", "*!*@host"),
        ("@host", "*!*@host"),
        ("*", "*!*@*"),
        ("*.example.com", "*!*@*.example.com"),
        ("2001:db8::*", "*!*@2001:db8::*"),
    ] {
        assert_eq!(Mask::parse(text).unwrap().as_str(), mask, "{text}");
    }
    assert_eq!(Mask::parse("NICK!*@*"), Mask::parse("nick"));
}

#[test]
fn what_is_no_mask_is_refused() {
    assert_eq!(Mask::parse(""), Err(MaskError::Empty));
    for text in ["a b", "a\nb", "a\0"] {
        assert_eq!(Mask::parse(text), Err(MaskError::ForbiddenCharacter));
    }
    let most = "n".repeat(limits::IRC_MASK - "!*@*".len());
    assert!(Mask::parse(&most).is_ok());
    let error = Mask::parse(&[&most, "n"].concat()).unwrap_err();
    assert_eq!(format!("{error}"), "mask is 129 bytes, limit is 128");
}

/// RFC 2812 §2.5: a backslash takes the meaning from a wildcard; before anything else it is itself.
#[test]
fn wildcards_can_be_escaped() {
    assert!(glob(r"a\*b", "a*b") && !glob(r"a\*b", "axb"));
    assert!(glob(r"a\?b", "a?b") && !glob(r"a\?b", "axb"));
    assert!(glob(r"nick\", r"nick\") && glob(r"a\b", r"a\b"));
    assert_eq!(escape("a*?b"), r"a\*\?b");
}

#[test]
fn a_question_mark_is_one_character_and_case_counts_beyond_ascii_only() {
    assert!(glob("?", "é") && !glob("?", "") && !glob("?", "ab"));
    assert!(glob("ANN?*", "annéx") && !glob("É", "é"));
    assert!(glob("", "") && glob("*", "") && glob("***", "x") && !glob("", "x"));
}

/// A pattern of stars on a text that does not match is the worst case: it must not take time exponential in the stars.
#[test]
fn many_stars_take_no_more_than_the_product_of_the_lengths() {
    let pattern = ["*a".repeat(60), "b".into()].concat();
    assert!(!glob(&pattern, &"a".repeat(500)));
}

/// Matching by dynamic programming over the tokens.
fn model(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reachable = vec![false; text.len() + 1];
    reachable[0] = true;
    let mut rest = pattern;
    loop {
        let (token, after) = next_token(rest);
        let mut next = vec![false; text.len() + 1];
        for (at, _) in reachable.iter().enumerate().filter(|(_, is)| **is) {
            match token {
                Token::End => return reachable[text.len()],
                Token::Many => next[at..].fill(true),
                Token::One if at < text.len() => next[at + 1] = true,
                Token::Literal(c) if text.get(at).is_some_and(|t| t.eq_ignore_ascii_case(&c)) => next[at + 1] = true,
                Token::One | Token::Literal(_) => {}
            }
        }
        if token == Token::End {
            return false;
        }
        reachable = next;
        rest = after;
    }
}

proptest! {
    #[test]
    fn matching_agrees_with_the_model(pattern in "[aAé*?\\\\]{0,8}", text in "[aAbé*\\\\]{0,10}") {
        prop_assert_eq!(glob(&pattern, &text), model(&pattern, &text));
    }

    #[test]
    fn an_escaped_text_matches_itself_alone(text in "[a*?é]{0,8}", other in "[a*?é]{0,8}") {
        prop_assert!(glob(&escape(&text), &text));
        prop_assert_eq!(glob(&escape(&text), &other), text == other);
    }

    #[test]
    fn a_mask_has_three_parts_and_stays_itself(text in "[a-c!@.*?:]{1,20}") {
        let mask = Mask::parse(&text).unwrap();
        let parts = UserHost::split(mask.as_str());
        prop_assert!(!parts.nick.is_empty() && parts.user.is_some_and(|user| !user.is_empty()));
        prop_assert!(parts.host.is_some_and(|host| !host.is_empty()));
        let again = Mask::parse(mask.as_str()).unwrap();
        prop_assert_eq!(again.as_str(), mask.as_str());
    }
}
