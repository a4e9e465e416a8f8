//! Shards: each a contentless table of FTS5. One is dropped whole and filled anew when something in it is to be gone.

use super::words::{TOKENIZER, spaced, whole};
use super::{Document, spans};
use helio_core::limits::{SEARCH_SHARD_BYTES, SEARCH_SHARD_DOCUMENTS};
use rusqlite::{OptionalExtension as _, Transaction, params};

/// A shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardId(pub(super) i64);

/// A shard that is being filled.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) id: ShardId,
    pub(super) documents: i64,
    pub(super) bytes: i64,
    oldest: i64,
    newest: i64,
}

// spec: begin
/// The table of a shard.
pub(super) fn table(id: ShardId) -> String {
    format!("words_{}", id.0)
}

fn create(id: ShardId) -> String {
    format!(
        "CREATE VIRTUAL TABLE {} USING fts5(scope, author, text, content='', columnsize=0, tokenize='{TOKENIZER}')",
        table(id)
    )
}
// spec: end

impl Shard {
    /// The one that has room: the last one, or a new one.
    pub(super) fn last(transaction: &Transaction<'_>) -> rusqlite::Result<Self> {
        let sql = "SELECT id, documents, bytes, oldest, newest FROM shard ORDER BY id DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            let [id, documents, bytes] = [row.get(0)?, row.get(1)?, row.get(2)?];
            Ok(Self { id: ShardId(id), documents, bytes, oldest: row.get(3)?, newest: row.get(4)? })
        };
        let last = transaction.query_row(sql, (), read).optional()?;
        match last {
            Some(last) if !last.is_full() => Ok(last),
            last => Self::new(transaction, ShardId(last.map_or(1, |last| last.id.0 + 1))),
        }
    }

    pub(super) fn new(transaction: &Transaction<'_>, id: ShardId) -> rusqlite::Result<Self> {
        transaction.execute_batch(&create(id))?;
        let sql = "INSERT INTO shard (id, documents, bytes, oldest, newest, is_stale) VALUES (?1, 0, 0, 0, 0, 0)";
        transaction.execute(sql, params![id.0])?;
        Ok(Self { id, documents: 0, bytes: 0, oldest: i64::MAX, newest: i64::MIN })
    }

    fn is_full(&self) -> bool {
        self.documents >= SEARCH_SHARD_DOCUMENTS as i64 || self.bytes >= SEARCH_SHARD_BYTES as i64
    }

    pub(super) fn insert(
        &mut self,
        transaction: &Transaction<'_>,
        log: i64,
        document: &Document,
    ) -> rusqlite::Result<()> {
        let id = place(transaction, log, document)?;
        let sql = format!("INSERT INTO {} (rowid, scope, author, text) VALUES (?1, ?2, ?3, ?4)", table(self.id));
        let (scope, author, text) = (log.to_string(), whole(&document.author), spaced(&document.text));
        transaction.prepare_cached(&sql)?.execute(params![id, scope, author, text])?;
        self.documents += 1;
        self.bytes += i64::try_from(document.text.len()).unwrap_or(i64::MAX);
        (self.oldest, self.newest) = (self.oldest.min(id), self.newest.max(id));
        Ok(())
    }

    pub(super) fn save(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let sql = "UPDATE shard SET documents = ?2, bytes = ?3, oldest = ?4, newest = ?5 WHERE id = ?1";
        let values = params![self.id.0, self.documents, self.bytes, self.oldest, self.newest];
        transaction.prepare_cached(sql)?.execute(values)?;
        if self.is_full() {
            // One segment is searched faster than many, and this one stays as it is.
            let table = table(self.id);
            transaction.execute(&format!("INSERT INTO {table} ({table}) VALUES ('optimize')"), ())?;
        }
        Ok(())
    }
}

/// Takes a shard away.
pub(super) fn drop(transaction: &Transaction<'_>, id: ShardId) -> rusqlite::Result<()> {
    let table = table(id);
    let sql = format!("DELETE FROM document WHERE id IN (SELECT rowid FROM {table} WHERE {table} MATCH ?1)");
    let mut delete = transaction.prepare(&sql)?;
    for log in spans::numbers(transaction, id)? {
        delete.execute(params![format!("scope : \"{log}\"")])?;
    }
    delete.finalize()?;
    transaction.execute_batch(&format!("DROP TABLE {table}"))?;
    transaction.execute("DELETE FROM span WHERE shard = ?1", params![id.0])?;
    transaction.execute("DELETE FROM shard WHERE id = ?1", params![id.0])?;
    Ok(())
}

/// Fills a shard that was dropped with what is left for it.
pub(super) fn refill(
    transaction: &Transaction<'_>,
    id: ShardId,
    mut documents: Vec<(i64, Document)>,
) -> rusqlite::Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    documents.sort_by_key(|(_, document)| document.at_us);
    let mut shard = Shard::new(transaction, id)?;
    for (log, document) in &documents {
        shard.insert(transaction, *log, document)?;
        spans::extend(transaction, id, *log, document.position)?;
    }
    shard.save(transaction)
}

/// Finds a number for a document: its time, or the next one soon after it that no other document has.
fn place(transaction: &Transaction<'_>, log: i64, document: &Document) -> rusqlite::Result<i64> {
    let sql = "INSERT OR IGNORE INTO document (id, log, position) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    let sql = "SELECT max(id) + 1 FROM document WHERE id >= ?1 AND id < ?1 + 1000";
    let mut next_free = transaction.prepare_cached(sql)?;
    // Far from the ends of all numbers, whatever the record says.
    let mut id = document.at_us.clamp(0, i64::MAX / 2);
    while insert.execute(params![id, log, document.position.number()])? == 0 {
        id = next_free.query_row(params![id], |row| row.get(0))?;
    }
    Ok(id)
}
