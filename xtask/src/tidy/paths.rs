//! The repository speaks of the software alone: no path of somebody's machine in it.

use super::Finding;
use super::tree::Tree;

/// First folders of absolute paths that exist on one machine only.
const FOLDERS: &[&str] = &["work", "root", "home"];

/// Absolute paths into [`FOLDERS`] in any text.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        for (index, line) in text.lines().enumerate() {
            let found = FOLDERS.iter().find(|folder| names(line, folder));
            findings.extend(found.map(|folder| Finding::at(path, index + 1, format!("absolute path into /{folder}"))));
        }
    }
    findings
}

fn names(line: &str, folder: &str) -> bool {
    let part_of_a_longer_path = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '}' | '*' | '~');
    line.match_indices(&format!("/{folder}/")).any(|(offset, _)| !line[..offset].ends_with(part_of_a_longer_path))
}

#[cfg(test)]
mod tests {
    use super::{FOLDERS, find};
    use crate::tidy::judge;

    #[test]
    fn relative_paths_and_urls_pass() {
        for folder in FOLDERS {
            let text = format!("a/{folder}/b ./{folder}/b https://host/{folder}/b $HOME/b ~/{folder}/b {folder}/b\n");
            assert_eq!(judge(find, &[("a.md", &text)]), [""; 0]);
        }
    }

    #[test]
    fn absolute_paths_fail() {
        for folder in FOLDERS {
            let text = format!("fine\nsee \"/{folder}/someone/file\"\n");
            assert_eq!(judge(find, &[("a.md", &text)]), [format!("a.md:2: absolute path into /{folder}")]);
        }
    }
}
