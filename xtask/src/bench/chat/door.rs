//! Connects many clients, no faster than the server accepts them: ngircd lets no more than ten wait, and one more would
//! try again after a second.

use super::crowd::SILENCE;
use crate::process::open_files;
use anyhow::{Context, Result, ensure};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// Connections that may wait to be accepted, and how often that is looked at.
const WAITING: usize = 8;
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Clients that share a source address: far fewer than there are ports, even if those of the run before still wait.
const PER_ADDRESS: usize = 1_000;

/// The way to one server.
pub(super) struct Door {
    address: SocketAddr,
    server: u32,
    files_before: usize,
    connected: usize,
}

impl Door {
    /// The door of a server that runs as process `server`.
    pub(super) fn new(address: SocketAddr, server: u32) -> Result<Self> {
        Ok(Self { address, server, files_before: open_files(server)?, connected: 0 })
    }

    /// Connects one client more.
    pub(super) fn connect(&mut self) -> Result<TcpStream> {
        let deadline = Instant::now() + SILENCE;
        while open_files(self.server)? + WAITING < self.files_before + self.connected {
            ensure!(Instant::now() < deadline, "the server accepts no more than {} connections", self.connected);
            std::thread::sleep(LOOK_EVERY);
        }
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddrV4::new(source(self.connected), 0))?;
        connect(&socket, &self.address).with_context(|| format!("cannot connect client {}", self.connected))?;
        self.connected += 1;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Where a client connects from: so many clients need the ports of several addresses.
fn source(client: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 1 + (client / PER_ADDRESS) as u8)
}
