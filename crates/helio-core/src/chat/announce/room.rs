//! Rooms and their settings.

use super::changed::modes;
use super::presence::source;
use super::{To, line};
use crate::chat::event::{RoomEvent, Said};
use crate::chat::guest_text;
use crate::chat::line::{Audience, Face, Line};
use crate::chat::state::{State, Statuses};
use crate::irc::capability::Capability;
use crate::time::{Now, Utc};
use alloc::format;

/// `change`: the event as history shows it, which has an identity then.
pub(super) fn announce(
    state: &State,
    event: &RoomEvent,
    change: Option<&Said>,
    server: &str,
    to: &mut To<'_, '_>,
    now: Now,
) {
    let told_at = change.map_or(now.utc, |change| Utc::from_micros(change.at_us));
    match event {
        RoomEvent::Created { .. } | RoomEvent::Kept { .. } | RoomEvent::Restored { .. } | RoomEvent::Ended { .. } => {}
        // Members see what follows from it: statuses.
        RoomEvent::Ownership { .. } | RoomEvent::Offered { .. } | RoomEvent::Keep { .. } => {}
        // Whoever cares is told by what caused it.
        RoomEvent::Muted { .. } | RoomEvent::Filter { .. } | RoomEvent::ServerFilters { .. } => {}
        RoomEvent::Renamed { room: old, name, actor, reason, .. } => {
            let Some(room) = state.room(name) else { return };
            let source = source(state, actor, server);
            let mut told = Line::irc(line(&source, "RENAME", &[old, name], Some(reason))).at(told_at);
            told.tags.msgid = change.map(|change| change.msgid.clone());
            told.guest = guest_text::notice(&format!("{old} is called {name} now")).into_bytes();
            // Others leave and enter anew.
            let hears = |audience: Audience| audience.face == Face::Guest || audience.has(Capability::ChannelRename);
            to.tell(room.sessions(Statuses::NONE), |audience| hears(audience).then_some(&told));
        }
        RoomEvent::Topic { room, actor, text, .. } => {
            let Some(room) = state.room(room) else { return };
            let mut told =
                Line::irc(line(&source(state, actor, server), "TOPIC", &[&room.name], Some(text))).at(told_at);
            told.tags.msgid = change.map(|change| change.msgid.clone());
            told.guest = guest_text::notice(&format!("topic: {text}")).into_bytes();
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        RoomEvent::Modes { room, actor, changes, .. } => {
            let Some(room) = state.room(room) else { return };
            let mut msgid = change.map(|change| change.msgid.clone());
            for told in modes(state, &source(state, actor, server), &room.name, changes) {
                let mut told = Line::irc(told).at(told_at);
                // Of several lines the first, as of messages.
                told.tags.msgid = msgid.take();
                to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
            }
        }
    }
}
