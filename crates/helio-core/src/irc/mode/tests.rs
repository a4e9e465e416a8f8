//! MODE strings, both ways.

use super::*;
use alloc::format;
use proptest::prelude::*;

fn room_kind(letter: u8) -> Option<Kind> {
    match letter {
        b'b' | b'e' | b'I' => Some(Kind::List),
        b'k' | b'o' | b'v' => Some(Kind::Setting),
        b'l' => Some(Kind::SettingOnSet),
        b'i' | b'm' | b'n' | b't' => Some(Kind::Flag),
        _ => None,
    }
}

fn requests<'a>(modes: &'a str, arguments: &[&'a str]) -> Vec<Result<ModeRequest<'a>, ModeError>> {
    Modes::new(modes, arguments.iter().copied(), room_kind).collect()
}

fn change(is_added: bool, letter: u8, argument: Option<&str>) -> ModeChange<'_> {
    ModeChange { is_added, letter, argument }
}

#[test]
fn signs_hold_until_the_next_one() {
    let changes = [
        change(true, b'o', Some("alice")),
        change(true, b'm', None),
        change(false, b'v', Some("bob")),
        change(false, b'l', None),
        change(true, b'l', Some("5")),
        change(false, b'b', Some("*!*@host")),
    ];
    let got = requests("om-vl+l-b", &["alice", "bob", "5", "*!*@host"]);
    assert_eq!(got, changes.map(|change| Ok(ModeRequest::Change(change))));
    assert_eq!(requests("+-", &[]), []);
    assert_eq!(requests("", &["alice"]), []);
}

#[test]
fn a_list_without_argument_is_asked_for() {
    assert_eq!(requests("+b", &[]), [Ok(ModeRequest::Query(b'b'))]);
    assert_eq!(requests("be", &["x"]).last(), Some(&Ok(ModeRequest::Query(b'e'))));
}

#[test]
fn a_fault_is_of_its_letter_alone() {
    let got = requests("+ké-ov€m", &["key", "alice"]);
    let missing = ModeError::MissingArgument { is_added: false, letter: b'v' };
    assert_eq!(
        got,
        [
            Ok(ModeRequest::Change(change(true, b'k', Some("key")))),
            Err(ModeError::UnknownLetter('é')),
            Ok(ModeRequest::Change(change(false, b'o', Some("alice")))),
            Err(missing),
            Err(ModeError::UnknownLetter('€')),
            Ok(ModeRequest::Change(change(false, b'm', None))),
        ]
    );
    assert_eq!(format!("{missing}"), "mode -v needs an argument");
}

/// ISUPPORT MODES: so many changes with an argument in one command.
#[test]
fn what_goes_beyond_the_limit_is_ignored() {
    let letters = "v".repeat(limits::IRC_MODE_CHANGES + 1);
    let arguments: Vec<_> = letters.split("").filter(|letter| !letter.is_empty()).collect();
    assert_eq!(requests(&letters, &arguments).len(), limits::IRC_MODE_CHANGES);
    assert_eq!(requests(&["m", &letters].concat(), &arguments).len(), limits::IRC_MODE_CHANGES + 1);
    // One line does not get hundreds of lists, nor of refusals.
    for letters in ["b", "v", "é"] {
        assert_eq!(requests(&letters.repeat(200), &[]).len(), limits::IRC_MODE_CHANGES);
    }
}

#[test]
fn changes_are_composed_with_as_few_signs_as_possible() {
    let changes = [
        change(true, b'o', Some("a")),
        change(true, b'v', Some("b")),
        change(false, b'k', Some("*")),
        change(false, b'm', None),
    ];
    assert_eq!(compose(&changes, 100), ["+ov-km a b *"]);
    assert_eq!(compose(&changes, 7), ["+ov a b", "-km *"]);
    assert_eq!(compose(&changes, 1), ["+o a", "+v b", "-k *", "-m"]);
    assert_eq!(compose(&[], 100), [""; 0]);
    let many = [change(true, b'b', Some("x")); 2 * limits::IRC_MODE_CHANGES + 1];
    assert_eq!(compose(&many, 1_000).len(), 3);
}

proptest! {
    #[test]
    fn what_was_composed_is_read_back(
        list in proptest::collection::vec((any::<bool>(), "[kovlimnt]", "[a-z*!@]{1,20}"), 0..40),
        budget in 30usize..200,
    ) {
        let changes: Vec<_> = list
            .iter()
            .map(|(is_added, letter, argument)| {
                let letter = letter.as_bytes()[0];
                let has_argument = match room_kind(letter).unwrap() {
                    Kind::List | Kind::Setting => true,
                    Kind::SettingOnSet => *is_added,
                    Kind::Flag => false,
                };
                change(*is_added, letter, has_argument.then_some(argument.as_str()))
            })
            .collect();
        let lines = compose(&changes, budget);
        prop_assert!(lines.iter().all(|line| line.len() <= budget));
        let mut read = Vec::new();
        for line in &lines {
            let mut words = line.split(' ');
            let modes = words.next().unwrap_or_default();
            read.extend(Modes::new(modes, words, room_kind).map(Result::unwrap));
        }
        let expected: Vec<_> = changes.into_iter().map(ModeRequest::Change).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_modes_give_an_answer(modes: String, arguments in proptest::collection::vec(any::<String>(), 0..4)) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        prop_assert!(requests(&modes, &arguments).len() <= modes.chars().count());
    }
}
