//! Finding. Shards are asked in the order of their times, until no other can have anything nearer.

use super::shard::{ShardId, table};
use super::words::{has_words, quoted, whole};
use super::{SearchIndex, log_number, spans};
use crate::{Direction, LogName, Position, StoreError};
use helio_core::limits::{SEARCH_LOGS, SEARCH_RESULTS};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Where: in these logs; those beyond [`SEARCH_LOGS`] are left out.
    pub logs: &'a [LogName],
    /// By whom.
    pub author: Option<&'a str>,
    /// What must be in it, all of it.
    pub terms: &'a [Term],
    /// When it was said, microseconds since 1970 in UTC.
    pub at_us: Range<i64>,
    /// Which are wanted when there are more than `limit`: the newest ([`Direction::Backwards`]) or the oldest.
    pub direction: Direction,
    /// How many at most; not more than [`SEARCH_RESULTS`].
    pub limit: usize,
}

/// A word, or several that must follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it was typed; only its letters and digits count. With none of these it is in everything.
    pub text: String,
    /// The last word may go on.
    pub is_prefix: bool,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// In which log.
    pub log: LogName,
    /// At which position.
    pub position: Position,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It was over before all was looked at.
    #[error("the search took too long")]
    TooLong,
    /// The index cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A shard to look into.
struct Candidate {
    id: ShardId,
    oldest: i64,
    newest: i64,
    /// The logs among those in question that it has something of.
    logs: BTreeSet<i64>,
}

pub(super) fn find(
    index: &SearchIndex,
    question: &Question<'_>,
    is_over: &mut dyn FnMut() -> bool,
) -> Result<Vec<Place>, FindError> {
    let failed = index.failed("read");
    let connection = &index.connection;
    let logs = logs(connection, question).map_err(&failed)?;
    let mut found = Found { direction: question.direction, limit: question.limit.min(SEARCH_RESULTS), ids: Vec::new() };
    for candidate in candidates(connection, question, &logs).map_err(&failed)? {
        if found.is_settled(&candidate) {
            break;
        }
        if is_over() {
            return Err(FindError::TooLong);
        }
        let ids = search(connection, question, &candidate, found.limit).map_err(&failed)?;
        found.merge(ids);
    }
    found.ids.sort_unstable();
    places(connection, &found.ids).map_err(|error| failed(error).into())
}

pub(super) fn newest(connection: &Connection, count: usize) -> rusqlite::Result<Vec<(Place, i64)>> {
    let sql = "SELECT log.name, document.position, document.id FROM document JOIN log ON log.id = document.log \
               ORDER BY document.id DESC LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok((Place { log: spans::name(row, 0)?, position: spans::position(row.get(1)?) }, row.get(2)?))
    };
    statement.query_map([i64::try_from(count).unwrap_or(i64::MAX)], read)?.collect()
}

/// What was found so far.
struct Found {
    direction: Direction,
    limit: usize,
    ids: Vec<i64>,
}

impl Found {
    fn merge(&mut self, ids: Vec<i64>) {
        self.ids.extend(ids);
        self.ids.sort_unstable();
        if self.direction == Direction::Backwards {
            self.ids.reverse();
        }
        self.ids.truncate(self.limit);
    }

    /// Whether a shard, and those behind it, can have nothing that is wanted more.
    fn is_settled(&self, candidate: &Candidate) -> bool {
        if self.limit == 0 {
            return true;
        }
        let farthest = self.ids.last().filter(|_| self.ids.len() == self.limit);
        farthest.is_some_and(|id| match self.direction {
            Direction::Backwards => candidate.newest <= *id,
            Direction::Forwards => candidate.oldest >= *id,
        })
    }
}

/// The numbers of the logs in question.
fn logs(connection: &Connection, question: &Question<'_>) -> rusqlite::Result<BTreeSet<i64>> {
    let named = question.logs.iter().take(SEARCH_LOGS).filter_map(|log| log_number(connection, log).transpose());
    named.collect()
}

/// The shards to look into, those that are wanted most first.
fn candidates(
    connection: &Connection,
    question: &Question<'_>,
    logs: &BTreeSet<i64>,
) -> rusqlite::Result<Vec<Candidate>> {
    let sql = "SELECT shard.id, shard.oldest, shard.newest FROM span JOIN shard ON shard.id = span.shard \
               WHERE span.log = ?1 AND shard.newest >= ?2 AND shard.oldest < ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut shards: BTreeMap<ShardId, Candidate> = BTreeMap::new();
    for log in logs {
        let range = params![log, question.at_us.start, question.at_us.end];
        for row in statement.query_map(range, |row| Ok((ShardId(row.get(0)?), row.get(1)?, row.get(2)?)))? {
            let (id, oldest, newest) = row?;
            let new = || Candidate { id, oldest, newest, logs: BTreeSet::new() };
            shards.entry(id).or_insert_with(new).logs.insert(*log);
        }
    }
    let mut shards: Vec<Candidate> = shards.into_values().collect();
    match question.direction {
        Direction::Backwards => shards.sort_by_key(|shard| std::cmp::Reverse(shard.newest)),
        Direction::Forwards => shards.sort_by_key(|shard| shard.oldest),
    }
    Ok(shards)
}

/// The documents of one shard that are wanted most.
fn search(
    connection: &Connection,
    question: &Question<'_>,
    shard: &Candidate,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let (table, order) = match question.direction {
        Direction::Backwards => (table(shard.id), "DESC"),
        Direction::Forwards => (table(shard.id), "ASC"),
    };
    let sql = format!(
        "SELECT rowid FROM {table} WHERE {table} MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid {order} LIMIT ?4"
    );
    let all: i64 = connection
        .prepare_cached("SELECT count(*) FROM span WHERE shard = ?1")?
        .query_row([shard.id.0], |row| row.get(0))?;
    let has_all = usize::try_from(all).is_ok_and(|all| all == shard.logs.len());
    let expression = expression(question, &shard.logs, has_all);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = params![expression, question.at_us.start, question.at_us.end, limit];
    connection.prepare_cached(&sql)?.query_map(values, |row| row.get(0))?.collect()
}

/// The question in the language of FTS5. What people typed stands in quotes alone.
fn expression(question: &Question<'_>, logs: &BTreeSet<i64>, has_all: bool) -> String {
    let mut all = Vec::new();
    for term in question.terms.iter().filter(|term| has_words(&term.text)) {
        all.push(format!("text : {}{}", quoted(&term.text), if term.is_prefix { " *" } else { "" }));
    }
    all.extend(question.author.map(|author| format!("author : \"{}\"", whole(author))));
    if !has_all || all.is_empty() {
        let logs: Vec<String> = logs.iter().map(|log| format!("\"{log}\"")).collect();
        all.push(format!("scope : ({})", logs.join(" OR ")));
    }
    all.join(" AND ")
}

fn places(connection: &Connection, ids: &[i64]) -> rusqlite::Result<Vec<Place>> {
    let sql =
        "SELECT log.name, document.position FROM document JOIN log ON log.id = document.log WHERE document.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let read =
        |row: &rusqlite::Row<'_>| Ok(Place { log: spans::name(row, 0)?, position: spans::position(row.get(1)?) });
    ids.iter().map(|id| statement.query_row([id], read)).collect()
}
