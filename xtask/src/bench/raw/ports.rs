//! The port of a receiver that takes a single connection, which a trial connection would use up.

use anyhow::{Result, ensure};
use std::fs::read_to_string;
use std::time::{Duration, Instant};

/// How long a receiver may take to listen, and how often that is looked at.
const START: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until some program listens on it.
pub(super) fn wait_until_listening(port: u16) -> Result<()> {
    let deadline = Instant::now() + START;
    while !listens(&read_to_string("/proc/net/tcp")?, port) {
        ensure!(Instant::now() < deadline, "does not listen on port {port}");
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Whether `/proc/net/tcp` (proc(5)) has a socket in state LISTEN (0A) on `port`: fields are `sl local rem st …`.
fn listens(table: &str, port: u16) -> bool {
    let end = format!(":{port:04X}");
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next().is_some_and(|local| local.ends_with(&end)) && fields.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn only_a_listening_socket_of_the_port_counts() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue\n   \
                     0: 0100007F:1F40 00000000:0000 0A 00000000:00000000\n   \
                     1: 0100007F:1F41 0100007F:1F40 01 00000000:00000000\n";
        assert!(listens(table, 8000));
        assert!(!listens(table, 8001));
        assert!(!listens(table, 0));
    }

    #[test]
    fn a_listening_socket_is_seen() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        wait_until_listening(listener.local_addr().unwrap().port()).unwrap();
    }
}
