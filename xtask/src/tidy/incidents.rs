//! docs/incidents.md says which tests show what: each of them must be there, and each class must have one.

use super::Finding;
use super::source::{Source, closing, head_end, line_of, words};
use super::tree::Tree;

const PAGE: &str = "docs/incidents.md";

/// Tests that the page names and nobody can run, and classes without any.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.text(PAGE) else { return vec![Finding::file(PAGE, "this page does not exist")] };
    let mut findings = Vec::new();
    // The class that is being read: its line, and whether it has a test.
    let mut class: Option<(usize, bool)> = None;
    let bare = |class: Option<(usize, bool)>| {
        let (line, _) = class.filter(|(_, has_test)| !has_test)?;
        Some(Finding::at(PAGE, line, "no test shows this"))
    };
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("## ") {
            findings.extend(bare(class.replace((index + 1, false))));
        }
        let Some(name) = line.strip_prefix("- `").and_then(|rest| rest.strip_suffix('`')) else { continue };
        class = class.map(|(line, _)| (line, true));
        if !is_test(tree, name) {
            findings.push(Finding::at(PAGE, index + 1, format!("there is no test {name}")));
        }
    }
    findings.extend(bare(class));
    findings
}

/// Whether `name`, the path of a function from the name of its crate on, is a test.
fn is_test(tree: &Tree, name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let [krate, modules @ .., function] = parts.as_slice() else { return false };
    let root = match *krate {
        "xtask" => "xtask/src".to_owned(),
        "e2e" => "crates/heliograph/tests/e2e".to_owned(),
        krate => format!("crates/{}/src", krate.replace('_', "-")),
    };
    // A test is in the file of its module, or in a module inside that of its parent.
    let file = |modules: &[&str]| tree.source(&format!("{root}/{}.rs", modules.join("/")));
    let inline = modules.split_last().and_then(|(last, outer)| Some((file(outer)?, *last)));
    file(modules).is_some_and(|source| has_test(source, function, None))
        || inline.is_some_and(|(source, module)| has_test(source, function, Some(module)))
}

/// Whether a function of this name stands below the attribute of a test, in the module `inside` of this file, or in none.
fn has_test(source: &Source, function: &str, inside: Option<&str>) -> bool {
    let code = source.code();
    let functions =
        words(code).zip(words(code).skip(1)).filter(|((_, word), (_, name))| *word == "fn" && *name == function);
    functions
        .map(|((offset, _), _)| offset)
        .any(|offset| module_around(code, offset) == inside && is_marked(source, line_of(code, offset)))
}

/// The innermost inline module around a place.
fn module_around(code: &str, place: usize) -> Option<&str> {
    let modules = words(code).zip(words(code).skip(1)).filter(|((_, word), _)| *word == "mod");
    let around = modules.filter(|((offset, _), _)| {
        head_end(code, *offset)
            .is_some_and(|open| code.as_bytes()[open] == b'{' && (open..closing(code, open)).contains(&place))
    });
    around.last().map(|(_, (_, name))| name)
}

/// Whether `#[test]` or `#[tokio::test(…)]` is among the attributes above a line.
fn is_marked(source: &Source, number: usize) -> bool {
    let lines: Vec<_> = source.lines().take(number - 1).collect();
    let above = lines.iter().rev().map(|line| line.text.trim());
    let mut above = above.take_while(|text| text.starts_with("#[") || text.starts_with("//"));
    above.any(|text| text.starts_with("#[test]") || text.starts_with("#[tokio::test"))
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    const TESTS: &str =
        "#[test]\nfn plain() {}\n\n/// Why.\n#[tokio::test(flavor = \"x\")]\nasync fn later() {}\n\nfn helper() {}\n";

    fn page(names: &[&str]) -> String {
        let names = names.iter().map(|name| format!("- `{name}`\n"));
        format!("# Incidents\n\n## A class\n\n{}", names.collect::<String>())
    }

    fn judged(names: &[&str]) -> Vec<String> {
        let inline = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n    proptest! {{\n{TESTS}    }}\n}}\n");
        let files = [
            ("docs/incidents.md", page(names)),
            ("crates/helio-core/src/chat/tests/a.rs", TESTS.to_owned()),
            ("crates/helio-core/src/irc.rs", inline),
            ("crates/heliograph/tests/e2e/chat.rs", TESTS.to_owned()),
        ];
        judge(find, &files.each_ref().map(|(path, text)| (*path, text.as_str())))
    }

    #[test]
    fn tests_that_exist_pass() {
        let names = ["helio_core::chat::tests::a::plain", "helio_core::irc::tests::later", "e2e::chat::plain"];
        assert_eq!(judged(&names), [""; 0]);
    }

    #[test]
    fn names_of_nothing_and_of_helpers_fail() {
        for name in ["helio_core::chat::tests::a::gone", "helio_core::chat::tests::a::helper", "e2e::plain", "plain"] {
            assert_eq!(judged(&[name]), [format!("docs/incidents.md:5: there is no test {name}")]);
        }
        assert_eq!(judged(&["helio_core::irc::plain"]).len(), 1, "it is in `tests`");
    }

    #[test]
    fn a_class_without_a_test_and_a_missing_page_fail() {
        assert_eq!(judged(&[]), ["docs/incidents.md:3: no test shows this"]);
        assert_eq!(judge(find, &[]), ["docs/incidents.md: this page does not exist"]);
    }
}
