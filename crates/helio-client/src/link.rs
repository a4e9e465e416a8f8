//! Links of invitations, as `helio invite` prints them (spec/accounts.md, "Links").

use helio_core::limits;
use helio_net::address::{Address, Host, ParseAddressError};
use helio_net::fingerprint::{Fingerprint, ParseFingerprintError};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// `https://HOST:PORT/i/TOKEN#FINGERPRINT`. Whoever has it can register an account, so it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLink {
    /// The server's listener for WebSocket over TLS; without a scheme.
    pub address: Address,
    /// What REGISTER takes in place of an e-mail address.
    pub token: String,
    /// The server's certificate; `None`: the machine's authorities vouch for it.
    pub fingerprint: Option<Fingerprint>,
}

/// Why a text is no link of an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseLinkError {
    /// It is a link to something else.
    #[error("this is no link of an invitation, expected https://HOST:PORT/i/TOKEN#FINGERPRINT")]
    Other,
    /// What stands for the server.
    #[error(transparent)]
    Address(#[from] ParseAddressError),
    /// What stands behind `#`. A link that was cut short is not followed: the server could be any.
    #[error("the link is damaged, have it sent to you once more: {0}")]
    Fingerprint(#[from] ParseFingerprintError),
}

/// The port of a server's listener for WebSocket over TLS, unless its settings say otherwise.
pub const WEB_PORT: u16 = 8443;

/// The port of `https://` without one (RFC 9110 §4.2.2).
const HTTPS_PORT: u16 = 443;

impl fmt::Display for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Address { scheme: None, ..self.address.clone() };
        write!(f, "https://{address}/i/{}", self.token)?;
        self.fingerprint.map_or(Ok(()), |fingerprint| write!(f, "#{fingerprint}"))
    }
}

impl InviteLink {
    /// Whether a text means to be a link, so that what is wrong with it is told as of one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
    }
}

impl FromStr for InviteLink {
    type Err = ParseLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (_, rest) = text.split_once("://").filter(|_| Self::is_meant(text)).ok_or(ParseLinkError::Other)?;
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (authority, token) = rest.split_once("/i/").ok_or(ParseLinkError::Other)?;
        let is_token = |token: &str| token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if token.is_empty() || token.len() > limits::CHAT_LINK_TOKEN || !is_token(token) {
            return Err(ParseLinkError::Other);
        }
        let address = match authority.parse::<Address>() {
            Err(ParseAddressError::NoPort(_)) => format!("{authority}:{HTTPS_PORT}").parse(),
            parsed => parsed,
        }?;
        if address.scheme.is_some() || address.host == Host::Any {
            return Err(ParseLinkError::Other);
        }
        let fingerprint = fragment.filter(|text| !text.is_empty()).map(str::parse).transpose()?;
        Ok(Self { address, token: token.to_owned(), fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn every_form_is_read_and_written_back_the_same() {
        for text in [
            format!("https://chat.example.org:8443/i/vkq3wzj7m2xw5yb4tn6cpd2e#{PRINT}"),
            format!("https://[2001:db8::1]:8443/i/abc#{PRINT}"),
            "https://192.0.2.1:443/i/abc".to_owned(),
        ] {
            assert_eq!(text.parse::<InviteLink>().unwrap().to_string(), text);
        }
        let short: InviteLink = "HTTPS://chat.example.org/i/abc#".parse().unwrap();
        assert_eq!(short.to_string(), "https://chat.example.org:443/i/abc");
    }

    #[test]
    fn what_is_no_link_or_is_damaged_is_said() {
        let error = |text: &str| text.parse::<InviteLink>().unwrap_err();
        let long = format!("https://h:1/i/{}", "x".repeat(limits::CHAT_LINK_TOKEN + 1));
        for text in
            ["chat.example.org", "http://h:1/i/abc", "https://h:1/", "https://h:1/i/", "https://h:1/i/a/b", &long]
        {
            assert_eq!(error(text), ParseLinkError::Other, "{text}");
        }
        for text in ["https://*:1/i/abc", "https://tcp://h:1/i/abc"] {
            assert!(text.parse::<InviteLink>().is_err(), "{text}");
        }
        let cut = error(&format!("https://h:1/i/abc#{}", &PRINT[..60])).to_string();
        assert!(cut.starts_with("the link is damaged, have it sent to you once more: "), "{cut}");
    }
}
