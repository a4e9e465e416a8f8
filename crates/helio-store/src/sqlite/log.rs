//! Logs in SQLite.

use super::SqliteStore;
use super::failure::failure;
use crate::bounds::check_batch;
use crate::{Append, AppendError, Direction, Limit, Log, LogHead, LogName, Position, Record, StoreError};
use helio_core::limits::{STORE_FROZEN_BYTES, STORE_READ_RECORDS};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

/// A row of the table `log`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRow {
    pub(super) id: i64,
    pub(super) first: Position,
    pub(super) next: Position,
}

/// What a batch will do to one log.
#[derive(Debug)]
struct Growth {
    /// `None` when its first record makes it.
    id: Option<i64>,
    next: Position,
}

/// What a batch will do to all of its logs, and where each record will stand.
#[derive(Debug, Default)]
struct Plan<'a> {
    logs: BTreeMap<&'a LogName, Growth>,
    places: Vec<Position>,
}

const READ_FORWARDS: &str = "SELECT p.position, p.record IS NULL, r.bytes \
    FROM place p LEFT JOIN record r ON r.id = p.record \
    WHERE p.log = ?1 AND p.position >= ?2 AND p.position < ?3 ORDER BY p.position LIMIT ?4";

const READ_BACKWARDS: &str = "SELECT p.position, p.record IS NULL, r.bytes \
    FROM place p LEFT JOIN record r ON r.id = p.record \
    WHERE p.log = ?1 AND p.position >= ?2 AND p.position < ?3 ORDER BY p.position DESC LIMIT ?4";

impl Log for SqliteStore {
    fn append(&mut self, batch: &[Append<'_>]) -> Result<Vec<Position>, AppendError> {
        check_batch(batch)?;
        let plan = self.plan(batch)?;
        if !batch.is_empty() {
            let written = write(&mut self.connection, batch, &plan);
            written.map_err(|error| failure(&self.path, "write to", error))?;
            self.bound_freeze(STORE_FROZEN_BYTES);
        }
        Ok(plan.places)
    }

    fn head(&self, log: &LogName) -> Result<Option<LogHead>, StoreError> {
        Ok(self.row(log)?.map(|row| LogHead { log: log.clone(), first: row.first, next: row.next }))
    }

    fn read(
        &self,
        log: &LogName,
        range: Range<Position>,
        limit: Limit,
        direction: Direction,
    ) -> Result<Vec<Record>, StoreError> {
        let Some(row) = self.row(log)? else { return Ok(Vec::new()) };
        let sql = match direction {
            Direction::Forwards => READ_FORWARDS,
            Direction::Backwards => READ_BACKWARDS,
        };
        let read = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let bounds = params![row.id, number(range.start), number(range.end), limit.max_records() as i64];
            limit.take(statement.query_map(bounds, record)?, Record::size)
        };
        read().map_err(|error| failure(&self.path, "read", error))
    }

    fn logs(&self, prefix: &str, after: Option<&LogName>, limit: usize) -> Result<Vec<LogHead>, StoreError> {
        let list = || {
            let sql = "SELECT name, first, next FROM log WHERE name >= ?1 AND name > ?2 ORDER BY name LIMIT ?3";
            let mut statement = self.connection.prepare_cached(sql)?;
            let after = after.map_or("", LogName::as_str);
            let rows = statement.query_map(params![prefix, after, limit.min(STORE_READ_RECORDS) as i64], log_head)?;
            let within = |head: &rusqlite::Result<LogHead>| {
                head.as_ref().map_or(true, |head| head.log.as_str().starts_with(prefix))
            };
            rows.take_while(within).collect::<rusqlite::Result<_>>()
        };
        list().map_err(|error| failure(&self.path, "read", error))
    }

    fn erase(&mut self, log: &LogName, position: Position) -> Result<bool, StoreError> {
        self.erase_record(log, position)
    }

    fn trim(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        self.trim_log(log, before)
    }

    fn trim_lazily(&mut self, log: &LogName, before: Position) -> Result<Position, StoreError> {
        self.trim_without_scrub(log, before)
    }

    fn scrub(&mut self) -> Result<(), StoreError> {
        self.break_freeze()?;
        self.truncate_wal()
    }

    fn freeze(&mut self) -> Result<Option<PathBuf>, StoreError> {
        self.freeze_file().map(Some)
    }

    fn thaw(&mut self) -> Result<bool, StoreError> {
        self.thaw_file()
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.write_probe()
    }
}

impl SqliteStore {
    /// The row of a log.
    pub(super) fn row(&self, log: &LogName) -> Result<Option<LogRow>, StoreError> {
        let find = || {
            let mut statement = self.connection.prepare_cached("SELECT id, first, next FROM log WHERE name = ?1")?;
            let row = |row: &Row<'_>| {
                Ok(LogRow { id: row.get(0)?, first: position(row.get(1)?), next: position(row.get(2)?) })
            };
            statement.query_row([log.as_str()], row).optional()
        };
        find().map_err(|error| failure(&self.path, "read", error))
    }

    /// Nobody else writes, so what is read before the transaction holds in it.
    fn plan<'a>(&self, batch: &[Append<'a>]) -> Result<Plan<'a>, AppendError> {
        let mut plan = Plan::default();
        for (index, append) in batch.iter().enumerate() {
            if !plan.logs.contains_key(append.log) {
                let row = self.row(append.log)?;
                let next = row.map_or(Position::FIRST, |row| row.next);
                plan.logs.insert(append.log, Growth { id: row.map(|row| row.id), next });
            }
            let Some(growth) = plan.logs.get_mut(append.log) else { continue };
            if let Some(expected) = append.expected.filter(|expected| *expected != growth.next) {
                let (log, got) = (append.log.clone(), growth.next);
                return Err(AppendError::Position { index, log, expected, got });
            }
            plan.places.push(growth.next);
            growth.next = growth.next.next();
        }
        Ok(plan)
    }
}

fn write(connection: &mut Connection, batch: &[Append<'_>], plan: &Plan<'_>) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut ids: BTreeMap<&LogName, i64> = BTreeMap::new();
    for (log, growth) in &plan.logs {
        ids.insert(log, advance(&transaction, log, growth)?);
    }
    {
        let sql = "INSERT INTO record (log, position, bytes) VALUES (?1, ?2, ?3)";
        let mut insert_record = transaction.prepare_cached(sql)?;
        let sql = "INSERT INTO place (log, position, record) VALUES (?1, ?2, ?3)";
        let mut insert_place = transaction.prepare_cached(sql)?;
        for (append, position) in batch.iter().zip(&plan.places) {
            let (id, position) = (ids.get(append.log), number(*position));
            insert_record.execute(params![id, position, append.bytes])?;
            insert_place.execute(params![id, position, transaction.last_insert_rowid()])?;
        }
    }
    transaction.commit()
}

/// Moves the head of a log, which is made if need be, and returns its number.
fn advance(connection: &Connection, log: &LogName, growth: &Growth) -> rusqlite::Result<i64> {
    match growth.id {
        Some(id) => {
            let mut update = connection.prepare_cached("UPDATE log SET next = ?2 WHERE id = ?1")?;
            update.execute(params![id, number(growth.next)])?;
            Ok(id)
        }
        None => {
            let sql = "INSERT INTO log (name, first, next) VALUES (?1, ?2, ?3)";
            let mut insert = connection.prepare_cached(sql)?;
            insert.execute(params![log.as_str(), number(Position::FIRST), number(growth.next)])?;
            Ok(connection.last_insert_rowid())
        }
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let erased: bool = row.get(1)?;
    let bytes = if erased { None } else { Some(row.get(2)?) };
    Ok(Record { position: position(row.get(0)?), bytes })
}

fn log_head(row: &Row<'_>) -> rusqlite::Result<LogHead> {
    let name: String = row.get(0)?;
    let log = LogName::new(&name)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into()))?;
    Ok(LogHead { log, first: position(row.get(1)?), next: position(row.get(2)?) })
}

pub(super) fn number(position: Position) -> i64 {
    i64::try_from(position.get()).unwrap_or(i64::MAX)
}

pub(super) fn position(number: i64) -> Position {
    Position::new(u64::try_from(number).unwrap_or(0))
}
