//! Conversations of the writer with a disk, judged by plain byte vectors.

mod bench;
mod disk;
mod random;

use super::*;
use alloc::vec::Vec;
use alloc::{format, vec};
use bench::Bench;
use disk::Disk;

fn options(fsync: Fsync) -> WriterOptions {
    WriterOptions { fsync, rotation: Rotation::default(), writes_lines: true }
}

fn failing(operation: Operation, reason: &str) -> FileReport {
    FileReport::Failing { operation, reason: reason.into() }
}

#[test]
fn records_that_wait_together_share_one_write_and_one_sync() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    for n in 0..100 {
        b.append(format!("{n}\n").as_bytes());
    }
    b.drain();
    assert_eq!((b.completed, b.disk.syncs), (100, 1));
    assert_eq!(b.disk.content(), b.appended);
}

/// An empty datagram in exact mode.
#[test]
fn an_empty_record_completes_in_its_turn() {
    for fsync in [Fsync::Every, Fsync::Interval] {
        let mut b = Bench::new(options(fsync), Disk::new(0));
        b.append_and_drain(b"");
        assert_eq!(b.completed, 1);
        b.append(b"one\n");
        b.append(b"");
        assert_eq!(b.completed, 1);
        b.drain();
        assert_eq!(b.completed, 3);
    }
}

/// The bound [`limits::LOG_WRITE`].
#[test]
fn much_that_waits_is_written_in_bounded_pieces() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.append(&vec![b'x'; limits::LOG_WRITE]);
    b.append(b"\n");
    b.drain();
    assert_eq!((b.completed, b.disk.largest_write, b.disk.syncs), (2, limits::LOG_WRITE, 1));
}

#[test]
fn the_interval_starts_with_the_first_unsynced_byte() {
    let mut b = Bench::new(options(Fsync::Interval), Disk::new(0));
    b.append_and_drain(b"one\n");
    b.wait(limits::LOG_SYNC_INTERVAL / 2);
    b.append_and_drain(b"two\n");
    assert_eq!((b.completed, b.disk.syncs), (2, 0));
    b.wait(limits::LOG_SYNC_INTERVAL / 2);
    assert_eq!(b.disk.syncs, 1);
    b.wait(limits::LOG_SYNC_INTERVAL * 9);
    assert_eq!(b.disk.syncs, 1, "nothing new, no sync");
    assert_eq!(b.writer.poll_timeout(), None);
}

#[test]
fn close_syncs_when_a_connection_ends_and_at_the_end() {
    let mut b = Bench::new(options(Fsync::Close), Disk::new(0));
    b.append_and_drain(b"one\n");
    b.wait(Duration::from_hours(1));
    assert_eq!(b.disk.syncs, 0);
    b.writer.handle_stream_end();
    b.drain();
    b.writer.handle_stream_end();
    b.drain();
    assert_eq!(b.disk.syncs, 1, "the second end had nothing to sync");
    b.append_and_drain(b"two\n");
    b.writer.handle_close();
    b.drain();
    assert_eq!((b.disk.syncs, b.closed), (2, true));
}

/// Spec, "When writing fails".
#[test]
fn a_full_disk_is_said_once_and_writing_goes_on_where_it_stopped() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.disk.capacity = 10;
    b.append(b"one\n");
    b.append(b"twotwotwo\n");
    b.append_and_drain(b"three\n");
    assert_eq!(b.disk.content(), b"one\ntwotwo");
    assert_eq!(b.completed, 1, "what fitted does not wait for the rest");
    b.wait(Duration::from_secs(60));
    assert_eq!(b.reports, [failing(Operation::Write, "no space left on device")]);
    b.disk.capacity = 1000;
    b.wait(limits::LOG_RETRY_MAX);
    assert_eq!(b.disk.content(), b.appended);
    assert_eq!(b.completed, 3);
    assert!(matches!(b.reports[1..], [FileReport::Works { operation: Operation::Write, .. }]), "{:?}", b.reports);
}

#[test]
fn retries_back_off_to_their_limit_and_start_anew_after_success() {
    let mut b = Bench::new(options(Fsync::Interval), Disk::new(0));
    b.drain();
    b.disk.capacity = 0;
    b.append_and_drain(b"x\n");
    let mut waits = vec![];
    for _ in 0..8 {
        let at = b.writer.poll_timeout().unwrap();
        waits.push((at - b.now).as_millis());
        b.now = at;
        b.writer.handle_timeout(at);
        b.drain();
    }
    assert_eq!(waits, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
    b.disk.capacity = 2;
    b.wait(limits::LOG_RETRY_MAX);
    b.append_and_drain(b"y\n");
    assert_eq!(b.writer.poll_timeout().unwrap() - b.now, limits::LOG_RETRY_MIN.min(limits::LOG_SYNC_INTERVAL));
}

/// Spec, "Durability": the kernel forgets pages that it failed to save, so a second sync alone would lie.
#[test]
fn after_a_failed_sync_the_bytes_are_written_again_before_the_next() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(1));
    b.disk.faults.sync = 1.0;
    b.append(b"one\n");
    b.append_and_drain(b"two\n");
    assert_eq!(b.completed, 0);
    b.append_and_drain(b"three\n");
    b.disk.faults.sync = 0.0;
    b.wait(limits::LOG_RETRY_MAX);
    assert_eq!(b.completed, 3);
    assert_eq!(b.disk.content(), b.appended);
    assert_eq!(b.reports.len(), 2);
}

#[test]
fn a_failing_sync_does_not_stop_writing_unless_every_record_waits_for_it() {
    let mut b = Bench::new(options(Fsync::Interval), Disk::new(1));
    b.disk.faults.sync = 1.0;
    b.append_and_drain(b"one\n");
    b.wait(limits::LOG_SYNC_INTERVAL);
    b.append_and_drain(b"two\n");
    assert_eq!(b.completed, 2);
    b.wait(Duration::from_secs(60));
    assert_eq!(b.reports, [failing(Operation::Sync, "input/output error")]);
}

/// Spec, "Rotation": between two records, before the one that would make the file too large.
#[test]
fn size_rotates_at_record_boundaries() {
    let rotation = Rotation { max_bytes: Some(10), max_age: None };
    let mut b = Bench::new(WriterOptions { rotation, ..options(Fsync::Interval) }, Disk::new(0));
    for record in ["aaaa\n", "bbbb\n", "c\n", "a record that is larger than a file\n", "d\n", "e\n"] {
        b.append(record.as_bytes());
    }
    b.drain();
    let files: Vec<&[u8]> = b.disk.files.iter().map(|f| &f.content[..]).collect();
    assert_eq!(files, [&b"aaaa\nbbbb\n"[..], b"c\n", b"a record that is larger than a file\n", b"d\ne\n"]);
}

#[test]
fn age_rotates_without_a_new_record_and_never_an_empty_file() {
    let day = Duration::from_hours(24);
    let rotation = Rotation { max_bytes: None, max_age: Some(day) };
    let mut b = Bench::new(WriterOptions { rotation, ..options(Fsync::Interval) }, Disk::new(0));
    b.drain();
    b.wait(day * 2);
    assert_eq!(b.disk.files.len(), 1);
    b.append_and_drain(b"one\n");
    b.wait(day - Duration::from_secs(1));
    assert_eq!(b.disk.files.len(), 1);
    b.wait(Duration::from_secs(1));
    assert_eq!(b.disk.files.len(), 2);
    b.wait(day * 2);
    assert_eq!(b.disk.files.len(), 2);
}

#[test]
fn a_record_that_is_half_written_is_finished_before_the_rotation() {
    let rotation = Rotation { max_bytes: None, max_age: Some(Duration::from_secs(1)) };
    let mut b = Bench::new(WriterOptions { rotation, ..options(Fsync::Interval) }, Disk::new(0));
    b.disk.capacity = 2;
    b.append_and_drain(b"one\n");
    b.wait(Duration::from_secs(5));
    assert_eq!(b.disk.files.len(), 1);
    b.disk.capacity = 100;
    b.wait(Duration::from_secs(5));
    assert_eq!((b.disk.files.len(), &b.disk.files[0].content[..]), (2, &b"one\n"[..]));
}

#[test]
fn a_file_that_is_found_old_is_rotated_in_time() {
    let rotation = Rotation { max_bytes: None, max_age: Some(Duration::from_secs(100)) };
    let mut writer = FileWriter::<()>::new(WriterOptions { rotation, ..options(Fsync::Interval) });
    assert_eq!(writer.poll_action(), Some(FileAction::Open));
    let age = Duration::from_secs(70);
    writer.handle_opened(Opened { size: 5, age, ..Opened::default() }, Instant::ORIGIN);
    assert_eq!(writer.poll_timeout(), Some(Instant::ORIGIN + Duration::from_secs(30)));
}

#[test]
fn a_rotation_that_fails_does_not_hold_up_writing() {
    let rotation = Rotation { max_bytes: Some(4), max_age: None };
    let mut b = Bench::new(WriterOptions { rotation, ..options(Fsync::Every) }, Disk::new(0));
    b.disk.faults.rotate = 1.0;
    b.append(b"one\n");
    b.append_and_drain(b"two\n");
    assert_eq!((b.completed, b.disk.files.len()), (2, 1));
    assert_eq!(b.reports, [failing(Operation::Rotate, "permission denied")]);
    b.disk.faults.rotate = 0.0;
    b.wait(limits::LOG_RETRY_MAX);
    b.append_and_drain(b"three\n");
    assert_eq!(b.disk.files.len(), 2);
    assert_eq!(b.disk.content(), b.appended);
}

#[test]
fn a_reopened_file_gets_what_follows_and_the_old_one_is_synced() {
    let mut b = Bench::new(options(Fsync::Interval), Disk::new(0));
    b.append_and_drain(b"one\n");
    b.disk.is_named = false;
    b.writer.handle_reopen();
    b.drain();
    b.append_and_drain(b"two\n");
    assert_eq!((b.disk.files.len(), b.disk.syncs), (2, 1));
    assert_eq!(b.disk.files[1].content, b"two\n");
}

#[test]
fn reopening_the_same_file_changes_nothing() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.disk.capacity = 2;
    b.append_and_drain(b"one\n");
    b.writer.handle_reopen();
    b.drain();
    b.disk.capacity = 100;
    b.wait(limits::LOG_RETRY_MAX);
    assert_eq!((b.completed, b.disk.content()), (1, b"one\n".to_vec()));
}

#[test]
fn reopening_elsewhere_rescues_a_writer_whose_disk_is_full() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.disk.capacity = 2;
    b.append_and_drain(b"one\n");
    b.disk.is_named = false;
    b.disk.capacity = 100;
    b.writer.handle_reopen();
    b.drain();
    assert_eq!(b.completed, 1);
    assert_eq!(b.disk.content(), b"one\n", "the new file goes on where the old one stopped");
    assert_eq!(b.disk.files[1].content, b"e\n");
}

#[test]
fn reopening_elsewhere_rescues_a_writer_whose_disk_does_not_sync() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(1));
    b.append_and_drain(b"safe\n");
    b.disk.faults.sync = 1.0;
    b.append_and_drain(b"one\n");
    b.disk.faults.sync = 0.0;
    b.disk.is_named = false;
    b.fsync = Fsync::Interval;
    b.writer.handle_reopen();
    while b.completed < 2 {
        let Some(_) = b.writer.poll_action().map(|action| match action {
            FileAction::Open => b.writer.handle_opened(b.disk.open().unwrap(), b.now),
            FileAction::Write => {
                let (len, at) = b.disk.write(b.writer.next_write()).unwrap();
                b.writer.handle_written(len, at, b.now);
            }
            FileAction::Sync => b.writer.handle_synced(b.now),
            FileAction::Complete(_) => b.completed += 1,
            FileAction::Report(_) => {}
            other @ (FileAction::Rewrite | FileAction::Rotate | FileAction::Close) => panic!("{other:?}"),
        }) else {
            panic!("never completed")
        };
    }
    assert_eq!(b.disk.files[1].content, b"one\n", "written again, for the old disk may have lost it");
}

/// Spec, "When writing fails".
#[test]
fn a_file_that_cannot_be_opened_is_not_waited_for_with_nothing_to_write() {
    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.disk.faults.open = 1.0;
    b.append_and_drain(b"");
    assert_eq!(b.completed, 1);
    b.writer.handle_close();
    b.drain();
    assert!(b.closed && b.disk.files.is_empty());

    let mut b = Bench::new(options(Fsync::Every), Disk::new(0));
    b.disk.faults.open = 1.0;
    b.append_and_drain(b"something\n");
    b.writer.handle_close();
    b.wait(Duration::from_secs(60));
    assert!(!b.closed, "what was received waits for its file");
    b.disk.faults.open = 0.0;
    b.wait(limits::LOG_RETRY_MAX);
    assert!(b.closed);
    assert_eq!(b.disk.content(), b.appended);
}

/// Spec, "Line mode": a torn last line gets its line end before the first new entry, and only then.
#[test]
fn a_torn_line_is_ended_before_the_next_entry() {
    for (found, wanted) in [("torn", "torn\nnew\n"), ("whole\n", "whole\nnew\n"), ("", "new\n")] {
        let mut b = Bench::new(options(Fsync::Close), Disk::new(0));
        b.disk.open().unwrap();
        if !found.is_empty() {
            b.disk.write(found.as_bytes()).unwrap();
        }
        b.disk.is_open = false;
        b.drain();
        assert_eq!(b.disk.content(), found.as_bytes(), "opening writes nothing");
        b.writer.handle_append(b"new\n", 0);
        b.fsync = Fsync::Close;
        b.ends.push(0);
        b.drain();
        assert_eq!(b.disk.content(), wanted.as_bytes());
    }
}
