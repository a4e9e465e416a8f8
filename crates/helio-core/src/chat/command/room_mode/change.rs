//! One letter of a MODE as a change of a room.

use crate::chat::command::room::settings;
use crate::chat::event::Change;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{ListEntry, ListKind, Room, RoomFlag, Setting, Statuses};
use crate::chat::turn::Turn;
use crate::irc::extban;
use crate::irc::mode::ModeChange;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::string::ToString;

/// What is wanted, as a change.
pub(super) fn parse(turn: &Turn<'_>, room: &Room, wanted: &ModeChange<'_>) -> Outcome<Change> {
    let (letter, is_added) = (char::from(wanted.letter), wanted.is_added);
    let argument = wanted.argument.unwrap_or_default();
    let invalid = || Refusal::numeric(Numeric::ErrInvalidModeParam, &[&room.name, &letter.to_string(), argument]);
    if let Some(flag) = RoomFlag::of_letter(letter) {
        return Ok(Change::Setting { setting: Setting::Flag { flag, is_set: is_added } });
    }
    if let Some(status) = Statuses::of_letter(letter) {
        policy::can_name_members(turn.user()?, room)?;
        let other = turn.someone(argument)?;
        if !room.members.contains_key(&other.id) {
            return Err(Refusal::numeric(Numeric::ErrUserNotInChannel, &[&other.nick, &room.name]));
        }
        return Ok(Change::Status { is_added, status, user: other.id });
    }
    if let Some(kind) = ListKind::of_letter(letter) {
        let entry = extban::ListEntry::parse(argument).map_err(|_| invalid())?;
        // A mute says nothing about who may come in.
        if kind == ListKind::Invitation && entry.is_mute {
            return Err(invalid());
        }
        let entry = ListEntry { mask: entry.to_string(), by: turn.user()?.mask(), at_us: turn.now.utc.micros() };
        return Ok(Change::List { is_added, kind, entry });
    }
    let setting = match letter {
        'k' if is_added && !is_key(argument) => {
            return Err(Refusal::numeric(Numeric::ErrInvalidKey, &[&room.name]));
        }
        'k' => Setting::Key { key: is_added.then(|| argument.to_string()) },
        'l' if is_added => {
            let limit = argument.parse().ok().filter(|limit| *limit > 0);
            Setting::Limit { limit: Some(limit.ok_or_else(invalid)?) }
        }
        'l' => Setting::Limit { limit: None },
        'W' if is_added => settings::slow(argument).ok_or_else(invalid)?,
        'W' => Setting::Slow { seconds: None },
        _ => return Err(Refusal::numeric(Numeric::ErrUnknownMode, &[&letter.to_string()])),
    };
    Ok(Change::Setting { setting })
}

/// Whether two changes are about the same setting, status of the same member, or mask of the same list.
pub(super) fn is_same_thing(a: &Change, b: &Change) -> bool {
    match (a, b) {
        (Change::Status { status: a, user: of_a, .. }, Change::Status { status: b, user: of_b, .. }) => {
            (a, of_a) == (b, of_b)
        }
        (Change::List { kind: a, entry: of_a, .. }, Change::List { kind: b, entry: of_b, .. }) => {
            a == b && of_a.mask.eq_ignore_ascii_case(&of_b.mask)
        }
        (Change::Setting { setting: a }, Change::Setting { setting: b }) => match (a, b) {
            (Setting::Flag { flag: a, .. }, Setting::Flag { flag: b, .. }) => a == b,
            (Setting::Key { .. }, Setting::Key { .. })
            | (Setting::Limit { .. }, Setting::Limit { .. })
            | (Setting::Slow { .. }, Setting::Slow { .. }) => true,
            (Setting::Flag { .. } | Setting::Key { .. } | Setting::Limit { .. } | Setting::Slow { .. }, _) => false,
        },
        (Change::Status { .. } | Change::List { .. } | Change::Setting { .. }, _) => false,
    }
}

/// Whether the room is like that already.
pub(super) fn is_without_effect(room: &Room, change: &Change) -> bool {
    match change {
        Change::Status { is_added, status, user } => {
            room.statuses(*user).unwrap_or_default().contains(*status) == *is_added
        }
        Change::List { is_added, kind, entry } => room.list(*kind).get(&entry.mask).is_some() == *is_added,
        Change::Setting { setting } => match setting {
            Setting::Flag { flag, is_set } => room.has(*flag) == *is_set,
            Setting::Key { key } => room.key == *key,
            Setting::Limit { limit } => room.limit == *limit,
            Setting::Slow { seconds } => room.slow == *seconds,
        },
    }
}

/// Whether the lists have place for a further entry after the changes before it.
pub(super) fn has_place(room: &Room, earlier: &[Change], change: &Change) -> Outcome {
    let Change::List { is_added: true, entry, .. } = change else { return Ok(()) };
    let count = |wanted| {
        earlier.iter().filter(|change| matches!(change, Change::List { is_added, .. } if *is_added == wanted)).count()
    };
    if room.entries() + count(true) < limits::CHAT_ROOM_LIST_ENTRIES + count(false) {
        return Ok(());
    }
    Err(Refusal::numeric(Numeric::ErrBanListFull, &[&room.name, &entry.mask]))
}

/// A key is one parameter of JOIN, where commas separate several.
fn is_key(text: &str) -> bool {
    let is_forbidden = |c: char| c == ' ' || c == ',' || crate::printable::is_hidden(c);
    (1..=limits::CHAT_ROOM_KEY).contains(&text.len()) && !text.starts_with(':') && !text.contains(is_forbidden)
}
