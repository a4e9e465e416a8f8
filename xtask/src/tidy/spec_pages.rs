//! A format's page and its module change together.
//!
//! The first line of a page in `spec/` is `<!-- modules: crates/…/a.rs crates/…/b.rs; checked: SUM -->`. The sum is
//! taken over the lines of these modules between `// spec: begin` and `// spec: end`: the constants and types that
//! define the format. Whoever changes them reads the page again, and says so with `cargo xtask tidy --fix`.

use super::tree::Tree;
use super::{Finding, Fix};
use std::collections::BTreeSet;

const BEGIN: &str = "// spec: begin";
const END: &str = "// spec: end";

/// The first line of a page.
struct Front<'a> {
    modules: Vec<&'a str>,
    checked: &'a str,
}

/// Pages that no source mentions, sources that mention no page, and pages that their modules have left behind.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut mentioned = BTreeSet::new();
    for (path, source) in tree.crate_sources() {
        for line in source.lines() {
            for page in mentions(line.text) {
                if tree.text(&page).is_none() {
                    findings.push(Finding::at(path, line.number, format!("{page} does not exist")));
                }
                mentioned.insert(page);
            }
        }
    }
    for (path, text) in pages(tree) {
        if !mentioned.contains(path) {
            findings.push(Finding::file(path, "no source refers to this page"));
        }
        findings.extend(judge_page(tree, path, text).err());
    }
    findings
}

/// The pages with the sums that their modules have now.
pub(super) fn fix(tree: &Tree) -> Vec<Fix> {
    let mut fixes = Vec::new();
    for (path, text) in pages(tree) {
        let Some(front) = front(text) else { continue };
        if let Ok(sum) = sum(tree, path, &front.modules)
            && sum != front.checked
        {
            let line = format!("<!-- modules: {}; checked: {sum} -->", front.modules.join(" "));
            let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
            fixes.push(Fix { path: path.to_owned(), text: format!("{line}\n{rest}") });
        }
    }
    fixes
}

fn pages(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.files().filter(|(path, _)| path.starts_with("spec/") && path.ends_with(".md"))
}

fn judge_page(tree: &Tree, path: &str, text: &str) -> Result<(), Finding> {
    let front = front(text).ok_or_else(|| {
        Finding::at(path, 1, "the first line must be `<!-- modules: crates/…/a.rs …; checked: SUM -->`")
    })?;
    let sum = sum(tree, path, &front.modules)?;
    if sum != front.checked {
        let modules = front.modules.join(", ");
        let message = format!("{modules} changed; read the page again, mend it, then `cargo xtask tidy --fix`");
        return Err(Finding::at(path, 1, message));
    }
    Ok(())
}

fn front(text: &str) -> Option<Front<'_>> {
    let line = text.lines().next()?.strip_prefix("<!-- modules: ")?.strip_suffix(" -->")?;
    let (modules, checked) = line.split_once("; checked:")?;
    let modules: Vec<&str> = modules.split_whitespace().collect();
    (!modules.is_empty()).then_some(Front { modules, checked: checked.trim() })
}

/// The sum over the marked lines of all `modules` in their order.
fn sum(tree: &Tree, page: &str, modules: &[&str]) -> Result<String, Finding> {
    let mut hash = Fnv::default();
    for module in modules {
        let text = tree.text(module).ok_or_else(|| Finding::at(page, 1, format!("{module} does not exist")))?;
        let mut inside = false;
        let mut regions = 0;
        for (index, line) in text.lines().enumerate() {
            match line.trim() {
                BEGIN if !inside => (inside, regions) = (true, regions + 1),
                END if inside => inside = false,
                BEGIN | END => return Err(Finding::at(module, index + 1, "unpaired spec marker")),
                _ if inside => hash.add(line),
                _ => {}
            }
        }
        if regions == 0 || inside {
            return Err(Finding::file(module, format!("{page} needs a region from `{BEGIN}` to `{END}` in here")));
        }
    }
    Ok(format!("{:016x}", hash.0))
}

/// Every `spec/NAME.md` in a line.
fn mentions(line: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/');
    let starts = line.match_indices("spec/").filter(|(offset, _)| !line[..*offset].ends_with(is_name));
    let names = starts.filter_map(|(offset, _)| {
        let rest = &line[offset..];
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        rest[end..].starts_with(".md").then(|| format!("{}.md", &rest[..end]))
    });
    names.collect()
}

/// FNV-1a, 64 bits: enough to see that something changed, and the same everywhere.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests;
