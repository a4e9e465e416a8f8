//! Operations that fail: since when, why, and when they are tried again.

use super::{FileReport, Operation};
use crate::limits;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Operation, Trouble>);

#[derive(Debug)]
struct Trouble {
    since: Instant,
    reason: String,
    wait: Duration,
    /// `None`: may be tried now.
    retry_at: Option<Instant>,
}

impl Troubles {
    /// An operation failed at `now`. A report, unless this was said before.
    pub(super) fn add(&mut self, operation: Operation, reason: String, now: Instant) -> Option<FileReport> {
        let report = FileReport::Failing { operation, reason: reason.clone() };
        let Some(trouble) = self.0.get_mut(&operation) else {
            let wait = limits::LOG_RETRY_MIN;
            self.0.insert(operation, Trouble { since: now, reason, wait, retry_at: Some(now + wait) });
            return Some(report);
        };
        trouble.wait = (trouble.wait * 2).min(limits::LOG_RETRY_MAX);
        trouble.retry_at = Some(now + trouble.wait);
        (trouble.reason != reason).then(|| {
            trouble.reason = reason;
            report
        })
    }

    /// An operation worked at `now`. A report, if it had failed before.
    pub(super) fn remove(&mut self, operation: Operation, now: Instant) -> Option<FileReport> {
        let trouble = self.0.remove(&operation)?;
        Some(FileReport::Works { operation, after: now.since(trouble.since) })
    }

    pub(super) fn has(&self, operation: Operation) -> bool {
        self.0.contains_key(&operation)
    }

    /// The operation failed and is not to be tried yet.
    pub(super) fn waits(&self, operation: Operation) -> bool {
        self.0.get(&operation).is_some_and(|trouble| trouble.retry_at.is_some())
    }

    pub(super) fn retry_now(&mut self, operation: Operation) {
        if let Some(trouble) = self.0.get_mut(&operation) {
            trouble.retry_at = None;
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for trouble in self.0.values_mut() {
            trouble.retry_at = trouble.retry_at.filter(|at| *at > now);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.values().filter_map(|trouble| trouble.retry_at).min()
    }
}
