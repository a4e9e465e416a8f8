//! What is stored beside an event because of the room that it is in.

use super::{append, encode, store};
use crate::chat::Chat;
use crate::chat::effect::Effect;
use crate::chat::event::{Event, Said};
use crate::chat::ids::Ticket;
use crate::chat::state::Room;
use crate::time::Now;
use alloc::string::String;
use alloc::vec::Vec;

/// The room in which `event` will be the first thing worth keeping is kept from now on.
pub(in crate::chat) fn keep_room(chat: &mut Chat, event: &Event, now: Now) {
    if let Some(kept) = chat.state.first_kept(event).map(Event::Room) {
        chat.state.apply(&kept, now);
        store(chat, &kept);
    }
}

/// What history shows of a change of a room, after the change itself was stored. Nobody waits for it.
pub(in crate::chat) fn store_change(chat: &mut Chat, change: &Said) {
    if let Some(log) = chat.state.room(&change.target).map(Room::log) {
        append(chat, log, encode(change), None);
    }
}

/// Hands one record of a conversation to the driver that came from elsewhere.
pub(in crate::chat) fn append_to(chat: &mut Chat, log: String, bytes: Vec<u8>) -> Ticket {
    append(chat, log, bytes, None)
}

/// Has a log forgotten that nothing refers to.
pub(in crate::chat) fn forget_log(chat: &mut Chat, log: String) {
    chat.effects.push_back(Effect::Forget { log });
}
