//! Measuring: the counted reflector and its client, the order of runs, statistics, and the comparison made of them.

pub mod compare;
pub mod exchange;
pub mod plan;
pub mod reflector;
pub mod stats;
pub mod wire;

mod bits;
