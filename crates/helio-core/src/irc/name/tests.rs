//! What may be a name.

use super::*;
use alloc::format;
use proptest::prelude::*;

fn nick(text: &str, rules: NickRules) -> Result<String, NameError> {
    Nick::parse(text, rules).map(|nick| nick.to_string())
}

#[test]
fn ascii_nicknames() {
    for text in ["ann", "Ann_1", "[x]\\`^{|}-", "a"] {
        assert_eq!(nick(text, NickRules::Ascii).as_deref(), Ok(text));
    }
    for (text, c) in [("1a", '1'), ("-a", '-'), ("a.b", '.'), ("a b", ' '), ("#a", '#'), ("a~", '~'), ("é", 'é')] {
        assert_eq!(nick(text, NickRules::Ascii), Err(NameError::ForbiddenCharacter(c)), "{text}");
    }
    assert_eq!(nick("", NickRules::Ascii), Err(NameError::Empty));
}

#[test]
fn nicknames_have_a_limit() {
    let most = "n".repeat(limits::IRC_NICK);
    assert!(nick(&most, NickRules::Ascii).is_ok());
    let error = nick(&[&most, "n"].concat(), NickRules::Ascii).unwrap_err();
    assert_eq!(format!("{error}"), "name is 33 bytes, limit is 32");
    assert!(nick(&"é".repeat(17), NickRules::Precis).is_err());
}

/// RFC 8265 §3: letters of all scripts, normalised; no symbols, spaces or mixed directions.
#[test]
fn nicknames_by_precis() {
    for (text, shown) in
        [("Ann", "Ann"), ("Élan", "élan"), ("e\u{301}", "é"), ("Анна", "анна"), ("李", "李"), ("Ａnn", "ann")]
    {
        assert_eq!(nick(text, NickRules::Precis).as_deref(), Ok(shown), "{text}");
    }
    for text in
        ["é b", "👋", "é♥", "é\u{200b}", "é*", "é@b", "é.b", "é:b", "é,", "é!", "١é", "-é", "#é", "é\u{5d0}", "é\n"]
    {
        assert!(nick(text, NickRules::Precis).is_err(), "{text:?}");
    }
}

#[test]
fn rooms() {
    for text in ["#a", "#Lobby", "##", "#café", "#a!@.b", "#日本"] {
        assert_eq!(RoomName::parse(text).unwrap().as_str(), text);
    }
    assert_eq!(RoomName::parse("lobby"), Err(NameError::NoRoomPrefix));
    assert_eq!(RoomName::parse("#"), Err(NameError::Empty));
    assert_eq!(RoomName::parse(""), Err(NameError::Empty));
    for c in [' ', ',', ':', '*', '?', '\x07', '\0', '\u{202e}', '\u{200b}', '\u{a0}', '\u{3000}'] {
        assert_eq!(RoomName::parse(&format!("#a{c}b")), Err(NameError::ForbiddenCharacter(c)), "{c:?}");
    }
    assert!(RoomName::parse(&["#", &"a".repeat(limits::IRC_ROOM_NAME)].concat()).is_err());
    assert_eq!(&*RoomName::parse("#Lobby").unwrap().fold(), "#lobby");
}

#[test]
fn usernames() {
    for (given, shown) in [
        ("ann", "ann"),
        ("~an n!@x", "annx"),
        ("-.ann", "ann"),
        ("", "user"),
        ("日本", "user"),
        ("0123456789abcdefgh", "0123456789abcdef"),
    ] {
        assert_eq!(sanitize_user(given), shown, "{given}");
    }
}

proptest! {
    /// Whatever is a name can stand as one word of a line, and in a mask, and is a name again.
    #[test]
    fn names_are_words(text in "\\PC{1,12}|[#a-z]{1,5}") {
        let nicks = [NickRules::Ascii, NickRules::Precis].map(|rules| (rules, nick(&text, rules)));
        for (rules, name) in nicks.into_iter().filter_map(|(rules, name)| Some((rules, name.ok()?))) {
            prop_assert!(!name.contains([' ', ',', '*', '?', '!', '@', '.', ':', '#', '&', '+', '%', '~', '$', '\0']));
            prop_assert!(!name.chars().any(char::is_control));
            prop_assert!(name.len() <= limits::IRC_NICK);
            prop_assert_eq!(nick(&name, rules), Ok(name));
        }
        if let Ok(room) = RoomName::parse(&text) {
            prop_assert!(!room.as_str().contains([' ', ',', ':', '\x07']));
        }
        let user = sanitize_user(&text);
        prop_assert!(user.len() <= limits::IRC_USER && !user.is_empty() && user.is_ascii());
    }

    /// By both rules, `CASEMAPPING=ascii` is the whole truth: names that PRECIS calls the same fold to the same.
    #[test]
    fn ascii_folding_is_enough(text in "[a-cA-CéÉяЯ]{1,5}") {
        let name = Nick::parse(&text, NickRules::Precis);
        let upper = Nick::parse(&text.to_uppercase(), NickRules::Precis);
        prop_assert_eq!(name.map(|nick| nick.fold()), upper.map(|nick| nick.fold()));
    }
}
