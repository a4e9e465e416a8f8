//! `helio compare`: the same payloads over TCP and UDP, side by side.

use crate::args::Global;
use crate::config;
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::run;
use crate::settings::{Layered, layered};
use crate::signals::Signals;
use crate::value::{Size, Span};
use clap::Args;
use helio_client::compare::{self, CompareError, Compared, Progress, Settings};
use helio_client::random::random_u64;
use helio_core::limits;
use helio_core::measure::wire::SessionId;
use helio_net::address::{Address, ParseAddressError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs of each configuration unless a setting says otherwise.
const DEFAULT_RUNS: u32 = 20;

const DEFAULT_SIZES_BYTES: [usize; 4] = [16, 1 << 10, 64 << 10, 1 << 20];

/// Send the same payloads over TCP and UDP and compare the times
///
/// Needs `helio echo` or `helio serve` at the other end. Each payload is sent over a TCP connection that stays open,
/// over a new TCP connection, and in UDP datagrams; timed is the way there and back, until the last byte of the echo
/// has arrived. The order is random, so that no transport always meets the quiet moments. docs/compare.md tells how to
/// read the table.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio compare                               the reflector on this machine
  helio compare server.lan --sizes 16,64k     another machine, its default port, two sizes
  helio compare --runs 100 --seed 7 --json    raw times and all statistics, in a repeatable order

Exit codes: 0 measured, losses included; 4 refused, or not a reflector; 5 the network broke; 124 no answer;
130 Ctrl-C. The table of a comparison that was ended early holds what was measured until then.")]
pub(crate) struct CompareArgs {
    /// Where the reflector is; tcp:// in front leaves UDP out
    #[arg(value_name = "ADDR", default_value = "127.0.0.1:65432", value_parser = address)]
    address: Address,

    #[command(flatten)]
    flags: CompareFlags,

    /// Repeat the order of an earlier run, which printed its seed [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print the whole record as one JSON object, raw times included
    #[arg(long)]
    json: bool,
}

/// Settings of comparisons; table `[compare]` of the settings file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CompareFlags {
    /// Payload sizes in bytes; k and M are powers of 1024 [default: 16,1k,64k,1M]
    #[arg(long, value_name = "SIZE,…", env = "HELIO_COMPARE_SIZES", value_delimiter = ',')]
    sizes: Option<Vec<Size>>,

    /// Exchanges of each size and transport, after 2 that do not count [default: 20]
    #[arg(long, value_name = "N", env = "HELIO_COMPARE_RUNS")]
    runs: Option<u32>,

    /// Time that a message gets to come back whole; then it is lost [default: 1s]
    #[arg(long, value_name = "TIME", env = "HELIO_COMPARE_TIMEOUT")]
    timeout: Option<Span>,
}

layered!(CompareFlags { sizes, runs, timeout });

impl CompareFlags {
    fn settings(self, address: Address, seed: Option<u64>) -> io::Result<Settings> {
        let bytes = |size: Size| usize::try_from(size.0).unwrap_or(usize::MAX);
        Ok(Settings {
            address,
            sizes_bytes: self
                .sizes
                .map_or_else(|| DEFAULT_SIZES_BYTES.to_vec(), |sizes| sizes.into_iter().map(bytes).collect()),
            runs: self.runs.unwrap_or(DEFAULT_RUNS),
            // Short enough to be typed again, and below 2^53, so that every JSON reader keeps it whole.
            seed: seed.map_or_else(|| random_u64().map(|random| random >> 32), Ok)?,
            timeout: self.timeout.map_or(limits::COMPARE_TIMEOUT, |span| span.0),
            session: SessionId(random_u64()?),
        })
    }
}

pub(crate) fn run(args: CompareArgs, global: &Global) -> Outcome {
    let flags = args.flags.over(config::load(global)?.compare);
    let settings = flags
        .settings(args.address, args.seed)
        .map_err(|error| Failure::new(Exit::Failure, format_args!("cannot draw a random number: {error}")))?;
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = run::runtime()?;
    let measured = runtime.block_on(measure(settings, &stop, global.quiet));
    // A second Ctrl-C, or one before the first exchange, does not wait for what is in progress.
    runtime.shutdown_background();
    let Compared { comparison, failure } = measured?;
    if args.json {
        output::json(&comparison.record())?;
    } else {
        output::line(comparison.table())?;
    }
    match failure {
        _ if stop.load(Ordering::Relaxed) => Err(Failure::interrupted()),
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

async fn measure(settings: Settings, stop: &Arc<AtomicBool>, quiet: bool) -> Outcome<Compared> {
    let bar = progress_bar(quiet);
    let shown = bar.clone();
    let show = move |progress: Progress| {
        if progress.done == 0 {
            shown.set_length(progress.planned as u64);
        }
        shown.set_position(progress.done as u64);
    };
    let mut signals = Signals::catch()?;
    let mut comparison = std::pin::pin!(compare::compare(settings, stop.clone(), show));
    let result = loop {
        tokio::select! {
            result = &mut comparison => break result,
            () = signals.received() => {
                let measuring = bar.length().is_some();
                if stop.swap(true, Ordering::Relaxed) || !measuring {
                    return Err(Failure::interrupted());
                }
            }
        }
    };
    bar.finish_and_clear();
    Ok(result?)
}

fn progress_bar(quiet: bool) -> ProgressBar {
    let target =
        if quiet || !output::is_watched() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    // The template is constant; should it ever be wrong, the default style is shown.
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} exchanges, {eta} left");
    ProgressBar::with_draw_target(None, target).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// An address whose port may be left out.
fn address(text: &str) -> Result<Address, ParseAddressError> {
    match text.parse() {
        Err(ParseAddressError::NoPort(_)) => format!("{text}:65432").parse(),
        parsed => parsed,
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        let exit = match error {
            CompareError::Connect(error) => return error.into(),
            CompareError::Settings(_) => Exit::Usage,
            CompareError::NotReflector { .. } | CompareError::OtherVersion { .. } => Exit::Refused,
            CompareError::Silent { timed_out: true, .. } => Exit::TimedOut,
            CompareError::Silent { timed_out: false, .. }
            | CompareError::Socket { .. }
            | CompareError::GaveUp { .. } => Exit::Network,
            CompareError::Damaged { .. } => Exit::Incomplete,
            CompareError::Thread => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_left_out() {
        let told = |text: &str| address(text).map(|address| address.to_string());
        assert_eq!(told("server.lan").as_deref(), Ok("server.lan:65432"));
        assert_eq!(told("tcp://[::1]").as_deref(), Ok("tcp://[::1]:65432"));
        assert_eq!(told("server.lan:7").as_deref(), Ok("server.lan:7"));
        assert!(told("::1").is_err());
    }
}
