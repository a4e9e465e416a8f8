//! The measuring client's side of one UDP message: which pieces are back, and where the others were lost.

use super::bits::BitSet;
use super::wire::{HEADER_BYTES, Header, SessionId, Start};
use crate::limits;
use crate::time::Instant;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use serde::Serialize;

/// Largest message that the format carries in pieces of ours.
// tidy: not a bound: what the format's 16-bit piece numbers can carry
pub const MESSAGE_MAX: usize = u16::MAX as usize * limits::REFLECTOR_PIECE;

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// From the first piece sent to the last one back. `None`: the message did not come back whole in time.
    pub elapsed: Option<Duration>,
    /// What became of its datagrams.
    pub datagrams: Datagrams,
}

// spec: begin
/// What became of the datagrams of one message, the tallies after it included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Datagrams {
    /// Sent.
    pub sent: u32,
    /// Came back, each counted once.
    pub back: u32,
    /// Came back a second time or more.
    pub duplicate: u32,
    /// Belonged to an earlier message.
    pub late: u32,
    /// Were no answer to anything sent: damaged, or not a reflector's.
    pub foreign: u32,
    /// Where the missing ones were lost; absent if it could not be told.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// Where datagrams were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Between us and the reflector.
    #[serde(rename = "lost_there")]
    pub there: u32,
    /// Dropped by the reflector's rate limit.
    #[serde(rename = "refused")]
    pub refused: u32,
    /// Between the reflector and us.
    #[serde(rename = "lost_back")]
    pub back: u32,
}
// spec: end

/// One session with a reflector: messages one after the other, on one connected socket.
///
/// `start` a message, then follow the crate's run-loop contract until `poll_outcome` gives its outcome.
#[derive(Debug)]
pub struct DatagramSession {
    session: SessionId,
    timeout: Duration,
    next_message: u32,
    /// The highest counters seen so far.
    counters: Counters,
    /// False while answers of an earlier message may be missing from the counters.
    settled: bool,
    phase: Phase,
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    reflected: u32,
    refused: u32,
}

#[derive(Debug)]
enum Phase {
    Idle,
    Waiting(Message),
    Tallying { message: Message, tries: u32, unsent: bool, wake: Instant },
}

#[derive(Debug)]
struct Message {
    number: u32,
    payload: Arc<[u8]>,
    pieces: u16,
    next_piece: u16,
    started: Option<Instant>,
    arrived: BitSet,
    /// Values of the reflector's counter that arrived, less those of before the message.
    counted: BitSet,
    base: Counters,
    base_settled: bool,
    datagrams: Datagrams,
}

impl DatagramSession {
    /// A session whose messages get `timeout` to come back whole.
    #[must_use]
    pub fn new(session: SessionId, timeout: Duration) -> Self {
        let counters = Counters::default();
        Self { session, timeout, next_message: 0, counters, settled: true, phase: Phase::Idle, outcome: None }
    }

    /// Begins a message; one still in progress is [given up](Self::give_up). Its time begins with the first poll.
    ///
    /// Bytes beyond [`MESSAGE_MAX`] are left out: callers keep to [`limits::COMPARE_SIZE_MAX`], far below.
    pub fn start(&mut self, payload: Arc<[u8]>) {
        self.give_up();
        // An empty payload is one empty piece.
        let pieces = payload.len().div_ceil(limits::REFLECTOR_PIECE).clamp(1, usize::from(u16::MAX)) as u16;
        self.phase = Phase::Waiting(Message {
            number: self.take_number(),
            payload,
            pieces,
            next_piece: 0,
            started: None,
            arrived: BitSet::with_capacity(usize::from(pieces)),
            counted: BitSet::with_capacity(limits::REFLECTOR_COUNT_WINDOW),
            base: self.counters,
            base_settled: self.settled,
            datagrams: Datagrams::default(),
        });
        self.outcome = None;
    }

    /// Ends a message in progress without an outcome and returns what is known of its datagrams. Where the missing ones
    /// were lost is not, and neither will it be of the next loss: some of these may have been reflected.
    pub fn give_up(&mut self) -> Option<Datagrams> {
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle => None,
            Phase::Waiting(message) | Phase::Tallying { message, .. } => {
                self.settled = false;
                Some(message.datagrams)
            }
        }
    }

    /// Writes the next datagram to be sent into `buffer`, replacing what is in it; false when there is none for now.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        match &mut self.phase {
            Phase::Idle => false,
            Phase::Waiting(message) => {
                message.started.get_or_insert(now);
                message.write_next_piece(self.session, buffer)
            }
            Phase::Tallying { unsent: false, .. } => false,
            Phase::Tallying { message, unsent, .. } => {
                *unsent = false;
                message.datagrams.sent += 1;
                let number = self.take_number();
                write_datagram(self.session, number, (0, 1), 0, &[], buffer);
                true
            }
        }
    }

    /// A datagram arrived from the reflector's address. One that arrives at or after the end of the message's time is
    /// too late, also if `handle_timeout` was not called yet.
    pub fn handle_datagram(&mut self, datagram: &[u8], now: Instant) {
        self.handle_timeout(now);
        let Some((header, piece)) = self.read_answer(datagram) else {
            if let Some(message) = self.phase.message() {
                message.datagrams.foreign += 1;
            }
            return;
        };
        if let Some(message) = self.phase.message() {
            message.count(header.reflected);
        }
        self.counters.reflected = self.counters.reflected.max(header.reflected);
        self.counters.refused = self.counters.refused.max(header.refused);
        match &mut self.phase {
            Phase::Idle => {}
            Phase::Waiting(message) => {
                if message.take_back(&header, piece) {
                    let elapsed = message.started.map(|started| now.since(started));
                    let datagrams = Datagrams { lost: Some(Lost::default()), ..message.datagrams };
                    self.settled = true;
                    self.finish(Outcome { elapsed, datagrams });
                }
            }
            Phase::Tallying { message, .. } => {
                if header.message <= message.number {
                    message.take_back(&header, piece);
                } else {
                    let datagrams = message.settle(&header);
                    if header.reflected <= message.base.reflected {
                        // The reflector forgot the session and counts from 1 again.
                        self.counters = Counters { reflected: header.reflected, refused: header.refused };
                    }
                    self.settled = true;
                    self.finish(Outcome { elapsed: None, datagrams });
                }
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None` without a message in progress.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Waiting(message) => message.started.map(|started| started + self.timeout),
            Phase::Tallying { wake, .. } => Some(*wake),
        }
    }

    /// Time has come to `now`. A message that is not back whole is lost; the reflector is asked for its counters.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|wake| now < wake) {
            return;
        }
        let (message, tries) = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle => return,
            Phase::Waiting(message) => (message, 0),
            Phase::Tallying { message, tries, .. } => (message, tries),
        };
        if tries < limits::REFLECTOR_TALLY_TRIES {
            let wake = now + self.timeout / 4;
            self.phase = Phase::Tallying { message, tries: tries + 1, unsent: true, wake };
        } else {
            self.settled = false;
            self.finish(Outcome { elapsed: None, datagrams: message.datagrams });
        }
    }

    /// The outcome of the message, once.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    fn finish(&mut self, outcome: Outcome) {
        self.phase = Phase::Idle;
        self.outcome = Some(outcome);
    }

    fn take_number(&mut self) -> u32 {
        let number = self.next_message;
        self.next_message = self.next_message.wrapping_add(1);
        number
    }

    /// The fields of an answer to something that this session sent.
    fn read_answer<'a>(&self, datagram: &'a [u8]) -> Option<(Header, &'a [u8])> {
        let start = Start::decode(datagram)?;
        let (header, piece) = Header::decode(datagram)?;
        let ours = header.session == self.session && header.message < self.next_message;
        (start.response && !start.refused && ours).then_some((header, piece))
    }
}

impl Phase {
    fn message(&mut self) -> Option<&mut Message> {
        match self {
            Self::Idle => None,
            Self::Waiting(message) | Self::Tallying { message, .. } => Some(message),
        }
    }
}

impl Message {
    fn write_next_piece(&mut self, session: SessionId, buffer: &mut Vec<u8>) -> bool {
        if self.next_piece == self.pieces {
            return false;
        }
        let (index, total_bytes) = (self.next_piece, self.payload.len() as u32);
        write_datagram(session, self.number, (index, self.pieces), total_bytes, self.piece(index), buffer);
        self.next_piece += 1;
        self.datagrams.sent += 1;
        true
    }

    fn piece(&self, index: u16) -> &[u8] {
        let from = usize::from(index) * limits::REFLECTOR_PIECE;
        let to = (from + limits::REFLECTOR_PIECE).min(self.payload.len());
        self.payload.get(from..to).unwrap_or_default()
    }

    /// Notes a piece that came back, in time or too late; true when none is missing any more.
    fn take_back(&mut self, header: &Header, piece: &[u8]) -> bool {
        let is_ours = header.pieces == self.pieces
            && header.total_bytes as usize == self.payload.len()
            && header.piece < self.next_piece
            && piece == self.piece(header.piece);
        if header.message != self.number {
            self.datagrams.late += 1;
        } else if !is_ours {
            self.datagrams.foreign += 1;
        } else if self.arrived.insert(usize::from(header.piece)) {
            self.datagrams.back += 1;
        } else {
            self.datagrams.duplicate += 1;
        }
        self.arrived.len() == usize::from(self.pieces)
    }

    fn count(&mut self, reflected: u32) {
        if let Some(growth) = reflected.checked_sub(self.base.reflected).and_then(|growth| growth.checked_sub(1)) {
            self.counted.insert(growth as usize);
        }
    }

    /// The account of the message once a tally brought the reflector's counters: spec/reflector.md, "Which way it was
    /// lost".
    fn settle(&mut self, tally: &Header) -> Datagrams {
        self.datagrams.back += 1;
        let missing = self.datagrams.sent.saturating_sub(self.datagrams.back);
        let reflected = tally.reflected.checked_sub(self.base.reflected).filter(|growth| *growth > 0);
        let refused = tally.refused.checked_sub(self.base.refused);
        let (Some(reflected), Some(refused), true) = (reflected, refused, self.base_settled) else {
            return self.datagrams;
        };
        if reflected as usize > limits::REFLECTOR_COUNT_WINDOW {
            return self.datagrams;
        }
        let received = self.counted.len_below(reflected as usize) as u32;
        let back = reflected.saturating_sub(received).min(missing);
        let refused = refused.min(missing - back);
        let there = missing - back - refused;
        Datagrams { lost: Some(Lost { there, refused, back }), ..self.datagrams }
    }
}

fn write_datagram(
    session: SessionId,
    message: u32,
    (piece, pieces): (u16, u16),
    total_bytes: u32,
    payload: &[u8],
    buffer: &mut Vec<u8>,
) {
    let header = Header { session, message, piece, pieces, total_bytes, reflected: 0, refused: 0 };
    buffer.clear();
    buffer.reserve(HEADER_BYTES + payload.len());
    buffer.extend_from_slice(&header.encode(Start::REQUEST));
    buffer.extend_from_slice(payload);
}

#[cfg(test)]
mod tests;
