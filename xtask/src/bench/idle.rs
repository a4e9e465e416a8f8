//! Bench `idle`: what a connection costs that nobody uses.

use super::contender::Contender;
use super::report::{Ratio, Series};
use super::turns::{Turns, take_turns};
use super::{Bench, Lab};
use crate::process::{open_files, resident_bytes};
use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub(super) const BENCH: Bench = Bench {
    name: "idle",
    about: "Resident memory of `helio echo` for each of 5,000 open TCP connections: taken before them, with all of \
            them, and again after each has had one message of 64 bytes answered. Without the kernel's part. `target` \
            is what it is held to, and not measured.",
    programs: &[],
    ratio: Ratio::FirstToEach,
    run,
};

const CONNECTIONS: usize = 5_000;
const TARGET_BYTES: f64 = 8_192.0;
const MESSAGE: [u8; 64] = [0x55; 64];
const TURNS: Turns = Turns { rounds: 3, time: Duration::from_secs(15) };

/// How long the server may take to answer, or to take all connections, and how often the latter is looked at.
const ANSWER: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

fn run(lab: &Lab) -> Result<Vec<Series>> {
    allow_files(CONNECTIONS as u64 + 100)?;
    let (mut unused, mut used) = (Vec::new(), Vec::new());
    take_turns(&[true], TURNS, |_| {
        let arguments = ["echo", "--listen", "tcp://127.0.0.1:0", "--prefix", "", "--quiet"];
        let server = Contender::announcing(lab.command("helio", false).args(arguments))?;
        let files = open_files(server.id())?;
        let before = resident_bytes(server.id())?;
        let mut streams = connect(&server)?;
        wait_for_files(server.id(), files + CONNECTIONS)?;
        let each = |after: u64| after.saturating_sub(before) as f64 / CONNECTIONS as f64;
        unused.push(each(resident_bytes(server.id())?));
        streams.iter_mut().try_for_each(exchange)?;
        used.push(each(resident_bytes(server.id())?));
        // Before our ends, so that the ports in TIME_WAIT are the server's one and not those of 5,000 clients.
        drop(server);
        Ok(())
    })?;
    let series = |task: &str, program, runs| Series { task: task.to_owned(), program, unit: "B", runs };
    Ok(vec![
        series("memory a connection, never used", "helio echo", unused),
        series("memory a connection, never used", "target", vec![TARGET_BYTES]),
        series("memory a connection, used once", "helio echo", used),
        series("memory a connection, used once", "target", vec![TARGET_BYTES]),
    ])
}

/// Raises the soft limit of open files, of this process and those that it starts.
pub(super) fn allow_files(number: u64) -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= number) {
        return Ok(());
    }
    limit.current = Some(number);
    setrlimit(Resource::Nofile, limit).with_context(|| format!("{number} open files are needed (ulimit -Hn)"))
}

fn connect(server: &Contender) -> Result<Vec<TcpStream>> {
    let one = |_| TcpStream::connect_timeout(&server.address(), ANSWER);
    (0..CONNECTIONS).map(one).collect::<std::io::Result<_>>().context("cannot connect")
}

fn wait_for_files(id: u32, number: usize) -> Result<()> {
    let deadline = Instant::now() + ANSWER;
    while open_files(id)? < number {
        ensure!(Instant::now() < deadline, "the server does not take all {CONNECTIONS} connections");
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn exchange(stream: &mut TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(&MESSAGE)?;
    let mut answer = [0; MESSAGE.len()];
    stream.read_exact(&mut answer).context("the server does not answer")?;
    ensure!(answer == MESSAGE, "the server sent back something else");
    Ok(())
}
