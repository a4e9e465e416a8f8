//! Changes of the topic, the modes and the name of a room: as members are told of them, and as history shows them later.
//! spec/event-log.md, "Changes of a room", says what of them.

use super::line;
use super::presence::source;
use crate::chat::Chat;
use crate::chat::event::{Change, Event, RoomEvent, Said, SaidKind, SaidLine};
use crate::chat::state::{ListKind, Setting, State};
use crate::irc::mode::{ModeChange, compose};
use crate::limits;
use crate::time::Now;
use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What history is to show of `event`, which happens now; `None`: nothing.
pub(in crate::chat) fn change(chat: &mut Chat, event: &Event, now: Now) -> Option<Said> {
    let Event::Room(event) = event else { return None };
    let (room, actor, kind, texts) = if let RoomEvent::Topic { room, actor, text, .. } = event {
        (room, actor, SaidKind::Topic, [text.clone()].into())
    } else if let RoomEvent::Modes { room, actor, changes, .. } = event {
        (room, actor, SaidKind::Mode, changes.iter().filter_map(for_all).collect::<Vec<_>>())
    } else if let RoomEvent::Renamed { room, name, actor, reason, was_kept: true, .. } = event {
        (room, actor, SaidKind::Rename, [room, name, reason].map(String::clone).into())
    } else {
        return None;
    };
    if texts.is_empty() {
        return None;
    }
    let target = match kind {
        // It is stored when the room has its new name.
        SaidKind::Rename => texts.get(1)?.clone(),
        SaidKind::Topic | SaidKind::Mode | SaidKind::Privmsg | SaidKind::Notice | SaidKind::Tagmsg => {
            chat.state.room(room)?.name.clone()
        }
    };
    let from = source(&chat.state, actor, &chat.settings.server_name);
    let (msgid, at_us) = chat.ids.message(now.utc);
    let lines = texts.into_iter().map(|text| SaidLine { text, is_concat: false }).collect();
    Some(Said { msgid, at_us, kind, from, account: None, is_bot: false, target, lines, tags: String::new() })
}

/// A change as every later member may see it, such as `+b x!*@*`; `None`: they may not.
fn for_all(change: &Change) -> Option<String> {
    let (is_added, letter, argument) = match change {
        // Who has it is presence.
        Change::Status { .. }
        // `policy::can_read_list`: these are not for everybody.
        | Change::List { kind: ListKind::Exception | ListKind::Invitation, .. } => return None,
        Change::List { is_added, kind: ListKind::Ban, entry } => {
            (*is_added, ListKind::Ban.letter(), Some(Cow::from(&entry.mask)))
        }
        // Who is let in later is not told what opened the room before.
        Change::Setting { setting: Setting::Key { key } } => (key.is_some(), 'k', Some(Cow::from("*"))),
        Change::Setting { setting } => spelled_setting(setting),
    };
    let mut text = String::from(if is_added { '+' } else { '-' });
    text.push(letter);
    if let Some(argument) = argument {
        text.push(' ');
        text.push_str(&argument);
    }
    Some(text)
}

/// The changes of a record as MODE lines. What is none is left out.
pub(super) fn recorded_modes(said: &Said) -> Vec<Vec<u8>> {
    let changes: Vec<ModeChange<'_>> = said.lines.iter().filter_map(|line| read(&line.text)).collect();
    mode_lines(&said.from, &said.target, &changes)
}

/// What [`for_all`] wrote.
fn read(text: &str) -> Option<ModeChange<'_>> {
    let (mode, argument) = text.split_once(' ').map_or((text, None), |(mode, argument)| (mode, Some(argument)));
    match mode.as_bytes() {
        [sign @ (b'+' | b'-'), letter] => Some(ModeChange { is_added: *sign == b'+', letter: *letter, argument }),
        _ => None,
    }
}

/// The changes as MODE lines, as they are told to members at that time.
pub(super) fn modes(state: &State, source: &str, room: &str, changes: &[Change]) -> Vec<Vec<u8>> {
    let changes: Vec<_> = changes.iter().filter_map(|change| spelled(state, change)).collect();
    let spelled: Vec<_> = changes
        .iter()
        .map(|(is_added, letter, argument)| ModeChange {
            is_added: *is_added,
            letter: *letter as u8,
            argument: argument.as_deref(),
        })
        .collect();
    mode_lines(source, room, &spelled)
}

/// MODE lines, as few as the changes fit into.
fn mode_lines(source: &str, room: &str, changes: &[ModeChange<'_>]) -> Vec<Vec<u8>> {
    let head = ":".len() + source.len() + " MODE ".len() + room.len() + " ".len();
    let texts = compose(changes, limits::IRC_BODY.saturating_sub(head + "\r\n".len()));
    texts
        .iter()
        .map(|text| line(source, "MODE", &[&[room][..], &text.split(' ').collect::<Vec<_>>()].concat(), None))
        .collect()
}

/// A change as it is written: sign, letter and argument.
type Spelled<'a> = (bool, char, Option<Cow<'a, str>>);

/// `None`: whom it is about is gone.
fn spelled<'a>(state: &'a State, change: &'a Change) -> Option<Spelled<'a>> {
    Some(match change {
        Change::Status { is_added, status, user } => {
            let nick = &state.user(*user)?.nick;
            (*is_added, status.letter(), Some(Cow::from(nick)))
        }
        Change::Setting { setting } => spelled_setting(setting),
        Change::List { is_added, kind, entry } => (*is_added, kind.letter(), Some(Cow::from(&entry.mask))),
    })
}

fn spelled_setting(setting: &Setting) -> Spelled<'_> {
    match setting {
        Setting::Flag { flag, is_set } => (*is_set, flag.letter(), None),
        // Taking a key away has an argument too (CHANMODES type B), which is not the key.
        Setting::Key { key } => (key.is_some(), 'k', Some(Cow::from(key.as_deref().unwrap_or("*")))),
        Setting::Limit { limit } => (limit.is_some(), 'l', limit.map(|limit| Cow::from(limit.to_string()))),
        Setting::Slow { seconds } => (seconds.is_some(), 'W', seconds.map(|seconds| Cow::from(seconds.to_string()))),
    }
}
