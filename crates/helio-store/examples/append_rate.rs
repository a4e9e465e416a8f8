//! One part of `cargo xtask bench store`: appends records of 200 bytes to 20 logs in turn, in groups of which each is one
//! synced commit, for some time, and tells how many it were.
//!
//! `append_rate store|bare GROUP MILLIS DIRECTORY`; the result is one JSON object on standard output. `bare` is the same
//! rows through rusqlite alone, in a table with an index over log and position.

use helio_store::sqlite::SqliteStore;
use helio_store::{Append, Log, LogName};
use rusqlite::{Connection, params};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const LOGS: i64 = 20;
const RECORD: [u8; 200] = [0x55; 200];

type Group<'a> = Box<dyn FnMut() -> Result<(), Box<dyn Error>> + 'a>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [contender, group, millis, directory] = &arguments[..] else {
        return Err("expected: store|bare GROUP MILLIS DIRECTORY".into());
    };
    let (group, time) = (group.parse()?, Duration::from_millis(millis.parse()?));
    let (rows, elapsed) = match contender.as_str() {
        "store" => store(group, time, Path::new(directory))?,
        "bare" => bare(group, time, Path::new(directory))?,
        other => return Err(format!("expected store or bare, got {other}").into()),
    };
    writeln!(std::io::stdout(), "{{\"rows\":{rows},\"elapsed_ns\":{}}}", elapsed.as_nanos())?;
    Ok(())
}

fn store(group: usize, time: Duration, directory: &Path) -> Result<(usize, Duration), Box<dyn Error>> {
    let mut store = SqliteStore::open(directory)?;
    let names = (0..LOGS).map(|n| LogName::new(&format!("room/#{n}"))).collect::<Result<Vec<_>, _>>()?;
    let mut turn = names.iter().cycle();
    measure(
        group,
        time,
        Box::new(|| {
            let next = turn.by_ref().take(group);
            let batch: Vec<_> = next.map(|log| Append { log, expected: None, bytes: &RECORD }).collect();
            store.append(&batch)?;
            Ok(())
        }),
    )
}

fn bare(group: usize, time: Duration, directory: &Path) -> Result<(usize, Duration), Box<dyn Error>> {
    let mut connection = Connection::open(directory.join("bare.sqlite3"))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE record (id INTEGER PRIMARY KEY, log INTEGER, position INTEGER, bytes BLOB); \
         CREATE UNIQUE INDEX place ON record (log, position);",
    )?;
    let mut number = 0_i64;
    measure(
        group,
        time,
        Box::new(|| {
            let transaction = connection.transaction()?;
            {
                let sql = "INSERT INTO record (log, position, bytes) VALUES (?1, ?2, ?3)";
                let mut insert = transaction.prepare_cached(sql)?;
                for _ in 0..group {
                    insert.execute(params![number % LOGS, number / LOGS, RECORD])?;
                    number += 1;
                }
            }
            transaction.commit()?;
            Ok(())
        }),
    )
}

fn measure(group: usize, time: Duration, mut commit: Group<'_>) -> Result<(usize, Duration), Box<dyn Error>> {
    let (mut rows, start) = (0, Instant::now());
    while start.elapsed() < time {
        commit()?;
        rows += group;
    }
    Ok((rows, start.elapsed()))
}
