//! The environment of a comparison, as far as the system tells.

use helio_core::measure::compare::Environment;
use helio_net::tcp_info::TcpInfo;
use std::fs;
use std::net::TcpStream;

/// What was read before the first exchange.
pub(super) struct Before(Environment);

impl Before {
    /// Reads the environment of `connection`.
    pub(super) fn read(connection: Option<&TcpStream>, congestion_control: Option<String>) -> Self {
        let ends = connection.and_then(|c| Some((c.peer_addr().ok()?, c.local_addr().ok()?)));
        Self(Environment {
            helio_version: env!("CARGO_PKG_VERSION").to_owned(),
            loopback: ends
                .is_some_and(|(peer, local)| peer.ip().to_canonical().is_loopback() || peer.ip() == local.ip()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|release| release.trim().to_owned()),
            congestion_control,
            path_mtu_bytes: None,
            cores: std::thread::available_parallelism().ok().map(usize::from),
            load_before: load(),
            load_after: None,
        })
    }

    /// Adds what is known at the end. The kernel settles the path MTU while data flows, so it is read last.
    pub(super) fn finish(self, connection: Option<&TcpStream>) -> Environment {
        let path_mtu_bytes = connection.and_then(|connection| TcpInfo::of(connection).ok()).and_then(|info| info.pmtu);
        Environment { path_mtu_bytes, load_after: load(), ..self.0 }
    }
}

/// The one-minute load average: proc_loadavg(5).
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
