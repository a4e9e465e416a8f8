//! One entry of a log file, see `spec/log.md`, "Line mode".

use super::splitter::{LineSplitter, Piece};
use crate::peer::canonical;
use crate::printable;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// The beginning of the entries of one read: when, and from whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryHead(String);

// spec: begin
impl EntryHead {
    /// The head for what arrived at `utc` from `peer`. An IPv4 address mapped into IPv6 is written as IPv4.
    #[must_use]
    pub fn new(utc: Utc, peer: SocketAddr) -> Self {
        Self(format!("{utc} {} ", canonical(peer)))
    }

    /// Appends the entry of one line, or of one piece of a line.
    pub fn push_entry(&self, out: &mut String, piece: Piece<'_>) {
        out.push_str(&self.0);
        if piece.continues {
            out.push_str("… ");
        }
        printable::push_text(out, piece.text);
        if piece.goes_on {
            out.push_str(" …");
        }
        out.push('\n');
    }
}
// spec: end

/// All entries of one datagram: at least one, also for an empty datagram; nothing is left for the next.
#[must_use]
pub fn datagram_entries(payload: &[u8], peer: SocketAddr, utc: Utc, max_line: usize) -> Vec<u8> {
    let head = EntryHead::new(utc, peer);
    let mut splitter = LineSplitter::new(max_line);
    let mut out = String::new();
    let mut input = payload;
    while let Some(piece) = splitter.next_piece(&mut input) {
        head.push_entry(&mut out, piece);
    }
    while let Some(piece) = splitter.flush() {
        head.push_entry(&mut out, piece);
    }
    if payload.is_empty() {
        head.push_entry(&mut out, Piece { text: b"", continues: false, goes_on: false });
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UTC: i64 = 1_795_345_720_000_123;

    fn entries(payload: &[u8], peer: &str) -> String {
        let peer = peer.parse().unwrap();
        String::from_utf8(datagram_entries(payload, peer, Utc::from_micros(UTC), 16)).unwrap()
    }

    #[test]
    fn an_entry_is_time_peer_and_text() {
        insta::assert_snapshot!(entries("Grüße\n".as_bytes(), "192.0.2.7:5000"), @"2026-11-22T11:08:40.000123Z 192.0.2.7:5000 Grüße");
        insta::assert_snapshot!(entries(b"hi", "[2001:db8::1]:5000"), @"2026-11-22T11:08:40.000123Z [2001:db8::1]:5000 hi");
        insta::assert_snapshot!(entries(b"hi", "[::ffff:192.0.2.7]:5000"), @"2026-11-22T11:08:40.000123Z 192.0.2.7:5000 hi");
        insta::assert_snapshot!(entries(b"hi", "[fe80::1%3]:5000"), @"2026-11-22T11:08:40.000123Z [fe80::1%3]:5000 hi");
    }

    #[test]
    fn a_datagram_is_one_or_more_lines() {
        let texts = |payload: &[u8]| -> Vec<String> {
            let all = entries(payload, "192.0.2.7:5000");
            assert!(all.ends_with('\n'));
            all.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap().into()).collect()
        };
        assert_eq!(texts(b""), [""]);
        assert_eq!(texts(b"\n"), [""]);
        assert_eq!(texts(b"a\r\nb\nc"), ["a", "b", "c"]);
        assert_eq!(texts(b"0123456789abcdef0123456789abcdef+"), ["0123456789abcdef …", "… 0123456789abcdef …", "… +"]);
        assert_eq!(texts(b"\x1b[2J \xff a\rb\ttab \\"), ["\\u{1b}[2J \\xff a\\rb\ttab \\"]);
    }

    proptest! {
        /// Goal "nobody can forge another's line": whatever is sent, every line begins with the sender's own head.
        #[test]
        fn no_payload_forges_a_line(payload: Vec<u8>) {
            let all = entries(&payload, "192.0.2.7:5000");
            for line in all.split_terminator('\n') {
                prop_assert!(line.starts_with("2026-11-22T11:08:40.000123Z 192.0.2.7:5000 "));
                prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            }
        }
    }
}
