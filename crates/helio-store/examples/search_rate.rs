//! How fast the search index is: fills one with messages of one room, and of others if told to, then asks it.
//!
//! `search_rate MESSAGES ROOMS DIRECTORY`: the result is one JSON object on standard output, with medians of 101 questions to
//! the first room, which has nine messages of ten. Words are drawn so that the nth most frequent comes 1/n as often as
//! the first.

use helio_core::rng::Rng;
use helio_store::search::{Document, Place, Question, SearchIndex, Stretch, Term};
use helio_store::{Direction, LogName, Position};
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const WORDS: u64 = 50_000;
const BATCH: usize = 1_024;
const QUESTIONS: usize = 101;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [messages, rooms, directory] = &arguments[..] else {
        return Err("expected: MESSAGES ROOMS DIRECTORY".into());
    };
    let (messages, rooms): (u64, usize) = (messages.parse()?, rooms.parse()?);
    let path = Path::new(directory).join("search.sqlite3");
    let names = (0..rooms.max(1)).map(|n| LogName::new(&format!("room/{n}"))).collect::<Result<Vec<_>, _>>()?;
    let start = Instant::now();
    fill(&mut SearchIndex::open(&path)?, &names, messages)?;
    let filled = start.elapsed();
    let start = Instant::now();
    let mut index = SearchIndex::open(&path)?;
    let opened = start.elapsed();
    let mut line = format!(
        "{{\"messages\":{messages},\"fill_ns\":{},\"bytes\":{},\"open_ns\":{}",
        filled.as_nanos(),
        std::fs::metadata(&path)?.len(),
        opened.as_nanos()
    );
    let questions: [(&str, &[&str], bool); 7] = [
        ("common", &["w0"], false),
        ("middle", &["w999"], false),
        ("rare", &["w30011"], false),
        ("absent", &["nothing"], false),
        ("two_common", &["w0", "w1"], false),
        ("phrase", &["w0 w1"], false),
        ("prefix", &["w1"], true),
    ];
    for (name, words, is_prefix) in questions {
        let (median, found) = ask(&index, &names[..1], words, is_prefix)?;
        line += &format!(",\"{name}_ns\":{},\"{name}_found\":{found}", median.as_nanos());
    }
    let (median, found) = ask(&index, &names[..names.len().min(100)], &["w0"], false)?;
    line += &format!(",\"hundred_rooms_ns\":{},\"hundred_rooms_found\":{found}", median.as_nanos());
    line += &format!(",\"rebuild_ns\":{}", rebuild(&mut index, &names[0])?.as_nanos());
    writeln!(std::io::stdout(), "{line}}}")?;
    Ok(())
}

fn fill(index: &mut SearchIndex, names: &[LogName], messages: u64) -> Result<(), Box<dyn Error>> {
    let mut rng = Rng::from_seed(1);
    let mut next = vec![1_u64; names.len()];
    let mut said = 0;
    while said < messages {
        let mut batch: Vec<Vec<Document>> = vec![Vec::new(); names.len()];
        for _ in 0..BATCH.min(usize::try_from(messages - said)?) {
            said += 1;
            let room = if rng.below(10) == 0 { usize::try_from(rng.below(names.len() as u64))? } else { 0 };
            batch[room].push(message(&mut rng, next[room], said));
            next[room] += 1;
        }
        let stretches = batch.into_iter().enumerate().filter_map(|(room, documents)| {
            let first = documents.first()?.position;
            Some(Stretch { log: names[room].clone(), range: first..Position::new(next[room]), documents })
        });
        index.add(&stretches.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn message(rng: &mut Rng, position: u64, number: u64) -> Document {
    let words: Vec<String> = (0..4 + rng.below(16)).map(|_| format!("w{}", draw(rng))).collect();
    let at_us = i64::try_from(number).unwrap_or(0) * 1_000_000;
    let author = format!("nick{}", rng.below(200));
    Document { position: Position::new(position), at_us, author, text: words.join(" ") }
}

/// A word's number; about 1/n as often as 0 for the nth.
fn draw(rng: &mut Rng) -> u64 {
    let exponent = rng.below(1_000_000) as f64 / 1_000_000.0;
    ((WORDS as f64).powf(exponent) - 1.0) as u64
}

fn ask(
    index: &SearchIndex,
    logs: &[LogName],
    words: &[&str],
    is_prefix: bool,
) -> Result<(Duration, usize), Box<dyn Error>> {
    let terms: Vec<Term> = words.iter().map(|word| Term { text: (*word).to_owned(), is_prefix }).collect();
    let (at_us, direction) = (0..i64::MAX, Direction::Backwards);
    let question = Question { logs, author: None, terms: &terms, at_us, direction, limit: 100 };
    let (mut times, mut found): (_, Vec<Place>) = (Vec::new(), Vec::new());
    for _ in 0..QUESTIONS {
        let start = Instant::now();
        found = index.find(&question, &mut || false)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[QUESTIONS / 2], found.len()))
}

/// Erases one message in the middle: its shard is made anew.
fn rebuild(index: &mut SearchIndex, log: &LogName) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    index.handle_erased(log, &[Position::new(10)])?;
    let mut rng = Rng::from_seed(2);
    while let Some(shard) = index.stale()? {
        index.rebuild(shard, &mut |_, range| {
            let positions = (range.start.get()..range.end.get()).filter(|position| *position != 10);
            Ok(positions.map(|position| message(&mut rng, position, position)).collect())
        })?;
    }
    Ok(start.elapsed())
}
