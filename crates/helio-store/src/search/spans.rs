//! How far each log is in the index, and which of its positions are in which shard.

use super::shard::{ShardId, table};
use super::{Document, Stretch, log_number};
use crate::{LogHead, LogName, Position};
use helio_core::limits::SEARCH_LOGS;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::collections::BTreeSet;
use std::ops::Range;

// spec: begin
/// The logs of private conversations: behind this the names of both sides, parted by `/`.
const PRIVATE: &str = "private/";
// spec: end

/// Moves logs on, and returns the documents that are new, each with the number of its log.
pub(super) fn advance(transaction: &Transaction<'_>, stretches: &[Stretch]) -> rusqlite::Result<Vec<(i64, Document)>> {
    let mut fresh = Vec::new();
    for Stretch { log, range, documents } in stretches {
        let id = ensure(transaction, log)?;
        let next: i64 =
            transaction.prepare_cached("SELECT next FROM log WHERE id = ?1")?.query_row([id], |row| row.get(0))?;
        let follows = range.start.number() <= next && range.end.number() > next;
        let sql = "UPDATE log SET next = max(next, ?2), head = max(head, ?3), newest = max(newest, ?4) WHERE id = ?1";
        let new = documents.iter().filter(|document| follows && document.position.number() >= next);
        let newest = new.clone().map(|document| document.at_us).max().unwrap_or(0);
        let reached = if follows { range.end.number() } else { 0 };
        transaction.prepare_cached(sql)?.execute(params![id, reached, range.end.number(), newest])?;
        fresh.extend(new.map(|document| (id, document.clone())));
    }
    Ok(fresh)
}

/// Notes where a log stands.
pub(super) fn note(transaction: &Transaction<'_>, head: &LogHead) -> rusqlite::Result<()> {
    let (first, next) = (head.first.number(), head.next.number());
    if first == next && log_number(transaction, &head.log)?.is_none() {
        return Ok(());
    }
    let id = ensure(transaction, &head.log)?;
    // What was trimmed needs no reading.
    let sql = "UPDATE log SET head = max(head, ?2), next = max(next, ?3) WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![id, next, first])?;
    let sql = "UPDATE shard SET is_stale = 1 WHERE id IN (SELECT shard FROM span WHERE log = ?1 AND first < ?2)";
    transaction.prepare_cached(sql)?.execute(params![id, first])?;
    if first == next { forget_without_spans(transaction, id) } else { Ok(()) }
}

/// Marks the shards that hold one of these records.
pub(super) fn note_erased(
    transaction: &Transaction<'_>,
    log: &LogName,
    positions: &[Position],
) -> rusqlite::Result<()> {
    let Some(id) = log_number(transaction, log)? else { return Ok(()) };
    let erased: BTreeSet<i64> = positions.iter().map(|position| position.number()).collect();
    let sql = "SELECT span.shard, span.first, span.next FROM span JOIN shard ON shard.id = span.shard \
               WHERE span.log = ?1 AND NOT shard.is_stale";
    let mut spans = transaction.prepare_cached(sql)?;
    let spans = spans.query_map([id], |row| Ok((ShardId(row.get(0)?), row.get(1)?..row.get(2)?)))?;
    for span in spans {
        let (shard, range): (ShardId, Range<i64>) = span?;
        if erased.range(range).next().is_some() && holds(transaction, shard, id, &erased)? {
            transaction.execute("UPDATE shard SET is_stale = 1 WHERE id = ?1", [shard.0])?;
        }
    }
    Ok(())
}

/// A document of a log is in a shard.
pub(super) fn extend(
    transaction: &Transaction<'_>,
    shard: ShardId,
    log: i64,
    position: Position,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO span (shard, log, first, next) VALUES (?1, ?2, ?3, ?3 + 1) \
               ON CONFLICT (shard, log) DO UPDATE SET first = min(first, excluded.first), next = max(next, excluded.next)";
    transaction.prepare_cached(sql)?.execute(params![shard.0, log, position.number()])?;
    Ok(())
}

/// A log of which there is more, and from where.
pub(super) fn behind(
    connection: &Connection,
    among: Option<&[LogName]>,
) -> rusqlite::Result<Option<(LogName, Position)>> {
    let read = |row: &rusqlite::Row<'_>| Ok((name(row, 0)?, position(row.get(1)?)));
    let Some(among) = among else {
        let sql = "SELECT name, next FROM log WHERE next < head LIMIT 1";
        return connection.prepare_cached(sql)?.query_row((), read).optional();
    };
    let mut one = connection.prepare_cached("SELECT name, next FROM log WHERE name = ?1 AND next < head")?;
    let mut found = among.iter().map(|log| one.query_row([log.as_str()], read).optional());
    found.find_map(Result::transpose).transpose()
}

/// The logs of private conversations with this side, at most [`SEARCH_LOGS`]: those in which something was said last.
pub(super) fn of_party(connection: &Connection, party: &str) -> rusqlite::Result<Vec<LogName>> {
    let sql = "SELECT log.name FROM party JOIN log ON log.id = party.log WHERE party.name = ?1 \
               ORDER BY log.newest DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![party, SEARCH_LOGS as i64], |row| name(row, 0))?.collect()
}

/// Which positions of which logs a shard has.
pub(super) fn of_shard(
    connection: &Connection,
    shard: ShardId,
) -> rusqlite::Result<Vec<(i64, LogName, Range<Position>)>> {
    let sql = "SELECT log.id, log.name, span.first, span.next FROM span JOIN log ON log.id = span.log \
               WHERE span.shard = ?1";
    let mut spans = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, name(row, 1)?, position(row.get(2)?)..position(row.get(3)?)));
    spans.query_map([shard.0], read)?.collect()
}

/// The numbers of the logs that a shard has something of.
pub(super) fn numbers(connection: &Connection, shard: ShardId) -> rusqlite::Result<Vec<i64>> {
    let mut spans = connection.prepare_cached("SELECT log FROM span WHERE shard = ?1")?;
    spans.query_map([shard.0], |row| row.get(0))?.collect()
}

/// The log's name in a row. What is no name was none when it was written.
pub(super) fn name(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<LogName> {
    let text: String = row.get(column)?;
    LogName::new(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into()))
}

pub(super) fn position(number: i64) -> Position {
    Position::new(number.unsigned_abs())
}

impl Position {
    /// As SQLite keeps it: there is none beyond [`Position::END`].
    pub(super) fn number(self) -> i64 {
        i64::try_from(self.get()).unwrap_or(i64::MAX)
    }
}

/// The number of a log, which is given one now if it has none.
fn ensure(transaction: &Transaction<'_>, log: &LogName) -> rusqlite::Result<i64> {
    if let Some(id) = log_number(transaction, log)? {
        return Ok(id);
    }
    let sql = "INSERT INTO log (name, next, head, newest) VALUES (?1, 1, 1, 0)";
    transaction.execute(sql, [log.as_str()])?;
    let id = transaction.last_insert_rowid();
    for party in log.as_str().strip_prefix(PRIVATE).into_iter().flat_map(|names| names.split('/')) {
        transaction.execute("INSERT OR IGNORE INTO party (name, log) VALUES (?1, ?2)", params![party, id])?;
    }
    Ok(id)
}

/// Whether a shard has a document at one of these positions of a log.
fn holds(transaction: &Transaction<'_>, shard: ShardId, log: i64, erased: &BTreeSet<i64>) -> rusqlite::Result<bool> {
    let table = table(shard);
    let sql = format!("SELECT position FROM document WHERE id IN (SELECT rowid FROM {table} WHERE {table} MATCH ?1)");
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([format!("scope : \"{log}\"")])?;
    while let Some(row) = rows.next()? {
        if erased.contains(&row.get(0)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets a log of which the store has nothing, when the index has nothing of it either.
fn forget_without_spans(transaction: &Transaction<'_>, log: i64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM log WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM span WHERE log = ?1)";
    if transaction.prepare_cached(sql)?.execute([log])? > 0 {
        transaction.prepare_cached("DELETE FROM party WHERE log = ?1")?.execute([log])?;
    }
    Ok(())
}
