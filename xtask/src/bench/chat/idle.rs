//! Registered connections that nobody uses.

use super::crowd::SILENCE;
use super::door::Door;
use super::line::{self, Lines};
use super::tls;
use crate::process::resident_bytes;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::SocketAddr;

/// Clients that make their TLS handshakes at the same time: without `TCP_NODELAY` at the server one takes 40 ms.
const TOGETHER: usize = 200;

/// One connection, with what a client keeps for it.
trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

/// Registers `clients`, over TLS when that is asked for, and returns the `resident_bytes` that the server has more of
/// with all of them than with none.
pub(super) fn run(clients: usize, over_tls: bool, address: SocketAddr, server: u32) -> Result<Value> {
    let before = resident_bytes(server)?;
    let mut connections: Vec<Box<dyn Connection>> = Vec::with_capacity(clients);
    let (mut door, config) = (Door::new(address), tls::config()?);
    for first in (0..clients).step_by(TOGETHER) {
        for _ in first..clients.min(first + TOGETHER) {
            let stream = door.connect()?;
            stream.set_read_timeout(Some(SILENCE))?;
            connections.push(if over_tls { Box::new(tls::greet(&config, stream)?) } else { Box::new(stream) });
        }
        for (client, connection) in connections.iter_mut().enumerate().skip(first) {
            let sent = connection.write_all(line::registration(client, None).as_bytes());
            sent.with_context(|| format!("client {client} cannot register"))?;
        }
    }
    // Some servers finish registrations once a second: hence all together.
    for (client, connection) in connections.iter_mut().enumerate() {
        wait_for_welcome(connection).with_context(|| format!("registration of client {client}"))?;
    }
    let bytes = resident_bytes(server)?.saturating_sub(before);
    Ok(json!({"resident_bytes": bytes}))
}

/// Reads until the registration of a connection is complete.
pub(super) fn wait_for_welcome(connection: &mut impl Read) -> Result<()> {
    let (mut lines, mut buffer, mut welcome) = (Lines::default(), [0; 4096], false);
    while !welcome {
        let length = connection.read(&mut buffer).context("the server does not answer")?;
        ensure!(length > 0, "the server ended the connection");
        lines.cut(&buffer[..length], |line| {
            welcome |= line::is_welcome(line)?;
            Ok(())
        })?;
    }
    Ok(())
}
