//! Whether the program is well: ready to serve, or stuck.

use helio_core::limits;
use helio_core::time::Instant;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// When a thread last came round. One that only waits wakes every [`limits::WATCHDOG_TICK`] to show that it can.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Milliseconds since the clock's start, and one; 0: the thread does not run.
    at: AtomicU64,
}

impl Pulse {
    /// The thread comes round.
    pub fn beat(&self, now: Instant) {
        self.at.store(now.nanos() / 1_000_000 + 1, Ordering::Relaxed);
    }

    /// The thread has ended as it should.
    pub fn end(&self) {
        self.at.store(0, Ordering::Relaxed);
    }

    /// For how long it has not come round; `None` when it does not run.
    #[must_use]
    pub fn age(&self, now: Instant) -> Option<Duration> {
        let at = self.at.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.since(Instant::after_origin(Duration::from_millis(at))))
    }
}

/// What decides whether the program is well.
#[derive(Debug, Default)]
pub struct Health {
    /// The thread that owns the chat's state.
    pub hub: Pulse,
    /// The thread that owns the store.
    pub keeper: Pulse,
    is_serving: AtomicBool,
    is_stopping: AtomicBool,
    is_store_failing: AtomicBool,
}

impl Health {
    /// Everything listens and is open.
    pub fn serving(&self) {
        self.is_serving.store(true, Ordering::Relaxed);
    }

    /// The program ends.
    pub fn stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Messages are refused since a commit failed, or taken again.
    pub fn store_failing(&self, is_failing: bool) {
        self.is_store_failing.store(is_failing, Ordering::Relaxed);
    }

    /// Why the program cannot serve now; nothing: it can.
    #[must_use]
    pub fn not_ready(&self, now: Instant) -> Vec<String> {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let states = [
            (!is(&self.is_serving), "not everything listens yet"),
            (is(&self.is_stopping), "the program is stopping"),
            (is(&self.is_store_failing), "the store fails, messages are refused"),
        ];
        let told = states.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why.to_owned());
        told.chain(self.late(now, limits::WATCHDOG_NOT_READY)).collect()
    }

    /// Threads that have not come round for longer than they may.
    pub(super) fn late_threads(&self, now: Instant) -> Vec<String> {
        self.late(now, limits::WATCHDOG_NOT_READY).collect()
    }

    /// What is stuck, so that only a new start helps; nothing: all turns.
    #[must_use]
    pub fn stuck(&self, now: Instant) -> Vec<String> {
        self.late(now, limits::WATCHDOG_STUCK).collect()
    }

    fn late(&self, now: Instant, limit: Duration) -> impl Iterator<Item = String> {
        let threads = [("chat", self.hub.age(now)), ("store", self.keeper.age(now))];
        threads.into_iter().filter_map(move |(name, age)| {
            let age = age.filter(|age| *age > limit)?;
            Some(format!("the thread of the {name} has not come round for {} s", age.as_secs()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::after_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn ready_needs_listeners_a_store_that_works_and_no_stop() {
        let health = Health::default();
        assert_eq!(health.not_ready(at(0)), ["not everything listens yet"]);
        health.serving();
        assert!(health.not_ready(at(0)).is_empty());
        health.store_failing(true);
        assert_eq!(health.not_ready(at(0)), ["the store fails, messages are refused"]);
        health.store_failing(false);
        assert!(health.not_ready(at(0)).is_empty());
        health.stopping();
        assert_eq!(health.not_ready(at(0)), ["the program is stopping"]);
        assert!(health.stuck(at(0)).is_empty());
    }

    #[test]
    fn a_thread_that_hangs_is_not_ready_soon_and_stuck_later() {
        let health = Health::default();
        health.serving();
        health.hub.beat(at(100));
        health.keeper.beat(at(100));
        assert!(health.not_ready(at(130)).is_empty());
        health.hub.beat(at(131));
        assert_eq!(health.not_ready(at(131)), ["the thread of the store has not come round for 31 s"]);
        assert!(health.stuck(at(400)).is_empty());
        health.hub.beat(at(401));
        assert_eq!(health.stuck(at(401)), ["the thread of the store has not come round for 301 s"]);
        // It ended as it should, since the program stops.
        health.keeper.end();
        assert!(health.stuck(at(401)).is_empty());
    }
}
