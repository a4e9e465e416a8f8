//! The workspace's own form: lints everywhere, few test binaries, and the commands that people were told.

use super::Finding;
use super::tree::Tree;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Commands that a file must go on to name, because people and machines rely on them.
const COMMANDS: &[(&str, &str)] = &[
    ("README.md", "cargo run --release -- serve"),
    ("README.md", "cargo xtask test"),
    ("CONTRIBUTING.md", "cargo xtask test"),
    (".ci/run", "cargo xtask test"),
];

/// Packages without the workspace's lints, libraries with documentation tests, packages with more than one binary of
/// integration tests, and commands that are no longer named.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (folder, manifest) in tree.packages() {
        let path = format!("{folder}/Cargo.toml");
        if entry(manifest, "lints", "workspace") != Some(&Value::Boolean(true)) {
            findings.push(Finding::file(&path, "must take the workspace's lints: `[lints] workspace = true`"));
        }
        let library = tree.text(&format!("{folder}/src/lib.rs")).is_some();
        if library && entry(manifest, "lib", "doctest") != Some(&Value::Boolean(false)) {
            findings.push(Finding::file(&path, "must not build documentation tests: `[lib] doctest = false`"));
        }
        let binaries = test_binaries(tree, folder, manifest);
        if binaries.len() > 1 {
            let list = binaries.into_iter().collect::<Vec<_>>().join(", ");
            findings.push(Finding::file(&path, format!("has several binaries of integration tests: {list}")));
        }
    }
    for (path, command) in COMMANDS {
        if !tree.text(path).is_some_and(|text| text.contains(command)) {
            findings.push(Finding::file(path, format!("must name the command `{command}`")));
        }
    }
    findings
}

fn entry<'a>(manifest: &'a Table, table: &str, key: &str) -> Option<&'a Value> {
    manifest.get(table)?.get(key)
}

/// The root files of a package's integration tests: found by their place, or named in its manifest.
fn test_binaries(tree: &Tree, folder: &str, manifest: &Table) -> BTreeSet<String> {
    let named = manifest.get("test").and_then(Value::as_array).into_iter().flatten();
    let mut roots: BTreeSet<String> =
        named.filter_map(|test| test.get("path")).filter_map(Value::as_str).map(str::to_owned).collect();
    for (path, _) in tree.sources() {
        let Some(inside) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix("/tests/")) else { continue };
        let parts: Vec<&str> = inside.split('/').collect();
        if matches!(parts.as_slice(), [_] | [_, "main.rs"]) {
            roots.insert(format!("tests/{inside}"));
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, find};
    use crate::tidy::judge;

    const MANIFEST: &str = "[lints]\nworkspace = true\n[lib]\ndoctest = false\n";

    /// What is found about a package, in a repository whose commands are all named.
    fn judge_package(manifest: &str, sources: &[&str]) -> Vec<String> {
        let commands: String = COMMANDS.iter().map(|(_, command)| format!("{command}\n")).collect();
        let mut files = vec![("crates/a/Cargo.toml", manifest), ("crates/a/src/lib.rs", "")];
        files.extend(sources.iter().map(|path| (*path, "")));
        files.extend(COMMANDS.iter().map(|(path, _)| (*path, commands.as_str())));
        judge(find, &files)
    }

    #[test]
    fn a_package_in_form_passes() {
        let manifest = format!("{MANIFEST}[[test]]\nname = \"e2e\"\npath = \"tests/e2e/main.rs\"\n");
        assert_eq!(judge_package(&manifest, &["crates/a/tests/e2e/main.rs", "crates/a/tests/e2e/echo.rs"]), [""; 0]);
    }

    #[test]
    fn missing_lints_and_documentation_tests_fail() {
        assert_eq!(
            judge_package("[lints]\nworkspace = false\n", &[]),
            [
                "crates/a/Cargo.toml: must take the workspace's lints: `[lints] workspace = true`",
                "crates/a/Cargo.toml: must not build documentation tests: `[lib] doctest = false`",
            ]
        );
    }

    #[test]
    fn a_second_test_binary_fails() {
        assert_eq!(
            judge_package(MANIFEST, &["crates/a/tests/e2e/main.rs", "crates/a/tests/other.rs"]),
            ["crates/a/Cargo.toml: has several binaries of integration tests: tests/e2e/main.rs, tests/other.rs"]
        );
    }

    #[test]
    fn a_command_that_is_no_longer_named_fails() {
        let all: Vec<String> =
            COMMANDS.iter().map(|(path, command)| format!("{path}: must name the command `{command}`")).collect();
        assert_eq!(judge(find, &[]), all);
    }
}
