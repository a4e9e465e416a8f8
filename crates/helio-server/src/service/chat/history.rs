//! Rooms and their settings as they were when the last run ended, and their log, which is made short when it is long.

use super::ChatError;
use helio_core::chat::{Chat, MARKERS_LOG, SETTINGS_LOG, THROTTLES_LOG};
use helio_core::limits;
use helio_core::time::Now;
use helio_store::{Append, AppendError, Direction, Limit, Log, LogHead, LogName, Position};

/// Gives `chat` the rooms that `store` has. A log that is far longer than they need is replaced by their snapshot.
///
/// `Ok(Some(_))` says why it stays long; the rooms are restored all the same.
///
/// # Errors
/// The store cannot be read, or a record of it cannot be used.
pub(super) fn restore(chat: &mut Chat, store: &mut dyn Log, now: Now) -> Result<Option<AppendError>, ChatError> {
    let unusable = |position, reason: String| ChatError::Record { log: SETTINGS_LOG.to_owned(), position, reason };
    let name = |log| LogName::new(log).map_err(|error| unusable(Position::FIRST, error.to_string()));
    let settings = name(SETTINGS_LOG)?;
    for_each(store, &settings, |position, bytes| {
        chat.handle_restored(bytes, now).map_err(|error| unusable(position, error.reason))
    })?;
    for_each(store, &name(MARKERS_LOG)?, |_, bytes| {
        chat.handle_restored_marker(bytes);
        Ok(())
    })?;
    restore_throttles(chat, store, now)?;
    Ok(shorten(chat, store, &settings).err())
}

/// Reads a log from its start.
fn for_each(
    store: &dyn Log,
    log: &LogName,
    mut take: impl FnMut(Position, &[u8]) -> Result<(), ChatError>,
) -> Result<(), ChatError> {
    let mut next = Position::FIRST;
    loop {
        let records = store.read(log, next..Position::END, Limit::MOST, Direction::Forwards)?;
        let Some(last) = records.last() else { return Ok(()) };
        next = last.position.next();
        for record in &records {
            if let Some(bytes) = &record.bytes {
                take(record.position, bytes)?;
            }
        }
    }
}

/// What was tried too often before the restart. A record that cannot be read is as good as none.
fn restore_throttles(chat: &mut Chat, store: &mut dyn Log, now: Now) -> Result<(), ChatError> {
    let Ok(log) = LogName::new(THROTTLES_LOG) else { return Ok(()) };
    let newest = store.last(&log, Limit::records(1))?;
    if let Some(bytes) = newest.first().and_then(|record| record.bytes.as_ref()) {
        let _ = chat.handle_throttles(bytes, now);
    }
    Ok(())
}

/// Puts the snapshot behind what is there, then takes that away: spec/event-log.md, "Snapshot", says why a crash between
/// any two of these steps loses nothing.
fn shorten(chat: &Chat, store: &mut dyn Log, log: &LogName) -> Result<(), AppendError> {
    let Some(LogHead { first, next, .. }) = store.head(log)? else { return Ok(()) };
    let snapshot = chat.snapshot();
    let needed = limits::CHAT_SETTINGS_RATIO * snapshot.len() + limits::CHAT_SETTINGS_SPARE;
    if next.get() - first.get() <= needed as u64 {
        return Ok(());
    }
    let mut rest = snapshot.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_len(rest));
        let appends = batch.iter().map(|bytes| Append { log, expected: None, bytes });
        store.append(&appends.collect::<Vec<_>>())?;
        rest = later;
    }
    while store.trim(log, next)? < next {}
    Ok(())
}

/// How many of `records` go into one commit: at least one, which the store refuses if it is too large.
fn batch_len(records: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fitting = records.iter().take(limits::STORE_BATCH_RECORDS).take_while(|record| {
        bytes += record.len();
        bytes <= limits::STORE_BATCH_BYTES
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::chat::Settings;
    use crate::service::chat::password::credential;
    use helio_core::chat::{ControlRequest, Effect, Face, Peer, RequestId, Verdict};
    use helio_core::time::{Instant, Utc};
    use helio_store::fault::{Fate, FaultyStore};
    use helio_store::memory::MemoryStore;

    fn now() -> Now {
        Now { mono: Instant::ORIGIN, utc: Utc::from_micros(1_795_345_720_000_000) }
    }

    fn log() -> LogName {
        LogName::new(SETTINGS_LOG).unwrap()
    }

    fn nobody() -> Chat {
        Chat::new(Settings::new("heliograph-test"), [7; 12], now())
    }

    fn restored(store: &mut dyn Log) -> Chat {
        let mut chat = nobody();
        assert_eq!(restore(&mut chat, store, now()).unwrap(), None);
        chat
    }

    fn len(store: &dyn Log) -> u64 {
        store.head(&log()).unwrap().map_or(0, |head| head.next.get() - head.first.get())
    }

    /// What the service asks to be kept goes into `store`, and is acknowledged.
    fn keep(chat: &mut Chat, store: &mut dyn Log) {
        while let Some(effect) = chat.poll_effect() {
            if let Effect::Append { ticket, log, bytes } = effect {
                let log = LogName::new(&log).unwrap();
                store.append(&[Append { log: &log, expected: None, bytes: &bytes }]).unwrap();
                chat.handle_committed(ticket, now());
            }
        }
    }

    #[test]
    fn a_long_log_of_one_room_becomes_one_record() {
        let mut store = MemoryStore::new();
        let mut chat = nobody();
        let peer =
            Peer { address: "127.0.0.1:1".parse().unwrap(), face: Face::Irc, is_secure: false, certificate: None };
        let ada = chat.handle_connect(peer, now()).unwrap();
        for line in ["NICK ada", "USER ada 0 * :Ada", "JOIN #tea", "MODE #tea +b x"] {
            chat.handle_line(ada, line.as_bytes(), now());
        }
        for n in 0..5_000 {
            chat.handle_line(ada, format!("TOPIC #tea :{n}").as_bytes(), now());
            let written = chat.output(ada).unwrap().bytes.len();
            chat.handle_written(ada, written);
            keep(&mut chat, &mut store);
        }
        assert!(len(&store) > 5_000);
        assert_eq!(restored(&mut store).snapshot(), chat.snapshot());
        assert_eq!(len(&store), 1);
        assert_eq!(restored(&mut store).snapshot(), chat.snapshot());
        assert_eq!(len(&store), 1, "a short log stays as it is");
    }

    /// `spec/event-log.md`, "Read markers".
    #[test]
    fn read_markers_are_restored() {
        let mut store = MemoryStore::new();
        let mut chat = nobody();
        let credential = credential("correct horse").unwrap();
        chat.handle_request(RequestId(0), None, ControlRequest::AccountAdd { name: "ada".into(), credential }, now());
        keep(&mut chat, &mut store);
        let markers = LogName::new(MARKERS_LOG).unwrap();
        let marked =
            br#"{"account":"ada","markers":[{"with":"~ben","at_ms":1559390400000},{"with":"carl","at_ms":1}]}"#;
        for bytes in [&b"nonsense"[..], &marked[..], br#"{"account":"nobody","markers":[]}"#] {
            store.append(&[Append { log: &markers, expected: None, bytes }]).unwrap();
        }
        let mut chat = restored(&mut store);
        let peer =
            Peer { address: "127.0.0.1:1".parse().unwrap(), face: Face::Irc, is_secure: false, certificate: None };
        let ada = chat.handle_connect(peer, now()).unwrap();
        for line in ["PASS ada:secret", "NICK grace", "USER ada 0 * :Ada", "MARKREAD carl"] {
            chat.handle_line(ada, line.as_bytes(), now());
            if let Some(Effect::Verify { ticket, .. }) = chat.poll_effect() {
                chat.handle_verified(ticket, Verdict::Right, now());
            }
        }
        let answer = String::from_utf8(chat.output(ada).unwrap().bytes.to_vec()).unwrap();
        assert!(answer.ends_with("MARKREAD carl timestamp=1970-01-01T00:00:00.001Z\r\n"), "{answer}");
    }

    /// Rooms that came, changed, ended and came again: more than one batch of a snapshot, more than one trim.
    fn long_log() -> Vec<String> {
        let mut records = Vec::new();
        for n in 0..limits::STORE_BATCH_RECORDS + 100 {
            let created = |id| format!(r##"{{"event":"created","id":"{id}{n}","name":"#{n}","at_us":{n}}}"##);
            let topic =
                |text| format!(r##"{{"event":"topic","room":"#{n}","by":"a!a@a","text":"{text} {n}","at_us":{n}}}"##);
            let ended = |id| format!(r##"{{"event":"ended","room":"#{n}","id":"{id}{n}"}}"##);
            records.extend([created("old"), topic("one"), topic("two"), ended("old")]);
            match n % 4 {
                0 => records.extend([created("new"), topic("three"), topic("four"), topic("")]),
                1 => {}
                _ => records.extend([created("new"), topic("three"), topic("four"), ended("none")]),
            }
        }
        records
    }

    /// `spec/event-log.md`, "Snapshot": a power cut in any of the commits, which is then there or is not.
    #[test]
    fn a_power_cut_at_any_step_changes_no_room() {
        for seed in 0..4 {
            let mut commits = 0;
            loop {
                let mut store = FaultyStore::new(seed);
                for records in long_log().chunks(limits::STORE_BATCH_RECORDS) {
                    let log = log();
                    let appends = records.iter().map(|r| Append { log: &log, expected: None, bytes: r.as_bytes() });
                    store.append(&appends.collect::<Vec<_>>()).unwrap();
                }
                let before = len(&store);
                store.arrange((0..commits).map(|_| Fate::Commit).chain([Fate::PowerCut]));
                let mut chat = nobody();
                let is_cut = restore(&mut chat, &mut store, now()).unwrap().is_some();
                let rooms = chat.snapshot();
                assert!(rooms.len() > limits::STORE_BATCH_RECORDS / 2, "{}", rooms.len());
                if !is_cut {
                    assert!(commits >= 3 && len(&store) == rooms.len() as u64 && before > len(&store));
                    break;
                }
                store.restore_power();
                let again = restored(&mut store);
                assert_eq!(again.snapshot(), rooms, "seed {seed}, after {commits} commits");
                commits += 1;
            }
        }
    }

    #[test]
    fn a_disk_that_is_full_leaves_the_log_long_and_the_rooms_restored() {
        let mut store = FaultyStore::new(1);
        for records in long_log().chunks(limits::STORE_BATCH_RECORDS) {
            let log = log();
            let appends = records.iter().map(|r| Append { log: &log, expected: None, bytes: r.as_bytes() });
            store.append(&appends.collect::<Vec<_>>()).unwrap();
        }
        store.arrange([Fate::Full]);
        let (before, mut chat) = (len(&store), nobody());
        let stays = restore(&mut chat, &mut store, now()).unwrap();
        assert!(stays.is_some() && !chat.snapshot().is_empty());
        assert_eq!(len(&store), before);
    }
}
