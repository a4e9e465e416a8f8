//! The receiving end of numbered datagrams: what is stored where, what is missing, and when the account is closed.

use super::SequenceSet;
use super::numbered::{self, Common, Data, DecodeError, End, Extent, Message, Report};
use crate::limits;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;

/// How a receiver decides that nothing more will come.
#[derive(Clone, Copy, Debug)]
pub struct ReceiverOptions {
    /// Silence that ends a transfer of which no end marker was heard. Too short a time ends a transfer whose sender
    /// stalled.
    pub idle: Duration,
}

/// What to do with the payload of one datagram, before any command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Write the part `payload` of the datagram at `offset` of the file.
    Store {
        /// Where it belongs in the file.
        offset: u64,
        /// Which bytes of the datagram.
        payload: Range<usize>,
    },
    /// Nothing to write.
    Nothing,
}

/// One thing that the receiver wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverCommand {
    /// Ask the system how many datagrams the socket had no room for, and answer with
    /// [`NumberedReceiver::handle_kernel_drops`].
    CountKernelDrops,
    /// Send this datagram to the sender. Failing to is not an error: it will ask again.
    Send {
        /// The sender's address.
        to: SocketAddr,
        /// The whole datagram.
        bytes: Vec<u8>,
    },
    /// The transfer is over.
    Finished(ReceiverOutcome),
}

/// How a transfer ended for the receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverOutcome {
    /// The account, the same that the sender was told.
    pub report: Report,
    /// The end marker that was heard.
    pub end: Option<End>,
}

/// Counts the datagrams of one transfer; see the crate's run-loop contract and `spec/numbered-udp.md`.
#[derive(Debug)]
pub struct NumberedReceiver {
    options: ReceiverOptions,
    peer: Option<Peer>,
    account: Account,
    end: Option<End>,
    state: State,
    commands: VecDeque<ReceiverCommand>,
}

/// What the first valid datagram fixed.
#[derive(Clone, Copy, Debug)]
struct Peer {
    address: SocketAddr,
    common: Common,
}

#[derive(Debug, Default)]
struct Account {
    seen: SequenceSet,
    /// Known once the first DATA came; inner `None` when the sender does not know it.
    announced_total: Option<Option<u64>>,
    highest: Option<u64>,
    /// Number and length of the one piece that is shorter than the others: the last.
    short_piece: Option<(u64, usize)>,
    received_bytes: u64,
    duplicated: u64,
    out_of_order: u64,
    late: u64,
    damaged: u64,
    foreign: u64,
    first_at: Option<Instant>,
    last_at: Option<Instant>,
    storing_failed: bool,
}

#[derive(Debug)]
enum State {
    /// No datagram of a transfer has come.
    Waiting,
    /// Open until this time, unless something new comes.
    Open {
        until: Instant,
    },
    /// The account is closed but for the kernel's count.
    Counting,
    /// The report is sent; further end markers are answered until this time.
    Reported {
        report: Report,
        until: Instant,
    },
    Finished,
}

impl NumberedReceiver {
    /// A receiver that takes the first sender it hears.
    #[must_use]
    pub fn new(options: ReceiverOptions) -> Self {
        let (account, commands) = (Account::default(), VecDeque::new());
        Self { options, peer: None, account, end: None, state: State::Waiting, commands }
    }

    /// One datagram came.
    pub fn handle_datagram(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Verdict {
        match self.state {
            State::Waiting | State::Open { .. } => {}
            State::Reported { .. } => {
                self.handle_after_report(from, datagram, now);
                return Verdict::Nothing;
            }
            State::Counting | State::Finished => return Verdict::Nothing,
        }
        match self.classify(from, datagram) {
            Ok((common, Message::Data(data))) => self.handle_data(Peer { address: from, common }, &data, now),
            Ok((common, Message::End(end))) => {
                self.handle_end(Peer { address: from, common }, end, now);
                Verdict::Nothing
            }
            // What a receiver says does not belong here.
            Ok((_, Message::Report(_) | Message::Done)) | Err(DecodeError::Foreign) => {
                self.account.foreign += 1;
                Verdict::Nothing
            }
            Err(DecodeError::Damaged(_)) => {
                self.account.damaged += 1;
                Verdict::Nothing
            }
        }
    }

    /// What was received can no longer be stored: closes the account.
    pub fn handle_storing_failed(&mut self) {
        if matches!(self.state, State::Waiting | State::Open { .. }) {
            self.account.storing_failed = true;
            self.close();
        }
    }

    /// The answer to [`ReceiverCommand::CountKernelDrops`]; `None` when the system does not tell.
    pub fn handle_kernel_drops(&mut self, drops: Option<u64>, now: Instant) {
        if !matches!(self.state, State::Counting) {
            return;
        }
        let report = self.account.report(self.peer, self.end, drops);
        self.state = State::Reported { report, until: now + limits::NUMBERED_LINGER };
        self.send_report();
        if self.end.is_none() {
            self.finish();
        }
    }

    /// When [`NumberedReceiver::handle_timeout`] is due; `None` before the first datagram and after the end.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Open { until } | State::Reported { until, .. } => Some(until),
            State::Waiting | State::Counting | State::Finished => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Open { until } if now >= until => self.close(),
            State::Reported { until, .. } if now >= until => self.finish(),
            State::Waiting | State::Open { .. } | State::Counting | State::Reported { .. } | State::Finished => {}
        }
    }

    /// The next thing to do.
    pub fn poll_command(&mut self) -> Option<ReceiverCommand> {
        self.commands.pop_front()
    }

    /// Distinct datagrams and their bytes so far, to show progress.
    #[must_use]
    pub fn received(&self) -> (u64, u64) {
        (self.account.seen.len(), self.account.received_bytes)
    }

    /// The length that the sender announced, once known.
    #[must_use]
    pub fn announced_total(&self) -> Option<u64> {
        self.account.announced_total.flatten()
    }

    /// The sender, once one was heard.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer.map(|peer| peer.address)
    }

    /// Decodes, and sorts out what is not of this transfer.
    fn classify<'a>(&self, from: SocketAddr, datagram: &'a [u8]) -> Result<(Common, Message<'a>), DecodeError> {
        let Some(peer) = self.peer else { return numbered::decode(datagram) };
        if peer.address != from {
            return Err(DecodeError::Foreign);
        }
        let (common, message) = numbered::decode(datagram)?;
        if common.transfer != peer.common.transfer {
            return Err(DecodeError::Foreign);
        }
        if common.piece != peer.common.piece {
            return Err(DecodeError::Damaged("piece size"));
        }
        Ok((common, message))
    }

    fn handle_data(&mut self, peer: Peer, data: &Data<'_>, now: Instant) -> Verdict {
        if !self.account.fits(peer.common, self.end, data) {
            self.account.damaged += 1;
            return Verdict::Nothing;
        }
        self.peer = Some(peer);
        if !self.account.count(peer.common, data, self.end.is_some(), now) {
            return Verdict::Nothing;
        }
        self.wait_on(now);
        let start = numbered::DATA_HEADER;
        Verdict::Store { offset: data.offset, payload: start..start + data.payload.len() }
    }

    fn handle_end(&mut self, peer: Peer, end: End, now: Instant) {
        let agrees = match self.end {
            Some(known) => known == End { marker: known.marker, ..end },
            None => self.account.agrees_with(peer.common, &end),
        };
        if !agrees {
            self.account.damaged += 1;
            return;
        }
        self.peer = Some(peer);
        if self.end.is_none() {
            self.end = Some(end);
            self.wait_on(now);
        }
    }

    /// Something new came: sets when the account is closed if nothing else does.
    fn wait_on(&mut self, now: Instant) {
        let patience = match self.end {
            Some(end) if self.account.seen.len() == end.datagrams => return self.close(),
            Some(_) => limits::NUMBERED_GRACE,
            None => self.options.idle,
        };
        self.state = State::Open { until: now + patience };
    }

    fn handle_after_report(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        match self.classify(from, datagram) {
            Ok((_, Message::End(_))) => {
                self.send_report();
                if let State::Reported { until, .. } = &mut self.state {
                    *until = now + limits::NUMBERED_LINGER;
                }
            }
            Ok((_, Message::Done)) => self.finish(),
            Ok((_, Message::Data(_) | Message::Report(_))) | Err(_) => {}
        }
    }

    fn close(&mut self) {
        self.state = State::Counting;
        self.commands.push_back(ReceiverCommand::CountKernelDrops);
    }

    fn send_report(&mut self) {
        if let (State::Reported { report, .. }, Some(peer)) = (&self.state, self.peer) {
            let bytes = numbered::encode_report(peer.common, report);
            self.commands.push_back(ReceiverCommand::Send { to: peer.address, bytes });
        }
    }

    fn finish(&mut self) {
        if let State::Reported { report, .. } = core::mem::replace(&mut self.state, State::Finished) {
            let outcome = ReceiverOutcome { report, end: self.end };
            self.commands.push_back(ReceiverCommand::Finished(outcome));
        }
    }
}

impl Account {
    /// True when `data` contradicts nothing that is known of the transfer.
    fn fits(&self, common: Common, end: Option<End>, data: &Data<'_>) -> bool {
        let same_total = self.announced_total.is_none_or(|total| total == data.announced_total);
        let length = data.payload.len();
        let short = length < common.piece.bytes();
        let fits_the_last = match (end, self.short_piece) {
            (Some(end), _) => data.offset + length as u64 == end.bytes.min(data.offset + common.piece.bytes() as u64),
            (None, Some((last, last_length))) => {
                data.sequence < last && !short || data.sequence == last && length == last_length
            }
            (None, None) => !short || self.highest.is_none_or(|highest| highest < data.sequence),
        };
        same_total && fits_the_last
    }

    /// Counts a piece that fits; false when it came before.
    fn count(&mut self, common: Common, data: &Data<'_>, after_end: bool, now: Instant) -> bool {
        self.announced_total = Some(data.announced_total);
        self.first_at.get_or_insert(now);
        self.last_at = Some(now);
        if !self.seen.insert(data.sequence) {
            self.duplicated += 1;
            return false;
        }
        self.received_bytes += data.payload.len() as u64;
        self.late += u64::from(after_end);
        self.out_of_order += u64::from(self.highest.is_some_and(|highest| data.sequence < highest));
        self.highest = self.highest.max(Some(data.sequence));
        if data.payload.len() < common.piece.bytes() {
            self.short_piece = Some((data.sequence, data.payload.len()));
        }
        true
    }

    /// True when the end marker's totals leave room for all that was received.
    fn agrees_with(&self, common: Common, end: &End) -> bool {
        let piece = common.piece.bytes() as u64;
        let short_is_last = self.short_piece.is_none_or(|(sequence, length)| {
            sequence + 1 == end.datagrams && sequence * piece + length as u64 == end.bytes
        });
        // A full piece in the last place: the total must fill it.
        let last_is_full = self.short_piece.is_some()
            || self.highest.is_none_or(|highest| (highest + 1).saturating_mul(piece) <= end.bytes);
        short_is_last && last_is_full
    }

    fn report(&self, peer: Option<Peer>, end: Option<End>, kernel_drops: Option<u64>) -> Report {
        let piece = peer.map_or(1, |peer| peer.common.piece.bytes() as u64);
        let seen_pieces = self.highest.map_or(0, |highest| highest + 1);
        let announced = self.announced_total.flatten().filter(|total| total.div_ceil(piece) >= seen_pieces);
        let (extent, total_bytes) = match (end, announced) {
            (Some(end), _) => (Extent::Ended, end.bytes),
            (None, Some(total)) => (Extent::Announced, total),
            (None, None) => (Extent::Seen, seen_pieces * piece),
        };
        let mut report = Report {
            storing_failed: self.storing_failed,
            extent,
            received: self.seen.len(),
            received_bytes: self.received_bytes,
            lost: 0,
            lost_bytes: 0,
            duplicated: self.duplicated,
            out_of_order: self.out_of_order,
            late: self.late,
            damaged: self.damaged,
            foreign: self.foreign,
            kernel_drops,
            gaps: 0,
            data_time: self.first_at.zip(self.last_at).filter(|(first, last)| last > first).map(|(a, b)| b - a),
            named_gaps: Vec::new(),
        };
        // A forged length must not make the walk below longer than a transfer can be.
        let pieces = total_bytes.div_ceil(piece).min(limits::NUMBERED_SEQUENCES);
        for gap in self.seen.gaps(pieces) {
            let bytes = gap.start * piece..(gap.end * piece).min(total_bytes);
            report.lost += gap.end - gap.start;
            report.lost_bytes += bytes.end - bytes.start;
            report.gaps += 1;
            if report.named_gaps.len() < limits::NUMBERED_GAPS_NAMED {
                report.named_gaps.push(bytes);
            }
        }
        report
    }
}
