//! Settings of rooms that are true but not on disk, because their commit failed.

use super::{record, store};
use crate::chat::Chat;
use crate::chat::event::{Event, RoomEvent};
use crate::chat::ids::RoomId;
use crate::chat::state::{Room, State};
use crate::irc::casemap::fold;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Rooms by folded name: at most those that there are, and those that ended since the store fails.
pub(super) type Unsaved = BTreeMap<Box<str>, RoomId>;

/// The room that a record of the log of settings is about.
pub(super) type Changed = (Box<str>, RoomId);

/// The room whose settings `event` changed, or that it ended.
pub(super) fn changed(state: &State, event: &Event) -> Option<Changed> {
    let Event::Room(event) = event else { return None };
    match event {
        RoomEvent::Created { id, name, .. } | RoomEvent::Kept { id, name, .. } => Some((fold(name), id.clone())),
        RoomEvent::Restored { settings } => Some((fold(&settings.name), settings.id.clone())),
        RoomEvent::Ended { room, id, .. } => Some((fold(room), id.clone())),
        RoomEvent::Topic { room, .. } | RoomEvent::Modes { room, .. } => {
            state.room(room).map(|found| (fold(room), found.id.clone()))
        }
    }
}

/// The store works again: what is true and not on disk is stored whole, whatever is there.
pub(super) fn store_again(chat: &mut Chat) {
    for (key, id) in core::mem::take(&mut chat.storage.unsaved) {
        let event = match chat.state.rooms.get(&key).filter(|room| room.is_lasting) {
            Some(room) => RoomEvent::Restored { settings: Box::new(room.settings()) },
            None => RoomEvent::Ended { room: key.into(), id, was_kept: true },
        };
        store(chat, &event.into());
    }
}

/// All that lasts of a room as one record.
pub(in crate::chat) fn encode_whole(room: &Room) -> Option<Vec<u8>> {
    record::encode_room(&RoomEvent::Restored { settings: Box::new(room.settings()) })
}
