//! Addresses of peers.

use core::net::{IpAddr, SocketAddr};

/// The address as it is shown, logged and used in file names: an IPv4 peer of a dual-stack socket as IPv4 (RFC 4291
/// §2.5.5.2), every other one unchanged. A link-local address keeps its scope (RFC 4007 §6): on two links it means two
/// machines.
#[must_use]
pub fn canonical(peer: SocketAddr) -> SocketAddr {
    match peer.ip().to_canonical() {
        v4 @ IpAddr::V4(_) => SocketAddr::new(v4, peer.port()),
        IpAddr::V6(_) => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn mapped_addresses_become_ipv4_and_scopes_stay() {
        let shown = |peer: &str| canonical(peer.parse().unwrap()).to_string();
        for unchanged in ["192.0.2.7:5000", "[2001:db8::1]:5000", "[fe80::1%3]:5000"] {
            assert_eq!(shown(unchanged), unchanged);
        }
        assert_eq!(shown("[::ffff:192.0.2.7]:5000"), "192.0.2.7:5000");
    }
}
