//! A look at the whole database.

use super::SqliteStore;
use super::failure::failure;
use super::schema;
use super::schema::ROW_OVERHEAD_BYTES;
use crate::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Each counts rows that must not be, and says what they would mean.
const FINDINGS: &[(&str, &str)] = &[
    (
        "SELECT count(*) FROM place p LEFT JOIN record r ON r.id = p.record \
         WHERE p.record IS NOT NULL AND (r.log, r.position) IS NOT (p.log, p.position)",
        "places without their record",
    ),
    (
        "SELECT count(*) FROM log l WHERE l.next - l.first != (SELECT count(*) FROM place p \
         WHERE p.log = l.id AND p.position >= l.first AND p.position < l.next)",
        "logs with gaps",
    ),
    (
        "SELECT count(*) FROM place p LEFT JOIN log l ON l.id = p.log \
         WHERE l.id IS NULL OR p.position < l.first OR p.position >= l.next",
        "places outside their log",
    ),
    (
        "SELECT count(*) FROM record r LEFT JOIN place p ON p.log = r.log AND p.position = r.position \
         WHERE p.record IS NOT r.id AND r.bytes IS NOT zeroblob(length(r.bytes))",
        "dead rows with bytes in them",
    ),
];

impl SqliteStore {
    /// Reads everything and checks that it fits together. Takes a second for some 100 MB; nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] names the first thing that does not fit; other errors when reading fails.
    pub fn verify(&self) -> Result<(), StoreError> {
        verify(&self.connection, &self.path)
    }
}

/// [`SqliteStore::verify`] for a file that nobody uses: a copy whose write-ahead log is in it. Nothing is changed, made or
/// locked.
///
/// # Errors
///
/// As [`SqliteStore::verify`]; also when it is no store, or a newer one.
pub fn check_file(file: &Path) -> Result<(), StoreError> {
    let open = || {
        // Immutable: without it SQLite would make files beside it, to read what it takes for a database in use.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(format!("file:{}?immutable=1", escaped(file)), flags)
    };
    let connection = open().map_err(|error| failure(file, "open", error))?;
    schema::check(&connection, file)?;
    verify(&connection, file)
}

/// A path within a URI (RFC 3986 §2.1).
fn escaped(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    let escaped = bytes.map(|byte| match byte {
        b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    escaped.collect()
}

fn verify(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| failure(path, "read", error);
    let corrupt = |detail| Err(StoreError::Corrupt { path: path.to_owned(), detail });
    let said: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)).map_err(failed)?;
    if said != "ok" {
        return corrupt(said);
    }
    for (sql, what) in FINDINGS {
        let count: i64 = connection.query_row(sql, (), |row| row.get(0)).map_err(failed)?;
        if count > 0 {
            return corrupt(format!("{count} {what}"));
        }
    }
    let sql = "SELECT (SELECT value FROM counter WHERE name = 'dead_bytes') - ifnull(sum(length(r.bytes) + ?1), 0) \
               FROM record r LEFT JOIN place p ON p.log = r.log AND p.position = r.position \
               WHERE p.record IS NOT r.id";
    let off: i64 = connection.query_row(sql, [ROW_OVERHEAD_BYTES], |row| row.get(0)).map_err(failed)?;
    if off != 0 { corrupt(format!("the count of dead bytes is {off} too high")) } else { Ok(()) }
}
