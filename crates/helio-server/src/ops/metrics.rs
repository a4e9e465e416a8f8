//! The cells that are counted in, and how they become text.

use super::table::{Kind, Metric, Place, Reason, Row, TABLE};
use helio_core::chat::{Counts, Sizes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// All numbers. To count is an addition to an atomic; nobody ever waits, but for the histograms, in which the store's thread
/// alone counts.
#[derive(Debug)]
pub struct Metrics {
    /// By [`Metric`], then by the value of its label.
    cells: Vec<Vec<AtomicU64>>,
    commit_seconds: Histogram,
    commit_records: Histogram,
}

/// Something that is counted until this is dropped.
#[derive(Debug)]
pub struct Counted {
    ops: Arc<super::Ops>,
    metric: Metric,
    label: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        let cells = TABLE.iter().map(|row| (0..row.cells()).map(|_| AtomicU64::new(0)).collect()).collect();
        Self {
            cells,
            // 0.1 ms to 26 s: a disk that does not really flush, and one that is about to die.
            commit_seconds: Histogram::new(exponential_buckets(0.0001, 4.0, 10)),
            commit_records: Histogram::new(exponential_buckets(1.0, 4.0, 7)),
        }
    }
}

impl Metrics {
    /// Counts `n` more.
    pub fn add(&self, metric: Metric, n: u64) {
        self.cell(metric, 0).fetch_add(n, Ordering::Relaxed);
    }

    /// It is `value` now.
    pub fn set(&self, metric: Metric, value: u64) {
        self.cell(metric, 0).store(value, Ordering::Relaxed);
    }

    /// What it is now.
    #[must_use]
    pub fn get(&self, metric: Metric) -> u64 {
        self.cell(metric, 0).load(Ordering::Relaxed)
    }

    /// A connection was dropped before it could say anything.
    pub fn handshake_failed(&self, place: Place) {
        self.cell(Metric::HandshakesFailed, place as usize).fetch_add(1, Ordering::Relaxed);
    }

    /// One commit.
    pub(crate) fn committed(&self, records: usize, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        self.commit_records.observe(records as f64);
    }

    /// What the chat service says about itself.
    pub(crate) fn chat(&self, counts: &Counts, sizes: &Sizes) {
        let cells = [
            (Metric::Messages, counts.messages),
            (Metric::Delivered, counts.delivered),
            (Metric::Acknowledged, counts.acknowledged),
            (Metric::NotStored, counts.not_stored),
            (Metric::Registering, sizes.registering as u64),
            (Metric::Users, sizes.users as u64),
            (Metric::Rooms, sizes.rooms as u64),
            (Metric::EmptyRooms, sizes.empty_rooms as u64),
            (Metric::Accounts, sizes.accounts as u64),
            (Metric::Uncommitted, sizes.uncommitted as u64),
            (Metric::StoreReads, sizes.reads as u64),
            (Metric::SendQueueBytes, sizes.queued_bytes as u64),
            (Metric::StoreFailing, u64::from(sizes.is_store_failing)),
        ];
        for (metric, value) in cells {
            self.set(metric, value);
        }
        let refused = [
            (Reason::Connections, counts.connections_refused),
            (Reason::Flood, counts.flooded),
            (Reason::SlowReader, counts.slow_readers),
            (Reason::Login, counts.logins_refused),
            (Reason::Registration, counts.registrations_refused),
            (Reason::Ban, counts.banned),
            (Reason::Lockdown, counts.locked_out),
        ];
        for (reason, count) in refused {
            self.cell(Metric::Refused, reason as usize).store(count, Ordering::Relaxed);
        }
    }

    fn cell(&self, metric: Metric, label: usize) -> &AtomicU64 {
        &self.cells[metric as usize][label]
    }
}

impl Counted {
    /// A connection that came in at `place`.
    #[must_use]
    pub fn connection(ops: &Arc<super::Ops>, place: Place) -> Self {
        ops.metrics.cell(Metric::ConnectionsOpened, place as usize).fetch_add(1, Ordering::Relaxed);
        Self::one(ops, Metric::Connections, place as usize)
    }

    /// A handshake, or a request that may become one.
    #[must_use]
    pub fn handshake(ops: &Arc<super::Ops>) -> Self {
        Self::one(ops, Metric::Handshakes, 0)
    }

    fn one(ops: &Arc<super::Ops>, metric: Metric, label: usize) -> Self {
        ops.metrics.cell(metric, label).fetch_add(1, Ordering::Relaxed);
        Self { ops: ops.clone(), metric, label }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.ops.metrics.cell(self.metric, self.label).fetch_sub(1, Ordering::Relaxed);
    }
}

/// Everything in the text format of OpenMetrics 1.0.
pub(super) fn text(ops: &Arc<super::Ops>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(ops.clone())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape(Arc<super::Ops>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for row in &TABLE {
            let kind = match row.kind {
                Kind::Counter | Kind::CounterOfMicros => MetricType::Counter,
                Kind::Gauge | Kind::GaugeOfMillis => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
                Kind::Info => MetricType::Info,
            };
            let metric = encoder.encode_descriptor(row.name, row.help, None, kind)?;
            self.encode_row(row, metric)?;
        }
        Ok(())
    }
}

impl Scrape {
    fn encode_row(&self, row: &Row, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let metrics = &self.0.metrics;
        match (row.kind, row.label) {
            (Kind::Histogram, _) if row.metric == Metric::CommitSeconds => metrics.commit_seconds.encode(encoder),
            (Kind::Histogram, _) => metrics.commit_records.encode(encoder),
            (Kind::Info, _) => encoder.encode_info(&[("version", env!("CARGO_PKG_VERSION"))]),
            (_, None) => self.encode_cell(row, 0, encoder),
            (_, Some((key, values))) => {
                for (index, value) in values.iter().enumerate() {
                    self.encode_cell(row, index, encoder.encode_family(&[(key, *value)])?)?;
                }
                Ok(())
            }
        }
    }

    fn encode_cell(&self, row: &Row, label: usize, encoder: MetricEncoder<'_>) -> fmt::Result {
        let value = self.0.metrics.cell(row.metric, label).load(Ordering::Relaxed);
        match row.kind {
            Kind::Counter => ConstCounter::new(value).encode(encoder),
            Kind::CounterOfMicros => ConstCounter::new(value as f64 / 1e6).encode(encoder),
            Kind::GaugeOfMillis => ConstGauge::new(value as f64 / 1e3).encode(encoder),
            Kind::Gauge | Kind::Histogram | Kind::Info => {
                ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(encoder)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_has_every_metric_with_its_type_and_each_value_of_its_label() {
        let ops = Arc::new(super::super::Ops::default());
        let one = Counted::connection(&ops, Place::Web);
        let two = Counted::connection(&ops, Place::Web);
        drop(two);
        ops.metrics.add(Metric::EventsNotShown, 3);
        ops.metrics.set(Metric::ProcessCpu, 1_500_000);
        ops.metrics.committed(5, Duration::from_millis(1));
        let text = text(&ops).unwrap();
        for row in &TABLE {
            assert!(text.contains(&format!("# TYPE {} ", row.name)), "{}", row.name);
        }
        let lines: Vec<_> = text.lines().collect();
        for line in [
            "helio_connections{listener=\"web\"} 1",
            "helio_connections{listener=\"log\"} 0",
            "helio_connections_opened_total{listener=\"web\"} 2",
            "helio_events_not_shown_total 3",
            "process_cpu_seconds_total 1.5",
            "helio_commit_seconds_count 1",
            "helio_commit_records_bucket{le=\"4.0\"} 0",
            "helio_commit_records_bucket{le=\"16.0\"} 1",
            "# EOF",
        ] {
            assert!(lines.contains(&line), "{line} is not in\n{text}");
        }
        drop(one);
    }
}
