//! Echo over a stream.

use crate::measure::reflector::{self, Opening};
use crate::measure::wire::START_BYTES;
use crate::session::{Action, Session};
use crate::time::Now;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

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
///
/// A measuring client, known by its first bytes, gets a pure echo instead: `spec/reflector.md`.
#[derive(Debug)]
pub struct EchoSession {
    options: EchoOptions,
    mood: Mood,
    actions: VecDeque<Action>,
}

#[derive(Debug)]
enum Mood {
    Start,
    Echo,
    Reflect { bytes: u64 },
    Closed,
}

impl EchoSession {
    /// A session at the start of its connection.
    #[must_use]
    pub fn new(options: EchoOptions) -> Self {
        Self { options, mood: Mood::Start, actions: VecDeque::new() }
    }

    /// Bytes reflected for a measuring client, without its preamble; `None` for an ordinary echo.
    #[must_use]
    pub fn reflected_bytes(&self) -> Option<u64> {
        match self.mood {
            Mood::Reflect { bytes } => Some(bytes),
            Mood::Start | Mood::Echo | Mood::Closed => None,
        }
    }

    fn open(&mut self, first_read: &[u8]) {
        match reflector::open_stream(first_read) {
            Opening::Ordinary => {
                self.mood = Mood::Echo;
                self.echo(first_read);
            }
            Opening::Reflect(answer) => {
                let payload = first_read.get(START_BYTES..).unwrap_or_default();
                self.mood = Mood::Reflect { bytes: payload.len() as u64 };
                self.actions.push_back(Action::Send([&answer[..], payload].concat()));
            }
            Opening::Refuse(answer) => {
                self.actions.push_back(Action::Send(answer.into()));
                self.close();
            }
        }
    }

    fn echo(&mut self, bytes: &[u8]) {
        self.actions.push_back(Action::Send([&self.options.prefix, bytes].concat()));
        if self.options.close_after_reply {
            self.close();
        }
    }

    fn close(&mut self) {
        self.mood = Mood::Closed;
        self.actions.push_back(Action::Close);
    }
}

impl Session for EchoSession {
    fn handle_bytes(&mut self, bytes: &[u8], _: Now) {
        match &mut self.mood {
            Mood::Start => self.open(bytes),
            Mood::Echo => self.echo(bytes),
            Mood::Reflect { bytes: reflected } => {
                *reflected = reflected.saturating_add(bytes.len() as u64);
                self.actions.push_back(Action::Send(bytes.into()));
            }
            Mood::Closed => {}
        }
    }

    fn is_measured(&self) -> bool {
        matches!(self.mood, Mood::Reflect { .. })
    }

    fn handle_end(&mut self, _: Now) {}

    fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::wire::Start;
    use alloc::vec::Vec;

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

    /// spec/reflector.md "TCP": the 16 bytes come back flagged, then everything unchanged; closing does not apply.
    #[test]
    fn a_measuring_client_gets_a_pure_echo() {
        let asked = Start::REQUEST.encode();
        let answer = Start { response: true, ..Start::REQUEST }.encode();
        let mut s = session(b"ACK: ", true);
        assert_eq!(s.reflected_bytes(), None);
        s.handle_bytes(&[&asked[..], b"pay"].concat(), Now::default());
        s.handle_bytes(b"load", Now::default());
        let sent = [Action::Send([&answer[..], b"pay"].concat()), Action::Send(b"load".into())];
        assert_eq!(drain(&mut s), sent);
        assert_eq!((s.reflected_bytes(), s.is_measured()), (Some(7), true));
    }

    /// spec/reflector.md "TCP", recognition: nothing is held back, and a later preamble is ordinary text.
    #[test]
    fn a_part_of_the_preamble_is_ordinary_text() {
        let mut s = session(b"ACK: ", false);
        s.handle_bytes(b"HELIO", Now::default());
        assert_eq!(drain(&mut s), [Action::Send(b"ACK: HELIO".into())]);
        s.handle_bytes(&Start::REQUEST.encode(), Now::default());
        assert_eq!(drain(&mut s), [Action::Send([b"ACK: ", &Start::REQUEST.encode()[..]].concat())]);
        assert_eq!((s.reflected_bytes(), s.is_measured()), (None, false));
    }

    #[test]
    fn a_client_of_a_later_version_is_told_ours_and_left() {
        let mut s = session(b"ACK: ", false);
        s.handle_bytes(&Start { version: 31, ..Start::REQUEST }.encode(), Now::default());
        let refusal = Start { response: true, refused: true, ..Start::REQUEST }.encode();
        assert_eq!(drain(&mut s), [Action::Send(refusal.into()), Action::Close]);
        s.handle_bytes(b"more", Now::default());
        assert_eq!(drain(&mut s), []);
    }
}
