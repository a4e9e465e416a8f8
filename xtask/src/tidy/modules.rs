//! Which file a `mod name;` means, and which files are tests because of where they stand or who declares them.

use super::source::{Source, head_end, line_of, words};
use std::collections::{BTreeMap, BTreeSet};

/// One `mod name;` of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    /// Files that it may mean, from the repository's root; the one that exists counts.
    pub(crate) candidates: Vec<String>,
    /// Declared only for tests.
    pub(crate) test: bool,
}

/// The `mod name;` lines of the source at `path`. Those inside an inline module are not understood: such a file is
/// reported as an orphan, and is better moved out of there.
pub(crate) fn declarations(path: &str, source: &Source) -> Vec<Declaration> {
    let code = source.code();
    let mut found = Vec::new();
    let mut list = words(code).peekable();
    while let Some((offset, word)) = list.next() {
        let Some(&(_, name)) = list.peek().filter(|_| word == "mod") else { continue };
        if head_end(code, offset).is_some_and(|end| code.as_bytes()[end] == b';') {
            let number = line_of(code, offset);
            let candidates = match path_attribute(source, number) {
                Some(file) => vec![join(folder_of(path), &file)],
                None => candidates(path, name),
            };
            found.push(Declaration { candidates, test: source.is_test(number) });
        }
    }
    found
}

/// Whether a file is the root of a crate, a test or a program, so that no other file declares it.
pub(crate) fn is_root(path: &str, named_in_manifests: &BTreeSet<String>) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let by_place = match parts.as_slice() {
        [.., "src", "lib.rs" | "main.rs"] | [.., "src", "bin", _] | [.., "build.rs"] => true,
        [.., "tests" | "benches" | "examples", _] => !path.contains("/src/"),
        [.., "tests" | "benches" | "examples", _, "main.rs"] => true,
        _ => false,
    };
    by_place || named_in_manifests.contains(path)
}

/// Marks as tests: everything outside `src`, what a test-only `mod` declares, and what those declare in turn.
pub(crate) fn mark_test_files(sources: &mut BTreeMap<String, Source>) {
    let mut pending: Vec<String> = Vec::new();
    for (path, source) in sources.iter() {
        if path.contains("/tests/") || path.contains("/benches/") || path.contains("/examples/") {
            pending.push(path.clone());
        }
        let test_only = declarations(path, source).into_iter().filter(|declaration| declaration.test);
        pending.extend(test_only.flat_map(|declaration| declaration.candidates));
    }
    let mut seen = BTreeSet::new();
    while let Some(path) = pending.pop() {
        let Some(source) = sources.get_mut(&path).filter(|_| seen.insert(path.clone())) else { continue };
        source.mark_as_test();
        pending.extend(declarations(&path, source).into_iter().flat_map(|declaration| declaration.candidates));
    }
}

/// The folder of a path; `""` is the root.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn candidates(path: &str, name: &str) -> Vec<String> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let own = matches!(stem, "lib" | "main" | "mod") || is_root(path, &BTreeSet::new());
    let base = if own { folder.to_owned() } else { join(folder, stem) };
    vec![join(&base, &format!("{name}.rs")), join(&base, &format!("{name}/mod.rs"))]
}

/// The value of `#[path = "…"]` on one of the lines of attributes above `number`.
fn path_attribute(source: &Source, number: usize) -> Option<String> {
    let lines: Vec<&str> = source.text().lines().take(number).collect();
    let attributes = lines.iter().rev().skip(1).take_while(|line| line.trim().starts_with("#["));
    let line = attributes.into_iter().find_map(|line| line.trim().strip_prefix("#[path = \""))?;
    line.split_once('"').map(|(file, _)| file.to_owned())
}

fn join(folder: &str, file: &str) -> String {
    if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(path: &str, text: &str) -> Vec<String> {
        declarations(path, &Source::new(text)).remove(0).candidates
    }

    #[test]
    fn a_declaration_means_a_file_beside_or_below() {
        assert_eq!(first("crates/a/src/lib.rs", "mod b;"), ["crates/a/src/b.rs", "crates/a/src/b/mod.rs"]);
        assert_eq!(first("crates/a/src/b.rs", "pub mod c;"), ["crates/a/src/b/c.rs", "crates/a/src/b/c/mod.rs"]);
        assert_eq!(first("crates/a/tests/e2e/main.rs", "mod c;")[0], "crates/a/tests/e2e/c.rs");
        assert_eq!(first("a/src/b.rs", "#[path = \"odd.rs\"]\nmod c;"), ["a/src/odd.rs"]);
    }

    #[test]
    fn inline_modules_and_comments_declare_nothing() {
        assert_eq!(declarations("a/src/lib.rs", &Source::new("mod a { fn f() {} }\n// mod b;\n")), []);
    }

    #[test]
    fn test_only_declarations_mark_their_files_all_the_way_down() {
        let texts = [
            ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod tests;\n"),
            ("a/src/b.rs", "fn f() {}\n"),
            ("a/src/tests.rs", "mod deep;\n"),
            ("a/src/tests/deep.rs", "fn g() {}\n"),
            ("a/tests/e2e/main.rs", "fn h() {}\n"),
        ];
        let mut sources: BTreeMap<String, Source> =
            texts.iter().map(|&(path, text)| (path.to_owned(), Source::new(text))).collect();
        mark_test_files(&mut sources);
        let test: Vec<&str> =
            sources.iter().filter(|(_, s)| s.lines().all(|line| line.test)).map(|(path, _)| path.as_str()).collect();
        assert_eq!(test, ["a/src/tests.rs", "a/src/tests/deep.rs", "a/tests/e2e/main.rs"]);
    }
}
