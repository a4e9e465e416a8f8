//! spec/search.md, "Catching up": what was committed is found, whatever the thread of the index was told.

use super::*;
use crate::event::Events;
use crate::service::chat::keeper::{Look, Request};
use crate::service::chat::tests::{Client, World, settings};
use helio_core::chat::Erasure;
use helio_core::chat::search::{Found, Order, Term};
use helio_net::clock::Clock;
use helio_store::memory::MemoryStore;
use helio_store::search::SearchIndex;
use helio_store::sqlite::SqliteStore;
use helio_store::{Append, Log as _};
use std::path::Path;
use std::sync::Mutex;
use std::thread::JoinHandle;

fn record(n: usize, text: &str) -> String {
    format!(
        r##"{{"msgid":"a-{n}","at_us":{},"kind":"privmsg","from":"ada!a@a","target":"#tea","lines":[{{"text":"{text}"}}]}}"##,
        1_000 + n
    )
}

impl News {
    fn gone(&self) -> Gone {
        Gone { ticket: Ticket::default(), log: self.log.clone(), position: self.position }
    }
}

/// A store and the thread of an index of it, in a keeper's and a hub's stead.
struct Bench {
    store: Arc<Mutex<MemoryStore>>,
    desk: Desk,
    press: Press,
    answers: tokio::sync::mpsc::Receiver<Input>,
    threads: [JoinHandle<()>; 2],
}

impl Bench {
    fn start(store: Arc<Mutex<MemoryStore>>, path: &Path) -> Self {
        let (desk, press, jobs) = ends();
        let (keeper, requests) = channel();
        let (hub, answers) = tokio::sync::mpsc::channel(9);
        let (clock, path) = (Clock::start(), Some(path.to_owned()));
        let (events, erasing) = (Events::none(), Erasing::default());
        let worker = Worker { jobs, keeper, hub, events, clock, path, open: None, is_troubled: false, erasing };
        let kept = store.clone();
        let looks = move || {
            for request in requests {
                if let Request::Look(Look(look)) = request {
                    look(&*kept.lock().unwrap());
                }
            }
        };
        let threads = [std::thread::spawn(looks), std::thread::spawn(move || worker.run(true))];
        Self { store, desk, press, answers, threads }
    }

    fn append(&self, n: usize, text: &str) -> News {
        self.append_to("room/a", n, text)
    }

    fn append_to(&self, log: &str, n: usize, text: &str) -> News {
        let (log, record) = (LogName::new(log).unwrap(), record(n, text).into_bytes());
        let append = Append { log: &log, expected: None, bytes: &record };
        let position = self.store.lock().unwrap().append(&[append]).unwrap()[0];
        News { log, position, record }
    }

    fn search(&mut self, text: &str) -> Result<Vec<Found>, NotSearched> {
        self.search_as(None, text)
    }

    fn search_as(&mut self, party: Option<&str>, text: &str) -> Result<Vec<Found>, NotSearched> {
        let terms = vec![Term { text: text.to_owned(), is_prefix: false }];
        let (logs, at_us, bytes) = (vec!["room/a".to_owned()], 0..i64::MAX, 100_000);
        let party_name = party.map(ToOwned::to_owned);
        let (author, wanted, limit) = (None, Order::Newest, 9);
        let search = Search { logs, party: party_name, author, terms, at_us, wanted, limit, bytes };
        assert!(self.desk.search(Ticket::default(), Box::new(search)).is_none());
        match self.answers.blocking_recv() {
            // The machine has much to do: each question brings the index further, and none is too much at another time.
            Some(Input::Found { found: Err(NotSearched::Incomplete | NotSearched::TooMuch), .. }) => {
                self.search_as(party, text)
            }
            Some(Input::Found { found, .. }) => found,
            other => panic!("{other:?}"),
        }
    }

    fn erase(&self, News { log, position, .. }: &News) {
        self.store.lock().unwrap().erase(log, *position).unwrap();
    }

    fn erasure(&mut self) -> Erasure {
        match self.answers.blocking_recv() {
            Some(Input::Erased { erasure, .. }) => erasure,
            other => panic!("{other:?}"),
        }
    }

    fn end(self) -> Arc<Mutex<MemoryStore>> {
        drop((self.desk, self.press));
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.store
    }
}

#[test]
fn news_are_found_at_once_and_what_was_never_told_of_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    bench.append(1, "before anybody told");
    assert_eq!(bench.search("before").unwrap().len(), 1);
    let news = bench.append(2, "told");
    bench.press.committed([news].into_iter());
    assert_eq!(bench.search("told").unwrap().len(), 2);
    // A gap: the third was not told of.
    bench.append(3, "silent");
    let news = bench.append(4, "loud");
    bench.press.committed([news].into_iter());
    assert_eq!(bench.search("silent").unwrap().len(), 1);
    assert_eq!(bench.search("loud").unwrap().len(), 1);
    let store = bench.end();
    // While no index was there.
    let mut bench = Bench::start(store, &path);
    bench.append(5, "later");
    assert_eq!(bench.search("later").unwrap().len(), 1);
    bench.end();
}

/// Those of the account that asks, and no others.
#[test]
fn private_conversations_of_one_side_are_searched() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(Arc::default(), &folder.path().join("search.sqlite3"));
    bench.append(1, "tea");
    for (n, log) in
        ["private/~ada/~ben", "private/~ben/~cid", "private/~ada/eve", "private/ada/~cid"].iter().enumerate()
    {
        bench.append_to(log, n + 2, "tea");
    }
    let logs = |found: Vec<Found>| found.into_iter().map(|found| found.log).collect::<Vec<_>>();
    assert_eq!(
        logs(bench.search_as(Some("~ada"), "tea").unwrap()),
        ["room/a", "private/~ada/~ben", "private/~ada/eve"]
    );
    assert_eq!(logs(bench.search("tea").unwrap()), ["room/a"]);
    bench.end();
}

/// What is kept no longer, and what a room said that ended.
#[test]
fn words_of_what_was_trimmed_are_gone_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    bench.append(1, "zyxwvutsr");
    let stays = bench.append(2, "stays");
    bench.append_to("room/b", 3, "mlkjihgfe");
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    while !holds(&path, "mlkjihgfe") {
        bench.search("zyxwvutsr").unwrap();
    }
    let room = LogName::new("room/b").unwrap();
    bench.store.lock().unwrap().trim(&stays.log, stays.position).unwrap();
    bench.store.lock().unwrap().trim(&room, Position::END).unwrap();
    bench.press.trimmed();
    assert!(bench.search("zyxwvutsr").unwrap().is_empty());
    while ["zyxwvutsr", "mlkjihgfe"].iter().any(|word| holds(&path, word)) {
        assert_eq!(bench.search("stays").unwrap().len(), 1);
    }
    bench.end();
}

/// The bound [`limits::SEARCH_NEWS_BYTES`]: news are left out, and read from the store.
#[test]
fn too_many_news_are_read_from_the_store_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(Arc::default(), &folder.path().join("search.sqlite3"));
    assert!(bench.search("nothing").unwrap().is_empty());
    let long = format!("long {}", "x".repeat(4_000));
    let all: Vec<News> = (1..=1_200).map(|n| bench.append(n, &long)).chain([bench.append(1_201, "short")]).collect();
    bench.press.committed(all.into_iter());
    assert!(bench.press.shared.has_missed.load(Ordering::Relaxed));
    assert_eq!(bench.search("short").unwrap().len(), 1);
    assert_eq!(bench.search("long").unwrap().len(), 9);
    bench.end();
}

/// The bound [`limits::SEARCH_WAITING`].
#[test]
fn too_many_searches_are_refused_at_once() {
    let (desk, _press, jobs) = ends();
    let search = || {
        let (terms, at_us) = (Vec::new(), 0..1);
        let search =
            Search { logs: vec![], party: None, author: None, terms, at_us, wanted: Order::Newest, limit: 1, bytes: 1 };
        desk.search(Ticket::default(), Box::new(search))
    };
    assert!((0..limits::SEARCH_WAITING).all(|_| search().is_none()));
    assert!(matches!(search(), Some(Input::Found { found: Err(NotSearched::TooMuch), .. })));
    drop(jobs);
}

/// What was erased while no index was there, and what was trimmed, is gone from it.
#[test]
fn what_was_erased_unseen_is_gone_after_an_end_that_was_none_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    let erased = bench.append(1, "zyxwvutsr");
    bench.append(2, "stays");
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    let store = bench.end();
    // As a kill leaves it.
    drop(SearchIndex::open(&path).unwrap());
    let is_there = || std::fs::read(&path).unwrap().windows(9).any(|word| word == b"zyxwvutsr");
    assert!(is_there());
    store.lock().unwrap().erase(&erased.log, erased.position).unwrap();
    let mut bench = Bench::start(store, &path);
    assert!(bench.search("zyxwvutsr").unwrap().is_empty());
    while is_there() {
        assert_eq!(bench.search("stays").unwrap().len(), 1);
    }
    bench.end();
}

/// Whether the index has this, in its file or beside it.
fn holds(path: &Path, word: &str) -> bool {
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    // Of a word that follows one with the same beginning only the end is kept.
    let end = &word.as_bytes()[2..];
    beside.into_iter().any(|path| std::fs::read(path).unwrap().windows(end.len()).any(|part| part == end))
}

#[test]
fn words_are_in_no_file_when_it_is_told_that_their_message_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    let (said, more) = (bench.append(1, "zyxwvutsr"), bench.append(2, "mlkjihgfe"));
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    assert!(holds(&path, "zyxwvutsr") && holds(&path, "mlkjihgfe"));
    bench.append(3, "stays");
    // That it was said is told of behind what is erased at once.
    let late = bench.append(4, "qponrstuv");
    for news in [&said, &more, &late] {
        bench.erase(news);
    }
    let (gone, late_gone) = ([said.gone(), more.gone()], late.gone());
    bench.press.committed([late].into_iter());
    gone.into_iter().chain([late_gone]).for_each(|gone| assert!(bench.press.erased(gone)));
    for _ in 0..3 {
        assert_eq!(bench.erasure(), Erasure::Done);
    }
    assert!(!["zyxwvutsr", "mlkjihgfe", "qponrstuv"].iter().any(|word| holds(&path, word)));
    assert!(bench.search("zyxwvutsr").unwrap().is_empty());
    assert_eq!(bench.search("stays").unwrap().len(), 1);
    bench.end();
}

/// What the keeper erases while the service ends is known to the next start.
#[test]
fn what_is_erased_at_the_end_is_gone_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    let said = bench.append(1, "zyxwvutsr");
    bench.append(2, "stays");
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    bench.erase(&said);
    bench.desk.jobs.send(Job::End).unwrap();
    bench.press.erased(said.gone());
    let store = bench.end();
    let mut bench = Bench::start(store, &path);
    while holds(&path, "zyxwvutsr") {
        assert_eq!(bench.search("stays").unwrap().len(), 1);
    }
    bench.end();
}

/// Without an index its file is removed; it was erased when that is done.
#[test]
fn what_cannot_be_erased_is_told_to_be_unfinished_and_then_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    let said = bench.append(1, "zyxwvutsr");
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    bench.desk.switch(false);
    bench.press.erased(said.gone());
    assert_eq!(bench.erasure(), Erasure::Done);
    assert!(!path.exists());
    // A directory cannot be removed as a file can.
    std::fs::create_dir(&path).unwrap();
    bench.press.erased(said.gone());
    assert_eq!(bench.erasure(), Erasure::Unfinished);
    std::fs::remove_dir(&path).unwrap();
    assert_eq!(bench.search("zyxwvutsr"), Err(NotSearched::Fails));
    assert_eq!(bench.erasure(), Erasure::Done);
    bench.end();
}

/// spec/search.md, "On an error": it is tried again with the next message or search.
#[test]
fn an_index_that_could_not_be_opened_is_opened_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    // What is no file cannot be opened as one.
    std::fs::create_dir(&path).unwrap();
    let mut bench = Bench::start(Arc::default(), &path);
    bench.append(1, "early");
    assert_eq!(bench.search("early"), Err(NotSearched::Fails));
    std::fs::remove_dir(&path).unwrap();
    let news = bench.append(2, "early bird");
    bench.press.committed([news].into_iter());
    while !path.exists() {
        std::thread::yield_now();
    }
    assert_eq!(bench.search("early").unwrap().len(), 2);
    bench.end();
    // The same by a search alone.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let mut bench = Bench::start(Arc::default(), &path);
    let said = bench.append(1, "late");
    assert_eq!(bench.search("late"), Err(NotSearched::Fails));
    std::fs::remove_dir(&path).unwrap();
    assert_eq!(bench.search("late").unwrap().len(), 1);
    bench.erase(&said);
    bench.press.erased(said.gone());
    assert_eq!(bench.erasure(), Erasure::Done);
    assert!(bench.search("late").unwrap().is_empty());
    bench.end();
}

/// "Erasing": when a shard cannot be made anew, the whole index is removed; when even that fails it is tried again, and there
/// is an index again behind the answer.
#[test]
fn after_a_rebuild_that_failed_the_index_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    let said = bench.append(1, "zyxwvutsr");
    bench.append(2, "stays");
    assert_eq!(bench.search("zyxwvutsr").unwrap().len(), 1);
    bench.erase(&said);
    // Everything behind the first page is nonsense: what is read of it is damaged.
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let nonsense = vec![0xA5; usize::try_from(length).unwrap().saturating_sub(4096)];
    std::os::unix::fs::FileExt::write_all_at(&file, &nonsense, 4096).unwrap();
    drop(file);
    let log = folder.path().join("search.sqlite3-wal");
    if let Ok(file) = std::fs::File::options().write(true).open(&log) {
        file.set_len(0).unwrap();
    }
    bench.press.erased(said.gone());
    assert_eq!(bench.erasure(), Erasure::Done);
    assert!(!holds(&path, "zyxwvutsr"));
    assert_eq!(bench.search("stays").unwrap().len(), 1);
    assert!(bench.search("zyxwvutsr").unwrap().is_empty());
    bench.end();
}

/// An index of another store, or of this one as it is no more.
#[test]
fn an_index_of_another_store_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let mut bench = Bench::start(Arc::default(), &path);
    (1..=3).for_each(|n| _ = bench.append(n, "old"));
    assert_eq!(bench.search("old").unwrap().len(), 3);
    bench.end();
    let mut bench = Bench::start(Arc::default(), &path);
    (1..=4).for_each(|n| _ = bench.append(2_000_000 * n, "new"));
    assert_eq!(bench.search("new").unwrap().len(), 4);
    assert!(bench.search("old").unwrap().is_empty());
    bench.end();
}

async fn search(client: &mut Client, attributes: &str) -> bool {
    client.say(&format!("SEARCH {attributes}\r\nPING end")).await;
    let mut is_found = false;
    loop {
        let line = client.hear(" ").await;
        is_found |= line.contains(" PRIVMSG ");
        if line.contains(" PONG ") {
            return is_found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_echoed_is_found_and_the_setting_holds_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.sqlite3");
    let store = Box::new(SqliteStore::open(&folder.path().join("store")).unwrap());
    let mut world = World::start_with(settings(), store, Some(path.clone())).await.unwrap();
    let mut eve = world.join("eve", "echo-message batch soju.im/search").await;
    for n in 0..20 {
        eve.say(&format!("PRIVMSG #room :word{n}")).await;
        eve.hear(&format!("word{n}")).await;
        assert!(search(&mut eve, &format!("text=word{n}")).await);
    }
    assert!(!search(&mut eve, "text=word99").await);
    world.change(helio_core::chat::Settings { search: false, ..settings() }).await;
    eve.say("SEARCH text=word1").await;
    eve.hear(" 421 ").await;
    world.change(settings()).await;
    eve.say("CAP REQ soju.im/search").await;
    eve.hear(" ACK ").await;
    assert!(search(&mut eve, "text=word1").await);
    world.stop.begin();
}
