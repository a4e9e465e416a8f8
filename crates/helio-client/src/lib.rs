//! Heliograph's client side: what `helio` does when it is the one that asks.
//!
//! Each module but [`random`] is one command's work, without printing: it returns values, and the binary shows them.

pub mod chat;
pub mod compare;
pub mod known;
pub mod link;
pub mod random;
pub mod say;
pub mod terminal;
pub mod transfer;
pub mod weather;
