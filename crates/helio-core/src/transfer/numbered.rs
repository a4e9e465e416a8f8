//! The messages of numbered datagrams; offsets, sizes and meaning are in `spec/numbered-udp.md`.

mod report;

pub use report::{Extent, Report};

use crate::limits;
use alloc::vec::Vec;
use core::fmt;

// spec: begin
/// First four bytes of every message.
pub const MAGIC: [u8; 4] = *b"HLNU";
/// The version that this code speaks.
pub const VERSION: u8 = 1;
/// Bytes before the payload of a DATA message.
pub const DATA_HEADER: usize = 42;
/// Largest piece of a file that fits a datagram.
// tidy: not a bound: it follows from the header's size
pub const PIECE_MAX: usize = limits::DATAGRAM_MAX - DATA_HEADER;

const END_SIZE: usize = 68;
const DONE_SIZE: usize = 16;
const NOT_KNOWN: u64 = u64::MAX;
const KIND_DATA: u8 = 1;
const KIND_END: u8 = 2;
const KIND_REPORT: u8 = 3;
const KIND_DONE: u8 = 4;
// spec: end

/// Tells the transfers of one sender apart; random, so that a stranger cannot easily join in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u64);

impl fmt::Debug for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Bytes of the file in every DATA message but the last: 1 to [`PIECE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceSize(u16);

impl PieceSize {
    /// `None` when `bytes` is 0 or more than a datagram holds.
    #[must_use]
    pub fn new(bytes: usize) -> Option<Self> {
        (1..=PIECE_MAX).contains(&bytes).then_some(Self(bytes as u16))
    }

    /// The size in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::from(self.0)
    }
}

/// What every message of one transfer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Common {
    /// Which transfer.
    pub transfer: TransferId,
    /// Size of all its pieces but the last.
    pub piece: PieceSize,
}

/// One message, its payload borrowed from the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A piece of the file.
    Data(Data<'a>),
    /// The sender has no more to send.
    End(End),
    /// What the receiver counted.
    Report(Report),
    /// The sender has heard the report.
    Done,
}

/// A piece of the file. Its fields are as they were received: [`decode`] checks sizes, the receiver the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Number of the piece, from 0.
    pub sequence: u64,
    /// Where the payload belongs in the file.
    pub offset: u64,
    /// The file's length when it was opened; `None` for a pipe.
    pub announced_total: Option<u64>,
    /// The bytes of the file.
    pub payload: &'a [u8],
}

/// The sender's end marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// True when the sender gave up before the end of its source.
    pub aborted: bool,
    /// BLAKE3 of everything that was sent, when the sender computed it.
    pub hash: Option<[u8; 32]>,
    /// 1 for the first marker of the transfer, then counting up.
    pub marker: u16,
    /// DATA messages sent.
    pub datagrams: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

/// Why a datagram is not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It does not begin like a message of this format and version: someone else's datagram.
    #[error("not a numbered datagram of version {VERSION}")]
    Foreign,
    /// It begins like one, and then breaks the format.
    #[error("damaged {0}")]
    Damaged(&'static str),
}

// spec: begin
/// The header of a DATA message; the driver puts the payload behind it.
#[must_use]
pub fn data_header(
    common: Common,
    sequence: u64,
    announced_total: Option<u64>,
    payload_bytes: usize,
) -> [u8; DATA_HEADER] {
    let mut out = [0; DATA_HEADER];
    let mut rest = &mut out[..];
    put(&mut rest, &common_fields(common, KIND_DATA));
    put(&mut rest, &sequence.to_be_bytes());
    put(&mut rest, &sequence.saturating_mul(common.piece.bytes() as u64).to_be_bytes());
    put(&mut rest, &announced_total.unwrap_or(NOT_KNOWN).to_be_bytes());
    put(&mut rest, &(payload_bytes as u16).to_be_bytes());
    out
}

/// An END message.
#[must_use]
pub fn encode_end(common: Common, end: &End) -> Vec<u8> {
    let mut out = Vec::with_capacity(END_SIZE);
    out.extend_from_slice(&common_fields(common, KIND_END));
    out.push(u8::from(end.aborted));
    out.push(u8::from(end.hash.is_some()));
    out.extend_from_slice(&end.marker.to_be_bytes());
    out.extend_from_slice(&end.datagrams.to_be_bytes());
    out.extend_from_slice(&end.bytes.to_be_bytes());
    out.extend_from_slice(&end.hash.unwrap_or_default());
    out
}

/// A REPORT message. Of the named gaps the first [`limits::NUMBERED_GAPS_NAMED`] are taken.
#[must_use]
pub fn encode_report(common: Common, report: &Report) -> Vec<u8> {
    let mut out = common_fields(common, KIND_REPORT).to_vec();
    report.encode(&mut out);
    out
}

/// A DONE message.
#[must_use]
pub fn encode_done(common: Common) -> Vec<u8> {
    common_fields(common, KIND_DONE).to_vec()
}
// spec: end

/// Reads one datagram. Never panics, never allocates more than the named gaps of one report.
///
/// # Errors
/// [`DecodeError::Foreign`] when it is not of this format, [`DecodeError::Damaged`] when it breaks it.
pub fn decode(datagram: &[u8]) -> Result<(Common, Message<'_>), DecodeError> {
    let mut reader = Reader { rest: datagram };
    let ours = reader.take::<4>() == Some(MAGIC) && reader.u8() == Some(VERSION);
    if !ours {
        return Err(DecodeError::Foreign);
    }
    let damaged = DecodeError::Damaged("header");
    let kind = reader.u8().ok_or(damaged)?;
    let piece = reader.u16().and_then(|bytes| PieceSize::new(usize::from(bytes))).ok_or(damaged)?;
    let common = Common { transfer: TransferId(reader.u64().ok_or(damaged)?), piece };
    let message = match kind {
        KIND_DATA => decode_data(&mut reader, piece).map(Message::Data).ok_or(DecodeError::Damaged("DATA"))?,
        KIND_END => decode_end(&mut reader, piece).map(Message::End).ok_or(DecodeError::Damaged("END"))?,
        KIND_REPORT => Report::decode(&mut reader).map(Message::Report).ok_or(DecodeError::Damaged("REPORT"))?,
        KIND_DONE => Message::Done,
        _ => return Err(DecodeError::Damaged("kind")),
    };
    if reader.rest.is_empty() { Ok((common, message)) } else { Err(DecodeError::Damaged("length")) }
}

fn decode_data<'a>(reader: &mut Reader<'a>, piece: PieceSize) -> Option<Data<'a>> {
    let sequence = reader.u64()?;
    let offset = reader.u64()?;
    let announced_total = reader.count()?;
    let length = usize::from(reader.u16()?);
    let payload = core::mem::take(&mut reader.rest);
    let fits = sequence < limits::NUMBERED_SEQUENCES && offset == sequence * piece.bytes() as u64;
    let filled = length == payload.len() && (1..=piece.bytes()).contains(&length);
    (fits && filled).then_some(Data { sequence, offset, announced_total, payload })
}

fn decode_end(reader: &mut Reader<'_>, piece: PieceSize) -> Option<End> {
    let aborted = reader.flag()?;
    let hashed = reader.flag()?;
    let end = End {
        aborted,
        marker: reader.u16()?,
        datagrams: reader.u64()?,
        bytes: reader.u64()?,
        hash: reader.take::<32>().map(|hash| hashed.then_some(hash))?,
    };
    let possible =
        end.datagrams <= limits::NUMBERED_SEQUENCES && end.bytes.div_ceil(piece.bytes() as u64) == end.datagrams;
    possible.then_some(end)
}

// spec: begin
fn common_fields(common: Common, kind: u8) -> [u8; DONE_SIZE] {
    let mut out = [0; DONE_SIZE];
    let mut rest = &mut out[..];
    put(&mut rest, &MAGIC);
    put(&mut rest, &[VERSION, kind]);
    put(&mut rest, &common.piece.0.to_be_bytes());
    put(&mut rest, &common.transfer.0.to_be_bytes());
    out
}
// spec: end

/// Writes `field` at the start of `rest` and moves past it; the callers' arrays are as long as their fields.
fn put(rest: &mut &mut [u8], field: &[u8]) {
    let (head, tail) = core::mem::take(rest).split_at_mut(field.len());
    head.copy_from_slice(field);
    *rest = tail;
}

/// Takes fields from the front of a datagram; `None` when it is too short.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk::<N>()?;
        self.rest = tail;
        Some(*head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    /// A count whose highest value means "not known".
    fn count(&mut self) -> Option<Option<u64>> {
        self.u64().map(|count| (count != NOT_KNOWN).then_some(count))
    }

    fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
