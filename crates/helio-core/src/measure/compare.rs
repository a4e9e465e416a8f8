//! The result of a comparison: raw exchanges, and the rows, warnings and texts that are made from them alone.
//!
//! `spec/compare-record.md` is the page of the record.

mod table;
mod warnings;

pub use warnings::Warning;

use super::exchange::Datagrams;
use super::plan::{Configuration, Step, Transport, configurations};
use super::stats::{Ratio, Summary};
use crate::rng::Rng;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::Serialize;

/// Rounds before those that count; see [`super::plan::plan`].
pub const WARM_UPS: u32 = 2;

// spec: begin
/// Everything that a comparison found out.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Where the reflector was looked for, as the user gave it.
    pub address: String,
    /// The address that was measured.
    pub peer: String,
    /// Of the order, the payloads and the confidence intervals.
    pub seed: u64,
    /// Payload sizes.
    pub sizes_bytes: Vec<usize>,
    /// Exchanges that count, of each size and transport.
    pub runs: u32,
    /// Exchanges before them that do not.
    pub warm_ups: u32,
    /// Time that each message had to come back whole.
    #[serde(rename = "timeout_ns", serialize_with = "as_nanos")]
    pub timeout: Duration,
    /// Exchanges that the plan held.
    pub planned_exchanges: usize,
    /// Where it was measured.
    pub environment: Environment,
    /// Every exchange in the order in which it was made.
    pub exchanges: Vec<Exchange>,
    /// Why UDP was not measured, to finish the sentence "UDP was not measured: ".
    #[serde(skip)]
    pub udp_absent: Option<String>,
    /// What ended it before its plan was done, to finish the sentence "Broken off: ".
    #[serde(skip)]
    pub broken_off: Option<String>,
}

/// What bears on how the numbers are to be read. What the system does not tell is absent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Environment {
    /// Version of this program.
    pub helio_version: String,
    /// Both ends are on this machine.
    pub loopback: bool,
    /// The kernel's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Congestion control of the TCP connection, this end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub congestion_control: Option<String>,
    /// Path MTU of the TCP connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_mtu_bytes: Option<u32>,
    /// Processors that this program may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<usize>,
    /// One-minute load average at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_before: Option<f64>,
    /// One-minute load average at the end, our own work included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_after: Option<f64>,
}

/// One exchange: a payload sent and, if all went well, its echo received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Place in the order, from 0.
    pub position: usize,
    /// How it travelled.
    pub transport: Transport,
    /// Bytes of the payload.
    pub size_bytes: usize,
    /// Not counted.
    pub warm_up: bool,
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measured,
}

/// What one exchange measured. An exchange without `total_ns` did not come back whole in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// From the call of `connect` to its return; only with a connection of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ns: Option<u64>,
    /// From before the first byte was written until the last byte of the echo was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange_ns: Option<u64>,
    /// Both together, or the exchange alone where there is no connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ns: Option<u64>,
    /// What became of the datagrams; only UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datagrams: Option<Datagrams>,
    /// Datagrams that this machine dropped because our receive buffer was full; only UDP, a part of those lost on the
    /// way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_here: Option<u32>,
    /// What broke, when it was no mere loss: the connection, or the way to a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}
// spec: end

impl Exchange {
    /// The exchange that `step` asked for.
    #[must_use]
    pub fn new(position: usize, step: Step, measured: Measured) -> Self {
        let Configuration { size_bytes, transport } = step.configuration;
        Self { position, transport, size_bytes, warm_up: step.warm_up, measured }
    }
}

// spec: begin
/// What the exchanges of one size and transport say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// How they travelled.
    pub transport: Transport,
    /// Bytes of the payload.
    pub size_bytes: usize,
    /// Exchanges that count.
    pub exchanges: usize,
    /// Those of them that did not come back whole in time, and so have no time.
    pub lost: usize,
    /// Times of the others.
    pub time: Summary,
    /// The part that was spent connecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Summary>,
    /// The part after connecting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Summary>,
    /// Against [`Transport::TcpKept`] with the same size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
    /// Sums of the datagrams; only UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datagrams: Option<DatagramSums>,
}

/// Sums over the datagrams of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DatagramSums {
    /// Sent, tallies included.
    pub sent: u64,
    /// Came back.
    pub back: u64,
    /// Lost on the way there.
    pub lost_there: u64,
    /// Dropped by the reflector's rate limit.
    pub refused: u64,
    /// Lost on the way back.
    pub lost_back: u64,
    /// Lost, it could not be told where.
    pub lost_unknown: u64,
    /// Of those lost on the way back: dropped by this machine because our receive buffer was full. Absent if the kernel
    /// does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_here: Option<u64>,
}

/// The comparison as it is written down: [`Comparison`] with what was computed from it.
#[derive(Clone, Debug, Serialize)]
pub struct Record<'a> {
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    comparison: &'a Comparison,
    rows: Vec<Row>,
    warnings: Vec<Warning>,
}
// spec: end

impl Comparison {
    /// One row for each size and transport that was measured, in the order of the table.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut all = configurations(&self.sizes_bytes, &Transport::ALL);
        all.retain(|&c| c.transport != Transport::Udp || self.udp_absent.is_none());
        all.into_iter().map(|configuration| self.row(configuration)).collect()
    }

    /// The record, ready to be serialised.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        let rows = self.rows();
        let warnings = warnings::of(self, &rows);
        Record { format: "helio-compare", version: 1, comparison: self, rows, warnings }
    }

    /// The table for people, with what limits its meaning below it; no line end after the last line.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = self.rows();
        table::render(self, &rows, &warnings::of(self, &rows))
    }

    fn row(&self, configuration: Configuration) -> Row {
        let Configuration { size_bytes, transport } = configuration;
        let counted = self.counted(configuration);
        let times = times(&counted, |measured| measured.total_ns);
        let base = Configuration { size_bytes, transport: Transport::TcpKept };
        let base = self::times(&self.counted(base), |measured| measured.total_ns);
        let split = |part: fn(&Measured) -> Option<u64>| {
            (transport == Transport::TcpNew).then(|| Summary::of(&self::times(&counted, part)))
        };
        Row {
            transport,
            size_bytes,
            exchanges: counted.len(),
            lost: counted.len() - times.len(),
            time: Summary::of(&times),
            connect: split(|measured| measured.connect_ns),
            exchange: split(|measured| measured.exchange_ns),
            ratio: match transport {
                Transport::TcpKept => None,
                Transport::TcpNew | Transport::Udp => Ratio::of(&times, &base, &mut Rng::from_seed(self.seed)),
            },
            datagrams: (transport == Transport::Udp).then(|| DatagramSums::of(&counted)),
        }
    }

    fn counted(&self, configuration: Configuration) -> Vec<&Measured> {
        let wanted = |exchange: &&Exchange| {
            !exchange.warm_up
                && exchange.size_bytes == configuration.size_bytes
                && exchange.transport == configuration.transport
        };
        self.exchanges.iter().filter(wanted).map(|exchange| &exchange.measured).collect()
    }
}

impl DatagramSums {
    fn of(exchanges: &[&Measured]) -> Self {
        let mut sums = Self::default();
        for measured in exchanges {
            let Some(datagrams) = measured.datagrams else { continue };
            sums.sent += u64::from(datagrams.sent);
            sums.back += u64::from(datagrams.back);
            if let Some(dropped) = measured.dropped_here {
                *sums.dropped_here.get_or_insert(0) += u64::from(dropped);
            }
            match datagrams.lost {
                Some(lost) => {
                    sums.lost_there += u64::from(lost.there);
                    sums.refused += u64::from(lost.refused);
                    sums.lost_back += u64::from(lost.back);
                }
                None => sums.lost_unknown += u64::from(datagrams.sent.saturating_sub(datagrams.back)),
            }
        }
        sums
    }

    /// Datagrams that did not come back.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.back)
    }
}

fn times(exchanges: &[&Measured], part: impl Fn(&Measured) -> Option<u64>) -> Vec<u64> {
    exchanges.iter().filter_map(|measured| part(measured)).collect()
}

fn as_nanos<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
