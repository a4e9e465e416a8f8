//! Tables in SQLite.

use super::SqliteStore;
use super::failure::failure;
use super::space::counter;
use crate::bounds::check_value;
use crate::{Entry, Key, Limit, SetError, StoreError, Table, TableName, Version};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

impl Table for SqliteStore {
    fn get(&self, table: &TableName, key: &Key) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        let get = || {
            let sql = "SELECT version, value FROM entry WHERE tbl = ?1 AND key = ?2";
            let row = |row: &Row<'_>| Ok((version(row.get(0)?), row.get(1)?));
            let params = [table.as_str(), key.as_str()];
            self.connection.prepare_cached(sql)?.query_row(params, row).optional()
        };
        get().map_err(|error| failure(&self.path, "read", error))
    }

    fn compare_and_set(
        &mut self,
        table: &TableName,
        key: &Key,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, SetError> {
        check_value(value)?;
        let got = self.get(table, key)?.map(|(version, _)| version);
        if got != expected {
            return Err(SetError::Conflict { expected, got });
        }
        let set = set(&mut self.connection, table, key, value);
        Ok(set.map_err(|error| failure(&self.path, "write to", error))?)
    }

    fn list(
        &self,
        table: &TableName,
        prefix: &str,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let limit = Limit::records(limit);
        let list = || {
            let sql = "SELECT key, version, value FROM entry \
                       WHERE tbl = ?1 AND key >= ?2 AND key > ?3 ORDER BY key LIMIT ?4";
            let mut statement = self.connection.prepare_cached(sql)?;
            let after = after.map_or("", Key::as_str);
            let params = params![table.as_str(), prefix, after, limit.max_records() as i64];
            let within = |entry: &rusqlite::Result<Entry>| {
                entry.as_ref().map_or(true, |entry| entry.key.as_str().starts_with(prefix))
            };
            limit.take(statement.query_map(params, entry)?.take_while(within), Entry::size)
        };
        list().map_err(|error| failure(&self.path, "read", error))
    }
}

fn set(connection: &mut Connection, table: &TableName, key: &Key, value: Option<&[u8]>) -> rusqlite::Result<Version> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.prepare_cached("UPDATE counter SET value = value + 1 WHERE name = 'version'")?.execute(())?;
    let number = counter(&transaction, "version")?;
    match value {
        Some(value) => {
            let sql = "INSERT INTO entry (tbl, key, version, value) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT (tbl, key) DO UPDATE SET version = excluded.version, value = excluded.value";
            let params = params![table.as_str(), key.as_str(), number, value];
            transaction.prepare_cached(sql)?.execute(params)?;
        }
        None => {
            let sql = "DELETE FROM entry WHERE tbl = ?1 AND key = ?2";
            transaction.prepare_cached(sql)?.execute([table.as_str(), key.as_str()])?;
        }
    }
    transaction.commit()?;
    Ok(version(number))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let key: String = row.get(0)?;
    let key = Key::new(&key).map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))?;
    Ok(Entry { key, version: version(row.get(1)?), value: row.get(2)? })
}

fn version(number: i64) -> Version {
    Version::new(u64::try_from(number).unwrap_or(0))
}
