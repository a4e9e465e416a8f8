//! Heliograph's services and the one driver that runs their sessions.
//!
//! A service is a file in [`service`]: it binds a pure machine of helio-core to listeners of helio-net. Every stream
//! session of every service runs through [`driver`], so time limits, ordering and shutdown are the same everywhere.
//! Nothing is printed here: what happens goes out as [`event::Event`]s, and the binary shows them.

pub mod backup;
pub mod driver;
pub mod event;
pub mod ops;
pub mod service;
pub mod stop;
