//! The server's end of an exchange.

use super::password::Password;
use super::scram::{ScramKeys, server as scram};
use super::{Mechanism, NONCE_BYTES, base64, external, plain};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

/// One exchange, from the choice of a mechanism to its end.
///
/// The host sends an empty challenge first, then hands in each response. Every verb gives one [`Step`], which the host
/// carries out before it calls the next verb; a verb that is not the one asked for ends the exchange.
#[derive(Clone, Debug)]
pub struct ServerExchange {
    state: State,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this; then [`handle_response`](ServerExchange::handle_response).
    Challenge(Vec<u8>),
    /// Look up the keys of the account with this name; then [`handle_keys`](ServerExchange::handle_keys).
    AskKeys {
        /// As the client gave it.
        name: String,
    },
    /// Compare the password of an account; then [`handle_password`](ServerExchange::handle_password).
    AskPassword {
        /// Whose password it is, as the client gave it.
        authcid: String,
        /// Whom to act as, if it was said. Only known to be the same account when the host compares them.
        authzid: Option<String>,
        /// As the client gave it: [`prepare_password`](super::prepare_password) comes before comparing.
        password: Password,
    },
    /// Look up whose certificate the connection has shown; then
    /// [`handle_certificate`](ServerExchange::handle_certificate).
    AskCertificate {
        /// Whom to act as, if it was said.
        authzid: Option<String>,
    },
    /// The client is who it says. **The host still must refuse it when `authzid` names another account than `name`**,
    /// as names of accounts are compared.
    Done {
        /// Whose password or certificate it was.
        name: String,
        /// Whom to act as, if it was said.
        authzid: Option<String>,
    },
    /// The exchange is over; the client is nobody.
    Failed(Failure),
}

/// Why an exchange failed: for the server's own records. A client should be told no more than that it did, or it learns
/// which accounts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A message is not one by the grammar of the mechanism, or a part of it is too long.
    #[error("client's message is malformed")]
    Malformed,
    /// The client asked for channel binding, which is not offered, or its first message came changed.
    #[error("client asked for channel binding, or what it bound to is not what came")]
    ChannelBinding,
    /// The client needs an extension of SCRAM; none is known.
    #[error("client asked for an unknown mandatory extension")]
    Extension,
    /// The client's last message belongs to another exchange.
    #[error("client's nonce is that of another exchange")]
    Nonce,
    /// Wrong password, proof or certificate, or no such account.
    #[error("credentials are wrong")]
    Credentials,
    /// The exchange was over, or the verb was not the one asked for.
    #[error("nothing was to come here")]
    OutOfTurn,
}

#[derive(Clone, Debug)]
enum State {
    Start { mechanism: Mechanism, nonce: String },
    Password { authcid: String, authzid: Option<String> },
    Certificate { authzid: Option<String> },
    ScramAsked(scram::Asked),
    ScramChallenged(scram::Challenged),
    ScramProved(scram::Proved),
    Over,
}

impl ServerExchange {
    /// An exchange with this mechanism. The nonce is random and new for each; only SCRAM uses it.
    #[must_use]
    pub fn new(mechanism: Mechanism, nonce: [u8; NONCE_BYTES]) -> Self {
        Self::with_nonce(mechanism, base64::encode(&nonce))
    }

    /// With a nonce in the form in which it is sent.
    pub(super) fn with_nonce(mechanism: Mechanism, nonce: String) -> Self {
        Self { state: State::Start { mechanism, nonce } }
    }

    /// Takes a response of the client, after the empty challenge and after each [`Step::Challenge`].
    pub fn handle_response(&mut self, response: &[u8]) -> Step {
        let outcome = match self.take() {
            State::Start { mechanism: Mechanism::Plain, .. } => self.start_plain(response),
            State::Start { mechanism: Mechanism::External, .. } => self.start_external(response),
            State::Start { mechanism: Mechanism::ScramSha256, nonce } => self.start_scram(nonce, response),
            State::ScramChallenged(challenged) => challenged.handle_response(response).map(|(proved, challenge)| {
                self.state = State::ScramProved(proved);
                Step::Challenge(challenge)
            }),
            State::ScramProved(proved) => Ok(proved.handle_response(response)),
            State::Password { .. } | State::Certificate { .. } | State::ScramAsked(_) | State::Over => {
                Err(Failure::OutOfTurn)
            }
        };
        outcome.unwrap_or_else(Step::Failed)
    }

    /// Answers [`Step::AskKeys`]. For a name without an account give those of [`ScramKeys::decoy`]; with `None` the
    /// exchange ends here, which tells the client that there are no keys.
    pub fn handle_keys(&mut self, keys: Option<&ScramKeys>) -> Step {
        let State::ScramAsked(asked) = self.take() else { return Step::Failed(Failure::OutOfTurn) };
        let Some(keys) = keys else { return Step::Failed(Failure::Credentials) };
        let (challenged, challenge) = asked.handle_keys(keys);
        self.state = State::ScramChallenged(challenged);
        Step::Challenge(challenge)
    }

    /// Answers [`Step::AskPassword`]: whether there is such an account and the password is its own.
    pub fn handle_password(&mut self, is_right: bool) -> Step {
        let State::Password { authcid, authzid } = self.take() else { return Step::Failed(Failure::OutOfTurn) };
        if is_right { Step::Done { name: authcid, authzid } } else { Step::Failed(Failure::Credentials) }
    }

    /// Answers [`Step::AskCertificate`]: the name of the account to which the certificate belongs, if there is one.
    pub fn handle_certificate(&mut self, name: Option<&str>) -> Step {
        let State::Certificate { authzid } = self.take() else { return Step::Failed(Failure::OutOfTurn) };
        name.map_or(Step::Failed(Failure::Credentials), |name| Step::Done { name: name.to_owned(), authzid })
    }

    /// The state; without a new one the exchange is over.
    fn take(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Over)
    }

    fn start_plain(&mut self, response: &[u8]) -> Result<Step, Failure> {
        let plain::Message { authzid, authcid, password } = plain::Message::parse(response)?;
        self.state = State::Password { authcid: authcid.clone(), authzid: authzid.clone() };
        Ok(Step::AskPassword { authcid, authzid, password })
    }

    fn start_external(&mut self, response: &[u8]) -> Result<Step, Failure> {
        let authzid = external::parse(response)?;
        self.state = State::Certificate { authzid: authzid.clone() };
        Ok(Step::AskCertificate { authzid })
    }

    fn start_scram(&mut self, nonce: String, response: &[u8]) -> Result<Step, Failure> {
        let asked = scram::Asked::start(nonce, response)?;
        let name = asked.name().to_owned();
        self.state = State::ScramAsked(asked);
        Ok(Step::AskKeys { name })
    }
}
