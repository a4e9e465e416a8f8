//! The echo service: what the workshop's server answers, RFC 862, and the reflector for measurements.

mod tcp;
mod udp;

pub use tcp::{EchoOptions, EchoSession};
pub use udp::{Ignored, UdpEcho, UdpEchoOptions, Verdict};

/// What stands before the echoed bytes unless a setting says otherwise.
pub const DEFAULT_PREFIX: &[u8] = b"ACK: ";
