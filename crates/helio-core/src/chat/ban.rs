//! Bans of the whole server: whom they mean, and until when. `spec/bans.md` describes them.

use crate::irc::casemap::fold;
use crate::irc::extban::{self, ListEntryError, Who};
use crate::irc::host;
use crate::irc::mask::{MaskError, glob};
use crate::limits;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

// spec: begin

/// A ban, as it is and as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ban {
    pub(super) target: Target,
    pub(super) reason: String,
    /// The nickname of who set it.
    pub(super) by: String,
    pub(super) at_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until_us: Option<i64>,
}

/// Whom a ban means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) enum Target {
    /// Who connects from there.
    Net(IpNet),
    /// Whose username and host fit.
    User { user: Box<str>, host: Host },
    /// Who is logged in to an account of such a name.
    Account(Box<str>),
}

/// The host of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Pattern(Box<str>),
    Net(IpNet),
}

// spec: end

/// Why a text is no target of a ban. Whoever wrote it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error("target is longer than {} bytes", limits::CHAT_BAN_TARGET)]
    TooLong,
    #[error("target is neither an address, nor user@host, nor ~a:account")]
    Unknown,
}

/// Somebody, as far as is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Somebody<'a> {
    /// `None`: somebody who stays without a connection, and had none since the service runs.
    pub(super) address: Option<IpAddr>,
    /// Username and host; `None` before they are known.
    pub(super) user_host: Option<(&'a str, &'a str)>,
    pub(super) account: Option<&'a str>,
}

impl Target {
    /// A target from what a person wrote.
    ///
    /// # Errors
    /// [`TargetError`] when it is none.
    pub(super) fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > limits::CHAT_BAN_TARGET {
            return Err(TargetError::TooLong);
        }
        if text.chars().any(|c| c == ' ' || c.is_control()) {
            return Err(TargetError::Unknown);
        }
        if let Some(net) = net(text) {
            return Ok(Self::Net(net));
        }
        let target = match extban::ListEntry::parse(text) {
            Ok(extban::ListEntry { is_mute: false, who: Who::Account(account) }) => Self::Account(account),
            Ok(extban::ListEntry { is_mute: false, who: Who::Mask(_) }) => {
                Self::of_user_host(text).ok_or(TargetError::Unknown)?
            }
            Err(ListEntryError::Mask(MaskError::TooLong { .. })) => return Err(TargetError::TooLong),
            Ok(_) | Err(_) => return Err(TargetError::Unknown),
        };
        // With the parts that were added to it.
        if target.to_string().len() > limits::CHAT_BAN_TARGET { Err(TargetError::TooLong) } else { Ok(target) }
    }

    fn of_user_host(text: &str) -> Option<Self> {
        let (user, host) = text.rsplit_once('@').filter(|(user, _)| !user.contains(['!', '@']))?;
        let user = if user.is_empty() { "*" } else { user };
        Some(match net(host) {
            Some(net) if user == "*" => Self::Net(net),
            Some(net) => Self::User { user: user.into(), host: Host::Net(net) },
            None if host.is_empty() => return None,
            None => Self::User { user: user.into(), host: Host::Pattern(host.into()) },
        })
    }

    /// What two targets have in common that are the same.
    pub(super) fn key(&self) -> Box<str> {
        fold(&self.to_string())
    }

    /// Whether it means this one. What is not known yet is not meant.
    pub(super) fn means(&self, somebody: &Somebody<'_>) -> bool {
        let comes_from = |net: &IpNet| somebody.address.is_some_and(|address| net.contains(&address));
        match self {
            Self::Net(net) => comes_from(net),
            Self::User { user, host } => somebody.user_host.is_some_and(|(their_user, their_host)| {
                let is_host = match host {
                    Host::Pattern(pattern) => glob(pattern, their_host),
                    Host::Net(net) => comes_from(net),
                };
                is_host && glob(user, their_user)
            }),
            Self::Account(pattern) => somebody.account.is_some_and(|account| glob(pattern, account)),
        }
    }

    /// Whether it leaves nobody: all of IPv4 or of IPv6, or wildcards alone.
    pub(super) fn is_everybody(&self) -> bool {
        let is_open = |pattern: &str| pattern.chars().all(|c| matches!(c, '*' | '?' | '.' | ':'));
        match self {
            Self::Net(net) => net.prefix_len() == 0,
            Self::User { user, host: Host::Net(net) } => is_open(user) && net.prefix_len() == 0,
            Self::User { user, host: Host::Pattern(host) } => is_open(user) && is_open(host),
            Self::Account(pattern) => is_open(pattern),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) => shown(*net, f),
            Self::User { user, host: Host::Net(net) } => {
                write!(f, "{user}@")?;
                shown(*net, f)
            }
            Self::User { user, host: Host::Pattern(host) } => write!(f, "{user}@{host}"),
            Self::Account(account) => write!(f, "~a:{account}"),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        Self::parse(&text)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl Ban {
    /// Whether it holds at this moment of civil time.
    pub(super) fn holds(&self, now: Utc) -> bool {
        self.until_us.is_none_or(|until| now.micros() < until)
    }

    /// Whether it ended so long ago that no clock can be wrong by as much.
    pub(super) fn is_forgotten(&self, now: Utc) -> bool {
        let remembered = i64::try_from(limits::CHAT_BAN_REMEMBERED.as_micros()).unwrap_or(i64::MAX);
        self.until_us.is_some_and(|until| until.saturating_add(remembered) <= now.micros())
    }

    /// Reason and end, for who is banned.
    pub(super) fn told(&self) -> String {
        format!("You are banned from this server: {} ({})", self.reason, self.end())
    }

    /// When it ends.
    pub(super) fn end(&self) -> String {
        match self.until_us {
            Some(until) => {
                let mut until = Utc::from_micros(until).rfc3339();
                // Seconds are enough.
                until.truncate(until.len().saturating_sub(".000000Z".len()));
                format!("until {until}Z")
            }
            None => "no end is set".to_string(),
        }
    }
}

/// How long a ban is, as operators write it: `30` (minutes), `30m`, `1d12h`, `2w`; `0` is without an end, which is `None`
/// inside. No length at all: the outer `None`.
pub(super) fn parse_duration(text: &str) -> Option<Option<Duration>> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let unit = match behind.bytes().next().map(|unit| unit.to_ascii_lowercase()) {
            // A number alone is minutes, but not behind other parts: `1d12` would be a guess.
            None if number.len() == text.len() => 60,
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3_600,
            Some(b'd') => 86_400,
            Some(b'w') => 7 * 86_400,
            Some(b'y') => 365 * 86_400,
            _ => return None,
        };
        // A number of more digits than fit is longer than any ban.
        seconds = seconds
            .saturating_add(number.parse::<u64>().ok().or((digits > 19).then_some(u64::MAX))?.saturating_mul(unit));
        rest = behind.get(1..).unwrap_or_default();
    }
    Some((seconds > 0).then(|| Duration::from_secs(seconds)))
}

/// An address or network without host bits; IPv4 in IPv6 is IPv4.
fn net(text: &str) -> Option<IpNet> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let net = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse::<IpNet>().ok()?.trunc(),
    };
    match (net.addr().to_canonical(), net) {
        (IpAddr::V4(v4), IpNet::V6(v6)) if v6.prefix_len() >= 96 => IpNet::new(v4.into(), v6.prefix_len() - 96).ok(),
        _ => Some(net),
    }
}

/// What would begin with a colon begins with `0`, so that it can be a middle parameter.
fn shown(net: IpNet, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&host::of_address(net.addr()))?;
    if net.prefix_len() == net.max_prefix_len() { Ok(()) } else { write!(f, "/{}", net.prefix_len()) }
}

#[cfg(test)]
mod tests;
