//! The stored form of what lasts. `spec/event-log.md` describes it.

use super::RecordError;
use crate::chat::ban::{Ban, Target};
use crate::chat::credential::Secret;
use crate::chat::defcon::Defcon;
use crate::chat::event::{
    AccountChange, AccountEvent, Actor, Change, Event, MetadataEvent, OwnershipChange, RoomEvent, ServerEvent,
};
use crate::chat::ids::RoomId;
use crate::chat::state::{
    Account, Filter, FilterChange, Invite, Keep, ListEntry, ListKind, MetadataChanged, MetadataRecord, RoomSettings,
    Setting, Stay,
};
use crate::irc::extban;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

// spec: begin

/// A record of the log of settings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Stored {
    Created {
        id: RoomId,
        name: String,
        at_us: i64,
    },
    Topic {
        room: String,
        by: String,
        text: String,
        at_us: i64,
    },
    Modes {
        room: String,
        changes: Vec<StoredChange>,
        at_us: i64,
    },
    Room(Box<RoomSettings>),
    Ended {
        room: String,
        id: RoomId,
    },
    Account(Box<Account>),
    DecoySecret {
        secret: Secret,
    },
    Ownership {
        room: String,
        change: OwnershipChange,
        at_us: i64,
    },
    Renamed {
        room: String,
        id: RoomId,
        name: String,
        at_us: i64,
    },
    Filter {
        room: String,
        change: FilterChange,
        at_us: i64,
    },
    ServerFilters {
        filters: Vec<Filter>,
    },
    Invite(Invite),
    InviteEnded {
        id: String,
    },
    Keep {
        room: String,
        keep: Keep,
        at_us: i64,
    },
    Stay {
        account: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stay: Option<Box<Stay>>,
    },
    BanSet(Box<Ban>),
    BanLifted {
        target: Target,
        by: String,
        at_us: i64,
    },
    Defcon {
        level: Defcon,
        by: String,
        at_us: i64,
    },
    Metadata(MetadataRecord),
    MetadataChanged(MetadataChanged),
}

/// The record of a change to an account is the change; `spec/accounts.md`.
const ACCOUNT_CHANGES: [&str; 2] = ["account-", "nick-"];

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredChange {
    Set(Setting),
    Add(ListKind, ListEntry),
    Remove(ListKind, ListEntry),
}

// spec: end

/// What every record has.
#[derive(Debug, Deserialize)]
struct Named {
    event: String,
}

/// Any record of ours as bytes.
pub(in crate::chat) fn encode(record: &impl Serialize) -> Vec<u8> {
    // Our own types have string keys only and no failing parts.
    serde_json::to_vec(record).unwrap_or_default()
}

/// The record of a change to a room; `None` when nothing of it lasts.
pub(super) fn encode_room(event: &RoomEvent) -> Option<Vec<u8>> {
    stored(event).map(|stored| encode(&stored))
}

/// The record of what happened to an account.
pub(super) fn encode_account(event: &AccountEvent) -> Vec<u8> {
    match event {
        AccountEvent::Changed(change) => encode(change),
        AccountEvent::Restored(account) => encode(&Stored::Account(account.clone())),
        AccountEvent::Decoys(secret) => encode(&Stored::DecoySecret { secret: secret.clone() }),
        AccountEvent::Invite(invite) => encode(&Stored::Invite(invite.clone())),
        AccountEvent::InviteEnded { id } => encode(&Stored::InviteEnded { id: id.clone() }),
        AccountEvent::Stay { account, stay } => encode(&Stored::Stay { account: account.clone(), stay: stay.clone() }),
    }
}

/// The record of what happened to the server as a whole.
pub(super) fn encode_server(event: &ServerEvent) -> Vec<u8> {
    encode(&match event.clone() {
        ServerEvent::BanSet(ban) => Stored::BanSet(ban),
        ServerEvent::BanLifted { target, by, at } => Stored::BanLifted { target, by, at_us: at.micros() },
        ServerEvent::Defcon { level, by, at } => Stored::Defcon { level, by, at_us: at.micros() },
    })
}

/// The record of what changed metadata; `None` when it does not last.
pub(super) fn encode_metadata(event: &MetadataEvent) -> Option<Vec<u8>> {
    match event {
        MetadataEvent::Changed(changed) if changed.target.is_lasting() => {
            Some(encode(&Stored::MetadataChanged(changed.clone())))
        }
        MetadataEvent::Restored(record) if record.target.is_lasting() => Some(encode_restored_metadata(record.clone())),
        MetadataEvent::Changed(_) | MetadataEvent::Restored(_) | MetadataEvent::Shown { .. } => None,
    }
}

/// All metadata of one target as one record.
pub(in crate::chat) fn encode_restored_metadata(record: MetadataRecord) -> Vec<u8> {
    encode(&Stored::Metadata(record))
}

/// Reads a record of the log of settings.
pub(in crate::chat) fn decode(record: &[u8]) -> Result<Event, RecordError> {
    let Named { event } = parse(record)?;
    if ACCOUNT_CHANGES.iter().any(|prefix| event.starts_with(prefix)) {
        return parse::<AccountChange>(record).map(Event::from);
    }
    let event = match parse(record)? {
        Stored::Account(account) => return Ok(AccountEvent::Restored(account).into()),
        Stored::Stay { account, stay } => return Ok(AccountEvent::Stay { account, stay }.into()),
        Stored::DecoySecret { secret } => return Ok(AccountEvent::Decoys(secret).into()),
        Stored::Invite(invite) => return Ok(AccountEvent::Invite(invite).into()),
        Stored::InviteEnded { id } => return Ok(AccountEvent::InviteEnded { id }.into()),
        Stored::BanSet(ban) => return Ok(ServerEvent::BanSet(ban).into()),
        Stored::BanLifted { target, by, at_us } => {
            return Ok(ServerEvent::BanLifted { target, by, at: Utc::from_micros(at_us) }.into());
        }
        Stored::Defcon { level, by, at_us } => {
            return Ok(ServerEvent::Defcon { level, by, at: Utc::from_micros(at_us) }.into());
        }
        Stored::Metadata(record) => return Ok(MetadataEvent::Restored(record).into()),
        Stored::MetadataChanged(changed) => return Ok(MetadataEvent::Changed(changed).into()),
        Stored::Created { id, name, at_us } => RoomEvent::Kept { id, name, at: Utc::from_micros(at_us) },
        Stored::Topic { room, by, text, at_us } => {
            RoomEvent::Topic { room, actor: Actor::Server, by, text, at: Utc::from_micros(at_us) }
        }
        Stored::Modes { room, changes, at_us } => RoomEvent::Modes {
            room,
            actor: Actor::Server,
            changes: changes.into_iter().map(StoredChange::change).collect::<Result<_, _>>()?,
            at: Utc::from_micros(at_us),
        },
        Stored::Room(settings) => {
            settings.entries().try_for_each(check)?;
            settings.filters.iter().try_for_each(check_filter)?;
            RoomEvent::Restored { settings }
        }
        Stored::Ended { room, id } => RoomEvent::Ended { room, id, was_kept: true },
        Stored::Renamed { room, id, name, at_us } => {
            let (actor, reason, at) = (Actor::Server, String::new(), Utc::from_micros(at_us));
            RoomEvent::Renamed { room, id, name, actor, reason, was_kept: true, at }
        }
        Stored::Filter { room, change, at_us } => {
            if let FilterChange::Add(filter) = &change {
                check_filter(filter)?;
            }
            RoomEvent::Filter { room, change, at: Utc::from_micros(at_us) }
        }
        Stored::ServerFilters { filters } => {
            filters.iter().try_for_each(check_filter)?;
            RoomEvent::ServerFilters { filters }
        }
        Stored::Keep { room, keep, at_us } => RoomEvent::Keep { room, keep, at: Utc::from_micros(at_us) },
        Stored::Ownership { room, change, at_us } => RoomEvent::Ownership { room, change, at: Utc::from_micros(at_us) },
    };
    Ok(event.into())
}

fn parse<T: for<'a> Deserialize<'a>>(record: &[u8]) -> Result<T, RecordError> {
    serde_json::from_slice(record).map_err(|error| RecordError { reason: alloc::format!("{error}") })
}

fn stored(event: &RoomEvent) -> Option<Stored> {
    Some(match event.clone() {
        RoomEvent::Created { .. } | RoomEvent::Offered { .. } | RoomEvent::Muted { .. } => return None,
        RoomEvent::Ended { was_kept: false, .. } | RoomEvent::Renamed { was_kept: false, .. } => return None,
        RoomEvent::Kept { id, name, at } => Stored::Created { id, name, at_us: at.micros() },
        RoomEvent::Topic { room, by, text, at, .. } => Stored::Topic { room, by, text, at_us: at.micros() },
        RoomEvent::Modes { room, changes, at, .. } => {
            let changes: Vec<_> = changes.into_iter().filter_map(StoredChange::of).collect();
            if changes.is_empty() {
                return None;
            }
            Stored::Modes { room, changes, at_us: at.micros() }
        }
        RoomEvent::Restored { settings } => Stored::Room(settings),
        RoomEvent::Ended { room, id, was_kept: true } => Stored::Ended { room, id },
        RoomEvent::Renamed { room, id, name, was_kept: true, at, .. } => {
            Stored::Renamed { room, id, name, at_us: at.micros() }
        }
        RoomEvent::Filter { room, change, at } => Stored::Filter { room, change, at_us: at.micros() },
        RoomEvent::Keep { room, keep, at } => Stored::Keep { room, keep, at_us: at.micros() },
        RoomEvent::ServerFilters { filters } => Stored::ServerFilters { filters },
        RoomEvent::Ownership { room, change, at } => Stored::Ownership { room, change, at_us: at.micros() },
    })
}

impl StoredChange {
    fn of(change: Change) -> Option<Self> {
        match change {
            Change::Status { .. } => None,
            Change::Setting { setting } => Some(Self::Set(setting)),
            Change::List { is_added: true, kind, entry } => Some(Self::Add(kind, entry)),
            Change::List { is_added: false, kind, entry } => Some(Self::Remove(kind, entry)),
        }
    }

    fn change(self) -> Result<Change, RecordError> {
        Ok(match self {
            Self::Set(setting) => Change::Setting { setting },
            Self::Add(kind, entry) => {
                check(&entry)?;
                Change::List { is_added: true, kind, entry }
            }
            Self::Remove(kind, entry) => Change::List { is_added: false, kind, entry },
        })
    }
}

/// An entry that means nobody would silently be no entry.
fn check(entry: &ListEntry) -> Result<(), RecordError> {
    match extban::ListEntry::parse(&entry.mask) {
        Ok(_) => Ok(()),
        Err(error) => Err(RecordError { reason: alloc::format!("list entry {:?}: {error}", entry.mask) }),
    }
}

/// One that could not be read would silently filter nothing.
fn check_filter(filter: &Filter) -> Result<(), RecordError> {
    let parsed = filter.parse().map(|_| ());
    parsed.map_err(|error| RecordError { reason: alloc::format!("filter {:?}: {error}", filter.pattern) })
}

#[cfg(test)]
mod tests;
