//! The log of read markers: one record for each change, and a snapshot in their place when they are many.

use super::{Storage, append, encode, trim};
use crate::chat::Chat;
use crate::chat::event::Marked;
use crate::chat::ids::{RoomId, Ticket};
use crate::chat::state::{MarkerOwner, MarkerRecord};
use crate::limits;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};

/// The log of read markers.
pub const MARKERS_LOG: &str = "markers";

/// How long the log is, as far as is known.
#[derive(Debug, Default)]
pub(super) struct MarkersLog {
    records: usize,
    /// The last record of a snapshot that is not on disk yet, and how many records were before it.
    snapshot: Option<(Ticket, usize)>,
    /// Something may not be on disk.
    is_unsaved: bool,
}

/// Takes one record of the log at start. One that cannot be read, or is of an account that is no more, is left out.
pub(in crate::chat) fn restored(chat: &mut Chat, record: &[u8]) {
    chat.storage.markers.records += 1;
    let Ok(MarkerRecord { account, markers }) = serde_json::from_slice(record) else { return };
    if chat.state.accounts.get(&account).is_none_or(|account| account.deleted_us.is_some()) {
        return;
    }
    let owner = MarkerOwner::Account(crate::irc::casemap::fold(&account));
    markers.iter().for_each(|marker| chat.state.markers.set(&owner, marker));
}

/// Hands a marker to the driver, if it lasts; and all of them, when the log is far longer than they need.
pub(super) fn store(chat: &mut Chat, marked: &Marked) -> Option<Ticket> {
    let account = marked.owner.account()?.to_string();
    let record = MarkerRecord { account, markers: [marked.marker.clone()].into() };
    let ticket = append(chat, String::from(MARKERS_LOG), encode(&record), None);
    chat.storage.markers.records += 1;
    let needed = limits::CHAT_MARKERS_RATIO * chat.state.markers.accounts() + limits::CHAT_MARKERS_SPARE;
    if chat.storage.markers.records > needed {
        take_snapshot(chat);
    }
    Some(ticket)
}

/// Everything up to `ticket` is on disk. What was before a snapshot is needed no more when that is.
pub(super) fn committed(chat: &mut Chat, ticket: Ticket) {
    let log = &mut chat.storage.markers;
    if let Some((_, before)) = log.snapshot.take_if(|(last, _)| *last <= ticket) {
        log.records -= before;
        let keep = log.records;
        trim(chat, String::from(MARKERS_LOG), keep);
    }
}

/// A commit failed, and with it perhaps a marker.
pub(super) fn failed(storage: &mut Storage) {
    storage.markers.snapshot = None;
    storage.markers.is_unsaved = true;
}

/// The store works again.
pub(super) fn store_again(chat: &mut Chat) {
    if core::mem::take(&mut chat.storage.markers.is_unsaved) {
        take_snapshot(chat);
    }
}

fn take_snapshot(chat: &mut Chat) {
    let has_room = chat.storage.uncommitted.len() + chat.state.markers.accounts() < limits::CHAT_UNCOMMITTED;
    if chat.storage.markers.snapshot.is_some() || !has_room {
        return;
    }
    let rooms: BTreeSet<&RoomId> = chat.state.rooms.values().map(|room| &room.id).collect();
    chat.state.markers.retain_rooms(|id| rooms.contains(id));
    let records: alloc::vec::Vec<_> = chat.state.markers.records().map(|record| encode(&record)).collect();
    let before = chat.storage.markers.records;
    for record in records {
        let ticket = append(chat, String::from(MARKERS_LOG), record, None);
        chat.storage.markers.records += 1;
        chat.storage.markers.snapshot = Some((ticket, before));
    }
}
