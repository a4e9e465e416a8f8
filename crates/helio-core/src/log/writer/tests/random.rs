//! Many random lives of a writer, each from one seed.

use super::bench::Bench;
use super::disk::{Disk, Faults};
use crate::log::writer::*;
use crate::rng::Rng;
use alloc::format;
use alloc::vec::Vec;

fn random_bench(seed: u64, rng: &mut Rng) -> Bench {
    let fsync = [Fsync::Every, Fsync::Every, Fsync::Interval, Fsync::Close][rng.below(4) as usize];
    let rotation = Rotation {
        max_bytes: rng.chance(0.5).then(|| 20 + rng.below(100)),
        max_age: rng.chance(0.3).then(|| Duration::from_millis(500 + rng.below(5_000))),
    };
    Bench::new(WriterOptions { fsync, rotation, writes_lines: true }, Disk::new(seed))
}

fn random_faults(rng: &mut Rng) -> Faults {
    let mut share = || if rng.chance(0.5) { 0.0 } else { 0.5 };
    Faults { short_write: share(), write: share(), sync: share(), rotate: share(), open: share() }
}

fn random_step(b: &mut Bench, rng: &mut Rng) {
    match rng.below(10) {
        0..=4 => {
            let record = format!("{} {}\n", b.ends.len(), "x".repeat(rng.below(30) as usize));
            b.append(record.as_bytes());
        }
        5 => b.disk.faults = random_faults(rng),
        6 => b.disk.capacity = b.disk.content().len() + rng.below(40) as usize,
        7 => b.disk.capacity = usize::MAX,
        8 => b.wait(Duration::from_millis(rng.below(3_000))),
        _ => {
            b.disk.is_named &= rng.chance(0.5);
            b.writer.handle_reopen();
        }
    }
    for _ in 0..rng.below(6) {
        b.step();
    }
}

/// Whatever the disk does: promises hold at every step (a power cut or a kill may come at any of them), and once the
/// disk is well again the files together are what was appended.
#[test]
fn through_any_trouble_nothing_is_lost_doubled_or_promised_too_early() {
    (0..600).for_each(live_through_trouble);
}

#[test]
#[ignore = "soak"]
#[expect(clippy::disallowed_methods, reason = "the seed of a soak comes from outside")]
fn through_any_trouble_at_length() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..30_000).for_each(|n| live_through_trouble(first.wrapping_add(n)));
}

fn live_through_trouble(seed: u64) {
    let mut rng = Rng::from_seed(seed);
    let mut b = random_bench(seed, &mut rng);
    for _ in 0..60 {
        random_step(&mut b, &mut rng);
    }
    b.disk.faults = Faults::default();
    b.disk.capacity = usize::MAX;
    b.writer.handle_close();
    b.drain();
    b.wait(Duration::from_secs(60));
    assert!(b.closed, "seed {seed}");
    assert_eq!(b.completed, b.ends.len(), "seed {seed}");
    assert_eq!(b.disk.content(), b.appended, "seed {seed}");
    assert_eq!(b.writer.unwritten_bytes(), 0);
    // A rotation that failed need not come again: a reopening or the end may make it needless.
    let must_work = |operation: &Operation| *operation != Operation::Rotate;
    let failing = |r: &&FileReport| matches!(r, FileReport::Failing { operation, .. } if must_work(operation));
    let works = |r: &&FileReport| matches!(r, FileReport::Works { operation, .. } if must_work(operation));
    let (failing, works) = (b.reports.iter().filter(failing).count(), b.reports.iter().filter(works).count());
    assert!(works <= failing && (works > 0) == (failing > 0), "seed {seed}: {:?}", b.reports);
}

/// Killed at any step and started again: each acknowledged line, of before and after, is a whole line of the file.
#[test]
fn a_restart_after_a_kill_keeps_lines_whole() {
    for seed in 0..300 {
        let mut rng = Rng::from_seed(seed);
        let mut b = random_bench(seed, &mut rng);
        for _ in 0..rng.below(40) {
            random_step(&mut b, &mut rng);
        }
        let promised = b.completed.checked_sub(1).map_or(0, |last| b.ends[last]);
        let mut lines: Vec<Vec<u8>> =
            b.appended[..promised].split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        let mut disk = b.disk.clone();
        disk.faults = Faults::default();
        disk.capacity = usize::MAX;
        disk.is_open = false;
        let mut again = FileWriter::new(WriterOptions { writes_lines: true, ..WriterOptions::default() });
        again.handle_append(b"after the restart\n", ());
        lines.push(b"after the restart\n".to_vec());
        while let Some(action) = again.poll_action() {
            match action {
                FileAction::Open => again.handle_opened(disk.open().unwrap(), b.now),
                FileAction::Write => {
                    let (len, at) = disk.write(again.next_write()).unwrap();
                    again.handle_written(len, at, b.now);
                }
                FileAction::Complete(()) => break,
                other @ (FileAction::Rewrite
                | FileAction::Sync
                | FileAction::Rotate
                | FileAction::Report(_)
                | FileAction::Close) => panic!("{other:?}"),
            }
        }
        // A line whose file was renamed in its middle is whole when the files are read one after another.
        let all = disk.content();
        let each = disk.files.iter().flat_map(|f| f.content.split_inclusive(|&b| b == b'\n'));
        let found: Vec<&[u8]> = all.split_inclusive(|&b| b == b'\n').chain(each).collect();
        for line in lines {
            assert!(found.contains(&&line[..]), "seed {seed}: {:?}", core::str::from_utf8(&line));
        }
    }
}
