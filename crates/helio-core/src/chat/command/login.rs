//! Logging in, whichever way a password or its proof came: what it is compared with, and what a right one means.

use super::{account, register};
use crate::chat::Chat;
use crate::chat::credential::{Credential, DECOY_HASH, TokenHash};
use crate::chat::effect::{Password, Verdict};
use crate::chat::ids::SessionId;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::Account;
use crate::chat::turn::Turn;
use crate::chat::verifying::{self, LogInBy, Purpose};
use crate::fingerprint::Fingerprint;
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
    proof: Proof,
}

/// What proves a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Proof {
    /// The password of the account, if it had one then.
    Password(Option<Credential>),
    /// An app password, which the account had then.
    App(TokenHash),
    /// The certificate of the connection, which was the account's then.
    Certificate(Fingerprint),
}

impl Claim {
    pub(super) fn new(chat: &Chat, name: &str) -> Self {
        let credential = chat.state.accounts.get(name).and_then(|account| account.credential.clone());
        Self { name: name.to_string(), proof: Proof::Password(credential) }
    }

    /// The account that is known by the certificate of this connection.
    pub(super) fn by_certificate(turn: &Turn<'_>) -> Option<Self> {
        let certificate = turn.session().ok()?.peer.certificate?;
        let account = turn.chat.state.accounts.of_certificate(&certificate)?;
        Some(Self { name: account.name.clone(), proof: Proof::Certificate(certificate) })
    }

    /// The same claim, if what was given as the password is an app password of the account.
    pub(super) fn by_app(&self, chat: &Chat, password: &str) -> Option<Self> {
        let hash = TokenHash::of(password);
        let account = chat.state.accounts.get(&self.name)?;
        let is_known = account.apps.iter().any(|app| app.hash == hash);
        is_known.then(|| Self { name: self.name.clone(), proof: Proof::App(hash) })
    }

    fn credential(&self) -> Option<&Credential> {
        match &self.proof {
            Proof::Password(credential) => credential.as_ref(),
            Proof::App(_) | Proof::Certificate(_) => None,
        }
    }

    /// Whether what it was compared with still opens the account.
    fn is_still_of(&self, account: &Account) -> bool {
        match &self.proof {
            Proof::Password(credential) => credential.is_some() && account.credential == *credential,
            Proof::App(hash) => account.apps.iter().any(|app| app.hash == *hash),
            Proof::Certificate(certificate) => account.certificates.contains(certificate),
        }
    }

    /// What a proof by SCRAM is compared with. `None`: this service has no secret to make decoys of.
    pub(super) fn keys(&self, chat: &Chat) -> Option<ScramKeys> {
        if let Some(credential) = self.credential() {
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
    let hash = claim.credential().map_or_else(|| DECOY_HASH.to_string(), |credential| credential.hash.clone());
    verifying::begin(turn.chat, turn.session, Purpose::LogIn { claim, by }, Password(password), hash);
    true
}

/// What was claimed is proved: logs in, or says why that is not possible. What it was compared with must still be true.
pub(super) fn admit(turn: &mut Turn<'_>, claim: &Claim) -> Outcome {
    let known = turn.chat.state.accounts.get(&claim.name);
    let known = known.filter(|account| claim.is_still_of(account));
    let account = known.ok_or_else(|| Refusal::numeric(Numeric::ErrSaslFail, &[]))?;
    if !account.is_active() {
        return Err(Refusal::numeric(Numeric::ErrNickLocked, &[]));
    }
    policy::can_change_login(turn.user().ok(), account)?;
    let name = account.name.clone();
    // Certificates are not guessed, and not counted.
    if !matches!(claim.proof, Proof::Certificate(_)) {
        was_right(turn, &name);
    }
    turn.session_mut()?.is_app = matches!(claim.proof, Proof::App(_));
    account::log_in(turn, &name)
}

/// The password of this account was right: the try does not count.
pub(super) fn was_right(turn: &mut Turn<'_>, name: &str) {
    let address = address(turn);
    turn.chat.guesses.give_back(address, name);
}

/// `PASS account:password`, for clients that know no SASL. `false`: the connection goes on at once, logged in by an app password,
/// or with a text that does not look like that and that nobody asked for.
pub(super) fn by_pass(turn: &mut Turn<'_>, text: &str) -> bool {
    let rules = turn.chat.settings.nick_rules;
    let Some((name, password)) = text.split_once(':').filter(|(name, _)| Nick::parse(name, rules).is_ok()) else {
        return false;
    };
    let claim = Claim::new(turn.chat, name);
    if !may_try(turn, name) {
        refuse_pass(turn);
        return true;
    }
    if let Some(claim) = claim.by_app(turn.chat, password) {
        let is_admitted = admit(turn, &claim).is_ok();
        if !is_admitted {
            refuse_pass(turn);
        }
        // Then the connection goes on as if nothing had been asked.
        return !is_admitted;
    }
    if !compare(turn, claim, password, LogInBy::Pass) {
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
            // Or it was told of a ban.
            false if turn.closing.is_none() => refuse_pass(turn),
            false => {}
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
