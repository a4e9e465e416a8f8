//! What whoever runs the server asks of it, by the control socket or in the store of one that is stopped: the same requests,
//! carried out by the same code. `spec/control.md` describes the messages.

mod message;
mod rooms;

pub use message::{ControlAnswer, ControlError, ControlRequest, RequestId};
pub use rooms::RoomInfo;

use super::audit::{self, By, Deed};
use super::command::account::{self, invite};
use super::credential::TokenHash;
use super::ids::Ticket;
use super::storage::encode;
use super::{AccountChange, AccountError, Chat};
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Bound;

/// Requests that are not answered, and answers that were not fetched. A driver hands in at most
/// [`limits::CONTROL_CONNECTIONS`] at a time.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// With the first and the last append that the answer waits for, in order of the last.
    waiting: VecDeque<(Ticket, Ticket, RequestId, ControlAnswer)>,
    answers: VecDeque<(RequestId, ControlAnswer)>,
}

/// What came of a request: the answer, and the first append that it waits for.
type Carried = Result<(ControlAnswer, Option<Ticket>), ControlError>;

impl Chat {
    /// Whoever runs the server asks for something, as a user of the system where that is known. [`Chat::poll_answer`] gives the
    /// answer, when what it tells is on disk. A driver has at most [`limits::CONTROL_CONNECTIONS`] requests open.
    pub fn handle_request(&mut self, id: RequestId, uid: Option<u32>, request: ControlRequest, now: Now) {
        handle(self, (id, uid), request, now);
        self.settle(now);
    }

    /// The next request that is answered.
    pub fn poll_answer(&mut self) -> Option<(RequestId, ControlAnswer)> {
        self.control.answers.pop_front()
    }
}

/// Carries out a request of a user of the system.
fn handle(chat: &mut Chat, (id, uid): (RequestId, Option<u32>), request: ControlRequest, now: Now) {
    let told = request.told();
    let carried = carry_out(chat, request, now);
    let last = told.and_then(|(act, target, detail)| {
        let deed = match &carried {
            Ok(_) => Deed::done(act, &target, &detail),
            Err(_) => Deed::refused(act, &target, &detail),
        };
        audit::note(chat, By::Control { uid }, deed, now)
    });
    match carried {
        Ok((answer, Some(first))) => chat.control.waiting.push_back((first, last.unwrap_or(first), id, answer)),
        Ok((answer, None)) => chat.control.answers.push_back((id, answer)),
        Err(error) => chat.control.answers.push_back((id, ControlAnswer::Refused(error))),
    }
}

/// Everything up to `ticket` is on disk.
pub(super) fn committed(chat: &mut Chat, ticket: Ticket) {
    let Control { waiting, answers } = &mut chat.control;
    while let Some((_, _, id, answer)) = waiting.pop_front_if(|(_, last, ..)| *last <= ticket) {
        answers.push_back((id, answer));
    }
}

/// Nothing from `first` to `last` is on disk: what waits for any of it holds, and is stored later.
pub(super) fn failed(chat: &mut Chat, first: Ticket, last: Ticket) {
    let Control { waiting, answers } = &mut chat.control;
    let (gone, left) = core::mem::take(waiting).into_iter().partition(|(from, to, ..)| *from <= last && first <= *to);
    *waiting = left;
    for (_, _, id, _) in VecDeque::into_iter(gone) {
        answers.push_back((id, ControlAnswer::Refused(ControlError::of(ReplyCode::SettingNotStored))));
    }
}

fn carry_out(chat: &mut Chat, request: ControlRequest, now: Now) -> Carried {
    let at_us = now.utc.micros();
    let change = match request {
        ControlRequest::AccountAdd { name, credential } => {
            AccountChange::Registered { account: name, credential: Some(credential), at_us }
        }
        ControlRequest::AccountPasswd { name, credential } => {
            AccountChange::Password { account: name, credential: Some(credential), at_us }
        }
        ControlRequest::AccountSuspend { name, reason } => AccountChange::Suspended { account: name, reason, at_us },
        ControlRequest::AccountRestore { name } => AccountChange::Restored { account: name, at_us },
        ControlRequest::AccountDelete { name } => AccountChange::Deleted { account: name, at_us },
        ControlRequest::NickAdd { name, nick } => {
            AccountChange::NickOwned { account: name, nick, is_owned: true, at_us }
        }
        ControlRequest::NickDelete { name, nick } => {
            AccountChange::NickOwned { account: name, nick, is_owned: false, at_us }
        }
        ControlRequest::CertAdd { name, certificate } => {
            AccountChange::CertificateOwned { account: name, certificate, is_owned: true, at_us }
        }
        ControlRequest::CertDelete { name, certificate } => {
            AccountChange::CertificateOwned { account: name, certificate, is_owned: false, at_us }
        }
        ControlRequest::AppAdd { name, app } => return add_app(chat, name, app, now),
        ControlRequest::AppDelete { name, app } => AccountChange::App { account: name, app, hash: None, at_us },
        ControlRequest::AccountList { after } => return Ok((list(chat, after.as_deref()), None)),
        ControlRequest::InviteAdd { uses, expires_s, room } => {
            let made = invite::make(chat, "control", (uses, expires_s), room.as_deref(), now)?;
            return Ok((ControlAnswer::Invited { id: made.id, code: made.code }, made.ticket));
        }
        ControlRequest::InviteRevoke { id } => return Ok((ControlAnswer::Done, invite::revoke(chat, &id, now)?)),
        ControlRequest::InviteList { after } => return Ok((invites(chat, after.as_deref(), now), None)),
        // Whoever has the store answers this.
        ControlRequest::Audit { .. } | ControlRequest::StoreThaw | ControlRequest::LogRead { .. } => {
            return Err(ControlError::of(ReplyCode::InvalidParams));
        }
        ControlRequest::RoomList { after } => return Ok((rooms::list(chat, after.as_deref()), None)),
        ControlRequest::RoomExport { name } => return rooms::export(chat, &name),
        ControlRequest::RoomImport { name } => return rooms::import(chat, &name, now),
        ControlRequest::LogAppend { log, records } => return rooms::append(chat, &log, records),
        ControlRequest::RoomOpen { name, log, settings } => return rooms::open(chat, &name, &log, settings, now),
        ControlRequest::LogForget { log } => return rooms::forget(chat, &log),
        // Whoever has the doors adds what is known of them.
        ControlRequest::Listening => {
            let public_address = chat.settings.public_address.clone();
            let (web_tls, fingerprint, is_ca_issued) = (Vec::new(), None, false);
            return Ok((ControlAnswer::Listening { public_address, web_tls, fingerprint, is_ca_issued }, None));
        }
        // So that it is written down; then whoever has the store does it.
        ControlRequest::StoreFreeze => return Ok((ControlAnswer::Done, None)),
    };
    Ok((ControlAnswer::Done, account::change(chat, change, now)?))
}

fn add_app(chat: &mut Chat, name: String, app: String, now: Now) -> Carried {
    let secret = account::app_secret(chat).ok_or(ControlError::of(ReplyCode::UnknownError))?;
    let hash = Some(TokenHash::of(&secret));
    let change = AccountChange::App { account: name, app, hash, at_us: now.utc.micros() };
    let ticket = account::change(chat, change, now)?;
    Ok((ControlAnswer::Secret { secret }, ticket))
}

fn list(chat: &Chat, after: Option<&str>) -> ControlAnswer {
    let (accounts, is_last) = page(chat.state.accounts.after(after).map(super::state::accounts::Account::info));
    ControlAnswer::Accounts { accounts, is_last }
}

fn invites(chat: &Chat, after: Option<&str>, now: Now) -> ControlAnswer {
    let range = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let usable = chat.state.invites.range(range).filter(|invite| !invite.is_expired(now.utc.micros()));
    let (invites, is_last) = page(usable.map(super::state::Invite::info));
    ControlAnswer::Invites { invites, is_last }
}

/// As much as goes into one answer, and whether that is all.
fn page<T: serde::Serialize>(rows: impl Iterator<Item = T>) -> (Vec<T>, bool) {
    let mut rows = rows.peekable();
    let mut bytes = 0;
    let mut page = Vec::new();
    while page.len() < limits::CONTROL_ROWS && bytes < limits::CONTROL_ANSWER / 2 {
        let Some(row) = rows.next() else { break };
        bytes += encode(&row).len();
        page.push(row);
    }
    (page, rows.peek().is_none())
}

impl From<AccountError> for ControlError {
    fn from(error: AccountError) -> Self {
        Self { code: error.code().code().to_string(), message: error.to_string() }
    }
}
