//! The one place where Heliograph reads the machine's clocks.

use helio_core::time::{Instant, Now, Utc};
use std::time::{SystemTime, UNIX_EPOCH};

/// A monotonic clock whose origin is its creation. Copies share the origin, so their readings compare.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
}

impl Clock {
    /// A clock that starts now. A program makes one and hands copies around.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }

    /// Time since the clock's start.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::after_origin(self.origin.elapsed())
    }

    /// Both clocks.
    #[must_use]
    pub fn read(&self) -> Now {
        Now { mono: self.now(), utc: utc_now() }
    }

    /// The reading as the runtime's timers want it.
    #[must_use]
    pub fn deadline(&self, at: Instant) -> tokio::time::Instant {
        (self.origin + std::time::Duration::from_nanos(at.nanos())).into()
    }
}

/// The machine's civil time; a clock set before 1970 reads as 1970.
#[must_use]
pub fn utc_now() -> Utc {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Utc::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
