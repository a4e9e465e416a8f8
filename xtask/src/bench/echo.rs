//! Bench `echo`: the echo service under many small messages, and the time of one.

pub(super) mod bare;
pub(super) mod load;
pub(super) mod round_trip;

use super::contender::Contender;
use super::part::{self, PART, number};
use super::report::{Ratio, Series};
use super::turns::{Turns, take_turns};
use super::{Bench, Lab};
use crate::prerequisites;
use crate::workspace::output_within;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::time::Duration;

pub(super) const BENCH: Bench = Bench {
    name: "echo",
    about: "64-byte messages over TCP. Requests: each client keeps 16 on the way. Round trip: one at a time, both ends \
            on one core. `bare` is a blocking echo with a thread a connection: the least that a server can do.",
    programs: prerequisites::FOR_BENCHES,
    ratio: Ratio::FirstToEach,
    run,
};

/// Bytes of one message.
const MESSAGE: usize = 64;

/// Runs of each program; they take turns, so that a slow moment of the machine meets all of them.
const LOAD: Turns = Turns { rounds: 3, time: Duration::from_secs(9) };
const LOAD_MILLIS: u64 = 800;
const ROUND_TRIP: Turns = Turns { rounds: 5, time: Duration::from_secs(28) };
const ROUND_TRIP_SECONDS: u64 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Helio,
    Bare,
    Socat,
    Sockperf,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Helio => "helio echo",
            Self::Bare => "bare",
            Self::Socat => "socat",
            Self::Sockperf => "sockperf",
        }
    }

    fn is_there(self, lab: &Lab) -> bool {
        match self {
            Self::Helio | Self::Bare => true,
            Self::Socat => lab.has("socat"),
            Self::Sockperf => lab.has("sockperf"),
        }
    }

    /// Starts the server, on one core when it is pinned.
    fn start(self, lab: &Lab, pinned: bool) -> Result<Contender> {
        let command = |program: &str| lab.command(program, pinned);
        match self {
            Self::Helio => {
                let arguments = ["echo", "--listen", "tcp://127.0.0.1:0", "--prefix", "", "--quiet"];
                Contender::announcing(command("helio").args(arguments))
            }
            Self::Bare => Contender::announcing(command("xtask").args(["bench-part", "bare-echo"])),
            Self::Socat => {
                // Its own backlog of 5 would make the clients wait for repeated SYNs, seconds each.
                let listen = "TCP-LISTEN:0,bind=127.0.0.1,backlog=1024,fork,reuseaddr,nodelay";
                let arguments = ["-d", "-d", listen, "PIPE"];
                Contender::announcing(command("socat").args(arguments))
            }
            Self::Sockperf => Contender::on_free_port(|port| {
                let mut command = command("sockperf");
                command.args(["server", "--tcp", "-i", "127.0.0.1", "-p", &port.to_string()]);
                Ok(command)
            }),
        }
        .with_context(|| format!("cannot measure {}", self.name()))
    }
}

fn run(lab: &Lab) -> Result<Vec<Series>> {
    let mut series = Vec::new();
    for clients in [1, 64] {
        series.extend(requests(lab, clients)?);
    }
    if lab.has("taskset") {
        series.extend(round_trips(lab)?);
    }
    Ok(series)
}

fn requests(lab: &Lab, clients: usize) -> Result<Vec<Series>> {
    let programs = [Program::Helio, Program::Socat, Program::Bare];
    let noun = if clients == 1 { "client" } else { "clients" };
    let mut rates = start_series(&programs, &format!("requests, {clients} {noun}"), "/s");
    let mut costs = start_series(&programs, &format!("server CPU a request, {clients} {noun}"), "µs");
    take_turns(&there(lab, &programs), LOAD, |index| {
        let program = programs[index];
        let server = program.start(lab, false)?;
        let (address, clients, millis) = (server.address().to_string(), clients.to_string(), LOAD_MILLIS.to_string());
        let id = server.id().to_string();
        let mut load = lab.command("xtask", false);
        load.args(["bench-part", "load", &address, "--clients", &clients, "--millis", &millis, "--server", &id]);
        let result = part::result(&mut load)?;
        let requests = number(&result, "requests")?;
        rates[index].runs.push(requests / (number(&result, "elapsed_ns")? / 1e9));
        costs[index].runs.push(number(&result, "server_cpu_ns")? / 1e3 / requests);
        Ok(())
    })?;
    rates.append(&mut costs);
    Ok(rates)
}

fn round_trips(lab: &Lab) -> Result<Vec<Series>> {
    let programs = [Program::Helio, Program::Sockperf, Program::Bare];
    let mut series = start_series(&programs, "round trip, median", "µs");
    take_turns(&there(lab, &programs), ROUND_TRIP, |index| {
        let program = programs[index];
        let server = program.start(lab, true)?;
        let median = match program {
            Program::Sockperf => sockperf_round_trip(lab, server.address())?,
            Program::Helio | Program::Bare | Program::Socat => {
                let (address, millis) = (server.address().to_string(), (ROUND_TRIP_SECONDS * 1_000).to_string());
                let mut client = lab.command("xtask", true);
                client.args(["bench-part", "round-trip", &address, "--millis", &millis]);
                number(&part::result(&mut client)?, "median_ns")? / 1e3
            }
        };
        series[index].runs.push(median);
        Ok(())
    })?;
    Ok(series)
}

/// Which of them are there.
fn there(lab: &Lab, programs: &[Program]) -> Vec<bool> {
    programs.iter().map(|program| program.is_there(lab)).collect()
}

/// An empty series for each program.
fn start_series(programs: &[Program], task: &str, unit: &'static str) -> Vec<Series> {
    let one = |program: &Program| Series { task: task.to_owned(), program: program.name(), unit, runs: Vec::new() };
    programs.iter().map(one).collect()
}

fn sockperf_round_trip(lab: &Lab, server: SocketAddr) -> Result<f64> {
    let (ip, port, seconds) = (server.ip().to_string(), server.port().to_string(), ROUND_TRIP_SECONDS.to_string());
    let size = MESSAGE.to_string();
    let mut client = lab.command("sockperf", true);
    client.args(["ping-pong", "--tcp", "-i", &ip, "-p", &port, "-m", &size, "--full-rtt", "-t", &seconds]);
    sockperf_median(&output_within(&mut client, PART)?).context("sockperf printed no median")
}

/// The median in µs from sockperf's `---> percentile 50.000 =   83.033`.
fn sockperf_median(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("percentile 50.000 ="))?;
    line.rsplit('=').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_sockperf_is_found() {
        let text = "sockperf: ---> percentile 75.000 =  271.172\nsockperf: ---> percentile 50.000 =   83.033\n";
        assert_eq!(sockperf_median(text), Some(83.033));
        assert_eq!(sockperf_median("sockperf: no messages\n"), None);
    }
}
