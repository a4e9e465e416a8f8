//! When the next observation is due, and how long to hold back after failures.

use crate::limits;
use crate::time::Instant;
use core::time::Duration;

/// Rounds at a fixed distance from the first. A driver starts a round when [`Schedule::poll_timeout`] is reached and
/// reports its end; a round that took longer than the distance skips those it missed instead of catching up.
///
/// After failed requests the wait doubles up to [`limits::WEATHER_BACKOFF_MAX`], so that a service in trouble is left
/// alone. A failure to send on is the receiver's affair and does not change the rhythm.
#[derive(Clone, Debug)]
pub struct Schedule {
    every: Duration,
    due: Instant,
    failures: u32,
}

impl Schedule {
    /// A schedule whose first round is due at `now`.
    #[must_use]
    pub fn new(every: Duration, now: Instant) -> Self {
        Self { every: every.clamp(limits::WEATHER_EVERY_MIN, limits::WEATHER_EVERY_MAX), due: now, failures: 0 }
    }

    /// When the next round is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Instant {
        self.due
    }

    /// The service answered in this round, whether or not the answer could be sent on.
    pub fn handle_answer(&mut self, now: Instant) {
        self.failures = 0;
        self.due = self.next_beat(now);
    }

    /// The service did not answer in this round. `retry_after` is how long it asked to be left alone, if it did.
    pub fn handle_failure(&mut self, retry_after: Option<Duration>, now: Instant) {
        let longest = self.every.max(limits::WEATHER_BACKOFF_MAX);
        let doubled = self.every.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        let wait = doubled.min(longest).max(retry_after.unwrap_or_default());
        // Counted from the round's own time, so that the first retry keeps the rhythm.
        self.due = (self.due + wait).max(now + retry_after.unwrap_or_default());
        if self.due <= now {
            self.due = self.next_beat(now);
        }
    }

    /// The first time after `now` that is a whole number of distances away from the round that just ended.
    fn next_beat(&self, now: Instant) -> Instant {
        let every_nanos = u64::try_from(self.every.as_nanos()).unwrap_or(u64::MAX).max(1);
        let late_nanos = now.nanos().saturating_sub(self.due.nanos());
        let beats = late_nanos / every_nanos + 1;
        self.due + Duration::from_nanos(every_nanos.saturating_mul(beats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(seconds: u64) -> Instant {
        Instant::after_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn rounds_keep_their_distance_however_long_each_takes() {
        let mut schedule = Schedule::new(MINUTE, at(5));
        assert_eq!(schedule.poll_timeout(), at(5));
        schedule.handle_answer(at(7));
        assert_eq!(schedule.poll_timeout(), at(65));
        schedule.handle_answer(at(65 + 130));
        assert_eq!(schedule.poll_timeout(), at(5 + 240), "two rounds were missed and are not caught up with");
    }

    #[test]
    fn failures_double_the_wait_up_to_the_bound_and_an_answer_resets_it() {
        let mut schedule = Schedule::new(MINUTE * 15, at(0));
        let mut waits = alloc::vec::Vec::new();
        for _ in 0..4 {
            let due = schedule.poll_timeout();
            schedule.handle_failure(None, due);
            waits.push((schedule.poll_timeout() - due).as_secs() / 60);
        }
        assert_eq!(waits, [15, 30, 60, 60]);
        let due = schedule.poll_timeout();
        schedule.handle_answer(due);
        assert_eq!(schedule.poll_timeout() - due, MINUTE * 15);
    }

    #[test]
    fn a_longer_distance_than_the_bound_is_kept() {
        let mut schedule = Schedule::new(MINUTE * 120, at(0));
        schedule.handle_failure(None, at(0));
        schedule.handle_failure(None, schedule.poll_timeout());
        assert_eq!(schedule.poll_timeout(), at(4 * 3600));
    }

    #[test]
    fn a_service_that_names_a_time_is_left_alone_until_then() {
        let mut schedule = Schedule::new(MINUTE, at(0));
        schedule.handle_failure(Some(MINUTE * 300), at(3));
        assert_eq!(schedule.poll_timeout(), at(3 + 300 * 60));
    }

    #[test]
    fn the_distance_is_bounded() {
        let mut schedule = Schedule::new(Duration::ZERO, at(0));
        schedule.handle_answer(at(0));
        assert_eq!(schedule.poll_timeout() - at(0), limits::WEATHER_EVERY_MIN);
    }

    proptest! {
        /// The reference: whatever happens, the next round lies after now, and no further than the longest wait.
        #[test]
        fn the_next_round_is_always_ahead_and_never_too_far(
            every_s in 1u64..100_000,
            steps in proptest::collection::vec((any::<bool>(), 0u64..10_000, proptest::option::of(0u64..90_000)), 1..60),
        ) {
            let every = Duration::from_secs(every_s).min(limits::WEATHER_EVERY_MAX);
            let mut schedule = Schedule::new(every, at(0));
            for (answered, took_s, retry_after_s) in steps {
                let now = schedule.poll_timeout() + Duration::from_secs(took_s);
                let retry_after = retry_after_s.map(Duration::from_secs);
                if answered {
                    schedule.handle_answer(now);
                } else {
                    schedule.handle_failure(retry_after, now);
                    prop_assert!(schedule.poll_timeout() >= now + retry_after.unwrap_or_default());
                }
                prop_assert!(schedule.poll_timeout() > now);
                let longest = every.max(limits::WEATHER_BACKOFF_MAX).max(retry_after.unwrap_or_default());
                prop_assert!(schedule.poll_timeout() <= now + longest);
            }
        }
    }
}
