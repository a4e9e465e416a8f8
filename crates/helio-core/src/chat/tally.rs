//! The bytes that wait for all clients together, and when one of them has too many.

use super::session::Session;
use crate::limits;

/// Each queue is counted again when it changed, so nothing is ever summed up.
#[derive(Debug)]
pub(super) struct Tally {
    bytes: usize,
    /// Bytes that all queues together may hold; [`limits::CHAT_SENDQ_TOTAL`].
    pub(super) max: usize,
    /// Bytes that one session's queue may hold.
    pub(super) queue_max: usize,
}

impl Tally {
    pub(super) fn new(queue_max: usize) -> Self {
        Self { bytes: 0, max: limits::CHAT_SENDQ_TOTAL, queue_max }
    }

    /// Counts what a session has now.
    pub(super) fn count(&mut self, session: &mut Session) {
        let len = session.out.len();
        self.bytes = self.bytes - session.counted + len;
        session.counted = len;
    }

    /// The session is gone.
    pub(super) fn forget(&mut self, session: &Session) {
        self.bytes -= session.counted;
    }

    /// Whether a session, one of `sessions`, has too much. When all together have, it is who has more than its share: who
    /// reads is not closed for who does not, and those within their shares have no more than the bound in sum.
    pub(super) fn is_over(&self, session: &Session, sessions: usize) -> bool {
        let len = session.out.len();
        len > self.queue_max
            || session.out.holds() > limits::CHAT_HELD_LINES
            || (self.bytes > self.max && len > self.max / sessions.max(1))
    }

    /// Bytes that wait for all together.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
