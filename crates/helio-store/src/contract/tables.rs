//! The clauses about tables.

use super::bench::{Bench, key, table};
use crate::{SetError, Table, TooLarge};
use helio_core::limits::STORE_VALUE_BYTES;

pub(super) fn a_value_is_set_only_against_its_version(bench: &mut impl Bench) {
    let (t, k) = (table("accounts"), key("ada"));
    assert_eq!(bench.store().get(&t, &k).unwrap(), None);
    let first = bench.store().compare_and_set(&t, &k, None, Some(b"one")).unwrap();
    let error = bench.store().compare_and_set(&t, &k, None, Some(b"two")).unwrap_err();
    assert_eq!(error, SetError::Conflict { expected: None, got: Some(first) });
    assert_eq!(error.to_string(), format!("expected no value, got version {first}"));
    bench.reopen();
    assert_eq!(bench.store().get(&t, &k).unwrap(), Some((first, b"one".to_vec())));
    let second = bench.store().compare_and_set(&t, &k, Some(first), Some(b"")).unwrap();
    bench.reopen();
    assert_eq!(bench.store().get(&t, &k).unwrap(), Some((second, Vec::new())));
    assert_eq!(bench.store().get(&table("rooms"), &k).unwrap(), None);
    let error = bench.store().compare_and_set(&t, &k, Some(first), None).unwrap_err();
    assert_eq!(error, SetError::Conflict { expected: Some(first), got: Some(second) });
    bench.store().compare_and_set(&t, &k, Some(second), None).unwrap();
    let error = bench.store().compare_and_set(&t, &k, Some(second), Some(b"x")).unwrap_err();
    assert_eq!(error, SetError::Conflict { expected: Some(second), got: None });
    bench.reopen();
    assert_eq!(bench.store().get(&t, &k).unwrap(), None);
}

pub(super) fn versions_are_never_used_twice(bench: &mut impl Bench) {
    let (t, k) = (table("t"), key("k"));
    let mut versions = Vec::new();
    for _ in 0..3 {
        versions.push(bench.store().compare_and_set(&t, &k, None, Some(b"x")).unwrap());
        let last = versions.last().copied();
        versions.push(bench.store().compare_and_set(&t, &k, last, None).unwrap());
        bench.reopen();
    }
    versions.push(bench.store().compare_and_set(&t, &key("other"), None, None).unwrap());
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

pub(super) fn a_value_that_is_too_large_is_refused(bench: &mut impl Bench) {
    let (t, k) = (table("t"), key("k"));
    let error = bench.store().compare_and_set(&t, &k, None, Some(&vec![7; STORE_VALUE_BYTES + 1])).unwrap_err();
    assert_eq!(error, SetError::TooLarge(TooLarge::Value { bytes: 65_537, limit: STORE_VALUE_BYTES }));
    assert_eq!(bench.store().get(&t, &k).unwrap(), None);
    bench.store().compare_and_set(&t, &k, None, Some(&vec![7; STORE_VALUE_BYTES])).unwrap();
    bench.reopen();
    assert_eq!(bench.store().get(&t, &k).unwrap().unwrap().1, vec![7; STORE_VALUE_BYTES]);
}

pub(super) fn lists_go_by_prefix_and_cursor(bench: &mut impl Bench) {
    for (t, k) in [("t", "b/2"), ("t", "b/1"), ("t", "a"), ("u", "b/3"), ("t", "b/é"), ("t", "c")] {
        bench.store().compare_and_set(&table(t), &key(k), None, Some(k.as_bytes())).unwrap();
    }
    bench.reopen();
    let list = |store: &mut _, prefix, after: Option<&str>, limit| -> Vec<String> {
        let entries = Table::list(store, &table("t"), prefix, after.map(key).as_ref(), limit).unwrap();
        for entry in &entries {
            assert_eq!(entry.value, entry.key.as_str().as_bytes());
            assert_eq!(Table::get(store, &table("t"), &entry.key).unwrap().unwrap().0, entry.version);
        }
        entries.iter().map(|entry| entry.key.to_string()).collect()
    };
    let store = bench.store();
    assert_eq!(list(store, "", None, 9), ["a", "b/1", "b/2", "b/é", "c"]);
    assert_eq!(list(store, "b/", None, 9), ["b/1", "b/2", "b/é"]);
    assert_eq!(list(store, "b/", Some("b/1"), 1), ["b/2"]);
    assert_eq!(list(store, "b/", Some("c"), 9), [""; 0]);
    assert_eq!(list(store, "", None, 0), [""; 0]);
}

pub(super) fn lists_are_bounded_by_bytes(bench: &mut impl Bench) {
    for n in 10..30 {
        let value = vec![7; STORE_VALUE_BYTES];
        bench.store().compare_and_set(&table("t"), &key(&n.to_string()), None, Some(&value)).unwrap();
    }
    // Keys count too.
    assert_eq!(bench.store().list(&table("t"), "", None, 99).unwrap().len(), 15);
    assert_eq!(bench.store().list(&table("t"), "", Some(&key("24")), 99).unwrap().len(), 5);
}
