//! The answer to a query by looking at everything: the judge of those that look at less, and what tests have for a disk.

use super::{Anchor, Heading, Kept, Query, Span, Unanswered};
use alloc::vec::Vec;
use core::ops::Range;

/// What `query` is answered from a log of these records, oldest first.
///
/// # Errors
/// There is no message that an anchor names.
pub fn answer(query: &Query, records: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Unanswered> {
    let all = 0..records.len();
    let (places, is_newest_first) = match &query.span {
        Span::Last { after: None } => (all, true),
        Span::Last { after: Some(anchor) } => (place(anchor, records)?.end..all.end, true),
        Span::Before(anchor) => (0..place(anchor, records)?.start, true),
        Span::After(anchor) => (place(anchor, records)?.end..all.end, false),
        Span::Around(anchor) => return Ok(around(query, records, place(anchor, records)?.start)),
        Span::Between(from, to) => {
            let (from, to) = (place(from, records)?, place(to, records)?);
            if from.start <= to.start { (from.end..to.start, false) } else { (to.end..from.start, true) }
        }
    };
    let mut wanted = wanted(query, records, places);
    if is_newest_first {
        wanted.reverse();
    }
    let mut shown = fitting(query, &wanted);
    shown.sort_unstable();
    Ok(shown.into_iter().map(|index| records[index].clone()).collect())
}

/// Leaves of a log what is kept of it.
pub fn retain(kept: Kept, records: &mut Vec<Vec<u8>>) {
    let is_kept = |record: &Vec<u8>| {
        let said_at = Heading::of(record).map(|heading| heading.at_us());
        kept.since_us.is_none_or(|since_us| said_at.is_none_or(|at_us| at_us >= since_us))
    };
    let by_age = records.iter().position(is_kept).unwrap_or(records.len());
    let by_count = kept.newest.map_or(0, |newest| records.len().saturating_sub(newest as usize));
    records.drain(..by_age.max(by_count));
}

fn around(query: &Query, records: &[Vec<u8>], centre: usize) -> Vec<Vec<u8>> {
    let (mut older, newer) = (wanted(query, records, 0..centre), wanted(query, records, centre..records.len()));
    older.reverse();
    query.nearest(older, newer).into_iter().map(|index| records[index].clone()).collect()
}

/// The records in these places that count: where they are, and what they cost.
fn wanted(query: &Query, records: &[Vec<u8>], places: Range<usize>) -> Vec<(usize, usize)> {
    places.filter_map(|index| Some((index, query.wanted.cost(&records[index])?))).collect()
}

/// As many of these as may be shown.
fn fitting(query: &Query, wanted: &[(usize, usize)]) -> Vec<usize> {
    let mut bytes = 0;
    let fitting = wanted.iter().take(query.count).enumerate().take_while(|(number, (_, cost))| {
        bytes += cost;
        *number == 0 || bytes <= query.bytes
    });
    fitting.map(|(_, (index, _))| *index).collect()
}

fn place(anchor: &Anchor, records: &[Vec<u8>]) -> Result<Range<usize>, Unanswered> {
    let first = |is_it: &dyn Fn(&Heading<'_>) -> bool| {
        records.iter().position(|record| Heading::of(record).is_some_and(|heading| is_it(&heading)))
    };
    match anchor {
        Anchor::Moment(millis) => {
            let since = |millis: i64| first(&|heading| heading.at_us >= millis * 1_000).unwrap_or(records.len());
            Ok(since(*millis)..since(millis + 1))
        }
        Anchor::Message(id) => {
            let index = first(&|heading| heading.is(id)).ok_or(Unanswered::UnknownMessage)?;
            Ok(index..index + 1)
        }
    }
}
