//! What must hold of the web page, `web/`: its types, its unit tests, and that it works in a browser.
//!
//! The page itself needs none of these programs. They are installed into the target folder, in fixed versions.

use crate::workspace::{debug_folder, root, run_within, target_folder};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Packages of npm, with their versions: raised by hand, so that a check that is new fails nobody unawares.
const PACKAGES: &[&str] = &["typescript@5.9.3", "@types/node@26.6.6", "playwright-core@1.65.1", "axe-core@4.14.1"];

/// Installing them, over a slow line.
const INSTALL: Duration = Duration::from_mins(5);
/// One of the checks; the browser is the slowest.
const CHECK: Duration = Duration::from_mins(5);

/// Runs the unit tests under Node's own runner.
pub(crate) fn unit_tests(without: &[&str]) -> Result<()> {
    if !has(without, &["node"]) {
        return Ok(());
    }
    check(Command::new("node").args(["--test", "web/"]))
}

/// Checks the types that the comments of the modules give.
pub(crate) fn types(without: &[&str]) -> Result<()> {
    if !has(without, &["node", "npm"]) {
        return Ok(());
    }
    let tools = tools()?;
    let compiler = tools.join("node_modules/typescript/bin/tsc");
    let mut command = Command::new("node");
    command.arg(compiler).args(["-p", "web", "--typeRoots"]).arg(tools.join("node_modules/@types"));
    check(&mut command)
}

/// Opens the page that the program of this build serves in a browser.
pub(crate) fn browser(without: &[&str]) -> Result<()> {
    if !has(without, &["node", "npm", "chromium"]) {
        return Ok(());
    }
    let mut command = Command::new("node");
    command.args(["--test", "web/tests/browser.js"]);
    command.env("HELIO_PROGRAM", debug_folder().join("helio")).env("HELIO_WEB_TOOLS", tools()?);
    check(&mut command)
}

/// Whether all of these are there; those that are not were named before.
fn has(without: &[&str], programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| without.contains(program));
    if let Some(program) = missing {
        eprintln!("SKIPPED: needs {program}");
    }
    missing.is_none()
}

fn check(command: &mut Command) -> Result<()> {
    // What they tell is a message of ours: standard output is kept for results.
    run_within(command.current_dir(root()).stdin(Stdio::null()).stdout(std::io::stderr()), CHECK)
}

/// The folder with the packages, installed unless they are there in these versions.
fn tools() -> Result<PathBuf> {
    let folder = target_folder().join("web-tools");
    let list = PACKAGES.join("\n");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == list) {
        return Ok(folder);
    }
    install(&folder).context("npm could not install what the checks of the web page need")?;
    fs::write(&stamp, list).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(folder)
}

fn install(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let manifest = folder.join("package.json");
    fs::write(&manifest, "{ \"private\": true }\n").with_context(|| format!("cannot write {}", manifest.display()))?;
    let mut command = Command::new("npm");
    command.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]).args(PACKAGES);
    run_within(command.current_dir(folder).stdin(Stdio::null()).stdout(std::io::stderr()), INSTALL)
}

#[cfg(test)]
mod tests {
    use super::{PACKAGES, has};

    #[test]
    fn what_lacks_a_program_is_left_out() {
        assert!(has(&[], &["node", "npm"]) && has(&["socat"], &["node"]));
        assert!(!has(&["socat", "npm"], &["node", "npm"]));
    }

    #[test]
    fn every_package_has_one_version() {
        for package in PACKAGES {
            let (_, version) = package.rsplit_once('@').unwrap();
            assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{package}");
        }
    }
}
