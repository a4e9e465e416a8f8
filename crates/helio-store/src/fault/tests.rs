use super::*;
use proptest::prelude::*;

fn append(store: &mut impl Log, text: &str) -> Result<Vec<Position>, AppendError> {
    let log = LogName::new("a").unwrap();
    store.append(&[Append { log: &log, expected: None, bytes: text.as_bytes() }])
}

/// The texts of the log.
fn texts(store: &impl Log) -> Vec<String> {
    let records = store.last(&LogName::new("a").unwrap(), Limit::MOST).unwrap();
    records.into_iter().map(|record| String::from_utf8(record.bytes.unwrap()).unwrap()).collect()
}

#[test]
fn a_commit_that_fails_leaves_nothing_to_be_seen() {
    for (fate, expected) in [
        (Fate::Full, "no room for a disk that fails: no space left; free some space on that disk"),
        (Fate::Broken, "cannot write to a disk that fails: input/output error; look at the disk and its permissions"),
        (Fate::Unsynced, "cannot sync a disk that fails: input/output error; look at the disk and its permissions"),
    ] {
        let mut store = FaultyStore::new(0);
        append(&mut store, "one").unwrap();
        store.arrange([fate, fate, Fate::Commit]);
        assert_eq!(append(&mut store, "two").unwrap_err().to_string(), expected);
        assert_eq!(store.probe().unwrap_err().to_string(), expected);
        assert_eq!(texts(&store), ["one"]);
        store.probe().unwrap();
        append(&mut store, "three").unwrap();
        store.cut_power();
        store.restore_power();
        assert_eq!(texts(&store), ["one", "three"], "{fate:?}");
    }
}

#[test]
fn without_power_nothing_works() {
    let mut store = FaultyStore::new(0);
    store.arrange([Fate::PowerCut]);
    append(&mut store, "one").unwrap_err();
    assert!(!store.has_power());
    let expected = "cannot reach a disk that fails: no power; look at the disk and its permissions";
    assert_eq!(append(&mut store, "two").unwrap_err().to_string(), expected);
    assert_eq!(store.logs("", None, 9).unwrap_err().to_string(), expected);
    assert_eq!(store.probe().unwrap_err().to_string(), expected);
}

/// "possibly as a whole": over many seeds both outcomes are met, for a power cut and for a failed sync.
#[test]
fn what_was_not_synced_is_there_or_not() {
    for fates in [vec![Fate::PowerCut], vec![Fate::Unsynced]] {
        let mut found = [0, 0];
        for seed in 0..50 {
            let mut store = FaultyStore::new(seed);
            append(&mut store, "one").unwrap();
            store.arrange(fates.clone());
            append(&mut store, "two").unwrap_err();
            store.cut_power();
            store.restore_power();
            let texts = texts(&store);
            assert!(texts == ["one"] || texts == ["one", "two"], "seed {seed}: {texts:?}");
            found[texts.len() - 1] += 1;
        }
        assert!(found.iter().all(|count| *count > 10), "{found:?}");
    }
}

/// A refusal is the caller's: it meets no fate.
#[test]
fn a_wrong_position_is_told_even_by_a_broken_disk() {
    let mut store = FaultyStore::new(0);
    store.arrange([Fate::Full]);
    let log = LogName::new("a").unwrap();
    let error = store.append(&[Append { log: &log, expected: Some(Position::new(2)), bytes: b"" }]).unwrap_err();
    assert!(matches!(error, AppendError::Position { .. }), "{error}");
}

proptest! {
    /// Point of the layer: whatever happens, each acknowledged record is there in its order, and after a power cut at
    /// most one beside them, that was tried since.
    #[test]
    fn what_was_acknowledged_survives(seed: u64, steps in prop::collection::vec(0_u8..12, 0..80)) {
        let mut store = FaultyStore::new(seed);
        store.set_faults(Faults { full: 0.1, broken: 0.1, unsynced: 0.1, power_cut: 0.1 });
        let mut expected: Vec<String> = Vec::new();
        // What was tried since the last success: one of it may be found after a power cut.
        let mut in_doubt: Vec<String> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let text = number.to_string();
            match (step, store.has_power()) {
                (0, true) => store.cut_power(),
                (_, true) => {
                    if append(&mut store, &text).is_ok() {
                        expected.push(text);
                        in_doubt.clear();
                    } else {
                        in_doubt.push(text);
                    }
                }
                (..4, false) => {
                    store.restore_power();
                    let found = texts(&store);
                    if let Some(last) = found.get(expected.len()) {
                        prop_assert!(in_doubt.contains(last), "{last}");
                        expected.push(last.clone());
                    }
                    in_doubt.clear();
                }
                (_, false) => prop_assert!(append(&mut store, &text).is_err()),
            }
            if store.has_power() {
                prop_assert_eq!(&texts(&store), &expected);
            }
        }
    }
}
