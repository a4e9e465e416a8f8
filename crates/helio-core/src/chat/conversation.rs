//! Private conversations: whose they are, and where what was said in them is kept. `spec/event-log.md`, "Private
//! conversations", describes it.

use super::event::Said;
use super::state::{Accounts, State, User};
use super::storage::PRIVATE_LOGS;
use crate::irc::casemap::fold;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use serde::{Deserialize, Serialize};

// spec: begin

/// Who one side is: `~` and the account, for who is logged in to one, else the nickname; both folded. No nickname has a `~`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Party(Box<str>);

const OF_ACCOUNT: char = '~';

/// A record of the log of an account's conversations: that there is, or goes on, one with this other side.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) with: Party,
    pub(super) at_us: i64,
}

// spec: end

/// A private conversation, from the side of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversation {
    /// The account.
    pub(super) own: Party,
    pub(super) with: Party,
}

impl Party {
    pub(super) fn account(name: &str) -> Self {
        Self(alloc::format!("{OF_ACCOUNT}{}", fold(name)).into())
    }

    fn new(nick: &str, account: Option<&str>) -> Self {
        account.map_or_else(|| Self(fold(nick)), Self::account)
    }

    /// Who somebody is now.
    pub(super) fn of(user: &User) -> Self {
        Self::new(&user.nick, user.account.as_deref())
    }

    /// Who said this.
    pub(super) fn author(said: &Said) -> Self {
        Self::new(said.nick(), said.account.as_deref())
    }

    /// Who is meant by a name: whoever uses it now; else the account that it is of, even if that was deleted, or that owns it
    /// as a nickname.
    pub(super) fn called(state: &State, name: &str) -> Self {
        if let Some(user) = state.user_named(name) {
            return Self::of(user);
        }
        let account = state.accounts.get(name).or_else(|| state.accounts.owner_of(name));
        account.map_or_else(|| Self(fold(name)), |account| Self::account(&account.name))
    }

    /// The folded name of the account; `None`: it is somebody who was not logged in.
    pub(super) fn account_name(&self) -> Option<&str> {
        self.0.strip_prefix(OF_ACCOUNT)
    }

    /// As it is written in the names of logs.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// By what it is called: the account's name, or the nickname.
    pub(super) fn name(&self, accounts: &Accounts) -> String {
        match self.account_name() {
            Some(name) => accounts.get(name).map_or_else(|| name.to_string(), |account| account.name.clone()),
            None => self.0.to_string(),
        }
    }

    /// The log of the conversations of this account.
    pub(super) fn conversations_log(&self) -> String {
        alloc::format!("conversations/{}", self.0)
    }
}

/// The log of what two said to each other.
pub(super) fn log_of(one: &Party, other: &Party) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    alloc::format!("{PRIVATE_LOGS}{}/{}", first.0, second.0)
}

impl Conversation {
    /// The one that is kept in this log; `None`: it is none of `own`.
    pub(super) fn of_log(own: &Party, log: &str) -> Option<Self> {
        let (first, second) = log.strip_prefix(PRIVATE_LOGS)?.split_once('/')?;
        let with = match own.as_str() {
            own if own == first => second,
            own if own == second => first,
            _ => return None,
        };
        Some(Self { own: own.clone(), with: Party(with.into()) })
    }

    pub(super) fn log(&self) -> String {
        log_of(&self.own, &self.with)
    }

    /// Gives both sides the names by which the one who reads knows them: `own` is their mask now, `with` what they call the
    /// other. Clients put a message where its names say, and names change.
    pub(super) fn rename(&self, said: &mut Said, own: &str, with: &str) {
        if Party::author(said) == self.own {
            said.from = own.to_string();
            said.target = with.to_string();
        } else {
            let host = said.from.split_once('!').map(|(_, host)| host.to_string());
            said.from = host.map_or_else(|| with.to_string(), |host| alloc::format!("{with}!{host}"));
            said.target = own.split('!').next().unwrap_or_default().to_string();
        }
    }
}
