//! What tests of any machine run on: a clock that only they turn, and a network as a value.
//!
//! Nothing here moves by itself. A test asks everything for its next time (`poll_timeout` of the machines,
//! [`Network::poll_timeout`]), turns the [`VirtualClock`] to the earliest with [`earliest`], and hands out what is due. From one
//! seed the run is the same every time.

mod network;

pub use network::{Delivery, Fate, LinkOptions, LinkStats, Network};

use crate::time::Instant;
use core::time::Duration;

/// A clock that stands still until it is turned.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    now: Instant,
}

impl VirtualClock {
    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Turns it to `at`; a time that has passed leaves it where it is.
    pub fn advance_to(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }

    /// Turns it on by `by`.
    pub fn advance(&mut self, by: Duration) {
        self.now = self.now + by;
    }
}

/// The earliest of some wake-up times; `None` when nothing waits for time.
#[must_use]
pub fn earliest(times: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    times.into_iter().flatten().min()
}
