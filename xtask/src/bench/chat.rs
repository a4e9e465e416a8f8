//! Benches `chat-…`: IRC servers under many clients, seen from outside.

mod acknowledged;
mod compare;
mod crowd;
mod door;
mod grouped;
mod idle;
mod joins;
mod line;
mod load;
mod meter;
mod room;
mod saturated;
mod server;
mod spread;
#[cfg(test)]
mod tests;
mod tls;

pub(crate) use load::{Load, run as run_load};

use super::idle::allow_files;
use super::part::number;
use super::report::{Ratio, Series};
use super::turns::{Turns, take_turns};
use super::{Bench, Lab};
use crate::prerequisites;
use anyhow::Result;
use compare::{Row, compare, load as load_server};
use serde_json::{Value, json};
use server::{Server, Wire};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub(super) const SATURATED: Bench = Bench {
    name: "chat-saturated",
    about: "1,000 clients in one room, 20 of them send messages of 100 bytes, each with 4 on the way: the next one goes \
            out when one has reached the client's neighbour. 5 seconds after a warm-up; every client must have every \
            message. `target` is what ours is held to, and not measured.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: |lab| {
        let rows = [
            SERVER_CPU.to(0.40),
            Row::new("deliveries", "/s", |result| Ok(number(result, "deliveries")? / seconds(result)?)),
            LOAD_CPU,
            SERVER_WAIT,
        ];
        compare(lab, ALL, THREE, &rows, |server| load_server(lab, server, Wire::Plain, &["saturated"]))
    },
};

pub(super) const SPREAD: Bench = Bench {
    name: "chat-spread",
    about: "1,000 clients in one room, and 200 messages of 100 bytes a second in even steps, by 20 senders in turn: \
            nothing to put together. 5 seconds after a warm-up; every client must have every message. Latency is from \
            when a message was due until a client has read it, for every 50th client in the order of joining, and the \
            last.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: |lab| {
        let rows = [
            SERVER_CPU.to(3.5),
            Row::new("latency, median", "ms", |result| millis(result, "latency_median_ns")).to(2.5),
            Row::new("latency, p99", "ms", |result| millis(result, "latency_p99_ns")).to(9.0),
            Row::new("load program late, p99", "ms", |result| millis(result, "late_p99_ns")),
            LOAD_CPU,
            SERVER_WAIT,
        ];
        compare(lab, ALL, THREE, &rows, |server| load_server(lab, server, Wire::Plain, &["spread"]))
    },
};

pub(super) const ACKNOWLEDGED: Bench = Bench {
    name: "chat-acknowledged",
    about: "200 clients in rooms of 10, each with one message of 100 bytes on the way: the next one goes out when the \
            labelled echo is there, which means that it is on the disk. 5 seconds after a warm-up. The peers promise \
            nothing of the kind. `bare SQLite` commits groups of 200 rows of 200 bytes, each group synced, on the same \
            disk.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: run_acknowledged,
};

pub(super) const JOINS: Bench = Bench {
    name: "chat-joins",
    about: "1,000 registered clients join one room at once: until each has the list of names, and has seen every later \
            join.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: |lab| {
        let rows = [
            Row::new("server CPU", "s", |result| Ok(number(result, "server_cpu_ns")? / 1e9)).to(0.5),
            Row::new("until all is seen", "s", seconds),
            Row::new("load program's CPU", "s", |result| Ok(number(result, "load_cpu_ns")? / 1e9)),
        ];
        compare(lab, ALL, THREE, &rows, |server| load_server(lab, server, Wire::Plain, &["joins"]))
    },
};

pub(super) const IDLE: Bench = Bench {
    name: "chat-idle",
    about: "Resident memory of the server for each of 10,000 registered connections: with all of them, less what it was \
            before them. Without the kernel's part.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: run_idle,
};

pub(super) const READY: Bench = Bench {
    name: "chat-ready",
    about: "From starting the program, for helio with an empty data directory, until a connection is accepted, and until \
            a client is registered.",
    programs: prerequisites::FOR_CHAT,
    ratio: Ratio::FirstToEach,
    run: run_ready,
};

/// All servers; ours is first.
const ALL: &[Server] = &[Server::Helio, Server::InspIrcd, Server::NgIrcd];

/// Runs of each server. One takes ten seconds or less.
const THREE: Turns = Turns { rounds: 3, time: Duration::from_mins(2) };
const ONE: Turns = Turns { rounds: 1, time: Duration::ZERO };
const STARTS: Turns = Turns { rounds: 7, time: Duration::from_secs(20) };

/// How long SQLite writes.
const GROUPED: Duration = Duration::from_secs(3);

const SERVER_CPU: Row = Row::new("server CPU a delivery", "µs", |result| each(result, "server_cpu_ns"));
const LOAD_CPU: Row = Row::new("load program's CPU a delivery", "µs", |result| each(result, "load_cpu_ns"));

/// Much of it, and the machine was too busy for the other figures to mean much.
const SERVER_WAIT: Row = Row::new("server waiting for a core", "%", |result| {
    Ok(number(result, "server_wait_ns")? * 100.0 / number(result, "elapsed_ns")?)
});

fn run_acknowledged(lab: &Lab) -> Result<Vec<Series>> {
    let rows = [
        Row::new("acknowledged messages", "/s", |result| Ok(number(result, "acknowledged")? / seconds(result)?)),
        Row::new("acknowledgement, median", "ms", |result| millis(result, "acknowledgement_median_ns")),
        Row::new("acknowledgement, p99", "ms", |result| millis(result, "acknowledgement_p99_ns")).to(50.0),
        Row::new("server CPU a message", "µs", |result| {
            Ok(number(result, "server_cpu_ns")? / 1e3 / number(result, "acknowledged")?)
        }),
    ];
    let mut series = compare(lab, &[Server::Helio], THREE, &rows, |server| {
        load_server(lab, server, Wire::Plain, &["acknowledged"])
    })?;
    let mut runs = Vec::new();
    take_turns(&[true], THREE, |_| {
        let folder = tempfile::Builder::new().prefix("bench-chat-").tempdir_in(&lab.programs)?;
        runs.push(grouped::rate(folder.path(), load::ACKNOWLEDGED_CLIENTS, GROUPED)?);
        Ok(())
    })?;
    series.insert(1, Series { task: rows[0].task.to_owned(), program: "bare SQLite", unit: rows[0].unit, runs });
    Ok(series)
}

fn run_idle(lab: &Lab) -> Result<Vec<Series>> {
    // The limit holds for a process: the server has as many as the load program.
    allow_files(load::IDLE_CLIENTS as u64 + 100)?;
    let memory = |result: &Value| Ok(number(result, "resident_bytes")? / 1024.0 / load::IDLE_CLIENTS as f64);
    let plain = [Row::new("memory a connection", "KiB", memory).to(8.0)];
    let tls = [Row::new("memory a connection over TLS", "KiB", memory).to(24.0)];
    let mut series = compare(lab, ALL, THREE, &plain, |server| load_server(lab, server, Wire::Plain, &["idle"]))?;
    series.append(&mut compare(lab, ALL, ONE, &tls, |server| load_server(lab, server, Wire::Tls, &["idle", "--tls"]))?);
    Ok(series)
}

fn run_ready(lab: &Lab) -> Result<Vec<Series>> {
    let rows = [
        Row::new("until a connection is accepted", "ms", |result| millis(result, "accepted_ns")),
        Row::new("until a client is registered", "ms", |result| millis(result, "registered_ns")).to(100.0),
    ];
    compare(lab, ALL, STARTS, &rows, |server| {
        let start = Instant::now();
        let server = server.start(lab, Wire::Plain)?;
        let accepted = start.elapsed();
        let mut stream = TcpStream::connect(server.contender.address())?;
        stream.write_all(line::registration(0, None).as_bytes())?;
        idle::wait_for_welcome(&mut stream)?;
        let registered = start.elapsed();
        Ok(json!({"accepted_ns": accepted.as_nanos() as u64, "registered_ns": registered.as_nanos() as u64}))
    })
}

fn each(result: &Value, key: &str) -> Result<f64> {
    Ok(number(result, key)? / 1e3 / number(result, "deliveries")?)
}

fn seconds(result: &Value) -> Result<f64> {
    Ok(number(result, "elapsed_ns")? / 1e9)
}

fn millis(result: &Value, key: &str) -> Result<f64> {
    Ok(number(result, key)? / 1e6)
}
