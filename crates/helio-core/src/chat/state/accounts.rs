//! Accounts: who can log in, and which names are theirs. `spec/accounts.md` describes them.

use super::Stay;
use crate::chat::credential::{Credential, Secret, TokenHash};
use crate::chat::event::AccountChange;
use crate::fingerprint::Fingerprint;
use crate::irc::casemap::{self, fold};
use crate::irc::name::skeleton;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::ops::Bound;
use serde::{Deserialize, Serialize};

/// All accounts, and whose each name is.
#[derive(Debug, Default)]
pub(in crate::chat) struct Accounts {
    /// By folded name.
    by_name: BTreeMap<Box<str>, Account>,
    /// Folded nickname → folded name of the account that owns it.
    nicks: BTreeMap<Box<str>, Box<str>>,
    /// The same by what the nickname looks like.
    skeletons: BTreeMap<Box<str>, Box<str>>,
    /// Certificate → folded name of the account that is known by it.
    certificates: BTreeMap<Fingerprint, Box<str>>,
    /// What keys of accounts that there are not are made of, so that they stay the same.
    pub(in crate::chat) decoys: Option<Secret>,
}

// spec: begin

/// An account, as it is and as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Account {
    pub(in crate::chat) name: String,
    pub(in crate::chat) registered_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) credential: Option<Credential>,
    /// Nicknames that it owns beside its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) nicks: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) suspended: Option<Suspension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) deleted_us: Option<i64>,
    /// Who shows one of these certificates may log in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) certificates: Vec<Fingerprint>,
    /// Passwords that the server made for single programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::chat) apps: Vec<App>,
    /// Whether its user stays without a client; absent: as the server's setting says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) always_on: Option<bool>,
    /// Where its user is who stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) stay: Option<Box<Stay>>,
}

/// A password that the server made for one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct App {
    pub(in crate::chat) name: String,
    pub(in crate::chat) hash: TokenHash,
    pub(in crate::chat) at_us: i64,
}

/// That nobody can log in to an account for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Suspension {
    pub(in crate::chat) reason: String,
    pub(in crate::chat) at_us: i64,
}

// spec: end

/// What whoever runs the server may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// Its name.
    pub name: String,
    /// When it was registered, microseconds since 1970 in UTC.
    pub registered_us: i64,
    /// Whether a password opens it.
    pub has_password: bool,
    /// Nicknames that it owns beside its name.
    pub nicks: Vec<String>,
    /// Why nobody can log in to it for now; none: one can.
    pub suspended: Option<String>,
    /// Whether it is no more, and only its name is kept.
    pub is_deleted: bool,
    /// Certificates that it is known by.
    pub certificates: Vec<Fingerprint>,
    /// The names of its app passwords.
    pub apps: Vec<String>,
    /// Whether its people stay while no client of theirs is there, if they said so; else the settings do.
    #[serde(default)]
    pub always_on: Option<bool>,
}

impl AccountInfo {
    /// What of it people look for in a list.
    #[must_use]
    pub fn state(&self) -> String {
        let state = match self {
            Self { is_deleted: true, .. } => "deleted".to_string(),
            Self { suspended: Some(reason), .. } if reason.is_empty() => "suspended".to_string(),
            Self { suspended: Some(reason), .. } => format!("suspended: {reason}"),
            Self { has_password: false, .. } => "without a password".to_string(),
            Self { .. } => "active".to_string(),
        };
        match self.always_on {
            Some(true) => state + ", always on",
            Some(false) => state + ", never always on",
            None => state,
        }
    }
}

impl Account {
    pub(in crate::chat) fn info(&self) -> AccountInfo {
        AccountInfo {
            name: self.name.clone(),
            registered_us: self.registered_us,
            has_password: self.credential.is_some(),
            nicks: self.nicks.clone(),
            suspended: self.suspended.as_ref().map(|suspension| suspension.reason.clone()),
            is_deleted: self.deleted_us.is_some(),
            certificates: self.certificates.clone(),
            apps: self.apps.iter().map(|app| app.name.clone()).collect(),
            always_on: self.always_on,
        }
    }

    /// Whether one can log in to it.
    pub(in crate::chat) fn is_active(&self) -> bool {
        self.suspended.is_none() && self.deleted_us.is_none()
    }

    /// Whether it is the account called `name`.
    pub(in crate::chat) fn is_called(&self, name: &str) -> bool {
        casemap::eq(&self.name, name)
    }

    /// Its name and the nicknames that it owns.
    pub(in crate::chat) fn names(&self) -> impl Iterator<Item = &str> {
        core::iter::once(self.name.as_str()).chain(self.nicks.iter().map(String::as_str))
    }

    fn change(&mut self, change: &AccountChange) {
        match change {
            // Of one that there is: refused before it happens, and nothing in a log that is ours.
            AccountChange::Registered { .. } => {}
            AccountChange::Password { credential, .. } => self.credential.clone_from(credential),
            AccountChange::Suspended { reason, at_us, .. } => {
                self.suspended = Some(Suspension { reason: reason.clone(), at_us: *at_us });
                self.stay = None;
            }
            AccountChange::Restored { .. } => self.suspended = None,
            AccountChange::Deleted { at_us, .. } => {
                self.deleted_us = Some(*at_us);
                (self.credential, self.suspended) = (None, None);
                self.nicks.clear();
                self.certificates.clear();
                self.apps.clear();
                (self.always_on, self.stay) = (None, None);
            }
            AccountChange::NickOwned { nick, is_owned, .. } => {
                self.nicks.retain(|known| !casemap::eq(known, nick));
                if *is_owned {
                    self.nicks.push(nick.clone());
                }
            }
            AccountChange::CertificateOwned { certificate, is_owned, .. } => {
                self.certificates.retain(|known| known != certificate);
                if *is_owned {
                    self.certificates.push(*certificate);
                }
            }
            AccountChange::App { app, hash, at_us, .. } => {
                self.apps.retain(|known| known.name != *app);
                self.apps.extend(hash.map(|hash| App { name: app.clone(), hash, at_us: *at_us }));
            }
            AccountChange::AlwaysOn { is_on, .. } => self.always_on = Some(*is_on),
        }
    }
}

impl Accounts {
    /// Deleted ones counted.
    pub(in crate::chat) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(in crate::chat) fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_name.values()
    }

    /// Those behind the one called `name`, or all.
    pub(in crate::chat) fn after(&self, name: Option<&str>) -> impl Iterator<Item = &Account> {
        let key = name.map(fold);
        let start = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_name.range((start, Bound::Unbounded)).map(|(_, account)| account)
    }

    /// The account of this name, however it is written.
    pub(in crate::chat) fn get(&self, name: &str) -> Option<&Account> {
        self.by_name.get(&fold(name))
    }

    /// The account that owns `nick`, or a nickname that looks like it.
    pub(in crate::chat) fn owner(&self, nick: &str) -> Option<&Account> {
        let key = self.nicks.get(&fold(nick)).or_else(|| self.skeletons.get(skeleton(nick).as_str()))?;
        self.by_name.get(key)
    }

    /// The account that owns exactly this nickname.
    pub(in crate::chat) fn owner_of(&self, nick: &str) -> Option<&Account> {
        self.by_name.get(self.nicks.get(&fold(nick))?)
    }

    /// The account that is known by this certificate.
    pub(in crate::chat) fn of_certificate(&self, certificate: &Fingerprint) -> Option<&Account> {
        self.by_name.get(self.certificates.get(certificate)?)
    }

    pub(in crate::chat) fn apply(&mut self, change: &AccountChange) {
        let key = fold(change.account());
        let account = match (self.by_name.remove(&key), change) {
            (Some(mut account), _) => {
                self.unlink(&key, &account);
                if account.deleted_us.is_none() {
                    account.change(change);
                }
                account
            }
            (None, AccountChange::Registered { account, credential, at_us }) => Account {
                name: account.clone(),
                registered_us: *at_us,
                credential: credential.clone(),
                nicks: Vec::new(),
                suspended: None,
                deleted_us: None,
                certificates: Vec::new(),
                apps: Vec::new(),
                always_on: None,
                stay: None,
            },
            (None, _) => return,
        };
        self.link(key, account);
    }

    /// Where its user is who stays, if one does.
    pub(in crate::chat) fn keep_stay(&mut self, name: &str, stay: Option<&Stay>) {
        if let Some(account) = self.by_name.get_mut(&fold(name)).filter(|account| account.deleted_us.is_none()) {
            account.stay = stay.cloned().map(Box::new);
        }
    }

    /// It is exactly like this, whatever it was.
    pub(in crate::chat) fn restore(&mut self, account: &Account) {
        let key = fold(&account.name);
        if let Some(known) = self.by_name.remove(&key) {
            self.unlink(&key, &known);
        }
        self.link(key, account.clone());
    }

    /// Who owned a name, or a certificate, first keeps it.
    fn link(&mut self, key: Box<str>, account: Account) {
        for name in account.names() {
            self.nicks.entry(fold(name)).or_insert_with(|| key.clone());
            self.skeletons.entry(skeleton(name).into()).or_insert_with(|| key.clone());
        }
        for certificate in &account.certificates {
            self.certificates.entry(*certificate).or_insert_with(|| key.clone());
        }
        self.by_name.insert(key, account);
    }

    fn unlink(&mut self, key: &str, account: &Account) {
        for name in account.names() {
            forget(&mut self.nicks, &fold(name), key);
            forget(&mut self.skeletons, skeleton(name).as_str(), key);
        }
        for certificate in &account.certificates {
            if self.certificates.get(certificate).is_some_and(|owner| **owner == *key) {
                self.certificates.remove(certificate);
            }
        }
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self) {
        use crate::limits;
        assert!(self.len() <= limits::CHAT_ACCOUNTS, "{} accounts", self.len());
        assert!(self.iter().all(|account| account.nicks.len() <= limits::CHAT_ACCOUNT_NICKS), "nicknames of accounts");
        let is_bounded = |account: &Account| {
            account.certificates.len() <= limits::CHAT_ACCOUNT_CERTIFICATES
                && account.apps.len() <= limits::CHAT_ACCOUNT_APPS
        };
        assert!(self.iter().all(is_bounded), "certificates and app passwords");
        let mut again = Self::default();
        self.iter().for_each(|account| again.restore(account));
        assert_eq!((&self.nicks, &self.skeletons), (&again.nicks, &again.skeletons), "whose names are whose");
        assert_eq!(self.certificates, again.certificates, "whose certificates are whose");
    }
}

fn forget(names: &mut BTreeMap<Box<str>, Box<str>>, name: &str, key: &str) {
    if names.get(name).is_some_and(|owner| **owner == *key) {
        names.remove(name);
    }
}
