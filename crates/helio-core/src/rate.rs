//! Token bucket: how often something may happen, with a burst.

use crate::limits;
use crate::time::Instant;
use core::time::Duration;

/// A bucket that holds up to `burst` tokens and gains `per_second` of them each second; it starts full.
///
/// Counted in nanosecond credits, so that neither rounding nor a jump of any length drifts.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    nanos_per_token: u64,
    capacity_nanos: u64,
    credit_nanos: u64,
    updated: Instant,
}

impl TokenBucket {
    /// `per_second` of 0 counts as 1: a bucket that never fills would be a refusal, not a rate.
    #[must_use]
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self::every(Duration::from_nanos(1_000_000_000 / u64::from(per_second.max(1))), burst, now)
    }

    /// A bucket that gains one token each `interval`, for what happens less often than once a second.
    #[must_use]
    pub fn every(interval: Duration, burst: u32, now: Instant) -> Self {
        let nanos_per_token = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let capacity_nanos = nanos_per_token.saturating_mul(u64::from(burst.max(1)));
        Self { nanos_per_token, capacity_nanos, credit_nanos: capacity_nanos, updated: now }
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        self.refill(now);
        match self.credit_nanos.checked_sub(self.nanos_per_token) {
            Some(rest) => {
                self.credit_nanos = rest;
                true
            }
            None => false,
        }
    }

    /// Gives back a token that was taken for nothing.
    pub fn give_back(&mut self) {
        self.credit_nanos = self.credit_nanos.saturating_add(self.nanos_per_token).min(self.capacity_nanos);
    }

    /// How much of the bucket is missing: 0 for one that is as good as new.
    #[must_use]
    pub fn missing(&self, now: Instant) -> Duration {
        let gained = u64::try_from(now.since(self.updated).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.capacity_nanos.saturating_sub(self.credit_nanos.saturating_add(gained)))
    }

    /// How long until there is a token to take: nothing when there is one.
    #[must_use]
    pub fn ready_in(&self, now: Instant) -> Duration {
        let gained = u64::try_from(now.since(self.updated).as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.nanos_per_token.saturating_sub(self.credit_nanos.saturating_add(gained)))
    }

    /// Whether at least half of the bucket is missing, as of the last token that was taken or given back.
    #[must_use]
    pub fn is_half_empty(&self) -> bool {
        self.credit_nanos <= self.capacity_nanos / 2
    }

    /// Lets so much of the bucket be missing, of which [`TokenBucket::missing`] told; at most all of it.
    pub fn drain(&mut self, missing: Duration, now: Instant) {
        let missing = u64::try_from(missing.as_nanos()).unwrap_or(u64::MAX);
        (self.credit_nanos, self.updated) = (self.capacity_nanos.saturating_sub(missing), now);
    }

    /// True when nothing was taken for so long that the bucket is as good as new.
    #[must_use]
    pub fn is_full(&self, now: Instant) -> bool {
        self.credit_nanos.saturating_add(now.since(self.updated).as_nanos() as u64) >= self.capacity_nanos
    }

    fn refill(&mut self, now: Instant) {
        let gained = u64::try_from(now.since(self.updated).as_nanos()).unwrap_or(u64::MAX);
        self.credit_nanos = self.credit_nanos.saturating_add(gained).min(self.capacity_nanos);
        self.updated = now;
    }
}

/// Paces a byte stream: says when the next piece may leave so that the long-run rate is `bytes_per_second`.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    bytes_per_second: u64,
    next: Instant,
}

impl Pacer {
    /// A pacer whose first piece may leave at `now`. A rate of 0 counts as 1 byte a second.
    #[must_use]
    pub fn new(bytes_per_second: u64, now: Instant) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), next: now }
    }

    /// When the next piece may leave; drivers wait until then.
    #[must_use]
    pub fn ready_at(&self) -> Instant {
        self.next
    }

    /// Tells the pacer that `bytes` left at `now`. A late sender may catch up at most
    /// [`limits::PACER_CATCH_UP`] of missed sending, so that a stall is not followed by a long burst.
    pub fn handle_sent(&mut self, bytes: usize, now: Instant) {
        let catch_up = limits::PACER_CATCH_UP.as_nanos() as u64;
        let earliest = Instant::ORIGIN + Duration::from_nanos(now.nanos().saturating_sub(catch_up));
        let cost_nanos = (bytes as u128 * 1_000_000_000 / u128::from(self.bytes_per_second)) as u64;
        self.next = self.next.max(earliest) + Duration::from_nanos(cost_nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::after_origin(Duration::from_millis(millis))
    }

    #[test]
    fn bucket_gives_its_burst_then_its_rate() {
        let mut bucket = TokenBucket::new(10, 3, at(0));
        let taken = (0..5).filter(|_| bucket.take(at(0))).count();
        assert_eq!(taken, 3);
        assert!(!bucket.take(at(99)));
        assert!(bucket.take(at(100)));
        assert!(!bucket.take(at(100)));
    }

    #[test]
    fn bucket_never_holds_more_than_its_burst() {
        let mut bucket = TokenBucket::new(1000, 2, at(0));
        assert_eq!((0..9).filter(|_| bucket.take(at(86_400_000))).count(), 2);
        assert!(!bucket.is_full(at(86_400_000)));
        assert!(bucket.is_full(at(86_400_002)));
    }

    /// What was missing is missing again, and how long to wait is told.
    #[test]
    fn bucket_goes_on_where_another_was() {
        let mut bucket = TokenBucket::new(10, 4, at(0));
        assert_eq!((0..5).filter(|_| bucket.take(at(0))).count(), 4);
        assert!(bucket.is_half_empty());
        let mut other = TokenBucket::new(10, 4, at(1_000));
        other.drain(bucket.missing(at(50)), at(1_000));
        assert_eq!(other.ready_in(at(1_000)), Duration::from_millis(50));
        assert!(!other.take(at(1_049)) && other.take(at(1_050)));
        other.drain(Duration::MAX, at(1_050));
        assert_eq!(other.ready_in(at(1_050)), Duration::from_millis(100), "never more than all of it");
    }

    #[test]
    fn pacer_keeps_the_long_run_rate() {
        let mut pacer = Pacer::new(1_000_000, at(0));
        let mut now = at(0);
        for _ in 0..1000 {
            now = now.max(pacer.ready_at());
            pacer.handle_sent(1_000, now);
        }
        assert_eq!(pacer.ready_at(), at(1000));
    }

    #[test]
    fn pacer_forgives_a_stall_only_in_part() {
        let mut pacer = Pacer::new(1_000_000, at(0));
        pacer.handle_sent(1_000, at(500));
        assert_eq!(pacer.ready_at(), at(491));
    }
}
