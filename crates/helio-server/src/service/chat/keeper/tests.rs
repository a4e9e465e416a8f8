use super::super::search;
use super::super::watched::Watched;
use super::*;
use helio_core::chat::query::{Span, Wanted};
use helio_store::memory::MemoryStore;

fn read(keeper: &Keeper, query: &Query) -> Vec<Vec<u8>> {
    match reading::answer(&*keeper.store, &LogName::new("room").unwrap(), query) {
        Ok(Answer::Records(records)) => records,
        other => panic!("{other:?}"),
    }
}

#[test]
fn while_the_store_fails_no_log_is_forgotten() {
    let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
    let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Context::silent());
    let ticket = Ticket::default();
    let said = br##"{"msgid":"a-b-c","at_us":2,"kind":"privmsg","from":"a!a@a","target":"#a","lines":[]}"##;
    let (span, wanted) = (Span::Last { after: None }, Wanted::Messages);
    let query = Query { span, count: 9, bytes: 9_000, wanted };
    keeper.take(Request::Append { ticket, log: "room".to_owned(), bytes: said.to_vec() });
    keeper.commit();
    keeper.is_failing = true;
    keeper.take(Request::Forget { log: "room".to_owned() });
    keeper.commit();
    assert!(!keeper.proceed());
    assert_eq!(read(&keeper, &query), [said]);
    keeper.take(Request::Probe);
    assert!(!keeper.proceed());
    keeper.take(Request::Forget { log: "room".to_owned() });
    keeper.commit();
    while keeper.proceed() {}
    assert!(read(&keeper, &query).is_empty());
}

#[test]
fn a_log_that_is_replaced_holds_the_newest_record_alone() {
    let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
    let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Context::silent());
    for bytes in [b"first", b"other", b"newer"] {
        keeper.take(Request::Replace { log: "throttles".to_owned(), bytes: bytes.to_vec() });
    }
    keeper.is_failing = true;
    keeper.take(Request::Replace { log: "throttles".to_owned(), bytes: b"never".to_vec() });
    let records = keeper.store.last(&LogName::new("throttles").unwrap(), helio_store::Limit::MOST).unwrap();
    assert_eq!(records.iter().map(|record| record.bytes.as_deref()).collect::<Vec<_>>(), [Some(&b"newer"[..])]);
}

#[test]
fn an_append_behind_a_thousand_rooms_to_forget_does_not_wait_for_them() {
    let rooms = 1_000;
    let mut store = MemoryStore::new();
    // The last one takes several steps.
    for n in 1..=rooms {
        let log = LogName::new(&format!("room/{n}")).unwrap();
        let said = Append { log: &log, expected: None, bytes: b"said" };
        let count = if n == rooms { limits::CHAT_FORGET_STEP + 1 } else { 1 };
        store.append(&vec![said; count]).unwrap();
    }
    let ((told, tells), (ask, requests)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let (hub, mut inputs) = mpsc::channel(limits::CHAT_INPUTS);
    for n in 1..=rooms {
        ask.send(Request::Forget { log: format!("room/{n}") }).unwrap();
    }
    let ticket = Ticket::default();
    ask.send(Request::Append { ticket, log: "room/new".to_owned(), bytes: b"hello".to_vec() }).unwrap();
    let store = Watched::new(store, move |call| {
        told.send(call).unwrap();
        Ok(())
    });
    let keeper = Keeper::new(Box::new(store), requests, hub, Context::silent());
    let thread = std::thread::spawn(move || keeper.run());
    let mut asked = Vec::new();
    while asked.last() != Some(&"scrub") {
        asked.push(tells.recv().unwrap());
    }
    drop(ask);
    thread.join().unwrap();
    let trims = rooms + 1;
    assert_eq!(asked, [&["append"][..], &vec!["trim"; trims], &["scrub"]].concat());
    assert!(matches!(inputs.blocking_recv(), Some(Input::Committed(_))));
}

const SAID: &[u8] = br##"{"msgid":"a-b-c","at_us":2,"kind":"privmsg","from":"a!a@a","target":"#a","lines":[]}"##;

/// A keeper of a log `room` with one message, and what it tells. `is_broken` is asked before each erasing.
fn keeper(mut is_broken: impl FnMut() -> bool + Send + 'static) -> (Keeper, mpsc::Receiver<Input>) {
    let (hub, inputs) = mpsc::channel(limits::CHAT_INPUTS);
    let store = Watched::new(MemoryStore::new(), move |call| {
        let broken = || StoreError::Io { doing: "erase", path: "store".into(), detail: "as told".to_owned() };
        if call == "erase" && is_broken() { Err(broken()) } else { Ok(()) }
    });
    let mut keeper = Keeper::new(Box::new(store), std::sync::mpsc::channel().1, hub, Context::silent());
    keeper.take(Request::Append { ticket: Ticket::default(), log: "room".to_owned(), bytes: SAID.to_vec() });
    (keeper, inputs)
}

fn erase() -> Request {
    Request::Erase { ticket: Ticket::default(), log: "room".to_owned(), msgid: MsgId::from("a-b-c") }
}

/// What `run` does with requests when no more come.
fn settle(keeper: &mut Keeper) {
    keeper.commit();
    while keeper.erase_next() {}
}

fn erasure(inputs: &mut mpsc::Receiver<Input>) -> Erasure {
    match inputs.try_recv() {
        Ok(Input::Erased { erasure, .. }) => erasure,
        other => panic!("{other:?} is no answer to it"),
    }
}

/// What was said before is on disk before, and what was erased is not there any more.
#[test]
fn a_message_is_erased_once() {
    let (mut keeper, mut inputs) = keeper(|| false);
    keeper.take(erase());
    keeper.take(erase());
    settle(&mut keeper);
    assert!(matches!(inputs.try_recv(), Ok(Input::Committed(_))));
    assert_eq!([erasure(&mut inputs), erasure(&mut inputs)], [Erasure::Done, Erasure::NotThere]);
    keeper.take(Request::Erase { ticket: Ticket::default(), log: "elsewhere".to_owned(), msgid: MsgId::from("a-b-c") });
    settle(&mut keeper);
    assert_eq!(erasure(&mut inputs), Erasure::NotThere);
}

/// `spec/store.md`, "On an error": an erasing that failed may have come half way, and is called again until it succeeds.
#[test]
fn what_could_not_be_erased_is_when_a_probe_succeeds() {
    let mut failures = 2;
    let (mut keeper, mut inputs) = keeper(move || {
        failures -= 1;
        failures >= 0
    });
    keeper.take(erase());
    keeper.take(erase());
    settle(&mut keeper);
    assert!(matches!(inputs.try_recv(), Ok(Input::Committed(_))));
    assert_eq!([erasure(&mut inputs), erasure(&mut inputs)], [Erasure::Unfinished, Erasure::NotTried]);
    keeper.take(Request::Probe);
    assert!(matches!(inputs.try_recv(), Ok(Input::Probed { is_working: false })));
    keeper.take(Request::Probe);
    assert_eq!(erasure(&mut inputs), Erasure::Done);
    assert!(matches!(inputs.try_recv(), Ok(Input::Probed { is_working: true })));
    keeper.take(erase());
    settle(&mut keeper);
    assert_eq!(erasure(&mut inputs), Erasure::NotThere);
}

/// Where there is a search index, its thread answers when the words are gone from there too.
#[test]
fn what_is_erased_is_told_by_the_thread_of_the_index() {
    let (keeper, mut inputs) = keeper(|| false);
    let (_desk, press, jobs) = search::ends();
    let mut keeper = keeper.with_press(press);
    keeper.take(erase());
    settle(&mut keeper);
    assert!(matches!(inputs.try_recv(), Ok(Input::Committed(_))));
    assert!(inputs.try_recv().is_err(), "the keeper answers by itself");
    // The thread is gone: nobody knows whether they are.
    drop(jobs);
    let again = Request::Append { ticket: Ticket::default(), log: "room".to_owned(), bytes: SAID.to_vec() };
    keeper.take(again);
    keeper.take(erase());
    settle(&mut keeper);
    assert!(matches!(inputs.try_recv(), Ok(Input::Committed(_))));
    assert_eq!(erasure(&mut inputs), Erasure::Unfinished);
}

/// Erasing is slow: who says something behind many of them waits for one at most. All are done before the end.
#[test]
fn an_append_behind_a_hundred_messages_to_erase_does_not_wait_for_them() {
    let ((told, tells), (ask, requests)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let (hub, _inputs) = mpsc::channel(limits::CHAT_INPUTS);
    let mut store = MemoryStore::new();
    let room = LogName::new("room").unwrap();
    let record = |n| String::from_utf8(SAID.to_vec()).unwrap().replace("a-b-c", &format!("a-{n}-c"));
    for n in 1..=100 {
        ask.send(Request::Erase {
            ticket: Ticket::default(),
            log: "room".into(),
            msgid: format!("a-{n}-c")[..].into(),
        })
        .unwrap();
        store.append(&[Append { log: &room, expected: None, bytes: record(n).as_bytes() }]).unwrap();
    }
    ask.send(Request::Append { ticket: Ticket::default(), log: "room".to_owned(), bytes: SAID.to_vec() }).unwrap();
    drop(ask);
    let store = Watched::new(store, move |call| {
        told.send(call).unwrap();
        Ok(())
    });
    Keeper::new(Box::new(store), requests, hub, Context::silent()).run();
    let called: Vec<_> = tells.iter().collect();
    assert_eq!(called, [&["append"][..], &["erase"; 100]].concat());
}

#[test]
fn a_log_is_trimmed_to_its_newest_records_in_steps() {
    let ((_ask, requests), (hub, _inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
    let mut keeper = Keeper::new(Box::new(MemoryStore::new()), requests, hub, Context::silent());
    let log = LogName::new("log").unwrap();
    let ticket = Ticket::default();
    let count = 2 * limits::CHAT_FORGET_STEP as u64;
    for _ in 0..count {
        keeper.append(ticket, "log", b"said".to_vec());
    }
    // What is asked for before counts, though it is not committed yet.
    let trim = |keep| Request::Trim { log: "log".to_owned(), keep };
    keeper.take(trim(3));
    let first = |keeper: &Keeper| keeper.store.head(&log).unwrap().unwrap().first;
    assert_eq!(first(&keeper), Position::FIRST);
    assert!(keeper.proceed());
    assert_eq!(first(&keeper).get() - Position::FIRST.get(), limits::CHAT_FORGET_STEP as u64);
    while keeper.proceed() {}
    assert_eq!(first(&keeper).get() - Position::FIRST.get(), count - 3);
    keeper.take(trim(9));
    keeper.is_failing = true;
    keeper.take(trim(1));
    keeper.is_failing = false;
    while keeper.proceed() {}
    assert_eq!(first(&keeper).get() - Position::FIRST.get(), count - 3);
}

/// [`limits::CHAT_HISTORY_LOOKED`]: a question that looks on lets what waits go first, and is answered without anything else
/// happening.
#[test]
fn an_append_does_not_wait_for_a_question_that_looks_far() {
    let ((ask, requests), (hub, mut inputs)) = (std::sync::mpsc::channel(), mpsc::channel(limits::CHAT_INPUTS));
    let mut store = MemoryStore::new();
    let log = LogName::new("room").unwrap();
    let record = |kind: &str, n: usize| {
        format!(r##"{{"msgid":"a-{n}","at_us":{n},"kind":"{kind}","from":"a!a@a","target":"#a","lines":[]}}"##)
            .into_bytes()
    };
    for n in 0..=3 * limits::CHAT_HISTORY_LOOKED {
        let bytes = record(if n == 0 { "privmsg" } else { "topic" }, n);
        store.append(&[Append { log: &log, expected: None, bytes: &bytes }]).unwrap();
    }
    let keeper = Keeper::new(Box::new(store), requests, hub, Context::silent());
    let (span, wanted) = (Span::Last { after: None }, Wanted::Messages);
    let query = Query { span, count: 9, bytes: 9_000, wanted };
    ask.send(Request::Read { ticket: Ticket::default(), log: "room".to_owned(), query }).unwrap();
    ask.send(Request::Append { ticket: Ticket::default(), log: "room".to_owned(), bytes: record("privmsg", 1) })
        .unwrap();
    let thread = std::thread::spawn(move || keeper.run());
    assert!(matches!(inputs.blocking_recv(), Some(Input::Committed(_))));
    let Some(Input::Read { records: Ok(records), .. }) = inputs.blocking_recv() else { panic!("no answer") };
    assert_eq!(records, [record("privmsg", 0)]);
    drop(ask);
    thread.join().unwrap();
}
