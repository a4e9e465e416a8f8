use super::*;
use helio_store::sqlite::SqliteStore;
use helio_store::{Append, Direction, Limit, LogName, Position};
use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// A data directory with a store of `messages`, and an identity.
fn data(messages: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut store = open(&data);
    let log = LogName::new("room/a").unwrap();
    for n in 0..messages {
        let text = format!("message {n} {}", "x".repeat(500));
        store.append(&[Append { log: &log, expected: None, bytes: text.as_bytes() }]).unwrap();
    }
    std::fs::create_dir(data.join("tls")).unwrap();
    std::fs::write(data.join("tls/identity.pem"), "certificate").unwrap();
    std::fs::write(data.join("tls/identity.key"), "key").unwrap();
    (folder, data)
}

fn open(data: &Path) -> Store {
    Box::new(SqliteStore::open(&data.join("store")).unwrap())
}

fn messages(data: &Path) -> usize {
    let store = open(data);
    let log = LogName::new("room/a").unwrap();
    store.read(&log, Position::FIRST..Position::END, Limit::MOST, Direction::Forwards).unwrap().len()
}

/// What is wrong with a backup, as it is told, and how it comes to that.
type Damage = (&'static str, fn(&Path));

fn go_on(_: Progress) -> bool {
    true
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error<T: std::fmt::Debug>(result: Result<T, BackupError>, folder: &TempDir) -> String {
    result.unwrap_err().to_string().replace(folder.path().to_str().unwrap(), "DIR")
}

#[test]
fn a_backup_is_a_data_directory_and_can_be_restored_to_another() {
    let (folder, data) = data(200);
    let (backup, other) = (folder.path().join("backup"), folder.path().join("other"));
    let made = make(&data, &backup, &mut open(&data), &go_on).unwrap();
    assert_eq!(names(&backup), ["backup.json", "store", "tls"]);
    let paths: Vec<_> = made.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["store/store.sqlite3", "tls/identity.key", "tls/identity.pem"]);
    assert_eq!(check(&backup, &go_on).unwrap(), made);
    assert_eq!(names(&backup.join("store")), ["store.sqlite3"], "looking makes no files");
    for path in paths.into_iter().chain(["backup.json"]) {
        assert_eq!(backup.join(path).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    restore(&backup, &other, &go_on).unwrap();
    assert_eq!(names(&other), ["store", "tls"]);
    assert_eq!((messages(&other), messages(&backup)), (200, 200));
    assert_eq!(std::fs::read_to_string(other.join("tls/identity.key")).unwrap(), "key");
    assert_eq!(
        error(restore(&backup, &other, &go_on), &folder),
        "DIR/other/tls is there already; name a place where nothing is"
    );
}

#[test]
fn what_is_there_is_never_overwritten() {
    let (folder, data) = data(1);
    let mut store = open(&data);
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    make(&data, &empty, &mut store, &go_on).unwrap();
    let again = make(&data, &empty, &mut store, &go_on);
    assert_eq!(error(again, &folder), "DIR/empty is there already; name a place where nothing is");
    let nowhere = make(&data, &folder.path().join("no/where"), &mut store, &go_on);
    assert!(error(nowhere, &folder).starts_with("cannot make DIR/no/.where.part-"));
}

/// Whoever has the store cleans it while it is copied, as often as told.
struct Cleaned<'a> {
    store: &'a mut Store,
    times: usize,
}

impl Frozen for Cleaned<'_> {
    fn freeze(&mut self) -> Result<PathBuf, BackupError> {
        self.store.freeze()
    }

    fn thaw(&mut self) -> Result<bool, BackupError> {
        if self.times > 0 {
            self.times -= 1;
            self.store.scrub()?;
        }
        self.store.thaw()
    }
}

#[test]
fn a_void_copy_is_made_again_a_bounded_number_of_times() {
    let (folder, data) = data(3);
    let mut store = open(&data);
    let backup = folder.path().join("backup");
    make(&data, &backup, &mut Cleaned { store: &mut store, times: BACKUP_ATTEMPTS - 1 }, &go_on).unwrap();
    check(&backup, &go_on).unwrap();
    let other = folder.path().join("other");
    let busy = make(&data, &other, &mut Cleaned { store: &mut store, times: BACKUP_ATTEMPTS }, &go_on);
    assert!(matches!(busy, Err(BackupError::Busy)), "{busy:?}");
    assert_eq!(names(folder.path()), ["backup", "data"], "nothing is left of it");
}

#[test]
fn every_kind_of_damage_is_found_and_named() {
    let (folder, data) = data(100);
    let good = folder.path().join("good");
    make(&data, &good, &mut open(&data), &go_on).unwrap();
    let damage: [Damage; 8] = [
        ("DIR/bad/store/store.sqlite3 is damaged: its BLAKE3 differs; use another backup", |bad| {
            let path = bad.join("store/store.sqlite3");
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("DIR/bad/tls/identity.key is damaged: it has 0 bytes, expected 3; use another backup", |bad| {
            std::fs::write(bad.join("tls/identity.key"), "").unwrap();
        }),
        ("DIR/bad/tls/identity.pem is damaged: it is missing; use another backup", |bad| {
            std::fs::remove_file(bad.join("tls/identity.pem")).unwrap();
        }),
        ("DIR/bad is no backup: it has no backup.json", |bad| {
            std::fs::remove_file(bad.join("backup.json")).unwrap();
        }),
        ("DIR/bad/backup.json cannot be used: EOF while parsing an object at line 2 column 0", |bad| {
            std::fs::write(bad.join("backup.json"), "{\n").unwrap();
        }),
        ("DIR/bad/backup.json cannot be used: it is longer than 1048576 bytes", |bad| {
            std::fs::write(bad.join("backup.json"), vec![b' '; 1_048_577]).unwrap();
        }),
        ("DIR/bad/backup.json cannot be used: ../data/tls/identity.key is not a path within the backup", |bad| {
            let text = std::fs::read_to_string(bad.join("backup.json")).unwrap();
            std::fs::write(bad.join("backup.json"), text.replace("tls/identity.key", "../data/tls/identity.key"))
                .unwrap();
        }),
        ("DIR/bad/backup.json has format 2, known is 1; use helio 9.0.0, which made it, or a later one", |bad| {
            std::fs::write(bad.join("backup.json"), r#"{"format":2,"helio":"9.0.0","parts":7}"#).unwrap();
        }),
    ];
    for (expected, harm) in damage {
        let bad = folder.path().join("bad");
        let copied = std::process::Command::new("cp").arg("-r").arg(&good).arg(&bad).status().unwrap();
        assert!(copied.success());
        harm(&bad);
        assert_eq!(error(check(&bad, &go_on), &folder), expected);
        let other = folder.path().join("other");
        assert_eq!(error(restore(&bad, &other, &go_on), &folder), expected);
        assert!(!other.exists());
        std::fs::remove_dir_all(bad).unwrap();
    }
}

/// A manifest that fits a database that does not fit together: its own pages are judged, too.
#[test]
fn a_database_that_was_damaged_before_it_was_copied_is_found() {
    let (folder, data) = data(300);
    struct Damaged(PathBuf);
    impl Frozen for Damaged {
        fn freeze(&mut self) -> Result<PathBuf, BackupError> {
            Ok(self.0.clone())
        }
        fn thaw(&mut self) -> Result<bool, BackupError> {
            Ok(true)
        }
    }
    drop(open(&data));
    let file = data.join("store/store.sqlite3");
    let mut bytes = std::fs::read(&file).unwrap();
    let len = bytes.len();
    bytes[len / 2..len / 2 + 4_096].fill(0xAA);
    std::fs::write(&file, bytes).unwrap();
    let made = make(&data, &folder.path().join("backup"), &mut Damaged(file), &go_on);
    assert!(matches!(made, Err(BackupError::Store(StoreError::Corrupt { .. }))), "{made:?}");
    assert_eq!(names(folder.path()), ["data"]);
}

#[test]
fn who_watches_sees_it_grow_and_can_stop_it() {
    let (folder, data) = data(5_000);
    let seen = RefCell::new(Vec::new());
    let backup = folder.path().join("backup");
    let watch = |progress| {
        seen.borrow_mut().push(progress);
        true
    };
    make(&data, &backup, &mut open(&data), &watch).unwrap();
    let seen = seen.into_inner();
    let copied: Vec<_> = seen.iter().filter(|seen| seen.phase == Phase::Copying && seen.total > 0).collect();
    assert!(copied.is_sorted_by_key(|seen| seen.bytes) && copied.len() > 3, "{copied:?}");
    assert_eq!(copied.last().map(|seen| seen.bytes), copied.last().map(|seen| seen.total));
    assert_eq!(seen.last().map(|seen| seen.phase), Some(Phase::Checking));
    let other = folder.path().join("other");
    let stopped = make(&data, &other, &mut open(&data), &|progress| progress.bytes < 2_000_000);
    assert!(matches!(stopped, Err(BackupError::Stopped)));
    assert_eq!(names(folder.path()), ["backup", "data"]);
}
