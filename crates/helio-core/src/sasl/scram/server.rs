//! The server's part of an exchange.

use super::super::server::{Failure, Step};
use super::auth_message;
use super::keys::ScramKeys;
use super::message::{ClientFinal, ClientFirst, MessageError, ServerFinal, ServerFirst};
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// The client's first message was taken; its keys are needed.
#[derive(Clone, Debug)]
pub(in super::super) struct Asked {
    first: ClientFirst,
    /// Ours alone.
    nonce: String,
}

/// The challenge is out; the proof must come.
#[derive(Clone, Debug)]
pub(in super::super) struct Challenged {
    client_first: ClientFirst,
    server_first: ServerFirst,
    keys: ScramKeys,
}

/// The proof was right, ours is out; the client must say that it has it, with an empty response (RFC 4422 §3.6).
#[derive(Clone, Debug)]
pub(in super::super) struct Proved {
    name: String,
    authzid: Option<String>,
}

impl Asked {
    pub(in super::super) fn start(nonce: String, response: &[u8]) -> Result<Self, Failure> {
        let first = ClientFirst::parse(response)?;
        // Both together come back with the proof.
        if first.nonce.len() + nonce.len() > limits::SCRAM_NONCE {
            return Err(Failure::Malformed);
        }
        Ok(Self { first, nonce })
    }

    pub(in super::super) fn name(&self) -> &str {
        &self.first.name
    }

    /// The next state, and the challenge.
    pub(in super::super) fn handle_keys(self, keys: &ScramKeys) -> (Challenged, Vec<u8>) {
        let nonce = [&*self.first.nonce, &*self.nonce].concat();
        let server_first = ServerFirst { nonce, salt: keys.salt().into(), iterations: keys.iterations() };
        let challenge = server_first.encode().into_bytes();
        (Challenged { client_first: self.first, server_first, keys: keys.clone() }, challenge)
    }
}

impl Challenged {
    /// The next state, and the challenge with our own proof.
    pub(in super::super) fn handle_response(self, response: &[u8]) -> Result<(Proved, Vec<u8>), Failure> {
        let last = ClientFinal::parse(response)?;
        if last.header != self.client_first.header.as_bytes() {
            return Err(Failure::ChannelBinding);
        }
        if last.nonce != self.server_first.nonce {
            return Err(Failure::Nonce);
        }
        let signed = auth_message(&self.client_first.bare, &self.server_first.encode(), &last.without_proof);
        if !self.keys.is_proof(&last.proof, &signed) {
            return Err(Failure::Credentials);
        }
        let challenge = ServerFinal::encode(&self.keys.server_signature(&signed)).into_bytes();
        Ok((Proved { name: self.client_first.name, authzid: self.client_first.authzid }, challenge))
    }
}

impl Proved {
    pub(in super::super) fn handle_response(self, response: &[u8]) -> Step {
        if response.is_empty() {
            Step::Done { name: self.name, authzid: self.authzid }
        } else {
            Step::Failed(Failure::Malformed)
        }
    }
}

impl From<MessageError> for Failure {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Malformed => Self::Malformed,
            MessageError::Extension => Self::Extension,
            MessageError::ChannelBinding => Self::ChannelBinding,
        }
    }
}
