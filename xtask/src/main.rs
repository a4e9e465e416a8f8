//! The workspace's own tasks: `cargo xtask test`, and the checks, long runs and measurements behind it.
//!
//! A task is a short list of stages or checks; what it decides is in pure functions, what it does is at the edge.

#![expect(clippy::print_stderr, reason = "a command-line tool: this is where it speaks")]

mod bench;
mod figures;
mod prerequisites;
mod process;
mod soak;
mod stages;
mod test;
mod tidy;
mod web;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Checks, long runs and measurements of the Heliograph workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every check and every test: format, clippy, tidy, outside programs, build, tests, the web page.
    Test,
    /// Check the rules that no compiler knows: dependency direction, bounds, lengths, spec pages, hygiene.
    Tidy(tidy::Options),
    /// Check licences, duplicates and sources of all dependencies (needs cargo-deny).
    Deny,
    /// Run the long seeded tests, round after round with a new seed, until the time is up.
    Soak(soak::Options),
    /// Measure ours beside other programs, and print medians and ratios as Markdown.
    Bench(bench::Options),
    /// A process of a bench.
    #[command(hide = true)]
    BenchPart {
        #[command(subcommand)]
        part: bench::Part,
    },
}

fn main() -> ExitCode {
    let outcome = match Args::parse().task {
        Task::Test => test::run(),
        Task::Tidy(options) => tidy::run(&options),
        Task::Deny => test::deny(),
        Task::Soak(options) => soak::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::BenchPart { part } => bench::run_part(&part),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
