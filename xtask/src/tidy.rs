//! `cargo xtask tidy`: the rules that no compiler knows, one file each, pure over a [`Tree`].

mod bounds;
mod core_crate;
mod edges;
mod hygiene;
mod incidents;
mod length;
mod limits_page;
mod markdown;
mod markers;
mod modules;
mod orphans;
mod paths;
mod soak_tests;
mod source;
mod spec_pages;
mod strays;
mod tree;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fmt;
use tree::Tree;

/// What `cargo xtask tidy` takes.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Rewrite what is generated: docs/limits.md, and the sums in spec pages that were read again.
    #[arg(long)]
    fix: bool,
}

/// One rule.
struct Check {
    /// Its name in messages.
    name: &'static str,
    /// Everything in the tree that breaks it.
    find: fn(&Tree) -> Vec<Finding>,
    /// What would mend it by itself, as whole new files.
    fix: Option<fn(&Tree) -> Vec<Fix>>,
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; `None` when it is about the file as a whole.
    line: Option<usize>,
    message: String,
}

/// A file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fix {
    path: String,
    text: String,
}

const CHECKS: &[Check] = &[
    Check { name: "edges", find: edges::find, fix: None },
    Check { name: "core", find: core_crate::find, fix: None },
    Check { name: "strays", find: strays::find, fix: None },
    Check { name: "bounds", find: bounds::find, fix: None },
    Check { name: "length", find: length::find, fix: None },
    Check { name: "markdown", find: markdown::find, fix: None },
    Check { name: "orphans", find: orphans::find, fix: None },
    Check { name: "markers", find: markers::find, fix: None },
    Check { name: "soak tests", find: soak_tests::find, fix: None },
    Check { name: "spec pages", find: spec_pages::find, fix: Some(spec_pages::fix) },
    Check { name: "hygiene", find: hygiene::find, fix: None },
    Check { name: "incidents", find: incidents::find, fix: None },
    Check { name: "paths", find: paths::find, fix: None },
    Check { name: "limits page", find: limits_page::find, fix: Some(limits_page::fix) },
];

/// Runs all checks over the working tree. All findings are printed, not only the first.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    if options.fix {
        let tree = Tree::read(&root)?;
        for Fix { path, text } in CHECKS.iter().filter_map(|check| check.fix).flat_map(|fix| fix(&tree)) {
            let file = root.join(&path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
            }
            std::fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
            eprintln!("tidy: rewrote {path}");
        }
    }
    let tree = Tree::read(&root)?;
    let findings = findings(&tree);
    for (check, finding) in &findings {
        eprintln!("{finding} [{check}]");
    }
    match findings.len() {
        0 => {
            eprintln!("tidy: {} checks, {} files, nothing found", CHECKS.len(), tree.files().count());
            Ok(())
        }
        1 => bail!("1 finding"),
        count => bail!("{count} findings"),
    }
}

fn findings(tree: &Tree) -> Vec<(&'static str, Finding)> {
    CHECKS.iter().flat_map(|check| (check.find)(tree).into_iter().map(|finding| (check.name, finding))).collect()
}

impl Finding {
    /// About one line, counted from 1.
    fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), message: message.into() }
    }

    /// About a file as a whole, or about its absence.
    fn file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, message } = self;
        match line {
            Some(line) => write!(f, "{path}:{line}: {message}"),
            None => write!(f, "{path}: {message}"),
        }
    }
}

/// What one check says about a tree of the given paths and texts, as printed.
#[cfg(test)]
fn judge(find: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::new(files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned()))).unwrap();
    find(&tree).iter().map(ToString::to_string).collect()
}
