//! REDACT: takes a message back (IRCv3 message-redaction, a draft). `spec/event-log.md`, "Redaction", says what stays of it.
//!
//! The message is read first, for who may redact it depends on who said it; whether one still may is asked then. Nothing is
//! told before it is gone from the disk, and then to everybody at once, with the label to who asked. Meanwhile that session
//! goes on: the answer may come after those to later commands.

use super::office;
use crate::chat::Chat;
use crate::chat::conversation::{self, Party};
use crate::chat::effect::{Effect, Erasure};
use crate::chat::event::{Redacted, Said, Whence};
use crate::chat::ids::{MsgId, Ticket};
use crate::chat::policy::{self, CannotRedact, Redactable};
use crate::chat::query::{Anchor, Query, Span, Unanswered, Wanted};
use crate::chat::redacting::{Approved, Asked, Venue};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Statuses, User, UserFlag};
use crate::chat::storage;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::line::truncate_utf8;
use crate::irc::name::Nick;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// `REDACT target msgid [reason]`. "To redact a message, a client MUST negotiate the capability."
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !turn.has(Capability::MessageRedaction) {
        return Err(Refusal::numeric(Numeric::ErrUnknownCommand, &["REDACT"]));
    }
    let (target, msgid) = (params[0], MsgId::from(params[1]));
    let (log, place) = address(turn, target)?;
    turn.chat.storage.can_take()?;
    let is_full = turn.chat.redacting.len() >= limits::CHAT_REDACTIONS_TOTAL;
    if is_full || turn.session()?.redactions >= limits::CHAT_REDACTIONS {
        return Err(Refusal::fail(ReplyCode::StoreUnavailable, &[]));
    }
    let reason = params.get(2).map(|reason| truncate_utf8(reason, limits::CHAT_REDACT_REASON));
    let asked = Asked {
        session: turn.session,
        user: turn.user_id()?,
        label: turn.reply.label.take(),
        target: target.to_string(),
        log: log.clone(),
        place,
        msgid: msgid.clone(),
        reason: reason.filter(|reason| !reason.is_empty()).map(ToString::to_string),
    };
    turn.session_mut()?.redactions += 1;
    let span = Span::Around(Anchor::Message(msgid));
    let query = Query { span, count: 1, bytes: limits::STORE_READ_BYTES, wanted: Wanted::Everything };
    let ticket = turn.chat.storage.ticket();
    turn.chat.redacting.sought.insert(ticket, asked);
    turn.chat.effects.push_back(Effect::Read { ticket, log, query });
    Ok(())
}

/// The conversation that `target` names, and its log.
fn address(turn: &Turn<'_>, target: &str) -> Outcome<(String, Venue)> {
    let invalid = || Refusal::fail(ReplyCode::InvalidTarget, &[target]);
    let (user, state) = (turn.user()?, &turn.chat.state);
    let name = target.trim_start_matches(|prefix| Statuses::of_prefix(prefix).is_some());
    if name.starts_with('#') {
        let room = state.room(name).filter(|room| policy::can_ask_to_redact(user, room)).ok_or_else(invalid)?;
        return Ok((room.log(), Venue::Room { id: room.id.clone(), name: room.name.clone() }));
    }
    // The other one may have left.
    let nick = Nick::parse(target, turn.chat.settings.nick_rules).map_err(|_| invalid())?;
    let with = state.user_named(nick.as_str()).map_or(nick.as_str(), |user| &user.nick);
    let log = conversation::log_of(&Party::of(user), &Party::called(state, nick.as_str()));
    Ok((log, Venue::Private { with: with.to_string() }))
}

/// The message was looked for. `false`: what was read is for somebody else.
pub(in crate::chat) fn found(
    chat: &mut Chat,
    ticket: Ticket,
    records: Result<&[Vec<u8>], Unanswered>,
    now: Now,
) -> bool {
    let Some(asked) = chat.redacting.sought.remove(&ticket) else { return false };
    match approve(chat, &asked, records, now) {
        Ok(approved) => {
            let (ticket, log, msgid) = (chat.storage.ticket(), asked.log, asked.msgid);
            chat.redacting.erased.insert(ticket, approved);
            chat.effects.push_back(Effect::Erase { ticket, log, msgid });
        }
        Err(refusal) => refuse(chat, asked, &refusal, now),
    }
    true
}

/// Whether this message may be redacted by the one who asked, as things are now.
fn approve(chat: &mut Chat, asked: &Asked, records: Result<&[Vec<u8>], Unanswered>, now: Now) -> Outcome<Approved> {
    let user = chat.state.user(asked.user).ok_or(Refusal::Silent)?;
    let refused = |reason| refusal(asked, reason);
    let (right, whence) = match &asked.place {
        Venue::Room { id, name } => {
            let room = chat.state.room(name).filter(|room| room.id == *id);
            let room = room.filter(|room| policy::can_ask_to_redact(user, room));
            let room = room.ok_or_else(|| refused(CannotRedact::Target))?;
            let message = message(chat, user, asked, records, now)?;
            let right = policy::can_redact(user, room, message, chat.settings.redact_window).map_err(refused)?;
            (right, Whence::Room { id: id.clone(), name: room.name.clone(), least: message.least })
        }
        Venue::Private { with } => {
            let message = message(chat, user, asked, records, now)?;
            let right = policy::can_redact_privately(message, chat.settings.redact_window).map_err(refused)?;
            (right, Whence::Private { user: user.id, with: with.clone() })
        }
    };
    let (by, account, is_bot) = (user.mask(), user.account.clone(), user.has(UserFlag::Bot));
    let (msgid, at_us) = chat.ids.message(now.utc);
    let (message, reason) = (asked.msgid.clone(), asked.reason.clone());
    let redacted = Redacted { msgid, at_us, by, account, is_bot, message, whence, reason };
    Ok(Approved { asked: asked.clone(), redacted, right, is_answered: false })
}

/// The message that was asked for, among what was read.
fn message(
    chat: &Chat,
    user: &User,
    asked: &Asked,
    records: Result<&[Vec<u8>], Unanswered>,
    now: Now,
) -> Outcome<Redactable> {
    let unknown = || refusal(asked, CannotRedact::Unknown);
    let records = records.map_err(|reason| match reason {
        Unanswered::StoreFails => Refusal::fail(ReplyCode::StoreUnavailable, &[]),
        Unanswered::UnknownMessage => unknown(),
    })?;
    let said = records.first().and_then(|record| serde_json::from_slice::<Said>(record).ok());
    let said = said.filter(|said| said.msgid == asked.msgid).ok_or_else(unknown)?;
    let age = u64::try_from(now.utc.micros().saturating_sub(said.at_us)).unwrap_or_default();
    let least = said.target.chars().map_while(Statuses::of_prefix).min().unwrap_or(Statuses::NONE);
    let is_own = policy::is_author(user, &said, &chat.ids);
    Ok(Redactable { is_own, age: Duration::from_micros(age), least })
}

fn refusal(asked: &Asked, reason: CannotRedact) -> Refusal {
    let message = [asked.target.as_str(), &asked.msgid.0];
    match reason {
        CannotRedact::Target => Refusal::fail(ReplyCode::InvalidTarget, &message[..1]),
        CannotRedact::Unknown => Refusal::fail(ReplyCode::UnknownMsgid, &message),
        CannotRedact::Forbidden => Refusal::fail(ReplyCode::RedactForbidden, &message),
        CannotRedact::TooLate(window) => {
            let seconds = window.as_secs().to_string();
            Refusal::fail(ReplyCode::RedactWindowExpired, &[message[0], message[1], &seconds])
        }
    }
}

/// The message is gone, or is not.
pub(in crate::chat) fn erased(chat: &mut Chat, ticket: Ticket, erasure: Erasure, now: Now) {
    let Some(approved) = chat.redacting.erased.remove(&ticket) else { return };
    let message = [approved.asked.target.clone(), approved.asked.msgid.0.clone()];
    let code = match erasure {
        Erasure::Done => return announce(chat, approved, now),
        Erasure::NotThere => ReplyCode::UnknownMsgid,
        Erasure::NotTried => ReplyCode::StoreUnavailable,
        Erasure::Unfinished => {
            storage::begin_probing(chat, now);
            // There will be another answer, when the store works again; then everybody is told.
            let asked = Asked { label: None, ..approved.asked.clone() };
            chat.redacting.erased.insert(ticket, Approved { asked, is_answered: true, ..approved.clone() });
            ReplyCode::MessageNotErased
        }
    };
    if !approved.is_answered {
        refuse(chat, approved.asked, &Refusal::Fail(code, message.into()), now);
    }
}

/// Tells that the message is gone.
fn announce(chat: &mut Chat, approved: Approved, now: Now) {
    let Approved { asked, redacted, right, is_answered } = approved;
    if !is_answered {
        answered(chat, &asked);
    }
    super::answer(chat, asked.session, "REDACT", now, |turn| {
        turn.reply.label = asked.label;
        let nick = redacted.by.split('!').next().unwrap_or_default().to_string();
        turn.commit(redacted);
        office::tell_of(turn, &nick, right, &format!("redacted a message in {}", asked.target));
    });
}

fn refuse(chat: &mut Chat, asked: Asked, refusal: &Refusal, now: Now) {
    answered(chat, &asked);
    super::answer(chat, asked.session, "REDACT", now, |turn| {
        turn.reply.label = asked.label;
        turn.reply.refuse(refusal);
    });
}

/// The session has one redaction less that waits.
fn answered(chat: &mut Chat, asked: &Asked) {
    if let Some(session) = chat.sessions.get_mut(asked.session) {
        session.redactions = session.redactions.saturating_sub(1);
    }
}

/// There is no store any more: nothing that waits for it comes. Which of it was erased, nobody can tell.
pub(in crate::chat) fn lost(chat: &mut Chat, now: Now) {
    let refusal = Refusal::fail(ReplyCode::StoreUnavailable, &[]);
    while let Some((_, asked)) = chat.redacting.sought.pop_first() {
        refuse(chat, asked, &refusal, now);
    }
    while let Some((_, approved)) = chat.redacting.erased.pop_first() {
        if !approved.is_answered {
            refuse(chat, approved.asked, &refusal, now);
        }
    }
}
