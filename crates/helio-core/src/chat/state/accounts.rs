//! Accounts: who can log in, and which names are theirs. `spec/accounts.md` describes them.

use crate::chat::credential::{Credential, Secret};
use crate::chat::event::AccountChange;
use crate::irc::casemap::{self, fold};
use crate::irc::name::skeleton;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
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
}

/// That nobody can log in to an account for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Suspension {
    pub(in crate::chat) reason: String,
    pub(in crate::chat) at_us: i64,
}

// spec: end

/// What whoever runs the server may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
            }
            AccountChange::Restored { .. } => self.suspended = None,
            AccountChange::Deleted { at_us, .. } => {
                self.deleted_us = Some(*at_us);
                (self.credential, self.suspended) = (None, None);
                self.nicks.clear();
            }
            AccountChange::NickOwned { nick, is_owned, .. } => {
                self.nicks.retain(|known| !casemap::eq(known, nick));
                if *is_owned {
                    self.nicks.push(nick.clone());
                }
            }
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
            },
            (None, _) => return,
        };
        self.link(key, account);
    }

    /// It is exactly like this, whatever it was.
    pub(in crate::chat) fn restore(&mut self, account: &Account) {
        let key = fold(&account.name);
        if let Some(known) = self.by_name.remove(&key) {
            self.unlink(&key, &known);
        }
        self.link(key, account.clone());
    }

    /// Who owned a name first keeps it.
    fn link(&mut self, key: Box<str>, account: Account) {
        for name in account.names() {
            self.nicks.entry(fold(name)).or_insert_with(|| key.clone());
            self.skeletons.entry(skeleton(name).into()).or_insert_with(|| key.clone());
        }
        self.by_name.insert(key, account);
    }

    fn unlink(&mut self, key: &str, account: &Account) {
        for name in account.names() {
            forget(&mut self.nicks, &fold(name), key);
            forget(&mut self.skeletons, skeleton(name).as_str(), key);
        }
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self) {
        use crate::limits;
        assert!(self.len() <= limits::CHAT_ACCOUNTS, "{} accounts", self.len());
        assert!(self.iter().all(|account| account.nicks.len() <= limits::CHAT_ACCOUNT_NICKS), "nicknames of accounts");
        let mut again = Self::default();
        self.iter().for_each(|account| again.restore(account));
        assert_eq!((&self.nicks, &self.skeletons), (&again.nicks, &again.skeletons), "whose names are whose");
    }
}

fn forget(names: &mut BTreeMap<Box<str>, Box<str>>, name: &str, key: &str) {
    if names.get(name).is_some_and(|owner| **owner == *key) {
        names.remove(name);
    }
}
