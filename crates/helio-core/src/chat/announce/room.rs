//! Rooms and their settings.

use super::presence::source;
use super::{To, line};
use crate::chat::event::RoomEvent;
use crate::chat::line::Line;
use crate::chat::state::{State, Statuses};
use crate::time::Now;

pub(super) fn announce(state: &State, event: &RoomEvent, server: &str, to: &mut To<'_, '_>, now: Now) {
    match event {
        RoomEvent::Created { .. } | RoomEvent::Ended { .. } => {}
        RoomEvent::Topic { room, actor, text, .. } => {
            let Some(room) = state.room(room) else { return };
            let told = Line::irc(line(&source(state, actor, server), "TOPIC", &[&room.name], Some(text))).at(now.utc);
            to.tell(room.sessions(Statuses::NONE), |_| Some(&told));
        }
        RoomEvent::Modes { .. } => {}
    }
}
