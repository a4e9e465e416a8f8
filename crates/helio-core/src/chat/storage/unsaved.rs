//! Accounts, and settings of rooms, that are true but not on disk, because their commit failed.

use super::{record, store};
use crate::chat::ban::Target;
use crate::chat::credential::Secret;
use crate::chat::defcon::Defcon;
use crate::chat::event::{AccountEvent, Event, MetadataEvent, RoomEvent, ServerEvent};
use crate::chat::ids::RoomId;
use crate::chat::state::{
    Account, Filters, Invite, MetadataChanged, MetadataOwner, MetadataRecord, MetadataTarget, Room, State,
};
use crate::chat::{Chat, audit};
use crate::irc::casemap::fold;
use crate::time::{Now, Utc};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// At most the accounts and rooms that there are, and the rooms that ended since the store fails.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    /// By folded name.
    rooms: BTreeMap<Box<str>, RoomId>,
    /// Folded names.
    accounts: BTreeSet<Box<str>>,
    /// Rooms that got another name, in order; no more than there were appends on their way.
    renames: Vec<RoomEvent>,
    /// Whether the filters of all rooms are not saved.
    has_filters: bool,
    /// Whether the secret of decoys is not saved.
    has_decoys: bool,
    /// Ids.
    invites: BTreeSet<String>,
    /// Whose metadata is not saved.
    metadata: BTreeSet<MetadataOwner>,
    /// Records of what was done by privilege that are lost.
    audits: u64,
    /// Targets whose ban was set or lifted, by their keys.
    bans: BTreeMap<Box<str>, Target>,
    has_defcon: bool,
}

/// What a record of the log of settings is about, by its folded name.
#[derive(Debug)]
pub(super) enum Changed {
    Room(Box<str>, RoomId),
    Account(Box<str>),
    /// A room that got another name.
    Renamed(Box<RoomEvent>),
    Filters,
    Decoys,
    Invite(String),
    Metadata(MetadataOwner),
    Audit,
    Ban(Target),
    Defcon,
}

impl Unsaved {
    pub(super) fn insert(&mut self, changed: Changed) {
        match changed {
            Changed::Room(key, id) => _ = self.rooms.insert(key, id),
            Changed::Renamed(event) => {
                if let RoomEvent::Renamed { room, id, name, .. } = &*event {
                    let old = fold(room);
                    if self.rooms.get(&old) == Some(id) {
                        self.rooms.remove(&old);
                    }
                    self.rooms.insert(fold(name), id.clone());
                }
                self.renames.push(*event);
            }
            Changed::Account(key) => _ = self.accounts.insert(key),
            Changed::Filters => self.has_filters = true,
            Changed::Decoys => self.has_decoys = true,
            Changed::Invite(id) => _ = self.invites.insert(id),
            Changed::Metadata(owner) => _ = self.metadata.insert(owner),
            Changed::Audit => self.audits += 1,
            Changed::Ban(target) => _ = self.bans.insert(target.key(), target),
            Changed::Defcon => self.has_defcon = true,
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let has_bans = self.has_defcon || !self.bans.is_empty();
        self.rooms.is_empty()
            && self.accounts.is_empty()
            && self.renames.is_empty()
            && self.invites.is_empty()
            && self.metadata.is_empty()
            && self.audits == 0
            && !self.has_decoys
            && !self.has_filters
            && !has_bans
    }
}

/// The account, or the room, that `event` changed or ended.
pub(super) fn changed(state: &State, event: &Event) -> Option<Changed> {
    match event {
        Event::Presence(_) | Event::Said(..) | Event::Redacted(_) | Event::Marked(_) => None,
        Event::Account(AccountEvent::Changed(change)) => Some(Changed::Account(fold(change.account()))),
        Event::Account(AccountEvent::Stay { account, .. }) => Some(Changed::Account(fold(account))),
        Event::Account(AccountEvent::Decoys(_)) => Some(Changed::Decoys),
        Event::Account(AccountEvent::Restored(account)) => Some(Changed::Account(fold(&account.name))),
        Event::Room(RoomEvent::ServerFilters { .. }) => Some(Changed::Filters),
        Event::Room(event @ RoomEvent::Renamed { .. }) => Some(Changed::Renamed(Box::new(event.clone()))),
        Event::Account(AccountEvent::Invite(Invite { id, .. }) | AccountEvent::InviteEnded { id }) => {
            Some(Changed::Invite(id.clone()))
        }
        Event::Audit(_) => Some(Changed::Audit),
        Event::Server(ServerEvent::BanSet(ban)) => Some(Changed::Ban(ban.target.clone())),
        Event::Server(ServerEvent::BanLifted { target, .. }) => Some(Changed::Ban(target.clone())),
        Event::Server(ServerEvent::Defcon { .. }) => Some(Changed::Defcon),
        Event::Metadata(MetadataEvent::Changed(MetadataChanged { target, .. })) => {
            Some(Changed::Metadata(target.owner()))
        }
        Event::Metadata(MetadataEvent::Restored(MetadataRecord { target, .. })) => {
            Some(Changed::Metadata(target.owner()))
        }
        Event::Metadata(MetadataEvent::Shown { .. }) => None,
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
        RoomEvent::Renamed { name, id, .. } => Some((fold(name), id.clone())),
        RoomEvent::ServerFilters { .. } => None,
        RoomEvent::Topic { room, .. }
        | RoomEvent::Modes { room, .. }
        | RoomEvent::Ownership { room, .. }
        | RoomEvent::Muted { room, .. }
        | RoomEvent::Filter { room, .. }
        | RoomEvent::Keep { room, .. }
        | RoomEvent::Offered { room, .. } => state.room(room).map(|found| (fold(room), found.id.clone())),
    }
}

/// The store works again: what is true and not on disk is stored whole, whatever is there.
pub(super) fn store_again(chat: &mut Chat, now: Now) {
    let Unsaved { rooms, accounts, renames, has_filters, has_decoys, invites, audits, bans, has_defcon, metadata } =
        core::mem::take(&mut chat.storage.unsaved);
    store_bans(chat, bans.into_values(), has_defcon, now);
    // First the names, so that what follows is about the rooms that have them.
    for event in renames {
        store(chat, &event.into());
    }
    if let Some(secret) = chat.state.accounts.decoys.clone().filter(|_| has_decoys) {
        store(chat, &AccountEvent::Decoys(secret).into());
    }
    if has_filters {
        let filters = chat.state.filters.iter().cloned().collect();
        store(chat, &RoomEvent::ServerFilters { filters }.into());
    }
    for key in accounts {
        if let Some(account) = chat.state.accounts.get(&key).cloned() {
            store(chat, &AccountEvent::Restored(Box::new(account)).into());
        }
    }
    for id in invites {
        let invite = chat.state.invites.get(&id).cloned();
        let event = invite.map_or(AccountEvent::InviteEnded { id }, AccountEvent::Invite);
        store(chat, &event.into());
    }
    if audits > 0 {
        audit::note_lost(chat, audits, now);
    }
    for (key, id) in rooms {
        let event = match current(&chat.state, &key, &id).filter(|room| room.is_lasting) {
            Some(room) => RoomEvent::Restored { settings: Box::new(room.settings()) },
            None => RoomEvent::Ended { room: key.into(), id, was_kept: true },
        };
        store(chat, &event.into());
    }
    for owner in metadata {
        if let Some(record) = metadata_record(&chat.state, &owner) {
            store(chat, &MetadataEvent::Restored(record).into());
        }
    }
}

/// All metadata of one owner; `None`: the owner is no more.
fn metadata_record(state: &State, owner: &MetadataOwner) -> Option<MetadataRecord> {
    let target = match owner {
        MetadataOwner::Account(key) => MetadataTarget::Account(state.accounts.get(key)?.name.clone()),
        MetadataOwner::Room(id) => {
            let room = state.rooms.values().find(|room| room.id == *id)?;
            MetadataTarget::Room { name: room.name.clone(), id: id.clone() }
        }
        MetadataOwner::User(_) => return None,
    };
    Some(MetadataRecord { target, values: state.metadata.get(owner).cloned().unwrap_or_default() })
}

/// The room that this is about: it may have got another name since; or, when it ended, the one that has its name now.
fn current<'s>(state: &'s State, key: &str, id: &RoomId) -> Option<&'s Room> {
    let named = state.rooms.get(key);
    named.filter(|room| room.id == *id).or_else(|| state.rooms.values().find(|room| room.id == *id)).or(named)
}

/// Bans and the level of lockdown as they are now.
fn store_bans(chat: &mut Chat, targets: impl Iterator<Item = Target>, has_defcon: bool, now: Now) {
    let (by, at) = (chat.settings.server_name.clone(), now.utc);
    for target in targets {
        let event = match chat.state.bans.get(&target) {
            Some(ban) => ServerEvent::BanSet(Box::new(ban.clone())),
            None => ServerEvent::BanLifted { target, by: by.clone(), at },
        };
        store(chat, &event.into());
    }
    if has_defcon {
        let level = chat.state.defcon;
        store(chat, &ServerEvent::Defcon { level, by, at }.into());
    }
}

/// Bans and the level of lockdown as records: none for what is as it is without any.
pub(in crate::chat) fn encode_bans(state: &State, now: Utc) -> impl Iterator<Item = Vec<u8>> + '_ {
    let bans = state.bans.iter().filter(move |ban| !ban.is_forgotten(now));
    let bans = bans.map(|ban| record::encode_server(&ServerEvent::BanSet(Box::new(ban.clone()))));
    let by = String::new();
    let defcon = ServerEvent::Defcon { level: state.defcon, by, at: now };
    let is_normal = state.defcon == Defcon::NORMAL;
    bans.chain((!is_normal).then(|| record::encode_server(&defcon)))
}

/// All that lasts of a room as one record.
pub(in crate::chat) fn encode_room(room: &Room) -> Option<Vec<u8>> {
    record::encode_room(&RoomEvent::Restored { settings: Box::new(room.settings()) })
}

/// The filters of all rooms as one record.
pub(in crate::chat) fn encode_filters(filters: &Filters) -> Option<Vec<u8>> {
    record::encode_room(&RoomEvent::ServerFilters { filters: filters.iter().cloned().collect() })
}

/// The secret of decoys as one record.
pub(in crate::chat) fn encode_decoys(secret: &Secret) -> Vec<u8> {
    record::encode_account(&AccountEvent::Decoys(secret.clone()))
}

/// An account as one record.
pub(in crate::chat) fn encode_account(account: &Account) -> Vec<u8> {
    record::encode_account(&AccountEvent::Restored(Box::new(account.clone())))
}

/// An invitation as one record.
pub(in crate::chat) fn encode_invite(invite: &Invite) -> Vec<u8> {
    record::encode_account(&AccountEvent::Invite(invite.clone()))
}
