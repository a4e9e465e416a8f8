//! The parts of a bench that must be processes of their own, to be built for release, pinned and counted apart.

use super::echo::{bare, load, round_trip};
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

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
}

/// Runs one part to its end.
pub(crate) fn run(part: &Part) -> Result<()> {
    match *part {
        Part::BareEcho => bare::serve(),
        Part::Load { address, clients, millis, server } => {
            super::print(&load::run(address, clients, Duration::from_millis(millis), server)?)
        }
        Part::RoundTrip { address, millis } => super::print(&round_trip::run(address, Duration::from_millis(millis))?),
    }
}
