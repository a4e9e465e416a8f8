use super::*;
use core::time::Duration;
use proptest::prelude::*;

fn common() -> impl Strategy<Value = Common> {
    (any::<u64>(), 1..=PIECE_MAX)
        .prop_map(|(id, piece)| Common { transfer: TransferId(id), piece: PieceSize::new(piece).unwrap() })
}

/// A count that is known: the highest value is the mark for "not known".
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..100u64, 0..u64::MAX]
}

fn report() -> impl Strategy<Value = Report> {
    let extent = prop_oneof![Just(Extent::Ended), Just(Extent::Announced), Just(Extent::Seen)];
    let steps = proptest::collection::vec((1..1_000_000u64, 1..1_000_000u64), 0..=limits::NUMBERED_GAPS_NAMED);
    let flags = (any::<bool>(), extent, proptest::option::of(count()), proptest::option::of(count()), 0..1_000u64);
    (flags, proptest::array::uniform9(count()), steps).prop_map(|((failed, extent, drops, time, more), c, steps)| {
        let mut behind = 0;
        let named_gaps: Vec<_> = steps
            .into_iter()
            .map(|(skip, length)| {
                let start = behind + skip;
                behind = start + length;
                start..behind
            })
            .collect();
        Report {
            storing_failed: failed,
            extent,
            received: c[0],
            received_bytes: c[1],
            lost: c[2],
            lost_bytes: c[3],
            duplicated: c[4],
            out_of_order: c[5],
            late: c[6],
            damaged: c[7],
            foreign: c[8],
            kernel_drops: drops,
            gaps: named_gaps.len() as u64 + more,
            data_time: time.map(Duration::from_nanos),
            named_gaps,
        }
    })
}

fn end(piece: PieceSize) -> impl Strategy<Value = End> {
    let bytes = 0..=limits::NUMBERED_SEQUENCES * piece.bytes() as u64;
    (any::<bool>(), any::<u16>(), bytes, proptest::option::of(any::<[u8; 32]>())).prop_map(
        move |(aborted, marker, bytes, hash)| {
            let datagrams = bytes.div_ceil(piece.bytes() as u64);
            End { aborted, hash, marker, datagrams, bytes }
        },
    )
}

fn data_message(common: Common, sequence: u64, total: Option<u64>, payload: &[u8]) -> Vec<u8> {
    let mut out = data_header(common, sequence, total, payload.len()).to_vec();
    out.extend_from_slice(payload);
    out
}

fn sample() -> Common {
    Common { transfer: TransferId(0x0102_0304_0506_0708), piece: PieceSize::new(1400).unwrap() }
}

/// The layouts of the spec's tables, byte for byte.
#[test]
fn messages_lie_as_the_page_says() {
    let data = data_message(sample(), 2, Some(2_803), b"abc");
    insta::assert_snapshot!(crate::printable::hex_dump(&data), @r"
    00000000  48 4c 4e 55 01 01 05 78  01 02 03 04 05 06 07 08  |HLNU...x........|
    00000010  00 00 00 00 00 00 00 02  00 00 00 00 00 00 0a f0  |................|
    00000020  00 00 00 00 00 00 0a f3  00 03 61 62 63           |..........abc|
    ");
    let end = End { aborted: false, hash: Some([0xab; 32]), marker: 1, datagrams: 3, bytes: 2_803 };
    insta::assert_snapshot!(crate::printable::hex_dump(&encode_end(sample(), &end)), @r"
    00000000  48 4c 4e 55 01 02 05 78  01 02 03 04 05 06 07 08  |HLNU...x........|
    00000010  00 01 00 01 00 00 00 00  00 00 00 03 00 00 00 00  |................|
    00000020  00 00 0a f3 ab ab ab ab  ab ab ab ab ab ab ab ab  |................|
    00000030  ab ab ab ab ab ab ab ab  ab ab ab ab ab ab ab ab  |................|
    00000040  ab ab ab ab                                       |....|
    ");
    assert_eq!(encode_done(sample()).len(), 16);
}

#[test]
fn other_programs_datagrams_are_foreign_and_broken_ones_damaged() {
    let good = data_message(sample(), 0, None, b"abc");
    let broken = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        decode(&bytes).unwrap_err()
    };
    assert_eq!(decode(b"").unwrap_err(), DecodeError::Foreign);
    assert_eq!(decode(b"HLN").unwrap_err(), DecodeError::Foreign);
    assert_eq!(broken(0, b'h'), DecodeError::Foreign);
    assert_eq!(broken(4, 2), DecodeError::Foreign);
    assert_eq!(broken(5, 9), DecodeError::Damaged("kind"));
    assert_eq!(broken(23, 1), DecodeError::Damaged("DATA")); // the number no longer fits the offset
    assert_eq!(broken(41, 4), DecodeError::Damaged("DATA")); // the length no longer fits the datagram
    assert_eq!(decode(&good[..20]).unwrap_err(), DecodeError::Damaged("DATA"));
    assert_eq!(decode(&data_message(sample(), 0, None, b"")).unwrap_err(), DecodeError::Damaged("DATA"));
    assert_eq!(
        decode(&data_message(sample(), 0, None, &[0; 1401])).unwrap_err(),
        DecodeError::Damaged("DATA"),
        "longer than the piece size"
    );
}

#[test]
fn a_number_at_the_limit_is_damaged_and_the_one_below_is_not() {
    let at = |sequence| decode(&data_message(sample(), sequence, None, b"x")).map(|_| ());
    assert_eq!(at(limits::NUMBERED_SEQUENCES - 1), Ok(()));
    assert_eq!(at(limits::NUMBERED_SEQUENCES), Err(DecodeError::Damaged("DATA")));
    assert_eq!(at(u64::MAX), Err(DecodeError::Damaged("DATA")));
}

#[test]
fn end_markers_whose_totals_contradict_each_other_are_damaged() {
    let check = |datagrams, bytes| {
        let end = End { aborted: false, hash: None, marker: 1, datagrams, bytes };
        decode(&encode_end(sample(), &end)).is_ok()
    };
    assert!(check(0, 0) && check(1, 1) && check(1, 1_400) && check(2, 1_401));
    assert!(!check(0, 1) && !check(1, 0) && !check(1, 1_401) && !check(3, 2_800));
    assert!(!check(limits::NUMBERED_SEQUENCES + 1, 1_400 * (limits::NUMBERED_SEQUENCES + 1)));
}

#[test]
fn a_report_names_no_more_gaps_than_its_limit() {
    let gap = |n: u64| n * 10..n * 10 + 1;
    let named_gaps: Vec<_> = (0..limits::NUMBERED_GAPS_NAMED as u64 + 5).map(gap).collect();
    let report = Report { gaps: 69, named_gaps, ..empty_report() };
    let bytes = encode_report(sample(), &report);
    assert_eq!(bytes.len(), 118 + 16 * limits::NUMBERED_GAPS_NAMED);
    let Ok((_, Message::Report(read))) = decode(&bytes) else { panic!() };
    assert_eq!((read.gaps, read.named_gaps.len()), (69, limits::NUMBERED_GAPS_NAMED));
}

#[test]
fn gaps_that_overlap_or_are_empty_are_damaged() {
    for gaps in [[0..5, 4..6], [5..6, 0..1], [3..3, 4..5]] {
        let report = Report { gaps: 2, named_gaps: gaps.to_vec(), ..empty_report() };
        assert_eq!(decode(&encode_report(sample(), &report)).unwrap_err(), DecodeError::Damaged("REPORT"), "{gaps:?}");
    }
}

fn empty_report() -> Report {
    Report {
        storing_failed: false,
        extent: Extent::Ended,
        received: 0,
        received_bytes: 0,
        lost: 0,
        lost_bytes: 0,
        duplicated: 0,
        out_of_order: 0,
        late: 0,
        damaged: 0,
        foreign: 0,
        kernel_drops: None,
        gaps: 0,
        data_time: None,
        named_gaps: Vec::new(),
    }
}

proptest! {
    #[test]
    fn data_survives_the_wire(
        common in common(), sequence in 0..limits::NUMBERED_SEQUENCES, total in proptest::option::of(count()),
        payload in proptest::collection::vec(any::<u8>(), 1..2_000),
    ) {
        let payload = &payload[..payload.len().min(common.piece.bytes())];
        let bytes = data_message(common, sequence, total, payload);
        let offset = sequence * common.piece.bytes() as u64;
        let expected = Message::Data(Data { sequence, offset, announced_total: total, payload });
        prop_assert_eq!(decode(&bytes), Ok((common, expected)));
    }

    #[test]
    fn end_survives_the_wire((common, end) in common().prop_flat_map(|c| (Just(c), end(c.piece)))) {
        let bytes = encode_end(common, &end);
        prop_assert_eq!(decode(&bytes), Ok((common, Message::End(end))));
    }

    #[test]
    fn reports_survive_the_wire(common in common(), report in report()) {
        let bytes = encode_report(common, &report);
        prop_assert_eq!(decode(&bytes), Ok((common, Message::Report(report))));
    }

    #[test]
    fn any_bytes_decode_without_a_panic(mut bytes: Vec<u8>, ours: bool, kind in 0u8..6) {
        if ours && bytes.len() >= 6 {
            bytes[..6].copy_from_slice(&[MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], VERSION, kind]);
        }
        let _ = decode(&bytes);
    }

    /// Each message has exactly one length: cut or extended it is damaged, never read as something else.
    #[test]
    fn no_other_length_decodes(common in common(), report in report(), cut in 1usize..50, extra in 1usize..50) {
        let whole = encode_report(common, &report);
        prop_assert!(decode(&whole[..whole.len().saturating_sub(cut)]).is_err());
        let mut longer = whole.clone();
        longer.resize(whole.len() + extra, 0);
        prop_assert!(decode(&longer).is_err());
    }
}
