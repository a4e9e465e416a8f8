//! SET: settings of a room in words. They are its modes, which MODE shows and changes as well.

use super::{done, find};
use crate::chat::command::room_mode;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{RoomFlag, Setting};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;

/// `ROOM SET room setting value`.
pub(super) fn set(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let name = find(turn, params[0])?.name.clone();
    let (word, value) = (params[1], params[2]);
    let setting = setting(word, value).ok_or_else(|| Refusal::fail(ReplyCode::InvalidParams, &["SET", word, value]))?;
    let ticket = room_mode::set(turn, &name, setting)?;
    done(turn, ticket, "SET", &[&name, word, value], "Room is set");
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
