//! Results as people read them and as machines do. What was not measured is absent.

mod record;

pub use record::Record;

use super::pump::{ContentHash, Moved};
use super::receive::Received;
use super::send::Sent;
use super::udp_receive::{UdpReceived, UdpReceivedDetail};
use super::udp_send::UdpSent;
use helio_core::time::{human, three_figures};
use helio_core::transfer::MethodCost;
use helio_core::transfer::numbered::{Extent, Report};
use helio_core::transfer::raw::SourceChange;
use std::time::Duration;

/// A result in sentences, the most important one first.
pub trait Lines {
    /// One line each, without line ends.
    fn lines(&self) -> Vec<String>;
}

impl Sent {
    /// Whether the whole source as it was opened was sent.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.change != SourceChange::Shrank
    }
}

impl Lines for Sent {
    fn lines(&self) -> Vec<String> {
        let (time, until) = match self.acknowledged {
            Some(time) => (time, "until acknowledged"),
            None => (self.handed_over, "until handed to the kernel"),
        };
        let mut lines = vec![headline("sent", self.moved.bytes, Some(time), until)];
        lines.push(format!("  handed to the kernel after {}", human(self.handed_over)));
        lines.push(match self.acknowledged {
            Some(time) => format!("  acknowledged by the peer's TCP after {}", human(time)),
            None => "  not seen acknowledged by the peer's TCP within the time-out".into(),
        });
        lines.push(match self.peer_ended {
            Some(time) => format!("  the peer ended its side after {}", human(time)),
            None => "  the peer did not end its side within the time-out".into(),
        });
        if self.answer_bytes > 0 {
            lines.push(format!("  the peer answered {} bytes, which were dropped", self.answer_bytes));
        }
        lines.extend(source_line(self.change, self.expected, self.moved.bytes));
        if self.removed {
            lines.push("  the file was removed while it was sent; what was sent is its whole content".into());
        }
        lines.extend(stream_lines(&self.moved));
        lines
    }
}

impl Lines for Received {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![headline(
            "received",
            self.moved.bytes,
            Some(self.ended),
            "from the connection to the end of the stream",
        )];
        lines.extend(self.moved.first_byte.map(|time| format!("  first bytes written after {}", human(time))));
        lines.extend(self.stored.map(|time| format!("  on disk after {}", human(time))));
        lines.extend(self.path.as_ref().map(|path| format!("  stored as {}", path.display())));
        lines.extend(stream_lines(&self.moved));
        lines
    }
}

impl UdpSent {
    /// Whether the whole source was sent and, as far as anyone reports, arrived. Naked datagrams are never reported.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let arrived = match &self.numbered {
            Some(outcome) => outcome.report.as_ref().is_some_and(Report::is_complete),
            None => true,
        };
        self.change != SourceChange::Shrank && arrived
    }
}

impl Lines for UdpSent {
    fn lines(&self) -> Vec<String> {
        let until = "until handed to the kernel";
        let mut lines = vec![headline("sent", self.bytes, Some(self.handed_over), until)];
        lines.push(format!("  in {} datagrams", self.datagrams));
        lines.extend(source_line(self.change, self.expected, self.bytes));
        match &self.numbered {
            None => lines.push("  what arrived is not known: nobody reports naked datagrams (--numbered does)".into()),
            Some(outcome) => match &outcome.report {
                Some(report) => lines.extend(report_lines("the receiver reports", self.datagrams, report)),
                None => lines.push(format!(
                    "  what arrived is not known: no report came, though it was asked for {} times",
                    outcome.markers
                )),
            },
        }
        lines.extend(self.hash.iter().flat_map(hash_lines));
        lines
    }
}

impl UdpReceived {
    /// Whether what was sent was received, as far as that is known: naked datagrams only tell what the kernel dropped.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match &self.detail {
            UdpReceivedDetail::Naked { kernel_drops, .. } => kernel_drops.is_none_or(|drops| drops == 0),
            UdpReceivedDetail::Numbered(outcome) => {
                let aborted = outcome.end.is_some_and(|end| end.aborted);
                outcome.report.is_complete() && !aborted && self.verified() != Some(false)
            }
        }
    }

    /// Whether the stored file has the hash that the sender told; `None` when one of the two is not known.
    #[must_use]
    pub fn verified(&self) -> Option<bool> {
        let UdpReceivedDetail::Numbered(outcome) = &self.detail else { return None };
        Some(*self.hash?.hash.as_bytes() == outcome.end?.hash?)
    }
}

impl Lines for UdpReceived {
    fn lines(&self) -> Vec<String> {
        let until = "from the first to the last datagram";
        let mut lines = match &self.detail {
            UdpReceivedDetail::Naked { datagrams, bytes, foreign, kernel_drops, data_time } => {
                let mut lines = vec![headline("received", *bytes, *data_time, until)];
                lines.push(format!("  in {datagrams} datagrams, in the order in which they came"));
                lines.extend(kernel_drops.map(|drops| {
                    format!("  {drops} datagrams were dropped by this machine's kernel for want of room in the buffer")
                }));
                lines.push("  what was lost on the way is not known: naked datagrams have no number".into());
                if *foreign > 0 {
                    lines.push(format!("  {foreign} datagrams of other senders were left out"));
                }
                lines
            }
            UdpReceivedDetail::Numbered(outcome) => {
                let report = &outcome.report;
                let mut lines = vec![headline("received", report.received_bytes, report.data_time, until)];
                lines.extend(report_lines("the account", report.received + report.lost, report));
                if outcome.end.is_some_and(|end| end.aborted) {
                    lines.push("  the sender gave up before the end of its file".into());
                }
                lines
            }
        };
        lines.extend(self.path.as_ref().map(|path| format!("  stored as {}", path.display())));
        lines.extend(self.hash.iter().flat_map(hash_lines));
        lines.extend(self.verified().map(|equal| match equal {
            true => "  which is the sender's too: the file is what was sent".into(),
            false => "  WHICH IS NOT THE SENDER'S: the file differs from what was sent".into(),
        }));
        lines
    }
}

fn gaps(count: u64) -> String {
    if count == 1 { "1 gap".into() } else { format!("{count} gaps") }
}

fn report_lines(whose: &str, sent: u64, report: &Report) -> Vec<String> {
    let known = match report.extent {
        Extent::Ended => format!("of {sent} datagrams sent"),
        Extent::Announced => "no end marker came; measured against the announced length".into(),
        Extent::Seen => "no end marker came; what is missing at the end is not known".into(),
    };
    let mut lines = vec![
        format!("  {whose}: {known}"),
        format!("    received      {:>10}  {}", report.received, size(report.received_bytes)),
        format!("    lost          {:>10}  {} in {}", report.lost, size(report.lost_bytes), gaps(report.gaps)),
    ];
    lines.extend(report.kernel_drops.map(|drops| {
        format!(
            "      {drops} were dropped by the receiver's kernel for want of room, {} elsewhere",
            report.lost.saturating_sub(drops)
        )
    }));
    let counts = [
        ("duplicated", report.duplicated),
        ("out of order", report.out_of_order),
        ("late", report.late),
        ("damaged", report.damaged),
        ("foreign", report.foreign),
    ];
    lines.extend(counts.map(|(name, count)| format!("    {name:<13} {count:>10}")));
    if report.storing_failed {
        lines.push("    the receiver could not store all that came".into());
    }
    lines.extend(gaps_line(report));
    lines
}

fn gaps_line(report: &Report) -> Option<String> {
    /// Gaps in one line of text; JSON has all that the report names.
    const SHOWN: usize = 8;
    if report.named_gaps.is_empty() {
        return None;
    }
    let shown: Vec<_> =
        report.named_gaps.iter().take(SHOWN).map(|gap| format!("{}–{}", gap.start, gap.end - 1)).collect();
    let more = report.gaps.saturating_sub(shown.len() as u64);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("    missing bytes {}{rest}", shown.join(", ")))
}

fn source_line(change: SourceChange, expected: Option<u64>, sent: u64) -> Option<String> {
    let expected = expected?;
    match change {
        SourceChange::None => None,
        SourceChange::Grew => {
            Some(format!("  the file grew while it was sent: expected {expected} bytes, sent {sent}"))
        }
        SourceChange::Shrank => Some(format!(
            "  INCOMPLETE: the file became shorter while it was sent: expected {expected} bytes, sent {sent}"
        )),
    }
}

fn stream_lines(moved: &Moved) -> Vec<String> {
    let costs: Vec<_> = moved.probe.iter().filter_map(cost_text).collect();
    let why = if costs.is_empty() { String::new() } else { format!(" (processor time per MiB: {})", costs.join(", ")) };
    let mut lines = vec![format!("  moved by {}{why}", moved.method.name())];
    lines.extend(moved.hash.iter().flat_map(hash_lines));
    lines
}

fn cost_text(cost: &MethodCost) -> Option<String> {
    Some(format!("{} {}", cost.method.name(), human(cost.per_mib()?)))
}

fn hash_lines(hash: &ContentHash) -> [String; 1] {
    // Of an empty file nothing was computed, and no time measured.
    let cost = if hash.time.is_zero() { String::new() } else { format!(" (computing it took {})", human(hash.time)) };
    [format!("  BLAKE3 {}{cost}", hash.hash)]
}

fn headline(verb: &str, bytes: u64, time: Option<Duration>, until: &str) -> String {
    match time {
        Some(time) if bytes == 0 => format!("{verb} {} in {} ({until})", size(bytes), human(time)),
        Some(time) => format!("{verb} {} in {}, {} ({until})", size(bytes), human(time), rate(bytes, time)),
        None => format!("{verb} {}", size(bytes)),
    }
}

/// Megabytes a second (10^6), or smaller units where those would be nought.
fn rate(bytes: u64, time: Duration) -> String {
    let per_second = bytes as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE);
    let (scaled, unit) = match per_second {
        v if v >= 1e6 => (v / 1e6, "MB/s"),
        v if v >= 1e3 => (v / 1e3, "kB/s"),
        v => (v, "bytes/s"),
    };
    format!("{} {unit}", three_figures(scaled))
}

/// `27 bytes`, `1.05 MB (1048576 bytes)`.
fn size(bytes: u64) -> String {
    let (scaled, unit) = match bytes {
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => (1e3, "kB"),
        1_000_000..1_000_000_000 => (1e6, "MB"),
        1_000_000_000.. => (1e9, "GB"),
    };
    format!("{} {unit} ({bytes} bytes)", three_figures(bytes as f64 / scaled))
}

#[cfg(test)]
mod tests;
