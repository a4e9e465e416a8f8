//! Values of the chat service's settings, checked when they are read.

use crate::value::{Net, Size, Span, from_text};
use helio_core::chat::Defcon;
use helio_core::irc::name::RoomName;
use helio_core::limits;
use helio_net::address::{Address, Host, ParseAddressError};
use helio_server::service::chat::check_password_hash;
use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};
use serde::{Deserialize, Deserializer};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// A server's name: letters, digits, dots and hyphens, as of a host.
#[derive(Clone, Debug)]
pub(super) struct ServerName(pub(super) String);

impl FromStr for ServerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if text.is_empty() || text.len() > limits::IRC_HOST || !text.chars().all(is_right) || text.starts_with('-') {
            let most = limits::IRC_HOST;
            return Err(format!(
                "`{text}` is not a server's name, expected 1 to {most} letters, digits, dots, hyphens"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

from_text!(ServerName, "a server's name as text, as in \"chat.example.org\"");

/// A name without spaces.
#[derive(Clone, Debug)]
pub(super) struct Word(pub(super) String);

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_right = |c: char| !c.is_whitespace() && !c.is_control();
        if text.is_empty() || text.len() > limits::IRC_HOST || text.starts_with(':') || !text.chars().all(is_right) {
            let most = limits::IRC_HOST;
            return Err(format!("`{text}` is not a name, expected 1 to {most} bytes without spaces"));
        }
        Ok(Self(text.to_owned()))
    }
}

from_text!(Word, "a name as text");

/// A web site: scheme, host and port (RFC 6454 §6.2).
#[derive(Clone, Debug)]
pub(super) struct Origin(pub(super) String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_right = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '@');
        match authority {
            Some(authority) if !authority.is_empty() && authority.chars().all(is_right) => Ok(Self(text.to_owned())),
            Some(_) | None => {
                Err(format!("`{text}` is not an origin, expected scheme and host as in https://chat.example.org"))
            }
        }
    }
}

from_text!(Origin, "an origin as text, as in \"https://chat.example.org\"");

/// Where people outside reach a port of the server: `host`, or `host:port`.
#[derive(Clone, Debug)]
pub(crate) struct PublicAddress(pub(crate) String);

impl FromStr for PublicAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = match text.parse::<Address>() {
            Err(ParseAddressError::NoPort(_)) => format!("{text}:0").parse(),
            parsed => parsed,
        };
        match address {
            Ok(Address { scheme: None, host: Host::Ip(_) | Host::Name(_), .. }) => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(format!("`{text}` is not host or host:port, as in chat.example.org:8443")),
        }
    }
}

from_text!(PublicAddress, "a host as text, as in \"chat.example.org\"");

/// Text on one line.
#[derive(Clone, Debug, Default)]
pub(super) struct OneLine(pub(super) String);

impl FromStr for OneLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > limits::CHAT_MOTD_LINE || text.chars().any(char::is_control) {
            let most = limits::CHAT_MOTD_LINE;
            return Err(format!("not one line of at most {most} bytes without control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

from_text!(OneLine, "one line of text");

/// A password as `helio account hash` prints it.
#[derive(Clone, Debug)]
pub(super) struct PasswordHash(pub(super) String);

impl FromStr for PasswordHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The text is not repeated: it may be the password itself.
        check_password_hash(text)
            .map_err(|error| format!("not a password's hash: {error}; `helio account hash` makes one"))?;
        Ok(Self(text.to_owned()))
    }
}

from_text!(PasswordHash, "a password's hash as text, as `helio account hash` prints it");

/// A room's name.
#[derive(Clone, Debug)]
pub(super) struct Lobby(pub(super) RoomName);

impl FromStr for Lobby {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RoomName::parse(text).map(Self).map_err(|error| format!("`{text}` is not a room's name: {error}"))
    }
}

from_text!(Lobby, "a room's name as text, as in \"#lobby\"");

/// A time that something waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait(pub(super) Duration);

const WAITS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Span(wait) = text.parse()?;
        if WAITS.contains(&wait) { Ok(Self(wait)) } else { Err(format!("`{text}` is not between 1s and 24h")) }
    }
}

from_text!(Wait, "a length of time with its unit, as in \"2m\"");

/// `send-queue`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendQueue(pub(super) usize);

impl FromStr for SendQueue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Size(bytes) = text.parse()?;
        let (least, most) = (limits::CHAT_SENDQ_MIN, limits::CHAT_SENDQ_MAX);
        match usize::try_from(bytes) {
            Ok(bytes) if (least..=most).contains(&bytes) => Ok(Self(bytes)),
            _ => Err(format!("{bytes} bytes, expected {least} to {most}")),
        }
    }
}

from_text!(SendQueue, "a size as text, as in \"1M\"");

/// `replay-messages`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct ReplayMessages(pub(super) usize);

impl TryFrom<u32> for ReplayMessages {
    type Error = String;

    fn try_from(messages: u32) -> Result<Self, Self::Error> {
        match usize::try_from(messages) {
            Ok(messages) if messages <= limits::STORE_READ_RECORDS => Ok(Self(messages)),
            _ => Err(format!("{messages} messages, expected 0 to {}", limits::STORE_READ_RECORDS)),
        }
    }
}

/// `require-account`: nobody, everybody, or who comes from these networks.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected true, false, \"elsewhere\", or a list of networks as in [\"10.0.0.0/8\"]")]
pub(super) enum RequireAccount {
    All(bool),
    From(Vec<Net>),
    But(Loopback),
}

/// From everywhere but the same machine.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Loopback {
    Elsewhere,
}

impl RequireAccount {
    /// From everywhere but the same machine.
    pub(super) fn elsewhere() -> Self {
        Self::But(Loopback::Elsewhere)
    }

    /// The networks that it means.
    pub(super) fn networks(&self) -> Vec<IpNet> {
        match self {
            Self::All(true) => vec![Ipv4Net::default().into(), Ipv6Net::default().into()],
            Self::All(false) => Vec::new(),
            Self::From(nets) => nets.iter().map(|net| net.0).collect(),
            Self::But(Loopback::Elsewhere) => elsewhere(),
        }
    }
}

/// Every network but loopback. Addresses of IPv4 inside IPv6 are asked about as the former.
fn elsewhere() -> Vec<IpNet> {
    let v4 = |first: Ipv4Addr, last: Ipv4Addr| Ipv4Subnets::new(first, last, 0).map(IpNet::from);
    let v6 = |first: Ipv6Addr, last: Ipv6Addr| Ipv6Subnets::new(first, last, 0).map(IpNet::from);
    let before = v4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(126, 255, 255, 255));
    let behind = v4(Ipv4Addr::new(128, 0, 0, 0), Ipv4Addr::BROADCAST);
    let v6 = v6(Ipv6Addr::from_bits(Ipv6Addr::LOCALHOST.to_bits() + 1), Ipv6Addr::from_bits(u128::MAX));
    before.chain(behind).chain(v6).collect()
}

/// `defcon`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Level(pub(super) Defcon);
