//! Making bytes be gone, and winning back their space: `spec/store.md`, "Why bytes are really gone".

use super::SqliteStore;
use super::failure::failure;
use super::log::{number, position};
use super::schema::{LOCAL_BYTES, MARGIN_BYTES, MARGIN_ROWS, ROW_OVERHEAD_BYTES};
use crate::{LogName, Position, StoreError};
use helio_core::limits::{
    STORE_DEAD_BYTES, STORE_READ_BYTES, STORE_RECLAIM_RECORDS, STORE_TRIM_BYTES, STORE_TRIM_RECORDS,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

/// Work of one kind: rows, and the bytes in them.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    rows: i64,
    bytes: i64,
}

/// A row of `record` at the low end.
#[derive(Debug)]
struct Candidate {
    id: i64,
    log: i64,
    position: i64,
    bytes: i64,
    is_live: bool,
}

impl SqliteStore {
    pub(super) fn erase_record(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError> {
        let Some(row) = self.row(log)? else { return Ok(false) };
        let erased = erase(&mut self.connection, row.id, number(position));
        let was_there = erased.map_err(|error| failure(&self.path, "erase in", error))?;
        // Also when nothing was to be done: it may be the second try of a call whose scrub failed.
        self.break_freeze()?;
        self.truncate_wal()?;
        Ok(was_there)
    }

    pub(super) fn trim_log(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        let first = self.trim_without_scrub(log, before)?;
        self.break_freeze()?;
        self.truncate_wal()?;
        Ok(first)
    }

    pub(super) fn trim_without_scrub(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        let Some(row) = self.row(log)? else { return Ok(Position::FIRST) };
        let trimmed = trim(&mut self.connection, row.id, number(before));
        let first = trimmed.map_err(|error| failure(&self.path, "trim", error))?;
        Ok(first.map_or(row.first, |first| first))
    }

    /// Copies the whole log of SQLite into the database and truncates it, so that old versions of pages are nowhere.
    pub(super) fn truncate_wal(&self) -> Result<(), StoreError> {
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0));
        match checkpoint.map_err(|error| failure(&self.path, "checkpoint", error))? {
            false => Ok(()),
            true => Err(StoreError::Locked { path: self.path.clone(), holder: None }),
        }
    }
}

fn erase(connection: &mut Connection, log: i64, position: i64) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "SELECT record FROM place WHERE log = ?1 AND position = ?2";
    let found: Option<Option<i64>> =
        transaction.prepare_cached(sql)?.query_row(params![log, position], |row| row.get(0)).optional()?;
    let Some(Some(record)) = found else { return Ok(false) };
    let bytes = overwrite(&transaction, record)?;
    let sql = "UPDATE place SET record = NULL WHERE log = ?1 AND position = ?2";
    transaction.prepare_cached(sql)?.execute(params![log, position])?;
    add(&transaction, "dead_bytes", bytes)?;
    transaction.commit()?;
    Ok(true)
}

/// Returns the first position that is kept, or `None` when there was nothing to trim.
fn trim(connection: &mut Connection, log: i64, before: i64) -> rusqlite::Result<Option<Position>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let doomed = doomed(&transaction, log, before)?;
    let Some(&(last, ..)) = doomed.last() else { return Ok(None) };
    let mut done = Amount::default();
    for (_, record, _) in &doomed {
        done.rows += 1;
        if let Some(record) = record {
            done.bytes += overwrite(&transaction, *record)?;
        }
    }
    let sql = "DELETE FROM place WHERE log = ?1 AND position <= ?2";
    transaction.prepare_cached(sql)?.execute(params![log, last])?;
    let sql = "UPDATE log SET first = ?2 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![log, last + 1])?;
    add(&transaction, "dead_bytes", done.bytes)?;
    reclaim(&transaction, done)?;
    transaction.commit()?;
    Ok(Some(position(last + 1)))
}

/// Positions, rows and sizes of the records that one trim removes.
fn doomed(connection: &Connection, log: i64, before: i64) -> rusqlite::Result<Vec<(i64, Option<i64>, i64)>> {
    let sql = "SELECT p.position, p.record, ifnull(length(r.bytes), 0) \
               FROM place p LEFT JOIN record r ON r.id = p.record \
               WHERE p.log = ?1 AND p.position < ?2 ORDER BY p.position LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (mut doomed, mut bytes) = (Vec::new(), 0);
    for found in statement.query_map(params![log, before, STORE_TRIM_RECORDS as i64], row)? {
        let found: (i64, Option<i64>, i64) = found?;
        bytes += found.2;
        if bytes > STORE_TRIM_BYTES as i64 && !doomed.is_empty() {
            break;
        }
        doomed.push(found);
    }
    Ok(doomed)
}

/// Puts as many zeros over the bytes of a row, which SQLite does in place. Returns what the row counts as dead.
fn overwrite(connection: &Connection, record: i64) -> rusqlite::Result<i64> {
    let sql = "UPDATE record SET bytes = zeroblob(length(bytes)) WHERE id = ?1 RETURNING length(bytes)";
    let bytes: i64 = connection.prepare_cached(sql)?.query_row([record], |row| row.get(0))?;
    Ok(bytes + ROW_OVERHEAD_BYTES)
}

/// When too much is dead: moves live rows from the low end to the high end, and deletes dead ones from the low end.
fn reclaim(transaction: &Transaction<'_>, trimmed: Amount) -> rusqlite::Result<()> {
    if !is_worth_it(transaction)? {
        return Ok(());
    }
    let budget = Amount {
        rows: 2 * trimmed.rows + STORE_RECLAIM_RECORDS as i64,
        bytes: 2 * trimmed.bytes + STORE_READ_BYTES as i64,
    };
    let candidates = candidates(transaction, budget)?;
    let Some(last) = candidates.last() else { return Ok(()) };
    let cleaned_to = last.id + 1;
    for candidate in candidates.iter().filter(|candidate| candidate.is_live) {
        move_up(transaction, candidate)?;
    }
    let sql = "UPDATE counter SET value = ?1 WHERE name = 'cleaned_to'";
    transaction.prepare_cached(sql)?.execute([cleaned_to])?;
    delete_dead(transaction, cleaned_to)
}

fn is_worth_it(connection: &Connection) -> rusqlite::Result<bool> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used = (pragma("page_count")? - pragma("freelist_count")?) * pragma("page_size")?;
    let dead = counter(connection, "dead_bytes")?;
    Ok(dead > STORE_DEAD_BYTES as i64 && dead > used / 2)
}

fn candidates(connection: &Connection, budget: Amount) -> rusqlite::Result<Vec<Candidate>> {
    let sql = "SELECT r.id, r.log, r.position, length(r.bytes), p.record IS r.id \
               FROM record r LEFT JOIN place p ON p.log = r.log AND p.position = r.position \
               WHERE r.id >= ?1 ORDER BY r.id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let row = |row: &Row<'_>| {
        let (id, log, position, bytes, is_live) = row.try_into()?;
        Ok(Candidate { id, log, position, bytes, is_live })
    };
    let from = counter(connection, "cleaned_to")?;
    let (mut candidates, mut bytes) = (Vec::new(), 0);
    for candidate in statement.query_map(params![from, budget.rows], row)? {
        let candidate = candidate?;
        bytes += candidate.bytes;
        if bytes > budget.bytes && !candidates.is_empty() {
            break;
        }
        candidates.push(candidate);
    }
    Ok(candidates)
}

fn move_up(connection: &Connection, old: &Candidate) -> rusqlite::Result<()> {
    let bytes: Vec<u8> =
        connection.prepare_cached("SELECT bytes FROM record WHERE id = ?1")?.query_row([old.id], |row| row.get(0))?;
    let sql = "INSERT INTO record (log, position, bytes) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![old.log, old.position, bytes])?;
    let new = connection.last_insert_rowid();
    let sql = "UPDATE place SET record = ?3 WHERE log = ?1 AND position = ?2";
    connection.prepare_cached(sql)?.execute(params![old.log, old.position, new])?;
    let dead = overwrite(connection, old.id)?;
    add(connection, "dead_bytes", dead)
}

/// Deletes rows below `cleaned_to` but for the margin.
fn delete_dead(connection: &Connection, cleaned_to: i64) -> rusqlite::Result<()> {
    let mut margin = Amount::default();
    let sql = "SELECT id, length(bytes) FROM record WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![cleaned_to, MARGIN_ROWS + 1])?;
    let end: i64 = loop {
        let Some(row) = rows.next()? else { return Ok(()) };
        let bytes: i64 = row.get(1)?;
        if margin.rows >= MARGIN_ROWS || margin.bytes >= MARGIN_BYTES {
            break row.get(0)?;
        }
        margin.rows += 1;
        margin.bytes += bytes.min(LOCAL_BYTES);
    };
    drop(rows);
    let sql = "SELECT ifnull(sum(length(bytes) + ?2), 0) FROM record WHERE id <= ?1";
    let params = params![end, ROW_OVERHEAD_BYTES];
    let bytes: i64 = connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
    connection.prepare_cached("DELETE FROM record WHERE id <= ?1")?.execute([end])?;
    add(connection, "dead_bytes", -bytes)
}

pub(super) fn counter(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT value FROM counter WHERE name = ?1")?.query_row([name], |row| row.get(0))
}

fn add(connection: &Connection, name: &str, amount: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE counter SET value = value + ?2 WHERE name = ?1";
    connection.prepare_cached(sql)?.execute(params![name, amount]).map(|_| ())
}
