//! The sending end of numbered datagrams: numbers, the end marker and its repetition, the report.

use super::numbered::{self, Common, DATA_HEADER, End, Message, Report};
use crate::limits;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// One thing that the sender wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderCommand {
    /// Send this datagram to the receiver. Failing to is not an error, unless the address refuses for good.
    Send(Vec<u8>),
    /// The transfer is over. When the source is not at its end yet, the receiver gave up: stop reading it.
    Finished(SenderOutcome),
}

/// How a transfer ended for the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderOutcome {
    /// DATA messages sent.
    pub datagrams: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// End markers sent.
    pub markers: u16,
    /// The receiver's account; `None` when none came: what arrived is not known.
    pub report: Option<Report>,
}

/// The source is longer than a transfer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the file needs more than {} datagrams, which is the limit of a transfer; larger datagrams or TCP carry it",
    limits::NUMBERED_SEQUENCES
)]
pub struct TooManyDatagrams;

/// Numbers the datagrams of one transfer; see the crate's run-loop contract and `spec/numbered-udp.md`.
///
/// The payloads pass by it: the driver asks for a header, puts the payload behind it and sends both.
#[derive(Debug)]
pub struct NumberedSender {
    common: Common,
    announced_total: Option<u64>,
    datagrams: u64,
    bytes: u64,
    state: State,
    commands: VecDeque<SenderCommand>,
}

#[derive(Debug)]
enum State {
    Sending,
    /// The end marker is repeated at `next`, `wait` after the last one.
    Ending {
        end: End,
        next: Instant,
        wait: Duration,
    },
    Finished,
}

impl NumberedSender {
    /// A sender of a source of `announced_total` bytes; `None` when that is not known.
    #[must_use]
    pub fn new(common: Common, announced_total: Option<u64>) -> Self {
        let commands = VecDeque::new();
        Self { common, announced_total, datagrams: 0, bytes: 0, state: State::Sending, commands }
    }

    /// The header for the next `payload_bytes` of the source: a full piece, or less at the end of the source.
    ///
    /// # Errors
    /// [`TooManyDatagrams`] at [`limits::NUMBERED_SEQUENCES`]; end the transfer as aborted.
    pub fn next_header(&mut self, payload_bytes: usize) -> Result<[u8; DATA_HEADER], TooManyDatagrams> {
        if self.datagrams == limits::NUMBERED_SEQUENCES {
            return Err(TooManyDatagrams);
        }
        let header = numbered::data_header(self.common, self.datagrams, self.announced_total, payload_bytes);
        self.datagrams += 1;
        self.bytes += payload_bytes as u64;
        Ok(header)
    }

    /// Datagrams and bytes numbered so far.
    #[must_use]
    pub fn sent(&self) -> (u64, u64) {
        (self.datagrams, self.bytes)
    }

    /// There is nothing more to send: the source ended, or (`aborted`) sending cannot go on.
    pub fn handle_end_of_source(&mut self, aborted: bool, hash: Option<[u8; 32]>, now: Instant) {
        if !matches!(self.state, State::Sending) {
            return;
        }
        let end = End { aborted, hash, marker: 0, datagrams: self.datagrams, bytes: self.bytes };
        self.state = State::Ending { end, next: now, wait: limits::NUMBERED_END_WAIT_MIN };
        self.handle_timeout(now);
    }

    /// A datagram came back. All but this transfer's report is ignored.
    pub fn handle_datagram(&mut self, datagram: &[u8]) {
        if matches!(self.state, State::Finished) {
            return;
        }
        if let Ok((common, Message::Report(report))) = numbered::decode(datagram)
            && common == self.common
        {
            self.commands.push_back(SenderCommand::Send(numbered::encode_done(self.common)));
            self.finish(Some(report));
        }
    }

    /// When [`NumberedSender::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Ending { next, .. } => Some(next),
            State::Sending | State::Finished => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let State::Ending { end, next, wait } = &mut self.state else { return };
        if now < *next {
            return;
        }
        if end.marker == limits::NUMBERED_END_MARKERS {
            return self.finish(None);
        }
        end.marker += 1;
        *next = now + *wait;
        *wait = (*wait * 2).min(limits::NUMBERED_END_WAIT_MAX);
        let bytes = numbered::encode_end(self.common, end);
        self.commands.push_back(SenderCommand::Send(bytes));
    }

    /// The next thing to do.
    pub fn poll_command(&mut self) -> Option<SenderCommand> {
        self.commands.pop_front()
    }

    fn finish(&mut self, report: Option<Report>) {
        let markers = match self.state {
            State::Ending { end, .. } => end.marker,
            State::Sending | State::Finished => 0,
        };
        let (datagrams, bytes) = (self.datagrams, self.bytes);
        self.state = State::Finished;
        self.commands.push_back(SenderCommand::Finished(SenderOutcome { datagrams, bytes, markers, report }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::numbered::{PieceSize, TransferId};

    fn sender() -> NumberedSender {
        NumberedSender::new(Common { transfer: TransferId(7), piece: PieceSize::new(10).unwrap() }, Some(15))
    }

    fn drain(sender: &mut NumberedSender) -> Vec<SenderCommand> {
        core::iter::from_fn(|| sender.poll_command()).collect()
    }

    /// Spec, "The sender" 2 and 4: 20 ms, doubling up to 500 ms, twelve markers, then it gives up.
    #[test]
    fn markers_are_repeated_ever_more_slowly_and_then_no_more() {
        let mut s = sender();
        s.next_header(10).unwrap();
        s.next_header(5).unwrap();
        let mut sent_at = Vec::new();
        s.handle_end_of_source(false, None, Instant::ORIGIN);
        let mut now = Instant::ORIGIN;
        let outcome = loop {
            match s.poll_command() {
                Some(SenderCommand::Send(bytes)) => {
                    let Ok((_, Message::End(end))) = numbered::decode(&bytes) else { panic!() };
                    assert_eq!((end.datagrams, end.bytes), (2, 15));
                    assert_eq!(usize::from(end.marker), sent_at.len() + 1);
                    sent_at.push(now.since(Instant::ORIGIN).as_millis());
                }
                Some(SenderCommand::Finished(outcome)) => break outcome,
                None => {
                    now = s.poll_timeout().unwrap();
                    s.handle_timeout(now);
                }
            }
        };
        assert_eq!(sent_at, [0, 20, 60, 140, 300, 620, 1120, 1620, 2120, 2620, 3120, 3620]);
        assert_eq!(outcome, SenderOutcome { datagrams: 2, bytes: 15, markers: 12, report: None });
        assert_eq!((now.since(Instant::ORIGIN).as_millis(), s.poll_timeout()), (4120, None));
    }

    #[test]
    fn strangers_cannot_end_a_transfer() {
        let mut s = sender();
        s.handle_end_of_source(false, None, Instant::ORIGIN);
        drain(&mut s);
        let other = Common { transfer: TransferId(8), ..s.common };
        s.handle_datagram(b"hello");
        s.handle_datagram(&numbered::encode_done(s.common));
        s.handle_datagram(&numbered::encode_end(
            other,
            &End { aborted: false, hash: None, marker: 1, datagrams: 0, bytes: 0 },
        ));
        assert_eq!(drain(&mut s), []);
        assert!(s.poll_timeout().is_some());
    }

    #[test]
    fn more_datagrams_than_a_transfer_holds_are_refused() {
        let mut s = sender();
        s.datagrams = limits::NUMBERED_SEQUENCES - 1;
        assert!(s.next_header(10).is_ok());
        assert_eq!(s.next_header(10), Err(TooManyDatagrams));
        assert_eq!(s.sent().0, limits::NUMBERED_SEQUENCES);
    }
}
