//! The client's part of an exchange.

use super::super::client::ClientFailure;
use super::super::password::Password;
use super::keys::{Key, SaltedPassword, check_iterations};
use super::message::{self, ClientFinal, ClientFirst, MessageError, ServerFinal, ServerFirst};
use super::{auth_message, hash, hmac};
use alloc::vec::Vec;

/// The first message is out; the server's challenge must come.
#[derive(Clone, Debug)]
pub(in super::super) struct Asked {
    first: ClientFirst,
    prepared: Password,
}

/// The proof is out; that of the server must come.
#[derive(Clone, Debug)]
pub(in super::super) struct Proved {
    server_signature: Key,
}

impl Asked {
    /// The state, and the first message.
    pub(in super::super) fn start(name: &str, authzid: Option<&str>, prepared: &str, nonce: &str) -> (Self, Vec<u8>) {
        let first = ClientFirst::new(name, authzid, nonce);
        let response = first.encode().into_bytes();
        (Self { first, prepared: prepared.into() }, response)
    }

    /// The next state, and the message with the proof. Computes for long.
    pub(in super::super) fn handle_challenge(self, challenge: &[u8]) -> Result<(Proved, Vec<u8>), ClientFailure> {
        let text = message::text(challenge)?;
        let server_first = ServerFirst::parse(text)?;
        // The server must have added something of its own (RFC 5802 §5.1 `r`).
        if server_first.nonce.strip_prefix(&*self.first.nonce).is_none_or(str::is_empty) {
            return Err(ClientFailure::Nonce);
        }
        check_iterations(server_first.iterations)?;
        let salted = SaltedPassword::derive(self.prepared.as_str(), &server_first.salt, server_first.iterations);
        let without_proof = ClientFinal::without_proof(&self.first.header, &server_first.nonce);
        let signed = auth_message(&self.first.bare, text, &without_proof);
        let client_key = salted.client_key();
        let client_signature = hmac(hash(&client_key).as_bytes(), signed.as_bytes());
        let response = ClientFinal::encode(&without_proof, &client_key.xor(&client_signature));
        let server_signature = hmac(salted.server_key().as_bytes(), signed.as_bytes());
        Ok((Proved { server_signature }, response.into_bytes()))
    }
}

impl Proved {
    /// Whether the server has the keys too.
    pub(in super::super) fn handle_challenge(self, challenge: &[u8]) -> Result<(), ClientFailure> {
        match ServerFinal::parse(challenge)? {
            ServerFinal::Verifier(signature) if signature == self.server_signature => Ok(()),
            ServerFinal::Verifier(_) => Err(ClientFailure::WrongServer),
            ServerFinal::Error(reason) => Err(ClientFailure::Refused { reason }),
        }
    }
}

impl From<MessageError> for ClientFailure {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Malformed | MessageError::ChannelBinding => Self::Malformed,
            MessageError::Extension => Self::Extension,
        }
    }
}
