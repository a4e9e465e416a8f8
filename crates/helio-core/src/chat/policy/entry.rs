//! Who is let in at all: bans, lockdown and the accounts that a place needs. `spec/bans.md` describes them.

use crate::chat::ban::{Ban, Somebody, Target};
use crate::chat::defcon::Defcon;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::settings::Settings;
use crate::chat::state::{State, User};
use crate::irc::numeric::Numeric;
use crate::time::Utc;
use alloc::string::{String, ToString};
use core::net::IpAddr;

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum KeptOut {
    /// With reason and end.
    Banned(String),
    /// Lockdown: nobody comes in.
    Closed,
    /// Only with an account.
    AccountRequired,
}

impl KeptOut {
    /// What is said to them.
    pub(in crate::chat) fn told(&self) -> &str {
        match self {
            Self::Banned(why) => why,
            Self::Closed => "This server takes no new connections at present, try again later",
            Self::AccountRequired => "An account is needed here: log in by SASL, or by PASS name:password",
        }
    }

    fn by(ban: &Ban) -> Self {
        Self::Banned(ban.told())
    }
}

/// May somebody connect from `address`? Asked before anything is known of them.
pub(in crate::chat) fn can_connect(
    state: &State,
    settings: &Settings,
    address: IpAddr,
    now: Utc,
) -> Result<(), KeptOut> {
    if settings.is_ban_exempt(address) {
        return Ok(());
    }
    match state.bans.find_address(address, now) {
        Some(ban) => Err(KeptOut::by(ban)),
        None if defcon(state, settings).is_closed() => Err(KeptOut::Closed),
        None => Ok(()),
    }
}

/// May this one become somebody here?
pub(in crate::chat) fn can_enter(
    state: &State,
    settings: &Settings,
    somebody: &Somebody<'_>,
    now: Utc,
) -> Result<(), KeptOut> {
    is_banned(state, settings, somebody, now).map_or(Ok(()), |ban| Err(KeptOut::by(ban)))?;
    let Some(address) = somebody.address.filter(|_| somebody.account.is_none()) else { return Ok(()) };
    let is_needed = defcon(state, settings).needs_account() && !settings.is_ban_exempt(address);
    let is_needed = is_needed || settings.require_account.iter().any(|net| net.contains(&address));
    if is_needed { Err(KeptOut::AccountRequired) } else { Ok(()) }
}

/// The ban that keeps this one out, if there is one.
fn is_banned<'a>(state: &'a State, settings: &Settings, somebody: &Somebody<'_>, now: Utc) -> Option<&'a Ban> {
    if somebody.address.is_some_and(|address| settings.is_ban_exempt(address)) {
        return somebody.account.and_then(|account| state.bans.find_account(account, now));
    }
    state.bans.find(somebody, now)
}

/// May somebody log in to `account`, as far as bans go?
pub(in crate::chat) fn can_use_account(state: &State, account: &str, now: Utc) -> Result<(), KeptOut> {
    state.bans.find_account(account, now).map_or(Ok(()), |ban| Err(KeptOut::by(ban)))
}

/// May `user` ban `target`, which means themselves (`is_self`) or not? Not everybody, nor themselves, unless that is what
/// they want (`is_sure`).
pub(in crate::chat) fn can_ban(user: &User, command: &str, target: &Target, is_self: bool, is_sure: bool) -> Outcome {
    super::can_operate(user)?;
    if is_sure {
        return Ok(());
    }
    let text = target.to_string();
    let refuse = |why| Err(Refusal::Text(Numeric::ErrUnknownError, [command.to_string(), text.clone()].into(), why));
    if target.is_everybody() {
        return refuse("This would ban everybody; with MYSELF before the target it is done all the same");
    }
    if is_self {
        return refuse("This would ban yourself; with MYSELF before the target it is done all the same");
    }
    Ok(())
}

/// May `user` speak to `other` alone, as far as lockdown goes?
pub(in crate::chat) fn can_speak_privately(level: Defcon, user: &User, other: &User) -> Outcome {
    let is_free = user.account.is_some() || user.is_operator() || other.is_operator() || user.id == other.id;
    if level.mutes_private() && !is_free {
        return Err(Refusal::numeric(Numeric::ErrNeedReggedNick, &[&other.nick]));
    }
    Ok(())
}

/// May `user` speak in rooms, as far as lockdown goes?
pub(in crate::chat) fn can_speak_in_rooms(level: Defcon, user: &User, room: &str) -> Outcome {
    if !level.needs_account() || user.account.is_some() || user.is_operator() {
        return Ok(());
    }
    let text = "Only accounts may speak at present (lockdown)";
    Err(Refusal::Text(Numeric::ErrCannotSendToChan, [room.to_string()].into(), text))
}

/// The level of lockdown in force.
pub(in crate::chat) fn defcon(state: &State, settings: &Settings) -> Defcon {
    state.defcon.min(settings.defcon)
}
