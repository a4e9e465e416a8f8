//! What the server and the load program have used between two moments.

use crate::process::{Schedule, schedule};
use anyhow::Result;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// One moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    at: Instant,
    server: Schedule,
    load: Schedule,
}

impl Moment {
    /// This moment.
    pub(super) fn now(server: u32) -> Result<Self> {
        let (server, load) = (schedule(server)?, schedule(std::process::id())?);
        Ok(Self { at: Instant::now(), server, load })
    }

    /// What was used from `before` to this moment: `elapsed_ns`, `server_cpu_ns` and `load_cpu_ns`, and how long the
    /// threads of the server waited for a core, `server_wait_ns`.
    pub(super) fn since(&self, before: &Self) -> Map<String, Value> {
        let used = |key: &str, time: Duration| (key.to_owned(), Value::from(time.as_nanos() as u64));
        Map::from_iter([
            used("elapsed_ns", self.at - before.at),
            used("server_cpu_ns", self.server.running.saturating_sub(before.server.running)),
            used("server_wait_ns", self.server.waiting.saturating_sub(before.server.waiting)),
            used("load_cpu_ns", self.load.running.saturating_sub(before.load.running)),
        ])
    }
}

/// The value below which `share` of all lie; `None` of nothing.
pub(super) fn quantile(values: &mut [Duration], share: f64) -> Option<Duration> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    Some(values[(last as f64 * share).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut values: Vec<_> = (1..=101).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut values, 0.5), Some(Duration::from_millis(51)));
        assert_eq!(quantile(&mut values, 0.99), Some(Duration::from_millis(100)));
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
