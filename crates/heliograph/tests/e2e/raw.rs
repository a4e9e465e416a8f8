//! `helio send --raw` and `helio receive --raw` over TCP: with each other, and with programs that know nothing of us.

mod ends;

use crate::support::{PLENTY, Running, finish, helio, python, run, run_with_input, without};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

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

fn blake3_of(text: &str) -> String {
    text.split("BLAKE3 ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
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
