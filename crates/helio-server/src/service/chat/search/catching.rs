//! What the index reads from the store: on the keeper's thread, a slice at a time.

use super::is_searched;
use helio_core::chat::query::Heading;
use helio_core::chat::search::{Findable, Found, Order, Search};
use helio_core::limits;
use helio_store::search::{Document, Place};
use helio_store::{Direction, Limit, Log, LogHead, LogName, Position, Record, StoreError};
use std::ops::Range;

/// Records as they were read, and which positions they are all of.
pub(super) struct Slice {
    pub(super) range: Range<Position>,
    pub(super) records: Vec<Record>,
}

/// The next records of `range`.
pub(super) fn slice(store: &dyn Log, log: &LogName, range: Range<Position>) -> Result<Slice, StoreError> {
    let limit = Limit::records(limits::SEARCH_SLICE).and_bytes(limits::SEARCH_SLICE_BYTES);
    let records = store.read(log, range.clone(), limit, Direction::Forwards)?;
    let end = match records.last() {
        Some(last) => last.position.next(),
        None => store.next_position(log)?.clamp(range.start, range.end),
    };
    Ok(Slice { range: range.start..end, records })
}

impl Slice {
    /// What can be found in it.
    pub(super) fn documents(&self) -> Vec<Document> {
        let records = self.records.iter().filter_map(|record| Some((record.position, record.bytes.as_deref()?)));
        records.filter_map(|(position, bytes)| document(position, bytes)).collect()
    }

    /// What is erased in it.
    pub(super) fn erased(&self) -> Vec<Position> {
        let erased = self.records.iter().filter(|record| record.bytes.is_none());
        erased.map(|record| record.position).collect()
    }
}

/// What can be found of a record.
pub(super) fn document(position: Position, record: &[u8]) -> Option<Document> {
    let Findable { at_us, author, text } = Findable::of(record)?;
    Some(Document { position, at_us, author, text })
}

/// The next logs behind `after`, and the last that was looked at; `None` when there are no more.
pub(super) fn heads(store: &dyn Log, after: Option<&LogName>) -> Result<(Vec<LogHead>, Option<LogName>), StoreError> {
    let mut heads = store.logs("", after, limits::SEARCH_SLICE)?;
    let last = heads.last().map(|head| head.log.clone());
    heads.retain(|head| is_searched(&head.log));
    Ok((heads, last))
}

/// When the message at a place was said; `None`: there is none.
pub(super) fn time_of(store: &dyn Log, place: &Place) -> Result<Option<i64>, StoreError> {
    let range = place.position..place.position.next();
    let records = store.read(&place.log, range, Limit::records(1), Direction::Forwards)?;
    Ok(records.first().and_then(|record| Some(Heading::of(record.bytes.as_deref()?)?.at_us())))
}

/// The records at `places`, which are in the order of time, as many as the search has room for.
pub(super) fn found(store: &dyn Log, places: Vec<Place>, search: &Search) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    let mut bytes = 0_usize;
    let places: Box<dyn Iterator<Item = Place>> = match search.wanted {
        Order::Newest => Box::new(places.into_iter().rev()),
        Order::Oldest => Box::new(places.into_iter()),
    };
    for Place { log, position } in places {
        let records = store.read(&log, position..position.next(), Limit::records(1), Direction::Forwards)?;
        let Some(record) = records.into_iter().find_map(|record| record.bytes) else { continue };
        let Some(heading) = Heading::of(&record) else { continue };
        bytes += heading.cost(record.len());
        if bytes > search.bytes && !found.is_empty() {
            break;
        }
        found.push(Found { log: log.as_str().to_owned(), record });
    }
    if search.wanted == Order::Newest {
        found.reverse();
    }
    Ok(found)
}
