//! Accounts of a server that does not run: looked at and changed in its store, which nobody else can open meanwhile.

use super::password::{credential, random};
use super::{ChatError, HashError, Settings, Store, history};
use helio_core::chat::{
    AccountChange, AccountError, AccountInfo, Chat, Credential, Effect, NewPasswordError, Secret, prepare_new_password,
};
use helio_net::clock::Clock;
use helio_store::{Append, AppendError, LogName};
use std::fmt;
use thiserror::Error;

/// The accounts in a store.
pub struct StoredAccounts {
    chat: Chat,
    store: Store,
    clock: Clock,
}

/// Why an account was not changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// It cannot be changed so.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The text is no password for it.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// The password cannot be made ready.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The change cannot be stored.
    #[error("the change cannot be stored: {0}")]
    Store(String),
}

impl fmt::Debug for StoredAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAccounts").finish_non_exhaustive()
    }
}

impl StoredAccounts {
    /// Reads what `store` has.
    ///
    /// # Errors
    /// The store cannot be read, a record of it cannot be used, or the system has no random bits.
    pub fn read(mut store: Store, settings: Settings) -> Result<Self, ChatError> {
        let clock = Clock::start();
        let now = clock.read();
        let run = random().map_err(ChatError::Random)?;
        let secret = Secret::new(random().map_err(ChatError::Random)?);
        let mut chat = Chat::new(settings, run, now).with_secret(secret);
        // A log that stays long is the running server's to tell of.
        let _ = history::restore(&mut chat, store.as_mut(), now)?;
        // Conversations that restoring asks to forget are forgotten when the server starts.
        while chat.poll_effect().is_some() {}
        Ok(Self { chat, store, clock })
    }

    /// All of them, by name.
    pub fn list(&self) -> impl Iterator<Item = AccountInfo> + '_ {
        self.chat.accounts()
    }

    /// Changes one, given the time in microseconds since 1970. When this returns, the change is on disk.
    ///
    /// # Errors
    /// [`ChangeError`]; nothing changed on disk.
    pub fn change(&mut self, change: impl FnOnce(i64) -> AccountChange) -> Result<(), ChangeError> {
        let now = self.clock.read();
        self.chat.handle_account(change(now.utc.micros()), now)?;
        let mut records = Vec::new();
        while let Some(effect) = self.chat.poll_effect() {
            if let Effect::Append { log, bytes, .. } = effect {
                records.push((LogName::new(&log).map_err(|error| ChangeError::Store(error.to_string()))?, bytes));
            }
        }
        let appends: Vec<_> = records.iter().map(|(log, bytes)| Append { log, expected: None, bytes }).collect();
        self.store.append(&appends).map_err(|error: AppendError| ChangeError::Store(error.to_string()))?;
        Ok(())
    }

    /// What a new password is compared with later. It takes a tenth of a second.
    ///
    /// # Errors
    /// [`ChangeError::Password`] and [`ChangeError::Hash`].
    pub fn credential(password: &str) -> Result<Credential, ChangeError> {
        Ok(credential(&prepare_new_password(password)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_store::fault::{Fate, FaultyStore};
    use helio_store::sqlite::SqliteStore;

    fn settings() -> Settings {
        Settings::new("heliograph-test")
    }

    fn registered(name: &str, at_us: i64) -> AccountChange {
        AccountChange::Registered { account: name.to_owned(), credential: None, at_us }
    }

    #[test]
    fn changes_are_there_when_the_store_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let open = || Box::new(SqliteStore::open(directory.path()).unwrap());
        let mut accounts = StoredAccounts::read(open(), settings()).unwrap();
        accounts.change(|at_us| registered("ada", at_us)).unwrap();
        accounts
            .change(|at_us| AccountChange::Suspended { account: "ADA".into(), reason: "on leave".into(), at_us })
            .unwrap();
        assert!(matches!(accounts.change(|at_us| registered("Ada", at_us)), Err(ChangeError::Account(_))));
        let before: Vec<_> = accounts.list().collect();
        assert_eq!((before.len(), before[0].suspended.as_deref()), (1, Some("on leave")));
        drop(accounts);
        let again = StoredAccounts::read(open(), settings()).unwrap();
        assert_eq!(again.list().collect::<Vec<_>>(), before);
    }

    #[test]
    fn a_change_that_cannot_be_stored_is_refused() {
        let mut store = FaultyStore::new(1);
        store.arrange([Fate::Full]);
        let mut accounts = StoredAccounts::read(Box::new(store), settings()).unwrap();
        assert!(matches!(accounts.change(|at_us| registered("ada", at_us)), Err(ChangeError::Store(_))));
    }

    #[test]
    fn a_weak_password_is_refused() {
        let error = StoredAccounts::credential("short").unwrap_err().to_string();
        assert_eq!(error, "password has 5 characters, at least 8 are needed");
    }
}
