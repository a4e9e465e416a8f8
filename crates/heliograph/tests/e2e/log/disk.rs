//! A full disk: a small tmpfs, which takes root to mount, or a file that may not grow.

use super::{Logged, send_all, texts};
use crate::support::{Finished, Running, finish, without};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A tmpfs that holds `kib` KiB, until dropped.
struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    /// `None` when the machine may lack the right to mount one.
    fn new(kib: usize) -> Option<Self> {
        if without("mount") {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let disk = Self { directory };
        let mounted = disk.mount(&format!("size={kib}k"));
        assert_eq!(mounted.code, 0, "without the right to mount, set HELIO_TEST_WITHOUT=mount: {}", mounted.stderr);
        Some(disk)
    }

    fn resize(&self, kib: usize) {
        assert_eq!(self.mount(&format!("remount,size={kib}k")).code, 0);
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log.txt")
    }

    fn mount(&self, options: &str) -> Finished {
        finish(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.directory.path()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

/// Spec, "When writing fails": senders wait, it is said once, and then everything is there, once and in order.
#[test]
fn a_full_disk_holds_tcp_back_and_loses_nothing() {
    let Some(disk) = SmallDisk::new(64) else { return };
    let mut log = Logged::start(disk.log(), &["--fsync", "every"]);
    let lines: Vec<String> = (0..200_000).map(|n| format!("line {n}")).collect();
    let stream = log.connect();
    let payload = lines.join("\n") + "\n";
    let sending = std::thread::spawn(move || send_all(stream, payload.as_bytes()));
    let told = log.helio.wait_for("cannot write to");
    assert!(told.contains("No space left on device (os error 28); TCP senders wait"), "{told}");
    disk.resize(64 * 1024);
    log.helio.wait_for("works again after");
    sending.join().unwrap();
    let path = log.path.clone();
    let rest = log.stop();
    assert_eq!(rest.iter().filter(|line| line.contains("cannot write to")).count(), 1, "{rest:#?}");
    assert!(texts(path) == lines);
}

/// The same without a right to mount: `ulimit -f`, raised by `prlimit` from outside.
#[test]
fn a_file_that_may_not_grow_holds_tcp_back_until_it_may() {
    if without("prlimit") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.txt");
    let script = format!(
        "ulimit -S -f 64; exec {} log --listen 127.0.0.1:0 --to {}",
        env!("CARGO_BIN_EXE_helio"),
        path.display()
    );
    let mut helio = Running::start(Command::new("bash").args(["-c", &script]).env("XDG_CONFIG_HOME", "/nonexistent"));
    let at = helio.address("tcp");
    let lines: Vec<String> = (0..50_000).map(|n| format!("line {n}")).collect();
    let payload = lines.join("\n");
    let sending = std::thread::spawn(move || send_all(TcpStream::connect(at).unwrap(), payload.as_bytes()));
    assert!(helio.wait_for("cannot write to").contains("File too large"));
    let pid = helio.id().to_string();
    assert_eq!(finish(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"])).code, 0);
    helio.wait_for("works again after");
    sending.join().unwrap();
    assert!(helio.stop().0.success());
    assert!(texts(path) == lines);
}

#[test]
fn an_answer_waits_until_there_is_room() {
    let Some(disk) = SmallDisk::new(4) else { return };
    std::fs::write(disk.log(), [b'\n'; 4096]).unwrap();
    let mut log = Logged::start(disk.log(), &["--ack"]);
    let mut stream = log.connect();
    stream.write_all(b"waits").unwrap();
    log.helio.wait_for("cannot write to");
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 20]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    disk.resize(64);
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ACK: waits");
}

#[test]
fn datagrams_beyond_the_queue_are_counted() {
    let Some(disk) = SmallDisk::new(64) else { return };
    let mut log = Logged::start(disk.log(), &["--exact"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sent = 600;
    for _ in 0..sent {
        socket.send_to(&[b'x'; 60_000], log.at).unwrap();
    }
    log.helio.wait_for("cannot write to");
    disk.resize(64 * 1024);
    log.helio.wait_for("works again");
    let path = log.path.clone();
    let rest = log.stop();
    let lost: usize = rest.iter().filter_map(|line| line.strip_prefix("datagrams lost: ")).map(counts).sum();
    assert!(lost > 0, "36 MB fit into a queue of 16 MiB: {rest:#?}");
    let written = std::fs::metadata(path).unwrap().len() as usize / 60_000;
    assert_eq!(written + lost, sent, "each datagram is in the file or counted: {rest:#?}");
}

/// Both counts of a loss report.
fn counts(report: &str) -> usize {
    report.split([' ', ',']).filter_map(|word| word.parse::<usize>().ok()).sum()
}

/// Also: a quiet service still tells what is wrong, on stderr.
#[test]
fn what_is_lost_at_the_end_is_said_with_an_exit_code() {
    let Some(disk) = SmallDisk::new(8) else { return };
    let log = Logged::start(disk.log(), &["--exact", "--ack", "--quiet"]);
    let mut stream = log.connect();
    stream.write_all(b"fits").unwrap();
    stream.read_exact(&mut [0; 9]).unwrap();
    std::fs::write(disk.directory.path().join("other"), [0; 4096]).unwrap();
    stream.write_all(&[b'x'; 5000]).unwrap();
    drop(stream);
    let (status, _, errors) = log.helio.stop();
    assert_eq!(status.code(), Some(7), "{errors}");
    assert!(errors.contains("cannot write to"), "{errors}");
    assert!(errors.ends_with("helio: 5000 bytes could not be written before the end and are lost\n"), "{errors}");
}
