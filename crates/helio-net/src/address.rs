//! Addresses as people write them: `tcp://host:port`, `udp://[::1]:port`, `host:port`, `*:port`.

use serde::Deserialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use thiserror::Error;

/// The transport named by an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// `tcp://`: a byte stream.
    Tcp,
    /// `tls://`: an encrypted byte stream, over TCP.
    Tls,
    /// `udp://`: datagrams.
    Udp,
}

impl Scheme {
    /// All schemes, in the order in which help texts name them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Tls, Self::Udp];

    /// The name in front of `://`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
        }
    }

    /// Whether both take their ports from the same numbers: TLS is TCP to the kernel.
    fn shares_ports_with(self, other: Self) -> bool {
        (self == Self::Udp) == (other == Self::Udp)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The machine part of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Every address of this machine, IPv4 and IPv6: `*`. Only for listening.
    Any,
    /// An address in numbers.
    Ip(IpAddr),
    /// A name to look up, or an IPv6 address with a zone (`fe80::1%eth0`), which only the resolver understands.
    Name(String),
}

impl Host {
    /// Whether a listener on `self` also has what one on `other` would have. `[::]` is dual-stack, as `*` is.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Ip(IpAddr::V6(ip)), _) if ip.is_unspecified() => true,
            (Self::Ip(IpAddr::V4(ip)), Self::Ip(IpAddr::V4(_))) if ip.is_unspecified() => true,
            (a, b) => a == b,
        }
    }
}

/// Where to listen or connect. Without a scheme it stands for whatever transports the command works with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    /// The transport, when the address names one.
    pub scheme: Option<Scheme>,
    /// The machine.
    pub host: Host,
    /// The port; 0 lets the system choose one when listening.
    pub port: u16,
}

impl Address {
    /// An address without a scheme.
    #[must_use]
    pub fn new(ip: impl Into<IpAddr>, port: u16) -> Self {
        Self { scheme: None, host: Host::Ip(ip.into()), port }
    }

    /// This address on the IPv4 loopback.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self::new(Ipv4Addr::LOCALHOST, port)
    }

    /// Whether this address admits `scheme`: it names it, or names none.
    #[must_use]
    pub fn admits(&self, scheme: Scheme) -> bool {
        self.scheme.is_none_or(|own| own == scheme)
    }

    /// Whether listening on both fails because one already has what the other asks for. Names are compared as names, and
    /// port 0 never clashes.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let schemes =
            |address: &Self| Scheme::ALL.into_iter().filter(|scheme| address.admits(*scheme)).collect::<Vec<_>>();
        let others = schemes(other);
        let common_ports = schemes(self).iter().any(|a| others.iter().any(|b| a.shares_ports_with(*b)));
        let common_host = self.host.covers(&other.host) || other.host.covers(&self.host);
        self.port == other.port && self.port != 0 && common_ports && common_host
    }

    /// The same address with the scheme set.
    #[must_use]
    pub fn with_scheme(&self, scheme: Scheme) -> Self {
        Self { scheme: Some(scheme), ..self.clone() }
    }

    /// `scheme://` and a socket address, the way bound addresses are shown.
    #[must_use]
    pub fn bound(scheme: Scheme, at: SocketAddr) -> Self {
        Self { scheme: Some(scheme), host: Host::Ip(at.ip()), port: at.port() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}://")?;
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Name(name) if name.contains(':') => write!(f, "[{name}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Why a text is no address. Each message says what was expected.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ParseAddressError {
    /// Something else than a known scheme in front of `://`.
    #[error("unknown scheme `{0}`, expected tcp, tls or udp")]
    UnknownScheme(String),
    /// No `:port` at the end.
    #[error("`{0}` has no port, expected host:port as in localhost:65432")]
    NoPort(String),
    /// The port is no number from 0 to 65535.
    #[error("port `{0}` is not a number from 0 to 65535")]
    BadPort(String),
    /// Colons outside brackets.
    #[error("`{0}` is not clear: write an IPv6 address in brackets, as in [::1]:65432")]
    BareIpv6(String),
    /// What stands in brackets is no IPv6 address.
    #[error("`{0}` in brackets is not an IPv6 address")]
    BadIpv6(String),
    /// The host is empty or holds a character that no host name has.
    #[error("`{0}` is not a host name")]
    BadHost(String),
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = split_scheme(text)?;
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => split_bracketed(bracketed, rest)?,
            None => split_plain(rest)?,
        };
        let port = port.parse().map_err(|_| ParseAddressError::BadPort(port.to_owned()))?;
        Ok(Self { scheme, host, port })
    }
}

impl TryFrom<String> for Address {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

fn split_scheme(text: &str) -> Result<(Option<Scheme>, &str), ParseAddressError> {
    let Some((name, rest)) = text.split_once("://") else { return Ok((None, text)) };
    let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name));
    match scheme {
        Some(scheme) => Ok((Some(scheme), rest)),
        None => Err(ParseAddressError::UnknownScheme(name.to_owned())),
    }
}

fn split_bracketed<'a>(bracketed: &'a str, whole: &str) -> Result<(Host, &'a str), ParseAddressError> {
    let Some((inside, after)) = bracketed.split_once(']') else {
        return Err(ParseAddressError::BadIpv6(bracketed.to_owned()));
    };
    let Some(port) = after.strip_prefix(':') else { return Err(ParseAddressError::NoPort(whole.to_owned())) };
    let (ip, zone) = inside.split_once('%').map_or((inside, None), |(ip, zone)| (ip, Some(zone)));
    let parsed: Ipv6Addr = ip.parse().map_err(|_| ParseAddressError::BadIpv6(inside.to_owned()))?;
    match zone {
        None => Ok((Host::Ip(parsed.into()), port)),
        Some(zone) if !zone.is_empty() && zone.chars().all(is_host_char) => Ok((Host::Name(inside.to_owned()), port)),
        Some(_) => Err(ParseAddressError::BadIpv6(inside.to_owned())),
    }
}

fn split_plain(text: &str) -> Result<(Host, &str), ParseAddressError> {
    let Some((host, port)) = text.rsplit_once(':') else { return Err(ParseAddressError::NoPort(text.to_owned())) };
    if host.contains(':') {
        return Err(ParseAddressError::BareIpv6(text.to_owned()));
    }
    if host == "*" {
        return Ok((Host::Any, port));
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Ok((Host::Ip(ip.into()), port));
    }
    if host.is_empty() || !host.chars().all(is_host_char) {
        return Err(ParseAddressError::BadHost(host.to_owned()));
    }
    Ok((Host::Name(host.to_owned()), port))
}

/// Letters of any script (the resolver decides), digits, and what host names and zones join with.
fn is_host_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back_the_same() {
        let texts = [
            "tcp://127.0.0.1:65432",
            "udp://localhost:1",
            "tls://localhost:6697",
            "example.org:65535",
            "[::1]:65432",
            "tcp://[2001:db8::1]:80",
            "[fe80::1%eth0]:7",
            "*:0",
        ];
        for text in texts {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn a_bare_address_admits_every_transport_and_a_scheme_only_its_own() {
        let bare: Address = "localhost:1".parse().unwrap();
        let udp: Address = "UDP://localhost:1".parse().unwrap();
        assert!(Scheme::ALL.into_iter().all(|scheme| bare.admits(scheme)));
        assert!(udp.admits(Scheme::Udp) && !udp.admits(Scheme::Tcp));
    }

    #[test]
    fn addresses_that_cannot_both_be_listened_on_overlap() {
        let overlap = |a: &str, b: &str| a.parse::<Address>().unwrap().overlaps(&b.parse().unwrap());
        assert!(overlap("127.0.0.1:1", "tcp://127.0.0.1:1"));
        assert!(overlap("0.0.0.0:1", "127.0.0.1:1") && overlap("[::]:1", "0.0.0.0:1") && overlap("*:1", "[::1]:1"));
        assert!(!overlap("tcp://127.0.0.1:1", "udp://127.0.0.1:1"));
        assert!(
            overlap("tcp://127.0.0.1:1", "tls://127.0.0.1:1") && !overlap("tls://127.0.0.1:1", "udp://127.0.0.1:1")
        );
        assert!(!overlap("127.0.0.1:1", "127.0.0.1:2") && !overlap("127.0.0.1:0", "127.0.0.1:0"));
        assert!(!overlap("0.0.0.0:1", "[::1]:1") && !overlap("127.0.0.1:1", "[::1]:1"));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        let cases = [
            ("http://x:80", "unknown scheme `http`, expected tcp, tls or udp"),
            ("localhost", "`localhost` has no port, expected host:port as in localhost:65432"),
            ("[::1]", "`[::1]` has no port, expected host:port as in localhost:65432"),
            ("localhost:99999", "port `99999` is not a number from 0 to 65535"),
            ("localhost:", "port `` is not a number from 0 to 65535"),
            ("::1:80", "`::1:80` is not clear: write an IPv6 address in brackets, as in [::1]:65432"),
            ("[::g]:80", "`::g` in brackets is not an IPv6 address"),
            ("[fe80::1%]:80", "`fe80::1%` in brackets is not an IPv6 address"),
            (":80", "`` is not a host name"),
            ("a b:80", "`a b` is not a host name"),
        ];
        for (text, message) in cases {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}
