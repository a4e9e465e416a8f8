//! The audit log in the store: read in pages, and trimmed.

use super::retaining::end_of_trim;
use helio_core::chat::query::Kept;
use helio_core::chat::{AUDIT_LOG, AuditRecord, ControlAnswer, ControlError};
use helio_core::irc::standard_reply::ReplyCode;
use helio_core::limits;
use helio_store::{Direction, Limit, Log, LogHead, LogName, Position, StoreError};

/// Records of the log from a position on, or the newest.
///
/// # Errors
/// The store cannot be read.
pub(super) fn page(store: &dyn Log, from: Option<u64>) -> Result<ControlAnswer, StoreError> {
    let nothing = ControlAnswer::Audit { records: Vec::new(), next: from.unwrap_or_default(), is_last: true };
    let Some((log, head)) = log(store)? else { return Ok(nothing) };
    let rows = Limit::records(limits::CONTROL_ROWS).and_bytes(limits::CONTROL_ANSWER / 2);
    let read = match from {
        Some(from) => store.read(&log, Position::new(from)..Position::END, rows, Direction::Forwards)?,
        None => store.last(&log, rows)?,
    };
    let next = read.last().map_or(head.next, |record| record.position.next());
    // What a later version wrote is left out.
    let known = read.iter().filter_map(|record| AuditRecord::decode(record.bytes.as_deref()?).ok());
    Ok(ControlAnswer::Audit { records: known.collect(), next: next.get(), is_last: next >= head.next })
}

/// What is answered when the store cannot be read.
pub(super) fn unread(error: &StoreError) -> ControlAnswer {
    let code = ReplyCode::StoreUnavailable.code().to_owned();
    ControlAnswer::Refused(ControlError { code, message: error.to_string() })
}

/// Trims the log to its newest `records`, and to those since `before_us`.
///
/// # Errors
/// The store fails; another time does it.
pub(super) fn trim(store: &mut dyn Log, records: u32, before_us: i64) -> Result<(), StoreError> {
    let Some((log, head)) = log(store)? else { return Ok(()) };
    let kept = Kept { since_us: Some(before_us), newest: Some(records.into()) };
    let time = |bytes: &[u8]| AuditRecord::decode(bytes).ok().map(|record| record.at_us);
    let keep = end_of_trim(store, &log, kept, head.first..head.next, time)?;
    if keep <= head.first {
        return Ok(());
    }
    while store.trim(&log, keep)? < keep {}
    Ok(())
}

fn log(store: &dyn Log) -> Result<Option<(LogName, LogHead)>, StoreError> {
    // The name is a constant that is right.
    let Ok(log) = LogName::new(AUDIT_LOG) else { return Ok(None) };
    Ok(store.head(&log)?.map(|head| (log, head)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::By;
    use helio_store::Append;
    use helio_store::memory::MemoryStore;

    fn store(times: impl IntoIterator<Item = i64>) -> MemoryStore {
        let mut store = MemoryStore::new();
        let log = LogName::new(AUDIT_LOG).unwrap();
        for at_us in times {
            let (target, detail) = (at_us.to_string(), String::new());
            let record =
                AuditRecord { at_us, by: By::Server, act: "kill".to_owned(), target, detail, is_refused: false };
            store.append(&[Append { log: &log, expected: None, bytes: &record.encode() }]).unwrap();
        }
        store
    }

    fn times(store: &dyn Log) -> Vec<i64> {
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let ControlAnswer::Audit { records, next, is_last } = page(store, Some(from)).unwrap() else { panic!() };
            all.extend(records.iter().map(|record| record.at_us));
            if is_last {
                return all;
            }
            from = next;
        }
    }

    #[test]
    fn a_log_is_read_in_pages_and_its_end_at_once() {
        let count = i64::try_from(limits::CONTROL_ROWS).unwrap() * 2 + 7;
        let store = store(1..=count);
        assert_eq!(times(&store), (1..=count).collect::<Vec<_>>());
        let ControlAnswer::Audit { records, is_last, .. } = page(&store, None).unwrap() else { panic!() };
        assert_eq!((records.len(), records.last().unwrap().at_us, is_last), (limits::CONTROL_ROWS, count, true));
        let ControlAnswer::Audit { records, is_last, .. } = page(&MemoryStore::new(), None).unwrap() else { panic!() };
        assert!(records.is_empty() && is_last);
    }

    #[test]
    fn it_is_trimmed_by_number_and_by_age() {
        for (records, before_us, kept) in [(3, 0, 8..=10), (100, 6, 6..=10), (2, 6, 9..=10), (100, 0, 1..=10)] {
            let mut store = store(1..=10);
            trim(&mut store, records, before_us).unwrap();
            assert_eq!(times(&store), kept.collect::<Vec<_>>(), "{records} records since {before_us}");
        }
        let mut store = store(1..=10);
        trim(&mut store, 100, 50).unwrap();
        assert_eq!(times(&store), [] as [i64; 0]);
    }
}
