use super::*;
use crate::tidy::judge;

const MODULE: &str = "\
//! See spec/log.md.
// spec: begin
const VERSION: u8 = 1;
// spec: end
fn not_part_of_the_format() {}
";

/// A page about the module at `crates/a/src/log.rs` that was checked at `sum`.
fn page(sum: &str) -> String {
    format!("<!-- modules: crates/a/src/log.rs; checked: {sum} -->\n# Log\n")
}

fn tree(module: &str, page: &str) -> Vec<(String, String)> {
    vec![("crates/a/src/log.rs".into(), module.into()), ("spec/log.md".into(), page.into())]
}

fn judge_pair(module: &str, page: &str) -> Vec<String> {
    judge(find, &[("crates/a/src/log.rs", module), ("spec/log.md", page)])
}

/// The page as `--fix` leaves it.
fn fixed(module: &str, page: &str) -> String {
    fix(&Tree::new(tree(module, page)).unwrap()).remove(0).text
}

#[test]
fn the_sum_is_fnv_1a() {
    let mut hash = Fnv::default();
    "fooba".bytes().for_each(|byte| hash.0 = (hash.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(hash.0, 0xcac1_65af_a2fe_f40a, "draft-eastlake-fnv, test vector \"fooba\"");
}

#[test]
fn a_checked_page_passes_until_the_format_changes() {
    let checked = fixed(MODULE, &page("none"));
    assert_eq!(judge_pair(MODULE, &checked), [""; 0]);
    assert!(checked.ends_with("-->\n# Log\n"), "{checked}");

    let elsewhere = MODULE.replace("not_part", "no_part");
    assert_eq!(judge_pair(&elsewhere, &checked), [""; 0]);

    let changed = MODULE.replace("u8 = 1", "u8 = 2");
    assert_eq!(
        judge_pair(&changed, &checked),
        ["spec/log.md:1: crates/a/src/log.rs changed; read the page again, mend it, then `cargo xtask tidy --fix`"]
    );
    assert_eq!(judge_pair(&changed, &fixed(&changed, &checked)), [""; 0]);
}

#[test]
fn a_page_without_front_line_or_modules_fails() {
    for front in ["# Log", "<!-- modules: ; checked: 0 -->", "<!-- modules: crates/a/src/log.rs -->"] {
        assert_eq!(
            judge_pair(MODULE, &format!("{front}\n")),
            ["spec/log.md:1: the first line must be `<!-- modules: crates/…/a.rs …; checked: SUM -->`"]
        );
    }
}

#[test]
fn a_module_without_a_closed_region_fails() {
    let none = "//! See spec/log.md.\n";
    let open = MODULE.replace("// spec: end\n", "");
    for module in [none, &open] {
        assert_eq!(
            judge_pair(module, &page("0")),
            ["crates/a/src/log.rs: spec/log.md needs a region from `// spec: begin` to `// spec: end` in here"]
        );
    }
    let twice = MODULE.replace("// spec: end", "// spec: begin");
    assert_eq!(judge_pair(&twice, &page("0")), ["crates/a/src/log.rs:4: unpaired spec marker"]);
}

#[test]
fn references_and_pages_need_each_other() {
    assert_eq!(
        judge(find, &[("crates/a/src/log.rs", "//! See `spec/log.md` and web-spec/other.md.\n")]),
        ["crates/a/src/log.rs:1: spec/log.md does not exist"]
    );
    let unmentioned = MODULE.replace("spec/log.md", "nothing");
    let checked = fixed(&unmentioned, &page("0"));
    assert_eq!(judge_pair(&unmentioned, &checked), ["spec/log.md: no source refers to this page"]);
}
