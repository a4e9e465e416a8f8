//! Hosts that are fit to be shown: what comes from DNS is input like any other.

use crate::limits;
use alloc::string::{String, ToString as _};
use core::net::IpAddr;

/// Whether a name is a host name as RFC 1123 §2.1 has it, with a dot in it as IRC wants, and of at most
/// [`limits::IRC_HOST`] bytes. Only ASCII: international names come in their encoded form.
#[must_use]
pub fn is_valid_hostname(host: &str) -> bool {
    host.len() <= limits::IRC_HOST && host.contains('.') && host.split('.').all(is_label)
}

/// An address as the host of a user. What would begin with a colon gets a `0` before it, so that it can be a middle
/// parameter (modern.ircdocs.horse "RPL_WHOISUSER"); an IPv4 address in IPv6 is shown as what it is.
#[must_use]
pub fn of_address(address: IpAddr) -> String {
    let text = address.to_canonical().to_string();
    if text.starts_with(':') { ["0", &text].concat() } else { text }
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    // RFC 1035 §2.3.4: 63 bytes.
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of ircdocs/parser-tests, validate-hostname.
    #[test]
    fn the_community_cases() {
        for host in [
            "irc.example.com",
            "i.coolguy.net",
            "irc-srv.net.uk",
            "iRC.CooLguY.NeT",
            "gsf.ds342.co.uk",
            "324.net.uk",
            "xn--bcher-kva.ch",
        ] {
            assert!(is_valid_hostname(host), "{host}");
        }
        for host in ["-lol-.net.uk", "-lol.net.uk", "_irc._sctp.lol.net.uk", "irc", "com", ""] {
            assert!(!is_valid_hostname(host), "{host}");
        }
    }

    #[test]
    fn an_address_can_stand_in_a_line() {
        let cases = [
            ("::1", "0::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ];
        for (address, host) in cases {
            assert_eq!(of_address(address.parse().unwrap()), host);
            assert!(address.parse::<IpAddr>().unwrap().to_canonical() == host.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn what_could_break_a_line_or_mask_is_refused() {
        for host in ["a b.example", "a.example\r\n", "a..example", "*.example", "a!b@c.example", "bücher.example"] {
            assert!(!is_valid_hostname(host), "{host}");
        }
        assert!(!is_valid_hostname(&["a.", &"b".repeat(63)].concat()));
        assert!(is_valid_hostname(&["a.", &"b".repeat(62)].concat()));
    }
}
