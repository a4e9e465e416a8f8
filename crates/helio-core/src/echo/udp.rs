//! Echo over datagrams, made so that a forged sender gains nothing by it.
//!
//! UDP lets anyone write any return address. An echo that adds bytes, or that answers another echo, turns into a
//! weapon against that address; the rules of [`UdpEcho`] keep every answer outside the allowed networks no larger
//! than its request, and break loops between two servers.
//!
//! Three things end a loop. What begins with the prefix, or outside the allowed networks is no more than its
//! beginning, is the answer of an echo with the same prefix. A datagram from our own port outside loopback comes
//! from another server of the same kind, whatever its prefix. And reflectors mark what they send. What remains are
//! two echoes on different ports, with different prefixes or none: nothing in the datagrams tells them from clients,
//! and the rate of each source is all that holds them back.

use crate::limits;
use crate::measure::reflector::{self, Kind, Reflector};
use crate::rate::TokenBucket;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use ipnet::IpNet;

/// How an echo service answers datagrams.
#[derive(Clone, Debug)]
pub struct UdpEchoOptions {
    /// Put before the echoed bytes where that is allowed. Empty: a pure echo (RFC 862).
    pub prefix: Vec<u8>,
    /// Networks that get the prefix, beside loopback, which always does.
    pub allowed: Vec<IpNet>,
    /// Answers a second for one source: an IPv4 address, or an IPv6 subnet (/64).
    pub answers_per_second: u32,
}

/// What to do with one datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this one datagram back.
    Answer(Vec<u8>),
    /// The same for a client that measures: an event for each datagram would be measured with it.
    Reflect {
        /// What to send back.
        answer: Vec<u8>,
        /// The first datagram of its session.
        first: bool,
    },
    /// Send nothing.
    Ignore(Ignored),
}

/// Why a datagram got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// It already begins with the prefix: most likely the answer of another echo server.
    AlreadyAnswered,
    /// It is no more than the beginning of the prefix: what another echo server makes of a short datagram when it cuts
    /// its answer to the size of the request. The empty datagram is one.
    CutAnswer,
    /// Its source port is the one that we serve: another server of the same kind.
    OwnPort,
    /// It is what a reflector sends (`spec/reflector.md`); answering could start an endless exchange.
    Reflected,
    /// Its source port is below 1024: a service, not a client. Answering could start an endless exchange.
    PrivilegedPort,
    /// The source is over its rate.
    RateLimited,
}

impl Ignored {
    /// The reason, to finish the sentence "not answered: ".
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::AlreadyAnswered => "it already begins with the prefix",
            Self::CutAnswer => "it is only the beginning of the prefix",
            Self::OwnPort => "its source port is the one served here",
            Self::Reflected => "it is the answer of a reflector",
            Self::PrivilegedPort => "its source port is privileged",
            Self::RateLimited => "its source is over the rate limit",
        }
    }
}

/// The datagram side of an echo service. Holds at most [`limits::UDP_SOURCES`] rates.
///
/// Datagrams of a measuring client are reflected without prefix and counted: `spec/reflector.md`.
#[derive(Debug)]
pub struct UdpEcho {
    options: UdpEchoOptions,
    own_port: u16,
    sources: BTreeMap<Source, TokenBucket>,
    /// When idle sources were last looked for.
    swept: Option<Instant>,
    reflector: Reflector,
}

impl UdpEcho {
    /// An echo on `own_port` that has heard of no source yet.
    #[must_use]
    pub fn new(options: UdpEchoOptions, own_port: u16) -> Self {
        Self { options, own_port, sources: BTreeMap::new(), swept: None, reflector: Reflector::default() }
    }

    /// Decides about one datagram; there is at most one answer, and it goes to `from`.
    pub fn handle_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Instant) -> Verdict {
        let ip = from.ip().to_canonical();
        if from.port() < 1024 {
            return Verdict::Ignore(Ignored::PrivilegedPort);
        }
        let kind = reflector::classify(payload);
        let ignored = match kind {
            Kind::Response => Some(Ignored::Reflected),
            Kind::Ordinary => self.answer_of_another(from, payload),
            Kind::Request(_) | Kind::OtherVersion => None,
        };
        if let Some(ignored) = ignored {
            return Verdict::Ignore(ignored);
        }
        if !ip.is_loopback() && !self.take(ip, now) {
            if let Kind::Request(session) = kind {
                self.reflector.count_refused(from, session);
            }
            return Verdict::Ignore(Ignored::RateLimited);
        }
        match kind {
            Kind::Request(session) => {
                let (answer, first) = self.reflector.answer(from, session, payload, now);
                Verdict::Reflect { answer, first }
            }
            Kind::OtherVersion => Verdict::Answer(reflector::refusal(payload)),
            Kind::Ordinary | Kind::Response => Verdict::Answer(self.echo(ip, payload)),
        }
    }

    /// Why `payload` is taken for the answer of another echo, which might answer ours.
    fn answer_of_another(&self, from: SocketAddr, payload: &[u8]) -> Option<Ignored> {
        let (ip, prefix) = (from.ip().to_canonical(), &self.options.prefix);
        if !prefix.is_empty() && payload.starts_with(prefix) {
            Some(Ignored::AlreadyAnswered)
        } else if !prefix.is_empty() && !self.trusts(ip) && prefix.starts_with(payload) {
            Some(Ignored::CutAnswer)
        } else if !ip.is_loopback() && from.port() == self.own_port {
            Some(Ignored::OwnPort)
        } else {
            None
        }
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.options.allowed.iter().any(|net| net.contains(&ip))
    }

    fn echo(&self, ip: IpAddr, payload: &[u8]) -> Vec<u8> {
        let largest = if self.trusts(ip) { limits::DATAGRAM_MAX } else { payload.len() };
        let prefix = &self.options.prefix;
        let mut answer = Vec::with_capacity(prefix.len() + payload.len());
        answer.extend_from_slice(prefix);
        answer.extend_from_slice(payload);
        answer.truncate(largest);
        answer
    }

    fn take(&mut self, ip: IpAddr, now: Instant) -> bool {
        let source = Source::of(ip);
        if let Some(bucket) = self.sources.get_mut(&source) {
            return bucket.take(now);
        }
        if self.sources.len() >= limits::UDP_SOURCES {
            self.sweep(now);
        }
        if self.sources.len() >= limits::UDP_SOURCES {
            return false;
        }
        let mut bucket = TokenBucket::new(self.options.answers_per_second, limits::UDP_ANSWER_BURST, now);
        let taken = bucket.take(now);
        self.sources.insert(source, bucket);
        taken
    }

    /// Forgets idle sources. Looking at all of them for each forged datagram would be work that a stranger orders.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.since(swept) < limits::UDP_SOURCES_SWEEP) {
            return;
        }
        self.swept = Some(now);
        self.sources.retain(|_, bucket| !bucket.is_full(now));
    }
}

/// Whose rate is counted together: an IPv4 address, or the /64 of an IPv6 address. A single host has the 2^64
/// addresses of its subnet to choose from (RFC 4291 §2.5.1, §2.5.4), so its own one names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source(IpAddr);

impl Source {
    fn of(ip: IpAddr) -> Self {
        Self(match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

#[cfg(test)]
mod tests;
