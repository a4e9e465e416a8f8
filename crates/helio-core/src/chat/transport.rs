//! What the kernel of the server's machine knows of a connection, for whoever is at its other end. spec/transport.md is the page.

use super::Chat;
use super::command::transport;
use super::ids::SessionId;
use crate::time::Now;
use alloc::collections::BTreeMap;
use alloc::string::String;

impl Chat {
    /// The answer to [`Effect::Inspect`](super::Effect::Inspect); `None`: nothing is known.
    pub fn handle_inspected(&mut self, id: SessionId, transport: Option<&Transport>, now: Now) {
        transport::inspected(self, id, transport, now);
        self.settle(now);
    }
}

/// What is known of one TCP connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Numbers by the names that the kernel gives to them, with their units. Those that are not in [`SHOWN`] are shown to nobody.
    pub numbers: BTreeMap<&'static str, u64>,
    /// The name of the congestion control.
    pub congestion: Option<String>,
}

// spec: begin
/// The numbers that are shown, in this order.
pub const SHOWN: [&str; 13] = [
    "rtt_us",
    "rttvar_us",
    "min_rtt_us",
    "rto_us",
    "snd_mss",
    "snd_cwnd",
    "pmtu",
    "notsent_bytes",
    "segs_out",
    "total_retrans",
    "bytes_acked",
    "bytes_received",
    "delivery_rate",
];
// spec: end

impl Transport {
    /// A number, if the kernel gave it.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).copied()
    }
}
