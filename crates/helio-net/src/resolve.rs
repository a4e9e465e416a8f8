//! Names to socket addresses, through the system's resolver.

use crate::address::{Address, Host};
use helio_core::limits;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// The socket addresses of `address`, in the resolver's order (RFC 6724), at most [`limits::ADDRESSES_PER_NAME`].
///
/// [`Host::Any`] gives the IPv6 wildcard, which also takes IPv4 when bound dual-stack.
pub(crate) async fn resolve(address: &Address) -> io::Result<Vec<SocketAddr>> {
    match &address.host {
        Host::Any => Ok(vec![SocketAddr::from((Ipv6Addr::UNSPECIFIED, address.port))]),
        Host::Ip(ip) => Ok(vec![SocketAddr::from((*ip, address.port))]),
        Host::Name(name) => {
            let found = tokio::net::lookup_host((name.as_str(), address.port)).await?;
            Ok(found.take(limits::ADDRESSES_PER_NAME).collect())
        }
    }
}

/// The IPv4 wildcard, for machines without IPv6.
pub(crate) fn any_ipv4(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
}

/// RFC 8305 §4: families alternate, beginning with the family that the resolver put first; order within a family stays.
pub(crate) fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(|a| a.is_ipv6() == first.is_ipv6());
    let mut out = Vec::with_capacity(addresses.len());
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    loop {
        let pair = [preferred.next(), other.next()];
        if pair == [None, None] {
            return out;
        }
        out.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_from_the_resolvers_first() {
        let [a, b, c] = ["[::1]:1", "[::2]:1", "[::3]:1"].map(|s| s.parse::<SocketAddr>().unwrap());
        let [x, y] = ["1.1.1.1:1", "2.2.2.2:1"].map(|s| s.parse::<SocketAddr>().unwrap());
        assert_eq!(interleave(&[a, b, c, x, y]), [a, x, b, y, c]);
        assert_eq!(interleave(&[x, a, b]), [x, a, b]);
        assert_eq!(interleave(&[x, y]), [x, y]);
        assert_eq!(interleave(&[]), []);
    }
}
