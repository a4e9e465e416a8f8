//! `helio send --raw` and `helio receive --raw` over TCP: with each other, and with programs that know nothing of us.

use crate::support::{PLENTY, Running, eventually, finish, helio, python, run, run_with_input, without};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ANY_PORT: &str = "127.0.0.1:0";

/// A directory with a file of `bytes` bytes, no two stretches of which are alike.
pub(crate) fn with_file(bytes: usize) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("in");
    fs::write(&path, sample(bytes)).unwrap();
    (directory, path)
}

pub(crate) fn sample(bytes: usize) -> Vec<u8> {
    let words = (0..bytes as u64 / 8 + 1).flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    words.take(bytes).collect()
}

pub(crate) fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn receiver(listen: &str, to: &Path, more: &[&str]) -> Running {
    Running::helio(&[&["receive", "--raw", "--listen", listen, "--to", str(to)], more].concat())
}

/// The one file of a partial transfer in `directory`, once it holds `bytes` bytes.
fn partial_with(directory: &Path, bytes: u64) -> PathBuf {
    let started = Instant::now();
    loop {
        let mut entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
        if let Some(partial) = entries.find(|entry| entry.file_name().to_string_lossy().contains(".part-"))
            && partial.metadata().unwrap().len() == bytes
        {
            return partial.path();
        }
        assert!(started.elapsed() < PLENTY, "no partial file with {bytes} bytes");
        std::thread::yield_now();
    }
}

fn blake3_of(text: &str) -> String {
    text.split("BLAKE3 ").nth(1).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn ours_to_ours_over_both_families_and_of_every_length() {
    for (listen, bytes) in [(ANY_PORT, 0), (ANY_PORT, 1), (ANY_PORT, 3_000_000), ("[::1]:0", 100_000)] {
        let (directory, file) = with_file(bytes);
        let to = directory.path().join("out");
        let mut receive = receiver(listen, &to, &[]);
        let sent = run(&["send", "--raw", str(&file), &receive.address("tcp").to_string()]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        let (status, lines, errors) = receive.wait();
        assert!(status.success(), "{errors}");
        assert!(fs::read(&to).unwrap() == sample(bytes), "{bytes} bytes");
        assert_eq!(blake3_of(&sent.stdout), blake3_of(&lines.join("\n")));
        assert!(sent.stdout.contains("acknowledged by the peer's TCP after"), "{}", sent.stdout);
        assert!(sent.stdout.contains("the peer ended its side after"), "{}", sent.stdout);
    }
}

#[test]
fn a_stream_without_a_name_gets_one_in_the_directory() {
    let (directory, file) = with_file(1_000);
    let into = directory.path().join("into");
    fs::create_dir(&into).unwrap();
    let mut receive = receiver(ANY_PORT, &into, &["--keep"]);
    let address = receive.address("tcp").to_string();
    for _ in 0..2 {
        assert_eq!(run(&["send", "--raw", str(&file), &address]).code, 0);
        receive.wait_for("stored as");
    }
    assert!(receive.stop().0.success(), "Ctrl-C is the way to end --keep");
    let names: Vec<_> = fs::read_dir(&into).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("received-2") && name.ends_with('Z')), "{names:?}");
}

#[test]
fn pipes_at_both_ends_carry_the_bytes_and_nothing_else() {
    let content = sample(300_000);
    let mut receive = helio()
        .args(["receive", "--raw", "--listen", ANY_PORT, "--to", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut messages = std::io::BufReader::new(receive.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut messages, &mut line).unwrap();
    let address = line.trim().strip_prefix("listening on tcp://").unwrap().to_owned();
    let mut out = receive.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut received = Vec::new();
        out.read_to_end(&mut received).unwrap();
        received
    });
    let sent = run_with_input(&["send", "--raw", "-", &address], &content);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert!(receive.wait().unwrap().success());
    assert!(reading.join().unwrap() == content);
    let mut rest = String::new();
    messages.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("received 300 kB (300000 bytes)"), "{rest}");
}

#[test]
fn every_method_of_either_end_moves_the_same_bytes() {
    let (directory, file) = with_file(5_000_000);
    for (from, to) in [("copy", "splice"), ("sendfile", "copy"), ("splice", "splice"), ("auto", "auto")] {
        let out = directory.path().join("out");
        let mut receive = receiver(ANY_PORT, &out, &["--overwrite", "--io", to, "--json"]);
        let address =
            receive.wait_for("listening").split("tcp://").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let sent = run(&["send", "--raw", str(&file), &address, "--io", from, "--json"]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        let record: serde_json::Value = serde_json::from_str(&sent.stdout).unwrap();
        let expected = if from == "auto" { "copy" } else { from };
        assert_eq!(record["io"], expected);
        assert_eq!(record["blake3"].is_string(), expected == "copy", "only copying sees the bytes");
        let received: serde_json::Value = serde_json::from_str(&receive.wait_for("received")).unwrap();
        assert_eq!((&received["bytes"], &received["complete"]), (&5_000_000.into(), &true.into()));
        assert!(receive.wait().0.success());
        assert!(fs::read(&out).unwrap() == sample(5_000_000), "{from} to {to}");
    }
}

/// The workshop's part 4: `socket.sendfile`, then close.
#[test]
fn the_workshops_sendfile_client_is_received() {
    let (directory, file) = with_file(200_000);
    let to = directory.path().join("out");
    let mut receive = receiver(ANY_PORT, &to, &[]);
    let port = receive.address("tcp").port().to_string();
    let client = "
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect(('127.0.0.1', int(sys.argv[1])))
    with open(sys.argv[2], 'rb') as f:
        s.sendfile(f)
";
    assert_eq!(finish(&mut python(client, &[&port, str(&file)])).code, 0);
    assert!(receive.wait().0.success());
    assert!(fs::read(&to).unwrap() == sample(200_000));
}

/// The workshop's server: `recv(1024)` until it returns nothing.
#[test]
fn the_workshops_server_gets_our_file() {
    let (directory, file) = with_file(200_000);
    let to = directory.path().join("out");
    let server = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.bind(('127.0.0.1', 0))
s.listen()
print('listening on tcp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
conn, addr = s.accept()
with conn, open(sys.argv[1], 'wb') as f:
    while True:
        data = conn.recv(1024)
        if not data:
            break
        f.write(data)
";
    let mut server = Running::start(&mut python(server, &[str(&to)]));
    let sent = run(&["send", "--raw", str(&file), &server.address("tcp").to_string()]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert!(server.wait().0.success());
    assert!(fs::read(&to).unwrap() == sample(200_000));
}

#[test]
fn nc_and_socat_send_to_us_over_both_families() {
    for (host, listen) in [("127.0.0.1", ANY_PORT), ("::1", "[::1]:0")] {
        for program in ["nc", "socat"] {
            if without(program) {
                continue;
            }
            let (directory, file) = with_file(200_000);
            let to = directory.path().join("out");
            let mut receive = receiver(listen, &to, &[]);
            let port = receive.address("tcp").port().to_string();
            let mut sender = match program {
                "nc" => command("nc", &["-N", host, &port]),
                _ => command("socat", &["-u", "STDIN", &tcp_of_socat(host, &port)]),
            };
            assert!(sender.stdin(fs::File::open(&file).unwrap()).status().unwrap().success());
            assert!(receive.wait().0.success());
            assert!(fs::read(&to).unwrap() == sample(200_000), "{program} to {host}");
        }
    }
}

#[test]
fn nc_and_socat_receive_from_us_over_both_families() {
    for (host, any) in [("127.0.0.1", "127.0.0.1:0"), ("::1", "[::1]:0")] {
        for program in ["nc", "socat"] {
            if without(program) {
                continue;
            }
            let (_directory, file) = with_file(200_000);
            let port = free_port(any);
            let listen = if host == "::1" { "TCP6-LISTEN" } else { "TCP4-LISTEN" };
            let mut receiver = match program {
                "nc" => command("nc", &["-l", host, &port.to_string()]),
                _ => {
                    command("socat", &["-u", &format!("{listen}:{port},bind={},reuseaddr", socat_host(host)), "STDOUT"])
                }
            };
            let mut child = receiver.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
            let mut out = child.stdout.take().unwrap();
            let reading = std::thread::spawn(move || {
                let mut received = Vec::new();
                out.read_to_end(&mut received).unwrap();
                received
            });
            let sent = until_not_refused(&[
                "send",
                "--raw",
                str(&file),
                &SocketAddr::new(host.parse().unwrap(), port).to_string(),
            ]);
            assert!(child.wait().unwrap().success());
            assert!(sent.stdout.contains("the peer ended its side after"), "{}", sent.stdout);
            assert!(reading.join().unwrap() == sample(200_000), "{program} on {host}: {}", sent.stderr);
        }
    }
}

/// All of the file as it is at its end is sent, and the difference is told.
#[test]
fn a_file_that_changes_while_it_is_sent_is_told() {
    // More than both kernels' buffers, so that the sender waits for the reader while the file changes.
    const LENGTH: usize = 24_000_000;
    let change = |change: &dyn Fn(&Path)| {
        let (_directory, file) = with_file(LENGTH);
        let peer = TcpListener::bind(ANY_PORT).unwrap();
        let send =
            Running::helio(&["send", "--raw", "--io", "copy", str(&file), &peer.local_addr().unwrap().to_string()]);
        let mut stream = peer.accept().unwrap().0;
        stream.read_exact(&mut [0; 1]).unwrap();
        change(&file);
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        drop(stream);
        let (status, lines, _) = send.wait();
        (status.code().unwrap(), received.len() + 1, lines.join("\n"))
    };
    let (code, received, said) = change(&|file| {
        fs::File::options().append(true).open(file).unwrap().write_all(b"more").unwrap();
    });
    assert_eq!((code, received), (0, LENGTH + 4), "{said}");
    assert!(said.contains("the file grew while it was sent: expected 24000000 bytes, sent 24000004"), "{said}");

    let (code, received, said) = change(&|file| {
        fs::File::options().write(true).open(file).unwrap().set_len(1_000).unwrap();
    });
    assert_eq!(code, 6, "{said}");
    let expected =
        format!("INCOMPLETE: the file became shorter while it was sent: expected {LENGTH} bytes, sent {received}");
    assert!(received < LENGTH && said.contains(&expected), "{said}");

    let (code, received, said) = change(&|file| fs::remove_file(file).unwrap());
    assert_eq!((code, received), (0, LENGTH), "{said}");
    assert!(said.contains("the file was removed while it was sent; what was sent is its whole content"), "{said}");
}

#[test]
fn a_reset_in_the_middle_keeps_the_part_and_says_incomplete() {
    let directory = tempfile::tempdir().unwrap();
    let mut receive = receiver(ANY_PORT, &directory.path().join("out"), &[]);
    let mut stream = TcpStream::connect(receive.address("tcp")).unwrap();
    stream.write_all(&sample(100_000)).unwrap();
    let partial = partial_with(directory.path(), 100_000);
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    let (status, _, errors) = receive.wait();
    assert_eq!(status.code(), Some(6));
    let expected = format!(
        "helio: the peer reset the connection; INCOMPLETE: the 100000 bytes received are kept in {}\n",
        partial.display()
    );
    assert!(errors.ends_with(&expected), "{errors}");
    assert!(fs::read(&partial).unwrap() == sample(100_000));
    assert!(!directory.path().join("out").exists());
}

#[test]
fn ctrl_c_at_the_receiver_keeps_the_part() {
    let directory = tempfile::tempdir().unwrap();
    let mut receive = receiver(ANY_PORT, &directory.path().join("out"), &[]);
    let mut stream = TcpStream::connect(receive.address("tcp")).unwrap();
    stream.write_all(&sample(100)).unwrap();
    let partial = partial_with(directory.path(), 100);
    let (status, _, errors) = receive.stop();
    assert_eq!(status.code(), Some(130));
    assert!(errors.contains("interrupted; INCOMPLETE: the 100 bytes received are kept in"), "{errors}");
    assert!(fs::read(&partial).unwrap() == sample(100));
    // The sender sees an error too, and no end of stream that would look like success.
    assert!(stream.read(&mut [0; 1]).is_err());
}

/// A plain end of stream would look like the whole file.
#[test]
fn ctrl_c_at_the_sender_is_a_reset_for_the_receiver() {
    let (_directory, file) = with_file(24_000_000);
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    let send = Running::helio(&["send", "--raw", str(&file), &peer.local_addr().unwrap().to_string()]);
    let mut stream = peer.accept().unwrap().0;
    stream.read_exact(&mut [0; 1]).unwrap();
    let (status, _, errors) = send.stop();
    assert_eq!(status.code(), Some(130));
    assert!(errors.contains("interrupted; ") && errors.contains("bytes had been handed to the kernel"), "{errors}");
    let read = stream.read_to_end(&mut Vec::new());
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

/// Nothing of ours runs any more then; the kernel closes the connection.
#[test]
fn a_killed_program_is_a_reset_for_the_other_end() {
    let (directory, file) = with_file(24_000_000);
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    let send = Running::helio(&["send", "--raw", str(&file), &peer.local_addr().unwrap().to_string()]);
    let mut stream = peer.accept().unwrap().0;
    stream.read_exact(&mut [0; 1]).unwrap();
    send.signal("KILL");
    let read = stream.read_to_end(&mut Vec::new());
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);

    let mut receive = receiver(ANY_PORT, &directory.path().join("out"), &[]);
    let mut stream = TcpStream::connect(receive.address("tcp")).unwrap();
    stream.write_all(&sample(100)).unwrap();
    partial_with(directory.path(), 100);
    receive.signal("KILL");
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn ctrl_c_while_the_source_hangs_is_a_reset_too() {
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    let (source, mut feed) = std::io::pipe().unwrap();
    let to = peer.local_addr().unwrap().to_string();
    let send = Running::start(helio().args(["send", "--raw", "-", &to]).stdin(source));
    feed.write_all(b"abc").unwrap();
    let mut stream = peer.accept().unwrap().0;
    stream.read_exact(&mut [0; 3]).unwrap();
    let (status, _, errors) = send.stop();
    assert_eq!(status.code(), Some(130), "{errors}");
    assert!(
        errors.contains("interrupted while a read or write hangs; 3 bytes had been handed to the kernel"),
        "{errors}"
    );
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_sender_that_falls_silent_is_given_up_and_its_part_kept() {
    let directory = tempfile::tempdir().unwrap();
    let mut receive = receiver(ANY_PORT, &directory.path().join("out"), &["--idle", "300ms"]);
    let mut stream = TcpStream::connect(receive.address("tcp")).unwrap();
    stream.write_all(b"abc").unwrap();
    let (status, _, errors) = receive.wait();
    assert_eq!(status.code(), Some(124));
    assert!(errors.contains("nothing moved for 300ms: the peer is stuck or gone; INCOMPLETE: the 3 bytes"), "{errors}");
    assert_eq!(fs::read(partial_with(directory.path(), 3)).unwrap(), b"abc");
}

#[test]
fn a_peer_that_does_not_close_is_told_apart_from_one_that_does() {
    let (_directory, file) = with_file(10);
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    let address = peer.local_addr().unwrap().to_string();
    let sent = run(&["send", "--raw", "--timeout", "300ms", "--json", str(&file), &address]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    let record: serde_json::Value = serde_json::from_str(&sent.stdout).unwrap();
    // The peer's kernel has it all and acknowledges, although no program has even accepted the connection.
    assert!(record["acknowledged_ns"].as_u64() >= record["handed_over_ns"].as_u64(), "{record}");
    assert!(record.get("peer_ended_ns").is_none(), "{record}");
}

/// `nc -N` with nothing to say does this: the end of the peer's side says nothing about what it has read of ours.
#[test]
fn a_peer_that_ends_its_side_first_is_waited_for_until_it_has_everything() {
    let (_directory, file) = with_file(1_000_000);
    let server = "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
s.bind(('127.0.0.1', 0))
s.listen()
print('listening on tcp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
conn, addr = s.accept()
conn.shutdown(socket.SHUT_WR)
count = 0
while data := conn.recv(8192):
    count += len(data)
    time.sleep(0.001)
print('read', count)
";
    let mut server = Running::start(&mut python(server, &[]));
    let sent = run(&["send", "--raw", "--json", str(&file), &server.address("tcp").to_string()]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    let record: serde_json::Value = serde_json::from_str(&sent.stdout).unwrap();
    assert!(record["acknowledged_ns"].as_u64().unwrap() > record["peer_ended_ns"].as_u64().unwrap(), "{record}");
    assert_eq!(server.wait().1.last().unwrap(), "read 1000000");
}

#[test]
fn a_peer_that_ends_its_side_and_then_resets_has_broken_the_connection() {
    let (_directory, file) = with_file(1_000_000);
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&peer, 16_384).unwrap();
    let port = peer.local_addr().unwrap().port();
    let send = Running::helio(&["send", "--raw", str(&file), &peer.local_addr().unwrap().to_string()]);
    let stream = peer.accept().unwrap().0;
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    eventually("both sides are ended, and something is not acknowledged", || is_in_last_ack(port));
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    let (status, lines, errors) = send.wait();
    assert_eq!((status.code(), lines.as_slice()), (Some(5), [].as_slice()), "{errors}");
    assert!(errors.contains("the peer reset the connection; 1000000 bytes had been handed to the kernel"), "{errors}");
}

/// Whether the other end of a connection to `port` is in LAST-ACK (RFC 9293 §3.3.2), 9 in proc(5)'s table.
fn is_in_last_ack(port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let peer = format!(":{port:04X}");
    let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.any(|columns| columns.get(2).is_some_and(|address| address.ends_with(&peer)) && columns[3] == "09")
}

#[test]
fn a_full_disk_at_the_receiver_fails_both_ends() {
    let (_directory, file) = with_file(24_000_000);
    let mut receive = receiver(ANY_PORT, Path::new("/dev/full"), &[]);
    let sent = run(&["send", "--raw", str(&file), &receive.address("tcp").to_string()]);
    assert_eq!(sent.code, 5, "{}", sent.stderr);
    assert!(sent.stderr.contains("the peer reset the connection; "), "{}", sent.stderr);
    let (status, _, errors) = receive.wait();
    assert_eq!(status.code(), Some(7));
    assert!(errors.contains("cannot write /dev/full: No space left on device"), "{errors}");
}

#[test]
fn what_cannot_work_is_said_before_a_byte_moves() {
    let (directory, file) = with_file(10);
    let held = TcpListener::bind(ANY_PORT).unwrap();
    let in_use = held.local_addr().unwrap().to_string();
    let closed = format!("127.0.0.1:{}", free_port(ANY_PORT));
    let file = str(&file);
    let (missing, new) = (directory.path().join("no/where"), directory.path().join("new"));
    let cases: &[(&[&str], i32, &str)] = &[
        (&["send", file, &closed], 2, "the encrypted transfer is not in this version; --raw sends the plain stream"),
        (&["receive"], 2, "the encrypted transfer is not in this version; --raw sends the plain stream"),
        (&["send", "--raw", file, &closed], 4, "refused (the machine answers, nothing listens on that port)"),
        (&["send", "--raw", file, "nowhere.invalid:1"], 3, "cannot find the address of `nowhere.invalid:1`"),
        (&["send", "--raw", str(&missing), &closed], 3, "No such file or directory"),
        (&["send", "--raw", str(directory.path()), &closed], 2, "is a directory, and a raw transfer is one stream"),
        (&["send", "--raw", "--rate", "1M", file, &closed], 2, "--datagram and --rate are for --udp"),
        (&["receive", "--raw", "--listen", &in_use], 7, "the port is in use"),
        (&["receive", "--raw", "--to", file], 7, "exists; --overwrite replaces it"),
        (&["receive", "--raw", "--to", str(&missing)], 3, "No such file or directory"),
        (&["receive", "--raw", "--keep", "--to", str(&new)], 2, "--keep needs a directory"),
        (&["receive", "--raw", "--io", "sendfile", "--listen", ANY_PORT, "--to", "/dev/null"], 2, "sendfile"),
    ];
    for (args, code, message) in cases {
        let failed = run(args);
        assert_eq!((failed.code, failed.stdout.as_str()), (*code, ""), "{args:?}: {}", failed.stderr);
        assert!(failed.stderr.contains(message), "{args:?}: {}", failed.stderr);
    }
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

fn tcp_of_socat(host: &str, port: &str) -> String {
    let family = if host == "::1" { "6" } else { "4" };
    format!("TCP{family}:{}:{port}", socat_host(host))
}

fn socat_host(host: &str) -> String {
    if host == "::1" { "[::1]".into() } else { host.into() }
}

/// A port that nothing listens on now.
fn free_port(any: &str) -> u16 {
    TcpListener::bind(any).unwrap().local_addr().unwrap().port()
}

/// Runs `helio` again until the program that it connects to listens.
fn until_not_refused(args: &[&str]) -> crate::support::Finished {
    let started = Instant::now();
    loop {
        let finished = run(args);
        if finished.code != 4 {
            assert_eq!(finished.code, 0, "{}", finished.stderr);
            return finished;
        }
        assert!(started.elapsed() < PLENTY, "{}", finished.stderr);
    }
}
