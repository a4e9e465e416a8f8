//! Starting `helio` and outside programs, and reading what they say. Everything listens on loopback, on ports that the
//! system picks, and ends with the value that stands for it.

pub(crate) mod chat;
pub(crate) mod http_stub;
pub(crate) mod relay;
pub(crate) mod small_disk;
pub(crate) mod tmux;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Far longer than anything here takes; reaching it is a failure, never a wait.
pub(crate) const PLENTY: Duration = Duration::from_secs(30);

/// `helio` with no settings of the machine's user. Metrics are off: their default port is one for all tests.
pub(crate) fn helio() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_helio")))
}

/// `helio` on a machine without any network, not even loopback: a new network namespace (`unshare(1)`).
pub(crate) fn helio_without_network() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", env!("CARGO_BIN_EXE_helio")]);
    clean(command)
}

fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars() {
        if name.starts_with("HELIO_") {
            command.env_remove(name);
        }
    }
    command.env("HELIO_METRICS_LISTEN", "off");
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("XDG_DATA_HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// Runs `helio` with `args` to its end.
pub(crate) fn run(args: &[&str]) -> Finished {
    finish(helio().args(args))
}

/// Runs `helio` with `args`, `input` on its stdin, to its end.
pub(crate) fn run_with_input(args: &[&str], input: &[u8]) -> Finished {
    let mut child =
        helio().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// Runs any command to its end.
pub(crate) fn finish(command: &mut Command) -> Finished {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}")).into()
}

/// A Python program, given as its text, with arguments in `sys.argv[1:]`.
pub(crate) fn python(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg("-c").arg(program).args(args).stdin(Stdio::null());
    command
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A program that runs until it is stopped or dropped; its lines can be waited for.
pub(crate) struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// The lines that come out of a pipe.
struct Lines {
    coming: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, coming) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(pipe).split(b'\n').map_while(Result::ok);
            for line in lines {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { coming, seen: Vec::new() }
    }

    fn wait_for(&mut self, text: &str) -> Result<String, RecvTimeoutError> {
        loop {
            let line = self.coming.recv_timeout(PLENTY)?;
            self.seen.push(line.clone());
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// All lines up to now.
    fn so_far(&mut self) -> &[String] {
        self.seen.extend(self.coming.try_iter());
        &self.seen
    }

    /// All lines, once the program has ended.
    fn all(&mut self) -> Vec<String> {
        self.seen.extend(self.coming.iter());
        std::mem::take(&mut self.seen)
    }
}

impl Running {
    /// Starts `helio` with `args`.
    pub(crate) fn helio(args: &[&str]) -> Self {
        Self::start(helio().args(args))
    }

    /// Starts any command.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Waits for the next line of stdout that contains `text` and returns it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.stdout.wait_for(text).unwrap_or_else(|why| self.give_up(text, why))
    }

    /// Waits for the next line of stderr that contains `text` and returns it.
    pub(crate) fn wait_for_error(&mut self, text: &str) -> String {
        self.stderr.wait_for(text).unwrap_or_else(|why| self.give_up(text, why))
    }

    /// What it wrote on stdout up to now.
    pub(crate) fn written(&mut self) -> String {
        self.stdout.so_far().join("\n")
    }

    /// Types a line on its stdin, which must be a pipe.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn give_up(&mut self, text: &str, why: RecvTimeoutError) -> ! {
        let _ = self.child.kill();
        let (out, err) = (self.stdout.all(), self.stderr.all());
        panic!("no line with {text:?}: {why}; stdout: {out:#?}, stderr: {err:#?}");
    }

    /// Waits for `listening on SCHEME://ADDRESS` and returns the address.
    pub(crate) fn address(&mut self, scheme: &str) -> SocketAddr {
        let line = self.wait_for(&format!("listening on {scheme}://"));
        line.rsplit("://").next().unwrap().parse().unwrap()
    }

    /// The process.
    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end; returns how it ended, all lines of stdout and all of stderr.
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>, String) {
        let status = self.child.wait().unwrap();
        let mut errors = self.stderr.all().join("\n");
        if !errors.is_empty() {
            errors.push('\n');
        }
        (status, self.stdout.all(), errors)
    }

    /// Ctrl-C, then [`Running::wait`].
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>, String) {
        self.signal("INT");
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// True when an outside program is missing and may be; says so loudly. Which may be is decided by the test command
/// (see CONTRIBUTING.md): without its word a missing program fails the test.
pub(crate) fn without(program: &str) -> bool {
    let missing = std::env::var("HELIO_TEST_WITHOUT").unwrap_or_default();
    let skip = missing.split(',').any(|name| name == program);
    if skip {
        eprintln!("SKIPPED: this test needs {program}, which this machine lacks");
    }
    skip
}

/// The contents of a file, as text.
pub(crate) fn text(path: impl AsRef<Path>) -> String {
    String::from_utf8_lossy(&std::fs::read(path.as_ref()).unwrap_or_default()).into_owned()
}

/// Runs an outside program with `input` on its stdin; what it printed.
pub(crate) fn pipe(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Waits for something that is not told in any output, such as a file made by a thread of `helio`.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PLENTY, "still not so: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
