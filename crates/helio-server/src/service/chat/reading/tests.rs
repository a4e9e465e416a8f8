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
    answer(store, &name(), query).map_err(|error| match error {
        ReadingError::UnknownMessage => Unanswered::UnknownMessage,
        ReadingError::Store(error) => panic!("{error}"),
    })
}

fn query(span: Span, count: usize) -> Query {
    Query { span, count, bytes: limits::STORE_READ_BYTES, wanted: Wanted::Messages }
}

const WANTED: [Wanted; 4] =
    [Wanted::Messages, Wanted::MessagesAndTags, Wanted::MessagesAndChanges, Wanted::MessagesTagsAndChanges];

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
        steps in prop::collection::vec((prop_oneof![3 => 1_i64..3, 1 => 300_i64..2_000], 0_u8..8, 0_usize..4), 0..80),
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

/// Where much is not shown, a question looks at so many records and then has done enough.
#[test]
fn a_question_looks_at_so_many_records() {
    let many = limits::CHAT_HISTORY_LOOKED;
    let records: Vec<_> = (0..many + 200).map(|n| record(n, n as i64 + 1, if n == 0 { 2 } else { 0 }, 1)).collect();
    let store = store(&records);
    assert_eq!(asked(&store, &query(Span::Last { after: None }, 1)), Ok(Vec::new()));
    let near = Anchor::Moment(1);
    assert_eq!(asked(&store, &query(Span::Before(near), 1)), Ok(vec![records[0].clone()]));
}
