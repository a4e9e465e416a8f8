//! `cargo xtask soak`: the long seeded tests, those marked `#[ignore = "soak"]`.
//!
//! Each such test does a fixed amount of work from the seed in `HELIO_SOAK_SEED`; its short sample runs in every test
//! run. Here they run round after round, each round with the next seed, until the time is up.

use crate::workspace::{cargo, has_cargo_tool, run as run_command, run_within};
use anyhow::{Context, Result};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The variable that carries the seed to the tests, a decimal number below 2^64.
const SEED: &str = "HELIO_SOAK_SEED";

/// How long a round may run on after the time is up; then it is ended and counts as failed.
const GRACE: Duration = Duration::from_mins(5);

/// What `cargo xtask soak` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Minutes after which no new round starts; the first round always runs.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=1440))]
    minutes: u64,
    /// Seed of the first round, to repeat a failure; each further round takes the next. Default: from the clock.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs rounds until the time is up or one fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Built beforehand, so that the time goes to the tests.
    run_command(&mut cargo(&["build", "--workspace", "--all-targets"]))?;
    let time = Duration::from_secs(options.minutes * 60);
    let start = Instant::now();
    let mut seed = options.seed.unwrap_or_else(seed_from_clock);
    for round in 1_u64.. {
        eprintln!("==> round {round}: {SEED}={seed}");
        let left = time.saturating_sub(start.elapsed()) + GRACE;
        run_within(runner().env(SEED, seed.to_string()), left).with_context(|| {
            format!("round {round} failed; `cargo xtask soak --minutes 0 --seed {seed}` repeats it")
        })?;
        eprintln!("<== round {round}: passed after {} s", start.elapsed().as_secs());
        if start.elapsed() >= time {
            break;
        }
        seed = seed.wrapping_add(1);
    }
    Ok(())
}

/// The runner, on ignored tests alone. Tidy sees to it that only soak tests are ignored.
fn runner() -> Command {
    if has_cargo_tool("nextest") {
        cargo(&["nextest", "run", "--workspace", "--profile", "soak", "--run-ignored", "only"])
    } else {
        cargo(&["test", "--workspace", "--", "--ignored"])
    }
}

fn seed_from_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}
