//! The one place where Heliograph reads the machine's clocks.

use helio_core::time::{Instant, Now, Utc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        (self.origin + Duration::from_nanos(at.nanos())).into()
    }
}

/// The machine's civil time; a clock set before 1970 reads as 1970.
#[must_use]
pub fn utc_now() -> Utc {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Utc::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

/// Processor time that the calling thread has used (`CLOCK_THREAD_CPUTIME_ID`), in user and kernel mode together.
#[must_use]
pub fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
