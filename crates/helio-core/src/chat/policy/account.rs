//! Who may change accounts, and what an account may be.

use crate::chat::defcon::Defcon;
use crate::chat::event::AccountChange;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::settings::{AccountRegistration, Settings};
use crate::chat::state::{Account, State, User};
use crate::fingerprint::Fingerprint;
use crate::irc::name::{NameError, Nick, ReservedNames};
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
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
    /// Another account is known by it.
    #[error("the certificate {0} belongs to another account")]
    CertificateTaken(Fingerprint),
    /// The account has one of this name.
    #[error("there is an app password {0} already: delete it first")]
    AppTaken(String),
    /// It is so already.
    #[error("account {0} is like that already")]
    Unchanged(String),
    /// The store takes nothing now; try again later.
    #[error("nothing can be stored at present, try again later")]
    StoreUnavailable,
}

impl AccountError {
    /// The code by which programs know it.
    #[must_use]
    pub fn code(&self) -> ReplyCode {
        match self {
            Self::Unknown(_) => ReplyCode::AccountUnknown,
            Self::Taken(_) | Self::CertificateTaken(_) | Self::AppTaken(_) => ReplyCode::Taken,
            Self::Name(..) | Self::Reserved(_) => ReplyCode::BadAccountName,
            Self::TooLong { .. } => ReplyCode::InvalidParams,
            Self::TooMany { .. } => ReplyCode::LimitReached,
            Self::Unchanged(_) => ReplyCode::Unchanged,
            Self::StoreUnavailable => ReplyCode::StoreUnavailable,
        }
    }
}

/// Who may register an account over IRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum MayRegister {
    /// With or without an invitation.
    Freely,
    /// Only with an invitation; what is answered without one.
    Invited(ReplyCode),
}

/// May somebody at `address` register an account over IRC? `account` is the one that they are logged in to.
pub(in crate::chat) fn can_register(
    settings: &Settings,
    level: Defcon,
    address: IpAddr,
    account: Option<&str>,
) -> Outcome<MayRegister> {
    if let Some(account) = account {
        return Err(Refusal::fail(ReplyCode::AlreadyAuthenticated, &[account]));
    }
    match settings.registration {
        _ if level.refuses_accounts() => Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &["*"])),
        AccountRegistration::Open => Ok(MayRegister::Freely),
        AccountRegistration::Local if address.to_canonical().is_loopback() => Ok(MayRegister::Freely),
        AccountRegistration::Local => Ok(MayRegister::Invited(ReplyCode::Disallowed)),
        AccountRegistration::Invited => Ok(MayRegister::Invited(ReplyCode::InvitationRequired)),
        AccountRegistration::Closed => Err(Refusal::fail(ReplyCode::Disallowed, &["*"])),
    }
}

/// May this nickname be used by who is logged in to `account`?
pub(in crate::chat) fn can_be_called(state: &State, nick: &str, account: Option<&str>) -> bool {
    state.accounts.owner(nick).is_none_or(|owner| account.is_some_and(|account| owner.is_called(account)))
}

/// May one who is logged in, as one of `user`'s sessions, log in to `account`? All of these would be logged in to it.
pub(in crate::chat) fn can_change_login(user: Option<&User>, account: &Account) -> Outcome {
    let is_other = |user: &User| !user.account.as_deref().is_some_and(|name| account.is_called(name));
    if user.is_some_and(|user| user.sessions.len() > 1 && is_other(user)) {
        let text = "Other clients are logged in as this user: end them first";
        return Err(Refusal::Text(Numeric::ErrSaslFail, Vec::new(), text));
    }
    Ok(())
}

/// May the user of this account stay without a client?
pub(in crate::chat) fn may_stay(settings: &Settings, account: &Account) -> bool {
    account.is_active() && settings.always_on.holds(account.always_on)
}

/// Does `user` stay when the last client goes? Of those who are logged in to one account only one does: the one that is kept
/// already.
pub(in crate::chat) fn stays(settings: &Settings, state: &State, user: &User) -> bool {
    let account = user.account.as_deref().and_then(|name| state.accounts.get(name));
    let is_first = |account: &Account| {
        let kept = account.stay.as_ref().and_then(|stay| state.user_named(&stay.nick));
        let kept = kept.filter(|kept| kept.account.as_deref().is_some_and(|name| account.is_called(name)));
        kept.is_none_or(|kept| kept.id == user.id)
    };
    account.is_some_and(|account| may_stay(settings, account) && is_first(account))
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
        AccountChange::CertificateOwned { certificate, is_owned: true, .. } => {
            can_be_known_by(state, account, certificate)?
        }
        AccountChange::CertificateOwned { certificate, is_owned: false, .. } => {
            account.certificates.contains(certificate)
        }
        AccountChange::App { app, hash: Some(_), .. } => can_have_app(account, app)?,
        AccountChange::App { app, hash: None, .. } => account.apps.iter().any(|known| known.name == *app),
        AccountChange::AlwaysOn { is_on, .. } => account.always_on != Some(*is_on),
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

/// Can the account be known by this certificate? `false`: it is.
fn can_be_known_by(state: &State, account: &Account, certificate: &Fingerprint) -> Result<bool, AccountError> {
    match state.accounts.of_certificate(certificate) {
        Some(owner) if owner.name == account.name => Ok(false),
        Some(_) => Err(AccountError::CertificateTaken(*certificate)),
        None => {
            let (what, limit) = ("certificates of this account", limits::CHAT_ACCOUNT_CERTIFICATES);
            check_count(account.certificates.len(), what, limit)
        }
    }
}

/// Can the account have an app password called `name`?
fn can_have_app(account: &Account, name: &str) -> Result<bool, AccountError> {
    check_size("the name of the app password", name, limits::CHAT_APP_NAME)?;
    if account.apps.iter().any(|app| app.name == name) {
        return Err(AccountError::AppTaken(name.to_string()));
    }
    check_count(account.apps.len(), "app passwords of this account", limits::CHAT_ACCOUNT_APPS)
}

/// Whether there is room for one more.
fn check_count(count: usize, what: &'static str, limit: usize) -> Result<bool, AccountError> {
    if count < limit { Ok(true) } else { Err(AccountError::TooMany { what, limit }) }
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
