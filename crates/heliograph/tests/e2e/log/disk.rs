//! Full disks: a small tmpfs in a namespace of its own, and a file that may not grow.

use super::{Logged, send_all, texts};
use crate::support::{Running, finish, without};
use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// `helio log` on a tmpfs that only it sees; the tmpfs ends with it.
struct SmallDisk {
    /// Its path leads through `/proc`, and holds while the process lives.
    log: Logged,
    mounted_at: TempDir,
}

impl SmallDisk {
    /// `None` on a machine that is excused from having namespaces. The file begins with `taken` bytes.
    fn start(kib: usize, taken: usize, args: &[&str]) -> Option<Self> {
        if without("unshare") {
            return None;
        }
        let mounted_at = tempfile::tempdir().unwrap();
        let place = mounted_at.path().display();
        let prepare = format!(
            "mount -t tmpfs -o size={kib}k tmpfs {place} && yes '' | head -c {taken} > {place}/log.txt && cd {place}"
        );
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "bash", "-c", &exec_log(&prepare, "log.txt", args)]);
        let mut log = start(&mut command);
        log.path = Path::new(&format!("/proc/{}/root{place}/log.txt", log.helio.id())).to_owned();
        Some(Self { log, mounted_at })
    }
}

fn resize(log: &Logged, mounted_at: &TempDir, kib: usize) {
    let (target, options) = (log.helio.id().to_string(), format!("remount,size={kib}k"));
    let mut command = Command::new("nsenter");
    command.args(["--target", &target, "--user", "--preserve-credentials", "--mount"]);
    command.args(["mount", "-o", &options]).arg(mounted_at.path());
    assert_eq!(finish(&mut command).code, 0);
}

/// A shell script that ends as `helio log --to FILE`.
fn exec_log(prepare: &str, to: &str, args: &[&str]) -> String {
    let helio = env!("CARGO_BIN_EXE_helio");
    format!("{prepare} && exec {helio} log --listen 127.0.0.1:0 --to {to} {}", args.join(" "))
}

fn start(command: &mut Command) -> Logged {
    let mut helio = Running::start(command.env("XDG_CONFIG_HOME", "/nonexistent"));
    let at = helio.address("tcp");
    helio.wait_for("listening on udp://");
    Logged { helio, at, path: "/nonexistent".into() }
}

/// `helio log` whose file may grow to `kib` KiB (`ulimit -f`); `None` when that cannot be taken back.
fn start_limited(kib: usize, path: &Path, args: &[&str]) -> Option<Logged> {
    if without("prlimit") {
        return None;
    }
    let to = path.to_str().unwrap();
    let script = exec_log(&format!("ulimit -S -f {kib}"), to, args);
    Some(Logged { path: path.to_owned(), ..start(Command::new("bash").args(["-c", &script])) })
}

fn take_limit_back(log: &Logged) {
    let pid = log.helio.id().to_string();
    assert_eq!(finish(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"])).code, 0);
}

/// Spec, "When writing fails": senders wait, it is said once, and then everything is there, once and in order.
fn hold_back(log: &mut Logged, reason: &str, make_room: impl FnOnce(&Logged)) {
    let lines: Vec<String> = (0..100_000).map(|n| format!("line {n}")).collect();
    let (stream, payload) = (log.connect(), lines.join("\n"));
    let sending = std::thread::spawn(move || send_all(stream, payload.as_bytes()));
    let told = log.helio.wait_for("cannot write to");
    assert!(told.contains(reason) && told.contains("TCP senders wait"), "{told}");
    make_room(log);
    log.helio.wait_for("works again after");
    // Ends when the other side has stored everything.
    sending.join().unwrap();
    assert!(texts(&log.path) == lines);
}

#[test]
fn a_full_disk_holds_tcp_back_and_loses_nothing() {
    let Some(SmallDisk { mut log, mounted_at }) = SmallDisk::start(64, 0, &["--fsync", "every"]) else { return };
    hold_back(&mut log, "No space left on device (os error 28)", |log| resize(log, &mounted_at, 64 * 1024));
    assert_eq!(log.stop().iter().filter(|line| line.contains("cannot write to")).count(), 1);
}

#[test]
fn a_file_that_may_not_grow_holds_tcp_back_until_it_may() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mut log) = start_limited(64, &directory.path().join("log.txt"), &[]) else { return };
    hold_back(&mut log, "File too large (os error 27)", take_limit_back);
    assert_eq!(log.stop().iter().filter(|line| line.contains("cannot write to")).count(), 1);
}

#[test]
fn an_answer_waits_until_there_is_room() {
    let Some(SmallDisk { mut log, mounted_at }) = SmallDisk::start(4, 4096, &["--ack"]) else { return };
    let mut stream = log.connect();
    stream.write_all(b"waits").unwrap();
    log.helio.wait_for("cannot write to");
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 20]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    resize(&log, &mounted_at, 64);
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ACK: waits");
}

/// The bound [`helio_core::limits::LOG_QUEUE_BYTES`].
#[test]
fn datagrams_beyond_the_queue_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mut log) = start_limited(64, &directory.path().join("log.txt"), &["--exact"]) else { return };
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sent = 600;
    for _ in 0..sent {
        socket.send_to(&[b'x'; 60_000], log.at).unwrap();
    }
    log.helio.wait_for("cannot write to");
    take_limit_back(&log);
    log.helio.wait_for("works again");
    let path = log.path.clone();
    let told = log.stop();
    let lost: usize = told.iter().filter_map(|line| line.strip_prefix("datagrams lost: ")).map(counts).sum();
    assert!(lost > 0, "36 MB fit into a queue of 16 MiB: {told:#?}");
    let written = std::fs::metadata(path).unwrap().len() as usize / 60_000;
    assert_eq!(written + lost, sent, "each datagram is in the file or counted: {told:#?}");
}

/// Both counts of a loss report.
fn counts(report: &str) -> usize {
    report.split([' ', ',']).filter_map(|word| word.parse::<usize>().ok()).sum()
}

/// Also: a quiet service still tells what is wrong, on stderr.
#[test]
fn what_is_lost_at_the_end_is_said_with_an_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.txt");
    let Some(log) = start_limited(4, &path, &["--exact", "--ack", "--quiet"]) else { return };
    let mut stream = log.connect();
    stream.write_all(b"fits").unwrap();
    stream.read_exact(&mut [0; 9]).unwrap();
    stream.write_all(&[b'x'; 5000]).unwrap();
    drop(stream);
    let (status, _, errors) = log.helio.stop();
    assert_eq!(status.code(), Some(7), "{errors}");
    assert!(errors.contains("cannot write to"), "{errors}");
    assert!(errors.ends_with("helio: up to 5000 bytes that were received are not known to be written\n"), "{errors}");
}
