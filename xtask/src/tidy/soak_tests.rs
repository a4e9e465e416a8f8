//! A test is ignored for one reason only: it is long and belongs to `cargo xtask soak`, which runs all ignored ones.

use super::Finding;
use super::tree::Tree;

const ATTRIBUTE: &str = "#[ignore = \"soak\"]";

/// Ignored tests that no one would ever run, or that are not meant for a soak.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        for line in
            source.lines().filter(|line| line.code.trim().starts_with("#[ignore") && line.text.trim() != ATTRIBUTE)
        {
            findings.push(Finding::at(path, line.number, format!("the only way to ignore a test is {ATTRIBUTE}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    #[test]
    fn soak_tests_pass() {
        assert_eq!(judge(find, &[("a.rs", "#[test]\n#[ignore = \"soak\"]\nfn long() {}\n")]), [""; 0]);
    }

    #[test]
    fn other_ignored_tests_fail() {
        assert_eq!(
            judge(find, &[("a.rs", "#[ignore]\nfn a() {}\n#[ignore = \"flaky\"]\nfn b() {}\n")]),
            [
                "a.rs:1: the only way to ignore a test is #[ignore = \"soak\"]",
                "a.rs:3: the only way to ignore a test is #[ignore = \"soak\"]",
            ]
        );
    }
}
