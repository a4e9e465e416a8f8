//! The four messages of SCRAM (RFC 5802 §7).

use super::super::base64;
use super::super::identity;
use super::keys::Key;
use crate::limits;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Why a message is refused. Its sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageError {
    /// It is not one by the grammar, or a part of it is too long.
    Malformed,
    /// It needs an extension (`m=`); none is known.
    Extension,
    /// It asks for channel binding.
    ChannelBinding,
}

/// `client-first-message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientFirst {
    /// `gs2-header`, with its last comma.
    pub(super) header: String,
    pub(super) authzid: Option<String>,
    pub(super) name: String,
    pub(super) nonce: String,
    /// `client-first-message-bare`.
    pub(super) bare: String,
}

impl ClientFirst {
    /// A message without channel binding (`n`).
    pub(super) fn new(name: &str, authzid: Option<&str>, nonce: &str) -> Self {
        let header = authzid.map_or_else(|| "n,,".to_owned(), |authzid| format!("n,a={},", escape(authzid)));
        let bare = format!("n={},r={nonce}", escape(name));
        let authzid = authzid.map(str::to_owned);
        Self { header, authzid, name: name.to_owned(), nonce: nonce.to_owned(), bare }
    }

    pub(super) fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let text = text(message)?;
        let mut parts = text.splitn(3, ',');
        let (Some(flag), Some(authzid), Some(bare)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(MessageError::Malformed);
        };
        match flag {
            "n" | "y" => {}
            _ if flag.starts_with("p=") => return Err(MessageError::ChannelBinding),
            _ => return Err(MessageError::Malformed),
        }
        let authzid = if authzid.is_empty() { None } else { Some(name(value(Some(authzid), 'a')?)?) };
        let mut attributes = bare.split(',');
        let name = name(value(attributes.next(), 'n')?)?;
        let nonce = nonce(value(attributes.next(), 'r')?)?;
        extensions(attributes)?;
        let header = text[..text.len() - bare.len()].to_owned();
        Ok(Self { header, authzid, name, nonce, bare: bare.to_owned() })
    }

    pub(super) fn encode(&self) -> String {
        format!("{}{}", self.header, self.bare)
    }
}

/// `server-first-message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerFirst {
    /// That of the client, and the server's after it.
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl ServerFirst {
    pub(super) fn parse(text: &str) -> Result<Self, MessageError> {
        let mut attributes = text.split(',');
        let nonce = nonce(value(attributes.next(), 'r')?)?;
        let salt = base64::decode(value(attributes.next(), 's')?).ok_or(MessageError::Malformed)?;
        let iterations = number(value(attributes.next(), 'i')?).ok_or(MessageError::Malformed)?;
        extensions(attributes)?;
        if salt.len() > limits::SCRAM_SALT {
            return Err(MessageError::Malformed);
        }
        Ok(Self { nonce, salt, iterations })
    }

    pub(super) fn encode(&self) -> String {
        format!("r={},s={},i={}", self.nonce, base64::encode(&self.salt), self.iterations)
    }
}

/// `client-final-message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientFinal {
    /// The header of the first message, as the client says it sent it.
    pub(super) header: Vec<u8>,
    pub(super) nonce: String,
    pub(super) proof: Key,
    /// `client-final-message-without-proof`.
    pub(super) without_proof: String,
}

impl ClientFinal {
    /// `client-final-message-without-proof` for this header.
    pub(super) fn without_proof(header: &str, nonce: &str) -> String {
        format!("c={},r={nonce}", base64::encode(header.as_bytes()))
    }

    /// The whole message.
    pub(super) fn encode(without_proof: &str, proof: &Key) -> String {
        format!("{without_proof},p={}", base64::encode(proof.as_bytes()))
    }

    pub(super) fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let text = text(message)?;
        let (without_proof, proof) = text.rsplit_once(',').ok_or(MessageError::Malformed)?;
        let proof = key(value(Some(proof), 'p')?)?;
        let mut attributes = without_proof.split(',');
        let header = base64::decode(value(attributes.next(), 'c')?).ok_or(MessageError::Malformed)?;
        let nonce = nonce(value(attributes.next(), 'r')?)?;
        extensions(attributes)?;
        Ok(Self { header, nonce, proof, without_proof: without_proof.to_owned() })
    }
}

/// `server-final-message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerFinal {
    /// The signature by which the server proves that it has the keys.
    Verifier(Key),
    /// Why it refused; one of the words of the RFC, or any other.
    Error(String),
}

impl ServerFinal {
    pub(super) fn parse(message: &[u8]) -> Result<Self, MessageError> {
        let text = text(message)?;
        let mut attributes = text.split(',');
        let first = attributes.next();
        let parsed = match value(first, 'e') {
            Ok(error) => Self::Error(error.to_owned()),
            Err(_) => Self::Verifier(key(value(first, 'v')?)?),
        };
        extensions(attributes)?;
        Ok(parsed)
    }

    /// The message of a server that has the keys.
    pub(super) fn encode(verifier: &Key) -> String {
        format!("v={}", base64::encode(verifier.as_bytes()))
    }
}

pub(super) fn text(message: &[u8]) -> Result<&str, MessageError> {
    core::str::from_utf8(message).map_err(|_| MessageError::Malformed)
}

/// The value of an attribute that must come here.
fn value(attribute: Option<&str>, letter: char) -> Result<&str, MessageError> {
    let attribute = attribute.ok_or(MessageError::Malformed)?;
    match parts(attribute) {
        Some((found, value)) if found == letter => Ok(value),
        Some(('m', _)) => Err(MessageError::Extension),
        Some(_) | None => Err(MessageError::Malformed),
    }
}

/// What may follow the known attributes. Its meaning is ignored unless it is mandatory.
fn extensions<'a>(mut attributes: impl Iterator<Item = &'a str>) -> Result<(), MessageError> {
    attributes.try_for_each(|attribute| match parts(attribute) {
        Some(('m', _)) => Err(MessageError::Extension),
        Some(_) => Ok(()),
        None => Err(MessageError::Malformed),
    })
}

/// `attr-val`: a letter, `=`, and a value that is not empty and has neither NUL nor, being between commas, a comma.
fn parts(attribute: &str) -> Option<(char, &str)> {
    let (letter, value) = attribute.split_once('=')?;
    let mut letters = letter.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
    let is_well_formed = letter.is_ascii_alphabetic() && !value.is_empty() && !value.contains('\0');
    is_well_formed.then_some((letter, value))
}

/// `saslname`, with `=2C` and `=3D` for comma and `=`.
fn name(escaped: &str) -> Result<String, MessageError> {
    let mut parts = escaped.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (character, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (None, Some(rest)) => ('=', rest),
            (None, None) => return Err(MessageError::Malformed),
        };
        name.push(character);
        name.push_str(rest);
    }
    identity::check(&name).map_err(|_| MessageError::Malformed)?;
    Ok(name)
}

fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// `nonce`: visible ASCII but comma.
fn nonce(text: &str) -> Result<String, MessageError> {
    let is_nonce = text.len() <= limits::SCRAM_NONCE && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_nonce.then(|| text.to_owned()).ok_or(MessageError::Malformed)
}

/// `posit-number`: no sign, no zero in front.
fn number(text: &str) -> Option<u32> {
    text.starts_with(|first| matches!(first, '1'..='9')).then(|| text.parse().ok()).flatten()
}

fn key(text: &str) -> Result<Key, MessageError> {
    let bytes = base64::decode(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(Key::from).ok_or(MessageError::Malformed)
}

#[cfg(test)]
mod tests;
