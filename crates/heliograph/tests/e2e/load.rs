//! Many clients, greedy clients, and a machine that runs out of descriptors.

use crate::support::{PLENTY, Running, helio};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

const CLIENTS: usize = 5_000;

/// What an idle connection may cost in an unoptimised build; `cargo xtask bench idle` tells what it does cost.
const IDLE_BYTES: u64 = 16 * 1024;

fn connect(at: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PLENTY)).unwrap();
    stream
}

/// Resident memory, from `VmRSS` of proc(5).
fn resident_bytes(process: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Sends without ever stopping, and reads only if told to, until the connection goes or the test ends.
fn flood(at: SocketAddr, reads: bool) -> TcpStream {
    let stream = connect(at);
    let mut writer = stream.try_clone().unwrap();
    let mut reader = stream.try_clone().unwrap();
    std::thread::spawn(move || while writer.write_all(&[b'x'; 65_536]).is_ok() {});
    if reads {
        std::thread::spawn(move || while matches!(reader.read(&mut [0; 65_536]), Ok(1..)) {});
    }
    stream
}

#[test]
fn five_thousand_clients_are_answered_while_others_flood() {
    helio_net::rlimit::raise_open_files();
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--quiet"]);
    let at = echo.address("tcp");
    connect(at).write_all(b"warm").unwrap();
    let before = resident_bytes(&echo);
    let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(at)).collect();
    let floods = [flood(at, false), flood(at, true)];
    for client in &mut clients {
        client.write_all(b"ping").unwrap();
    }
    for client in &mut clients {
        let mut answer = [0; 9];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ACK: ping");
    }
    for stream in floods {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
    // Each client was served and now sits idle.
    let idle_bytes = resident_bytes(&echo).saturating_sub(before) / CLIENTS as u64;
    eprintln!("memory per idle connection: {idle_bytes} bytes");
    assert!(idle_bytes < IDLE_BYTES, "{idle_bytes} bytes, limit is {IDLE_BYTES}");
}

/// What a reader leaves unread stays in its own socket: the server holds one answer for it, and reads no more from it.
#[test]
fn slow_readers_cost_no_memory() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--quiet"]);
    let at = echo.address("tcp");
    connect(at).write_all(b"warm").unwrap();
    let before = resident_bytes(&echo);
    let mut greedy: Vec<TcpStream> = (0..64).map(|_| connect(at)).collect();
    for client in &mut greedy {
        client.set_nonblocking(true).unwrap();
    }
    // Writes go on until no client's socket has taken anything for a whole round: every buffer on the way is full.
    let chunk = vec![b'x'; 1 << 20];
    let mut stuck_rounds = 0;
    while stuck_rounds < 20 {
        let moved = greedy.iter_mut().filter(|client| matches!((&mut &**client).write(&chunk), Ok(1..))).count();
        stuck_rounds = if moved == 0 { stuck_rounds + 1 } else { 0 };
        std::thread::yield_now();
    }
    let held = resident_bytes(&echo).saturating_sub(before);
    // One read and its answer for each, and room for the allocator.
    let bound = 64 * 4 * helio_core::limits::READ_CHUNK as u64;
    assert!(held < bound, "{held} bytes for 64 slow readers, limit is {bound}");
}

#[test]
fn without_descriptors_it_waits_says_so_once_and_goes_on() {
    let mut limited = Command::new("prlimit");
    limited.args(["--nofile=40:40", env!("CARGO_BIN_EXE_helio"), "echo", "--listen", "tcp://127.0.0.1:0"]);
    let mut echo = Running::start(limited.env("XDG_CONFIG_HOME", "/nonexistent"));
    let at = echo.address("tcp");
    let mut clients: Vec<TcpStream> = (0..80).map(|_| connect(at)).collect();
    echo.wait_for("cannot accept connections now: Too many open files");
    // Those at the back wait in the kernel's queue; they are served as soon as the others have gone.
    let mut last = clients.pop().unwrap();
    last.write_all(b"patience").unwrap();
    drop(clients);
    let mut answer = [0; 13];
    last.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ACK: patience");
    drop(last);
    let (_, lines, _) = echo.stop();
    assert_eq!(lines.iter().filter(|line| line.contains("cannot accept")).count(), 1, "{lines:#?}");
}

#[test]
fn more_than_max_connections_wait_for_their_turn() {
    let mut echo =
        Running::start(helio().args(["echo", "--listen", "tcp://127.0.0.1:0", "--max-connections", "1", "--quiet"]));
    let at = echo.address("tcp");
    let (first, mut second) = (connect(at), connect(at));
    second.write_all(b"me too").unwrap();
    second.set_nonblocking(true).unwrap();
    assert!(second.read(&mut [0; 1]).is_err());
    second.set_nonblocking(false).unwrap();
    drop(first);
    let mut answer = [0; 11];
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ACK: me too");
}

/// Whoever shows the events may stand still (Ctrl-S, a pager, a pipe that nobody reads); the service must not.
#[test]
fn events_that_nobody_reads_stop_neither_the_service_nor_its_end() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = helio();
    command.args(["echo", "--json", "--listen", &format!("tcp://{port}")]);
    // The pipe is held open and never read.
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let unread = child.stdout.take();
    crate::support::eventually("it listens", || TcpStream::connect(port).is_ok());
    let mut stream = connect(port);
    for _ in 0..helio_core::limits::EVENT_QUEUE * 2 {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0; 6]).unwrap();
    }
    drop(stream);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    drop(unread);
}

#[test]
fn events_that_cannot_be_written_are_told_once_and_stop_nothing() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = helio();
    command.args(["echo", "--listen", &format!("tcp://{port}")]).stdout(full).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    crate::support::eventually("it listens", || TcpStream::connect(port).is_ok());
    let mut stream = connect(port);
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 6]).unwrap();
    drop(stream);
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = crate::support::Finished::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0);
    assert_eq!(ended.stderr, "helio: cannot write events: No space left on device (os error 28); going on without\n");
}

#[test]
fn an_idle_service_takes_no_place_from_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = helio();
    command.env("XDG_DATA_HOME", dir.path()).args(["serve", "--services", "echo,log", "--max-connections", "1"]);
    command.args(["--echo-listen", "127.0.0.1:0,127.0.0.2:0", "--log-listen", "127.0.0.1:0"]);
    let mut serving = Running::start(&mut command);
    let row = serving.wait_for("  echo");
    // One at a time, each listener in turn: none of them may hold the only permit while it waits.
    for address in row.split_whitespace().filter_map(|word| word.strip_prefix("tcp://")) {
        let mut stream = connect(address.parse().unwrap());
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0; 6]).unwrap();
    }
    assert_eq!(crate::support::run(&["echo", "--max-connections", "0"]).code, 2);
}
