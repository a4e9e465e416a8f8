//! The table of a comparison, as text.

use super::{Comparison, Row, Warning};
use crate::measure::plan::Transport;
use crate::measure::stats::{Ratio, Summary};
use crate::time::{human, three_figures};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Stands where nothing was measured.
const ABSENT: &str = "–";

const HEAD: [&str; COLUMNS] = ["payload", "over", "median", "p25 – p75", "min", "ratio", "95 %", "lost"];
const COLUMNS: usize = 8;

/// Width of a line of the warnings, in characters.
const WIDTH: usize = 100;

/// The whole report: what was done, the table, the environment, the warnings.
pub(super) fn render(comparison: &Comparison, rows: &[Row], warnings: &[Warning]) -> String {
    let mut lines = alloc::vec![head_line(comparison), String::new()];
    let mut cells = alloc::vec![HEAD.map(ToString::to_string)];
    let mut above = None;
    for row in rows {
        let size = if above == Some(row.size_bytes) { String::new() } else { payload(row.size_bytes) };
        above = Some(row.size_bytes);
        cells.push(main_cells(size, row));
        cells.extend(row.connect.as_ref().map(|part| part_cells("  connect", part)));
        cells.extend(row.exchange.as_ref().map(|part| part_cells("  exchange", part)));
    }
    lines.extend(align(&cells));
    lines.push(String::new());
    lines.push(
        "ratio: median over that of TCP kept open, with its 95 % confidence interval; ≈ means no difference found"
            .into(),
    );
    lines.push(environment_line(comparison));
    for warning in warnings {
        lines.extend(wrap("! ", &warning.text));
    }
    lines.join("\n")
}

/// A payload size as people write it: whole powers of 1024 with their unit, anything else in bytes.
pub(super) fn payload(bytes: usize) -> String {
    const UNITS: [(usize, &str); 2] = [(1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = UNITS.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// The transport's name in the table.
pub(super) fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::TcpKept => "TCP, kept open",
        Transport::TcpNew => "TCP, new",
        Transport::Udp => "UDP",
    }
}

fn head_line(comparison: &Comparison) -> String {
    let Comparison { address, peer, runs, warm_ups, seed, .. } = comparison;
    let resolved = if address.ends_with(peer.as_str()) { String::new() } else { format!(" ({peer})") };
    format!(
        "{address}{resolved}: {runs} runs of each in random order (seed {seed}), {warm_ups} warm-ups before not counted"
    )
}

fn environment_line(comparison: &Comparison) -> String {
    let environment = &comparison.environment;
    let kernel = environment.kernel.as_ref().map(|kernel| format!("kernel {kernel}"));
    let control = environment.congestion_control.as_ref().map(|control| format!("congestion control {control}"));
    let mtu = environment.path_mtu_bytes.map(|mtu| format!("path MTU {mtu}"));
    let cores = environment.cores.map(|cores| format!("{cores} cores"));
    let load = environment.load_before.map(|before| match environment.load_after {
        Some(after) => format!("load {before:.2} before, {after:.2} after"),
        None => format!("load {before:.2} before"),
    });
    let version = Some(format!("helio {}", environment.helio_version));
    [version, kernel, control, mtu, cores, load].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn main_cells(size: String, row: &Row) -> [String; COLUMNS] {
    let [median, quartiles, min] = time_cells(&row.time);
    let ratio = row.ratio;
    let own = row.transport == Transport::TcpKept && row.time.median_ns.is_some();
    let of_medians = if own { "1".into() } else { ratio.map_or_else(|| ABSENT.into(), |ratio| ratio_cell(&ratio)) };
    let interval = ratio.and_then(|ratio| ratio.interval_95);
    let interval = interval.map(|(low, high)| format!("{} – {}", three_figures(low), three_figures(high)));
    let lost = format!("{}/{}", row.lost, row.exchanges);
    [size, transport(row.transport).into(), median, quartiles, min, of_medians, interval.unwrap_or_default(), lost]
}

fn ratio_cell(ratio: &Ratio) -> String {
    let sign = if ratio.differs() || ratio.interval_95.is_none() { "" } else { "≈ " };
    format!("{sign}{}", three_figures(ratio.of_medians))
}

fn part_cells(name: &str, part: &Summary) -> [String; COLUMNS] {
    let [median, quartiles, min] = time_cells(part);
    [String::new(), name.into(), median, quartiles, min, String::new(), String::new(), String::new()]
}

/// Median, quartiles and minimum.
fn time_cells(summary: &Summary) -> [String; 3] {
    let time = |nanos: Option<u64>| nanos.map_or_else(|| ABSENT.into(), |nanos| human(Duration::from_nanos(nanos)));
    let quartiles = summary.p25_ns.zip(summary.p75_ns);
    let quartiles = quartiles.map(|(low, high)| range(&time(Some(low)), &time(Some(high))));
    [time(summary.median_ns), quartiles.unwrap_or_else(|| ABSENT.into()), time(summary.min_ns)]
}

/// `a – b`, with a unit that both have said once.
fn range(low: &str, high: &str) -> String {
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} – {high}"),
        _ => format!("{low} – {high}"),
    }
}

/// Columns as wide as their widest cell, two spaces apart; the first two flush left, numbers flush right.
fn align(rows: &[[String; COLUMNS]]) -> Vec<String> {
    const FLUSH_LEFT: usize = 2;
    let mut widths = [0; COLUMNS];
    for (width, column) in widths.iter_mut().zip(0..) {
        *width = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    }
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if column < FLUSH_LEFT { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    rows.iter().map(line).collect()
}

/// `text` in lines of at most [`WIDTH`] characters, the first after `mark`, the others indented as far.
fn wrap(mark: &str, text: &str) -> Vec<String> {
    let indent = " ".repeat(mark.chars().count());
    let mut lines = Vec::new();
    let mut line = String::from(mark);
    for word in text.split(' ') {
        let starts = line.trim().is_empty() || line == mark;
        if !starts && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(core::mem::replace(&mut line, indent.clone()));
        } else if !starts {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
