//! Rooms and their settings.

use super::presence::source;
use super::{To, line};
use crate::chat::event::{Change, RoomEvent};
use crate::chat::guest_text;
use crate::chat::line::{Audience, Face, Line};
use crate::chat::state::{Setting, State, Statuses};
use crate::irc::capability::Capability;
use crate::irc::mode::{ModeChange, compose};
use crate::limits;
use crate::time::Now;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) fn announce(state: &State, event: &RoomEvent, server: &str, to: &mut To<'_, '_>, now: Now) {
    match event {
        RoomEvent::Created { .. } | RoomEvent::Kept { .. } | RoomEvent::Restored { .. } | RoomEvent::Ended { .. } => {}
        // Members see what follows from it: statuses.
        RoomEvent::Ownership { .. } | RoomEvent::Offered { .. } | RoomEvent::Keep { .. } => {}
        // Whoever cares is told by what caused it.
        RoomEvent::Muted { .. } | RoomEvent::Filter { .. } | RoomEvent::ServerFilters { .. } => {}
        RoomEvent::Renamed { room: old, name, actor, reason, .. } => {
            let Some(room) = state.room(name) else { return };
            let source = source(state, actor, server);
            let mut told = Line::irc(line(&source, "RENAME", &[old, name], Some(reason))).at(now.utc);
            told.guest = guest_text::notice(&format!("{old} is called {name} now")).into_bytes();
            // Others leave and enter anew.
            let hears = |audience: Audience| audience.face == Face::Guest || audience.has(Capability::ChannelRename);
            to.tell(room.sessions(Statuses::NONE), |audience| hears(audience).then_some(&told));
        }
        RoomEvent::Topic { room, actor, text, .. } => {
            let Some(room) = state.room(room) else { return };
            let mut told =
                Line::irc(line(&source(state, actor, server), "TOPIC", &[&room.name], Some(text))).at(now.utc);
            told.guest = guest_text::notice(&format!("topic: {text}")).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        RoomEvent::Modes { room, actor, changes, .. } => {
            let Some(room) = state.room(room) else { return };
            for told in modes(state, &source(state, actor, server), &room.name, changes) {
                let told = Line::irc(told).at(now.utc);
                to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
            }
        }
    }
}

/// The changes as MODE lines, as few as they fit into.
fn modes(state: &State, source: &str, room: &str, changes: &[Change]) -> Vec<Vec<u8>> {
    let changes: Vec<_> = changes.iter().filter_map(|change| spelled(state, change)).collect();
    let spelled: Vec<_> = changes
        .iter()
        .map(|(is_added, letter, argument)| ModeChange {
            is_added: *is_added,
            letter: *letter as u8,
            argument: argument.as_deref(),
        })
        .collect();
    let head = ":".len() + source.len() + " MODE ".len() + room.len() + " ".len();
    let texts = compose(&spelled, limits::IRC_BODY.saturating_sub(head + "\r\n".len()));
    texts
        .iter()
        .map(|text| line(source, "MODE", &[&[room][..], &text.split(' ').collect::<Vec<_>>()].concat(), None))
        .collect()
}

/// A change as it is written: sign, letter and argument. `None`: whom it is about is gone.
fn spelled<'a>(state: &'a State, change: &'a Change) -> Option<(bool, char, Option<Cow<'a, str>>)> {
    Some(match change {
        Change::Status { is_added, status, user } => {
            let nick = &state.user(*user)?.nick;
            (*is_added, status.letter(), Some(Cow::from(nick)))
        }
        Change::Setting { setting: Setting::Flag { flag, is_set } } => (*is_set, flag.letter(), None),
        Change::Setting { setting: Setting::Key { key } } => {
            // Taking a key away has an argument too (CHANMODES type B), which is not the key.
            (key.is_some(), 'k', Some(Cow::from(key.as_deref().unwrap_or("*"))))
        }
        Change::Setting { setting: Setting::Limit { limit } } => {
            (limit.is_some(), 'l', limit.map(|limit| Cow::from(limit.to_string())))
        }
        Change::Setting { setting: Setting::Slow { seconds } } => {
            (seconds.is_some(), 'W', seconds.map(|seconds| Cow::from(seconds.to_string())))
        }
        Change::List { is_added, kind, entry } => (*is_added, kind.letter(), Some(Cow::from(&entry.mask))),
    })
}
