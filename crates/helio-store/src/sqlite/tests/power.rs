//! Power cuts and failing disks under the real SQLite: a life of a store runs under `strace`, whose record of writes
//! and syncs says what a disk must hold at any moment, and which makes system calls fail.
//!
//! `spec/store.md`, goal "What was returned as done is on the disk": no acknowledgement precedes its sync.

mod disk;
mod life;
mod trace;

use crate::contract::everything;
use crate::memory::MemoryStore;
use crate::sqlite::SqliteStore;
use disk::Disk;
use helio_core::rng::Rng;
use life::{Told, perform, steps};
use std::path::Path;
use std::process::Command;
use trace::{Event, parse};

/// The life itself. Under `strace` it runs in the folder that the environment names; as a test of its own it says that
/// without faults everything works.
#[test]
fn life() {
    let here = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(life::FOLDER).map_or_else(|| here.path().to_owned(), Into::into);
    life::live(&folder);
    let told = life::told(&std::fs::read_to_string(folder.join("told")).unwrap());
    let mut model = MemoryStore::new();
    for (step, told) in steps().iter().zip(&told) {
        if *told == Told::Done {
            perform(&mut model, step).unwrap();
        }
    }
    assert_eq!(told.len(), steps().len());
    let store = SqliteStore::open(&folder.join("store")).unwrap();
    store.verify().unwrap();
    assert_eq!(everything(&store), everything(&model), "no step that failed is visible, and all others are");
}

/// Runs the life under `strace` and returns what it did to the disk. The life judges its own end.
fn traced(folder: &Path, arguments: &[&str]) -> Vec<Event> {
    let record = folder.join("trace");
    let calls = "trace=openat,write,pwrite64,ftruncate,fdatasync,fsync,unlink,rename,mmap";
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-xx", "-s", "200000", "-e", calls, "-o"]).arg(&record).args(arguments);
    command.arg(std::env::current_exe().unwrap());
    command.args(["sqlite::tests::power::life", "--exact", "--test-threads=1"]).env(life::FOLDER, folder);
    let output = command.output().expect("strace starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let text = std::fs::read_to_string(&record).unwrap();
    parse(&text, folder)
}

fn without_strace() -> bool {
    let missing = std::env::var("HELIO_TEST_WITHOUT").unwrap_or_default();
    let skip = missing.split(',').any(|name| name == "strace");
    if skip {
        eprintln!("SKIPPED: this test needs strace, which this machine lacks");
    }
    skip
}

/// Cuts the power at `cuts` random moments: whatever of the unsynced writes reached the disk, all that was acknowledged
/// is there, and of the rest at most one step, whole.
fn cut_power(events: &[Event], seed: u64, cuts: u64) {
    let mut rng = Rng::from_seed(seed);
    for cut in 0..cuts {
        let moment = rng.below(events.len() as u64 + 1) as usize;
        let mut disk = Disk::default();
        let mut text = String::new();
        for event in &events[..moment] {
            disk.apply(event);
            if let Event::Told(line) = event {
                text += line;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        disk.leave(folder.path(), &mut rng);
        let at = format!("seed {seed}, cut {cut} at event {moment} of {}", events.len());
        let store = SqliteStore::open(folder.path()).unwrap_or_else(|error| panic!("{at}: {error}"));
        store.verify().unwrap_or_else(|error| panic!("{at}: {error}"));
        let found = everything(&store);
        assert!(allowed(&text).contains(&found), "{at}, after {} steps", life::told(&text).len());
    }
}

/// What a store may hold of which `text` was told: all that was done; or also one of the steps that were tried since the
/// last success.
fn allowed(text: &str) -> Vec<String> {
    let steps = steps();
    let told = life::told(text);
    let mut model = MemoryStore::new();
    let mut in_doubt = Vec::new();
    for (step, told) in steps.iter().zip(&told) {
        match told {
            Told::Done => {
                perform(&mut model, step).unwrap();
                in_doubt.clear();
            }
            Told::Failed(_) => in_doubt.push(step),
        }
    }
    in_doubt.extend(steps.get(told.len()));
    let with = |step: &&life::Step| {
        let mut model = model.clone();
        perform(&mut model, step).unwrap();
        everything(&model)
    };
    let with_one: Vec<String> = in_doubt.iter().map(with).collect();
    [vec![everything(&model)], with_one].concat()
}

#[test]
fn a_power_cut_at_any_moment_takes_nothing_that_was_acknowledged() {
    if without_strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let events = traced(folder.path(), &[]);
    let syncs = events.iter().filter(|event| matches!(event, Event::Sync { .. })).count();
    assert!(syncs >= steps().len(), "{syncs} syncs");
    cut_power(&events, 1, 150);
}

#[test]
#[ignore = "soak"]
fn a_power_cut_at_any_moment_takes_nothing_that_was_acknowledged_at_length() {
    let seed = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let folder = tempfile::tempdir().unwrap();
    cut_power(&traced(folder.path(), &[]), seed, 5_000);
}

/// The judge is no pushover: a disk that ignores a share of the syncs is found out.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    if without_strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut events = traced(folder.path(), &[]);
    events.retain(|event| !matches!(event, Event::Sync { .. }));
    let caught = std::panic::catch_unwind(|| cut_power(&events, 1, 50));
    assert!(caught.is_err());
}

/// Full disk, failing writes and failing syncs: the life goes on after each, what failed is not there and all else is,
/// also after a power cut, and also when the kernel dropped what it could not sync.
#[test]
fn system_calls_that_fail_lose_nothing() {
    if without_strace() {
        return;
    }
    // Writes fail so seldom that a probe, which needs some 40, gets through between two.
    for (injection, expected) in [
        ("inject=fsync,fdatasync:error=EIO:when=20+7", "disk I/O error"),
        ("inject=pwrite64:error=EIO:when=120+177", "disk I/O error"),
        ("inject=pwrite64:error=ENOSPC:when=120+177", "no room for"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let events = traced(folder.path(), &["-e", injection]);
        let told = life::told(&std::fs::read_to_string(folder.path().join("told")).unwrap());
        let failed = |told: &&Told| matches!(told, Told::Failed(message) if message.contains(expected));
        assert!(told.iter().filter(failed).count() >= 2, "{injection}: {told:?}");
        assert!(told.iter().all(|told| *told == Told::Done || failed(&told)), "{injection}: {told:?}");
        cut_power(&events, 2, 50);
    }
}
