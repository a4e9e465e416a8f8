//! METADATA: what people and rooms tell of themselves (IRCv3 metadata, a draft). `spec/metadata.md` describes it. One row a
//! subcommand.

mod set;
mod subscription;
pub(super) mod sync;

use crate::chat::event::MetadataEvent;
use crate::chat::line::{Line, compose};
use crate::chat::policy::{self, Right};
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::state::{MetadataChanges, MetadataTarget, MetadataValues, Room, User, metadata_key};
use crate::chat::turn::Turn;
use crate::irc::capability::{Capability, CapabilityRequest};
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use alloc::string::{String, ToString};

/// A subcommand: its name, how many parameters it needs behind it, whether it works before registration, and what does it to
/// the target.
struct Subcommand {
    name: &'static str,
    min_params: usize,
    is_early: bool,
    run: fn(&mut Turn<'_>, &str, &[&str]) -> Outcome,
}

const fn row(
    name: &'static str,
    min_params: usize,
    is_early: bool,
    run: fn(&mut Turn<'_>, &str, &[&str]) -> Outcome,
) -> Subcommand {
    Subcommand { name, min_params, is_early, run }
}

/// In alphabetical order.
const SUBCOMMANDS: &[Subcommand] = &[
    row("CLEAR", 0, false, set::clear),
    row("GET", 1, false, get),
    row("LIST", 0, false, list),
    row("SET", 1, true, set::set),
    row("SUB", 1, true, subscription::subscribe),
    row("SUBS", 0, true, subscription::list),
    row("SYNC", 0, false, sync::run),
    row("UNSUB", 1, true, subscription::unsubscribe),
];

/// `METADATA target subcommand …`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let (target, name, params) = (params[0], params[1], &params[2..]);
    let Some(subcommand) = SUBCOMMANDS.iter().find(|known| known.name.eq_ignore_ascii_case(name)) else {
        return Err(Refusal::fail(ReplyCode::SubcommandInvalid, &[name]));
    };
    if turn.session()?.user().is_none() && !subcommand.is_early {
        return Err(Refusal::numeric(Numeric::ErrNotRegistered, &[]));
    }
    let is_empty = params.iter().take(subcommand.min_params).any(|param| param.is_empty());
    if is_empty || params.len() < subcommand.min_params {
        return Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["METADATA"]));
    }
    (subcommand.run)(turn, target, params)
}

/// What the user of this session tells; nothing before there is one.
pub(super) fn own(turn: &Turn<'_>) -> Outcome<MetadataValues> {
    Ok(turn.chat.state.metadata_of(turn.user()?).cloned().unwrap_or_default())
}

/// On arrival: what was set before is set now, and the client is told all that is its own.
pub(super) fn arrived(turn: &mut Turn<'_>) -> Outcome {
    let staged = core::mem::take(&mut turn.session_mut()?.staged);
    set::take_over(turn, staged, true)?;
    tell_own(turn)
}

/// The user is logged in to an account now, and showed `before` until then. `was_account`: that was another account's.
pub(super) fn logged_in(turn: &mut Turn<'_>, before: MetadataValues, was_account: bool) -> Outcome {
    if !was_account {
        set::take_over(turn, before.clone(), false)?;
    }
    let (user, after) = (turn.user_id()?, own(turn)?);
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), None));
    let new = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let changes: MetadataChanges = gone.chain(new.map(|(key, value)| (key.clone(), Some(value.clone())))).collect();
    if !changes.is_empty() {
        turn.commit(MetadataEvent::Shown { user, changes });
    }
    Ok(())
}

/// The capability was asked for or given back.
pub(super) fn negotiated(turn: &mut Turn<'_>, request: CapabilityRequest) -> Outcome {
    if request.removed.contains(Capability::Metadata) {
        turn.session_mut()?.subscriptions.clear();
    }
    if request.added.contains(Capability::Metadata) && turn.session()?.user().is_some() {
        tell_own(turn)?;
    }
    Ok(())
}

/// `GET key…`.
fn get(turn: &mut Turn<'_>, target: &str, keys: &[&str]) -> Outcome {
    let (shown, values) = read(turn, target)?;
    answer(turn, &["metadata", &shown], |reply| {
        for key in keys {
            let Some(known) = metadata_key(key) else {
                reply.fail(ReplyCode::KeyInvalid, &[key]);
                continue;
            };
            match values.get(&known) {
                Some(value) => reply.numeric_text(Numeric::RplKeyValue, &[&shown, &known, "*"], value),
                None => reply.numeric(Numeric::RplKeyNotSet, &[&shown, &known]),
            }
        }
    });
    Ok(())
}

/// `LIST`.
fn list(turn: &mut Turn<'_>, target: &str, _: &[&str]) -> Outcome {
    let (shown, values) = read(turn, target)?;
    answer(turn, &["metadata", &shown], |reply| {
        for (key, value) in &values {
            reply.numeric_text(Numeric::RplKeyValue, &[&shown, key, "*"], value);
        }
    });
    Ok(())
}

/// All of one's own, subscribed or not.
fn tell_own(turn: &mut Turn<'_>) -> Outcome {
    if !turn.has(Capability::Metadata) {
        return Ok(());
    }
    let (nick, values, server) = (turn.user()?.nick.clone(), own(turn)?, turn.chat.settings.server_name.clone());
    answer(turn, &["metadata", &nick], |reply| {
        for (key, value) in &values {
            reply.line(Line::irc(compose(Some(&server), "METADATA", &[&nick, key, "*"], Some(value))));
        }
    });
    Ok(())
}

/// Answers by one part: a batch of this kind where the client knows batches.
fn answer(turn: &mut Turn<'_>, kind: &[&str], fill: impl FnOnce(&mut Reply)) {
    if turn.has(Capability::Batch) {
        let reference = turn.chat.ids.batch();
        turn.reply.batched(&reference, kind, fill);
    } else {
        turn.reply.together(fill);
    }
}

/// Whom or what a target means.
enum Found<'a> {
    User(&'a User),
    Room(&'a Room),
}

/// A room that the one who asks may not know of is none.
fn find<'t>(turn: &'t Turn<'_>, target: &str) -> Outcome<Found<'t>> {
    let (user, state) = (turn.user()?, &turn.chat.state);
    if target == "*" {
        return Ok(Found::User(user));
    }
    let found = match target.starts_with('#') {
        true => state.room(target).filter(|room| policy::can_see_room(user, room)).map(Found::Room),
        false => state.user_named(target).map(Found::User),
    };
    found.ok_or_else(|| Refusal::fail(ReplyCode::InvalidTarget, &[target]))
}

/// What a target tells, for who may read it, and how the target is called.
fn read(turn: &Turn<'_>, target: &str) -> Outcome<(String, MetadataValues)> {
    let state = &turn.chat.state;
    let (shown, of) = match find(turn, target)? {
        Found::User(user) => (user.nick.clone(), state.metadata_target(user)),
        Found::Room(room) => {
            policy::can_read_metadata(turn.user()?, room)?;
            (room.name.clone(), target_of(room))
        }
    };
    Ok((shown, state.metadata.get(&of.owner()).cloned().unwrap_or_default()))
}

/// What is changed where `target` is, for who may change `key` there, how it is called, and by which right.
fn write(turn: &Turn<'_>, target: &str, key: &str) -> Outcome<(String, MetadataTarget, Right)> {
    let user = turn.user()?;
    match find(turn, target)? {
        Found::User(other) => {
            let right = policy::can_set_metadata_of(user, other, key)?;
            Ok((other.nick.clone(), turn.chat.state.metadata_target(other), right))
        }
        Found::Room(room) => Ok((room.name.clone(), target_of(room), policy::can_set_metadata(user, room, key)?)),
    }
}

fn target_of(room: &Room) -> MetadataTarget {
    MetadataTarget::Room { name: room.name.to_string(), id: room.id.clone() }
}

/// Of subscriptions and before registration, only oneself is a target.
fn must_be_own(turn: &Turn<'_>, target: &str) -> Outcome {
    let is_own = target == "*" || turn.user().is_ok_and(|user| casemap::eq(&user.nick, target));
    if is_own { Ok(()) } else { Err(Refusal::fail(ReplyCode::InvalidTarget, &[target])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(SUBCOMMANDS.is_sorted_by(|a, b| a.name < b.name));
    }
}
