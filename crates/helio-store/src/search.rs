//! The search index: which words are in which records of which logs. `spec/search.md` is its page.
//!
//! All of it is derived from the logs: losing it costs the time to read them again, so its commits are not synced. It tells
//! places, never texts. What was erased from a log is gone from the index's files when [`SearchIndex::rebuild`] has returned
//! for each shard that [`SearchIndex::stale`] names.

mod file;
mod find;
mod shard;
mod spans;
#[cfg(test)]
mod tests;
mod words;

pub use find::{FindError, Place, Question, Term};

use crate::{LogHead, LogName, Position, StoreError};
use helio_core::limits::{SEARCH_SHARD_BYTES, SEARCH_SHARD_DOCUMENTS};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use shard::{Shard, ShardId};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The index, in one SQLite database. Its calls block, so a server gives it a thread of its own.
#[derive(Debug)]
pub struct SearchIndex {
    connection: Connection,
    path: PathBuf,
    was_closed: bool,
}

/// What can be found of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where the record is.
    pub position: Position,
    /// When it was said, microseconds since 1970 in UTC.
    pub at_us: i64,
    /// Who said it, in the form in which a search gives it.
    pub author: String,
    /// What can be found.
    pub text: String,
}

/// A part of a log and all that can be found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The log.
    pub log: LogName,
    /// Which positions were read; those without a document have nothing to be found.
    pub range: Range<Position>,
    /// In the order of their positions.
    pub documents: Vec<Document>,
}

/// Reads the documents of a part of a log, all of them.
pub type Reread<'a> = dyn FnMut(&LogName, Range<Position>) -> Result<Vec<Document>, StoreError> + 'a;

impl SearchIndex {
    /// Opens the index in the file `path`. One that is not there, is damaged or was made by another version is made anew.
    ///
    /// # Errors
    /// The disk fails, or another process has it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        file::open(path)
    }

    /// Removes the index in the file `path`, if there is one.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove(path: &Path) -> Result<(), StoreError> {
        file::remove(path)
    }

    /// Whether [`SearchIndex::close`] ended its last use. If not, records may have been erased of which it knows nothing:
    /// [`SearchIndex::handle_erased`] wants to be told of all of them again.
    #[must_use]
    pub fn was_closed(&self) -> bool {
        self.was_closed
    }

    /// Leaves the index as complete as it is now.
    ///
    /// # Errors
    /// The disk fails.
    pub fn close(self) -> Result<(), StoreError> {
        file::set_closed(&self.connection, true).map_err(self.failed("write to"))
    }

    /// Takes in what was read of logs, in one commit. Of a stretch only what follows on what is known already is taken; one
    /// that leaves a gap only tells that the log goes on.
    ///
    /// # Errors
    /// The disk fails; nothing was taken.
    pub fn add(&mut self, stretches: &[Stretch]) -> Result<(), StoreError> {
        let result = self.connection.transaction().and_then(|transaction| {
            let fresh = spans::advance(&transaction, stretches)?;
            write(&transaction, fresh)?;
            transaction.commit()
        });
        result.map_err(self.failed("write to"))
    }

    /// Takes note of where logs stand: how far they go, and what was trimmed.
    ///
    /// # Errors
    /// The disk fails; nothing was noted.
    pub fn handle_heads(&mut self, heads: &[LogHead]) -> Result<(), StoreError> {
        let result = self.connection.transaction().and_then(|transaction| {
            heads.iter().try_for_each(|head| spans::note(&transaction, head))?;
            transaction.commit()
        });
        result.map_err(self.failed("write to"))
    }

    /// Takes note that these records of a log are erased. Telling of one again is no error.
    ///
    /// # Errors
    /// The disk fails; nothing was noted.
    pub fn handle_erased(&mut self, log: &LogName, positions: &[Position]) -> Result<(), StoreError> {
        let result = self.connection.transaction().and_then(|transaction| {
            spans::note_erased(&transaction, log, positions)?;
            transaction.commit()
        });
        result.map_err(self.failed("write to"))
    }

    /// A log of which there is more to read, and from where; of `among`, if given.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn behind(&self, among: Option<&[LogName]>) -> Result<Option<(LogName, Position)>, StoreError> {
        spans::behind(&self.connection, among).map_err(self.failed("read"))
    }

    /// The logs of private conversations of which `party` is one side, at most [`helio_core::limits::SEARCH_LOGS`]: those in
    /// which something was said last.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn logs_of(&self, party: &str) -> Result<Vec<LogName>, StoreError> {
        spans::of_party(&self.connection, party).map_err(self.failed("read"))
    }

    /// A shard that holds what is erased or trimmed.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn stale(&self) -> Result<Option<ShardId>, StoreError> {
        let sql = "SELECT id FROM shard WHERE is_stale LIMIT 1";
        let found = self.connection.query_row(sql, (), |row| row.get(0)).optional();
        found.map(|id| id.map(ShardId)).map_err(self.failed("read"))
    }

    /// Makes a shard anew from what the logs have now. When this returns, what they have no more is in no file of the index.
    ///
    /// # Errors
    /// The disk fails, or `reread` does. Call it again.
    pub fn rebuild(&mut self, stale: ShardId, reread: &mut Reread<'_>) -> Result<(), StoreError> {
        let mut documents = Vec::new();
        for (log, name, range) in spans::of_shard(&self.connection, stale).map_err(self.failed("read"))? {
            documents.extend(reread(&name, range)?.into_iter().map(|document| (log, document)));
        }
        let result = self.connection.transaction().and_then(|transaction| {
            shard::drop(&transaction, stale)?;
            shard::refill(&transaction, stale, documents)?;
            transaction.commit()
        });
        result.and_then(|()| file::truncate_wal(&self.connection)).map_err(self.failed("write to"))
    }

    /// The newest messages that are found, newest first: for comparing them with the logs.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn newest(&self, count: usize) -> Result<Vec<(Place, i64)>, StoreError> {
        find::newest(&self.connection, count).map_err(self.failed("read"))
    }

    /// The places that answer a question, in the order of time, oldest first. `is_over` is asked before each shard.
    ///
    /// # Errors
    /// The index cannot be read, or it took too long.
    pub fn find(&self, question: &Question<'_>, is_over: &mut dyn FnMut() -> bool) -> Result<Vec<Place>, FindError> {
        find::find(self, question, is_over)
    }

    fn failed(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        let path = self.path.clone();
        move |error| crate::sqlite::failure(&path, doing, error)
    }
}

/// Puts documents, each with the number of its log, into shards.
fn write(transaction: &Transaction<'_>, mut fresh: Vec<(i64, Document)>) -> rusqlite::Result<()> {
    fresh.sort_by_key(|(_, document)| document.at_us);
    let mut fresh = fresh.into_iter().peekable();
    while fresh.peek().is_some() {
        let mut shard = Shard::last(transaction)?;
        while shard.documents < SEARCH_SHARD_DOCUMENTS as i64
            && shard.bytes < SEARCH_SHARD_BYTES as i64
            && let Some((log, document)) = fresh.next()
        {
            shard.insert(transaction, log, &document)?;
            spans::extend(transaction, shard.id, log, document.position)?;
        }
        shard.save(transaction)?;
    }
    Ok(())
}

/// How the index tells logs apart.
fn log_number(connection: &Connection, name: &LogName) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM log WHERE name = ?1")?;
    statement.query_row(params![name.as_str()], |row| row.get(0)).optional()
}
