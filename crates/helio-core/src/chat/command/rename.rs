//! RENAME: give a room another name (IRCv3 channel-rename, a draft). `spec/rooms.md` says who may.

use super::{answer, names, office, room, topic};
use crate::chat::event::{Actor, RoomEvent};
use crate::chat::ids::SessionId;
use crate::chat::line::{Face, Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::Statuses;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::casemap;
use crate::irc::line::truncate_utf8;
use crate::irc::name::{RoomName, skeleton};
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// `RENAME old new [reason]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let renamed = room::find(turn, params[0])?;
    let right = policy::can_rename(turn.user()?, renamed)?;
    let (old, id, was_kept) = (renamed.name.clone(), renamed.id.clone(), renamed.is_lasting);
    let cannot = || Refusal::fail(ReplyCode::CannotRename, &[&old, params[1]]);
    let new = RoomName::parse(params[1]).map_err(|_| cannot())?.as_str().to_string();
    // "Implementations MUST allow channels to be renamed while only changing the casing of a channel name."
    let is_same = casemap::eq(&old, &new);
    let state = &turn.chat.state;
    let is_alike = state.room_looks.is_taken(&new) && skeleton(&new) != skeleton(&old);
    if !is_same && (is_alike || state.room(&new).is_some()) {
        return Err(Refusal::fail(ReplyCode::ChannelNameInUse, &[&old, &new]));
    }
    if was_kept {
        turn.chat.storage.can_take()?;
    }
    // Who cannot hear of it leaves and enters anew, which costs: not too often.
    if old == new || !turn.chat.renames.take(&id, turn.now.mono) {
        return Err(cannot());
    }
    let reason = truncate_utf8(params.get(2).copied().unwrap_or_default(), limits::CHAT_KICK_REASON).to_string();
    let (actor, at) = (Actor::User(turn.user_id()?), turn.now.utc);
    let event =
        RoomEvent::Renamed { room: old.clone(), id, name: new.clone(), actor, reason: reason.clone(), was_kept, at };
    if let Some(ticket) = turn.commit(event) {
        turn.chat.storage.wait(ticket, turn.session, "RENAME", &new);
    }
    if !is_same {
        tell_others(turn, (&old, &new), &reason)?;
    }
    let user = turn.user_id()?;
    if !turn.room(&new)?.members.contains_key(&user) {
        turn.reply.note("RENAMED", &[&old, &new], "Channel has another name now");
    }
    office::tell(turn, right, &format!("renamed {old} to {new}"));
    Ok(())
}

/// "Servers MUST implement a fallback mechanism": members whose client does not know of RENAME leave the one room and enter
/// the other.
fn tell_others(turn: &mut Turn<'_>, (old, new): (&str, &str), reason: &str) -> Outcome {
    let needs_it = |id: &SessionId| {
        let audience = turn.chat.sessions.audience(*id);
        audience.is_some_and(|audience| audience.face == Face::Irc && !audience.has(Capability::ChannelRename))
    };
    let sessions: Vec<SessionId> = turn.room(new)?.sessions(Statuses::NONE).filter(needs_it).collect();
    for session in sessions {
        if session == turn.session {
            enter_anew(turn, (old, new), reason)?;
        } else {
            answer(turn.chat, session, "JOIN", turn.now, |turn| {
                enter_anew(turn, (old, new), reason).unwrap_or_else(|refusal| turn.reply.refuse(&refusal));
            });
        }
    }
    Ok(())
}

fn enter_anew(turn: &mut Turn<'_>, (old, new): (&str, &str), reason: &str) -> Outcome {
    let user = turn.user()?;
    let (mask, account) = (user.mask(), user.account.clone());
    let realname = user.realname.clone();
    let part = compose(Some(&mask), "PART", &[old], Some(reason).filter(|reason| !reason.is_empty()));
    let join = match turn.has(Capability::ExtendedJoin) {
        true => compose(Some(&mask), "JOIN", &[new, account.as_deref().unwrap_or("*")], Some(&realname)),
        false => compose(Some(&mask), "JOIN", &[new], None),
    };
    for line in [part, join] {
        let mut line = Line::irc(line).at(turn.now.utc);
        line.tags.account.clone_from(&account);
        turn.reply.line(line);
    }
    topic::show_if_set(turn, new)?;
    if !turn.session()?.caps.omits_names() {
        names::show(turn, new)?;
    }
    Ok(())
}
