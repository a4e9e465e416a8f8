//! Rooms that leave this server and come to it: spec/export.md.

use super::{Carried, ControlAnswer, ControlError, page};
use crate::chat::Chat;
use crate::chat::command::room_end;
use crate::chat::event::{Event, RoomEvent, Said};
use crate::chat::ids::RoomId;
use crate::chat::state::{Room, RoomSettings};
use crate::chat::storage::{self, ROOM_LOGS, encode};
use crate::irc::name::RoomName;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Bound;
use serde::{Deserialize, Serialize};
use serde_json::Value;

// spec: begin

/// A room as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// Its name.
    pub name: String,
    /// When it was made, microseconds since 1970 in UTC.
    pub created_us: i64,
    /// Users in it now.
    pub members: usize,
    /// The account whose it is; none: it is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub founder: Option<String>,
}

// spec: end

pub(super) fn list(chat: &Chat, after: Option<&str>) -> ControlAnswer {
    let after = after.map(crate::irc::casemap::fold);
    let from = (after.as_deref().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let rooms = chat.state.rooms.range::<str, _>(from).map(|(_, room)| room).filter(|room| room.is_lasting);
    let rooms = rooms.map(|room| RoomInfo {
        name: room.name.clone(),
        created_us: room.created.micros(),
        members: room.members.len(),
        founder: room.ownership.as_ref().map(|ownership| ownership.founder.clone()),
    });
    let (rooms, is_last) = page(rooms);
    ControlAnswer::Rooms { rooms, is_last }
}

/// Where a room's conversation is, and how it is set.
pub(super) fn export(chat: &Chat, name: &str) -> Carried {
    let room = chat.state.room(name).filter(|room| room.is_lasting);
    let room = room.ok_or_else(|| refusal(ReplyCode::InvalidTarget, &format!("there is no room {name} on disk")))?;
    let mut settings = serde_json::to_value(room.settings()).unwrap_or_default();
    if let Value::Object(fields) = &mut settings {
        fields.remove("id");
        fields.remove("name");
    }
    Ok((ControlAnswer::Room { name: room.name.clone(), log: room.log(), settings }, None))
}

/// The log of a room that there will be.
pub(super) fn import(chat: &mut Chat, name: &str, now: Now) -> Carried {
    is_free(chat, name, now)?;
    Ok((ControlAnswer::Importing { log: Room::log_of(&chat.ids.room()) }, None))
}

/// Messages for a log that no room has yet.
pub(super) fn append(chat: &mut Chat, log: &str, records: Vec<Value>) -> Carried {
    id_of_unused(chat, log)?;
    if records.len() > limits::CONTROL_IMPORT {
        let many =
            format!("there are {} records, limit is {}; send them in parts", records.len(), limits::CONTROL_IMPORT);
        return Err(refusal(ReplyCode::InvalidParams, &many));
    }
    can_take(chat, records.len())?;
    let mut last = i64::MIN;
    let mut encoded = Vec::new();
    for (number, record) in records.into_iter().enumerate() {
        let wrong = |what: &str| refusal(ReplyCode::InvalidParams, &format!("record {number} {what}"));
        let said: Said = serde_json::from_value(record).map_err(|error| wrong(&format!("is no message: {error}")))?;
        if said.at_us < last {
            return Err(wrong("is older than the one before it"));
        }
        last = said.at_us;
        let bytes = encode(&said);
        if bytes.len() > limits::CHAT_RECORD_BYTES {
            return Err(wrong(&format!("is {} bytes, limit is {}", bytes.len(), limits::CHAT_RECORD_BYTES)));
        }
        encoded.push(bytes);
    }
    let tickets: Vec<_> = encoded.into_iter().map(|bytes| storage::append_to(chat, log.to_string(), bytes)).collect();
    Ok((ControlAnswer::Done, tickets.last().copied()))
}

/// Makes the room whose messages are in the log.
pub(super) fn open(chat: &mut Chat, name: &str, log: &str, settings: Value, now: Now) -> Carried {
    is_free(chat, name, now)?;
    let id = id_of_unused(chat, log)?;
    can_take(chat, limits::CHAT_APPENDS_AT_ONCE)?;
    let mut settings = read_settings(settings, name, &id)?;
    let has_account = |name: &str| chat.state.accounts.get(name).is_some_and(|account| account.deleted_us.is_none());
    settings.ownership = settings.ownership.take().and_then(|ownership| ownership.of_those(has_account));
    let ticket = chat.happen(&RoomEvent::Restored { settings: Box::new(settings) }.into(), None, now);
    Ok((ControlAnswer::Done, ticket))
}

/// The messages of a room that did not come to be.
pub(super) fn forget(chat: &mut Chat, log: &str) -> Carried {
    let id = id_of_unused(chat, log)?;
    storage::forget_log(chat, Room::log_of(&id));
    Ok((ControlAnswer::Done, None))
}

/// As the log of settings is read, so that what this takes is what the next start takes.
fn read_settings(mut settings: Value, name: &str, id: &RoomId) -> Result<RoomSettings, ControlError> {
    let wrong = |why: &str| refusal(ReplyCode::InvalidParams, &format!("the settings are not those of a room: {why}"));
    let Value::Object(fields) = &mut settings else { return Err(wrong("they are no object")) };
    fields.insert("event".into(), "room".into());
    fields.insert("id".into(), id.to_string().into());
    fields.insert("name".into(), name.into());
    let record = encode(&settings);
    if record.len() > limits::CHAT_RECORD_BYTES {
        return Err(wrong("they are too large"));
    }
    match storage::decode(&record) {
        Ok(Event::Room(RoomEvent::Restored { settings })) => Ok(*settings),
        Ok(_) => Err(wrong("they are something else")),
        Err(error) => Err(wrong(&error.reason)),
    }
}

/// Whether a room can be made that is called so.
fn is_free(chat: &mut Chat, name: &str, now: Now) -> Result<(), ControlError> {
    RoomName::parse(name).map_err(|error| refusal(ReplyCode::InvalidTarget, &format!("{name}: {error}")))?;
    if chat.state.room(name).is_some() {
        return Err(refusal(ReplyCode::Taken, &format!("there is a room {name} already; import under another name")));
    }
    if chat.state.rooms.len() >= limits::CHAT_ROOMS && !room_end::end_oldest(chat, now) {
        return Err(ControlError::of(ReplyCode::LimitReached));
    }
    Ok(())
}

/// The identity of the room that is to have this log; none has it.
fn id_of_unused(chat: &Chat, log: &str) -> Result<RoomId, ControlError> {
    let is_right = |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let id = log.strip_prefix(ROOM_LOGS).filter(is_right).map(|id| RoomId(id.into()));
    let id = id.ok_or_else(|| refusal(ReplyCode::InvalidParams, "the log is not one that room-import gave"))?;
    match chat.state.rooms.values().any(|room| room.id == id) {
        true => Err(refusal(ReplyCode::InvalidParams, "the log is that of a room")),
        false => Ok(id),
    }
}

fn can_take(chat: &Chat, records: usize) -> Result<(), ControlError> {
    chat.storage.can_take_many(records).map_err(|_| ControlError::of(ReplyCode::StoreUnavailable))
}

fn refusal(code: ReplyCode, message: &str) -> ControlError {
    ControlError { code: code.code().to_string(), message: message.to_string() }
}
