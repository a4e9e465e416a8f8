//! Accounts, and settings of rooms, that are true but not on disk, because their commit failed.

use super::{record, store};
use crate::chat::Chat;
use crate::chat::credential::Secret;
use crate::chat::event::{AccountEvent, Event, RoomEvent};
use crate::chat::ids::RoomId;
use crate::chat::state::{Account, Room, State};
use crate::irc::casemap::fold;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// At most the accounts and rooms that there are, and the rooms that ended since the store fails.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    /// By folded name.
    rooms: BTreeMap<Box<str>, RoomId>,
    /// Folded names.
    accounts: BTreeSet<Box<str>>,
    /// Whether the secret of decoys is not saved.
    has_decoys: bool,
}

/// What a record of the log of settings is about, by its folded name.
#[derive(Debug)]
pub(super) enum Changed {
    Room(Box<str>, RoomId),
    Account(Box<str>),
    Decoys,
}

impl Unsaved {
    pub(super) fn insert(&mut self, changed: Changed) {
        match changed {
            Changed::Room(key, id) => _ = self.rooms.insert(key, id),
            Changed::Account(key) => _ = self.accounts.insert(key),
            Changed::Decoys => self.has_decoys = true,
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.accounts.is_empty() && !self.has_decoys
    }
}

/// The account, or the room, that `event` changed or ended.
pub(super) fn changed(state: &State, event: &Event) -> Option<Changed> {
    match event {
        Event::Presence(_) | Event::Said(..) | Event::Redacted(_) | Event::Marked(_) => None,
        Event::Account(AccountEvent::Changed(change)) => Some(Changed::Account(fold(change.account()))),
        Event::Account(AccountEvent::Decoys(_)) => Some(Changed::Decoys),
        Event::Account(AccountEvent::Restored(account)) => Some(Changed::Account(fold(&account.name))),
        Event::Room(event) => {
            let (key, id) = changed_room(state, event)?;
            Some(Changed::Room(key, id))
        }
    }
}

fn changed_room(state: &State, event: &RoomEvent) -> Option<(Box<str>, RoomId)> {
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
    let Unsaved { rooms, accounts, has_decoys } = core::mem::take(&mut chat.storage.unsaved);
    if let Some(secret) = chat.state.accounts.decoys.clone().filter(|_| has_decoys) {
        store(chat, &AccountEvent::Decoys(secret).into());
    }
    for key in accounts {
        if let Some(account) = chat.state.accounts.get(&key).cloned() {
            store(chat, &AccountEvent::Restored(Box::new(account)).into());
        }
    }
    for (key, id) in rooms {
        let event = match chat.state.rooms.get(&key).filter(|room| room.is_lasting) {
            Some(room) => RoomEvent::Restored { settings: Box::new(room.settings()) },
            None => RoomEvent::Ended { room: key.into(), id, was_kept: true },
        };
        store(chat, &event.into());
    }
}

/// All that lasts of a room as one record.
pub(in crate::chat) fn encode_room(room: &Room) -> Option<Vec<u8>> {
    record::encode_room(&RoomEvent::Restored { settings: Box::new(room.settings()) })
}

/// The secret of decoys as one record.
pub(in crate::chat) fn encode_decoys(secret: &Secret) -> Vec<u8> {
    record::encode_account(&AccountEvent::Decoys(secret.clone()))
}

/// An account as one record.
pub(in crate::chat) fn encode_account(account: &Account) -> Vec<u8> {
    record::encode_account(&AccountEvent::Restored(Box::new(account.clone())))
}
