//! Accounts: REGISTER, being logged in, and what follows from changes to accounts. `spec/accounts.md` describes them.

pub(in crate::chat) mod invite;
pub(in crate::chat) mod own;

use super::{always_on, guest, metadata, room};
use crate::chat::credential::{Credential, NewPasswordError, prepare_new_password};
use crate::chat::effect::Password;
use crate::chat::event::{AccountChange, AccountEvent, Presence};
use crate::chat::ids::{SessionId, Ticket, UserId};
use crate::chat::line::{Line, compose};
use crate::chat::policy::{self, AccountError};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::session::Stage;
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::chat::verifying::Purpose;
use crate::chat::{Chat, tries, verifying};
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Why a connection is closed whose account cannot be used any more.
const CLOSED: &str = "Your account was suspended or deleted";

/// `REGISTER account email password` (IRCv3 account-registration, a draft).
pub(super) fn register(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let address = turn.session()?.peer.address.ip();
    let may = policy::can_register(&turn.chat.settings, turn.defcon(), address, turn.account())?;
    let nick = super::nick_of(turn.chat, turn.session);
    let is_registered = turn.session()?.user().is_some();
    if !is_registered && turn.chat.settings.password_hash.is_some() {
        return Err(Refusal::fail(ReplyCode::CompleteConnectionRequired, &[]));
    }
    if nick == "*" {
        return Err(Refusal::fail(ReplyCode::NeedNick, &["*"]));
    }
    if params[0] != "*" && !casemap::eq(params[0], &nick) {
        return Err(Refusal::fail(ReplyCode::AccountNameMustBeNick, &[params[0]]));
    }
    let password = new_password(&nick, params[2])?;
    is_available(turn, &nick)?;
    let invite = invite::find(turn, params[1], may)?;
    if turn.chat.verifying.is_full() || !turn.chat.registrations.take(&tries::place(address), turn.now.mono) {
        return Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &[&nick]));
    }
    let purpose = Purpose::Register { account: nick, label: turn.reply.label.take(), invite };
    verifying::derive(turn.chat, turn.session, purpose, password);
    Ok(())
}

/// What the password of REGISTER will be compared with is there.
pub(super) fn derived(
    chat: &mut Chat,
    id: SessionId,
    (account, label, invite): (String, Option<String>, Option<String>),
    credential: Option<Credential>,
    now: Now,
) {
    super::answer(chat, id, "REGISTER", now, |turn| {
        turn.reply.label = label;
        for outcome in [found(turn, &account, credential, invite.as_deref()), super::register::complete(turn)] {
            outcome.unwrap_or_else(|refusal| turn.reply.refuse(&refusal));
        }
    });
}

/// Whether the session may become somebody: its account is still one that can be used.
pub(super) fn is_open(turn: &mut Turn<'_>) -> Outcome<bool> {
    let accounts = &turn.chat.state.accounts;
    let is_gone = turn.account().is_some_and(|name| accounts.get(name).is_none_or(|account| !account.is_active()));
    if is_gone {
        turn.close(CLOSED);
    }
    Ok(!is_gone)
}

/// A change by whoever runs the server, and what follows from it.
pub(in crate::chat) fn change(
    chat: &mut Chat,
    change: AccountChange,
    now: Now,
) -> Result<Option<Ticket>, AccountError> {
    policy::can_change_account(&chat.state, (&chat.settings, &chat.reserved), &change)?;
    chat.storage.can_take().map_err(|_| AccountError::StoreUnavailable)?;
    if matches!(change, AccountChange::Registered { .. }) {
        keep_decoys(chat, now);
    }
    let rooms = room::access::rooms_of(chat, change.account());
    let ticket = chat.happen(&change.clone().into(), None, now);
    if matches!(change, AccountChange::Suspended { .. } | AccountChange::Deleted { .. }) {
        let is_concerned =
            |user: &&User| user.account.as_deref().is_some_and(|name| casemap::eq(name, change.account()));
        let users = chat.state.users.values().filter(is_concerned).map(|user| user.id);
        for user in users.collect::<Vec<_>>() {
            chat.end_user(user, CLOSED, None, now);
        }
    }
    room::access::inherited(chat, &rooms, now);
    let users: Vec<UserId> = chat.state.users.keys().copied().collect();
    users.into_iter().for_each(|user| keep_names(chat, user, now));
    Ok(ticket)
}

/// The account comes to be, and who asked for it is logged in to it.
fn found(turn: &mut Turn<'_>, account: &str, credential: Option<Credential>, invite: Option<&str>) -> Outcome {
    if credential.is_none() {
        return Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &[account]));
    }
    // Others may have been faster.
    is_available(turn, account)?;
    turn.chat.storage.can_take()?;
    let room = invite.map(|id| invite::take(turn, id, account)).transpose()?.flatten();
    let (name, at_us) = (account.to_string(), turn.now.utc.micros());
    super::notice(turn.chat, format!("Account {account} was registered"), turn.now);
    keep_decoys(turn.chat, turn.now);
    let ticket = turn.commit(AccountChange::Registered { account: name, credential, at_us });
    if let Some(ticket) = ticket {
        let server = turn.chat.settings.server_name.clone();
        let told = compose(Some(&server), "REGISTER", &["SUCCESS", account], Some("Account registered"));
        turn.reply.held(ticket, [Line::irc(told)].into());
        turn.chat.storage.wait(ticket, turn.session, "REGISTER", account);
    }
    log_in(turn, account)?;
    room.map_or(Ok(()), |room| invite::call_in(turn, room))
}

/// With the first account, the answers for names without one must become the same for ever.
fn keep_decoys(chat: &mut Chat, now: Now) {
    let secret = chat.secret.clone().filter(|_| chat.state.accounts.decoys.is_none());
    if let Some(secret) = secret {
        chat.happen(&AccountEvent::Decoys(secret.of("decoys")).into(), None, now);
    }
}

/// The session is logged in to the account of this name from now on.
pub(super) fn log_in(turn: &mut Turn<'_>, account: &str) -> Outcome {
    super::ban::refuse_account(turn, account)?;
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.account = Some(account.to_string());
    }
    if let Ok(user) = turn.user_id() {
        let former = turn.account().map(ToString::to_string);
        if !turn.user()?.account.as_deref().is_some_and(|known| casemap::eq(known, account)) {
            always_on::forget(turn.chat, user, turn.now);
        }
        let shown = metadata::own(turn)?;
        turn.commit(Presence::LoggedIn { user, account: account.to_string() });
        metadata::logged_in(turn, shown, former.is_some())?;
        room::access::logged_in(turn, former.as_deref())?;
        keep_names(turn.chat, user, turn.now);
        let nick = super::nick_of(turn.chat, turn.session);
        turn.reply.set_target(&nick);
    }
    let mask = mask(turn);
    let text = format!("You are now logged in as {account}");
    turn.reply.numeric_text(Numeric::RplLoggedIn, &[&mask, account], &text);
    Ok(())
}

/// Whoever uses a nickname that belongs to an account to which they are not logged in gets another.
fn keep_names(chat: &mut Chat, id: UserId, now: Now) {
    let Some(user) = chat.state.user(id) else { return };
    if policy::can_be_called(&chat.state, &user.nick, user.account.as_deref()) {
        return;
    }
    let text = format!("{} belongs to an account that you are not logged in to", user.nick);
    let told = Line::irc(compose(Some(&chat.settings.server_name), "NOTICE", &[&user.nick], Some(&text))).at(now.utc);
    let (sessions, nick) = (user.sessions.clone(), guest::free_name(chat));
    sessions.iter().for_each(|session| chat.sessions.send(session, &told));
    chat.happen(&Presence::NickChanged { user: id, nick }.into(), None, now);
}

/// A new app password; `None`: this service has no secret to make one of.
pub(in crate::chat) fn app_secret(chat: &mut Chat) -> Option<String> {
    let number = chat.ids.number();
    Some(chat.secret.as_ref()?.token::<{ limits::CHAT_APP_SECRET }>("app password", number))
}

/// The password of a new account in the form in which it is compared.
fn new_password(account: &str, text: &str) -> Outcome<Password> {
    let code = match prepare_new_password(text) {
        Ok(prepared) => return Ok(Password(prepared)),
        Err(NewPasswordError::TooShort { .. }) => ReplyCode::WeakPassword,
        Err(NewPasswordError::TooLong { .. } | NewPasswordError::Unusable(_)) => ReplyCode::UnacceptablePassword,
    };
    Err(Refusal::fail(code, &[account]))
}

/// Nobody else has this account, nor uses or owns the name.
fn is_available(turn: &Turn<'_>, account: &str) -> Outcome {
    let at_us = turn.now.utc.micros();
    let change = AccountChange::Registered { account: account.to_string(), credential: None, at_us };
    let is_free = super::nick::is_free(turn, account).is_ok();
    let rules = (&turn.chat.settings, &turn.chat.reserved);
    match policy::can_change_account(&turn.chat.state, rules, &change) {
        Ok(()) if is_free => Ok(()),
        Ok(()) | Err(AccountError::Taken(_)) => Err(Refusal::fail(ReplyCode::AccountExists, &[account])),
        Err(AccountError::TooMany { .. }) => Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &[account])),
        Err(_) => Err(Refusal::fail(ReplyCode::BadAccountName, &[account])),
    }
}

/// `nick!user@host` as far as it is known (RPL_LOGGEDIN).
fn mask(turn: &Turn<'_>) -> String {
    let Ok(session) = turn.session() else { return "*".to_string() };
    match &session.stage {
        Stage::Registered(user) => turn.chat.state.user(*user).map_or_else(|| "*".to_string(), User::mask),
        Stage::Registering(registration) => {
            let known = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_string());
            let host = crate::irc::host::of_address(session.peer.address.ip().to_canonical());
            format!("{}!{}@{host}", known(&registration.nick), known(&registration.username))
        }
        Stage::Closing { .. } => "*".to_string(),
    }
}
