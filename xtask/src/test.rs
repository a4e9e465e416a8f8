//! `cargo xtask test`: everything that must hold before a change goes in; and `cargo xtask deny`.

use crate::stages::Stages;
use crate::workspace::{cargo, has_cargo_tool, run as run_command};
use crate::{prerequisites, tidy, web};
use anyhow::{Result, bail};
use std::io::{Stderr, stderr};
use std::process::Command;

/// Runs all stages in order up to the first failure.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::new(stderr());
    let outcome = run_stages(&mut stages);
    stages.summary();
    let without = outcome?;
    if !without.is_empty() {
        eprintln!("NOT RUN: the tests that need {}", without.join(", "));
    }
    Ok(())
}

/// Checks all dependencies against `deny.toml`, without the network.
pub(crate) fn deny() -> Result<()> {
    if !has_cargo_tool("deny") {
        bail!("cargo-deny is not installed; `cargo install --locked cargo-deny` brings it");
    }
    run_command(&mut cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]))
}

/// Returns the outside programs that the tests had to do without.
fn run_stages(stages: &mut Stages<Stderr>) -> Result<Vec<&'static str>> {
    stages.run("format", || run_command(&mut cargo(&["fmt", "--all", "--check"])))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    stages.run("clippy", || run_command(&mut cargo(&clippy)))?;
    stages.run("tidy", || tidy::run(&tidy::Options::default()))?;
    let without = stages.run("prerequisites", || prerequisites::ensure(prerequisites::FOR_TESTS))?;
    stages.run("build", || run_command(&mut cargo(&["build", "--workspace", "--all-targets"])))?;
    stages.run("tests", || run_command(&mut runner(&without)))?;
    stages.run("page types", || web::types(&without))?;
    stages.run("page tests", || web::unit_tests(&without))?;
    stages.run("page in a browser", || web::browser(&without))?;
    Ok(without)
}

/// The test runner with its own summary as the last thing it prints.
fn runner(without: &[&str]) -> Command {
    let mut command = if has_cargo_tool("nextest") {
        cargo(&["nextest", "run", "--workspace"])
    } else {
        cargo(&["test", "--workspace"])
    };
    // Always set, so that a value left in the caller's environment cannot skip anything.
    command.env(prerequisites::WITHOUT, without.join(","));
    command
}
