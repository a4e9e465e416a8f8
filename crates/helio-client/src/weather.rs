//! `helio weather`: ask open-meteo, pass the answer on.
//!
//! [`Source`] turns a query into reports, [`Sink`] sends lines to an address, [`once`] and [`repeat`] join the two. What
//! is asked and how answers are read is decided in [`helio_core::feed::weather`].

mod fetch;
mod run;
mod sink;
mod source;

pub use fetch::{FetchError, Progress};
pub use run::{Ended, Event, once, repeat};
pub use sink::{Encoding, SendError, Sent, Sink};
pub use source::{Located, Query, Refusal, Source, Target, WeatherError};
