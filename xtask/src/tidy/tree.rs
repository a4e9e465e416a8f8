//! What the checks look at: paths and texts of the repository, nothing else.

use super::modules;
use super::source::Source;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// The text files of the repository, by path from its root with `/`, and what was read from them.
#[derive(Debug)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    sources: BTreeMap<String, Source>,
    manifests: BTreeMap<String, toml::Table>,
}

impl Tree {
    /// A tree of the given paths and texts.
    ///
    /// # Errors
    ///
    /// A Cargo.toml is not TOML.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let files: BTreeMap<String, String> = files.into_iter().collect();
        let mut sources: BTreeMap<String, Source> = BTreeMap::new();
        let mut manifests = BTreeMap::new();
        for (path, text) in &files {
            if path.ends_with(".rs") {
                sources.insert(path.clone(), Source::new(text));
            } else if let Some(folder) = path.strip_suffix("Cargo.toml") {
                let table = text.parse::<toml::Table>().with_context(|| format!("{path} is not TOML"))?;
                manifests.insert(folder.trim_end_matches('/').to_owned(), table);
            }
        }
        modules::mark_test_files(&mut sources);
        Ok(Self { files, sources, manifests })
    }

    /// What git tracks under `root`, or would track on the next `git add`. Files that are not UTF-8 are left out.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        // A checkout may belong to another user than the one who runs the checks.
        let list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(list).current_dir(root).output().context("cannot start git")?;
        if !output.status.success() {
            bail!("git cannot list the files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
            match std::fs::read_to_string(root.join(path)) {
                Ok(text) => drop(files.insert(path.to_owned(), text)),
                // Deleted but not yet committed, or not text.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {}
                Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
            }
        }
        Self::new(files)
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// All files in the order of their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All Rust sources in the order of their paths.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(path, source)| (path.as_str(), source))
    }

    /// The Rust sources of our crates (not of xtask).
    pub(crate) fn crate_sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources().filter(|(path, _)| path.starts_with("crates/"))
    }

    /// One Rust source.
    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.sources.get(path)
    }

    /// The manifests of all packages, with the folder of each; the root's own is not among them.
    pub(crate) fn packages(&self) -> impl Iterator<Item = (&str, &toml::Table)> {
        self.manifests.iter().map(|(folder, table)| (folder.as_str(), table)).filter(|(folder, _)| !folder.is_empty())
    }

    /// The manifest in `folder`; `""` is the root's.
    pub(crate) fn manifest(&self, folder: &str) -> Option<&toml::Table> {
        self.manifests.get(folder)
    }
}

/// The names in a dependency table of a manifest (`dependencies`, `dev-dependencies`, `build-dependencies`), those
/// for single targets included.
pub(crate) fn dependencies<'a>(manifest: &'a toml::Table, kind: &str) -> Vec<&'a str> {
    let names = |table: &'a toml::Table| {
        table.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(|list| list.keys().map(String::as_str))
    };
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    names(manifest).chain(targets.filter_map(toml::Value::as_table).flat_map(names)).collect()
}
