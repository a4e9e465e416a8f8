//! `helio log` against the workshop's client, `nc`, `socat`, `sendfile`, full disks and kills.

mod disk;
mod files;

use crate::support::{PLENTY, Running, finish, pipe, python, run, text, without};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A running `helio log --to FILE` with further arguments, on a port of its own.
pub(crate) struct Logged {
    pub(crate) helio: Running,
    pub(crate) at: SocketAddr,
    pub(crate) path: PathBuf,
}

impl Logged {
    pub(crate) fn start(path: impl AsRef<Path>, args: &[&str]) -> Self {
        Self::listening("127.0.0.1:0", path, args)
    }

    fn listening(listen: &str, path: impl AsRef<Path>, args: &[&str]) -> Self {
        let path = path.as_ref().to_owned();
        let to = path.to_str().unwrap().to_owned();
        let mut helio = Running::helio(&[&["log", "--listen", listen, "--to", &to], args].concat());
        let at = helio.address("tcp");
        helio.wait_for("listening on udp://");
        Self { helio, at, path }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.at).unwrap();
        stream.set_read_timeout(Some(PLENTY)).unwrap();
        stream
    }

    /// Stops it, so that everything is in the file.
    pub(crate) fn stop(self) -> Vec<String> {
        let (status, lines, errors) = self.helio.stop();
        assert!(status.success(), "{lines:#?} {errors}");
        lines
    }
}

/// The entries of a log file: peer and text.
pub(crate) fn entries(path: impl AsRef<Path>) -> Vec<(String, String)> {
    let all = text(path);
    assert!(all.is_empty() || all.ends_with('\n'), "the last line is not finished: {all}");
    all.split_terminator('\n').map(entry).collect()
}

pub(crate) fn entry(line: &str) -> (String, String) {
    let mut parts = line.splitn(3, ' ');
    let (Some(time), Some(peer), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        panic!("not an entry: {line:?}")
    };
    assert!(time.len() == 27 && time.ends_with('Z') && time.starts_with('2'), "{line:?}");
    (peer.to_owned(), text.to_owned())
}

fn texts(path: impl AsRef<Path>) -> Vec<String> {
    entries(path).into_iter().map(|(_, text)| text).collect()
}

/// Sends `bytes`, ends the stream and waits until the other side has taken everything and ended too.
pub(crate) fn send_all(mut stream: TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
}

fn log_in(directory: &TempDir) -> PathBuf {
    directory.path().join("log.txt")
}

/// Spec, "Goals": two peers never share a line, though their lines come in pieces at the same time.
#[test]
fn many_peers_at_once_are_never_mixed() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &[]);
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = log.connect();
            std::thread::spawn(move || {
                let me = stream.local_addr().unwrap();
                let lines: String = (0..500).map(|n| format!("{n} from {me}\n")).collect();
                for piece in lines.as_bytes().chunks(7) {
                    stream.write_all(piece).unwrap();
                }
                send_all(stream, b"");
                me.to_string()
            })
        })
        .collect();
    let peers: Vec<String> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    let path = log.path.clone();
    log.stop();
    let entries = entries(path);
    assert_eq!(entries.len(), 8 * 500);
    for peer in peers {
        let lines: Vec<&str> = entries.iter().filter(|(p, _)| *p == peer).map(|(_, text)| text.as_str()).collect();
        let wanted: Vec<String> = (0..500).map(|n| format!("{n} from {peer}")).collect();
        assert_eq!(lines, wanted);
    }
}

/// The workshop's client: connect, `sendall` without newline, one `recv(1024)`, close. Several of them, at once.
#[test]
fn the_workshops_clients_get_their_answers_and_a_line_each() {
    let program = "
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect((sys.argv[1], int(sys.argv[2])))
    s.sendall(sys.argv[3].encode())
    print(s.recv(1024).decode())
";
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--ack"]);
    let port = log.at.port().to_string();
    let clients: Vec<_> = ["Hello, TCP!", "Hello again", "Grüße"]
        .map(|message| {
            let mut client = python(program, &["127.0.0.1", &port, message]);
            std::thread::spawn(move || (message, finish(&mut client)))
        })
        .into_iter()
        .collect();
    for client in clients {
        let (message, client) = client.join().unwrap();
        assert_eq!((client.code, client.stdout), (0, format!("ACK: {message}\n")), "{}", client.stderr);
        // Acknowledged, so it is there already.
        assert!(texts(&log.path).contains(&message.to_owned()));
    }
    let path = log.path.clone();
    log.stop();
    assert_eq!(entries(path).len(), 3);
}

#[test]
fn without_ack_nothing_is_sent_and_the_tail_is_written_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &[]);
    send_all(log.connect(), b"one\r\ntwo\n\nno line end");
    let path = log.path.clone();
    log.stop();
    assert_eq!(texts(path), ["one", "two", "", "no line end"]);
}

#[test]
fn a_long_line_is_cut_and_marked() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--max-line", "16"]);
    send_all(log.connect(), "0123456789abcdé and more\nshort\n".as_bytes());
    let path = log.path.clone();
    log.stop();
    assert_eq!(texts(path), ["0123456789abcdé …", "…  and more", "short"]);
}

#[test]
fn what_peers_send_cannot_forge_lines_or_reach_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &[]);
    send_all(log.connect(), b"a\r2026-01-01T00:00:00.000000Z 10.0.0.1:1 forged\x1b[2J\xff\0\n");
    let path = log.path.clone();
    log.stop();
    assert_eq!(texts(path), [r"a\r2026-01-01T00:00:00.000000Z 10.0.0.1:1 forged\u{1b}[2J\xff\u{0}"]);
}

#[test]
fn nc_and_socat_are_logged_over_both_transports_and_families() {
    for (host, listen) in [("127.0.0.1", "127.0.0.1:0"), ("::1", "[::1]:0")] {
        let directory = tempfile::tempdir().unwrap();
        // Answers tell the programs, and us, when their message is in the file.
        let log = Logged::listening(listen, log_in(&directory), &["--ack"]);
        let port = log.at.port().to_string();
        let family = if host == "::1" { "6" } else { "4" };
        let mut wanted = Vec::new();
        if !without("nc") {
            assert_eq!(pipe("nc", &["-N", "-w", "5", host, &port], "nc tcp\n"), "ACK: nc tcp\n");
            assert_eq!(pipe("nc", &["-u", "-w", "1", host, &port], "nc udp\n"), "ACK: nc udp\n");
            wanted.extend(["nc tcp", "nc udp"]);
        }
        if !without("socat") {
            let bracketed = if host == "::1" { "[::1]" } else { host };
            let tcp = format!("TCP{family}:{bracketed}:{port}");
            let udp = format!("UDP{family}:{bracketed}:{port}");
            assert_eq!(pipe("socat", &["-t", "5", "-", &tcp], "socat tcp\n"), "ACK: socat tcp\n");
            assert_eq!(pipe("socat", &["-t", "0.5", "-", &udp], "socat udp\n"), "ACK: socat udp\n");
            wanted.extend(["socat tcp", "socat udp"]);
        }
        let path = log.path.clone();
        log.stop();
        assert_eq!(texts(&path), wanted);
        let bracketed = if host == "::1" { "[::1]:" } else { "127.0.0.1:" };
        assert!(entries(path).iter().all(|(peer, _)| peer.starts_with(bracketed)));
    }
}

/// Spec, "Line mode": a datagram is its own stream.
#[test]
fn datagrams_are_lines_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--ack"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PLENTY)).unwrap();
    let mut answer = [0; 100];
    for payload in ["half", "", "a\nb", "ACK: loop", "c\n"] {
        socket.send_to(payload.as_bytes(), log.at).unwrap();
        // Logged, but an answer is not answered.
        if !payload.starts_with("ACK") {
            let length = socket.recv(&mut answer).unwrap();
            assert_eq!(&answer[..length], format!("ACK: {payload}").as_bytes());
        }
    }
    let path = log.path.clone();
    log.stop();
    assert_eq!(texts(path), ["half", "", "a", "b", "ACK: loop", "c"]);
}

/// Spec, "Line mode": "written when the stream ends, however it ends".
#[test]
fn a_reset_and_the_end_of_the_program_do_not_cost_the_last_line() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = Logged::start(log_in(&directory), &[]);
    let resetting = "
import socket, struct, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'last words')
sys.stdin.readline()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.close()
";
    // The reset comes after a second connection was served, so the words were read before it.
    let mut client = python(resetting, &[&log.at.port().to_string()]);
    let mut client = client.stdin(std::process::Stdio::piped()).spawn().unwrap();
    log.helio.wait_for(" connected");
    let mut open = log.connect();
    open.write_all(b"before the end\nunfinished").unwrap();
    let path = log.path.clone();
    crate::support::eventually("the first line is written", || text(&path).ends_with("before the end\n"));
    client.stdin.take().unwrap().write_all(b"\n").unwrap();
    log.helio.wait_for("broken: reset by the peer: 10 bytes in");
    log.helio.signal("INT");
    assert_eq!(open.read(&mut [0; 1]).unwrap(), 0);
    open.write_all(b" until now").unwrap();
    drop(open);
    assert!(log.helio.wait().0.success());
    assert!(client.wait().unwrap().success());
    let texts = texts(path);
    assert!(texts.contains(&"last words".to_owned()), "{texts:?}");
    assert!(texts.contains(&"unfinished until now".to_owned()), "{texts:?}");
}

#[test]
fn wrong_places_and_options_are_said_before_anything_listens() {
    let directory = tempfile::tempdir().unwrap();
    let inside = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let base = directory.path().to_str().unwrap().to_owned();
    let cases: [(&[&str], i32, String); 8] = [
        (&[], 2, "where to? give the file with --to FILE".into()),
        (
            &["--to", &inside("no/log")],
            3,
            format!("cannot write to {base}/no/log: No such file or directory (os error 2)"),
        ),
        (&["--to", &base], 7, format!("cannot write to {base}: Is a directory (os error 21)")),
        (
            &["--to", &inside("no/{n}"), "--exact"],
            3,
            format!("cannot write to {base}/no: No such file or directory (os error 2)"),
        ),
        (
            &["--to", "/dev/null", "--rotate-age", "1d"],
            2,
            "/dev/null is not a regular file and cannot be rotated; leave the rotation options away".into(),
        ),
        (
            &["--to", &inside("{n}")],
            2,
            "--to: placeholders need --exact; in line mode each line names its sender".into(),
        ),
        (
            &["--to", &inside("{who}"), "--exact"],
            2,
            "--to: unknown placeholder {who} in the file name; use {peer}, {n}, or {{ for a brace".into(),
        ),
        (&["--to", &inside("x"), "--keep", "3"], 2, "--keep and --compress need --rotate-size or --rotate-age".into()),
    ];
    for (args, code, message) in cases {
        let ended = run(&[&["log", "--listen", "127.0.0.1:0"], args].concat());
        assert_eq!((ended.code, ended.stdout, ended.stderr), (code, String::new(), format!("helio: {message}\n")));
    }
    for (option, value, expected) in [
        ("--max-line", "1", "1 bytes, expected 16 to 1048576"),
        ("--rotate-size", "1k", "1024 bytes, expected at least"),
        ("--rotate-age", "1ms", "1ms, expected at least"),
    ] {
        let ended = run(&["log", "--to", &inside("x"), option, value]);
        assert_eq!(ended.code, 2);
        let message = format!("error: invalid value '{value}' for '{option}");
        assert!(ended.stderr.starts_with(&message) && ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[test]
fn a_service_whose_events_nobody_reads_ends_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = log_in(&directory);
    let script =
        format!("{} log --listen 127.0.0.1:0 --to {} | head -n 2", env!("CARGO_BIN_EXE_helio"), path.display());
    let mut shell = Running::start(std::process::Command::new("bash").args(["-o", "pipefail", "-c", &script]));
    let at = shell.address("tcp");
    shell.wait_for("udp");
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(b"still written").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    drop(stream);
    assert!(shell.wait().0.success());
    assert_eq!(texts(path), ["still written"]);
}
