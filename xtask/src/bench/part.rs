//! The parts of a bench that must be processes of their own, to be built for release, pinned and counted apart.

use super::chat;
use super::echo::{bare, load, round_trip};
use crate::workspace::output_within;
use anyhow::{Context, Result};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// Far longer than any part takes, on a busy machine too; one that is not done by then is ended, and the bench fails.
pub(super) const PART: Duration = Duration::from_mins(3);

/// A part, started by the bench itself; results are one JSON object on standard output.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Part {
    /// A blocking echo server, a thread a connection: the least that a server can do.
    BareEcho,
    /// Clients that keep several messages on the way each, and count what comes back.
    Load {
        address: SocketAddr,
        #[arg(long)]
        clients: usize,
        #[arg(long)]
        millis: u64,
        /// The server, whose CPU time is taken at the same moments as the counts.
        #[arg(long)]
        server: u32,
    },
    /// One client that waits for each answer, and times it.
    RoundTrip {
        address: SocketAddr,
        #[arg(long)]
        millis: u64,
    },
    /// Clients of an IRC server.
    Irc(chat::Load),
}

/// Runs one part to its end.
pub(crate) fn run(part: &Part) -> Result<()> {
    match *part {
        Part::BareEcho => bare::serve(),
        Part::Load { address, clients, millis, server } => {
            super::print(&load::run(address, clients, Duration::from_millis(millis), server)?)
        }
        Part::Irc(ref load) => super::print(&chat::run_load(load)?),
        Part::RoundTrip { address, millis } => super::print(&round_trip::run(address, Duration::from_millis(millis))?),
    }
}

/// Runs a part as a process, and returns its result.
pub(super) fn result(command: &mut Command) -> Result<Value> {
    Ok(serde_json::from_str(&output_within(command, PART)?)?)
}

/// A figure of a result.
pub(super) fn number(result: &Value, key: &str) -> Result<f64> {
    result.get(key).and_then(Value::as_f64).with_context(|| format!("{result} has no number {key}"))
}
