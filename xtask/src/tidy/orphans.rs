//! Every source is part of something: a file that no `mod` reaches is not even compiled.

use super::Finding;
use super::modules::{declarations, is_root};
use super::tree::Tree;
use std::collections::BTreeSet;

/// Rust files that no crate, test or program reaches.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let named = named_in_manifests(tree);
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut pending: Vec<String> =
        tree.sources().map(|(path, _)| path.to_owned()).filter(|path| is_root(path, &named)).collect();
    while let Some(path) = pending.pop() {
        if let Some(source) = tree.source(&path).filter(|_| reached.insert(path.clone())) {
            pending.extend(declarations(&path, source).into_iter().flat_map(|declaration| declaration.candidates));
        }
    }
    let orphans = tree.sources().filter(|(path, _)| !reached.contains(*path));
    orphans.map(|(path, _)| Finding::file(path, "no `mod` reaches this file, so it is never compiled")).collect()
}

/// The files that manifests name as `path` of a program, test, bench or example.
fn named_in_manifests(tree: &Tree) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (folder, manifest) in tree.packages() {
        for kind in ["bin", "test", "bench", "example"] {
            let targets = manifest.get(kind).and_then(toml::Value::as_array).into_iter().flatten();
            let paths = targets.filter_map(|target| target.get("path")).filter_map(toml::Value::as_str);
            named.extend(paths.map(|path| format!("{folder}/{path}")));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    #[test]
    fn reached_files_pass() {
        let files = [
            ("crates/a/Cargo.toml", "[[test]]\nname = \"x\"\npath = \"odd/place.rs\"\n"),
            ("crates/a/src/lib.rs", "mod b;\nmod c;\n"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\n"),
            ("crates/a/src/b/tests.rs", ""),
            ("crates/a/src/c/mod.rs", ""),
            ("crates/a/odd/place.rs", ""),
            ("crates/a/tests/e2e/main.rs", "mod d;\n"),
            ("crates/a/tests/e2e/d.rs", ""),
        ];
        assert_eq!(judge(find, &files), [""; 0]);
    }

    #[test]
    fn a_forgotten_file_fails_and_so_does_what_only_it_declares() {
        let files = [
            ("crates/a/src/lib.rs", "// mod b;\n"),
            ("crates/a/src/b.rs", "mod c;\n"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/tests/e2e/d.rs", ""),
        ];
        assert_eq!(
            judge(find, &files),
            [
                "crates/a/src/b.rs: no `mod` reaches this file, so it is never compiled",
                "crates/a/src/b/c.rs: no `mod` reaches this file, so it is never compiled",
                "crates/a/tests/e2e/d.rs: no `mod` reaches this file, so it is never compiled",
            ]
        );
    }
}
