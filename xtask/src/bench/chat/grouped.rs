//! What the disk allows: rows that bare SQLite commits in groups, each commit synced.

use anyhow::{Context, Result};
use rusqlite::Connection;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a row: a message with what a server stores beside its text.
const ROW: usize = 200;

/// Rows a second in groups of `group`, in a new database in a folder: write-ahead log, every commit synced.
pub(super) fn rate(folder: &Path, group: usize, time: Duration) -> Result<f64> {
    let mut database = Connection::open(folder.join("bare.sqlite")).context("cannot make a database")?;
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", "full")?;
    database.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, event BLOB NOT NULL)", ())?;
    let (row, start, mut rows) = ([0x55; ROW], Instant::now(), 0);
    loop {
        let commit = database.transaction()?;
        let mut insert = commit.prepare_cached("INSERT INTO log (event) VALUES (?1)")?;
        for _ in 0..group {
            rows += insert.execute([row])?;
        }
        drop(insert);
        commit.commit().context("cannot commit")?;
        if start.elapsed() >= time {
            return Ok(rows as f64 / start.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rate;
    use std::time::Duration;

    #[test]
    fn rows_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        assert!(rate(folder.path(), 2, Duration::ZERO).unwrap() > 0.0);
        let database = rusqlite::Connection::open(folder.path().join("bare.sqlite")).unwrap();
        let rows: u32 = database.query_row("SELECT count(*) FROM log", (), |row| row.get(0)).unwrap();
        assert_eq!(rows, 2);
    }
}
