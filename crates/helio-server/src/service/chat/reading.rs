//! The answers to what the service asks of the log of a conversation (spec/event-log.md, "Finding a message").

use helio_core::chat::MsgId;
use helio_core::chat::query::{Anchor, Heading, Query, Span};
use helio_core::limits;
use helio_store::{Direction, Limit, Log, LogHead, LogName, Position, Record, StoreError, seek};
use std::collections::VecDeque;
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

/// How far a question has been answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// Wholly: oldest first.
    Records(Vec<Vec<u8>>),
    /// Nothing that is wanted was among many records; there are more of them.
    Further(Further),
}

/// Where a question looks on.
#[derive(Debug)]
pub(super) struct Further {
    log: LogName,
    query: Query,
    /// What has not been looked at, the first of them first.
    parts: VecDeque<Part>,
}

/// Positions, and from which end they are looked at.
type Part = (Range<Position>, Direction);

/// Reads what answers `query` out of `log`.
pub(super) fn answer(store: &dyn Log, log: &LogName, query: &Query) -> Result<Answer, ReadingError> {
    Reading { store, log, all: all(store, log)?, query }.answer()
}

impl Further {
    /// Looks at some more records.
    pub(super) fn step(mut self, store: &dyn Log) -> Result<Answer, ReadingError> {
        let Some((range, direction)) = self.parts.pop_front() else { return Ok(Answer::Records(Vec::new())) };
        let all = range.clone();
        let (found, rest) = Reading { store, log: &self.log, all, query: &self.query }.collect(range, direction)?;
        if !found.is_empty() {
            return Ok(Answer::Records(in_order(found, direction)));
        }
        if let Some(rest) = rest {
            self.parts.push_front((rest, direction));
        }
        Ok(if self.parts.is_empty() { Answer::Records(Vec::new()) } else { Answer::Further(self) })
    }
}

fn in_order(found: Vec<Found>, direction: Direction) -> Vec<Vec<u8>> {
    let bytes = found.into_iter().map(|(bytes, _)| bytes);
    match direction {
        Direction::Forwards => bytes.collect(),
        Direction::Backwards => bytes.rev().collect(),
    }
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
    fn answer(&self) -> Result<Answer, ReadingError> {
        let Range { start, end } = self.all;
        let newest = |range| self.look_from_one_end((range, Direction::Backwards));
        let oldest = |range| self.look_from_one_end((range, Direction::Forwards));
        match &self.query.span {
            Span::Last { after: None } => newest(start..end),
            Span::Last { after: Some(anchor) } => newest(self.place(anchor)?.end..end),
            Span::Before(anchor) => newest(start..self.place(anchor)?.start),
            Span::After(anchor) => oldest(self.place(anchor)?.end..end),
            Span::Around(anchor) => self.around(self.place(anchor)?.start),
            Span::Between(from, to) => {
                let (from, to) = (self.place(from)?, self.place(to)?);
                if from.start <= to.start { oldest(from.end..to.start) } else { newest(to.end..from.start) }
            }
        }
    }

    fn look_from_one_end(&self, (range, direction): Part) -> Result<Answer, ReadingError> {
        let (found, rest) = self.collect(range, direction)?;
        Ok(match rest.filter(|_| found.is_empty()) {
            Some(rest) => self.further([(rest, direction)].into()),
            None => Answer::Records(in_order(found, direction)),
        })
    }

    fn around(&self, centre: Position) -> Result<Answer, ReadingError> {
        let (older, earlier) = self.collect(self.all.start..centre, Direction::Backwards)?;
        let (newer, later) = self.collect(centre..self.all.end, Direction::Forwards)?;
        let earlier = earlier.map(|range| (range, Direction::Backwards));
        let later = later.map(|range| (range, Direction::Forwards));
        let parts: VecDeque<Part> = earlier.into_iter().chain(later).collect();
        if older.is_empty() && newer.is_empty() && !parts.is_empty() {
            return Ok(self.further(parts));
        }
        Ok(Answer::Records(self.query.nearest(older, newer)))
    }

    fn further(&self, parts: VecDeque<Part>) -> Answer {
        Answer::Further(Further { log: self.log.clone(), query: self.query.clone(), parts })
    }

    /// Finds what is wanted of `range`, from the end that `direction` begins at, as much as the question allows; and what was
    /// not looked at because that would have been too much at a time.
    fn collect(
        &self,
        mut range: Range<Position>,
        direction: Direction,
    ) -> Result<(Vec<Found>, Option<Range<Position>>), StoreError> {
        let (mut found, mut cost, mut looked) = (Vec::new(), 0, 0);
        while range.start < range.end {
            if looked >= limits::CHAT_HISTORY_LOOKED {
                return Ok((found, Some(range)));
            }
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
                    return Ok((found, None));
                }
                found.push((bytes, one));
            }
            if found.len() == self.query.count {
                break;
            }
        }
        Ok((found, None))
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
