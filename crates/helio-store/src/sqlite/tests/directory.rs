//! `spec/store.md`, "The directory".

use crate::StoreError;
use crate::sqlite::SqliteStore;
use rusqlite::Connection;
use std::fs::{metadata, read_dir};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("a/b");
    let mut store = SqliteStore::open(&directory).unwrap();
    crate::Log::probe(&mut store).unwrap();
    let mut files: Vec<String> =
        read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["lock", "store.sqlite3", "store.sqlite3-wal"]);
    assert_eq!(mode(&directory), 0o700);
    for file in files {
        assert_eq!(mode(&directory.join(&file)), 0o600, "{file}");
    }
}

#[test]
fn a_second_one_is_refused_and_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let error = SqliteStore::open(folder.path()).unwrap_err();
    let expected = format!(
        "{} is in use by pid {}; stop that one, or use another directory",
        folder.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    drop(store);
    SqliteStore::open(folder.path()).unwrap();
}

/// `locking_mode=EXCLUSIVE`: other programs that know nothing of our lock.
#[test]
fn other_programs_cannot_open_the_database_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let other = Connection::open(store.path()).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    let error = other.query_row("SELECT count(*) FROM log", (), |_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "database is locked");
    drop(store);
    other.query_row("SELECT count(*) FROM log", (), |_| Ok(())).unwrap();
    let error = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { holder: None, .. }), "{error}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "").unwrap();
    let error = SqliteStore::open(&path.join("store")).unwrap_err();
    let expected = format!(
        "cannot make the directory {}: Not a directory (os error 20); look at the disk and its permissions",
        path.join("store").display()
    );
    assert_eq!(error.to_string(), expected);
}
