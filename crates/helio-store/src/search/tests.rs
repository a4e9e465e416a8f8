//! `spec/search.md`: what is found, and what is gone. A naive scan judges the index.

use super::*;
use crate::Direction;
use helio_core::rng::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn log(name: &str) -> LogName {
    LogName::new(name).unwrap()
}

fn document(position: u64, at_us: i64, author: &str, text: &str) -> Document {
    Document { position: Position::new(position), at_us, author: author.to_owned(), text: text.to_owned() }
}

fn stretch(name: &str, documents: Vec<Document>) -> Stretch {
    let (first, last) = (documents[0].position, documents[documents.len() - 1].position);
    Stretch { log: log(name), range: first..last.next(), documents }
}

/// An index in which these texts were said in one room, a second apart.
fn said(texts: &[&str]) -> (tempfile::TempDir, SearchIndex) {
    let folder = tempfile::tempdir().unwrap();
    let mut index = SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap();
    let documents = texts.iter().zip(1_u64..);
    let documents = documents.map(|(text, n)| document(n, n as i64 * 1_000_000, "ada", text)).collect();
    index.add(&[stretch("room/a", documents)]).unwrap();
    (folder, index)
}

fn word(text: &str) -> Term {
    Term { text: text.to_owned(), is_prefix: false }
}

fn beginning(text: &str) -> Term {
    Term { text: text.to_owned(), is_prefix: true }
}

fn ask(index: &SearchIndex, terms: &[Term]) -> Vec<u64> {
    let (logs, at_us) = ([log("room/a")], 0..i64::MAX);
    let question = Question { logs: &logs, author: None, terms, at_us, direction: Direction::Backwards, limit: 100 };
    index.find(&question, &mut || false).unwrap().iter().map(|place| place.position.get()).collect()
}

/// "What a text means".
#[test]
fn all_words_must_be_there_whatever_their_case_and_accents() {
    let (_folder, index) = said(&["Tea is ready", "is the café open?", "green TEA, please", "teapot"]);
    assert_eq!(ask(&index, &[word("tea")]), [1, 3]);
    assert_eq!(ask(&index, &[word("tea"), word("please")]), [3]);
    assert_eq!(ask(&index, &[word("CAFE")]), [2]);
    assert_eq!(ask(&index, &[beginning("tea")]), [1, 3, 4]);
    assert_eq!(ask(&index, &[word("is ready")]), [1]);
    assert_eq!(ask(&index, &[word("ready is")]), [0_u64; 0]);
    assert_eq!(ask(&index, &[beginning("tea is rea")]), [1]);
    assert_eq!(ask(&index, &[]), [1, 2, 3, 4]);
}

/// "What a text means": scripts without spaces.
#[test]
fn a_part_of_a_text_without_spaces_is_found() {
    let (_folder, index) = said(&["今日は良い天気です", "天気 report", "気天", "สวัสดีครับ"]);
    assert_eq!(ask(&index, &[word("天気")]), [1, 2]);
    assert_eq!(ask(&index, &[word("今日")]), [1]);
    assert_eq!(ask(&index, &[word("สวัสดี")]), [4]);
}

/// What people type is never part of the language of FTS5.
#[test]
fn words_and_signs_of_the_query_language_are_words_and_signs() {
    let (_folder, index) = said(&["NOT a OR b", "NEAR(x y, 2)", "scope:1 author:ada", "say \"hi\" \0 twice"]);
    assert_eq!(ask(&index, &[word("NOT")]), [1]);
    assert_eq!(ask(&index, &[word("OR")]), [1]);
    assert_eq!(ask(&index, &[word("NEAR(x")]), [2]);
    assert_eq!(ask(&index, &[word("scope:1")]), [3]);
    assert_eq!(ask(&index, &[word("a\" OR text : \"x")]), [0_u64; 0]);
    assert_eq!(ask(&index, &[word("\"hi\" \0 tw"), word("twice")]), [0_u64; 0]);
    assert_eq!(ask(&index, &[word("\"hi\" \0 twice")]), [4]);
    assert_eq!(ask(&index, &[word("\"; DROP TABLE log; --")]), [0_u64; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_text_is_an_error(text: String, is_prefix: bool, author: String) {
        let (_folder, index) = said(&["tea"]);
        let terms = [Term { text, is_prefix }];
        let (logs, at_us) = ([log("room/a")], 0..i64::MAX);
        let author = Some(author.as_str());
        let question = Question { logs: &logs, author, terms: &terms, at_us, direction: Direction::Backwards, limit: 9 };
        prop_assert!(index.find(&question, &mut || false).is_ok());
    }

    /// Whatever was said is found by its own words.
    #[test]
    fn a_text_is_found_by_itself(text in "[\\PC]{0,40}[a-z]{1,9}[\\PC]{0,40}") {
        let (_folder, index) = said(&["tea", &text]);
        prop_assert!(ask(&index, &[word(&text)]).contains(&2));
    }
}

/// "Catching up": what leaves a gap is read again from where the index stands.
#[test]
fn a_gap_is_told_and_nothing_is_taken_twice() {
    let (_folder, mut index) = said(&["one", "two"]);
    let room = log("room/a");
    index.add(&[stretch("room/a", vec![document(5, 5, "ada", "five")])]).unwrap();
    assert_eq!(index.behind(None).unwrap(), Some((room.clone(), Position::new(3))));
    assert_eq!(index.behind(Some(std::slice::from_ref(&room))).unwrap(), Some((room.clone(), Position::new(3))));
    assert_eq!(index.behind(Some(&[log("room/b")])).unwrap(), None);
    assert!(ask(&index, &[word("five")]).is_empty());
    let rest = (2..=5).map(|n| document(n, n as i64 * 1_000_000, "ada", "again")).collect();
    index.add(&[stretch("room/a", rest)]).unwrap();
    assert_eq!(index.behind(None).unwrap(), None);
    assert_eq!(ask(&index, &[word("two")]), [2]);
    assert_eq!(ask(&index, &[word("again")]), [3, 4, 5]);
}

/// The bound on time: nothing is told rather than a part.
#[test]
fn a_search_that_takes_too_long_ends() {
    let (_folder, index) = said(&["tea"]);
    let (logs, at_us) = ([log("room/a")], 0..i64::MAX);
    let question = Question { logs: &logs, author: None, terms: &[], at_us, direction: Direction::Backwards, limit: 9 };
    assert!(matches!(index.find(&question, &mut || true), Err(FindError::TooLong)));
}

#[test]
fn private_conversations_are_known_by_both_sides() {
    let (_folder, mut index) = said(&["tea"]);
    for (n, name) in ["private/~ada/ben", "private/~ada/~carl", "private/~carl/ada"].iter().enumerate() {
        index.add(&[stretch(name, vec![document(1, n as i64, "x", "psst")])]).unwrap();
    }
    assert_eq!(index.logs_of("~ada").unwrap(), [log("private/~ada/~carl"), log("private/~ada/ben")]);
    assert_eq!(index.logs_of("ada").unwrap(), [log("private/~carl/ada")]);
    assert!(index.logs_of("da").unwrap().is_empty());
}

/// Messages of the same time (an import, a clock that was set back) are all found.
#[test]
fn a_thousand_messages_of_one_moment_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap();
    let all = (1..=2_500).map(|n| document(n, 7_000_000, "ada", &format!("w{n}"))).collect();
    index.add(&[stretch("room/a", all)]).unwrap();
    assert_eq!(ask(&index, &[word("w1")]), [1]);
    assert_eq!(ask(&index, &[word("w2500")]), [2_500]);
    assert_eq!(ask(&index, &[]).len(), 100);
}

/// "The file": another program's, another version's and a damaged one are made anew.
#[test]
fn a_file_of_no_use_is_made_anew() {
    for damage in ["PRAGMA user_version = 99", "PRAGMA application_id = 1", ""] {
        let (folder, index) = said(&["tea"]);
        let path = folder.path().join("search.sqlite3");
        index.connection.execute_batch(damage).unwrap();
        index.close().unwrap();
        if damage.is_empty() {
            std::fs::write(&path, vec![7; 8_192]).unwrap();
        }
        let index = SearchIndex::open(&path).unwrap();
        assert!(ask(&index, &[word("tea")]).is_empty(), "{damage}");
        assert!(index.was_closed());
    }
    let (folder, index) = said(&["tea"]);
    drop(index);
    let index = SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap();
    assert_eq!((ask(&index, &[word("tea")]), index.was_closed()), (vec![1], false));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&index.path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

const LOGS: usize = 4;

/// A life of an index and of the logs that it is made of; each word is said once, beside some that are said often.
struct Life {
    rng: Rng,
    index: SearchIndex,
    path: PathBuf,
    /// What the logs have: erased records are `None`, trimmed ones are not there.
    logs: Vec<BTreeMap<u64, Option<Document>>>,
    next: Vec<u64>,
    time: i64,
    said: u64,
}

impl Life {
    fn new(seed: u64, folder: &Path) -> Self {
        let path = folder.join("search.sqlite3");
        let index = SearchIndex::open(&path).unwrap();
        let (logs, next) = (vec![BTreeMap::new(); LOGS], vec![1; LOGS]);
        Self { rng: Rng::from_seed(seed), index, path, logs, next, time: 0, said: 0 }
    }

    fn name(log: usize) -> LogName {
        LogName::new(&format!("room/{log}")).unwrap()
    }

    /// A word that nothing else has, and whose end nothing else has: FTS5 leaves out what a term shares with the one before.
    fn mark(number: u64) -> String {
        let mut rng = Rng::from_seed(number);
        (0..12).map(|_| char::from(b'a' + rng.below(26) as u8)).collect()
    }

    fn say(&mut self) {
        let mut stretches = Vec::new();
        for _ in 0..=self.rng.below(80) {
            let log = self.rng.below(LOGS as u64) as usize;
            self.said += 1;
            // Now and then the clock was set back.
            self.time += if self.rng.below(50) == 0 { -40 } else { self.rng.below(3) as i64 };
            let often = (0..self.rng.below(6)).map(|_| format!("w{}", self.rng.below(9)));
            let text = often.chain([Self::mark(self.said)]).collect::<Vec<_>>().join(" ");
            let author = format!("n{}", self.rng.below(3));
            let document = document(self.next[log], self.time.max(0), &author, &text);
            self.logs[log].insert(self.next[log], Some(document.clone()));
            self.next[log] += 1;
            stretches.push(Stretch {
                log: Self::name(log),
                range: document.position..document.position.next(),
                documents: vec![document],
            });
        }
        // Some never reach the index, and are read later.
        if self.rng.below(4) > 0 {
            self.index.add(&stretches).unwrap();
        }
    }

    fn erase(&mut self) {
        let log = self.rng.below(LOGS as u64) as usize;
        let nth = self.rng.below(self.logs[log].len().max(1) as u64) as usize;
        if let Some((position, record)) = self.logs[log].iter_mut().nth(nth) {
            *record = None;
            self.index.handle_erased(&Self::name(log), &[Position::new(*position)]).unwrap();
        }
    }

    fn trim(&mut self) {
        let log = self.rng.below(LOGS as u64) as usize;
        let first = self.next[log] - self.rng.below(self.next[log]);
        self.logs[log].retain(|position, _| *position >= first);
    }

    /// What a driver does when it has time.
    fn settle(&mut self) {
        for log in 0..LOGS {
            let next = Position::new(self.next[log]);
            let first = self.logs[log].keys().next().map_or(next, |first| Position::new(*first));
            self.index.handle_heads(&[LogHead { log: Self::name(log), first, next }]).unwrap();
        }
        while let Some((name, from)) = self.index.behind(None).unwrap() {
            let log: usize = name.as_str().trim_start_matches("room/").parse().unwrap();
            let documents = self.logs[log].range(from.get()..).filter_map(|(_, record)| record.clone()).collect();
            self.index.add(&[Stretch { log: name, range: from..Position::new(self.next[log]), documents }]).unwrap();
        }
        let logs = &self.logs;
        while let Some(shard) = self.index.stale().unwrap() {
            let reread = &mut |name: &LogName, range: Range<Position>| {
                let log: usize = name.as_str().trim_start_matches("room/").parse().unwrap();
                let range = logs[log].range(range.start.get()..range.end.get());
                Ok(range.filter_map(|(_, record)| record.clone()).collect())
            };
            self.index.rebuild(shard, reread).unwrap();
        }
    }

    /// As a kill does: what was committed is there, whether it was copied into the file or not.
    fn kill(&mut self, folder: &Path) {
        let copy = folder.join("copy");
        std::fs::create_dir_all(&copy).unwrap();
        for name in ["search.sqlite3", "search.sqlite3-wal"] {
            let _ = std::fs::copy(folder.join(name), copy.join(name));
        }
        self.index = SearchIndex::open(&copy.join("search.sqlite3")).unwrap();
        self.path = copy.join("search.sqlite3");
        assert!(!self.index.was_closed());
        // Of what was erased meanwhile it is told again.
        for log in 0..LOGS {
            let erased = self.logs[log].iter().filter(|(_, record)| record.is_none());
            let erased: Vec<Position> = erased.map(|(position, _)| Position::new(*position)).collect();
            self.index.handle_erased(&Self::name(log), &erased).unwrap();
        }
    }

    /// A question, answered by the index and by looking at everything.
    fn compare(&mut self, when: &str) {
        let asked: Vec<usize> = (0..LOGS).filter(|_| self.rng.below(2) == 0).collect();
        let terms: Vec<Term> = (0..self.rng.below(3)).map(|_| word(&format!("w{}", self.rng.below(10)))).collect();
        let author = (self.rng.below(3) == 0).then(|| format!("n{}", self.rng.below(3)));
        let logs: Vec<LogName> = asked.iter().map(|log| Self::name(*log)).collect();
        let limit = 1 + self.rng.below(200) as usize;
        let question = Question {
            logs: &logs,
            author: author.as_deref(),
            terms: &terms,
            at_us: 0..i64::MAX,
            direction: if self.rng.below(2) == 0 { Direction::Backwards } else { Direction::Forwards },
            limit,
        };
        let found = self.index.find(&question, &mut || false).unwrap();
        let all: BTreeSet<Place> = asked
            .iter()
            .flat_map(|log| self.logs[*log].values().flatten().map(move |document| (log, document)))
            .filter(|(_, document)| author.as_ref().is_none_or(|author| *author == document.author))
            .filter(|(_, document)| {
                let words: BTreeSet<&str> = document.text.split(' ').collect();
                terms.iter().all(|term| words.contains(term.text.as_str()))
            })
            .map(|(log, document)| Place { log: Self::name(*log), position: document.position })
            .collect();
        let wrong: Vec<&Place> = found.iter().filter(|place| !all.contains(place)).collect();
        assert!(wrong.is_empty(), "{when}: {question:?}: {wrong:?}");
        assert_eq!(found.len(), all.len().min(limit).min(100), "{when}: {question:?}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{when}: told twice");
    }

    /// What is in no log any more is in no file.
    fn search_files(&self, when: &str) {
        let alive: BTreeSet<String> = self
            .logs
            .iter()
            .flat_map(|log| log.values().flatten())
            .filter_map(|document| document.text.rsplit(' ').next().map(str::to_owned))
            .collect();
        let mut bytes = std::fs::read(&self.path).unwrap();
        bytes.extend(std::fs::read(self.path.with_extension("sqlite3-wal")).unwrap_or_default());
        let ends: BTreeSet<&[u8]> = bytes.windows(7).filter(|end| end.iter().all(u8::is_ascii_lowercase)).collect();
        let is_there = |number: u64| ends.contains(&Self::mark(number).as_bytes()[5..]);
        let gone = (1..=self.said).filter(|number| !alive.contains(&Self::mark(*number)));
        let left: Vec<u64> = gone.filter(|number| is_there(*number)).collect();
        assert!(left.is_empty(), "{when}: {} erased texts are in a file", left.len());
        let found = (1..=self.said).filter(|number| alive.contains(&Self::mark(*number)) && is_there(*number)).count();
        assert!(found * 2 >= alive.len(), "{when}: {found} of {}: the test sees too little", alive.len());
    }
}

fn live(seed: u64, steps: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut life = Life::new(seed, folder.path());
    for step in 0..steps {
        let when = format!("seed {seed}, step {step}");
        life.say();
        match life.rng.below(12) {
            0..4 => life.erase(),
            4 => life.trim(),
            5 if step > steps / 2 && !life.path.starts_with(folder.path().join("copy")) => life.kill(folder.path()),
            _ => {}
        }
        if step % 5 == 0 {
            life.settle();
            life.compare(&when);
            life.search_files(&when);
        }
    }
}

/// `spec/search.md`, "Erasing"; SQLite's pages keep copies of what they gave away, so whole tables are dropped.
#[test]
fn what_is_said_is_found_and_what_is_erased_is_in_no_file() {
    (0..3).for_each(|seed| live(seed, 60));
}

#[test]
#[ignore = "soak"]
fn what_is_said_is_found_and_what_is_erased_is_in_no_file_at_length() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..20).for_each(|n| live(first.wrapping_add(n), 400));
}

/// The bound on a shard: the next one begins, and both are asked, nearest first.
#[test]
fn many_messages_are_in_several_shards_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = SearchIndex::open(&folder.path().join("search.sqlite3")).unwrap();
    let count = SEARCH_SHARD_DOCUMENTS as u64 + 50;
    for first in (1..=count).step_by(1_000) {
        let said = (first..(first + 1_000).min(count + 1)).map(|n| document(n, n as i64, "ada", "tea"));
        index.add(&[stretch("room/a", said.collect())]).unwrap();
    }
    let shards: i64 = index.connection.query_row("SELECT count(*) FROM shard", (), |row| row.get(0)).unwrap();
    assert_eq!(shards, 2);
    assert_eq!(ask(&index, &[word("tea")]), (count - 99..=count).collect::<Vec<_>>());
    let (logs, at_us) = ([log("room/a")], count as i64 - 60..count as i64);
    let question = Question { logs: &logs, author: None, terms: &[], at_us, direction: Direction::Forwards, limit: 20 };
    let found = index.find(&question, &mut || false).unwrap();
    let positions: Vec<u64> = found.iter().map(|place| place.position.get()).collect();
    assert_eq!(positions, (count - 60..count - 40).collect::<Vec<_>>());
}
