//! All join one room at once.

use super::crowd::Crowd;
use super::door::Door;
use super::meter::Moment;
use anyhow::Result;
use serde_json::Value;
use std::net::SocketAddr;

/// `clients` that are registered join, until each has seen its own join and all later ones, and has the list of names.
/// Returns what that cost.
pub(super) fn run(clients: usize, address: SocketAddr, server: u32) -> Result<Value> {
    let mut crowd = Crowd::register(Door::new(address), clients, None)?;
    let before = Moment::now(server)?;
    crowd.join(clients)?;
    let after = Moment::now(server)?;
    Ok(after.since(&before).into())
}
