//! Whose a room is: REGISTER, DROP, TRANSFER and ACCEPT, INFO.

use super::{access, account, done, find};
use crate::chat::command::office;
use crate::chat::event::{OwnershipChange, RoomEvent};
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Access, User};
use crate::chat::turn::Turn;
use crate::irc::casemap;
use crate::irc::standard_reply::ReplyCode;
use crate::time::Utc;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// `ROOM REGISTER room`.
pub(super) fn register(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = find(turn, params[0])?;
    let founder = policy::can_register_room(turn.user()?, room)?.to_string();
    policy::can_own_one_more(&turn.chat.state, &turn.chat.settings, &founder, room)?;
    turn.chat.storage.can_take()?;
    let (room, at) = (room.name.clone(), turn.now.utc);
    let change = OwnershipChange::Registered { founder: founder.clone() };
    let ticket = turn.commit(RoomEvent::Ownership { room: room.clone(), change, at });
    access::follow(turn, &room, &founder, None);
    done(turn, ticket, "REGISTERED", &[&room, &founder], "Room is registered, and yours");
    Ok(())
}

/// `ROOM DROP room [code]`: without the code it is told, so that nothing is lost by a slip.
pub(super) fn drop(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = find(turn, params[0])?;
    let right = policy::can_drop(turn.user()?, room)?;
    let (code, name) = (policy::ownership(room)?.code(), room.name.clone());
    if params.get(1) != Some(&code.as_str()) {
        return Err(Refusal::fail(ReplyCode::ConfirmationRequired, &[&name, &code]));
    }
    turn.chat.storage.can_take()?;
    let event = RoomEvent::Ownership { room: name.clone(), change: OwnershipChange::Dropped, at: turn.now.utc };
    let ticket = turn.commit(event);
    office::tell(turn, right, &format!("dropped the registration of {name}"));
    done(turn, ticket, "DROPPED", &[&name], "Room is registered no more");
    Ok(())
}

/// `ROOM TRANSFER room account`: it changes hands when the other accepts.
pub(super) fn transfer(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = find(turn, params[0])?;
    policy::can_transfer(turn.user()?, room)?;
    let name = room.name.clone();
    let to = account(turn, &name, params[1])?;
    let is_own = turn.account().is_some_and(|own| casemap::eq(own, &to));
    turn.commit(RoomEvent::Offered { room: name.clone(), to: (!is_own).then(|| to.clone()) });
    if is_own {
        turn.reply.note("OFFER_WITHDRAWN", &[&name], "Room is offered to nobody");
        return Ok(());
    }
    let text = format!("Room {name} is offered to you: ROOM ACCEPT {name} makes you its founder");
    tell(turn, &to, &text);
    turn.reply.note("OFFERED", &[&name, &to], "Room is theirs when they accept it by ROOM ACCEPT");
    Ok(())
}

/// `ROOM ACCEPT room`.
pub(super) fn accept(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = find(turn, params[0])?;
    let founder = policy::can_accept(turn.user()?, room)?.to_string();
    policy::can_own_one_more(&turn.chat.state, &turn.chat.settings, &founder, room)?;
    turn.chat.storage.can_take()?;
    let name = room.name.clone();
    let ticket = access::give_to(turn, &name, &founder)?;
    done(turn, ticket, "ACCEPTED", &[&name, &founder], "Room is yours");
    Ok(())
}

/// `ROOM INFO room`: for everybody who may see the room.
pub(super) fn info(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = find(turn, params[0])?;
    let ownership = policy::ownership(room)?;
    let since = Utc::from_micros(ownership.registered_us).rfc3339_millis();
    let (name, founder) = (room.name.clone(), ownership.founder.clone());
    let own = room.access(turn.account()).map_or("none", Access::word);
    let keep = room.keep;
    turn.reply.note("INFO", &[&name, "founder", &founder], "Whose it is");
    turn.reply.note("INFO", &[&name, "registered", &since], "Since when");
    turn.reply.note("INFO", &[&name, "access", own], "What you are in it");
    if let Some(days) = keep.days {
        turn.reply.note("INFO", &[&name, "keep-days", &days.to_string()], "For how many days messages are kept");
    }
    if let Some(newest) = keep.newest {
        turn.reply.note("INFO", &[&name, "keep-newest", &newest.to_string()], "How many messages are kept");
    }
    turn.reply.note("END_OF_INFO", &[&name], "End of what there is to know");
    Ok(())
}

/// Tells all who are logged in to `account`.
fn tell(turn: &mut Turn<'_>, account: &str, text: &str) {
    let is_concerned = |user: &&User| user.account.as_deref().is_some_and(|own| casemap::eq(own, account));
    let concerned = turn.chat.state.users.values().filter(is_concerned);
    let whom: Vec<_> = concerned.map(|user| (user.sessions.clone(), user.nick.clone())).collect();
    for (sessions, nick) in whom {
        let told = compose(Some(&turn.chat.settings.server_name), "NOTICE", &[&nick], Some(text));
        let told = Line::irc(told).at(turn.now.utc);
        sessions.iter().for_each(|session| turn.chat.sessions.send(session, &told));
    }
}
