//! Who is what in a registered room: ACCESS, and the statuses that follow from it.

use super::{account, done, find};
use crate::chat::Chat;
use crate::chat::command::office;
use crate::chat::event::{Actor, Change, OwnershipChange, RoomEvent};
use crate::chat::ids::Ticket;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Access, AccessEntry, Room, Statuses};
use crate::chat::turn::Turn;
use crate::irc::casemap;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// `ROOM ACCESS room LIST` and `ROOM ACCESS room SET account access`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match (params[1].to_ascii_uppercase().as_str(), &params[2..]) {
        ("LIST", _) => list(turn, params[0]),
        ("SET", [account, access, ..]) => set(turn, params[0], account, access),
        ("SET", _) => Err(Refusal::fail(ReplyCode::NeedMoreParams, &["ACCESS", "SET"])),
        _ => Err(Refusal::fail(ReplyCode::InvalidParams, &["ACCESS", params[1]])),
    }
}

fn list(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let room = find(turn, name)?;
    let right = policy::can_read_access(turn.user()?, room)?;
    let (ownership, name) = (policy::ownership(room)?.clone(), room.name.clone());
    let registered = Utc::from_micros(ownership.registered_us).rfc3339_millis();
    turn.reply.note("ACCESS", &[&name, &ownership.founder, Access::Founder.word()], &format!("since {registered}"));
    for AccessEntry { account, access, by, at_us } in &ownership.access {
        let since = Utc::from_micros(*at_us).rfc3339_millis();
        turn.reply.note("ACCESS", &[&name, account, access.word()], &format!("since {since}, by {by}"));
    }
    turn.reply.note("END_OF_ACCESS", &[&name], "End of the access list");
    office::tell(turn, right, &format!("read the access list of {name}"));
    Ok(())
}

fn set(turn: &mut Turn<'_>, name: &str, whom: &str, word: &str) -> Outcome {
    let room = find(turn, name)?;
    let name = room.name.clone();
    let access = match Access::of_word(word) {
        None if !word.eq_ignore_ascii_case("none") => {
            return Err(Refusal::fail(ReplyCode::InvalidParams, &["ACCESS", "SET", word]));
        }
        access => access,
    };
    let right = policy::can_set_access(turn.user()?, room, whom, access)?;
    let ownership = policy::ownership(room)?;
    let before = ownership.access(whom);
    let is_full = before.is_none() && ownership.access.len() >= limits::CHAT_ROOM_ACCESS_ENTRIES;
    // Somebody who is suspended can be taken out.
    let whom = if access.is_some() { account(turn, &name, whom)? } else { whom.to_string() };
    if before == access {
        return Err(Refusal::fail(ReplyCode::Unchanged, &[&name, &whom]));
    }
    if is_full && access != Some(Access::Founder) {
        return Err(Refusal::fail(ReplyCode::ListFull, &[&name, &whom]));
    }
    turn.chat.storage.can_take()?;
    let ticket = if access == Some(Access::Founder) {
        give_to(turn, &name, &whom)?
    } else {
        let by = turn.account().map_or_else(|| turn.user().map(|user| user.nick.clone()), |own| Ok(own.to_string()))?;
        let change = OwnershipChange::Access { account: whom.clone(), access, by };
        let ticket = turn.commit(RoomEvent::Ownership { room: name.clone(), change, at: turn.now.utc });
        follow(turn, &name, &whom, before);
        ticket
    };
    let word = access.map_or("none", Access::word);
    office::tell(turn, right, &format!("made {whom} {word} of {name}"));
    done(turn, ticket, "ACCESS_SET", &[&name, &whom, word], "Access is set");
    Ok(())
}

/// The room is this account's now, and its founder an admin.
pub(super) fn give_to(turn: &mut Turn<'_>, name: &str, founder: &str) -> Outcome<Option<Ticket>> {
    let ownership = policy::ownership(turn.room(name)?)?;
    let (former, before) = (ownership.founder.clone(), ownership.access(founder));
    let change = OwnershipChange::Founder { founder: founder.to_string() };
    let ticket = turn.commit(RoomEvent::Ownership { room: name.to_string(), change, at: turn.now.utc });
    follow(turn, name, &former, Some(Access::Founder));
    follow(turn, name, founder, before);
    Ok(ticket)
}

/// Members who are logged in to `account` get the statuses of its access, and lose those of what it was before.
pub(super) fn follow(turn: &mut Turn<'_>, name: &str, account: &str, before: Option<Access>) {
    if let Some(event) = following(turn.chat, name, account, before, turn.now) {
        turn.commit(event);
    }
}

/// Somebody who came in gets what their account is there.
pub(in crate::chat::command) fn entered(turn: &mut Turn<'_>, name: &str) {
    if let Some(account) = turn.account().map(ToString::to_string) {
        follow(turn, name, &account, None);
    }
}

/// Somebody logged in, from another account or none.
pub(in crate::chat::command) fn logged_in(turn: &mut Turn<'_>, former: Option<&str>) -> Outcome {
    let id = turn.user_id()?;
    let account = turn.account().ok_or(Refusal::Silent)?.to_string();
    let registered = turn.chat.state.rooms_of(id).filter(|room| room.ownership.is_some());
    let rooms: Vec<String> = registered.map(|room| room.name.clone()).collect();
    for name in rooms {
        let room = turn.room(&name)?;
        let before = room.access(former.filter(|former| !casemap::eq(former, &account)));
        let (after, member) = (room.access(Some(&account)), room.statuses(id).unwrap_or_default());
        let changes: Vec<Change> = changes(member, before, after)
            .map(|(is_added, status)| Change::Status { is_added, status, user: id })
            .collect();
        if !changes.is_empty() {
            turn.commit(RoomEvent::Modes { room: name, actor: Actor::Server, changes, at: turn.now.utc });
        }
    }
    Ok(())
}

/// Rooms whose founder is `account`.
pub(in crate::chat::command) fn rooms_of(chat: &Chat, account: &str) -> Vec<String> {
    let is_theirs = |room: &&Room| room.access(Some(account)) == Some(Access::Founder);
    chat.state.rooms.values().filter(is_theirs).map(|room| room.name.clone()).collect()
}

/// The founder's account of these rooms is no more: whose they became gets the status of a founder.
pub(in crate::chat::command) fn inherited(chat: &mut Chat, rooms: &[String], now: Now) {
    for name in rooms {
        let ownership = chat.state.room(name).and_then(|room| room.ownership.as_ref());
        let Some(heir) = ownership.map(|ownership| ownership.founder.clone()) else { continue };
        if let Some(event) = following(chat, name, &heir, Some(Access::Admin), now) {
            chat.happen(&event.into(), None, now);
        }
    }
}

/// What [`follow`] changes; `None`: nothing.
fn following(chat: &Chat, name: &str, account: &str, before: Option<Access>, now: Now) -> Option<RoomEvent> {
    let room = chat.state.room(name)?;
    let after = room.access(Some(account));
    let mut all = Vec::new();
    for (id, member) in &room.members {
        let own = chat.state.user(*id).and_then(|user| user.account.as_deref());
        if own.is_some_and(|own| casemap::eq(own, account)) {
            let changes = changes(member.statuses, before, after);
            all.extend(changes.map(|(is_added, status)| Change::Status { is_added, status, user: *id }));
        }
    }
    let (room, actor) = (room.name.clone(), Actor::Server);
    (!all.is_empty()).then_some(RoomEvent::Modes { room, actor, changes: all, at: now.utc })
}

/// The statuses that a member who has `held` gets (`true`) or loses.
fn changes(held: Statuses, before: Option<Access>, after: Option<Access>) -> impl Iterator<Item = (bool, Statuses)> {
    let of = |access: Option<Access>| access.map_or(&[][..], Access::statuses);
    let (before, after) = (of(before), of(after));
    let lost = before.iter().filter(move |status| !after.contains(status) && held.contains(**status));
    let got = after.iter().filter(move |status| !held.contains(**status));
    lost.map(|status| (false, *status)).chain(got.map(|status| (true, *status)))
}
