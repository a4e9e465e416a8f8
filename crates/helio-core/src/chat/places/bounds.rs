//! What must hold of the counts of connections at any time.

use super::{Places, network};
use alloc::collections::BTreeMap;
use core::net::IpAddr;

impl Places {
    pub(in crate::chat) fn check_bounds(&self, connections: impl Iterator<Item = IpAddr>) {
        let (mut addresses, mut networks) = (BTreeMap::new(), BTreeMap::new());
        for address in connections.map(|address| address.to_canonical()) {
            *addresses.entry(address).or_default() += 1;
            *networks.entry(network(address)).or_default() += 1;
        }
        assert_eq!((&self.addresses, &self.networks), (&addresses, &networks), "connections from each place");
    }
}
