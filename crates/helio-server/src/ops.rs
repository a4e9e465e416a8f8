//! What the person who runs the program looks at: numbers, and whether it is well.
//!
//! Whoever counts writes to atomic cells ([`Metrics`]); nothing is made into text until somebody asks ([`serve`]). No
//! number tells of anybody in particular: labels have few values, all known beforehand.

mod health;
mod http;
mod metrics;
mod process;
mod table;
mod watch;

pub use health::{Health, Pulse};
pub use http::serve;
pub use metrics::{Counted, Metrics};
pub use process::{sample_process, sample_store};
pub use table::{Metric, Place, Row, TABLE};
pub use watch::watch;

/// What all services of the program share about themselves.
#[derive(Debug, Default)]
pub struct Ops {
    /// The numbers.
    pub metrics: Metrics,
    /// Whether it is well.
    pub health: Health,
}
