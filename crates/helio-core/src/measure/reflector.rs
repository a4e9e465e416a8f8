//! The far end of a measurement: what the echo service does when it recognises a measuring client.

use super::wire::{self, Header, START_BYTES, SessionId, Start, VERSION};
use crate::limits;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// What the first read of a stream makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A measuring client: send this answer, then echo everything from byte [`START_BYTES`] on, unchanged.
    Reflect([u8; START_BYTES]),
    /// A client of a version that is not spoken here: send this answer and close.
    Refuse([u8; START_BYTES]),
    /// Anything else: an ordinary echo, for good.
    Ordinary,
}

/// Decides about a stream by its first read; `spec/reflector.md`, "TCP", says why nothing is held back.
#[must_use]
pub fn open_stream(first_read: &[u8]) -> Opening {
    let (Some(start), Some(bytes)) = (Start::decode(first_read), first_read.first_chunk::<START_BYTES>()) else {
        return Opening::Ordinary;
    };
    if start.response {
        return Opening::Ordinary;
    }
    let refused = start.version > VERSION;
    let mut answer = *bytes;
    wire::answer_in_place(&mut answer, refused);
    if refused { Opening::Refuse(answer) } else { Opening::Reflect(answer) }
}

/// What a datagram is to the reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be answered by [`Reflector::answer`].
    Request(SessionId),
    /// A request of a version that is not spoken: to be answered by [`refusal`].
    OtherVersion,
    /// Sent by a reflector. Never answered, so that no two of them answer each other for ever.
    Response,
    /// Not the reflector's: an ordinary echo's business.
    Ordinary,
}

/// Tells requests from everything else.
#[must_use]
pub fn classify(datagram: &[u8]) -> Kind {
    match Start::decode(datagram) {
        None => Kind::Ordinary,
        Some(Start { response: true, .. }) => Kind::Response,
        Some(Start { version, .. }) if version > VERSION => Kind::OtherVersion,
        Some(_) => Header::decode(datagram).map_or(Kind::Ordinary, |(header, _)| Kind::Request(header.session)),
    }
}

/// The answer to a request of another version, as long as the request.
#[must_use]
pub fn refusal(datagram: &[u8]) -> Vec<u8> {
    let mut answer = datagram.to_vec();
    wire::answer_in_place(&mut answer, true);
    answer
}

/// Counts the datagrams of each session. Holds at most [`limits::REFLECTOR_SESSIONS`]; the one unused for longest goes.
#[derive(Debug, Default)]
pub struct Reflector {
    sessions: BTreeMap<(SocketAddr, SessionId), Counters>,
}

#[derive(Clone, Copy, Debug)]
struct Counters {
    reflected: u32,
    refused: u32,
    used: Instant,
}

impl Reflector {
    /// The answer to a [`Kind::Request`], the same datagram with its flag and the counters of its session, and whether
    /// the session was not known before.
    pub fn answer(&mut self, from: SocketAddr, session: SessionId, datagram: &[u8], now: Instant) -> (Vec<u8>, bool) {
        let first = !self.sessions.contains_key(&(from, session));
        if first {
            self.make_room();
        }
        let new = Counters { reflected: 0, refused: 0, used: now };
        let counters = self.sessions.entry((from, session)).or_insert(new);
        counters.reflected = counters.reflected.saturating_add(1);
        counters.used = now;
        let mut answer = datagram.to_vec();
        wire::answer_in_place(&mut answer, false);
        wire::put_counters(&mut answer, counters.reflected, counters.refused);
        (answer, first)
    }

    /// Notes that a request was dropped by the rate limit. A session not heard of before stays unknown: what is
    /// refused must not cost memory.
    pub fn count_refused(&mut self, from: SocketAddr, session: SessionId) {
        if let Some(counters) = self.sessions.get_mut(&(from, session)) {
            counters.refused = counters.refused.saturating_add(1);
        }
    }

    fn make_room(&mut self) {
        if self.sessions.len() < limits::REFLECTOR_SESSIONS {
            return;
        }
        if let Some(oldest) = self.sessions.iter().min_by_key(|(_, counters)| counters.used).map(|(key, _)| *key) {
            self.sessions.remove(&oldest);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use core::time::Duration;
    use proptest::prelude::*;

    fn at(millis: u64) -> Instant {
        Instant::after_origin(Duration::from_millis(millis))
    }

    fn client(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// What a measuring client sends.
    pub(crate) fn request(session: u64, piece: &[u8]) -> Vec<u8> {
        let header = Header {
            session: SessionId(session),
            message: 7,
            piece: 0,
            pieces: 1,
            total_bytes: piece.len() as u32,
            reflected: 0,
            refused: 0,
        };
        [&header.encode(Start::REQUEST)[..], piece].concat()
    }

    fn counters(answer: &[u8]) -> (u32, u32) {
        let (header, _) = Header::decode(answer).unwrap();
        (header.reflected, header.refused)
    }

    /// spec/reflector.md "TCP", recognition: all 16 bytes in the first read, or an ordinary echo.
    #[test]
    fn a_stream_is_recognised_only_by_a_whole_preamble() {
        let preamble = Start::REQUEST.encode();
        for cut in 0..START_BYTES {
            assert_eq!(open_stream(&preamble[..cut]), Opening::Ordinary, "{cut} bytes");
        }
        let answer = Start { response: true, ..Start::REQUEST }.encode();
        assert_eq!(open_stream(&preamble), Opening::Reflect(answer));
        assert_eq!(open_stream(&[&preamble[..], b"payload"].concat()), Opening::Reflect(answer));
        assert_eq!(open_stream(&answer), Opening::Ordinary);
        assert_eq!(open_stream(b"HELIOREFERENCE please"), Opening::Ordinary);
    }

    #[test]
    fn another_version_is_told_ours() {
        let asked = Start { version: 9, response: false, refused: false };
        let told = Start { version: VERSION, response: true, refused: true };
        assert_eq!(open_stream(&asked.encode()), Opening::Refuse(told.encode()));
        let datagram = [&asked.encode()[..], b"whatever version 9 says"].concat();
        assert_eq!(classify(&datagram), Kind::OtherVersion);
        let answer = refusal(&datagram);
        assert_eq!((Start::decode(&answer), answer.len()), (Some(told), datagram.len()));
        assert_eq!(answer[START_BYTES..], datagram[START_BYTES..]);
    }

    /// spec/reflector.md "The common start": unknown flags and reserved bytes are ignored and returned unchanged.
    #[test]
    fn what_a_later_client_offers_comes_back_untouched() {
        let mut preamble = Start::REQUEST.encode();
        preamble[9] = 0x80;
        preamble[15] = 0xAA;
        let mut answer = preamble;
        answer[9] = 0x81;
        assert_eq!(open_stream(&preamble), Opening::Reflect(answer));
    }

    #[test]
    fn each_session_has_its_own_counters() {
        let mut reflector = Reflector::default();
        let mut ask = |port, session| {
            counters(&reflector.answer(client(port), SessionId(session), &request(session, b"x"), at(0)).0)
        };
        assert_eq!((ask(5000, 1), ask(5000, 1), ask(5000, 2), ask(6000, 1)), ((1, 0), (2, 0), (1, 0), (1, 0)));
        reflector.count_refused(client(5000), SessionId(1));
        reflector.count_refused(client(5000), SessionId(99));
        assert_eq!(counters(&reflector.answer(client(5000), SessionId(1), &request(1, b""), at(0)).0), (3, 1));
        assert_eq!(counters(&reflector.answer(client(5000), SessionId(99), &request(99, b""), at(0)).0), (1, 0));
    }

    #[test]
    fn at_its_bound_the_session_unused_for_longest_is_forgotten() {
        let mut reflector = Reflector::default();
        let mut ask = |session, millis| {
            counters(&reflector.answer(client(5000), SessionId(session), &request(session, b"x"), at(millis)).0).0
        };
        for session in 0..limits::REFLECTOR_SESSIONS as u64 {
            assert_eq!(ask(session, session), 1);
        }
        assert_eq!(ask(0, 5_000), 2);
        assert_eq!(ask(1 << 40, 5_001), 1);
        assert_eq!(ask(0, 5_002), 3, "used lately, so kept");
        assert_eq!(ask(1, 5_003), 1, "the oldest, so forgotten");
        assert_eq!(reflector.sessions.len(), limits::REFLECTOR_SESSIONS);
    }

    proptest! {
        /// spec/reflector.md "UDP": same size, and only the flag and the counters differ.
        #[test]
        fn an_answer_differs_only_in_flag_and_counters(session: u64, piece: Vec<u8>, port: u16) {
            let asked = request(session, &piece);
            prop_assert_eq!(classify(&asked), Kind::Request(SessionId(session)));
            let (answer, _) = Reflector::default().answer(client(port), SessionId(session), &asked, at(0));
            prop_assert_eq!(classify(&answer), Kind::Response);
            prop_assert_eq!(answer.len(), asked.len());
            prop_assert_eq!((asked[9], answer[9]), (0, 1));
            let rest = |bytes: &[u8]| [&bytes[..9], &bytes[10..36], &bytes[44..]].concat();
            prop_assert_eq!(rest(&asked), rest(&answer));
        }

        #[test]
        fn a_refusal_is_never_longer_than_the_request(datagram: Vec<u8>) {
            prop_assert_eq!(refusal(&datagram).len(), datagram.len());
        }
    }
}
