//! How many connections come from where.

#[cfg(test)]
mod bounds;

use super::settings::Connections;
use crate::rate::TokenBucket;
use crate::time::Now;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
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
        let exempt = bounds.exempt.iter().any(|net| net.contains(&address));
        let of_address = self.addresses.get(&address).copied().unwrap_or(0);
        let of_network = self.networks.get(&network(address)).copied().unwrap_or(0);
        if !exempt && of_address >= bounds.per_address {
            return Err(format!("Too many connections from your address, the limit is {}", bounds.per_address));
        }
        if !exempt && of_network >= bounds.per_network {
            return Err(format!("Too many connections from your network, the limit is {}", bounds.per_network));
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
