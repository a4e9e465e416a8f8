//! Who may change accounts, and what an account may be.

use crate::chat::event::AccountChange;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::settings::{AccountRegistration, Settings};
use crate::chat::state::{Account, State};
use crate::irc::name::{NameError, Nick, ReservedNames};
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::string::{String, ToString};
use core::net::IpAddr;

/// Why an account is not changed. Whoever asked is at fault, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// There is none of this name, or it was deleted.
    #[error("there is no account {0}")]
    Unknown(String),
    /// Somebody has it, had it, or has one that looks like it.
    #[error("the name {0} is taken: an account has it, had it, or owns one that looks like it")]
    Taken(String),
    /// Somebody who is not logged in to the account uses the nickname now.
    #[error("{0} cannot be a name: {1}")]
    Name(String, NameError),
    /// People would take it for a service.
    #[error("{0} cannot be a name: people would take it for a service")]
    Reserved(String),
    /// A text is longer than it may be.
    #[error("{what} is {bytes} bytes, limit is {limit}")]
    TooLong {
        /// Of what.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// What it may be.
        limit: usize,
    },
    /// There are as many as there may be.
    #[error("there are {limit} {what} already, which is the limit")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// It is so already.
    #[error("account {0} is like that already")]
    Unchanged(String),
    /// The store takes nothing now; try again later.
    #[error("nothing can be stored at present, try again later")]
    StoreUnavailable,
}

/// May somebody at `address` register an account over IRC? `account` is the one that they are logged in to.
pub(in crate::chat) fn can_register(settings: &Settings, address: IpAddr, account: Option<&str>) -> Outcome {
    if let Some(account) = account {
        return Err(Refusal::fail(ReplyCode::AlreadyAuthenticated, &[account]));
    }
    let is_allowed = match settings.registration {
        AccountRegistration::Open => true,
        AccountRegistration::Local => address.to_canonical().is_loopback(),
        AccountRegistration::Closed => false,
    };
    if is_allowed { Ok(()) } else { Err(Refusal::fail(ReplyCode::Disallowed, &["*"])) }
}

/// May this nickname be used by who is logged in to `account`?
pub(in crate::chat) fn can_be_called(state: &State, nick: &str, account: Option<&str>) -> bool {
    state.accounts.owner(nick).is_none_or(|owner| account.is_some_and(|account| owner.is_called(account)))
}

/// Can this change to an account happen?
///
/// # Errors
/// [`AccountError`] when it cannot, or would change nothing.
pub(in crate::chat) fn can_change_account(
    state: &State,
    (settings, reserved): (&Settings, &ReservedNames),
    change: &AccountChange,
) -> Result<(), AccountError> {
    let check_name = |name: &str| check_name(settings, reserved, name);
    let name = change.account();
    if let AccountChange::Registered { credential, .. } = change {
        check_name(name)?;
        if state.accounts.get(name).or_else(|| state.accounts.owner(name)).is_some() {
            return Err(AccountError::Taken(name.to_string()));
        }
        if state.accounts.len() >= limits::CHAT_ACCOUNTS {
            return Err(AccountError::TooMany { what: "accounts", limit: limits::CHAT_ACCOUNTS });
        }
        return check_hash(credential.as_ref().map(|credential| credential.hash.as_str()));
    }
    let known = state.accounts.get(name).filter(|account| account.deleted_us.is_none());
    let account = known.ok_or_else(|| AccountError::Unknown(name.to_string()))?;
    let is_changed = match change {
        AccountChange::Registered { .. } | AccountChange::Deleted { .. } => true,
        AccountChange::Password { credential, .. } => {
            check_hash(credential.as_ref().map(|credential| credential.hash.as_str()))?;
            credential.is_some() || account.credential.is_some()
        }
        AccountChange::Suspended { reason, .. } => {
            check_size("the reason", reason, limits::CHAT_SUSPENSION_REASON)?;
            account.suspended.is_none()
        }
        AccountChange::Restored { .. } => account.suspended.is_some(),
        AccountChange::NickOwned { nick, is_owned: true, .. } => {
            check_name(nick)?;
            can_own(state, account, nick)?
        }
        AccountChange::NickOwned { nick, is_owned: false, .. } => {
            account.nicks.iter().any(|known| crate::irc::casemap::eq(known, nick))
        }
    };
    if is_changed { Ok(()) } else { Err(AccountError::Unchanged(name.to_string())) }
}

/// Can the account own this nickname? `false`: it does.
fn can_own(state: &State, account: &Account, nick: &str) -> Result<bool, AccountError> {
    if state.accounts.owner(nick).is_some_and(|owner| owner.name != account.name) {
        return Err(AccountError::Taken(nick.to_string()));
    }
    if account.names().any(|known| crate::irc::casemap::eq(known, nick)) {
        return Ok(false);
    }
    if account.nicks.len() >= limits::CHAT_ACCOUNT_NICKS {
        return Err(AccountError::TooMany { what: "nicknames of this account", limit: limits::CHAT_ACCOUNT_NICKS });
    }
    Ok(true)
}

fn check_name(settings: &Settings, reserved: &ReservedNames, name: &str) -> Result<(), AccountError> {
    match Nick::parse(name, settings.nick_rules) {
        Err(error) => Err(AccountError::Name(name.to_string(), error)),
        // Normalised it is another: whoever asks writes it as it is.
        Ok(nick) if nick.as_str() != name => Err(AccountError::Name(name.to_string(), NameError::Precis)),
        Ok(_) if reserved.has(name) => Err(AccountError::Reserved(name.to_string())),
        Ok(_) => Ok(()),
    }
}

fn check_hash(hash: Option<&str>) -> Result<(), AccountError> {
    check_size("the hash of the password", hash.unwrap_or_default(), limits::CHAT_PASSWORD_HASH)
}

fn check_size(what: &'static str, text: &str, limit: usize) -> Result<(), AccountError> {
    match text.len() {
        bytes if bytes > limit => Err(AccountError::TooLong { what, bytes, limit }),
        _ => Ok(()),
    }
}
