//! Results as JSON objects.

use crate::transfer::pump::Moved;
use crate::transfer::receive::Received;
use crate::transfer::send::Sent;
use crate::transfer::udp_receive::{UdpReceived, UdpReceivedDetail};
use crate::transfer::udp_send::UdpSent;
use helio_core::time::nanos;
use helio_core::transfer::numbered::Report;
use serde::Serialize;

/// A result for machines. A field that does not apply or was not measured is left out; times count from the start of
/// the transfer.
#[derive(Debug, Default, Serialize)]
pub struct Record {
    /// `sent` or `received`.
    pub event: &'static str,
    /// `tcp` or `udp`.
    pub transport: &'static str,
    /// Whether everything went over, as far as that is known.
    pub complete: bool,
    /// Bytes of the file.
    pub bytes: u64,
    /// The source's length when it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_bytes: Option<u64>,
    /// Where the file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The first bytes were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ns: Option<u64>,
    /// The last write returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over_ns: Option<u64>,
    /// The peer's TCP had everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_ns: Option<u64>,
    /// The peer ended its side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_ended_ns: Option<u64>,
    /// The end of the stream was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ns: Option<u64>,
    /// The file was on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_ns: Option<u64>,
    /// From the first to the last datagram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_ns: Option<u64>,
    /// `copy`, `sendfile` or `splice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io: Option<&'static str>,
    /// The hash of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// What computing it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3_ns: Option<u64>,
    /// Whether it is the hash that the sender told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Datagrams of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datagrams: Option<u64>,
    /// Datagrams of other senders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<u64>,
    /// Datagrams for which the receiving socket had no room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_drops: Option<u64>,
    /// The receiver's account of numbered datagrams; the fields are those of `spec/numbered-udp.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl Sent {
    /// The result for machines.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            event: "sent",
            transport: "tcp",
            complete: self.is_complete(),
            expected_bytes: self.expected,
            handed_over_ns: Some(nanos(self.handed_over)),
            acknowledged_ns: self.acknowledged.map(nanos),
            peer_ended_ns: self.peer_ended.map(nanos),
            ..of_stream(&self.moved)
        }
    }
}

impl Received {
    /// The result for machines.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            event: "received",
            transport: "tcp",
            complete: true,
            path: self.path.as_ref().map(|path| path.display().to_string()),
            first_byte_ns: self.moved.first_byte.map(nanos),
            ended_ns: Some(nanos(self.ended)),
            stored_ns: self.stored.map(nanos),
            ..of_stream(&self.moved)
        }
    }
}

impl UdpSent {
    /// The result for machines.
    #[must_use]
    pub fn record(&self) -> Record {
        let report = self.numbered.as_ref().and_then(|outcome| outcome.report.as_ref());
        Record {
            event: "sent",
            transport: "udp",
            complete: self.is_complete(),
            bytes: self.bytes,
            expected_bytes: self.expected,
            handed_over_ns: Some(nanos(self.handed_over)),
            blake3: self.hash.map(|hash| hash.hash.to_string()),
            blake3_ns: self.hash.map(|hash| nanos(hash.time)),
            datagrams: Some(self.datagrams),
            report: report.cloned(),
            ..Record::default()
        }
    }
}

impl UdpReceived {
    /// The result for machines.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut record = Record {
            event: "received",
            transport: "udp",
            complete: self.is_complete(),
            path: self.path.as_ref().map(|path| path.display().to_string()),
            blake3: self.hash.map(|hash| hash.hash.to_string()),
            blake3_ns: self.hash.map(|hash| nanos(hash.time)),
            verified: self.verified(),
            ..Record::default()
        };
        match &self.detail {
            UdpReceivedDetail::Naked { datagrams, bytes, foreign, kernel_drops, data_time } => {
                record.bytes = *bytes;
                record.datagrams = Some(*datagrams);
                record.foreign = Some(*foreign);
                record.kernel_drops = *kernel_drops;
                record.data_ns = data_time.map(nanos);
            }
            UdpReceivedDetail::Numbered(outcome) => {
                record.bytes = outcome.report.received_bytes;
                record.report = Some(outcome.report.clone());
            }
        }
        record
    }
}

fn of_stream(moved: &Moved) -> Record {
    Record {
        bytes: moved.bytes,
        io: Some(moved.method.name()),
        blake3: moved.hash.map(|hash| hash.hash.to_string()),
        blake3_ns: moved.hash.map(|hash| nanos(hash.time)),
        ..Record::default()
    }
}
