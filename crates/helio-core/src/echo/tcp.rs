//! Echo over a stream.

use crate::session::{Action, Session};
use crate::time::Now;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How an echo service answers on its streams.
#[derive(Clone, Debug)]
pub struct EchoOptions {
    /// Put before the bytes of each read. Empty: a pure echo (RFC 862).
    pub prefix: Arc<[u8]>,
    /// Close after the first answer, as the workshop's one-shot server does.
    pub close_after_reply: bool,
}

/// One echo connection: each read is answered by the prefix and the same bytes.
///
/// A read is whatever the kernel hands over at once, so over TCP one message may come as several reads, each with its
/// own prefix. That is the lesson, not a fault: TCP is a byte stream and keeps no boundaries.
#[derive(Debug)]
pub struct EchoSession {
    options: EchoOptions,
    answered: bool,
    actions: VecDeque<Action>,
}

impl EchoSession {
    /// A session at the start of its connection.
    #[must_use]
    pub fn new(options: EchoOptions) -> Self {
        Self { options, answered: false, actions: VecDeque::new() }
    }
}

impl Session for EchoSession {
    fn handle_bytes(&mut self, bytes: &[u8], _: Now) {
        if self.answered && self.options.close_after_reply {
            return;
        }
        self.answered = true;
        let mut answer = Vec::with_capacity(self.options.prefix.len() + bytes.len());
        answer.extend_from_slice(&self.options.prefix);
        answer.extend_from_slice(bytes);
        self.actions.push_back(Action::Send(answer));
        if self.options.close_after_reply {
            self.actions.push_back(Action::Close);
        }
    }

    fn handle_end(&mut self, _: Now) {}

    fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(prefix: &[u8], close_after_reply: bool) -> EchoSession {
        EchoSession::new(EchoOptions { prefix: prefix.into(), close_after_reply })
    }

    fn drain(session: &mut EchoSession) -> Vec<Action> {
        core::iter::from_fn(|| session.poll_action()).collect()
    }

    #[test]
    fn each_read_gets_the_prefix() {
        let mut s = session(b"ACK: ", false);
        s.handle_bytes(b"Hel", Now::default());
        s.handle_bytes(b"lo", Now::default());
        assert_eq!(drain(&mut s), [Action::Send(b"ACK: Hel".into()), Action::Send(b"ACK: lo".into())]);
        s.handle_end(Now::default());
        assert_eq!(drain(&mut s), []);
    }

    /// RFC 862: "sends back to the originating source any data it receives".
    #[test]
    fn an_empty_prefix_is_a_pure_echo() {
        let mut s = session(b"", false);
        s.handle_bytes(b"\0\xff\r\n", Now::default());
        assert_eq!(drain(&mut s), [Action::Send(b"\0\xff\r\n".into())]);
    }

    #[test]
    fn close_after_reply_answers_once() {
        let mut s = session(b"ACK: ", true);
        s.handle_bytes(b"one", Now::default());
        assert_eq!(drain(&mut s), [Action::Send(b"ACK: one".into()), Action::Close]);
        s.handle_bytes(b"two", Now::default());
        assert_eq!(drain(&mut s), []);
    }
}
