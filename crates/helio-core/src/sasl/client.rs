//! The client's end of an exchange.

use super::identity::{self, IdentityError};
use super::password::{PasswordError, check_sendable, prepare_password};
use super::scram::{KeysError, client as scram};
use super::{Mechanism, NONCE_BYTES, base64, plain};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One exchange, from the choice of a mechanism to its end.
///
/// Each challenge of the server, the first and empty one too, goes into [`handle_challenge`](Self::handle_challenge),
/// which gives the response. When the server says that the client is logged in,
/// [`handle_success`](Self::handle_success) says whether to believe it.
#[derive(Clone)]
pub struct ClientExchange {
    mechanism: Mechanism,
    state: State,
}

/// Why a client gives an exchange up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientFailure {
    /// A name that cannot be sent. The user is at fault.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A password that cannot be sent. The user is at fault.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The server's message is not one by the grammar of the mechanism, or a part of it is too long.
    #[error("server's message is malformed")]
    Malformed,
    /// The server needs an extension of SCRAM; none is known.
    #[error("server asked for an unknown mandatory extension")]
    Extension,
    /// The server's message belongs to another exchange.
    #[error("server's nonce is that of another exchange")]
    Nonce,
    /// The server asks for too few or too many rounds of PBKDF2: see [`KeysError::Iterations`].
    #[error("server asks for {got} iterations, which this client does not take")]
    Iterations {
        /// As many were asked for.
        got: u32,
    },
    /// The server could not prove that it knows the password's keys: it may not be the one that it seems.
    #[error("server does not know the keys of the password; it may be another one than it seems")]
    WrongServer,
    /// The server says that the client is logged in before the exchange was at its end.
    #[error("server ended the exchange before its end")]
    Unproven,
    /// The server refused, with a word of RFC 5802 §7 or another. It comes from outside: escape it before it is shown.
    #[error("server refused: {}", .reason.escape_default())]
    Refused {
        /// Its word.
        reason: String,
    },
    /// A challenge when none was to come.
    #[error("server sent a challenge when none was to come")]
    OutOfTurn,
}

#[derive(Clone)]
enum State {
    /// The only response of the mechanism, to be sent.
    Single(Vec<u8>),
    /// The first message, to be sent.
    ScramStart(scram::Asked, Vec<u8>),
    ScramAsked(scram::Asked),
    ScramProved(scram::Proved),
    /// All is sent, and the server proved itself where the mechanism has it do so.
    Finished,
    Failed,
}

impl ClientExchange {
    /// With the password in the clear: only for a connection that is encrypted, to a server that is known. `authzid` is
    /// whom to act as, if not as `name`.
    ///
    /// # Errors
    /// [`ClientFailure::Identity`], [`ClientFailure::Password`].
    pub fn plain(name: &str, authzid: Option<&str>, password: &str) -> Result<Self, ClientFailure> {
        check_names(Some(name), authzid)?;
        check_sendable(password)?;
        let authzid = authzid.map(str::to_owned);
        let message = plain::Message { authzid, authcid: name.to_owned(), password: password.into() };
        Ok(Self { mechanism: Mechanism::Plain, state: State::Single(message.encode()) })
    }

    /// With proof of the password. The nonce is random and new for each exchange.
    ///
    /// # Errors
    /// [`ClientFailure::Identity`], [`ClientFailure::Password`].
    pub fn scram_sha_256(
        name: &str,
        authzid: Option<&str>,
        password: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, ClientFailure> {
        Self::scram_with_nonce(name, authzid, password, &base64::encode(&nonce))
    }

    /// With the certificate that the connection has shown. `authzid` is whom to act as, if not as its owner.
    ///
    /// # Errors
    /// [`ClientFailure::Identity`].
    pub fn external(authzid: Option<&str>) -> Result<Self, ClientFailure> {
        check_names(None, authzid)?;
        let response = authzid.unwrap_or_default().as_bytes().to_vec();
        Ok(Self { mechanism: Mechanism::External, state: State::Single(response) })
    }

    /// The mechanism to ask the server for.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Takes a challenge and gives the response, which may be empty. With SCRAM the second one **computes for long**: up
    /// to [`limits::SCRAM_ITERATIONS_MAX`](crate::limits::SCRAM_ITERATIONS_MAX) rounds of PBKDF2.
    ///
    /// # Errors
    /// [`ClientFailure`]; then the exchange is over, and the client should abort it with the server.
    pub fn handle_challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, ClientFailure> {
        let (state, response) = match core::mem::replace(&mut self.state, State::Failed) {
            State::Single(response) if challenge.is_empty() => (State::Finished, response),
            State::ScramStart(asked, response) if challenge.is_empty() => (State::ScramAsked(asked), response),
            State::Single(_) | State::ScramStart(..) => return Err(ClientFailure::Malformed),
            State::ScramAsked(asked) => {
                let (proved, response) = asked.handle_challenge(challenge)?;
                (State::ScramProved(proved), response)
            }
            State::ScramProved(proved) => {
                proved.handle_challenge(challenge)?;
                (State::Finished, Vec::new())
            }
            State::Finished | State::Failed => return Err(ClientFailure::OutOfTurn),
        };
        self.state = state;
        Ok(response)
    }

    /// Takes the server's word that the client is logged in.
    ///
    /// # Errors
    /// [`ClientFailure::Unproven`] when the exchange was not at its end. With SCRAM the server then has not proved that it
    /// knows the password's keys, and the connection should be closed.
    pub fn handle_success(&mut self) -> Result<(), ClientFailure> {
        match core::mem::replace(&mut self.state, State::Failed) {
            State::Finished => Ok(()),
            State::Single(_) | State::ScramStart(..) | State::ScramAsked(_) | State::ScramProved(_) | State::Failed => {
                Err(ClientFailure::Unproven)
            }
        }
    }

    /// With a nonce in the form in which it is sent.
    pub(super) fn scram_with_nonce(
        name: &str,
        authzid: Option<&str>,
        password: &str,
        nonce: &str,
    ) -> Result<Self, ClientFailure> {
        check_names(Some(name), authzid)?;
        let prepared = prepare_password(password)?;
        let (asked, response) = scram::Asked::start(name, authzid, &prepared, nonce);
        Ok(Self { mechanism: Mechanism::ScramSha256, state: State::ScramStart(asked, response) })
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The state may hold the password.
        f.debug_struct("ClientExchange").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

impl From<KeysError> for ClientFailure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Password(error) => Self::Password(error),
            KeysError::Iterations { got } => Self::Iterations { got },
        }
    }
}

fn check_names(name: Option<&str>, authzid: Option<&str>) -> Result<(), IdentityError> {
    name.into_iter().chain(authzid).try_for_each(identity::check)
}
