//! `spec/store.md`, "On an error": a full disk, a damaged file.

use crate::sqlite::SqliteStore;
use crate::{
    Append, AppendError, Direction, Key, Limit, Log, LogName, Position, SetError, StoreError, Table, TableName,
};
use std::io::{Seek, SeekFrom, Write};

fn log() -> LogName {
    LogName::new("a").unwrap()
}

fn append(store: &mut SqliteStore, size: usize) -> Result<Vec<Position>, AppendError> {
    store.append(&[Append { log: &log(), expected: None, bytes: &vec![7; size] }])
}

fn count(store: &SqliteStore) -> usize {
    store.read(&log(), Position::FIRST..Position::END, Limit::MOST, Direction::Forwards).unwrap().len()
}

fn limit_pages(store: &SqliteStore, pages: u32) {
    store.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).unwrap();
}

/// "full: nothing of the call is visible; usable as soon as there is room".
#[test]
fn a_full_disk_fails_the_commit_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    append(&mut store, 100).unwrap();
    limit_pages(&store, 20);
    let mut committed = 1;
    let error = loop {
        match append(&mut store, 5_000) {
            Ok(_) => committed += 1,
            Err(error) => break error,
        }
    };
    let expected = format!(
        "no room for {}: database or disk is full; free some space on that disk",
        folder.path().join("store.sqlite3").display()
    );
    assert_eq!(error.to_string(), expected);
    let (table, key) = (TableName::new("t").unwrap(), Key::new("k").unwrap());
    let error = store.compare_and_set(&table, &key, None, Some(&[7; 60_000])).unwrap_err();
    assert!(matches!(error, SetError::Store(StoreError::Full { .. })), "{error}");
    let error = store.probe().unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "a probe asks for room: {error}");
    assert_eq!(store.get(&table, &key).unwrap(), None);
    assert_eq!(count(&store), committed);
    assert!(store.erase(&log(), Position::new(2)).unwrap(), "erasing needs no room");
    limit_pages(&store, 1_000);
    store.probe().unwrap();
    assert_eq!(append(&mut store, 5_000).unwrap(), [Position::new(committed as u64 + 1)]);
    store.verify().unwrap();
    drop(store);
    assert_eq!(count(&SqliteStore::open(folder.path()).unwrap()), committed + 1);
}

/// "corrupt": it is told, whatever page is hit, and never a panic or a wrong answer.
#[test]
fn a_damaged_page_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    for _ in 0..200 {
        append(&mut store, 400).unwrap();
    }
    let path = store.path().to_owned();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    for page in 1..whole.len() / 4_096 {
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all(&whole).unwrap();
        file.seek(SeekFrom::Start(page as u64 * 4_096)).unwrap();
        file.write_all(&[0xA5; 4_096]).unwrap();
        drop(file);
        let opened = SqliteStore::open(folder.path()).and_then(|store| store.verify());
        let error = opened.expect_err("a page of rubbish is seen");
        assert!(matches!(error, StoreError::Corrupt { .. }), "page {page}: {error}");
    }
}

#[test]
fn rows_that_do_not_fit_together_are_found() {
    for (sql, expected) in [
        ("DELETE FROM place WHERE position = 2", "1 logs with gaps"),
        ("DELETE FROM record WHERE position = 2", "1 places without their record"),
        ("UPDATE log SET first = 2", "1 places outside their log"),
        ("INSERT INTO record (log, position, bytes) VALUES (1, 9, x'01')", "1 dead rows with bytes in them"),
        ("INSERT INTO record (log, position, bytes) VALUES (1, 9, x'00')", "the count of dead bytes is -17 too high"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(folder.path()).unwrap();
        (0..3).for_each(|_| drop(append(&mut store, 3).unwrap()));
        store.verify().unwrap();
        store.connection.execute_batch(sql).unwrap();
        let error = store.verify().unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { detail, .. } if detail == expected), "{sql}: {error}");
    }
}
