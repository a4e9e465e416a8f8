//! METADATA SET and CLEAR, and what was set before there was anybody to set it of.

use super::{answer, must_be_own, own, write};
use crate::chat::command::office;
use crate::chat::event::MetadataEvent;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{
    MetadataChanged, MetadataChanges, MetadataOwner, MetadataTarget, MetadataValues, is_metadata_value, metadata_key,
};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};

/// `SET key [:value]`; an empty value removes it, too.
pub(super) fn set(turn: &mut Turn<'_>, target: &str, params: &[&str]) -> Outcome {
    let key = metadata_key(params[0]).ok_or_else(|| Refusal::fail(ReplyCode::KeyInvalid, &[params[0]]))?;
    let value = params.get(1).copied().filter(|value| !value.is_empty());
    if value.is_some_and(|value| !is_metadata_value(value)) {
        return Err(Refusal::fail(ReplyCode::ValueInvalid, &[]));
    }
    if turn.session()?.user().is_none() {
        return stage(turn, target, key, value);
    }
    let (shown, of, right) = write(turn, target, &key)?;
    let known = turn.chat.state.metadata.get(&of.owner());
    let old = known.and_then(|known| known.get(&key)).map(String::as_str);
    if old == value {
        let value = value.ok_or_else(|| Refusal::fail(ReplyCode::KeyNotSet, &[&shown, &key]))?;
        turn.reply.numeric_text(Numeric::RplKeyValue, &[&shown, &key, "*"], value);
        return Ok(());
    }
    if let Some(value) = value {
        let is_full = old.is_none() && known.is_some_and(|known| known.len() >= limits::CHAT_METADATA_KEYS);
        let more = (key.len() + value.len()).saturating_sub(old.map_or(0, |old| key.len() + old.len()));
        if is_full || turn.chat.state.metadata.bytes() + more > limits::CHAT_METADATA_ALL {
            return Err(Refusal::fail(ReplyCode::LimitReached, &[&shown]));
        }
    }
    may_change(turn, &of, &shown, &key)?;
    let changes = [(key.clone(), value.map(ToString::to_string))].into();
    change(turn, (of, &shown), changes, |turn| match value {
        Some(value) => turn.reply.numeric_text(Numeric::RplKeyValue, &[&shown, &key, "*"], value),
        None => turn.reply.numeric(Numeric::RplKeyNotSet, &[&shown, &key]),
    });
    office::tell(turn, right, &format!("changed the metadata {key} of {shown}"));
    Ok(())
}

/// `CLEAR`.
pub(super) fn clear(turn: &mut Turn<'_>, target: &str, _: &[&str]) -> Outcome {
    let (shown, of, right) = write(turn, target, "*")?;
    let known = turn.chat.state.metadata.get(&of.owner()).into_iter().flatten();
    let changes: MetadataChanges = known.map(|(key, _)| (key.clone(), None)).collect();
    if changes.is_empty() {
        answer(turn, &["metadata", &shown], |_| {});
        return Ok(());
    }
    may_change(turn, &of, &shown, "*")?;
    change(turn, (of, &shown), changes.clone(), |turn| {
        answer(turn, &["metadata", &shown], |reply| {
            changes.keys().for_each(|key| reply.numeric(Numeric::RplKeyNotSet, &[&shown, key]));
        });
    });
    office::tell(turn, right, &format!("removed all metadata of {shown}"));
    Ok(())
}

/// Sets these of the one whose session it is, as one change and as far as there is place. `is_newer`: they win over what is set.
pub(super) fn take_over(turn: &mut Turn<'_>, values: MetadataValues, is_newer: bool) -> Outcome {
    let known = own(turn)?;
    let (nick, of) = (turn.user()?.nick.clone(), turn.chat.state.metadata_target(turn.user()?));
    let (mut keys, mut bytes) = (known.len(), turn.chat.state.metadata.bytes());
    let mut changes = MetadataChanges::new();
    for (key, value) in values {
        let old = known.get(&key);
        if old == Some(&value) || (old.is_some() && !is_newer) {
            continue;
        }
        let more = key.len() + value.len();
        if (old.is_none() && keys >= limits::CHAT_METADATA_KEYS) || bytes + more > limits::CHAT_METADATA_ALL {
            turn.reply.fail(ReplyCode::LimitReached, &[&nick]);
            break;
        }
        keys += usize::from(old.is_none());
        bytes += more;
        changes.insert(key, Some(value));
    }
    if changes.is_empty() {
        return Ok(());
    }
    if let Err(refusal) = may_change(turn, &of, &nick, "*") {
        turn.reply.refuse(&refusal);
        return Ok(());
    }
    if let Some(ticket) = turn.commit(MetadataEvent::Changed(MetadataChanged { target: of, changes })) {
        turn.chat.storage.wait(ticket, turn.session, "METADATA", &nick);
    }
    Ok(())
}

/// Keeps what is set before there is anybody to set it of.
fn stage(turn: &mut Turn<'_>, target: &str, key: String, value: Option<&str>) -> Outcome {
    must_be_own(turn, target)?;
    let staged = &mut turn.session_mut()?.staged;
    let Some(value) = value else {
        staged.remove(&key).ok_or_else(|| Refusal::fail(ReplyCode::KeyNotSet, &["*", &key]))?;
        turn.reply.numeric(Numeric::RplKeyNotSet, &["*", &key]);
        return Ok(());
    };
    if staged.len() >= limits::CHAT_METADATA_KEYS && !staged.contains_key(&key) {
        return Err(Refusal::fail(ReplyCode::LimitReached, &["*"]));
    }
    turn.reply.numeric_text(Numeric::RplKeyValue, &["*", &key, "*"], value);
    turn.session_mut()?.staged.insert(key, value.to_string());
    Ok(())
}

/// Whether a change can be kept now, and does not come too soon after others.
fn may_change(turn: &mut Turn<'_>, of: &MetadataTarget, shown: &str, key: &str) -> Outcome {
    if of.is_lasting() {
        turn.chat.storage.can_take()?;
    }
    let who: MetadataOwner = turn.chat.state.metadata_target(turn.user()?).owner();
    if turn.chat.metadata_changes.take(&who, turn.now.mono) {
        return Ok(());
    }
    let later = limits::CHAT_METADATA_INTERVAL.as_secs().to_string();
    Err(Refusal::fail(ReplyCode::RateLimited, &[shown, key, &later]))
}

/// Makes a change, which `told` answers when it is on disk.
fn change(
    turn: &mut Turn<'_>,
    (target, shown): (MetadataTarget, &str),
    changes: MetadataChanges,
    told: impl FnOnce(&mut Turn<'_>),
) {
    let ticket = turn.commit(MetadataEvent::Changed(MetadataChanged { target, changes }));
    told(turn);
    if let Some(ticket) = ticket {
        turn.chat.storage.wait(ticket, turn.session, "METADATA", shown);
        turn.reply.hold(ticket);
    }
}
