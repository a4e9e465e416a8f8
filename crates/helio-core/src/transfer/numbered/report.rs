//! The receiver's account as it travels back to the sender.

use super::{NOT_KNOWN, Reader};
use crate::limits;
use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;
use serde::{Serialize, Serializer};

/// What [`Report::lost`] is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// An end marker told the totals: the loss is exact.
    Ended,
    /// No end marker came; the length announced in the DATA messages stands in for it.
    Announced,
    /// Nothing but the highest datagram seen is known: the loss is a lower bound.
    Seen,
}

/// The receiver's account of one transfer. `received + lost` is what was sent (see [`Extent`] for when that holds).
///
/// As JSON the time is in nanoseconds, a gap is its start and end, and what was not measured is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How sure the loss is.
    pub extent: Extent,
    /// True when the receiver could not store what came (disk full) and stopped.
    pub storing_failed: bool,
    /// Distinct datagrams.
    pub received: u64,
    /// Bytes of their payloads.
    pub received_bytes: u64,
    /// Datagrams that never came.
    pub lost: u64,
    /// Bytes that never came.
    pub lost_bytes: u64,
    /// Datagrams that came again.
    pub duplicated: u64,
    /// Distinct datagrams with a number lower than one seen before (RFC 4737 §3).
    pub out_of_order: u64,
    /// Distinct datagrams that came after an end marker.
    pub late: u64,
    /// Datagrams of this transfer that contradict the format or each other.
    pub damaged: u64,
    /// Datagrams that are not of this transfer.
    pub foreign: u64,
    /// Datagrams for which the receiving socket had no room; `None` when the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_drops: Option<u64>,
    /// All gaps, named or not.
    pub gaps: u64,
    /// The first gaps as byte ranges, in order; at most [`limits::NUMBERED_GAPS_NAMED`].
    #[serde(serialize_with = "pairs")]
    pub named_gaps: Vec<Range<u64>>,
    /// From the first to the last datagram; `None` when there were fewer than two.
    #[serde(rename = "data_ns", serialize_with = "nanos", skip_serializing_if = "Option::is_none")]
    pub data_time: Option<Duration>,
}

impl Report {
    /// True when the whole source was received and stored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.extent == Extent::Ended && self.lost == 0 && !self.storing_failed
    }

    // spec: begin
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let named = self.named_gaps.iter().take(limits::NUMBERED_GAPS_NAMED);
        out.push(u8::from(self.storing_failed));
        out.push(match self.extent {
            Extent::Ended => 1,
            Extent::Announced => 2,
            Extent::Seen => 3,
        });
        out.extend_from_slice(&(named.len() as u16).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        let data_nanos = self.data_time.map(nanoseconds);
        let counts = [
            self.received,
            self.received_bytes,
            self.lost,
            self.lost_bytes,
            self.duplicated,
            self.out_of_order,
            self.late,
            self.damaged,
            self.foreign,
            self.kernel_drops.unwrap_or(NOT_KNOWN),
            self.gaps,
            data_nanos.unwrap_or(NOT_KNOWN),
        ];
        for count in counts.into_iter().chain(named.flat_map(|gap| [gap.start, gap.end])) {
            out.extend_from_slice(&count.to_be_bytes());
        }
    }
    // spec: end

    pub(super) fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        let storing_failed = reader.flag()?;
        let extent = match reader.u8()? {
            1 => Extent::Ended,
            2 => Extent::Announced,
            3 => Extent::Seen,
            _ => return None,
        };
        let named = usize::from(reader.u16()?);
        if named > limits::NUMBERED_GAPS_NAMED || reader.u16()? != 0 {
            return None;
        }
        let mut report = Self {
            storing_failed,
            extent,
            received: reader.u64()?,
            received_bytes: reader.u64()?,
            lost: reader.u64()?,
            lost_bytes: reader.u64()?,
            duplicated: reader.u64()?,
            out_of_order: reader.u64()?,
            late: reader.u64()?,
            damaged: reader.u64()?,
            foreign: reader.u64()?,
            kernel_drops: reader.count()?,
            gaps: reader.u64()?,
            data_time: reader.count()?.map(Duration::from_nanos),
            named_gaps: Vec::with_capacity(named),
        };
        let mut behind = 0;
        for _ in 0..named {
            let gap = reader.u64()?..reader.u64()?;
            if gap.start < behind || gap.is_empty() {
                return None;
            }
            behind = gap.end;
            report.named_gaps.push(gap);
        }
        (report.gaps >= named as u64).then_some(report)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NOT_KNOWN)
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn nanos<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(nanoseconds).serialize(serializer)
}

fn pairs<S: Serializer>(gaps: &[Range<u64>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(gaps.iter().map(|gap| [gap.start, gap.end]))
}
