//! A look at a store that is not to be changed.

use crate::sqlite::{Examined, SqliteStore};
use crate::{Append, Log, LogName, StoreError};
use std::fs;
use std::os::unix::fs::FileExt;

#[test]
fn a_look_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none");
    assert_eq!(SqliteStore::examine(&none, true), Ok(Examined::Absent));
    assert!(!none.exists());
    assert_eq!(SqliteStore::examine(folder.path(), true), Ok(Examined::Absent));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_store_in_use_is_told_from_one_that_is_well_and_one_that_is_older() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let holder = Some(format!("pid {}", std::process::id()));
    let locked = StoreError::Locked { path: folder.path().to_owned(), holder };
    assert_eq!(SqliteStore::examine(folder.path(), false), Err(locked));
    drop(store);
    assert_eq!(SqliteStore::examine(folder.path(), false), Ok(Examined::Current));
    assert_eq!(SqliteStore::examine(folder.path(), true), Ok(Examined::Current));
    let older = tempfile::tempdir().unwrap();
    fs::write(older.path().join("store.sqlite3"), "").unwrap();
    assert_eq!(SqliteStore::examine(older.path(), true), Ok(Examined::Older));
}

#[test]
fn damage_in_the_middle_is_found_by_a_thorough_look_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let log = LogName::new("room/1").unwrap();
    let records: Vec<_> = (0..200).map(|n| format!("{n} {}", "x".repeat(500))).collect();
    let batch = records.iter().map(|bytes| Append { log: &log, expected: None, bytes: bytes.as_bytes() });
    store.append(&batch.collect::<Vec<_>>()).unwrap();
    drop(store);
    let file = fs::OpenOptions::new().write(true).open(folder.path().join("store.sqlite3")).unwrap();
    let length = file.metadata().unwrap().len();
    // Pages of records; the schema is in the first.
    file.write_all_at(&vec![0xff; 8 * 4096], length - 12 * 4096).unwrap();
    assert_eq!(SqliteStore::examine(folder.path(), false), Ok(Examined::Current));
    let found = SqliteStore::examine(folder.path(), true);
    assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{found:?}");
    fs::write(folder.path().join("store.sqlite3"), vec![0xff; 4096]).unwrap();
    let found = SqliteStore::examine(folder.path(), false);
    assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{found:?}");
}
