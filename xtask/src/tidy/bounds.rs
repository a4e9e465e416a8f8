//! Every bound stands in `limits.rs`.

use super::Finding;
use super::source::{has_reason, words};
use super::tree::Tree;

const LIMITS: &str = "crates/helio-core/src/limits.rs";

/// Words of a constant's name that make it a bound.
const WORDS: &[&str] = &["MAX", "MIN", "LIMIT", "TIMEOUT", "BURST", "BACKOFF", "QUEUE"];
const TYPES: &[&str] = &["usize", "u64", "u32", "u16", "u8", "i64", "i32", "Duration"];

/// The comment, right above the constant, by which it is declared to be something else.
const EXCEPTION: &str = "tidy: not a bound:";

/// Numbers and durations in the sources of our crates that are bounds by their name. Tests may have their own.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.crate_sources().filter(|(path, _)| *path != LIMITS && path.contains("/src/")) {
        let mut above = "";
        for line in source.lines() {
            if let Some(name) = bound(line.code).filter(|_| !line.test && !has_reason(above, EXCEPTION)) {
                let message = format!("{name} is a bound and belongs in {LIMITS}; if not: `// {EXCEPTION} <reason>`");
                findings.push(Finding::at(path, line.number, message));
            }
            above = line.text;
        }
    }
    findings
}

/// The name, when a line declares a constant that is a bound.
fn bound(code: &str) -> Option<&str> {
    let (head, _) = code.split_once('=')?;
    let (before, kind) = head.split_once(':')?;
    let mut list = words(before).map(|(_, word)| word).skip_while(|word| !matches!(*word, "const" | "static"));
    let name = list.nth(1)?;
    let number = words(kind).last().is_some_and(|(_, word)| TYPES.contains(&word));
    let named = name.split('_').any(|part| WORDS.contains(&part.trim_end_matches('S')));
    (number && named).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{bound, find};
    use crate::tidy::judge;

    #[test]
    fn names_and_types_decide() {
        for code in [
            "const LINE_MAX: usize = 512;",
            "pub const IDLE_TIMEOUT: Duration = Duration::from_secs(1);",
            "    pub(crate) const MAX: u32 = 1;",
            "static QUEUES: usize = 4;",
            "const WAIT_LIMIT: core::time::Duration = X;",
        ] {
            assert!(bound(code).is_some(), "{code}");
        }
        for code in [
            "const PORT: u16 = 65432;",
            "const SECONDS_PER_MINUTE: u64 = 60;",
            "const MAX_TEXT: &str = \"\";",
            "let line_max: usize = 512;",
            "fn f<const MAX: usize>() {}",
        ] {
            assert!(bound(code).is_none(), "{code}");
        }
    }

    #[test]
    fn bounds_in_their_table_or_in_tests_or_with_a_reason_pass() {
        let bound = "const LINE_MAX: usize = 512;\n";
        let files = [
            ("crates/helio-core/src/limits.rs", bound),
            ("crates/helio-core/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n    {bound}}}\n")),
            ("crates/helio-core/src/b.rs", &format!("// tidy: not a bound: the format's own size\n{bound}")),
            ("crates/heliograph/tests/e2e/main.rs", bound),
        ];
        assert_eq!(judge(find, &files), [""; 0]);
    }

    #[test]
    fn a_bound_elsewhere_fails_and_so_does_an_empty_reason() {
        let text = "// tidy: not a bound:\npub const LINE_MAX: usize = 512;\n";
        assert_eq!(
            judge(find, &[("crates/helio-net/src/tcp.rs", text)]),
            ["crates/helio-net/src/tcp.rs:2: LINE_MAX is a bound and belongs in crates/helio-core/src/limits.rs; \
              if not: `// tidy: not a bound: <reason>`"]
        );
    }
}
