//! The clauses about `seek`, and a linear scan that judges it.

use super::bench::{Bench, at, log};
use crate::{Append, Direction, Limit, Log, Position, seek};
use proptest::prelude::*;

/// Appends one record for each key; `None` is a record without one.
fn fill(store: &mut impl Log, name: &str, keys: &[Option<u16>]) {
    let (log, texts) = (log(name), keys.iter().map(|key| key.map_or("none".to_owned(), |key| key.to_string())));
    let texts: Vec<String> = texts.collect();
    for texts in texts.chunks(1_000) {
        let batch: Vec<_> =
            texts.iter().map(|text| Append { log: &log, expected: None, bytes: text.as_bytes() }).collect();
        store.append(&batch).unwrap();
    }
}

fn key(bytes: &[u8]) -> Option<u16> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn sought(store: &impl Log, name: &str, range: std::ops::Range<u64>, wanted: u16) -> u64 {
    seek(store, &log(name), at(range.start)..at(range.end), key, &wanted).unwrap().get()
}

pub(super) fn seek_finds_the_first_that_is_not_less(bench: &mut impl Bench) {
    assert_eq!(sought(bench.store(), "a", 1..9, 5), 1, "there is no such log");
    fill(bench.store(), "a", &[Some(10), Some(20), Some(20), Some(30)]);
    bench.reopen();
    let store = bench.store();
    for (wanted, position) in [(0, 1), (10, 1), (11, 2), (20, 2), (21, 4), (30, 4), (31, 5)] {
        assert_eq!(sought(store, "a", 0..u64::MAX, wanted), position, "{wanted}");
    }
    assert_eq!(sought(store, "a", 3..4, 0), 3);
    assert_eq!(sought(store, "a", 2..3, 30), 3, "the end of the range");
    assert_eq!(sought(store, "a", 3..3, 0), 3);
}

pub(super) fn seek_passes_over_what_is_erased_or_trimmed(bench: &mut impl Bench) {
    let keys: Vec<Option<u16>> = (0..100).map(|number| Some(number * 10)).collect();
    fill(bench.store(), "a", &keys);
    erase(bench.store(), "a", [1..=3, 50..=60, 99..=100]);
    bench.reopen();
    let store = bench.store();
    for (wanted, position) in [(0, 4), (30, 4), (31, 5), (480, 49), (490, 61), (600, 61), (970, 98), (980, 101)] {
        assert_eq!(sought(store, "a", 0..u64::MAX, wanted), position, "{wanted}");
    }
    assert_eq!(sought(store, "a", 52..55, 0), 55);
    assert_eq!(store.trim(&log("a"), at(55)).unwrap(), at(55));
    assert_eq!(sought(store, "a", 0..u64::MAX, 0), 61);
    assert_eq!(store.trim(&log("a"), at(101)).unwrap(), at(101));
    assert_eq!(sought(store, "a", 0..u64::MAX, 0), 101);
}

fn erase(store: &mut impl Log, name: &str, runs: impl IntoIterator<Item = std::ops::RangeInclusive<u64>>) {
    runs.into_iter().flatten().for_each(|number| _ = store.erase(&log(name), at(number)).unwrap());
}

/// A run of erased records that is longer than one read.
#[test]
fn a_long_run_of_erased_records_is_passed_over() {
    let mut store = crate::memory::MemoryStore::new();
    fill(&mut store, "a", &(0..4_000).map(Some).collect::<Vec<_>>());
    erase(&mut store, "a", [1_000..=3_500]);
    assert_eq!(sought(&store, "a", 0..u64::MAX, 2_000), 3_501);
    assert_eq!(sought(&store, "a", 0..u64::MAX, 998), 999);
    assert_eq!(sought(&store, "a", 0..3_400, 999), 3_400);
}

/// The judge: every record in turn.
fn scanned(store: &impl Log, name: &str, range: std::ops::Range<u64>, wanted: u16) -> u64 {
    let head = store.head(&log(name)).unwrap().unwrap();
    let (low, high) = (at(range.start).max(head.first), at(range.end).min(head.next));
    let records = store.read(&log(name), low..high.max(low), Limit::MOST, Direction::Forwards).unwrap();
    let is_it = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(key).is_some_and(|key| key >= wanted);
    let found = records.iter().find(|record| is_it(&record.bytes)).map(|record| record.position);
    found.map_or(high.max(low).get(), Position::get)
}

proptest! {
    #[test]
    fn seek_agrees_with_a_linear_scan(
        mut keys in prop::collection::vec(prop::option::weighted(0.9, 0_u16..60), 1..60),
        erased in prop::collection::vec((0_u64..64, 0_u64..20), 0..4),
        trimmed in 0_u64..70,
        questions in prop::collection::vec((0_u64..70, 0_u64..70, 0_u16..64), 1..30),
    ) {
        let mut ordered: Vec<u16> = keys.iter().flatten().copied().collect();
        ordered.sort_unstable();
        keys.iter_mut().flatten().zip(ordered).for_each(|(key, in_order)| *key = in_order);
        let mut store = crate::memory::MemoryStore::new();
        fill(&mut store, "a", &keys);
        for (start, len) in erased {
            (start..start + len).for_each(|number| _ = store.erase(&log("a"), at(number)).unwrap());
        }
        store.trim(&log("a"), at(trimmed / 2)).unwrap();
        for (start, len, wanted) in questions {
            let range = start..start + len;
            prop_assert_eq!(sought(&store, "a", range.clone(), wanted), scanned(&store, "a", range, wanted));
        }
    }
}
