//! How many connections come from where.

#[cfg(test)]
mod bounds;

use super::ending::closing_line;
use super::line::{Audience, Face};
use super::policy;
use super::settings::Connections;
use super::tries::place;
use crate::irc::capability::Capabilities;
use crate::rate::TokenBucket;
use crate::time::Now;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

/// Connections of addresses and networks that have any; so it is bounded by the connections.
#[derive(Debug, Default)]
pub struct Places {
    addresses: BTreeMap<IpAddr, usize>,
    networks: BTreeMap<IpAddr, usize>,
}

impl Places {
    /// Counts a connection.
    ///
    /// # Errors
    /// It is one too many; what is said to it.
    pub fn take(&mut self, address: IpAddr, bounds: &Connections) -> Result<(), String> {
        let address = address.to_canonical();
        let exempt = bounds.is_exempt(address);
        let of_address = self.addresses.get(&address).copied().unwrap_or(0);
        let of_network = self.networks.get(&network(address)).copied().unwrap_or(0);
        if !exempt && of_address >= bounds.per_address {
            return Err(too_many("address", bounds.per_address));
        }
        if !exempt && of_network >= bounds.per_network {
            return Err(too_many("network", bounds.per_network));
        }
        *self.addresses.entry(address).or_default() += 1;
        *self.networks.entry(network(address)).or_default() += 1;
        Ok(())
    }

    /// The connection is gone.
    pub fn give_back(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        less(&mut self.addresses, address);
        less(&mut self.networks, network(address));
    }
}

fn too_many(what: &str, limit: usize) -> String {
    format!("Too many connections from your {what}, the limit is {limit}; try again when one of them has ended")
}

fn less(counts: &mut BTreeMap<IpAddr, usize>, key: IpAddr) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

/// The /24 of an IPv4 address, the /64 of an IPv6 address: what one customer usually has.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) & 0xFFFF_FF00).into()),
        IpAddr::V6(v6) => IpAddr::V6(subnet(v6)),
    }
}

/// The /64 that an IPv6 address is in: one customer has it whole.
pub(super) fn subnet(address: Ipv6Addr) -> Ipv6Addr {
    (u128::from(address) >> 64 << 64).into()
}

impl super::Chat {
    /// Sessions, registered or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The line that tells a connection why it is closed, for one that never became a session.
    #[must_use]
    pub fn last_words(face: Face, reason: &str) -> String {
        let mut bytes = Vec::new();
        closing_line(reason).encode(Audience { face, caps: Capabilities::default() }, &mut bytes);
        // Composed from text, and cut between characters.
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether somebody from `address` would be let in, as far as can be said before they are known: to be asked before a
    /// handshake that costs something.
    ///
    /// # Errors
    /// What keeps them out, for the driver's log.
    pub fn admits(&mut self, address: IpAddr, now: Now) -> Result<(), String> {
        self.is_welcome(address, now).map_err(|kept_out| String::from(kept_out.told()))?;
        self.may_connect(address, now)
    }

    /// The same as far as bans and lockdown go. Who is kept out is counted.
    pub(super) fn is_welcome(&mut self, address: IpAddr, now: Now) -> Result<(), policy::KeptOut> {
        let welcome = policy::can_connect(&self.state, &self.settings, address.to_canonical(), now.utc);
        welcome.inspect_err(|kept_out| self.counts.note(kept_out))
    }

    /// Whether one more connection from `address` is not too much for this minute. `Err` is what is said to it.
    pub(super) fn may_connect(&self, address: IpAddr, now: Now) -> Result<(), String> {
        let bounds = &self.settings.connections;
        let wait = self.throttles.connections.ready_in(&place(address), now.mono);
        if wait.is_zero() || bounds.is_exempt(address.to_canonical()) {
            return Ok(());
        }
        let (most, seconds) = (bounds.per_minute, wait.as_secs() + 1);
        Err(format!("Too many connections from your network, the limit is {most} a minute; try again in {seconds} s"))
    }

    /// Counts a connection. `Err` is what is said to one that is too many.
    pub(super) fn take_connection(&mut self, address: IpAddr, now: Now) -> Result<(), String> {
        self.may_connect(address, now)?;
        if !self.settings.connections.is_exempt(address.to_canonical()) {
            self.throttles.connections.take(&place(address), now.mono);
        }
        self.places.take(address, &self.settings.connections)
    }

    /// The bucket of a new connection; one that is never empty for those who are exempt.
    pub(super) fn flood_of(&self, address: IpAddr, now: Now) -> TokenBucket {
        let flood = &self.settings.flood;
        let address = address.to_canonical();
        if flood.exempt.iter().any(|net| net.contains(&address)) {
            TokenBucket::new(u32::MAX, u32::MAX, now.mono)
        } else {
            TokenBucket::new(flood.lines_per_second, flood.burst, now.mono)
        }
    }

    /// How long a waiting line waits for the next token, at most.
    pub(super) fn flood_pause(&self) -> Duration {
        Duration::from_secs(1) / self.settings.flood.lines_per_second.max(1)
    }
}
