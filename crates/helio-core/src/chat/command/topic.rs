//! TOPIC: what a room is about.

use super::{filter, office};
use crate::chat::event::{Actor, RoomEvent};
use crate::chat::policy::{self, Right};
use crate::chat::reply::Outcome;
use crate::chat::state::Topic;
use crate::chat::turn::Turn;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::ToString;

/// `TOPIC room [text]`; an empty text takes the topic away.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params.get(1) {
        None => {
            policy::can_read_settings(turn.user()?, turn.room(params[0])?)?;
            let name = turn.room(params[0])?.name.clone();
            if !show_if_set(turn, &name)? {
                turn.reply.numeric(Numeric::RplNoTopic, &[&name]);
            }
            Ok(())
        }
        Some(text) => set(turn, params[0], truncate_utf8(text, limits::CHAT_TOPIC)),
    }
}

/// Answers with the topic; `false`: there is none.
pub(super) fn show_if_set(turn: &mut Turn<'_>, name: &str) -> Outcome<bool> {
    let Some(Topic { text, by, at }) = turn.room(name)?.topic.clone() else { return Ok(false) };
    turn.reply.numeric_text(Numeric::RplTopic, &[name], &text);
    let seconds = (at.micros() / 1_000_000).to_string();
    turn.reply.numeric(Numeric::RplTopicWhoTime, &[name, &by, &seconds]);
    Ok(true)
}

fn set(turn: &mut Turn<'_>, name: &str, text: &str) -> Outcome {
    let (user, room) = (turn.user()?, turn.room(name)?);
    policy::can_speak_in_rooms(turn.defcon(), user, &room.name)?;
    let right = policy::can_set_topic(user, room)?;
    let known = room.topic.as_ref().map_or("", |topic| topic.text.as_str());
    if known == text {
        return Ok(());
    }
    if right == Right::Own {
        policy::is_unmuted(user, room, turn.now.mono)?;
        let name = room.name.clone();
        filter::screen(turn, Some(&name), || text.to_string())?;
    }
    turn.chat.storage.can_take()?;
    let (user, room) = (turn.user()?, turn.room(name)?);
    let (room, by, actor) = (room.name.clone(), user.mask(), Actor::User(user.id));
    let event = RoomEvent::Topic { room: room.clone(), actor, by, text: text.to_string(), at: turn.now.utc };
    if let Some(ticket) = turn.commit(event) {
        turn.chat.storage.wait(ticket, turn.session, "TOPIC", &room);
    }
    office::tell(turn, right, &format!("set the topic of {room}"));
    Ok(())
}
