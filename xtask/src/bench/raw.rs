//! Bench `raw`: one file as a plain stream from memory to memory.

mod file;
mod ports;

use super::contender::free_port;
use super::report::{Ratio, Series};
use super::turns::{Turns, take_turns};
use super::{Bench, Lab};
use crate::prerequisites;
use crate::process::Running;
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(super) const BENCH: Bench = Bench {
    name: "raw",
    about: "A file of 1 GiB between memory file systems, over TCP, nothing encrypted. Timed from the start of the \
            sender until both programs have ended. `helio` alone also computes the BLAKE3 at both ends; the others of \
            ours do not. CPU is that of both programs. socat has buffers of 1 MiB, as we have.",
    programs: prerequisites::FOR_TRANSFERS,
    ratio: Ratio::EachTo("socat"),
    run,
};

const TURNS: Turns = Turns { rounds: 5, time: Duration::from_secs(55) };

/// A memory file system.
const FOLDER: &str = "/dev/shm";

/// Far longer than any transfer takes; one that is not done by then is ended, and the bench fails.
const TRANSFER: Duration = Duration::from_secs(30);

/// One way to send and receive.
struct Pair {
    name: &'static str,
    /// The outside program that it needs.
    needs: Option<&'static str>,
    receiver: fn(&Place<'_>) -> Result<Command>,
    sender: fn(&Place<'_>) -> Result<Command>,
}

/// Where one transfer goes.
struct Place<'a> {
    lab: &'a Lab,
    port: u16,
    input: &'a Path,
    output: &'a Path,
}

const PAIRS: &[Pair] = &[
    Pair {
        name: "helio",
        needs: None,
        receiver: |place| Ok(place.helio_receive(&[])),
        sender: |place| Ok(place.helio_send(&[])),
    },
    Pair {
        name: "helio --no-hash",
        needs: None,
        receiver: |place| Ok(place.helio_receive(&["--no-hash"])),
        sender: |place| Ok(place.helio_send(&["--no-hash"])),
    },
    Pair {
        name: "helio, copy to copy",
        needs: None,
        receiver: |place| Ok(place.helio_receive(&["--no-hash", "--io", "copy"])),
        sender: |place| Ok(place.helio_send(&["--no-hash", "--io", "copy"])),
    },
    Pair {
        name: "helio, sendfile to copy",
        needs: None,
        receiver: |place| Ok(place.helio_receive(&["--no-hash", "--io", "copy"])),
        sender: |place| Ok(place.helio_send(&["--no-hash", "--io", "sendfile"])),
    },
    Pair {
        name: "helio, sendfile to splice",
        needs: None,
        receiver: |place| Ok(place.helio_receive(&["--no-hash", "--io", "splice"])),
        sender: |place| Ok(place.helio_send(&["--no-hash", "--io", "sendfile"])),
    },
    Pair {
        name: "socat",
        needs: Some("socat"),
        receiver: |place| {
            let listen = format!("TCP-LISTEN:{},bind=127.0.0.1,reuseaddr", place.port);
            Ok(place.socat(&listen, &format!("CREATE:{}", place.output.display())))
        },
        sender: |place| {
            let connect = format!("TCP:127.0.0.1:{}", place.port);
            Ok(place.socat(&format!("FILE:{}", place.input.display()), &connect))
        },
    },
    Pair {
        name: "nc",
        needs: Some("nc"),
        receiver: |place| {
            let mut command = place.lab.command("nc", false);
            command.args(["-d", "-l", "127.0.0.1", &place.port.to_string()]).stdout(File::create(place.output)?);
            Ok(command)
        },
        sender: |place| {
            let mut command = place.lab.command("nc", false);
            command.args(["-N", "127.0.0.1", &place.port.to_string()]).stdin(File::open(place.input)?);
            Ok(command)
        },
    },
];

impl Place<'_> {
    fn helio_receive(&self, flags: &[&str]) -> Command {
        let mut command = self.quiet("helio");
        command.args(["receive", "--raw", "--quiet", "--listen", &format!("127.0.0.1:{}", self.port), "--to"]);
        command.arg(self.output).args(flags);
        command
    }

    fn helio_send(&self, flags: &[&str]) -> Command {
        let mut command = self.quiet("helio");
        command.args(["send", "--raw", "--quiet"]).args(flags).arg(self.input);
        command.arg(format!("127.0.0.1:{}", self.port));
        command
    }

    fn socat(&self, from: &str, to: &str) -> Command {
        let mut command = self.quiet("socat");
        command.args(["-u", "-b", "1048576", from, to]);
        command
    }

    fn quiet(&self, program: &str) -> Command {
        let mut command = self.lab.command(program, false);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// What one transfer took.
struct Cost {
    elapsed: Duration,
    cpu: Duration,
}

fn run(lab: &Lab) -> Result<Vec<Series>> {
    file::check_room(Path::new(FOLDER))?;
    // Removed with all that is in it, also after an error.
    let folder = tempfile::Builder::new().prefix("helio-bench-").tempdir_in(FOLDER)?;
    let input = folder.path().join("in");
    file::create(&input)?;
    let series = |task: &str, unit| {
        let one = |pair: &Pair| Series { task: task.to_owned(), program: pair.name, unit, runs: Vec::new() };
        PAIRS.iter().map(one).collect::<Vec<_>>()
    };
    let (mut rates, mut costs) = (series("rate", "MB/s"), series("CPU", "s"));
    let there: Vec<bool> = PAIRS.iter().map(|pair| pair.needs.is_none_or(|program| lab.has(program))).collect();
    take_turns(&there, TURNS, |index| {
        let output = folder.path().join("out");
        let is_first = rates[index].runs.is_empty();
        let cost = transfer(&PAIRS[index], lab, &input, &output, is_first).with_context(|| PAIRS[index].name)?;
        rates[index].runs.push(file::LEN as f64 / 1e6 / cost.elapsed.as_secs_f64());
        costs[index].runs.push(cost.cpu.as_secs_f64());
        Ok(())
    })?;
    rates.append(&mut costs);
    Ok(rates)
}

/// One transfer, whose output is then removed.
fn transfer(pair: &Pair, lab: &Lab, input: &Path, output: &PathBuf, compare: bool) -> Result<Cost> {
    let place = Place { lab, port: free_port()?, input, output };
    let mut receiver = Running::start(&mut (pair.receiver)(&place)?).context("receiver")?;
    ports::wait_until_listening(place.port).context("receiver")?;
    let mut command = (pair.sender)(&place)?;
    let start = Instant::now();
    let mut sender = Running::start(&mut command).context("sender")?;
    let (sent, sender_cpu) = sender.wait(start + TRANSFER).context("sender")?;
    let (received, receiver_cpu) = receiver.wait(start + TRANSFER).context("receiver")?;
    let elapsed = start.elapsed();
    ensure!(sent.success() && received.success(), "sender: {sent}, receiver: {received}");
    let len = fs::metadata(output).context("output")?.len();
    ensure!(len == file::LEN, "{len} bytes were received, {} were sent", file::LEN);
    ensure!(!compare || file::are_equal(input, output)?, "other bytes were received than sent");
    fs::remove_file(output)?;
    Ok(Cost { elapsed, cpu: sender_cpu + receiver_cpu })
}
