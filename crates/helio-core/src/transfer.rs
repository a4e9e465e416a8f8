//! Files between two programs: the decisions of the raw mode, and the numbered datagrams of `spec/numbered-udp.md`.
//!
//! The bytes of a file never pass through these machines. They decide (what a datagram is, what is missing, when the
//! end has come); the driver moves the bytes.

mod accounting;
pub mod numbered;
mod probe;
pub mod raw;
mod sender;
mod sequence_set;
#[cfg(test)]
mod tests;

pub use accounting::{NumberedReceiver, ReceiverCommand, ReceiverOptions, ReceiverOutcome, Verdict};
pub use probe::{Method, MethodCost, MethodProbe};
pub use sender::{NumberedSender, SenderCommand, SenderOutcome, TooManyDatagrams};
pub use sequence_set::SequenceSet;
