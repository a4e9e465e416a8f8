//! How often somebody may try something: a token bucket for each, as many as are worth remembering.

use super::places::subnet;
use crate::limits;
use crate::rate::TokenBucket;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use core::net::IpAddr;
use core::time::Duration;

/// A bucket for each `K` that tried lately; at most [`limits::CHAT_TRIES_KEPT`].
#[derive(Debug)]
pub(super) struct Tries<K> {
    buckets: BTreeMap<K, TokenBucket>,
    burst: u32,
    interval: Duration,
    refused: u64,
}

impl<K: Ord + Clone> Tries<K> {
    /// `burst` tries at once, and one more each `interval`.
    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self { buckets: BTreeMap::new(), burst, interval, refused: 0 }
    }

    /// Counts a try of `who`; `false`: there were too many.
    pub(super) fn take(&mut self, who: &K, now: Instant) -> bool {
        if !self.buckets.contains_key(who) && self.buckets.len() >= limits::CHAT_TRIES_KEPT {
            self.forget(now);
        }
        let (burst, interval) = (self.burst, self.interval);
        let is_taken =
            self.buckets.entry(who.clone()).or_insert_with(|| TokenBucket::every(interval, burst, now)).take(now);
        self.refused += u64::from(!is_taken);
        is_taken
    }

    /// Tries that were too many.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Takes back a try of `who`.
    pub(super) fn give_back(&mut self, who: &K) {
        if let Some(bucket) = self.buckets.get_mut(who) {
            bucket.give_back();
        }
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self) {
        assert!(self.buckets.len() <= limits::CHAT_TRIES_KEPT, "{} who tried", self.buckets.len());
    }

    /// Who is as good as new, or else who tried least: to fill the table lets nobody try more often who tried much.
    fn forget(&mut self, now: Instant) {
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
        if self.buckets.len() >= limits::CHAT_TRIES_KEPT {
            let least = self.buckets.iter().min_by_key(|(_, bucket)| bucket.missing(now));
            if let Some(who) = least.map(|(who, _)| who.clone()) {
                self.buckets.remove(&who);
            }
        }
    }
}

/// Whom a try from `address` counts against: an IPv4 address, or the /64 of an IPv6 address, which one customer has whole.
pub(super) fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(subnet(v6)),
        IpAddr::V4(v4) => IpAddr::V4(v4),
    }
}
