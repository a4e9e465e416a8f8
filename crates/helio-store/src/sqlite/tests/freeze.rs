//! `spec/store.md`, "Copying a store in use": a copy that plain file operations made is the store as it was.

use crate::sqlite::SqliteStore;
use crate::{Append, Direction, Limit, Log, LogName, Position};
use std::path::Path;

fn log() -> LogName {
    LogName::new("log").unwrap()
}

fn append(store: &mut SqliteStore, text: &str) {
    store.append(&[Append { log: &log(), expected: None, bytes: text.as_bytes() }]).unwrap();
}

fn texts(store: &SqliteStore) -> Vec<Option<String>> {
    let records = store.read(&log(), Position::FIRST..Position::END, Limit::MOST, Direction::Forwards).unwrap();
    records.into_iter().map(|record| record.bytes.map(|bytes| String::from_utf8(bytes).unwrap())).collect()
}

/// What is in the copy `file`, judged as a whole store.
fn copied(file: &Path) -> Vec<Option<String>> {
    let store = SqliteStore::open(file.parent().unwrap()).unwrap();
    store.verify().unwrap();
    texts(&store)
}

fn copy(from: &Path, folder: &Path) -> std::path::PathBuf {
    let to = folder.join("copy");
    std::fs::create_dir_all(&to).unwrap();
    let to = to.join("store.sqlite3");
    std::fs::copy(from, &to).unwrap();
    to
}

#[test]
fn what_comes_while_the_file_is_copied_is_kept_and_not_in_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("a")).unwrap();
    append(&mut store, "before");
    let file = store.freeze().unwrap().unwrap();
    // More than SQLite would leave in its log.
    for n in 0..300 {
        append(&mut store, &format!("{n} {}", "x".repeat(20_000)));
    }
    let copy = copy(&file, folder.path());
    assert!(store.thaw().unwrap());
    assert_eq!(copied(&copy), [Some("before".to_owned())]);
    assert_eq!(texts(&store).len(), 53, "as many as one read brings");
    append(&mut store, "after");
    drop(store);
    let store = SqliteStore::open(&folder.path().join("a")).unwrap();
    store.verify().unwrap();
    assert_eq!(store.next_position(&log()).unwrap(), Position::new(303));
}

#[test]
fn an_erasure_does_not_wait_and_voids_the_copy() {
    for erase in [
        (|store: &mut SqliteStore| store.erase(&log(), Position::FIRST).map(|_| ())) as fn(&mut SqliteStore) -> _,
        |store| store.trim(&log(), Position::new(2)).map(|_| ()),
        |store| store.scrub(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(folder.path()).unwrap();
        append(&mut store, "a secret that is to go");
        let file = store.freeze().unwrap().unwrap();
        erase(&mut store).unwrap();
        assert_eq!(std::fs::metadata(folder.path().join("store.sqlite3-wal")).unwrap().len(), 0);
        assert!(!store.thaw().unwrap());
        drop(file);
        assert!(store.freeze().unwrap().is_some());
        assert!(store.thaw().unwrap());
        assert!(!store.thaw().unwrap(), "there was nothing to end");
    }
}

#[test]
fn what_comes_meanwhile_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.freeze().unwrap();
    append(&mut store, "a");
    store.bound_freeze(1_000_000);
    append(&mut store, "b");
    store.bound_freeze(1_000);
    append(&mut store, "c");
    assert!(!store.thaw().unwrap());
    assert_eq!(texts(&store).len(), 3);
}
