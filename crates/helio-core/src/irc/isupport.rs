//! RPL_ISUPPORT: what the server can do, as `KEY` and `KEY=value` tokens (modern.ircdocs.horse "RPL_ISUPPORT").

use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// The tokens as the middle parameters of RPL_ISUPPORT lines, in their order: each line has at most
/// [`limits::IRC_ISUPPORT_TOKENS`] of them and at most `budget` bytes with the spaces between.
///
/// What cannot stand in a value is escaped as `\xHH`. A token larger than the budget gets a line of its own.
#[must_use]
pub fn lines<K: AsRef<str>>(tokens: &[(K, Option<String>)], budget: usize) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut used = 0;
    for (key, value) in tokens {
        let token = token(key.as_ref(), value.as_deref());
        match lines.last_mut() {
            Some(line) if line.len() < limits::IRC_ISUPPORT_TOKENS && used + 1 + token.len() <= budget => {
                used += 1 + token.len();
                line.push(token);
            }
            _ => {
                used = token.len();
                lines.push([token].into());
            }
        }
    }
    lines
}

/// One token. An empty value is written as `KEY=`, which some tokens tell from none.
#[must_use]
pub fn token(key: &str, value: Option<&str>) -> String {
    let mut token = String::from(key);
    if let Some(value) = value {
        token.push('=');
        for c in value.chars() {
            match c {
                ' ' => token.push_str("\\x20"),
                '\\' => token.push_str("\\x5C"),
                '=' => token.push_str("\\x3D"),
                '\0' | '\r' | '\n' => {}
                c => token.push(c),
            }
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn values_are_escaped() {
        assert_eq!(token("NETWORK", Some("Our Net=\\\r\n")), "NETWORK=Our\\x20Net\\x3D\\x5C");
        assert_eq!(token("EXCEPTS", None), "EXCEPTS");
        assert_eq!(token("SILENCE", Some("")), "SILENCE=");
    }

    #[test]
    fn a_line_has_thirteen_tokens_at_most() {
        let tokens: Vec<_> = (0..30).map(|n| (format!("K{n}"), None)).collect();
        let lines = lines(&tokens, 1_000);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [13, 13, 4]);
        assert_eq!(lines.concat().last().map(String::as_str), Some("K29"));
    }

    #[test]
    fn a_line_keeps_to_its_bytes() {
        let tokens = [("AAAA", None), ("BBBB", None), ("C", Some("12".into())), ("D", None)];
        assert_eq!(lines(&tokens, 9), [["AAAA", "BBBB"], ["C=12", "D"]]);
        assert_eq!(lines(&tokens, 2).len(), 4);
        assert_eq!(lines::<&str>(&[], 9), Vec::<Vec<String>>::new());
    }
}
