//! The reflector's format, as `spec/reflector.md` lays it down.

// spec: begin
/// What every message of the reflector begins with.
pub const MAGIC: &[u8; 8] = b"HELIOREF";

/// The version that this program speaks.
pub const VERSION: u8 = 1;

/// Largest number that is ever a version; above it comes printable text.
// tidy: not a bound: the format leaves printable bytes to other protocols
pub const VERSION_MAX: u8 = 31;

/// Bytes of the common start, which over TCP is the whole preamble.
pub const START_BYTES: usize = 16;

/// Bytes before the piece in a datagram.
pub const HEADER_BYTES: usize = START_BYTES + 28;

const FLAG_RESPONSE: u8 = 0x01;
const FLAG_REFUSED: u8 = 0x02;
const VERSION_AT: usize = 8;
const FLAGS_AT: usize = 9;
const REFLECTED_AT: usize = 36;
const REFUSED_AT: usize = 40;
// spec: end

/// The common start of everything that the reflector and its client send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Version of the format, 1 to [`VERSION_MAX`].
    pub version: u8,
    /// Sent by a reflector, not by a client.
    pub response: bool,
    /// In a response: the version asked for is not spoken, `version` is the highest that is.
    pub refused: bool,
}

impl Start {
    /// What a client of this version sends.
    pub const REQUEST: Self = Self { version: VERSION, response: false, refused: false };

    /// The 16 bytes, reserved ones zero.
    #[must_use]
    pub fn encode(self) -> [u8; START_BYTES] {
        let mut out = [0; START_BYTES];
        let (magic, rest) = out.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        if let [version, flags, ..] = rest {
            *version = self.version;
            *flags = if self.response { FLAG_RESPONSE } else { 0 } | if self.refused { FLAG_REFUSED } else { 0 };
        }
        out
    }

    /// Reads the start of `bytes`; `None` if they are fewer than 16 or do not begin as the format demands. Unknown
    /// flags and the reserved bytes are ignored.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let start = bytes.first_chunk::<START_BYTES>()?;
        let [version, flags, ..] = *start.strip_prefix(MAGIC)? else { return None };
        let known = (1..=VERSION_MAX).contains(&version);
        known.then_some(Self { version, response: flags & FLAG_RESPONSE != 0, refused: flags & FLAG_REFUSED != 0 })
    }
}

/// Turns a request into its response in place: sets the flag, and beside it *refused* with our version if the version
/// asked for is not spoken. Bytes that are not a request stay as they are.
pub fn answer_in_place(request: &mut [u8], refused: bool) {
    if Start::decode(request).is_none() {
        return;
    }
    if let Some(flags) = request.get_mut(FLAGS_AT) {
        *flags |= FLAG_RESPONSE | if refused { FLAG_REFUSED } else { 0 };
    }
    if refused && let Some(version) = request.get_mut(VERSION_AT) {
        *version = VERSION;
    }
}

/// Identifies one run of a client; drawn at random, so that two clients behind one address are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub u64);

// spec: begin
/// The fields before the piece in a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The run that the datagram belongs to.
    pub session: SessionId,
    /// Number of the message in its session.
    pub message: u32,
    /// Index of this piece.
    pub piece: u16,
    /// Pieces of the message, at least 1.
    pub pieces: u16,
    /// Bytes of the whole message, without headers.
    pub total_bytes: u32,
    /// In a response: datagrams of the session reflected so far, with this one.
    pub reflected: u32,
    /// In a response: datagrams of the session that the reflector's rate limit dropped so far.
    pub refused: u32,
}
// spec: end

impl Header {
    /// The common start and the fields.
    #[must_use]
    pub fn encode(&self, start: Start) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        let mut at = 0;
        let mut put = |field: &[u8]| {
            if let Some(place) = out.get_mut(at..at + field.len()) {
                place.copy_from_slice(field);
            }
            at += field.len();
        };
        put(&start.encode());
        put(&self.session.0.to_be_bytes());
        put(&self.message.to_be_bytes());
        put(&self.piece.to_be_bytes());
        put(&self.pieces.to_be_bytes());
        put(&self.total_bytes.to_be_bytes());
        put(&self.reflected.to_be_bytes());
        put(&self.refused.to_be_bytes());
        out
    }

    /// The fields of a datagram and its piece; `None` if it is too short, its piece is not below its pieces, or more
    /// bytes follow than the whole message has. The common start is not looked at.
    #[must_use]
    pub fn decode(datagram: &[u8]) -> Option<(Self, &[u8])> {
        let (header, piece) = datagram.split_first_chunk::<HEADER_BYTES>()?;
        let mut rest = header.get(START_BYTES..)?;
        let fields = Self {
            session: SessionId(u64::from_be_bytes(take(&mut rest)?)),
            message: u32::from_be_bytes(take(&mut rest)?),
            piece: u16::from_be_bytes(take(&mut rest)?),
            pieces: u16::from_be_bytes(take(&mut rest)?),
            total_bytes: u32::from_be_bytes(take(&mut rest)?),
            reflected: u32::from_be_bytes(take(&mut rest)?),
            refused: u32::from_be_bytes(take(&mut rest)?),
        };
        let valid = fields.piece < fields.pieces && piece.len() as u64 <= u64::from(fields.total_bytes);
        valid.then_some((fields, piece))
    }
}

/// Writes the reflector's two counters into a datagram; one that is too short for them stays as it is.
pub fn put_counters(datagram: &mut [u8], reflected: u32, refused: u32) {
    if let Some(place) = datagram.get_mut(REFLECTED_AT..REFUSED_AT) {
        place.copy_from_slice(&reflected.to_be_bytes());
    }
    if let Some(place) = datagram.get_mut(REFUSED_AT..HEADER_BYTES) {
        place.copy_from_slice(&refused.to_be_bytes());
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printable::hex_dump;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn starts() -> impl Strategy<Value = Start> {
        (1..=VERSION_MAX, any::<bool>(), any::<bool>()).prop_map(|(version, response, refused)| Start {
            version,
            response,
            refused,
        })
    }

    fn headers() -> impl Strategy<Value = Header> {
        let counters = (any::<u32>(), any::<u32>(), any::<u32>());
        (any::<u64>(), any::<u32>(), any::<(u16, u16)>(), counters).prop_map(|(session, message, (a, b), c)| Header {
            session: SessionId(session),
            message,
            piece: a.min(b.saturating_sub(1)),
            pieces: b.max(1),
            total_bytes: c.0,
            reflected: c.1,
            refused: c.2,
        })
    }

    /// spec/reflector.md, the tables of "The common start" and "UDP", byte for byte.
    #[test]
    fn a_datagram_is_laid_out_as_the_page_says() {
        let header = Header {
            session: SessionId(0x0102_0304_0506_0708),
            message: 0x1112_1314,
            piece: 0x2122,
            pieces: 0x3132,
            total_bytes: 0x4142_4344,
            reflected: 0x5152_5354,
            refused: 0x6162_6364,
        };
        let start = Start { version: 1, response: true, refused: true };
        insta::assert_snapshot!(hex_dump(&header.encode(start)), @r#"
        00000000  48 45 4c 49 4f 52 45 46  01 03 00 00 00 00 00 00  |HELIOREF........|
        00000010  01 02 03 04 05 06 07 08  11 12 13 14 21 22 31 32  |............!"12|
        00000020  41 42 43 44 51 52 53 54  61 62 63 64              |ABCDQRSTabcd|
        "#);
    }

    /// spec/reflector.md "The common start": no printable character is a version.
    #[test]
    fn typed_text_is_never_a_start() {
        assert_eq!(Start::decode(b"HELIOREFERENCE, please"), None);
        assert_eq!(Start::decode(b"HELIOREF\x001234567"), None);
        assert_eq!(Start::decode(b"HELIOREF\x01"), None);
        assert_eq!(Start::decode(b"HELIOREF\x01\xf0reserv"), Some(Start::REQUEST));
    }

    proptest! {
        #[test]
        fn a_start_survives_the_wire(start in starts(), tail: Vec<u8>) {
            let mut bytes = start.encode().to_vec();
            bytes.extend(tail);
            prop_assert_eq!(Start::decode(&bytes), Some(start));
        }

        #[test]
        fn a_header_survives_the_wire(header in headers(), start in starts(), piece: Vec<u8>) {
            prop_assume!(piece.len() as u64 <= u64::from(header.total_bytes));
            let mut bytes = header.encode(start).to_vec();
            bytes.extend_from_slice(&piece);
            prop_assert_eq!(Header::decode(&bytes), Some((header, &piece[..])));
            prop_assert_eq!(Start::decode(&bytes), Some(start));
        }

        #[test]
        fn counters_land_where_they_are_read(header in headers(), reflected: u32, refused: u32) {
            let mut bytes = header.encode(Start::REQUEST);
            put_counters(&mut bytes, reflected, refused);
            prop_assert_eq!(Header::decode(&bytes), Some((Header { reflected, refused, ..header }, &[][..])));
        }

        #[test]
        fn any_bytes_are_read_without_panic(mut bytes: Vec<u8>, refused: bool, counter: u32) {
            let _ = (Start::decode(&bytes), Header::decode(&bytes));
            answer_in_place(&mut bytes, refused);
            put_counters(&mut bytes, counter, counter);
        }
    }
}
