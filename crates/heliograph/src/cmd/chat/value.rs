//! What is written behind the options of `helio chat`.

use crate::value::from_text;
use helio_client::link::{InviteLink, ParseLinkError};
use helio_client::terminal::Attention;
use helio_core::irc::name::{Nick, NickRules};
use helio_core::limits;
use helio_net::address::{Address, ParseAddressError};
use helio_net::fingerprint::{Fingerprint, ParseFingerprintError};
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// A server as people name it: an address whose port may be left out, or the link of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Address {
        /// With the usual port of what is spoken, if none was written.
        address: Address,
        has_port: bool,
    },
    Link(InviteLink),
}

impl Default for Server {
    fn default() -> Self {
        Self::Address { address: Address::loopback(PLAIN_PORT), has_port: true }
    }
}

const PLAIN_PORT: u16 = 6667;
const TLS_PORT: u16 = 6697;

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if InviteLink::is_meant(text) {
            return text.parse().map(Self::Link).map_err(|error: ParseLinkError| error.to_string());
        }
        let is_tls = text.split_once("://").is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("tls"));
        let port = if is_tls { TLS_PORT } else { PLAIN_PORT };
        let (parsed, has_port) = match text.parse() {
            Err(ParseAddressError::NoPort(_)) => (format!("{text}:{port}").parse(), false),
            parsed => (parsed, true),
        };
        let address = parsed.map_err(|error: ParseAddressError| error.to_string())?;
        Ok(Self::Address { address, has_port })
    }
}

from_text!(Server, "an address as text, as in \"tls://chat.example.org\"");

/// A nickname.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NickArg(pub(super) String);

impl FromStr for NickArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let nick = Nick::parse(text, NickRules::Precis).map_err(|error| error.to_string())?;
        Ok(Self(nick.as_str().to_owned()))
    }
}

from_text!(NickArg, "a nickname as text, as in \"ada\"");

/// The fingerprint of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin(pub(super) Fingerprint);

impl FromStr for Pin {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

from_text!(Pin, "a fingerprint as text: 64 hexadecimal digits");

/// What a mention does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotifyArg(pub(super) Attention);

impl FromStr for NotifyArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(Attention::None)),
            "bell" => Ok(Self(Attention::Bell)),
            "osc9" => Ok(Self(Attention::Osc9)),
            "osc777" => Ok(Self(Attention::Osc777)),
            other => Err(format!("{other} is no notice, expected none, bell, osc9 or osc777")),
        }
    }
}

from_text!(NotifyArg, "one of \"none\", \"bell\", \"osc9\", \"osc777\"");

/// The login name as a nickname, `guest` if there is none.
pub(super) fn login_nick() -> String {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    nick_of(&named("LOGNAME").or_else(|| named("USER")).unwrap_or_default())
}

/// The characters of a name that a nickname may have.
fn nick_of(name: &str) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let kept: String = name.chars().filter(is_allowed).skip_while(|c| !c.is_ascii_alphabetic()).collect();
    let cut: String = kept.chars().take(limits::IRC_NICK).collect();
    if cut.is_empty() { "guest".to_owned() } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_follows_the_scheme_when_it_is_left_out() {
        let address = |text: &str| match text.parse() {
            Ok(Server::Address { address, has_port }) => Ok((address.to_string(), has_port)),
            Ok(Server::Link(link)) => Ok((link.to_string(), true)),
            Err(error) => Err(error),
        };
        assert_eq!(address("chat.example.org").unwrap(), ("chat.example.org:6667".to_owned(), false));
        assert_eq!(address("TLS://chat.example.org").unwrap(), ("tls://chat.example.org:6697".to_owned(), false));
        assert_eq!(address("[::1]").unwrap(), ("[::1]:6667".to_owned(), false));
        assert_eq!(address("tls://[::1]:7000").unwrap(), ("tls://[::1]:7000".to_owned(), true));
        assert_eq!(address("https://x/i/abc").unwrap(), ("https://x:443/i/abc".to_owned(), true));
        assert!(address("http://x").is_err() && address("::1").is_err() && address("https://x").is_err());
    }

    #[test]
    fn a_login_name_becomes_a_nickname() {
        let cases = [("ada", "ada"), ("ada.lovelace@corp", "adalovelacecorp"), ("007bond", "bond"), ("ζ", "guest")];
        for (login, nick) in cases {
            assert_eq!(nick_of(login), nick);
            assert!(Nick::parse(nick, NickRules::Ascii).is_ok());
        }
    }
}
