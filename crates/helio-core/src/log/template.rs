//! The name of a log file, with placeholders that keep several streams apart; see `spec/log.md`, "Exact mode".

use crate::peer::canonical;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::net::SocketAddr;
use thiserror::Error;

/// A file name without directory, in which `{peer}` and `{n}` stand for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Peer,
    Number,
}

/// Why a text is not a file name for a log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// Braces around a word that stands for nothing.
    #[error("unknown placeholder {{{0}}} in the file name; use {{peer}}, {{n}}, or {{{{ for a brace")]
    Unknown(String),
    /// A brace without its partner.
    #[error("a single {0} in the file name; write it twice for a brace")]
    Unpaired(char),
    /// Names with placeholders are built as text.
    #[error("the path is not UTF-8 text")]
    NotText,
    /// Nothing, or a name that means a directory.
    #[error("the file name is missing")]
    Missing,
}

impl FileName {
    /// Reads a name such as `log.txt` or `upload-{n}-{peer}.bin`.
    pub fn parse(name: &str) -> Result<Self, TemplateError> {
        if matches!(name, "" | "." | "..") {
            return Err(TemplateError::Missing);
        }
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = name;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(behind) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                text.push_str(&tail[..1]);
                rest = behind;
                continue;
            }
            let (word, behind) = tail
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
                .ok_or(TemplateError::Unpaired(if tail.starts_with('{') { '{' } else { '}' }))?;
            let part = match word {
                "peer" => Part::Peer,
                "n" => Part::Number,
                other => return Err(TemplateError::Unknown(other.into())),
            };
            parts.extend([Part::Text(core::mem::take(&mut text)), part]);
            rest = behind;
        }
        text.push_str(rest);
        parts.push(Part::Text(text));
        Ok(Self { parts })
    }

    /// True when all streams share one file.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// True when each peer address has its own file.
    #[must_use]
    pub fn tells_peers_apart(&self) -> bool {
        self.parts.contains(&Part::Peer)
    }

    /// The file of connection `number` from `peer`; datagrams have no number.
    #[must_use]
    pub fn resolve(&self, peer: SocketAddr, number: Option<u64>) -> String {
        let mut name = String::new();
        for part in &self.parts {
            match (part, number) {
                (Part::Text(text), _) => name.push_str(text),
                (Part::Peer, _) => push_peer(&mut name, peer),
                (Part::Number, Some(number)) => {
                    let _ = write!(name, "{number}");
                }
                (Part::Number, None) => name.push_str("udp"),
            }
        }
        name
    }
}

// spec: begin
/// Only letters, digits, `.`, `-` and `_`, no two peers alike, and never a `-` or `.` in front: all groups of an IPv6
/// address are written for that.
fn push_peer(name: &mut String, peer: SocketAddr) {
    match canonical(peer) {
        SocketAddr::V4(v4) => {
            let _ = write!(name, "{}", v4.ip());
        }
        SocketAddr::V6(v6) => {
            for (n, group) in v6.ip().segments().into_iter().enumerate() {
                let _ = write!(name, "{}{group:x}", if n > 0 { "-" } else { "" });
            }
            if v6.scope_id() != 0 {
                let _ = write!(name, "_if{}", v6.scope_id());
            }
        }
    }
    let _ = write!(name, "_{}", peer.port());
}
// spec: end

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::SocketAddrV6;
    use proptest::prelude::*;

    fn resolve(name: &str, peer: &str, number: Option<u64>) -> String {
        FileName::parse(name).unwrap().resolve(peer.parse().unwrap(), number)
    }

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(resolve("{n}-{peer}.bin", "192.0.2.7:5000", Some(3)), "3-192.0.2.7_5000.bin");
        assert_eq!(resolve("{peer}", "[2001:db8::1]:5000", Some(1)), "2001-db8-0-0-0-0-0-1_5000");
        assert_eq!(resolve("{peer}", "[::ffff:192.0.2.7]:5000", Some(1)), "192.0.2.7_5000");
        assert_eq!(resolve("{peer}", "[fe80::1%2]:5000", Some(1)), "fe80-0-0-0-0-0-0-1_if2_5000");
        assert_eq!(resolve("up-{n}", "192.0.2.7:5000", None), "up-udp");
        assert_eq!(resolve("{{n}}{n}", "192.0.2.7:5000", Some(1)), "{n}1");
    }

    #[test]
    fn it_is_known_which_names_keep_streams_apart() {
        let name = |text| FileName::parse(text).unwrap();
        assert!(name("log.txt").is_shared() && name("{{n}}").is_shared());
        assert!(!name("{n}").is_shared() && !name("{n}").tells_peers_apart());
        assert!(name("{peer}").tells_peers_apart());
    }

    #[test]
    fn wrong_names_are_refused_with_what_to_do() {
        let error = |text| FileName::parse(text).unwrap_err().to_string();
        assert_eq!(error("{host}"), "unknown placeholder {host} in the file name; use {peer}, {n}, or {{ for a brace");
        assert_eq!(error("a{b"), "a single { in the file name; write it twice for a brace");
        assert_eq!(error("a}b"), "a single } in the file name; write it twice for a brace");
        assert_eq!(error(""), "the file name is missing");
        assert_eq!(error(".."), "the file name is missing");
    }

    proptest! {
        #[test]
        fn peers_give_safe_names_and_no_two_the_same(a: [u16; 8], b: [u16; 8], scopes in [0..3_u32, 0..3], port: u16) {
            let name = |ip: [u16; 8], scope| {
                let peer = SocketAddrV6::new(ip.into(), port, 0, scope);
                FileName::parse("{peer}").unwrap().resolve(peer.into(), None)
            };
            let [a_name, b_name] = [name(a, scopes[0]), name(b, scopes[1])];
            prop_assert!(a_name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)));
            prop_assert!(a_name.starts_with(|c: char| c.is_ascii_alphanumeric()));
            prop_assert_eq!((a, scopes[0]) == (b, scopes[1]), a_name == b_name);
            prop_assert_eq!(scopes[0] == scopes[1], name(a, scopes[0]) == name(a, scopes[1]));
        }
    }
}
