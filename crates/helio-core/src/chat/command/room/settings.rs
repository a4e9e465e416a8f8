//! SET: settings of a room in words. Most are its modes, which MODE shows and changes as well.

use super::{done, find};
use crate::chat::command::{office, room_mode};
use crate::chat::event::RoomEvent;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Keep, RoomFlag, Setting};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::format;

/// `ROOM SET room setting value`.
pub(super) fn set(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let name = find(turn, params[0])?.name.clone();
    let (word, value) = (params[1], params[2]);
    if let Some(bound) = Bound::of_word(word) {
        return keep(turn, &name, bound, value);
    }
    let setting = setting(word, value).ok_or_else(|| Refusal::fail(ReplyCode::InvalidParams, &["SET", word, value]))?;
    let ticket = room_mode::set(turn, &name, setting)?;
    done(turn, ticket, "SET", &[&name, word, value], "Room is set");
    Ok(())
}

/// A bound on what is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Days,
    Newest,
}

impl Bound {
    fn of_word(word: &str) -> Option<Self> {
        let table = [("keep-days", Self::Days), ("keep-newest", Self::Newest)];
        table.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, bound)| bound)
    }

    /// `keep` with this bound as it is written; `None`: it cannot be understood.
    fn set(self, mut keep: Keep, value: &str) -> Option<Keep> {
        let number = match value.eq_ignore_ascii_case("off") {
            true => None,
            false => Some(value.parse::<u64>().ok().filter(|number| *number > 0)?),
        };
        match self {
            Self::Days => keep.days = number.map(u32::try_from).transpose().ok()?,
            Self::Newest => keep.newest = number,
        }
        Some(keep)
    }
}

/// `SET room keep-days|keep-newest number|off`.
fn keep(turn: &mut Turn<'_>, name: &str, bound: Bound, value: &str) -> Outcome {
    let word = if bound == Bound::Days { "keep-days" } else { "keep-newest" };
    let room = turn.room(name)?;
    let right = policy::can_set_keep(turn.user()?, room)?;
    let invalid = || Refusal::fail(ReplyCode::InvalidParams, &["SET", word, value]);
    let keep = bound.set(room.keep, value).ok_or_else(invalid)?;
    if keep == room.keep {
        return Err(Refusal::fail(ReplyCode::Unchanged, &[name, word]));
    }
    turn.chat.storage.can_take()?;
    let ticket = turn.commit(RoomEvent::Keep { room: name.into(), keep, at: turn.now.utc });
    office::tell(turn, right, &format!("set {word} of {name} to {value}"));
    done(turn, ticket, "SET", &[name, word, value], "Room is set; what is not kept goes within hours");
    Ok(())
}

fn setting(word: &str, value: &str) -> Option<Setting> {
    let flag = |flag| {
        let is_set = match value.to_ascii_lowercase().as_str() {
            "on" => true,
            "off" => false,
            _ => return None,
        };
        Some(Setting::Flag { flag, is_set })
    };
    match word.to_ascii_lowercase().as_str() {
        "read-only" => flag(RoomFlag::ReadOnly),
        "invite-only" => flag(RoomFlag::InviteOnly),
        "slow" if value.eq_ignore_ascii_case("off") => Some(Setting::Slow { seconds: None }),
        "slow" => slow(value),
        _ => None,
    }
}

/// A pause between the messages of one person, in seconds.
pub(in crate::chat::command) fn slow(value: &str) -> Option<Setting> {
    let seconds = value.parse().ok().filter(|seconds| (1..=limits::CHAT_SLOW_SECONDS).contains(seconds))?;
    Some(Setting::Slow { seconds: Some(seconds) })
}
