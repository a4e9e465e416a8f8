//! A server that does not run: its requests are carried out in its store, which nobody else can open meanwhile.

use super::password::{credential, random};
use super::{ChatError, HashError, Settings, Store, audit, control, history};
use helio_core::chat::{
    Chat, ControlAnswer, ControlError, ControlRequest, Credential, Effect, NewPasswordError, RequestId, Secret, Ticket,
    prepare_new_password,
};
use helio_core::irc::standard_reply::ReplyCode;
use helio_net::clock::Clock;
use helio_store::{Append, AppendError, LogName};
use std::fmt;
use thiserror::Error;

/// The service in a store, without connections.
pub struct StoredChat {
    chat: Chat,
    store: Store,
    clock: Clock,
}

/// Why a text is no new password.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// It cannot be one.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// It cannot be made ready.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// What a new password is compared with later. It takes a tenth of a second.
///
/// # Errors
/// See [`CredentialError`].
pub fn new_credential(password: &str) -> Result<Credential, CredentialError> {
    Ok(credential(&prepare_new_password(password)?)?)
}

impl fmt::Debug for StoredChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredChat").finish_non_exhaustive()
    }
}

impl StoredChat {
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

    /// Carries out a request of a user of the system. What the answer tells is on disk.
    pub fn ask(&mut self, uid: Option<u32>, request: ControlRequest) -> ControlAnswer {
        if let Err(error) = control::check(&request) {
            return ControlAnswer::Refused(error);
        }
        if let ControlRequest::Audit { from } = request {
            return audit::page(self.store.as_ref(), from).unwrap_or_else(|error| audit::unread(&error));
        }
        if let ControlRequest::LogRead { log, from } = request {
            return control::records(self.store.as_ref(), &log, from);
        }
        if request == ControlRequest::StoreThaw {
            return control::thawed(self.store.thaw());
        }
        let is_freeze = request == ControlRequest::StoreFreeze;
        let now = self.clock.read();
        self.chat.handle_request(RequestId(0), uid, request, now);
        let failed = self.keep().err();
        match (self.chat.poll_answer(), failed) {
            (_, Some(message)) => refused(message),
            (Some((_, ControlAnswer::Done)), None) if is_freeze => control::frozen(self.store.freeze()),
            (Some((_, answer)), None) => answer,
            (None, None) => refused("the request was not answered".to_owned()),
        }
    }

    /// Does what the service asks for, in one commit.
    fn keep(&mut self) -> Result<(), String> {
        let (mut records, mut tickets) = (Vec::new(), Vec::new());
        while let Some(effect) = self.chat.poll_effect() {
            match effect {
                Effect::Append { ticket, log, bytes } => {
                    records.push((LogName::new(&log).map_err(|error| error.to_string())?, bytes));
                    tickets.push(ticket);
                }
                // There is time for it when the server runs.
                Effect::TrimAudit { .. }
                | Effect::Replace { .. }
                | Effect::Forget { .. }
                | Effect::Retain { .. }
                | Effect::Trim { .. } => {}
                // Nobody is connected who could ask for these.
                Effect::Read { .. }
                | Effect::Erase { .. }
                | Effect::Probe
                | Effect::Verify { .. }
                | Effect::Derive { .. }
                | Effect::Reload { .. }
                | Effect::Inspect { .. }
                | Effect::Search { .. } => {}
            }
        }
        let appends: Vec<_> = records.iter().map(|(log, bytes)| Append { log, expected: None, bytes }).collect();
        let Some(last) = tickets.last().copied() else { return Ok(()) };
        let appended = self.store.append(&appends);
        appended.map_err(|error: AppendError| format!("the change cannot be stored: {error}"))?;
        self.committed(last);
        Ok(())
    }

    fn committed(&mut self, last: Ticket) {
        self.chat.handle_committed(last, self.clock.read());
    }
}

fn refused(message: String) -> ControlAnswer {
    ControlAnswer::Refused(ControlError { code: ReplyCode::StoreUnavailable.code().to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_store::fault::{Fate, FaultyStore};
    use helio_store::sqlite::SqliteStore;

    fn settings() -> Settings {
        Settings::new("heliograph-test")
    }

    fn add(name: &str) -> ControlRequest {
        let scram = helio_core::sasl::ScramKeys::derive("correct horse", [7; 16], 15_000).unwrap();
        let hash = helio_core::chat::DECOY_HASH.to_owned();
        ControlRequest::AccountAdd { name: name.to_owned(), credential: Credential { hash, scram } }
    }

    fn code(answer: ControlAnswer) -> String {
        match answer {
            ControlAnswer::Refused(error) => error.code,
            answer @ (ControlAnswer::Done
            | ControlAnswer::Secret { .. }
            | ControlAnswer::Invited { .. }
            | ControlAnswer::Accounts { .. }
            | ControlAnswer::Invites { .. }
            | ControlAnswer::Audit { .. }
            | ControlAnswer::Frozen { .. }
            | ControlAnswer::Thawed { .. }
            | ControlAnswer::Rooms { .. }
            | ControlAnswer::Room { .. }
            | ControlAnswer::Records { .. }
            | ControlAnswer::Importing { .. }
            | ControlAnswer::Listening { .. }) => panic!("{answer:?} is no refusal"),
        }
    }

    #[test]
    fn changes_are_there_when_the_store_is_opened_again_and_were_written_down() {
        let directory = tempfile::tempdir().unwrap();
        let open = || Box::new(SqliteStore::open(directory.path()).unwrap());
        let mut stored = StoredChat::read(open(), settings()).unwrap();
        assert_eq!(stored.ask(Some(5), add("ada")), ControlAnswer::Done);
        let suspend = ControlRequest::AccountSuspend { name: "ADA".into(), reason: "on leave".into() };
        assert_eq!(stored.ask(Some(5), suspend), ControlAnswer::Done);
        assert_eq!(code(stored.ask(Some(5), add("Ada"))), "TAKEN");
        let list = ControlRequest::AccountList { after: None };
        let before = stored.ask(None, list.clone());
        let ControlAnswer::Accounts { accounts, is_last: true } = &before else { panic!("{before:?}") };
        assert_eq!((accounts.len(), accounts[0].suspended.as_deref()), (1, Some("on leave")));
        drop(stored);
        let mut again = StoredChat::read(open(), settings()).unwrap();
        assert_eq!(again.ask(None, list), before);
        let audit = again.ask(None, ControlRequest::Audit { from: None });
        let ControlAnswer::Audit { records, is_last: true, .. } = audit else { panic!("{audit:?}") };
        let told: Vec<_> = records.iter().map(|r| (r.act.as_str(), r.target.as_str(), r.is_refused)).collect();
        assert_eq!(
            told,
            [("account-add", "ada", false), ("account-suspend", "ADA", false), ("account-add", "Ada", true)]
        );
    }

    #[test]
    fn a_change_that_cannot_be_stored_is_refused() {
        let mut store = FaultyStore::new(1);
        store.arrange([Fate::Full]);
        let mut stored = StoredChat::read(Box::new(store), settings()).unwrap();
        assert_eq!(code(stored.ask(None, add("ada"))), "STORE_UNAVAILABLE");
    }

    #[test]
    fn a_weak_password_is_refused() {
        let error = new_credential("short").unwrap_err().to_string();
        assert_eq!(error, "password has 5 characters, at least 8 are needed");
    }
}
