//! The contract between one connection's logic and the driver that moves its bytes.

use crate::time::Now;
use alloc::vec::Vec;

/// One thing that a session wants done. Actions are carried out strictly in the order in which they are polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the peer. A peer that does not read them in time is dropped by the driver.
    Send(Vec<u8>),
    /// Hand these bytes to the service's sink and wait until it has accepted them as its durability setting asks.
    /// Actions behind it wait too: this is how an acknowledgement follows the write it speaks of.
    Store(Vec<u8>),
    /// Send our end of stream, let the peer finish, and end the session.
    Close,
}

/// What a plain-socket service does with one connection; see the crate's run-loop contract.
///
/// Time limits (idle, slow reader) belong to the driver: they are the same for every service.
pub trait Session {
    /// Bytes of one read arrived. Never empty.
    fn handle_bytes(&mut self, bytes: &[u8], now: Now);
    /// The stream ended or broke; nothing more will arrive. The drain that follows is the last: if the stream can no
    /// longer be written, only what is to be stored is carried out.
    fn handle_end(&mut self, now: Now);
    /// The next thing to do, `None` when there is nothing until the next input.
    fn poll_action(&mut self) -> Option<Action>;
    /// Whether the peer is measuring: an event for each read would be measured with it, so none is made.
    fn is_measured(&self) -> bool {
        false
    }
}
