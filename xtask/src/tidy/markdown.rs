//! Markdown reads the same everywhere: no tabs, no spaces at the end of a line, a newline at the end of the file.

use super::Finding;
use super::tree::Tree;

/// Tabs, spaces at line ends and missing last newlines in Markdown files.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        for (index, line) in text.split('\n').enumerate() {
            if line.contains('\t') {
                findings.push(Finding::at(path, index + 1, "tab"));
            }
            if line.ends_with([' ', '\r']) {
                findings.push(Finding::at(path, index + 1, "white space at the end of the line"));
            }
        }
        if !text.ends_with('\n') {
            findings.push(Finding::file(path, "no newline at the end"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    #[test]
    fn clean_text_passes_and_other_files_are_not_read() {
        assert_eq!(judge(find, &[("a.md", "# A\n\ntext\n"), ("a.txt", "\t \n")]), [""; 0]);
    }

    #[test]
    fn invisible_characters_fail() {
        assert_eq!(
            judge(find, &[("a.md", "a\tb\nc \nd")]),
            ["a.md:1: tab", "a.md:2: white space at the end of the line", "a.md: no newline at the end"]
        );
    }
}
