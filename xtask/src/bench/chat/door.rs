//! Connects many clients, no faster than the server accepts them: ngircd lets no more than ten wait, and one more would
//! try again after a second.
//!
//! The kernel tells how many wait. The server's open files would not: those of the clients of a run before may still be
//! open when the next begins, and be closed while its clients come.

use super::crowd::SILENCE;
use anyhow::{Context, Result, ensure};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// Connections that may wait to be accepted, and how often that is looked at.
const WAITING: usize = 8;
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Clients that share a source address: far fewer than there are ports, even if those of the run before still wait.
const PER_ADDRESS: usize = 1_000;

/// The sockets of this network namespace, by the family of their own address (`proc(5)`). Those that listen come first.
const SOCKETS: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// The way to one server.
pub(super) struct Door {
    address: SocketAddr,
    connected: usize,
    /// So many more may be connected without looking again.
    room: usize,
}

impl Door {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, connected: 0, room: 0 }
    }

    /// Connects one client more.
    pub(super) fn connect(&mut self) -> Result<TcpStream> {
        let deadline = Instant::now() + SILENCE;
        while self.room == 0 {
            self.room = WAITING.saturating_sub(waiting(self.address.port())?);
            if self.room == 0 {
                ensure!(Instant::now() < deadline, "the server accepts no more than {} connections", self.connected);
                std::thread::sleep(LOOK_EVERY);
            }
        }
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddrV4::new(source(self.connected), 0))?;
        connect(&socket, &self.address).with_context(|| format!("cannot connect client {}", self.connected))?;
        self.connected += 1;
        self.room -= 1;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Connections that wait to be accepted on a port of this machine.
fn waiting(port: u16) -> Result<usize> {
    for sockets in SOCKETS {
        // As large as the kernel's own steps: a longer read would have it look through all connections.
        let mut rows = BufReader::with_capacity(4096, File::open(sockets).context(sockets)?).lines().skip(1);
        let mut found = None;
        while let Some(Listening { port: theirs, waiting }) = rows.next().transpose()?.as_deref().and_then(listening) {
            if theirs == port {
                found = Some(found.unwrap_or(0) + waiting);
            }
        }
        if let Some(waiting) = found {
            return Ok(waiting);
        }
    }
    anyhow::bail!("nothing listens on port {port}")
}

/// A socket that listens.
#[derive(Debug, PartialEq, Eq)]
struct Listening {
    port: u16,
    waiting: usize,
}

/// Reads a row: number, own address and port, the peer's, state (0A: listening), bytes to send and received; for one that
/// listens the last is what waits to be accepted. All in hexadecimal digits.
fn listening(row: &str) -> Option<Listening> {
    let mut words = row.split_whitespace().skip(1);
    let (_, port) = words.next()?.rsplit_once(':')?;
    words.nth(1).filter(|state| *state == "0A")?;
    let (_, waiting) = words.next()?.split_once(':')?;
    Some(Listening { port: u16::from_str_radix(port, 16).ok()?, waiting: usize::from_str_radix(waiting, 16).ok()? })
}

/// Where a client connects from: so many clients need the ports of several addresses.
fn source(client: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, 1 + (client / PER_ADDRESS) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_row_of_a_listening_socket_is_understood_and_others_are_not() {
        let row = "   0: 0100007F:1A0B 00000000:0000 0A 00000000:0000000C 00:00000000 00000000     0        0 1145 1";
        assert_eq!(listening(row), Some(Listening { port: 6667, waiting: 12 }));
        assert_eq!(listening(&row.replace(" 0A ", " 01 ")), None);
        assert_eq!(listening("  sl  local_address rem_address   st tx_queue rx_queue"), None);
    }

    #[test]
    fn what_waits_is_counted_until_it_is_accepted() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let mut door = Door::new(address);
        let _clients: Vec<_> = (0..WAITING).map(|_| door.connect().unwrap()).collect();
        assert_eq!((waiting(address.port()).unwrap(), door.room), (WAITING, 0));
        let _accepted: Vec<_> = (0..3).map(|_| server.accept().unwrap()).collect();
        assert_eq!(waiting(address.port()).unwrap(), WAITING - 3);
        let _client = door.connect().unwrap();
        assert_eq!(door.room, 2);
        drop(server);
        assert!(waiting(address.port()).unwrap_err().to_string().contains("nothing listens"));
    }

    #[test]
    fn a_server_of_both_families_is_found_too() {
        let server = TcpListener::bind("[::]:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let mut door = Door::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let _client = door.connect().unwrap();
        assert_eq!(waiting(port).unwrap(), 1);
    }
}
