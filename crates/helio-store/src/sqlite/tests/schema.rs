//! `spec/store.md`, "The database": what an older and a newer helio left behind.

use crate::sqlite::SqliteStore;
use crate::{Append, Direction, Key, Limit, Log, LogName, Position, StoreError, Table, TableName, Version};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// The first schema with data, as version 1 wrote it. Never changed.
const VERSION_1: &str = include_str!("version_1.sql");

/// A directory with a database that was made by `sql`.
fn prepared(directory: &Path, sql: &str) -> PathBuf {
    let path = directory.join("store.sqlite3");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    path
}

fn schema(path: &Path) -> Vec<(String, String)> {
    let connection = Connection::open(path).unwrap();
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let words = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = statement.query_map((), |row| Ok((row.get(0)?, words(row.get(1)?)))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_first_version_is_opened_with_all_that_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = prepared(folder.path(), VERSION_1);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.verify().unwrap();
    let heads = store.logs("", None, 9).unwrap();
    let heads: Vec<String> = heads.iter().map(|h| format!("{} {}..{}", h.log, h.first, h.next)).collect();
    assert_eq!(heads, ["room/#lobby 2..5", "settings 1..2"]);
    let lobby = LogName::new("room/#lobby").unwrap();
    let range = Position::FIRST..Position::END;
    let records = store.read(&lobby, range, Limit::MOST, Direction::Forwards).unwrap();
    let bytes: Vec<Option<&[u8]>> = records.iter().map(|record| record.bytes.as_deref()).collect();
    assert_eq!(bytes, [Some(&b"two"[..]), None, Some(b"\x00\xff")]);
    let (table, key) = (TableName::new("accounts").unwrap(), Key::new("ada").unwrap());
    assert_eq!(store.get(&table, &key).unwrap(), Some((Version::new(7), b"hash".to_vec())));
    assert_eq!(store.compare_and_set(&table, &key, Some(Version::new(7)), None).unwrap(), Version::new(8));
    assert_eq!(store.append(&[Append { log: &lobby, expected: None, bytes: b"" }]).unwrap(), [Position::new(5)]);
    drop(store);
    let fresh = tempfile::tempdir().unwrap();
    let new = SqliteStore::open(fresh.path()).unwrap().path().to_owned();
    assert_eq!(schema(&path), schema(&new), "the steps and the latest schema are the same");
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = prepared(folder.path(), &format!("{VERSION_1} PRAGMA user_version = 9;"));
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(folder.path()).unwrap_err();
    let expected = format!(
        "{} has schema 9, this helio knows up to 1; use the helio that made it, or a newer one",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    for (sql, id) in
        [("CREATE TABLE t (x);", "0x00000000"), ("PRAGMA application_id = 7; CREATE TABLE t (x);", "0x00000007")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = prepared(folder.path(), sql);
        let before = std::fs::read(&path).unwrap();
        let error = SqliteStore::open(folder.path()).unwrap_err();
        let expected =
            format!("{} is a database of another program (application id {id}); use another directory", path.display());
        assert_eq!(error.to_string(), expected);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

/// A power cut while the first schema is made leaves an empty database, or one that is only switched to the log.
#[test]
fn a_database_that_was_hardly_begun_is_made_anew() {
    for sql in ["", "PRAGMA journal_mode = WAL;"] {
        let folder = tempfile::tempdir().unwrap();
        prepared(folder.path(), sql);
        SqliteStore::open(folder.path()).unwrap().verify().unwrap();
    }
}

#[test]
fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite3");
    std::fs::write(
        &path,
        "some text that is not a database at all, and long enough for a header of one, as it were.....",
    )
    .unwrap();
    let error = SqliteStore::open(folder.path()).unwrap_err();
    let expected = format!(
        "{} is damaged: file is not a database; stop helio, keep a copy of the whole directory, and restore a backup",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error, StoreError::Corrupt { .. }));
}
