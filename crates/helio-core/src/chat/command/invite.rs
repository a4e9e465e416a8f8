//! INVITE: ask somebody into a room.

use super::office;
use crate::chat::event::{Actor, Presence};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `INVITE nick room`; without parameters the rooms whose doors are open to the user.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params {
        [] => list(turn),
        [nick, room, ..] if !nick.is_empty() && !room.is_empty() => invite(turn, nick, room),
        [..] => Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["INVITE"])),
    }
}

fn list(turn: &mut Turn<'_>) -> Outcome {
    let user = turn.user()?;
    let rooms = user.invited.keys().filter_map(|key| turn.chat.state.rooms.get(key));
    let names: Vec<String> = rooms.filter(|room| user.is_invited(room)).map(|room| room.name.clone()).collect();
    for name in names {
        turn.reply.numeric(Numeric::RplInviteList, &[&name]);
    }
    turn.reply.numeric(Numeric::RplEndOfInviteList, &[]);
    Ok(())
}

fn invite(turn: &mut Turn<'_>, nick: &str, name: &str) -> Outcome {
    let (by, user, room) = (turn.user()?, turn.someone(nick)?, turn.room(name)?);
    let right = policy::can_invite(by, room)?;
    if room.members.contains_key(&user.id) {
        return Err(Refusal::numeric(Numeric::ErrUserOnChannel, &[&user.nick, &room.name]));
    }
    let is_pass = policy::can_open_doors(by, room);
    let (nick, away, name) = (user.nick.clone(), user.away.clone(), room.name.clone());
    let event = Presence::Invited { by: Actor::User(by.id), user: user.id, room: name.clone(), is_pass };
    turn.reply.numeric(Numeric::RplInviting, &[&nick, &name]);
    if let Some(message) = away {
        turn.reply.numeric_text(Numeric::RplAway, &[&nick], &message);
    }
    turn.commit(event);
    office::tell(turn, right, &format!("invited {nick} to {name}"));
    Ok(())
}
