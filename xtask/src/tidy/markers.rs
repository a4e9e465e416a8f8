//! Nothing is left for later: what is not done is not in the repository.

use super::Finding;
use super::source::words;
use super::tree::Tree;

/// The markers, in pieces so that this file does not hold them.
const WORDS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACROS: &[&str] = &[concat!("to", "do!"), concat!("un", "implemented!")];

/// Markers of unfinished work in any text, comments included.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    // The lock's checksums are not ours.
    for (path, text) in tree.files().filter(|(path, _)| *path != "Cargo.lock") {
        for (index, line) in text.lines().enumerate() {
            findings.extend(marker(line).map(|marker| Finding::at(path, index + 1, format!("left-over {marker}"))));
        }
    }
    findings
}

fn marker(line: &str) -> Option<&'static str> {
    let is_marker = |(offset, word): (usize, &str)| {
        let as_macro =
            |name: &str| name.strip_suffix('!') == Some(word) && line[offset + word.len()..].starts_with('!');
        WORDS.iter().find(|name| **name == word).or_else(|| MACROS.iter().find(|name| as_macro(name)))
    };
    words(line).find_map(is_marker).copied()
}

#[cfg(test)]
mod tests {
    use super::{MACROS, WORDS, find};
    use crate::tidy::judge;

    #[test]
    fn longer_words_pass() {
        let text = format!("{}S {}X {}_y\n{}(\n", WORDS[0], WORDS[2], WORDS[1], MACROS[0].trim_end_matches('!'));
        assert_eq!(judge(find, &[("a.md", &text)]), [""; 0]);
    }

    #[test]
    fn every_marker_fails_in_every_kind_of_file() {
        for marker in WORDS.iter().chain(MACROS) {
            let text = format!("one\n// ({marker}): later\n");
            for path in ["a.rs", "a.md", "a.toml", ".ci/run"] {
                assert_eq!(judge(find, &[(path, &text)]), [format!("{path}:2: left-over {marker}")]);
            }
        }
    }
}
