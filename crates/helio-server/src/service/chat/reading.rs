//! The answers to what the service asks of the log of a conversation (spec/event-log.md, "Finding a message").

use helio_core::chat::MsgId;
use helio_core::chat::query::{Anchor, Heading, Query, Span};
use helio_core::limits;
use helio_store::{Direction, Limit, Log, LogHead, LogName, Position, Record, StoreError, seek};
use std::ops::Range;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the message that was referred to is not there")]
    UnknownMessage,
}

/// One question and the log that it is about.
struct Reading<'a> {
    store: &'a dyn Log,
    log: &'a LogName,
    /// All positions that there are.
    all: Range<Position>,
    query: &'a Query,
}

/// A record that is wanted, and what it costs to show it.
type Found = (Vec<u8>, usize);

/// Reads what answers `query` out of `log`, oldest first.
pub(super) fn answer(store: &dyn Log, log: &LogName, query: &Query) -> Result<Vec<Vec<u8>>, ReadingError> {
    Reading { store, log, all: all(store, log)?, query }.answer()
}

/// Where the message `id` of `log` is, if it is there.
pub(super) fn find(store: &dyn Log, log: &LogName, id: &MsgId) -> Result<Option<Position>, StoreError> {
    find_in(store, log, &all(store, log)?, id)
}

/// All positions of a log.
fn all(store: &dyn Log, log: &LogName) -> Result<Range<Position>, StoreError> {
    let head = store.head(log)?;
    Ok(head.map_or(Position::FIRST..Position::FIRST, |LogHead { first, next, .. }| first..next))
}

impl Reading<'_> {
    fn answer(&self) -> Result<Vec<Vec<u8>>, ReadingError> {
        let Range { start, end } = self.all;
        match &self.query.span {
            Span::Last { after: None } => self.newest(start..end),
            Span::Last { after: Some(anchor) } => self.newest(self.place(anchor)?.end..end),
            Span::Before(anchor) => self.newest(start..self.place(anchor)?.start),
            Span::After(anchor) => self.oldest(self.place(anchor)?.end..end),
            Span::Around(anchor) => self.around(self.place(anchor)?.start),
            Span::Between(from, to) => {
                let (from, to) = (self.place(from)?, self.place(to)?);
                if from.start <= to.start { self.oldest(from.end..to.start) } else { self.newest(to.end..from.start) }
            }
        }
    }

    fn oldest(&self, range: Range<Position>) -> Result<Vec<Vec<u8>>, ReadingError> {
        let found = self.collect(range, Direction::Forwards)?;
        Ok(found.into_iter().map(|(bytes, _)| bytes).collect())
    }

    fn newest(&self, range: Range<Position>) -> Result<Vec<Vec<u8>>, ReadingError> {
        let found = self.collect(range, Direction::Backwards)?;
        Ok(found.into_iter().rev().map(|(bytes, _)| bytes).collect())
    }

    fn around(&self, centre: Position) -> Result<Vec<Vec<u8>>, ReadingError> {
        let older = self.collect(self.all.start..centre, Direction::Backwards)?;
        let newer = self.collect(centre..self.all.end, Direction::Forwards)?;
        Ok(self.query.nearest(older, newer))
    }

    /// What is wanted of `range`, from the end that `direction` begins at, as much as the question allows.
    fn collect(&self, mut range: Range<Position>, direction: Direction) -> Result<Vec<Found>, StoreError> {
        let (mut found, mut cost, mut looked) = (Vec::new(), 0, 0);
        while range.start < range.end && looked < limits::CHAT_HISTORY_LOOKED {
            let limit = Limit::records((self.query.count - found.len()).max(limits::CHAT_HISTORY_CHUNK));
            let records = self.store.read(self.log, range.clone(), limit, direction)?;
            let Some(last) = records.last() else { break };
            match direction {
                Direction::Forwards => range.start = last.position.next(),
                Direction::Backwards => range.end = last.position,
            }
            looked += records.len();
            for bytes in records.into_iter().filter_map(|record| record.bytes) {
                let Some(one) = self.query.wanted.cost(&bytes) else { continue };
                cost += one;
                if found.len() == self.query.count || (cost > self.query.bytes && !found.is_empty()) {
                    return Ok(found);
                }
                found.push((bytes, one));
            }
            if found.len() == self.query.count {
                break;
            }
        }
        Ok(found)
    }

    /// The positions that an anchor names.
    fn place(&self, anchor: &Anchor) -> Result<Range<Position>, ReadingError> {
        match anchor {
            Anchor::Moment(millis) => {
                let since =
                    |start, millis: i64| since(self.store, self.log, start..self.all.end, millis.saturating_mul(1_000));
                let start = since(self.all.start, *millis)?;
                Ok(start..since(start, millis.saturating_add(1))?)
            }
            Anchor::Message(id) => {
                let position = find_in(self.store, self.log, &self.all, id)?.ok_or(ReadingError::UnknownMessage)?;
                Ok(position..position.next())
            }
        }
    }
}

/// Where a message is: where its time leads, or else among the newest.
fn find_in(store: &dyn Log, log: &LogName, all: &Range<Position>, id: &MsgId) -> Result<Option<Position>, StoreError> {
    if let Some(at_us) = id.at_us() {
        let position = since(store, log, all.clone(), at_us)?;
        let there = store.read(log, position..position.next(), Limit::MOST, Direction::Forwards)?;
        if there.iter().any(|record| is_message(record, id)) {
            return Ok(Some(position));
        }
    }
    let mut range = all.clone();
    let mut looked = 0;
    while range.start < range.end && looked < limits::CHAT_HISTORY_SEARCH {
        let limit = Limit::records(limits::CHAT_HISTORY_SEARCH - looked);
        let records = store.read(log, range.clone(), limit, Direction::Backwards)?;
        let Some(last) = records.last() else { break };
        if let Some(record) = records.iter().find(|record| is_message(record, id)) {
            return Ok(Some(record.position));
        }
        looked += records.len();
        range.end = last.position;
    }
    Ok(None)
}

/// The first position of `range` at which something was said at `at_us` or later.
fn since(store: &dyn Log, log: &LogName, range: Range<Position>, at_us: i64) -> Result<Position, StoreError> {
    let time = |bytes: &[u8]| Heading::of(bytes).map(|heading| heading.at_us());
    seek(store, log, range, time, &at_us)
}

fn is_message(record: &Record, id: &MsgId) -> bool {
    let heading = record.bytes.as_deref().and_then(Heading::of);
    heading.is_some_and(|heading| heading.is(id))
}

#[cfg(test)]
mod tests;
