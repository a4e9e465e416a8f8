//! Heliograph's pure part: wire grammars and state machines.
//!
//! Nothing here opens a socket or a file, reads a clock, starts a thread or draws a random number. Bytes, time and
//! seeds are arguments; what to do is the return value. The crate is `no_std`, so a slip does not compile.
//!
//! # The run-loop contract
//!
//! Every state machine of this crate has the same verbs, and every driver keeps the same order:
//!
//! 1. `handle_*(input, now)` takes one thing that happened: bytes arrived, the stream ended, a datagram came.
//! 2. `poll_*()` is then called **until it returns `None`**. Each value is one thing to do, in order; the driver
//!    finishes it before it asks for the next and before it hands in more input. Skipping the drain loses output.
//! 3. `poll_timeout()` says when the machine next wants to be woken. At that time, or later, the driver calls
//!    `handle_timeout(now)` and drains again. `None` means "only on input".
//!
//! `now` never goes back between two calls on one machine. A machine never blocks and never calls its driver.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod answer;
pub mod chat;
pub mod echo;
pub mod feed;
pub mod fingerprint;
pub mod irc;
pub mod limits;
pub mod log;
pub mod measure;
pub mod peer;
pub mod printable;
pub mod rate;
pub mod rng;
pub mod sasl;
pub mod session;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod time;
pub mod transfer;
