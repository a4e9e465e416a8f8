//! Processes as the kernel shows them in `/proc`: who started whom, and what they have cost (proc(5)).

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::collections::BTreeMap;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// What proc(5) calls `/proc/PID/stat`, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// User and system time of all its threads, and of the children that it has waited for, in clock ticks.
    ticks: u64,
}

/// Ends a program and everything below it, at once: for programs of which nothing is wanted any more.
pub(crate) fn end(child: &mut Child) {
    let pids = below(child.id(), &all());
    // The root first, so that it does not start others while its children end.
    for pid in std::iter::once(child.id()).chain(pids) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // It may have ended by itself in between.
            kill_process(pid, Signal::KILL).ok();
        }
    }
    child.wait().ok();
}

/// A program that is ended, with everything below it, when nobody waits for it any more.
pub(crate) struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child, ended: false })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end without delay, and tells how it ended and what it has cost; an error at the deadline.
    pub(crate) fn wait(&mut self, deadline: Instant) -> Result<(ExitStatus, Duration)> {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).context("a process without a number")?;
        let pidfd = pidfd_open(id, PidfdFlags::empty()).context("pidfd_open")?;
        loop {
            let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))?;
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
                Ok(0) => bail!("was not done in time and was ended"),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // It has ended, but the kernel keeps its account until it is waited for.
        let cost = cpu_time(self.id());
        let status = self.child.wait()?;
        self.ended = true;
        Ok((status, cost))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            end(&mut self.child);
        }
    }
}

/// CPU time, user and system, that a process and all below it have used since their starts.
///
/// The kernel counts in ticks of 10 ms: a difference over less than a second is coarse.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let all = all();
    let pids = std::iter::once(pid).chain(below(pid, &all));
    let ticks: u64 = pids.filter_map(|pid| all.get(&pid)).map(|stat| stat.ticks).sum();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// What the threads of a process have had of the CPUs, by the scheduler's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Time on a core.
    pub(crate) running: Duration,
    /// Time in which they could have run, and others did.
    pub(crate) waiting: Duration,
}

/// That of the threads that a process has now, to the nanosecond; its children do not count. What threads had that have
/// ended since is not in it: only for programs that keep their threads.
pub(crate) fn schedule(pid: u32) -> Result<Schedule> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))?;
    // One that ends while we look is no longer of interest.
    let accounts = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok());
    accounts.into_iter().try_fold(Schedule::default(), |sum, text| {
        let one = parse_schedstat(&text).with_context(|| format!("schedstat: {text:?}"))?;
        Ok(Schedule { running: sum.running + one.running, waiting: sum.waiting + one.waiting })
    })
}

/// Memory of the process that is in RAM: `VmRSS` of proc(5).
pub(crate) fn resident_bytes(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

/// Files and sockets that the process holds open.
pub(crate) fn open_files(pid: u32) -> Result<usize> {
    let folder = format!("/proc/{pid}/fd");
    // proc_pid_fd(5): since Linux 6.2 their number is the size of the folder, which used to be 0.
    match std::fs::metadata(&folder)?.len() {
        0 => Ok(std::fs::read_dir(folder)?.count()),
        number => Ok(usize::try_from(number)?),
    }
}

/// All processes below `root`, parents before children.
fn below(root: u32, all: &BTreeMap<u32, Stat>) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(pid, stat)| stat.parent == parent && **pid != parent).map(|(&pid, _)| pid));
        next += 1;
    }
    found.split_off(1)
}

fn all() -> BTreeMap<u32, Stat> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // One that ends while we look is no longer of interest.
    pids.filter_map(|pid| Some((pid, parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// Fields are counted from behind the name, which is in parentheses and may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, fields) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    // proc(5): ppid is field 4; utime, stime, cutime, cstime are 14 to 17. The first after the name is field 3.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let ticks = number(14)? + number(15)? + number(16)? + number(17)?;
    Some(Stat { parent: u32::try_from(number(4)?).ok()?, ticks })
}

/// The first two of the three numbers of `/proc/PID/task/TID/schedstat`, in nanoseconds
/// (<https://docs.kernel.org/scheduler/sched-stats.html>).
fn parse_schedstat(text: &str) -> Option<Schedule> {
    let mut times = text.split(' ').map(|number| number.parse().ok().map(Duration::from_nanos));
    Some(Schedule { running: times.next()??, waiting: times.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn stat_is_read_past_any_name() {
        let text = "42 (a) 7 (b) S 17 42 42 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 1 0 99 0 0\n";
        assert_eq!(parse_stat(text), Some(Stat { parent: 17, ticks: 124 }));
        assert_eq!(parse_stat("42 (short) S 17"), None);
    }

    #[test]
    fn below_finds_every_generation_and_no_strangers() {
        let stat = |parent| Stat { parent, ticks: 0 };
        let all = [(1, stat(0)), (5, stat(1)), (6, stat(5)), (7, stat(5)), (8, stat(6)), (9, stat(1))].into();
        assert_eq!(below(5, &all), [6, 7, 8]);
        assert_eq!(below(9, &all), [0; 0]);
    }

    #[test]
    fn a_program_that_has_ended_still_tells_its_cost() {
        let deadline = Instant::now() + Duration::from_mins(1);
        let work = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exit 3";
        let (status, cost) = Running::start(Command::new("sh").args(["-c", work])).unwrap().wait(deadline).unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(cost > Duration::ZERO);
    }

    #[test]
    fn the_wait_for_a_program_ends_at_the_deadline() {
        let mut sleep = Running::start(Command::new("sleep").arg("600")).unwrap();
        assert_eq!(sleep.wait(Instant::now()).unwrap_err().to_string(), "was not done in time and was ended");
    }

    #[test]
    fn memory_and_files_of_ourselves_are_seen() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(open_files(pid).unwrap() > 2);
    }

    #[test]
    fn the_account_of_threads_is_read_to_the_nanosecond() {
        let (running, waiting) = (Duration::from_nanos(34_426_205), Duration::from_nanos(7_501_879));
        assert_eq!(parse_schedstat("34426205 7501879 105\n"), Some(Schedule { running, waiting }));
        assert_eq!(parse_schedstat("34426205"), None);
        assert!(schedule(std::process::id()).unwrap().running > Duration::ZERO);
    }

    #[test]
    fn end_takes_the_children_along() {
        let mut shell =
            Command::new("sh").args(["-c", "sleep 600 & echo; wait"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = [0; 1];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut line).unwrap();
        let children = below(shell.id(), &all());
        assert_eq!(children.len(), 1);
        end(&mut shell);
        // The end of the pipe shows that nobody holds its other end any more.
        let mut rest = Vec::new();
        std::io::Read::read_to_end(shell.stdout.as_mut().unwrap(), &mut rest).unwrap();
        assert_eq!(rest, b"");
    }
}
