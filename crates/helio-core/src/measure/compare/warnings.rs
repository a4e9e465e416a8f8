//! What limits the meaning of a comparison's numbers. A result is its numbers and these together.

use super::table::{payload, transport};
use super::{Comparison, Row};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

/// Times below which a median is called rough.
const FEW_TIMES: usize = 10;

/// Load for each core above which the machine is called busy.
const BUSY_LOAD: f64 = 0.5;

/// One thing to know before believing the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// For programs; does not change between versions.
    pub code: &'static str,
    /// For people: one sentence or two.
    pub text: String,
}

/// All warnings about `comparison`, the widest first.
pub(super) fn of(comparison: &Comparison, rows: &[Row]) -> Vec<Warning> {
    let whole =
        [interrupted(comparison), loopback(comparison), busy(comparison), udp_absent(comparison), failed(comparison)];
    let few = [few_times(rows)];
    let by_row = rows.iter().flat_map(|row| [lost(row), refused(row), survivors(row)]);
    whole.into_iter().chain(few).chain(by_row).flatten().collect()
}

fn interrupted(comparison: &Comparison) -> Option<Warning> {
    let (done, planned) = (comparison.exchanges.len(), comparison.planned_exchanges);
    let after = format!("after {done} of {planned} exchanges; the table holds those");
    if let Some(why) = &comparison.broken_off {
        return Some(Warning { code: "broken_off", text: format!("Broken off {after}: {why}.") });
    }
    (done < planned).then(|| Warning { code: "interrupted", text: format!("Interrupted {after}.") })
}

fn failed(comparison: &Comparison) -> Option<Warning> {
    let failures =
        comparison.exchanges.iter().filter_map(|exchange| Some((exchange, exchange.measured.failed.as_ref()?)));
    let (first, why) = failures.clone().next()?;
    let (count, all) = (failures.count(), comparison.exchanges.len());
    let name = format!("{}, {}", transport(first.transport), payload(first.size_bytes));
    let text = format!("{count} of {all} exchanges failed and have no time. The first, {name}: {why}.");
    Some(Warning { code: "failed", text })
}

fn loopback(comparison: &Comparison) -> Option<Warning> {
    let mtu = comparison.environment.path_mtu_bytes.map(|mtu| format!(", an MTU of {mtu}")).unwrap_or_default();
    comparison.environment.loopback.then(|| Warning {
        code: "loopback",
        text: format!(
            "Both ends are on this machine{mtu}: no cable, no network card, no distance, and both share its cores. \
             Loopback is not a network; do not expect these ratios on one."
        ),
    })
}

fn busy(comparison: &Comparison) -> Option<Warning> {
    let (load, cores) = (comparison.environment.load_before?, comparison.environment.cores?);
    (load > BUSY_LOAD * cores as f64).then(|| Warning {
        code: "busy",
        text: format!("The machine was busy before the start: load {load:.2} on {cores} cores. Compare minima first."),
    })
}

fn udp_absent(comparison: &Comparison) -> Option<Warning> {
    let why = comparison.udp_absent.as_ref()?;
    Some(Warning { code: "udp_absent", text: format!("UDP was not measured: {why}.") })
}

fn few_times(rows: &[Row]) -> Option<Warning> {
    let fewest = rows.iter().filter(|row| row.lost == 0).map(|row| row.time.samples).min()?;
    (fewest < FEW_TIMES).then(|| Warning {
        code: "few_samples",
        text: format!("Medians of {fewest} runs are rough: ask for at least {FEW_TIMES}, better 30 (--runs)."),
    })
}

fn lost(row: &Row) -> Option<Warning> {
    if row.lost == 0 {
        return None;
    }
    let name = format!("{}, {}", transport(row.transport), payload(row.size_bytes));
    let messages = format!("{name}: {} of {} messages did not come back whole", row.lost, row.exchanges);
    let Some(sums) = row.datagrams.filter(|sums| sums.lost() > 0) else {
        return Some(Warning { code: "lost", text: format!("{messages} in time.") });
    };
    let mut parts = Vec::new();
    let mut add = |count: u64, place: &str| {
        if count > 0 {
            parts.push(format!("{count} {place}"));
        }
    };
    add(sums.lost_there, "on the way there");
    add(sums.refused, "to the reflector's rate limit");
    add(sums.lost_back, "on the way back");
    add(sums.lost_unknown, "in an unknown direction");
    let mut text = format!("{messages}. Of {} datagrams {} were lost: {}", sums.sent, sums.lost(), parts.join(", "));
    text.push('.');
    if let Some(dropped @ 1..) = sums.dropped_here {
        text += &format!(" This machine itself dropped {dropped} of them, because our receive buffer was full.");
    }
    Some(Warning { code: "lost", text })
}

fn refused(row: &Row) -> Option<Warning> {
    let refused = row.datagrams?.refused;
    (refused > 0).then(|| Warning {
        code: "rate_limited",
        text: format!(
            "UDP, {}: the reflector limits how many datagrams a second it answers to one address; what that dropped \
             says nothing about the network. Ask for smaller sizes, or have the limit raised \
             there (`helio echo --udp-rate`).",
            payload(row.size_bytes)
        ),
    })
}

fn survivors(row: &Row) -> Option<Warning> {
    (row.lost > 0 && row.time.samples > 0).then(|| Warning {
        code: "survivors",
        text: format!(
            "{}, {}: the times are those of the {} messages that came back; loss picks the lucky ones.",
            transport(row.transport),
            payload(row.size_bytes),
            row.time.samples
        ),
    })
}
