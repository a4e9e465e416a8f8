//! How often somebody may try something: a token bucket for each, as many as are worth remembering.

use super::places::subnet;
use crate::limits;
use crate::rate::TokenBucket;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

/// A bucket for each `K` that tried lately; at most [`limits::CHAT_TRIES_KEPT`].
#[derive(Debug)]
pub(super) struct Tries<K> {
    buckets: BTreeMap<K, TokenBucket>,
    burst: u32,
    interval: Duration,
    refused: u64,
    /// Somebody has changed who has tried much.
    is_worth_keeping: bool,
}

impl<K: Ord + Clone> Tries<K> {
    /// `burst` tries at once, and one more each `interval`.
    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self { buckets: BTreeMap::new(), burst, interval, refused: 0, is_worth_keeping: false }
    }

    /// Counts a try of `who`; `false`: there were too many.
    pub(super) fn take(&mut self, who: &K, now: Instant) -> bool {
        if !self.buckets.contains_key(who) && self.buckets.len() >= limits::CHAT_TRIES_KEPT {
            self.forget(now);
        }
        let (burst, interval) = (self.burst, self.interval);
        let bucket = self.buckets.entry(who.clone()).or_insert_with(|| TokenBucket::every(interval, burst, now));
        let is_taken = bucket.take(now);
        self.is_worth_keeping |= is_taken && bucket.is_half_empty();
        self.refused += u64::from(!is_taken);
        is_taken
    }

    /// Tries that were too many.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// How long until a try of `who` is taken: nothing if it is now.
    pub(super) fn ready_in(&self, who: &K, now: Instant) -> Duration {
        self.buckets.get(who).map_or(Duration::ZERO, |bucket| bucket.ready_in(now))
    }

    /// Whether something changed since [`Tries::take_worst`] that it would tell.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.is_worth_keeping
    }

    /// Who tried most, and how much of their buckets is missing: at least half. At most `most` of them.
    pub(super) fn take_worst(&mut self, most: usize, now: Instant) -> Vec<(K, Duration)> {
        self.is_worth_keeping = false;
        let half = self.interval * self.burst / 2;
        let missing = self.buckets.iter().map(|(who, bucket)| (who.clone(), bucket.missing(now)));
        let mut worst: Vec<_> = missing.filter(|(_, missing)| *missing >= half).collect();
        worst.sort_by_key(|(_, missing)| core::cmp::Reverse(*missing));
        worst.truncate(most);
        worst
    }

    /// So much of the bucket of `who` is missing.
    pub(super) fn restore(&mut self, who: K, missing: Duration, now: Instant) {
        let mut bucket = TokenBucket::every(self.interval, self.burst, now);
        bucket.drain(missing, now);
        self.buckets.insert(who, bucket);
    }

    /// Takes back a try of `who`.
    pub(super) fn give_back(&mut self, who: &K) {
        if let Some(bucket) = self.buckets.get_mut(who) {
            self.is_worth_keeping |= bucket.is_half_empty();
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
