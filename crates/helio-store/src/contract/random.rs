//! Random lives: memory judges SQLite, step by step.

use super::bench::{Bench, SqliteBench, at, key, log, table};
use crate::memory::MemoryStore;
use crate::{Append, Direction, Limit, Log, LogName, Position, Table, Version};
use proptest::prelude::*;

/// One call, with numbers that are mostly near something.
#[derive(Clone, Debug)]
enum Step {
    /// Log, bytes, and an expected position as the distance from the next one.
    Append(Vec<(u8, Vec<u8>, Option<i8>)>),
    Read {
        log: u8,
        from: u64,
        to: u64,
        records: usize,
        bytes: usize,
        backwards: bool,
    },
    Erase(u8, u64),
    Trim(u8, u64),
    /// Key, whether the version is the right one, value.
    Set(u8, bool, Option<Vec<u8>>),
    List(String, Option<u8>, usize),
    Probe,
    Reopen,
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..300),
        1 => prop::collection::vec(any::<u8>(), 3_000..6_000),
        1 => (any::<u8>(), 60_000_usize..65_600).prop_map(|(byte, size)| vec![byte; size]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let expected = prop_oneof![4 => Just(None), 4 => Just(Some(0)), 1 => (-2_i8..3).prop_map(Some)];
    let prefix = prop_oneof![Just(String::new()), Just("k".to_owned()), Just("k1".to_owned()), Just("z".to_owned())];
    prop_oneof![
        6 => prop::collection::vec((0_u8..4, bytes(), expected), 0..12).prop_map(Step::Append),
        4 => (0_u8..5, 0_u64..60, 0_u64..60, 0_usize..20, 0_usize..3_000, any::<bool>()).prop_map(
            |(log, from, to, records, bytes, backwards)| Step::Read { log, from, to, records, bytes, backwards }
        ),
        2 => (0_u8..5, 0_u64..60).prop_map(|(log, position)| Step::Erase(log, position)),
        1 => (0_u8..5, 0_u64..40).prop_map(|(log, position)| Step::Trim(log, position)),
        2 => (0_u8..12, prop::bool::weighted(0.8), prop::option::weighted(0.8, bytes()))
            .prop_map(|(key, right, value)| Step::Set(key, right, value)),
        1 => (prefix, prop::option::of(0_u8..12), 0_usize..5)
            .prop_map(|(prefix, after, limit)| Step::List(prefix, after, limit)),
        1 => Just(Step::Probe),
        1 => Just(Step::Reopen),
    ]
}

fn name(number: u8) -> LogName {
    log(&format!("log/{number}"))
}

/// What a call answers, as text that two back ends must agree on.
fn answer(store: &mut (impl Log + Table), step: &Step) -> String {
    match step {
        Step::Append(records) => {
            let names: Vec<LogName> = records.iter().map(|(log, ..)| name(*log)).collect();
            let expected = |log: &LogName, distance: i8| {
                let next = store.next_position(log).unwrap().get();
                Position::new(next.saturating_add_signed(i64::from(distance)))
            };
            let appends = names.iter().zip(records).map(|(log, (_, bytes, distance))| Append {
                log,
                expected: distance.map(|distance| expected(log, distance)),
                bytes,
            });
            let appends: Vec<_> = appends.collect();
            format!("{:?}", store.append(&appends))
        }
        Step::Read { log, from, to, records, bytes, backwards } => {
            let limit = Limit::records(*records).and_bytes(*bytes);
            let direction = if *backwards { Direction::Backwards } else { Direction::Forwards };
            format!("{:?}", store.read(&name(*log), at(*from)..at(*to), limit, direction))
        }
        Step::Erase(log, position) => format!("{:?}", store.erase(&name(*log), at(*position))),
        Step::Trim(log, before) => format!("{:?}", store.trim(&name(*log), at(*before))),
        Step::Set(number, right, value) => {
            let (t, k) = (table("t"), key(&format!("k{number}")));
            let there = store.get(&t, &k).unwrap().map(|(version, _)| version);
            let expected = if *right { there } else { Some(Version::new(3)) };
            format!("{:?}", store.compare_and_set(&t, &k, expected, value.as_deref()))
        }
        Step::List(prefix, after, limit) => {
            let after = after.map(|number| key(&format!("k{number}")));
            format!("{:?}", store.list(&table("t"), prefix, after.as_ref(), *limit))
        }
        Step::Probe => format!("{:?}", store.probe()),
        Step::Reopen => String::new(),
    }
}

/// Everything that a store holds: its logs, and the table `t`.
pub(crate) fn everything(store: &(impl Log + Table)) -> String {
    let mut text = String::new();
    for head in store.logs("", None, 99).unwrap() {
        let records = store.read(&head.log, head.first..head.next, Limit::MOST, Direction::Forwards).unwrap();
        text += &format!("{head:?} {records:?}\n");
    }
    text + &format!("{:?}", store.list(&table("t"), "", None, 99).unwrap())
}

fn live(steps: &[Step]) {
    let mut model = MemoryStore::new();
    let mut bench = SqliteBench::new();
    for step in steps {
        if matches!(step, Step::Reopen) {
            bench.reopen();
            assert_eq!(everything(bench.store()), everything(&model));
        }
        assert_eq!(answer(bench.store(), step), answer(&mut model, step), "{step:?}");
    }
    bench.reopen();
    assert_eq!(everything(bench.store()), everything(&model));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(steps in prop::collection::vec(step(), 0..40)) {
        live(&steps);
    }
}
