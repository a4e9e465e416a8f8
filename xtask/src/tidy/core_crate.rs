//! helio-core stays pure: `no_std`, few dependencies of its own and in all, and a `clippy.toml` with the bans.

use super::Finding;
use super::tree::{Tree, dependencies};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "crates/helio-core";

/// What helio-core may depend on directly. Each is usable without `std` and does no I/O.
const DIRECT: &[&str] = &[
    "hmac",
    "ipnet",
    "jiff",
    "libm",
    "pbkdf2",
    "precis-core",
    "precis-profiles",
    "serde",
    "serde_json",
    "sha2",
    "subtle",
    "thiserror",
    "unicode-security",
];

/// What may be in the tree below [`DIRECT`] according to Cargo.lock, which also lists what only some targets or
/// build steps need.
const RESOLVED: &[&str] = &[
    // The data formats and numbers of serde_json; logging and atomics that jiff names for other targets.
    "itoa",
    "jiff-core",
    "log",
    "memchr",
    "portable-atomic",
    "portable-atomic-util",
    "serde_core",
    "zmij",
    // The tables of Unicode names: PRECIS, and which characters look alike.
    "tinyvec",
    "unicode-normalization",
    "unicode-script",
    // What the hashes of SCRAM are made of; some only for an older generation of them that another crate brings, libc only
    // for other processors.
    "block-buffer",
    "cfg-if",
    "cmov",
    "cpufeatures",
    "crypto-common",
    "ctutils",
    "digest",
    "generic-array",
    "hybrid-array",
    "libc",
    "typenum",
    "version_check",
    // Run in the compiler, or in the build script that makes the PRECIS tables, only.
    "aho-corasick",
    "precis-tools",
    "regex",
    "regex-automata",
    "regex-lite",
    "regex-syntax",
    "ucd-parse",
    "jiff-static",
    "proc-macro2",
    "quote",
    "serde_derive",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

/// Paths that the crate's own `clippy.toml` must ban: `no_std` keeps them out of the crate, this out of its tests.
const BANS: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::env::var",
    "std::fs::File::open",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::net::TcpStream",
    "std::net::UdpSocket",
];

/// Everything by which helio-core would stop being pure.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = direct(tree);
    findings.extend(resolved(tree));
    findings.extend(no_std(tree));
    findings.extend(bans(tree));
    findings
}

fn direct(tree: &Tree) -> Vec<Finding> {
    let path = format!("{FOLDER}/Cargo.toml");
    let Some(manifest) = tree.manifest(FOLDER) else {
        return vec![Finding::file(&path, "is missing")];
    };
    let names = ["dependencies", "build-dependencies"].into_iter().flat_map(|kind| dependencies(manifest, kind));
    names
        .filter(|name| !DIRECT.contains(name))
        .map(|name| Finding::file(&path, format!("{name} is not on helio-core's list of dependencies")))
        .collect()
}

fn resolved(tree: &Tree) -> Vec<Finding> {
    let path = "Cargo.lock";
    let Some(lock) = tree.text(path).and_then(|text| text.parse::<toml::Table>().ok()) else {
        return vec![Finding::file(path, "is missing or is not TOML")];
    };
    let below = edges(&lock);
    let own = tree.manifest(FOLDER).map(|manifest| dependencies(manifest, "dependencies")).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    let mut pending: Vec<(&str, &str)> = own.into_iter().map(|name| (name, "helio-core")).collect();
    while let Some((name, parent)) = pending.pop() {
        if !seen.insert(name) {
            continue;
        }
        if parent != "helio-core" && !RESOLVED.contains(&name) && !DIRECT.contains(&name) {
            findings.push(Finding::file(path, format!("{name}, through {parent}, is new in helio-core's tree")));
        }
        pending.extend(below.get(name).into_iter().flatten().map(|&child| (child, name)));
    }
    findings
}

/// Package name → names of its dependencies, from a parsed Cargo.lock; versions of one name are taken together.
fn edges(lock: &toml::Table) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let Some(name) = package.get("name").and_then(toml::Value::as_str) else { continue };
        let list = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        // An entry is "name", or "name version" where several versions are in the lock.
        let names = list.filter_map(toml::Value::as_str).filter_map(|entry| entry.split(' ').next());
        edges.entry(name).or_default().extend(names);
    }
    edges
}

fn no_std(tree: &Tree) -> Vec<Finding> {
    let path = format!("{FOLDER}/src/lib.rs");
    let Some(source) = tree.source(&path) else {
        return vec![Finding::file(&path, "is missing")];
    };
    let mut findings = Vec::new();
    if source.code().split_whitespace().next() != Some("#![no_std]") {
        findings.push(Finding::file(&path, "must begin, after its documentation, with #![no_std]"));
    }
    for (path, source) in tree.sources().filter(|(path, _)| path.starts_with(&format!("{FOLDER}/src/"))) {
        let std = source.lines().filter(|line| !line.test && line.code.contains("extern crate std"));
        findings.extend(std.map(|line| Finding::at(path, line.number, "`extern crate std` is only for #[cfg(test)]")));
    }
    findings
}

fn bans(tree: &Tree) -> Vec<Finding> {
    let path = format!("{FOLDER}/clippy.toml");
    let text = tree.text(&path).unwrap_or_default();
    let missing = BANS.iter().filter(|ban| !text.contains(&format!("path = \"{ban}\"")));
    missing.map(|ban| Finding::file(&path, format!("must ban {ban}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::{BANS, find};
    use crate::tidy::judge;

    const LIB: &str = "//! Pure.\n\n#![no_std]\n\nextern crate alloc;\n#[cfg(test)]\nextern crate std;\n";
    const MANIFEST: &str = "[dependencies]\nserde = {}\n[dev-dependencies]\nproptest = {}\n";
    const LOCK: &str =
        "[[package]]\nname = \"serde\"\ndependencies = [\"serde_core\"]\n[[package]]\nname = \"serde_core\"\n";

    fn judge_core(manifest: &str, lock: &str, lib: &str, clippy: &str) -> Vec<String> {
        let files = [
            ("Cargo.lock", lock),
            ("crates/helio-core/Cargo.toml", manifest),
            ("crates/helio-core/src/lib.rs", lib),
            ("crates/helio-core/clippy.toml", clippy),
        ];
        judge(find, &files)
    }

    fn all_bans() -> String {
        BANS.iter().map(|ban| format!("{{ path = \"{ban}\" }},\n")).collect()
    }

    #[test]
    fn a_pure_core_passes() {
        assert_eq!(judge_core(MANIFEST, LOCK, LIB, &all_bans()), [""; 0]);
    }

    #[test]
    fn a_dependency_off_the_list_fails() {
        let manifest = "[dependencies]\ntokio = {}\n";
        assert_eq!(
            judge_core(manifest, LOCK, LIB, &all_bans()),
            ["crates/helio-core/Cargo.toml: tokio is not on helio-core's list of dependencies"]
        );
    }

    #[test]
    fn a_newcomer_deep_in_the_tree_fails_and_is_traced() {
        let lock = "[[package]]\nname = \"serde\"\ndependencies = [\"serde_core 1.0.0\"]\n\
                    [[package]]\nname = \"serde_core\"\ndependencies = [\"mio\"]\n";
        assert_eq!(
            judge_core(MANIFEST, lock, LIB, &all_bans()),
            ["Cargo.lock: mio, through serde_core, is new in helio-core's tree"]
        );
    }

    #[test]
    fn std_outside_tests_fails() {
        assert_eq!(
            judge_core(MANIFEST, LOCK, "//! Docs.\nextern crate std;\n", &all_bans()),
            [
                "crates/helio-core/src/lib.rs: must begin, after its documentation, with #![no_std]",
                "crates/helio-core/src/lib.rs:2: `extern crate std` is only for #[cfg(test)]",
            ]
        );
    }

    #[test]
    fn a_missing_ban_fails() {
        let without_one = all_bans().replace("std::thread::sleep", "std::thread::yield_now");
        assert_eq!(
            judge_core(MANIFEST, LOCK, LIB, &without_one),
            ["crates/helio-core/clippy.toml: must ban std::thread::sleep"]
        );
    }
}
