//! `spec/store.md`, "Why bytes are really gone": the bytes of every file are searched.

use crate::sqlite::SqliteStore;
use crate::{Append, Log, LogName, Position};
use helio_core::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A life of a store whose records are made of one mark each, repeated, so that any piece of a record gives it away.
struct Life {
    rng: Rng,
    store: SqliteStore,
    logs: Vec<LogName>,
    /// The marks of records that must be there, by place.
    alive: BTreeMap<(usize, u64), u64>,
    marks: u64,
}

const MARK_BYTES: usize = 12;

fn mark(number: u64) -> [u8; MARK_BYTES] {
    format!("<{number:010x}>").into_bytes().try_into().unwrap()
}

impl Life {
    fn new(seed: u64, directory: &Path) -> Self {
        let logs = (0..4).map(|n| LogName::new(&format!("log/{n}")).unwrap()).collect();
        let store = SqliteStore::open(directory).unwrap();
        Self { rng: Rng::from_seed(seed), store, logs, alive: BTreeMap::new(), marks: 0 }
    }

    /// Records of all sizes: many of some marks, some of hardly any, a few that need pages of their own.
    fn append(&mut self) {
        let mut batch = Vec::new();
        for _ in 0..=self.rng.below(60) {
            let repeats = match self.rng.below(20) {
                0 => 300 + self.rng.below(200),
                1 => 4_000,
                2..8 => 1,
                _ => 1 + self.rng.below(60),
            };
            self.marks += 1;
            batch.push((self.rng.below(4) as usize, self.marks, mark(self.marks).repeat(repeats as usize)));
        }
        let appends: Vec<Append<'_>> =
            batch.iter().map(|(log, _, bytes)| Append { log: &self.logs[*log], expected: None, bytes }).collect();
        let positions = self.store.append(&appends).unwrap();
        for ((log, mark, _), position) in batch.iter().zip(positions) {
            self.alive.insert((*log, position.get()), *mark);
        }
    }

    fn erase(&mut self) {
        let nth = self.rng.below(self.alive.len() as u64) as usize;
        let Some((&(log, position), _)) = self.alive.iter().nth(nth) else { return };
        assert!(self.store.erase(&self.logs[log], Position::new(position)).unwrap());
        self.alive.remove(&(log, position));
    }

    fn trim(&mut self, share: f64) {
        // The last log is never trimmed: its old records are in the way, and must be moved.
        let log = self.rng.below(3) as usize;
        let head = self.store.head(&self.logs[log]).unwrap().unwrap();
        let length = (head.next.get() - head.first.get()) as f64;
        let before = head.first.get() + (length * share) as u64;
        let first = self.store.trim(&self.logs[log], Position::new(before)).unwrap().get();
        self.alive.retain(|&(other, position), _| other != log || position >= first);
    }

    fn check(&self, directory: &Path, when: &str) {
        self.store.verify().unwrap();
        let alive: BTreeSet<u64> = self.alive.values().copied().collect();
        let found = marks_in(directory);
        let stale: Vec<&u64> = found.difference(&alive).collect();
        assert!(stale.is_empty(), "{when}: {} marks of gone records are in a file: {:x?}", stale.len(), stale[0]);
        assert!(alive.is_subset(&found), "{when}: marks are missing");
    }
}

/// All whole marks in all files of a directory.
fn marks_in(directory: &Path) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let starts = (0..bytes.len().saturating_sub(MARK_BYTES - 1)).filter(|&at| bytes[at] == b'<');
        for start in starts {
            let inner = &bytes[start + 1..start + MARK_BYTES - 1];
            let number = str::from_utf8(inner).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
            found.extend(number.filter(|_| bytes[start + MARK_BYTES - 1] == b'>'));
        }
    }
    found
}

fn live(seed: u64, steps: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut life = Life::new(seed, folder.path());
    for step in 0..steps {
        life.append();
        match life.rng.below(8) {
            0 => life.trim(0.9),
            1 => life.trim(0.2),
            2..5 => life.erase(),
            _ => continue,
        }
        if step % 10 == 0 {
            life.check(folder.path(), &format!("seed {seed}, step {step}"));
        }
    }
    life.trim(1.0);
    life.check(folder.path(), &format!("seed {seed}, end"));
    life.store = {
        drop(life.store);
        SqliteStore::open(folder.path()).unwrap()
    };
    let sql = "SELECT count(*) FROM record WHERE id < (SELECT value FROM counter WHERE name = 'cleaned_to')";
    let margin: i64 = life.store.connection.query_row(sql, (), |row| row.get(0)).unwrap();
    assert!(steps < 100 || margin > 0, "seed {seed}: space was never won back, so the test shows too little");
}

#[test]
fn no_file_holds_an_erased_or_trimmed_record() {
    (0..3).for_each(|seed| live(seed, 150));
}

#[test]
#[ignore = "soak"]
fn no_file_holds_an_erased_or_trimmed_record_at_length() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..60).for_each(|n| live(first.wrapping_add(n), 400));
}

/// The text was never in the log of SQLite alone: it was copied into the database and is overwritten there.
#[test]
fn an_erased_record_is_gone_when_the_call_returns() {
    let folder = tempfile::tempdir().unwrap();
    let mut life = Life::new(1, folder.path());
    life.append();
    assert!(!marks_in(folder.path()).is_empty());
    while !life.alive.is_empty() {
        life.erase();
        life.check(folder.path(), "after each");
    }
}

/// A store whose records come and go does not grow for ever.
#[test]
fn the_space_of_trimmed_records_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let log = LogName::new("a").unwrap();
    let old = LogName::new("old").unwrap();
    store.append(&vec![Append { log: &old, expected: None, bytes: &[1; 500] }; 1_000]).unwrap();
    let mut sizes = Vec::new();
    for _ in 0..30 {
        let positions = store.append(&vec![Append { log: &log, expected: None, bytes: &[2; 1_000] }; 1_000]).unwrap();
        store.trim(&log, positions[0]).unwrap();
        sizes.push(std::fs::metadata(store.path()).unwrap().len());
    }
    store.verify().unwrap();
    // About 1.5 MB live, as much dead, and 1 MB a round on top.
    assert!(sizes[29] < 8_000_000, "{sizes:?}");
    assert!(sizes[29] - sizes[15] < 100_000, "{sizes:?}");
}
