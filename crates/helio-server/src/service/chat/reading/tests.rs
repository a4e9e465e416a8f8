use super::*;
use helio_core::chat::query::{Unanswered, Wanted, linear};
use helio_store::Append;
use helio_store::memory::MemoryStore;
use proptest::prelude::*;

/// A message as it is stored: its number, its time, what it is, and how many lines it has.
fn record(number: usize, at_us: i64, kind: u8, lines: usize) -> Vec<u8> {
    let (kind, target) = match kind {
        0 => ("tagmsg", "#tea"),
        1 => ("notice", "@#tea"),
        6 => ("topic", "#tea"),
        7 => ("mode", "#tea"),
        8 => ("rename", "#tea"),
        _ => ("privmsg", "#tea"),
    };
    let lines = vec![r#"{"text":"hello"}"#; lines].join(",");
    let msgid = id(number, at_us);
    let text = format!(
        r##"{{"msgid":"{msgid}","at_us":{at_us},"kind":"{kind}","from":"a!a@a","target":"{target}","lines":[{lines}]}}"##
    );
    text.into_bytes()
}

/// The identity of a message; those with a number that is divisible by 7 are of an earlier version.
fn id(number: usize, at_us: i64) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut time = String::new();
    let mut rest = at_us.unsigned_abs();
    while rest > 0 || time.is_empty() {
        time.insert(0, DIGITS[(rest % 32) as usize] as char);
        rest /= 32;
    }
    if number.is_multiple_of(7) { format!("old-{number}") } else { format!("run-{number}-{time}") }
}

fn name() -> LogName {
    LogName::new("room/x").unwrap()
}

fn store(records: &[Vec<u8>]) -> MemoryStore {
    let (mut store, log) = (MemoryStore::new(), name());
    for records in records.chunks(limits::STORE_BATCH_RECORDS) {
        let batch: Vec<_> = records.iter().map(|bytes| Append { log: &log, expected: None, bytes }).collect();
        store.append(&batch).unwrap();
    }
    store
}

fn asked(store: &MemoryStore, query: &Query) -> Result<Vec<Vec<u8>>, Unanswered> {
    asked_in_steps(store, query).map(|(records, _)| records)
}

/// The answer, and how often the question had to look on.
fn asked_in_steps(store: &MemoryStore, query: &Query) -> Result<(Vec<Vec<u8>>, usize), Unanswered> {
    let (mut answer, mut steps) = (answer(store, &name(), query), 0);
    loop {
        answer = match answer {
            Ok(Answer::Records(records)) => return Ok((records, steps)),
            Ok(Answer::Further(further)) => further.step(store),
            Err(ReadingError::UnknownMessage) => return Err(Unanswered::UnknownMessage),
            Err(ReadingError::Store(error)) => panic!("{error}"),
        };
        steps += 1;
    }
}

fn query(span: Span, count: usize) -> Query {
    Query { span, count, bytes: limits::STORE_READ_BYTES, wanted: Wanted::Messages }
}

const WANTED: [Wanted; 6] = [
    Wanted::Messages,
    Wanted::MessagesAndTags,
    Wanted::MessagesAndChanges,
    Wanted::MessagesTagsAndChanges,
    Wanted::MessagesChangesAndRenames,
    Wanted::MessagesTagsChangesAndRenames,
];

#[derive(Clone, Debug)]
enum Place {
    Moment(i64),
    Message(usize),
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![(0_i64..60).prop_map(Place::Moment), (0_usize..90).prop_map(Place::Message)]
}

fn anchor(place: &Place, times: &[i64]) -> Anchor {
    match place {
        Place::Moment(millis) => Anchor::Moment(*millis),
        Place::Message(number) => {
            let at_us = times.get(*number).copied().unwrap_or(7);
            Anchor::Message(MsgId::from(id(*number, at_us).as_str()))
        }
    }
}

proptest! {
    /// Times in order; some records erased, unreadable, or the beginning trimmed.
    #[test]
    fn what_is_read_is_what_looking_at_everything_finds(
        steps in prop::collection::vec((prop_oneof![3 => 1_i64..3, 1 => 300_i64..2_000], 0_u8..9, 0_usize..4), 0..80),
        broken in prop::collection::vec((0_usize..80, any::<bool>()), 0..6),
        trimmed in 0_u64..40,
        questions in prop::collection::vec((0_u8..6, place(), place(), 1_usize..9, 0_usize..6_000, 0_usize..WANTED.len()), 1..20),
    ) {
        let mut at_us = 0;
        let times: Vec<i64> = steps.iter().map(|(step, ..)| { at_us += step; at_us }).collect();
        let mut records: Vec<Vec<u8>> = steps
            .iter()
            .zip(&times)
            .enumerate()
            .map(|(number, ((_, kind, lines), at_us))| record(number, *at_us, *kind, *lines))
            .collect();
        for (number, is_erased) in &broken {
            if let Some(record) = records.get_mut(*number).filter(|_| !is_erased) {
                *record = b"{".to_vec();
            }
        }
        let mut store = store(&records);
        for (number, _) in broken.iter().filter(|(_, is_erased)| *is_erased) {
            store.erase(&name(), Position::new(*number as u64 + 1)).unwrap();
            records.get_mut(*number).into_iter().for_each(Vec::clear);
        }
        let first = if trimmed < 20 { 1 } else { store.trim(&name(), Position::new(trimmed)).unwrap().get() };
        let left = records.get(first as usize - 1..).unwrap_or_default();
        for (span, one, other, count, bytes, wanted) in &questions {
            let (one, other) = (anchor(one, &times), anchor(other, &times));
            let span = match span {
                0 => Span::Last { after: None },
                1 => Span::Last { after: Some(one) },
                2 => Span::Before(one),
                3 => Span::After(one),
                4 => Span::Around(one),
                _ => Span::Between(one, other),
            };
            let query = Query { span, count: *count, bytes: *bytes, wanted: WANTED[*wanted] };
            prop_assert_eq!(asked(&store, &query), linear::answer(&query, left), "{:?}", query);
        }
    }
}

#[test]
fn a_log_that_is_not_there_has_nothing() {
    let store = MemoryStore::new();
    assert_eq!(asked(&store, &query(Span::Last { after: None }, 9)), Ok(Vec::new()));
    assert_eq!(asked(&store, &query(Span::After(Anchor::Moment(5)), 9)), Ok(Vec::new()));
    let anchor = Anchor::Message(MsgId::from("run-1-b"));
    assert_eq!(asked(&store, &query(Span::Before(anchor), 9)), Err(Unanswered::UnknownMessage));
}

/// spec/event-log.md, "Finding a message": identities without a time are looked for among the newest records.
#[test]
fn an_old_identity_is_found_among_the_newest_alone() {
    let records: Vec<_> = (0..limits::CHAT_HISTORY_SEARCH + 14).map(|n| record(n, n as i64 + 1, 2, 1)).collect();
    let store = store(&records);
    let before = |number: usize| {
        let anchor = Anchor::Message(MsgId::from(id(number, number as i64 + 1).as_str()));
        asked(&store, &query(Span::Before(anchor), 1)).map(|found| found == [records[number - 1].clone()])
    };
    assert_eq!(before(21), Ok(true));
    assert_eq!(before(14), Ok(true), "the last that is looked at");
    assert_eq!(before(7), Err(Unanswered::UnknownMessage));
    assert_eq!(before(8), Ok(true), "by its time");
}

/// The same section: two runs lived through the same time. Each message is found, or unknown; never is another taken for it.
#[test]
fn a_clock_that_was_set_back_leads_to_the_message_or_to_an_error() {
    let len = limits::CHAT_HISTORY_SEARCH;
    let times = (0..len).chain(len / 2..len * 2).map(|at| at as i64 + 1).enumerate();
    let times: Vec<(usize, i64)> = times.collect();
    let records: Vec<_> = times.iter().map(|(number, at_us)| record(*number, *at_us, 2, 1)).collect();
    let store = store(&records);
    let (mut found, mut unknown) = (0, 0);
    for (number, at_us) in times.iter().skip(1).step_by(13) {
        let anchor = Anchor::Message(MsgId::from(id(*number, *at_us).as_str()));
        match asked(&store, &query(Span::Before(anchor), 1)) {
            Ok(before) => {
                assert_eq!(before, [records[number - 1].clone()], "{number}");
                found += 1;
            }
            Err(error) => {
                let is_old = number.is_multiple_of(7);
                let is_doubled = (len / 2..=len).contains(&(*at_us as usize));
                assert!(error == Unanswered::UnknownMessage && (is_old || is_doubled), "{number}");
                unknown += 1;
            }
        }
    }
    assert!(found > unknown && unknown > 0, "{found} found, {unknown} unknown");
}

/// [`limits::CHAT_HISTORY_LOOKED`]: where much is not shown, a question looks on when others had their turn, until it has
/// found something. What it has found by then is enough.
#[test]
fn a_question_looks_at_so_many_records_at_a_time() {
    const MANY: usize = limits::CHAT_HISTORY_LOOKED;
    let last = 3 * MANY;
    let is_shown = |n: usize| [0, MANY + 9, last].contains(&n);
    let records: Vec<_> = (0..=last).map(|n| record(n, n as i64 * 1_000, if is_shown(n) { 2 } else { 6 }, 1)).collect();
    let store = store(&records);
    let newest = Anchor::Moment(last as i64);
    let first = Anchor::Moment(0);
    let middle = Anchor::Moment(2 * MANY as i64);
    let shown = |numbers: &[usize]| numbers.iter().map(|n| records[*n].clone()).collect::<Vec<_>>();
    for (span, numbers, steps) in [
        (Span::Last { after: None }, &[last][..], 0),
        (Span::Before(newest.clone()), &[MANY + 9], 1),
        (Span::Before(Anchor::Moment(MANY as i64 + 9)), &[0], 1),
        (Span::After(first.clone()), &[MANY + 9], 1),
        (Span::After(newest.clone()), &[], 0),
        (Span::Around(middle.clone()), &[MANY + 9], 0),
        (Span::Between(newest, first), &[MANY + 9], 1),
        (Span::Between(middle, Anchor::Moment(last as i64)), &[], 0),
    ] {
        assert_eq!(asked_in_steps(&store, &query(span.clone(), 9)), Ok((shown(numbers), steps)), "{span:?}");
    }
}

/// Around a place with many on both sides that are not shown: the older side goes first.
#[test]
fn around_looks_on_at_either_side() {
    const MANY: usize = limits::CHAT_HISTORY_LOOKED;
    for (shown, steps) in [(0, 2), (4 * MANY, 2)] {
        let records = (0..=4 * MANY).map(|n| record(n, n as i64 * 1_000, if n == shown { 2 } else { 6 }, 1));
        let records: Vec<_> = records.collect();
        let around = query(Span::Around(Anchor::Moment(2 * MANY as i64)), 9);
        let (found, taken) = asked_in_steps(&store(&records), &around).expect("a moment is always there");
        assert_eq!(found, [records[shown].clone()]);
        assert!(taken >= steps - 1, "{taken} steps");
    }
}
