//! Invitations to register an account: made by server operators and whoever runs the server, used by REGISTER.

use crate::chat::audit::{self, By, Deed};
use crate::chat::control::ControlError;
use crate::chat::credential::TokenHash;
use crate::chat::event::{AccountEvent, Actor, Change, Presence, RoomEvent};
use crate::chat::ids::Ticket;
use crate::chat::policy::MayRegister;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Invite, ListEntry, ListKind, RoomFlag};
use crate::chat::turn::Turn;
use crate::chat::{AccountError, Chat};
use crate::irc::name::RoomName;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Characters of the id of an invitation.
const ID_BYTES: usize = 5;

/// An invitation that was made.
pub(in crate::chat) struct Made {
    pub(in crate::chat) id: String,
    /// Shown once, and not kept.
    pub(in crate::chat) code: String,
    /// Of its append.
    pub(in crate::chat) ticket: Option<Ticket>,
}

/// Makes an invitation in the name of `by`.
pub(in crate::chat) fn make(
    chat: &mut Chat,
    by: &str,
    (uses, expires_s): (u32, u64),
    room: Option<&str>,
    now: Now,
) -> Result<Made, ControlError> {
    let room = room.map(room_name).transpose()?;
    if uses == 0 || uses > limits::CHAT_INVITE_USES {
        return Err(bad("uses", u64::from(uses), u64::from(limits::CHAT_INVITE_USES)));
    }
    let longest_s = limits::CHAT_INVITE_AGE.as_secs();
    if expires_s == 0 || expires_s > longest_s {
        return Err(bad("seconds until it expires", expires_s, longest_s));
    }
    chat.storage.can_take().map_err(|_| AccountError::StoreUnavailable)?;
    sweep(chat, now);
    if chat.state.invites.len() >= limits::CHAT_INVITES {
        return Err(AccountError::TooMany { what: "invitations", limit: limits::CHAT_INVITES }.into());
    }
    let number = chat.ids.number();
    let secret = chat.secret.as_ref().ok_or_else(|| ControlError::of(ReplyCode::UnknownError))?;
    let code = secret.token::<{ limits::CHAT_INVITE_SECRET }>("invitation", number);
    let id = secret.token::<ID_BYTES>("id of an invitation", number);
    let made_us = now.utc.micros();
    let age_us = i64::try_from(Duration::from_secs(expires_s).as_micros()).unwrap_or(i64::MAX);
    let (hash, by, expires_us) = (TokenHash::of(&code), by.to_string(), made_us.saturating_add(age_us));
    let invite = Invite { id: id.clone(), hash, uses_left: uses, made_us, expires_us, by, room };
    let ticket = chat.happen(&AccountEvent::Invite(invite).into(), None, now);
    Ok(Made { id, code, ticket })
}

/// Lets nobody use an invitation any more.
pub(in crate::chat) fn revoke(chat: &mut Chat, id: &str, now: Now) -> Result<Option<Ticket>, ControlError> {
    if chat.state.invites.get(id).is_none_or(|invite| invite.is_expired(now.utc.micros())) {
        return Err(ControlError {
            code: ReplyCode::InvalidParams.code().to_string(),
            message: format!("there is no invitation {id}"),
        });
    }
    chat.storage.can_take().map_err(|_| AccountError::StoreUnavailable)?;
    Ok(chat.happen(&AccountEvent::InviteEnded { id: id.to_string() }.into(), None, now))
}

/// The invitation with the code that REGISTER gave. Who may register without one may write anything in its place.
pub(super) fn find(turn: &mut Turn<'_>, code: &str, may: MayRegister) -> Outcome<Option<String>> {
    // People write what they read from paper.
    let code = code.to_ascii_lowercase();
    let found = turn.chat.state.invites.of_code(&code, turn.now.utc.micros()).map(|invite| invite.id.clone());
    let MayRegister::Invited(refusal) = may else { return Ok(found) };
    let address = turn.session()?.peer.address.ip();
    if !turn.chat.guesses.take_place(address, turn.now.mono) {
        return Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &["*"]));
    }
    let Some(id) = found else { return Err(Refusal::fail(refusal, &["*"])) };
    turn.chat.guesses.give_back_place(address);
    Ok(Some(id))
}

/// The invitation is used for `account`. Others may have been faster. The answer is the room that it leads to.
pub(super) fn take(turn: &mut Turn<'_>, id: &str, account: &str) -> Outcome<Option<String>> {
    let usable = turn.chat.state.invites.get(id).filter(|invite| !invite.is_expired(turn.now.utc.micros()));
    let invite = usable.cloned().ok_or_else(|| Refusal::fail(ReplyCode::InvitationRequired, &["*"]))?;
    let room = invite.room.clone();
    let event = match invite.uses_left {
        0 | 1 => AccountEvent::InviteEnded { id: id.to_string() },
        uses => AccountEvent::Invite(Invite { uses_left: uses - 1, ..invite }),
    };
    turn.commit(event);
    let (by, now) = (By::session(turn.chat, turn.session), turn.now);
    audit::note(turn.chat, by, Deed::done("invite-used", account, id), now);
    Ok(room)
}

/// Invites whoever has just registered to the room that the invitation names, as soon as they are somebody.
pub(in crate::chat::command) fn call_in(turn: &mut Turn<'_>, room: String) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.called_to = Some(room);
        return Ok(());
    }
    let (user, account) = (turn.user_id()?, turn.account().unwrap_or_default().to_string());
    // A closed door must be open at the next visit too, when the invitation of the present user is gone.
    if let Some(entry) = lasting(turn, &room, &account) {
        let changes = [Change::List { is_added: true, kind: ListKind::Invitation, entry }].into();
        turn.commit(RoomEvent::Modes { room: room.clone(), actor: Actor::Server, changes, at: turn.now.utc });
    }
    turn.commit(Presence::Invited { by: Actor::Server, user, room, is_pass: true });
    Ok(())
}

/// The entry of the list `I` that lets `account` come into a room by invitation; `None`: it needs none, or the list is full.
fn lasting(turn: &Turn<'_>, room: &str, account: &str) -> Option<ListEntry> {
    let room = turn.chat.state.room(room).filter(|room| room.has(RoomFlag::InviteOnly))?;
    let has_place = room.entries() < limits::CHAT_ROOM_LIST_ENTRIES && turn.chat.storage.can_take().is_ok();
    let by = turn.chat.settings.server_name.clone();
    has_place.then(|| ListEntry { mask: format!("~a:{account}"), by, at_us: turn.now.utc.micros() })
}

/// Forgets those that have expired.
fn sweep(chat: &mut Chat, now: Now) {
    let expired = chat.state.invites.iter().filter(|invite| invite.is_expired(now.utc.micros()));
    for id in expired.map(|invite| invite.id.clone()).collect::<Vec<_>>() {
        if chat.storage.can_take().is_ok() {
            chat.happen(&AccountEvent::InviteEnded { id }.into(), None, now);
        }
    }
}

/// The room, which need not be there yet.
fn room_name(text: &str) -> Result<String, ControlError> {
    RoomName::parse(text)
        .map(|name| name.as_str().to_string())
        .map_err(|error| ControlError { code: ReplyCode::InvalidParams.code().to_string(), message: error.to_string() })
}

fn bad(what: &str, value: u64, limit: u64) -> ControlError {
    ControlError {
        code: ReplyCode::InvalidParams.code().to_string(),
        message: format!("{what} is {value}, expected 1 to {limit}"),
    }
}
