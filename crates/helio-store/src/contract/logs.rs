//! The clauses about logs.

use super::bench::{Bench, append, at, log, texts};
use crate::{Append, AppendError, Direction, Limit, Log, LogHead, TooLarge};
use helio_core::limits::{
    STORE_BATCH_BYTES, STORE_BATCH_RECORDS, STORE_READ_RECORDS, STORE_RECORD_BYTES, STORE_TRIM_BYTES,
    STORE_TRIM_RECORDS,
};

fn all(store: &impl Log, name: &str) -> Vec<String> {
    texts(&store.read(&log(name), at(0)..at(u64::MAX), Limit::MOST, Direction::Forwards).unwrap())
}

pub(super) fn positions_count_from_one_in_each_log(bench: &mut impl Bench) {
    assert_eq!(bench.store().next_position(&log("a")).unwrap(), at(1));
    assert_eq!(bench.store().head(&log("a")).unwrap(), None);
    assert_eq!(append(bench.store(), &[("a", "x"), ("b", "y"), ("a", "z")]).unwrap(), [1, 1, 2]);
    bench.reopen();
    assert_eq!(append(bench.store(), &[("b", "v"), ("a", "w")]).unwrap(), [2, 3]);
    bench.reopen();
    assert_eq!(all(bench.store(), "a"), ["1:x", "2:z", "3:w"]);
    assert_eq!(all(bench.store(), "b"), ["1:y", "2:v"]);
    assert_eq!(all(bench.store(), "c"), [""; 0]);
    let head = bench.store().head(&log("a")).unwrap();
    assert_eq!(head, Some(LogHead { log: log("a"), first: at(1), next: at(4) }));
}

pub(super) fn a_batch_is_all_or_nothing(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "x")]).unwrap();
    let (a, b) = (log("a"), log("b"));
    let batch = [
        Append { log: &b, expected: None, bytes: b"not this" },
        Append { log: &a, expected: Some(at(1)), bytes: b"nor this" },
    ];
    let error = bench.store().append(&batch).unwrap_err();
    assert_eq!(error.to_string(), "record 1 of the batch expects position 1 in a, the next one is 2");
    assert_eq!(error, AppendError::Position { index: 1, log: a, expected: at(1), got: at(2) });
    for _ in 0..2 {
        assert_eq!(all(bench.store(), "a"), ["1:x"]);
        assert_eq!(bench.store().head(&b).unwrap(), None);
        bench.reopen();
    }
}

pub(super) fn an_expected_position_counts_the_batch_before_it(bench: &mut impl Bench) {
    let a = log("a");
    let batch: Vec<_> = (1..=3).map(|n| Append { log: &a, expected: Some(at(n)), bytes: b"x" }).collect();
    assert_eq!(bench.store().append(&batch).unwrap(), [at(1), at(2), at(3)]);
    let batch = [4, 4].map(|n| Append { log: &a, expected: Some(at(n)), bytes: b"y" });
    let error = bench.store().append(&batch).unwrap_err();
    assert_eq!(error, AppendError::Position { index: 1, log: a, expected: at(4), got: at(5) });
    assert_eq!(all(bench.store(), "a"), ["1:x", "2:x", "3:x"]);
}

pub(super) fn bounds_of_an_append_refuse_the_batch(bench: &mut impl Bench) {
    let a = log("a");
    let refused = |store: &mut _, batch: &[Append<'_>]| match Log::append(store, batch) {
        Err(AppendError::TooLarge(error)) => error,
        other => panic!("{other:?}"),
    };
    let record = |bytes| Append { log: &a, expected: None, bytes };
    let (most, more) = (vec![7; STORE_RECORD_BYTES], vec![7; STORE_RECORD_BYTES + 1]);
    let error = refused(bench.store(), &[record(b""), record(&more)]);
    assert_eq!(error, TooLarge::Record { index: 1, bytes: 65_537, limit: STORE_RECORD_BYTES });
    let error = refused(bench.store(), &vec![record(b"x"); STORE_BATCH_RECORDS + 1]);
    assert_eq!(error.to_string(), "batch has 1025 records, limit is 1024; split it");
    let full = STORE_BATCH_BYTES / STORE_RECORD_BYTES;
    let error = refused(bench.store(), &vec![record(&most); full + 1]);
    assert_eq!(error, TooLarge::BatchBytes { bytes: 1_114_112, limit: STORE_BATCH_BYTES });
    assert_eq!(bench.store().head(&a).unwrap(), None);
    bench.store().append(&vec![record(&most); full]).unwrap();
    bench.store().append(&vec![record(b"x"); STORE_BATCH_RECORDS]).unwrap();
    assert_eq!(bench.store().next_position(&a).unwrap(), at(1 + 16 + 1_024));
    bench.reopen();
    let one = bench.store().read(&a, at(16)..at(17), Limit::MOST, Direction::Forwards).unwrap();
    assert_eq!(one[0].bytes.as_deref(), Some(&most[..]));
}

pub(super) fn an_empty_batch_and_empty_records_are_fine(bench: &mut impl Bench) {
    assert_eq!(bench.store().append(&[]).unwrap(), []);
    append(bench.store(), &[("a", ""), ("a", "x")]).unwrap();
    assert!(bench.store().erase(&log("a"), at(1)).unwrap());
    bench.reopen();
    append(bench.store(), &[("a", "")]).unwrap();
    assert_eq!(all(bench.store(), "a"), ["1-", "2:x", "3:"]);
}

pub(super) fn reads_come_from_both_ends(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "v"), ("a", "w"), ("b", "-"), ("a", "x"), ("a", "y")]).unwrap();
    let read = |store: &mut _, range: std::ops::Range<u64>, direction| {
        let range = at(range.start)..at(range.end);
        texts(&Log::read(store, &log("a"), range, Limit::records(2), direction).unwrap())
    };
    let store = bench.store();
    assert_eq!(read(store, 1..5, Direction::Forwards), ["1:v", "2:w"]);
    assert_eq!(read(store, 1..5, Direction::Backwards), ["4:y", "3:x"]);
    assert_eq!(read(store, 2..4, Direction::Backwards), ["3:x", "2:w"]);
    assert_eq!(read(store, 4..100, Direction::Forwards), ["4:y"]);
    assert_eq!(read(store, 0..2, Direction::Backwards), ["1:v"]);
    #[expect(clippy::reversed_empty_ranges, reason = "such a range is empty, not an error")]
    let empty = [3..3, 4..2, 5..9];
    for range in empty {
        assert_eq!(read(store, range, Direction::Forwards), [""; 0]);
    }
}

pub(super) fn reads_are_bounded_by_records_and_bytes(bench: &mut impl Bench) {
    let a = log("a");
    let batch = vec![Append { log: &a, expected: None, bytes: &[7; 1_000] }; 1_024];
    bench.store().append(&batch).unwrap();
    let count = |store: &mut _, limit| {
        let count = |direction| Log::read(store, &a, at(1)..at(9_999), limit, direction).unwrap().len();
        let [forwards, backwards] = [Direction::Forwards, Direction::Backwards].map(count);
        assert_eq!(forwards, backwards);
        forwards
    };
    let store = bench.store();
    assert_eq!(count(store, Limit::records(0)), 0);
    assert_eq!(count(store, Limit::records(5)), 5);
    assert_eq!(count(store, Limit::records(usize::MAX)), STORE_READ_RECORDS);
    assert_eq!(count(store, Limit::records(5).and_bytes(3_999)), 3);
    assert_eq!(count(store, Limit::records(5).and_bytes(4_000)), 4);
    // A reader always gets on.
    assert_eq!(count(store, Limit::records(5).and_bytes(1)), 1);
    let b = log("b");
    store.append(&vec![Append { log: &b, expected: None, bytes: &[7; 65_536] }; 16]).unwrap();
    store.append(&[Append { log: &b, expected: None, bytes: &[7] }]).unwrap();
    assert_eq!(store.read(&b, at(1)..at(99), Limit::MOST, Direction::Forwards).unwrap().len(), 16);
}

pub(super) fn last_is_the_newest_oldest_first(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "x"), ("a", "y"), ("a", "z")]).unwrap();
    let last = |store: &mut _, limit| texts(&Log::last(store, &log("a"), Limit::records(limit)).unwrap());
    assert_eq!(last(bench.store(), 2), ["2:y", "3:z"]);
    assert_eq!(last(bench.store(), 9), ["1:x", "2:y", "3:z"]);
    assert_eq!(last(bench.store(), 0), [""; 0]);
}

pub(super) fn logs_are_listed_by_prefix_and_cursor(bench: &mut impl Bench) {
    append(bench.store(), &[("room/b", "x"), ("settings", "x"), ("room/a", "x"), ("room", "x"), ("room/é", "x")])
        .unwrap();
    append(bench.store(), &[("room/a", "x")]).unwrap();
    bench.store().trim(&log("room/a"), at(2)).unwrap();
    bench.reopen();
    let list = |store: &mut _, prefix, after: Option<&str>, limit| -> Vec<String> {
        let heads = Log::logs(store, prefix, after.map(log).as_ref(), limit).unwrap();
        heads.iter().map(|head| format!("{} {}..{}", head.log, head.first, head.next)).collect()
    };
    let store = bench.store();
    assert_eq!(list(store, "room/", None, 9), ["room/a 2..3", "room/b 1..2", "room/é 1..2"]);
    assert_eq!(list(store, "", None, 9).len(), 5);
    assert_eq!(list(store, "", None, 2), ["room 1..2", "room/a 2..3"]);
    assert_eq!(list(store, "", Some("room/a"), 2), ["room/b 1..2", "room/é 1..2"]);
    assert_eq!(list(store, "room/", Some("room/b"), 9), ["room/é 1..2"]);
    assert_eq!(list(store, "room/", Some("z"), 9), [""; 0]);
    assert_eq!(list(store, "s", Some("a"), 9), ["settings 1..2"]);
    assert_eq!(list(store, "t", None, 9), [""; 0]);
    assert_eq!(list(store, "", None, 0), [""; 0]);
}

pub(super) fn an_erased_record_keeps_its_place(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "x"), ("a", "secret"), ("a", "z")]).unwrap();
    assert!(bench.store().erase(&log("a"), at(2)).unwrap());
    for _ in 0..2 {
        assert_eq!(all(bench.store(), "a"), ["1:x", "2-", "3:z"]);
        assert!(!bench.store().erase(&log("a"), at(2)).unwrap(), "again is no error");
        bench.reopen();
    }
    for (name, position) in [("a", 0), ("a", 4), ("a", u64::MAX), ("b", 1)] {
        assert!(!bench.store().erase(&log(name), at(position)).unwrap());
    }
    assert_eq!(append(bench.store(), &[("a", "w")]).unwrap(), [4]);
}

pub(super) fn trim_moves_the_first_position_and_never_the_next(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "v"), ("a", "w"), ("b", "-"), ("a", "x"), ("a", "y")]).unwrap();
    bench.store().erase(&log("a"), at(3)).unwrap();
    assert_eq!(bench.store().trim(&log("a"), at(0)).unwrap(), at(1));
    assert_eq!(bench.store().trim(&log("a"), at(3)).unwrap(), at(3));
    bench.reopen();
    assert_eq!(bench.store().trim(&log("a"), at(2)).unwrap(), at(3), "what is gone is gone");
    assert_eq!(all(bench.store(), "a"), ["3-", "4:y"]);
    assert_eq!(all(bench.store(), "b"), ["1:-"]);
    assert!(!bench.store().erase(&log("a"), at(1)).unwrap());
    assert_eq!(append(bench.store(), &[("a", "z")]).unwrap(), [5]);
    assert_eq!(bench.store().trim(&log("c"), at(9)).unwrap(), at(1), "a log that is not there");
}

pub(super) fn a_long_trim_comes_in_steps(bench: &mut impl Bench) {
    let a = log("a");
    let most = STORE_TRIM_RECORDS as u64;
    for _ in 0..5 {
        bench.store().append(&vec![Append { log: &a, expected: None, bytes: b"x" }; 1_024]).unwrap();
    }
    assert_eq!(bench.store().trim(&a, at(5_001)).unwrap(), at(most + 1));
    assert_eq!(bench.store().trim(&a, at(5_001)).unwrap(), at(5_001));
    let b = log("b");
    for _ in 0..9 {
        bench.store().append(&vec![Append { log: &b, expected: None, bytes: &[7; 65_536] }; 16]).unwrap();
    }
    assert_eq!(bench.store().trim(&b, at(999)).unwrap(), at(1 + STORE_TRIM_BYTES as u64 / 65_536));
    bench.reopen();
    assert_eq!(bench.store().trim(&b, at(999)).unwrap(), at(145));
}

pub(super) fn a_log_trimmed_to_nothing_goes_on_counting(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "x"), ("a", "y")]).unwrap();
    assert_eq!(bench.store().trim(&log("a"), at(99)).unwrap(), at(3));
    bench.reopen();
    let head = bench.store().head(&log("a")).unwrap();
    assert_eq!(head, Some(LogHead { log: log("a"), first: at(3), next: at(3) }));
    assert_eq!(append(bench.store(), &[("a", "z")]).unwrap(), [3]);
    assert_eq!(all(bench.store(), "a"), ["3:z"]);
}

pub(super) fn a_probe_changes_nothing_that_is_read(bench: &mut impl Bench) {
    append(bench.store(), &[("a", "x")]).unwrap();
    bench.store().probe().unwrap();
    bench.store().probe().unwrap();
    bench.reopen();
    assert_eq!(bench.store().logs("", None, 9).unwrap().len(), 1);
    assert_eq!(all(bench.store(), "a"), ["1:x"]);
}
