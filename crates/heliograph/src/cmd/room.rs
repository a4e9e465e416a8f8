//! `helio room`: rooms of a server as files (spec/export.md).

mod text;

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand, ValueEnum};
use helio_core::chat::{ControlAnswer, ControlRequest};
use helio_core::limits;
use helio_core::time::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The version of the format.
const FORMAT: u32 = 1;

/// List rooms, and bring them from one server to another
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio room list
  helio room export '#garden' --output garden.jsonl
  helio room export '#garden' --format text | less
  helio room import '#garden' garden.jsonl")]
pub(crate) struct RoomArgs {
    #[command(subcommand)]
    action: Action,

    #[command(flatten)]
    place: Place,

    /// Show no progress
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the rooms that are on disk
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Write a room and what was said in it to a file
    Export {
        /// Its name
        room: String,
        /// Where to; standard output without it. A file that is there is not overwritten
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// jsonl can be imported, text is for people
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make a room of a file; there must be none of this name
    Import {
        /// Its name here
        room: String,
        /// What was exported as jsonl; standard input without it
        file: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Jsonl,
    Text,
}

/// The first line of an exported room.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    helio_room: u32,
    name: String,
    exported_us: i64,
    settings: Value,
}

pub(crate) fn run(args: RoomArgs, global: &Global) -> Outcome {
    let mut server = Server::reach(&args.place, global, false)?;
    let bar = Bar::new(args.quiet);
    match args.action {
        Action::List { json } => list(&mut server, json),
        Action::Export { room, output: None, format } => export(&mut server, room, format, &bar, &mut Sink::Stdout),
        Action::Export { room, output: Some(path), format } => {
            let made = File::create_new(&path)
                .map_err(|error| Failure::file(format_args!("make {}", path.display()), &error))?;
            let mut sink = Sink::File(BufWriter::new(made));
            let written = export(&mut server, room, format, &bar, &mut sink).and_then(|()| sink.finish());
            if written.is_err() {
                // Half a room is of no use, and its name would say otherwise.
                let _ = std::fs::remove_file(&path);
            }
            written
        }
        Action::Import { room, file: None } => import(&mut server, room, &mut io::stdin().lock(), &bar),
        Action::Import { room, file: Some(path) } => {
            let file = open(&path)?;
            import(&mut server, room, &mut BufReader::new(file), &bar)
        }
    }
}

fn open(path: &Path) -> Outcome<File> {
    File::open(path).map_err(|error| Failure::file(format_args!("read {}", path.display()), &error))
}

fn list(server: &mut Server, is_json: bool) -> Outcome {
    let mut after = None;
    loop {
        let answer = server.ask(ControlRequest::RoomList { after })?;
        let ControlAnswer::Rooms { rooms, is_last } = answer else { return Err(unexpected()) };
        for room in &rooms {
            if is_json {
                output::json(room)?;
                continue;
            }
            let founder = room.founder.as_deref().unwrap_or("nobody");
            let since = Utc::from_micros(room.created_us).rfc3339_millis();
            output::line(format_args!("{} members={} founder={founder} since={since}", room.name, room.members))?;
        }
        after = rooms.last().map(|room| room.name.clone());
        if is_last || after.is_none() {
            return Ok(());
        }
    }
}

fn export(server: &mut Server, room: String, format: Format, bar: &Bar, out: &mut Sink) -> Outcome {
    let answer = server.ask(ControlRequest::RoomExport { name: room })?;
    let ControlAnswer::Room { name, log, settings } = answer else { return Err(unexpected()) };
    if format == Format::Jsonl {
        let exported_us = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros() as i64);
        let header = Header { helio_room: FORMAT, name, exported_us, settings };
        out.line(&output::json_text(&header).map_err(|error| unwritable(&error))?)?;
    }
    let mut from = 0;
    loop {
        let answer = server.ask(ControlRequest::LogRead { log: log.clone(), from })?;
        let ControlAnswer::Records { records, next, first, end } = answer else { return Err(unexpected()) };
        for record in &records {
            match format {
                Format::Jsonl => out.line(&output::json_text(record).map_err(|error| unwritable(&error))?)?,
                Format::Text => text::lines(record).iter().try_for_each(|line| out.line(line))?,
            }
        }
        bar.show(next - first, end - first);
        if next >= end {
            break;
        }
        from = next;
    }
    bar.finish();
    Ok(())
}

/// Where a room is written.
enum Sink {
    Stdout,
    File(BufWriter<File>),
}

impl Sink {
    fn line(&mut self, line: &str) -> Outcome {
        match self {
            Self::Stdout => output::line(line),
            Self::File(file) => writeln!(file, "{line}").map_err(|error| unwritable(&error)),
        }
    }

    fn finish(self) -> Outcome {
        let Self::File(file) = self else { return Ok(()) };
        let file = file.into_inner().map_err(|error| unwritable(error.error()))?;
        file.sync_all().map_err(|error| unwritable(&error))
    }
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format_args!("cannot write the room: {error}"))
}

fn import(server: &mut Server, room: String, input: &mut impl BufRead, bar: &Bar) -> Outcome {
    let mut lines = Lines { input, number: 0 };
    let header =
        lines.next_value()?.ok_or_else(|| Failure::new(Exit::Incomplete, "there is no exported room: no line"))?;
    let header = read_header(header)?;
    let answer = server.ask(ControlRequest::RoomImport { name: room.clone() })?;
    let ControlAnswer::Importing { log } = answer else { return Err(unexpected()) };
    let imported = fill(server, &log, &mut lines, bar);
    let opened = imported.and_then(|count| {
        let open = ControlRequest::RoomOpen { name: room.clone(), log: log.clone(), settings: header.settings };
        server.order(open).map(|()| count)
    });
    bar.finish();
    match opened {
        Ok(count) => output::line(format_args!("{room}: {count} records")),
        Err(failure) => {
            // What this cannot take away is in nobody's way.
            let _ = server.order(ControlRequest::LogForget { log });
            Err(Failure::new(failure.exit, format_args!("{}; nothing was imported", failure.message)))
        }
    }
}

fn read_header(header: Value) -> Outcome<Header> {
    match header.get("helio_room").and_then(Value::as_u64) {
        Some(1) => {}
        Some(other) => {
            let newer = format_args!("line 1: the room has format {other}, known is {FORMAT}; use a later helio");
            return Err(Failure::new(Exit::Unavailable, newer));
        }
        None => return Err(Failure::new(Exit::Incomplete, "line 1: it is not the header of an exported room")),
    }
    serde_json::from_value(header)
        .map_err(|error| Failure::new(Exit::Incomplete, format_args!("line 1: it is not a header: {error}")))
}

/// Puts all further lines into the log. Returns how many there were.
fn fill(server: &mut Server, log: &str, lines: &mut Lines<'_, impl BufRead>, bar: &Bar) -> Outcome<u64> {
    let (mut last_us, mut count) = (i64::MIN, 0);
    loop {
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < limits::CONTROL_IMPORT && bytes < limits::CONTROL_REQUEST / 4 {
            let Some(record) = lines.next_value()? else { break };
            let at_us = record.get("at_us").and_then(Value::as_i64).unwrap_or(i64::MAX);
            if at_us < last_us {
                let message = format_args!("line {}: it is older than the one before it", lines.number);
                return Err(Failure::new(Exit::Incomplete, message));
            }
            last_us = at_us;
            // About what it takes in a request.
            bytes += record.to_string().len();
            records.push(record);
        }
        if records.is_empty() {
            return Ok(count);
        }
        let (first, many) = (lines.number - records.len() as u64 + 1, records.len() as u64);
        server.order(ControlRequest::LogAppend { log: log.to_owned(), records }).map_err(|failure| {
            Failure::new(failure.exit, format_args!("lines {first} to {}: {}", lines.number, failure.message))
        })?;
        count += many;
        bar.show(count, 0);
    }
}

/// Lines of JSON, each bounded.
struct Lines<'a, R> {
    input: &'a mut R,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    fn next_value(&mut self) -> Outcome<Option<Value>> {
        let mut line = Vec::new();
        let most = limits::CONTROL_REQUEST as u64;
        let read = self.input.take(most).read_until(b'\n', &mut line);
        let read = read.map_err(|error| Failure::file("read the room", &error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        if read as u64 == most {
            return Err(Failure::new(Exit::Incomplete, format_args!("line {number}: it is longer than {most} bytes")));
        }
        let value = serde_json::from_slice(&line);
        value.map(Some).map_err(|error| Failure::new(Exit::Incomplete, format_args!("line {number}: {error}")))
    }
}

/// How far it is, on a terminal.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(quiet: bool) -> Self {
        Self((!quiet && output::is_watched()).then(ProgressBar::no_length))
    }

    /// `total` is 0 when it is not known.
    fn show(&self, done: u64, total: u64) {
        let Some(bar) = &self.0 else { return };
        let template = match total {
            0 => "{spinner} {human_pos} messages, {per_sec}",
            _ => "{wide_bar} {human_pos} of {human_len} messages, {per_sec}, {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(total);
        bar.set_position(done);
    }

    fn finish(&self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}
