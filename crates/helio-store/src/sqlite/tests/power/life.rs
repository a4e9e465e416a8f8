//! What a store lives through while it is watched: always the same steps, and a file that is told each outcome.

use crate::sqlite::SqliteStore;
use crate::{Append, Key, Log, LogName, Position, StoreError, Table, TableName};
use helio_core::rng::Rng;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// The variable that names the folder to live in.
pub(super) const FOLDER: &str = "HELIO_STORE_LIFE";

/// One commit.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Append(Vec<(u64, Vec<u8>)>),
    Erase(u64, u64),
    Trim(u64, u64),
    Set(u64, Vec<u8>),
}

/// What a step was told to have come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Done,
    Failed(String),
}

pub(super) fn steps() -> Vec<Step> {
    let mut rng = Rng::from_seed(7);
    let step = |number: u64| match number % 10 {
        6 => Step::Set(rng.below(4), vec![number as u8; 1_000]),
        8 => Step::Erase(rng.below(3), 1 + rng.below(number)),
        9 => Step::Trim(rng.below(3), rng.below(number)),
        _ => {
            let size = |rng: &mut Rng| if rng.chance(0.1) { 9_000 } else { rng.below(700) } as usize;
            let record = |_| (rng.below(3), vec![number as u8; size(&mut rng)]);
            Step::Append((0..1 + number % 5).map(record).collect())
        }
    };
    (0..70).map(step).collect()
}

/// Takes a step that is right by itself: only the store can fail it.
pub(super) fn perform(store: &mut (impl Log + Table), step: &Step) -> Result<(), String> {
    let name = |number: &u64| LogName::new(&format!("log/{number}")).unwrap();
    let text = |error: StoreError| error.to_string();
    match step {
        Step::Append(records) => {
            let names: Vec<LogName> = records.iter().map(|(log, _)| name(log)).collect();
            let appends = names.iter().zip(records);
            let appends: Vec<_> = appends.map(|(log, (_, bytes))| Append { log, expected: None, bytes }).collect();
            store.append(&appends).map(drop).map_err(|error| error.to_string())
        }
        Step::Erase(log, position) => store.erase(&name(log), Position::new(*position)).map(drop).map_err(text),
        Step::Trim(log, before) => store.trim(&name(log), Position::new(*before)).map(drop).map_err(text),
        Step::Set(key, value) => {
            let (table, key) = (TableName::new("t").unwrap(), Key::new(&key.to_string()).unwrap());
            let there = store.get(&table, &key).map_err(text)?.map(|(version, _)| version);
            store.compare_and_set(&table, &key, there, Some(value)).map(drop).map_err(|error| error.to_string())
        }
    }
}

/// Lives in `folder`: a store below it, and the file `told`, one line a step, each one write. When a step fails, the
/// store is probed until it works. Then erasing and trimming are tried again, as they must; others are told and left.
pub(super) fn live(folder: &Path) {
    let mut told = File::create(folder.join("told")).unwrap();
    let mut store = SqliteStore::open(&folder.join("store")).unwrap();
    // So that commits with a checkpoint in them are among the steps.
    store.connection.query_row("PRAGMA wal_autocheckpoint = 12", (), |_| Ok(())).unwrap();
    for step in steps() {
        let mut outcome = perform(&mut store, &step);
        if let Err(error) = &outcome {
            let works = (0..10).any(|_| store.probe().is_ok());
            assert!(works, "the store does not recover from: {error}");
            if matches!(step, Step::Erase(..) | Step::Trim(..)) {
                outcome = (0..10).map(|_| perform(&mut store, &step)).find(Result::is_ok).unwrap_or(outcome);
            }
        }
        let line = outcome.map_or_else(|error| format!("failed {error}\n"), |()| "done\n".to_owned());
        told.write_all(line.as_bytes()).unwrap();
    }
}

/// The outcomes in the text of a file `told`.
pub(super) fn told(text: &str) -> Vec<Told> {
    let outcome = |line: &str| match line.strip_prefix("failed ") {
        Some(error) => Told::Failed(error.to_owned()),
        None => Told::Done,
    };
    text.lines().map(outcome).collect()
}
