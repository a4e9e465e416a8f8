//! MARKREAD: how far one has read, for all one's connections to know (IRCv3 read-marker, a draft).
//!
//! A marker is of an account, whatever the nickname, and kept; of who is not logged in while they are there. Nobody else is
//! told. Rooms are those that one is in: of others nothing is told, not even that they are there.

use crate::chat::Chat;
use crate::chat::conversation::Party;
use crate::chat::event::{Event, Marked};
use crate::chat::line::{Line, compose};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Marker, MarkerOwner, MarkerTarget};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::name::Nick;
use crate::irc::standard_reply::ReplyCode;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};

/// `MARKREAD target [timestamp]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let Some(name) = params.first().copied().filter(|name| !name.is_empty()) else {
        return Err(Refusal::fail(ReplyCode::NeedMoreParams, &[]));
    };
    let target = target(turn, name)?;
    if let Some(moment) = params.get(1) {
        let target = target.clone().ok_or_else(|| Refusal::fail(ReplyCode::InvalidParams, &[name]))?;
        if set(turn, name, target, moment)? {
            // All were told, the one who asked too.
            return Ok(());
        }
    }
    answer(turn, name, target.as_ref())
}

/// After JOIN "the server MUST send a MARKREAD command for that channel", before RPL_ENDOFNAMES.
pub(super) fn joined(turn: &mut Turn<'_>, name: &str) -> Outcome {
    if !turn.has(Capability::ReadMarker) {
        return Ok(());
    }
    let target = target(turn, name)?;
    answer(turn, name, target.as_ref())
}

/// Sets a marker. `false`: it is as far, or further, already.
fn set(turn: &mut Turn<'_>, name: &str, target: MarkerTarget, moment: &str) -> Outcome<bool> {
    let time = moment.strip_prefix("timestamp=").and_then(Utc::parse_rfc3339);
    let time = time.ok_or_else(|| Refusal::fail(ReplyCode::InvalidParams, &[name, moment]))?;
    let (now, at) = (turn.now.utc.micros().div_euclid(1_000), time.micros().div_euclid(1_000));
    // Nothing that will be said is read.
    let at_ms = at.min(now).max(0);
    let owner = owner(turn)?;
    if turn.chat.state.markers.get(&owner, &target).is_some_and(|known| known >= at_ms) {
        return Ok(false);
    }
    if owner.account().is_some() && turn.chat.storage.can_take().is_err() {
        return Err(Refusal::fail(ReplyCode::InternalError, &[name]));
    }
    let has_capability = turn.has(Capability::ReadMarker);
    turn.commit(Event::Marked(Marked { owner, marker: Marker { target, at_ms }, name: name.to_string() }));
    Ok(has_capability)
}

/// What `name` means to the one who asks. `None`: a room that they are not in.
fn target(turn: &Turn<'_>, name: &str) -> Outcome<Option<MarkerTarget>> {
    if name.starts_with('#') {
        let (user, room) = (turn.user_id()?, turn.chat.state.room(name));
        let room = room.filter(|room| room.members.contains_key(&user));
        return Ok(room.map(|room| MarkerTarget::Room(room.id.clone())));
    }
    match Nick::parse(name, turn.chat.settings.nick_rules) {
        Ok(nick) => Ok(Some(MarkerTarget::With(Party::called(&turn.chat.state, nick.as_str())))),
        Err(_) => Err(Refusal::fail(ReplyCode::InvalidParams, &[name])),
    }
}

fn owner(turn: &Turn<'_>) -> Outcome<MarkerOwner> {
    let user = turn.user()?;
    Ok(MarkerOwner::new(user.id, user.account.as_deref()))
}

fn answer(turn: &mut Turn<'_>, name: &str, target: Option<&MarkerTarget>) -> Outcome {
    let owner = owner(turn)?;
    let at_ms = target.and_then(|target| turn.chat.state.markers.get(&owner, target));
    let line = line(turn.chat, name, at_ms);
    turn.reply.line(line);
    Ok(())
}

fn line(chat: &Chat, name: &str, at_ms: Option<i64>) -> Line {
    Line::irc(compose(Some(&chat.settings.server_name), "MARKREAD", &[name, &moment(at_ms)], None))
}

/// A marker as it is told.
pub(in crate::chat) fn moment(at_ms: Option<i64>) -> String {
    let time = at_ms.map(|at_ms| Utc::from_micros(at_ms.saturating_mul(1_000)).rfc3339_millis());
    time.map_or_else(|| "*".to_string(), |time| format!("timestamp={time}"))
}
