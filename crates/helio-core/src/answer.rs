//! When is an answer complete? Plain sockets do not say; this machine decides, and keeps the times.
//!
//! Whatever arrives, no answer is complete before its message was handed over whole: a peer may answer the first bytes
//! and take no more.

use crate::time::Instant;
use core::time::Duration;

/// What completes an answer. Whatever is chosen, the end of the stream does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// This many bytes; fewer are incomplete.
    Bytes(u64),
    /// The first datagram.
    Datagram,
    /// Silence of this length after at least one byte and after the message's last one was sent. Too short cuts an answer that comes in pieces; too long only
    /// makes the asker wait, since the silence is never counted in the answer's time.
    Quiet(Duration),
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes asked for arrived.
    Expected,
    /// A datagram arrived.
    Datagram,
    /// Bytes arrived, then silence.
    Quiet,
    /// Bytes arrived, then the end of the stream.
    EndOfStream,
    /// The stream ended without a byte of answer.
    ClosedWithoutAnswer,
    /// Fewer bytes than expected arrived before the end of the stream or of the time.
    Incomplete {
        /// Bytes asked for.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// Nothing arrived in the time given.
    NoAnswer,
    /// The message was not handed over whole in the time given: the peer does not take it. Some of an answer may have
    /// arrived.
    SendTimedOut,
}

impl Outcome {
    /// Whether a whole answer was received.
    #[must_use]
    pub fn is_answered(self) -> bool {
        match self {
            Self::Expected | Self::Datagram | Self::Quiet | Self::EndOfStream => true,
            Self::ClosedWithoutAnswer | Self::Incomplete { .. } | Self::NoAnswer | Self::SendTimedOut => false,
        }
    }

    /// The name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Datagram => "datagram",
            Self::Quiet => "quiet",
            Self::EndOfStream => "end_of_stream",
            Self::ClosedWithoutAnswer => "closed_without_answer",
            Self::Incomplete { .. } => "incomplete",
            Self::NoAnswer => "no_answer",
            Self::SendTimedOut => "send_timed_out",
        }
    }
}

/// The times of one exchange, all counted from the moment before the first byte was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The last `send` returned: the kernel has the whole message. Says nothing about its arrival.
    pub send_returned: Option<Duration>,
    /// The first byte of the answer was read.
    pub first_byte: Option<Duration>,
    /// The last byte of the answer was read.
    pub last_byte: Option<Duration>,
}

/// One exchange, from the first byte sent to the outcome; see the crate's run-loop contract.
#[derive(Clone, Debug)]
pub struct Exchange {
    until: Until,
    started: Instant,
    /// When the time for sending and the first byte, or for the expected bytes, is over.
    deadline: Instant,
    /// When the message was handed over whole.
    sent: Option<Instant>,
    last_byte: Option<Instant>,
    received_bytes: u64,
    has_ended: bool,
    times: Times,
    outcome: Option<Outcome>,
}

impl Exchange {
    /// An exchange whose message is about to be sent. `timeout` bounds sending it and the wait for the first byte
    /// together; with [`Until::Bytes`], for all of them.
    #[must_use]
    pub fn start(until: Until, timeout: Duration, now: Instant) -> Self {
        Self {
            until,
            started: now,
            deadline: now + timeout,
            sent: None,
            last_byte: None,
            received_bytes: 0,
            has_ended: false,
            times: Times::default(),
            outcome: None,
        }
    }

    /// The whole message was handed to the kernel.
    pub fn handle_send_returned(&mut self, now: Instant) {
        self.sent = Some(now);
        self.times.send_returned = Some(now - self.started);
        self.conclude();
    }

    /// Bytes of the answer arrived; over UDP, one datagram, which may be empty.
    pub fn handle_bytes(&mut self, bytes: usize, now: Instant) {
        let since_start = now - self.started;
        self.received_bytes += bytes as u64;
        self.times.first_byte.get_or_insert(since_start);
        self.times.last_byte = Some(since_start);
        self.last_byte = Some(now);
        self.conclude();
    }

    /// The peer ended its stream. It may still take the rest of the message.
    pub fn handle_end(&mut self) {
        self.has_ended = true;
        self.conclude();
    }

    /// Time passed; called at or after [`Exchange::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        self.outcome = Some(match (self.sent, self.until, self.received_bytes) {
            (None, _, _) => Outcome::SendTimedOut,
            (Some(_), Until::Quiet(_), 1..) => Outcome::Quiet,
            (Some(_), Until::Bytes(expected), got @ 1..) => Outcome::Incomplete { expected, got },
            (Some(_), _, _) => Outcome::NoAnswer,
        });
    }

    /// When the machine wants to be woken; `None` once there is an outcome.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match (self.outcome, self.until, self.sent, self.last_byte) {
            (Some(_), _, _, _) => None,
            (None, Until::Quiet(quiet), Some(sent), Some(last)) => Some(last.max(sent) + quiet),
            (None, _, _, _) => Some(self.deadline),
        }
    }

    /// How the exchange ended, once it did.
    #[must_use]
    pub fn poll_outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The times so far.
    #[must_use]
    pub fn times(&self) -> Times {
        self.times
    }

    /// Bytes of answer so far.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Sets the outcome that what happened so far gives, if it gives one; the first stands.
    fn conclude(&mut self) {
        if self.sent.is_none() || self.outcome.is_some() {
            return;
        }
        self.outcome = match self.until {
            Until::Bytes(expected) if self.received_bytes >= expected => Some(Outcome::Expected),
            Until::Datagram if self.last_byte.is_some() => Some(Outcome::Datagram),
            Until::Bytes(expected) if self.has_ended => {
                Some(Outcome::Incomplete { expected, got: self.received_bytes })
            }
            Until::Datagram | Until::Quiet(_) if self.has_ended => Some(match self.received_bytes {
                0 => Outcome::ClosedWithoutAnswer,
                1.. => Outcome::EndOfStream,
            }),
            Until::Bytes(_) | Until::Datagram | Until::Quiet(_) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Until = Until::Quiet(Duration::from_millis(50));

    fn at(millis: u64) -> Instant {
        Instant::after_origin(Duration::from_millis(millis))
    }

    fn ms(millis: u64) -> Option<Duration> {
        Some(Duration::from_millis(millis))
    }

    /// Starts at 10 ms with a second of patience.
    fn sending(until: Until) -> Exchange {
        Exchange::start(until, Duration::from_secs(1), at(10))
    }

    /// The same, its message sent at 11 ms.
    fn exchange(until: Until) -> Exchange {
        let mut exchange = sending(until);
        exchange.handle_send_returned(at(11));
        exchange
    }

    #[test]
    fn silence_completes_an_answer_and_is_not_counted_in_its_time() {
        let mut e = exchange(QUIET);
        e.handle_bytes(5, at(20));
        assert_eq!(e.poll_timeout(), Some(at(70)));
        e.handle_bytes(5, at(60));
        e.handle_timeout(at(70));
        assert_eq!(e.poll_outcome(), None);
        e.handle_timeout(at(110));
        assert_eq!(e.poll_outcome(), Some(Outcome::Quiet));
        assert_eq!(e.times(), Times { send_returned: ms(1), first_byte: ms(10), last_byte: ms(50) });
        assert_eq!(e.poll_timeout(), None);
    }

    #[test]
    fn the_end_of_the_stream_completes_at_once() {
        let mut e = exchange(QUIET);
        e.handle_bytes(5, at(20));
        e.handle_end();
        assert_eq!(e.poll_outcome(), Some(Outcome::EndOfStream));
    }

    #[test]
    fn nothing_is_told_apart_from_closed() {
        let mut silent = exchange(QUIET);
        silent.handle_timeout(at(1010));
        assert_eq!(silent.poll_outcome(), Some(Outcome::NoAnswer));
        assert_eq!(silent.times(), Times { send_returned: ms(1), ..Times::default() });
        let mut closed = exchange(QUIET);
        closed.handle_end();
        assert_eq!(closed.poll_outcome(), Some(Outcome::ClosedWithoutAnswer));
    }

    #[test]
    fn expected_bytes_outlast_silence_and_fewer_are_incomplete() {
        let mut e = exchange(Until::Bytes(10));
        e.handle_bytes(9, at(20));
        assert_eq!(e.poll_timeout(), Some(at(1010)));
        let mut late = e.clone();
        e.handle_bytes(3, at(900));
        assert_eq!((e.poll_outcome(), e.received_bytes()), (Some(Outcome::Expected), 12));
        late.handle_timeout(at(1010));
        assert_eq!(late.poll_outcome(), Some(Outcome::Incomplete { expected: 10, got: 9 }));
        let mut cut = exchange(Until::Bytes(10));
        cut.handle_end();
        assert_eq!(cut.poll_outcome(), Some(Outcome::Incomplete { expected: 10, got: 0 }));
    }

    /// The peer answers the first bytes of a message whose rest it does not take.
    #[test]
    fn silence_counts_only_once_the_message_is_sent() {
        let mut e = sending(QUIET);
        e.handle_bytes(4, at(20));
        e.handle_timeout(at(900));
        assert_eq!((e.poll_outcome(), e.poll_timeout()), (None, Some(at(1010))));
        let mut slow = e.clone();
        slow.handle_send_returned(at(1000));
        assert_eq!(slow.poll_timeout(), Some(at(1050)));
        slow.handle_timeout(at(1050));
        assert_eq!(slow.poll_outcome(), Some(Outcome::Quiet));
        e.handle_timeout(at(1010));
        assert_eq!(e.poll_outcome(), Some(Outcome::SendTimedOut));
        assert_eq!(e.times(), Times { send_returned: None, first_byte: ms(10), last_byte: ms(10) });
    }

    /// A peer may send its answer, end its half of the stream and go on reading (`nc -N`).
    #[test]
    fn nothing_completes_an_answer_before_its_message_is_sent() {
        for (until, complete) in [(Until::Bytes(4), Outcome::Expected), (QUIET, Outcome::EndOfStream)] {
            let mut taken = sending(until);
            taken.handle_bytes(4, at(20));
            taken.handle_end();
            assert_eq!(taken.poll_outcome(), None);
            let mut refused = taken.clone();
            taken.handle_send_returned(at(30));
            assert_eq!(taken.poll_outcome(), Some(complete));
            refused.handle_timeout(at(1010));
            assert_eq!(refused.poll_outcome(), Some(Outcome::SendTimedOut));
        }
    }

    #[test]
    fn an_empty_datagram_is_an_answer() {
        let mut e = exchange(Until::Datagram);
        e.handle_bytes(0, at(12));
        assert_eq!((e.poll_outcome(), e.times().last_byte), (Some(Outcome::Datagram), ms(2)));
    }

    #[test]
    fn the_first_outcome_stands() {
        let mut e = exchange(Until::Bytes(1));
        e.handle_bytes(1, at(12));
        e.handle_end();
        e.handle_timeout(at(9999));
        assert_eq!(e.poll_outcome(), Some(Outcome::Expected));
    }
}
