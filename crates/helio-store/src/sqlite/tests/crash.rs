//! Killed at any moment: copies of the files between two commits are what a kill would leave.

use crate::sqlite::SqliteStore;
use crate::{Append, Log, LogName, Position};
use std::path::Path;

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// "What was returned as done is on the disk": in the files, whatever SQLite was about to do with them.
#[test]
fn a_copy_taken_after_any_commit_holds_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    // So that copies fall before, into and behind checkpoints.
    store.connection.query_row("PRAGMA wal_autocheckpoint = 16", (), |_| Ok(())).unwrap();
    let log = LogName::new("a").unwrap();
    for number in 1_u64..=60 {
        let bytes = [number as u8; 700];
        store.append(&[Append { log: &log, expected: None, bytes: &bytes }; 3]).unwrap();
        if number % 20 == 0 {
            store.erase(&log, Position::new(number)).unwrap();
        }
        let killed = tempfile::tempdir().unwrap();
        copy(folder.path(), killed.path());
        let again = SqliteStore::open(killed.path()).unwrap();
        again.verify().unwrap();
        assert_eq!(again.next_position(&log).unwrap(), Position::new(3 * number + 1));
    }
}

/// A kill between the commit of an erasure and the truncation of the log: opening finishes it.
#[test]
fn an_interrupted_erasure_is_finished_when_the_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let log = LogName::new("a").unwrap();
    store.append(&[Append { log: &log, expected: None, bytes: b"the secret word" }]).unwrap();
    let connection = &store.connection;
    connection
        .execute_batch(
            "BEGIN; UPDATE record SET bytes = zeroblob(length(bytes)); UPDATE place SET record = NULL; \
         UPDATE counter SET value = 31 WHERE name = 'dead_bytes'; COMMIT;",
        )
        .unwrap();
    let killed = tempfile::tempdir().unwrap();
    copy(folder.path(), killed.path());
    let holds_it = || {
        std::fs::read_dir(killed.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(15).any(|window| window == b"the secret word")
        })
    };
    assert!(holds_it(), "the log has both versions of the page");
    let again = SqliteStore::open(killed.path()).unwrap();
    assert!(!holds_it());
    again.verify().unwrap();
}
