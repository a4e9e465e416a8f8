//! `docs/limits.md` is made from `limits.rs`: the manual's table of every bound.

use super::tree::Tree;
use super::{Finding, Fix};
use crate::figures::thousands;

const TABLE: &str = "crates/helio-core/src/limits.rs";
const PAGE: &str = "docs/limits.md";

/// A page that differs from its table, and bounds that the table cannot show.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let Some(source) = tree.text(TABLE) else {
        return vec![Finding::file(TABLE, "is missing")];
    };
    let mut findings = Vec::new();
    for limit in sections(source).iter().flat_map(|section| &section.limits) {
        if limit.docs.is_empty() {
            findings.push(Finding::at(TABLE, limit.line, format!("{} says nothing about itself", limit.name)));
        }
    }
    if tree.text(PAGE) != Some(&page(source)) {
        findings.push(Finding::file(PAGE, format!("differs from {TABLE}; `cargo xtask tidy --fix` rewrites it")));
    }
    findings
}

/// The page as the table has it now.
pub(super) fn fix(tree: &Tree) -> Vec<Fix> {
    let page = tree.text(TABLE).map(page).filter(|page| tree.text(PAGE) != Some(page));
    page.into_iter().map(|text| Fix { path: PAGE.to_owned(), text }).collect()
}

#[derive(Debug, Default)]
struct Section<'a> {
    title: &'a str,
    limits: Vec<Limit<'a>>,
}

#[derive(Debug)]
struct Limit<'a> {
    line: usize,
    name: &'a str,
    value: String,
    docs: String,
}

/// The groups of the table: each begins with the comment `// # Title`.
fn sections(source: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = vec![Section::default()];
    let mut docs: Vec<&str> = Vec::new();
    let mut lines = source.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("// # ") {
            sections.push(Section { title, limits: Vec::new() });
        } else if let Some(text) = line.strip_prefix("///") {
            docs.push(text.trim());
        } else if let Some(declaration) = line.strip_prefix("pub const ") {
            let mut declaration = declaration.to_owned();
            // rustfmt breaks a long value off to the next lines.
            while !declaration.ends_with(';')
                && let Some((_, more)) = lines.next()
            {
                declaration = format!("{declaration} {}", more.trim());
            }
            let name = line["pub const ".len()..].split(':').next().unwrap_or_default();
            let value = declaration.split_once(" = ").map_or("", |(_, value)| value).trim_end_matches(';');
            let limit = Limit { line: index + 1, name, value: shown(value), docs: plain(&docs.join(" ")) };
            if let Some(section) = sections.last_mut() {
                section.limits.push(limit);
            }
            docs.clear();
        }
    }
    sections.retain(|section| !section.limits.is_empty());
    sections
}

fn page(source: &str) -> String {
    let mut page = format!(
        "# Limits\n\nEvery bound of Heliograph and what happens at it. Made from `{TABLE}` by `cargo xtask tidy --fix`;\n\
         change it there.\n"
    );
    for Section { title, limits } in sections(source) {
        page += &format!("\n## {}\n\n| Name | Value | What it bounds |\n|---|---|---|\n", or_other(title));
        for Limit { name, value, docs, .. } in limits {
            page += &format!("| `{name}` | {value} | {} |\n", docs.replace('|', "\\|"));
        }
    }
    page
}

fn or_other(title: &str) -> &str {
    if title.is_empty() { "Other" } else { title }
}

/// Documentation without the brackets of its links.
fn plain(docs: &str) -> String {
    docs.replace("[`", "`").replace("`]", "`")
}

/// A value as people read it: `65,536 (64 × 1,024)`, `250 ms`; as code when it is more than numbers.
fn shown(value: &str) -> String {
    let duration = value.strip_prefix("Duration::from_").and_then(|call| call.strip_suffix(')')?.split_once('('));
    let unit = |name: &str| match name {
        "nanos" => Some("ns"),
        "micros" => Some("µs"),
        "millis" => Some("ms"),
        "secs" => Some("s"),
        "mins" => Some("min"),
        "hours" => Some("h"),
        _ => None,
    };
    let number = match duration {
        Some((name, number)) => unit(name).zip(product(number)).map(|(unit, number)| format!("{number} {unit}")),
        None => product(value),
    };
    number.unwrap_or_else(|| format!("`{value}`"))
}

/// A number or a product of numbers; `None` when there is anything else in it.
fn product(value: &str) -> Option<String> {
    let factors: Option<Vec<u128>> =
        value.split('*').map(|factor| factor.trim().replace('_', "").parse().ok()).collect();
    let factors = factors?;
    let total = factors.iter().try_fold(1_u128, |total, factor| total.checked_mul(*factor))?;
    let parts: Vec<String> = factors.into_iter().map(thousands).collect();
    Some(match parts.as_slice() {
        [_] => thousands(total),
        _ => format!("{} ({})", thousands(total), parts.join(" × ")),
    })
}

#[cfg(test)]
mod tests {
    use super::{PAGE, TABLE, Tree, find, fix, page, shown};
    use crate::tidy::judge;

    const SOURCE: &str = "\
//! The table.

// # Connections

/// Held at a time; see [`WAIT`].
/// Further ones wait | queue.
pub const CONNECTIONS: usize = 10_000;

/// Longest wait.
pub const WAIT: Duration = Duration::from_millis(250);

// # Lines

/// Longest line.
pub const LINE: usize =
    64 * 1024;
";

    #[test]
    fn the_page_has_a_table_for_each_section() {
        let expected = "\
# Limits

Every bound of Heliograph and what happens at it. Made from `crates/helio-core/src/limits.rs` by `cargo xtask tidy --fix`;
change it there.

## Connections

| Name | Value | What it bounds |
|---|---|---|
| `CONNECTIONS` | 10,000 | Held at a time; see `WAIT`. Further ones wait \\| queue. |
| `WAIT` | 250 ms | Longest wait. |

## Lines

| Name | Value | What it bounds |
|---|---|---|
| `LINE` | 65,536 (64 × 1,024) | Longest line. |
";
        assert_eq!(page(SOURCE), expected);
    }

    #[test]
    fn a_current_page_passes_and_a_stale_one_fails_until_fixed() {
        assert_eq!(judge(find, &[(TABLE, SOURCE), (PAGE, &page(SOURCE))]), [""; 0]);
        let changed = SOURCE.replace("250", "300");
        let stale =
            ["docs/limits.md: differs from crates/helio-core/src/limits.rs; `cargo xtask tidy --fix` rewrites it"];
        assert_eq!(judge(find, &[(TABLE, &changed), (PAGE, &page(SOURCE))]), stale);
        assert_eq!(judge(find, &[(TABLE, &changed)]), stale);
        let fixes = fix(&Tree::new([(TABLE.to_owned(), changed.clone())]).unwrap());
        assert_eq!(judge(find, &[(TABLE, &changed), (PAGE, &fixes[0].text)]), [""; 0]);
    }

    #[test]
    fn a_bound_without_documentation_fails() {
        let bare = "// # A\n\npub const BARE: usize = 1;\n";
        let message = "crates/helio-core/src/limits.rs:3: BARE says nothing about itself";
        assert_eq!(judge(find, &[(TABLE, bare), (PAGE, &page(bare))]), [message]);
    }

    #[test]
    fn values_are_shown_for_people() {
        for (code, text) in [
            ("7", "7"),
            ("65_507", "65,507"),
            ("64 * 1024", "65,536 (64 × 1,024)"),
            ("Duration::from_mins(10)", "10 min"),
            ("READ_CHUNK + 2", "`READ_CHUNK + 2`"),
            ("Duration::from_secs_f64(0.5)", "`Duration::from_secs_f64(0.5)`"),
        ] {
            assert_eq!(shown(code), text, "{code}");
        }
    }
}
