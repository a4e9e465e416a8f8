//! The load program: a process of its own, that loads one server and tells what that cost.

use super::crowd::SILENCE;
use super::room::Room;
use super::{acknowledged, idle, joins, saturated, spread};
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// How to load a server.
#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    address: SocketAddr,
    /// The server's process.
    #[arg(long)]
    server: u32,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Scenario {
    /// One room, as many messages as possible.
    Saturated,
    /// One room, 200 messages a second.
    Spread,
    /// All join one room at once.
    Joins,
    /// Registered connections that nobody uses.
    Idle {
        #[arg(long)]
        tls: bool,
    },
    /// Rooms of ten; each client awaits its echo.
    Acknowledged,
}

/// The room of most scenarios.
const ROOM: Room = Room { clients: 1_000, senders: 20, silence: SILENCE };

/// Time, or messages, before measuring begins, and while it lasts.
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(5);
const WARM_UP_MESSAGES: usize = 200;
const MESSAGES: usize = 1_000;

pub(super) const IDLE_CLIENTS: usize = 10_000;
pub(super) const ACKNOWLEDGED_CLIENTS: usize = 200;
const MEMBERS: usize = 10;

/// Loads a server, and returns one JSON object.
pub(crate) fn run(&Load { address, server, scenario }: &Load) -> Result<String> {
    let result = match scenario {
        Scenario::Saturated => saturated::run(&ROOM, address, WARM_UP, TIME, server),
        Scenario::Spread => spread::run(&ROOM, address, WARM_UP_MESSAGES, MESSAGES, server),
        Scenario::Joins => joins::run(ROOM.clients, address, server),
        Scenario::Idle { tls } => idle::run(IDLE_CLIENTS, tls, address, server),
        Scenario::Acknowledged => acknowledged::run((ACKNOWLEDGED_CLIENTS, MEMBERS), address, WARM_UP, TIME, server),
    }?;
    Ok(format!("{result}\n"))
}
