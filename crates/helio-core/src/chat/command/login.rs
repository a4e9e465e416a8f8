//! Logging in, whichever way a password or its proof came: what it is compared with, and what a right one means.

use super::{account, register};
use crate::chat::Chat;
use crate::chat::credential::{Credential, DECOY_HASH};
use crate::chat::effect::{Password, Verdict};
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::chat::verifying::{self, LogInBy, Purpose};
use crate::irc::casemap::fold;
use crate::irc::name::Nick;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::sasl::{ScramKeys, prepare_password};
use crate::time::Now;
use alloc::string::{String, ToString};
use core::net::IpAddr;

/// Whom somebody says to be, and what that is compared with: of nobody when there is no such account, or no password opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Claim {
    pub(super) name: String,
    credential: Option<Credential>,
}

impl Claim {
    pub(super) fn new(chat: &Chat, name: &str) -> Self {
        let credential = chat.state.accounts.get(name).and_then(|account| account.credential.clone());
        Self { name: name.to_string(), credential }
    }

    /// What a proof by SCRAM is compared with. `None`: this service has no secret to make decoys of.
    pub(super) fn keys(&self, chat: &Chat) -> Option<ScramKeys> {
        if let Some(credential) = &self.credential {
            return Some(credential.scram.clone());
        }
        let secret = chat.state.accounts.decoys.as_ref().or(chat.secret.as_ref())?;
        Some(ScramKeys::decoy(secret.bits(), &fold(&self.name), limits::CHAT_SCRAM_ITERATIONS))
    }
}

/// Counts a log-in of this session to the account called `name`; `false`: there were too many wrong ones.
pub(super) fn may_try(turn: &mut Turn<'_>, name: &str) -> bool {
    let (address, now) = (address(turn), turn.now.mono);
    turn.chat.guesses.take(address, name, now)
}

/// Asks for `password` to be compared. `false`: it cannot be, now or ever.
pub(super) fn compare(turn: &mut Turn<'_>, claim: Claim, password: &str, by: LogInBy) -> bool {
    let Ok(password) = prepare_password(password) else { return false };
    if turn.chat.verifying.is_full() {
        return false;
    }
    let hash = claim.credential.as_ref().map_or_else(|| DECOY_HASH.to_string(), |credential| credential.hash.clone());
    verifying::begin(turn.chat, turn.session, Purpose::LogIn { claim, by }, Password(password), hash);
    true
}

/// What was claimed is proved: logs in, or says why that is not possible. What it was compared with must still be true.
pub(super) fn admit(turn: &mut Turn<'_>, claim: &Claim) -> Outcome {
    let known = turn.chat.state.accounts.get(&claim.name);
    let known = known.filter(|account| account.credential.is_some() && account.credential == claim.credential);
    let account = known.ok_or_else(|| Refusal::numeric(Numeric::ErrSaslFail, &[]))?;
    if !account.is_active() {
        return Err(Refusal::numeric(Numeric::ErrNickLocked, &[]));
    }
    let (name, address) = (account.name.clone(), address(turn));
    turn.chat.guesses.give_back(address, &name);
    account::log_in(turn, &name)
}

/// `PASS account:password`, for clients that know no SASL. `false`: it does not look like that, and nobody asked for a
/// password.
pub(super) fn by_pass(turn: &mut Turn<'_>, text: &str) -> bool {
    let rules = turn.chat.settings.nick_rules;
    let Some((name, password)) = text.split_once(':').filter(|(name, _)| Nick::parse(name, rules).is_ok()) else {
        return false;
    };
    let claim = Claim::new(turn.chat, name);
    if !may_try(turn, name) || !compare(turn, claim, password, LogInBy::Pass) {
        refuse_pass(turn);
    }
    true
}

/// The password of PASS was compared with that of an account.
pub(super) fn verified_pass(chat: &mut Chat, id: SessionId, claim: &Claim, verdict: Verdict, now: Now) {
    super::answer(chat, id, "PASS", now, |turn| {
        let is_admitted = verdict == Verdict::Right && admit(turn, claim).is_ok();
        match is_admitted {
            true => register::complete(turn).unwrap_or_else(|refusal| turn.reply.refuse(&refusal)),
            false => refuse_pass(turn),
        }
    });
}

fn refuse_pass(turn: &mut Turn<'_>) {
    turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
    turn.close("Cannot log in to this account");
}

fn address(turn: &Turn<'_>) -> IpAddr {
    turn.session().map_or(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), |session| session.peer.address.ip())
}
