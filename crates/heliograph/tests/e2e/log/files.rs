//! Exact files, rotation, reopening and restarts.

use super::{Logged, entry, log_in, send_all, texts};
use crate::support::{eventually, finish, python, text, without};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

#[test]
fn sendfile_into_exact_arrives_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&source, &bytes).unwrap();
    let log = Logged::start(directory.path().join("copy"), &["--exact"]);
    let program = "
import socket, sys
with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as s, open(sys.argv[2], 'rb') as f:
    s.sendfile(f)
";
    let client = finish(&mut python(program, &[&log.at.port().to_string(), source.to_str().unwrap()]));
    assert_eq!(client.code, 0, "{}", client.stderr);
    let path = log.path.clone();
    log.stop();
    assert!(fs::read(path).unwrap() == bytes);
}

#[test]
fn placeholders_keep_connections_apart() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(directory.path().join("{n}-{peer}.bin"), &["--exact"]);
    let streams = [log.connect(), log.connect()];
    let names = [1, 2].map(|n| format!("{n}-127.0.0.1_{}.bin", streams[n - 1].local_addr().unwrap().port()));
    for (stream, bytes) in streams.into_iter().zip([&b"\0first\r\n"[..], b"\xffsecond"]) {
        send_all(stream, bytes);
    }
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"datagram", log.at).unwrap();
    let udp_name = format!("udp-127.0.0.1_{}.bin", udp.local_addr().unwrap().port());
    log.stop();
    assert_eq!(fs::read(directory.path().join(&names[0])).unwrap(), b"\0first\r\n");
    assert_eq!(fs::read(directory.path().join(&names[1])).unwrap(), b"\xffsecond");
    assert_eq!(fs::read(directory.path().join(udp_name)).unwrap(), b"datagram");
}

/// Spec, "Exact mode": a file is made for a connection's first bytes, and waits until it can be.
#[test]
fn a_directory_that_went_away_holds_senders_back_and_gets_no_empty_files() {
    let directory = tempfile::tempdir().unwrap();
    let [here, away] = ["here", "away"].map(|name| directory.path().join(name));
    fs::create_dir(&here).unwrap();
    let mut log = Logged::start(here.join("{n}"), &["--exact"]);
    send_all(log.connect(), b"");
    fs::rename(&here, &away).unwrap();
    for _ in 0..3 {
        send_all(log.connect(), b"");
    }
    let stream = log.connect();
    let sending = std::thread::spawn(move || send_all(stream, b"waits"));
    let told = log.helio.wait_for("cannot open");
    assert!(told.contains("here/5: No such file or directory (os error 2)"), "{told}");
    fs::rename(&away, &here).unwrap();
    log.helio.wait_for("here/5 works again");
    sending.join().unwrap();
    log.stop();
    let names: Vec<_> = fs::read_dir(&here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["5"]);
    assert_eq!(fs::read(here.join("5")).unwrap(), b"waits");
}

#[test]
fn a_restart_appends_and_ends_a_torn_line_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = log_in(&directory);
    fs::write(&path, "2026-01-01T00:00:00.000000Z 10.0.0.1:1 torn by a cra").unwrap();
    for message in ["first", "second"] {
        let log = Logged::start(&path, &[]);
        send_all(log.connect(), message.as_bytes());
        log.stop();
    }
    assert_eq!(texts(path), ["torn by a cra", "first", "second"]);
}

/// All lines of all files of a log, oldest first; compressed ones as an outside program reads them.
fn all_lines(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| *name != path && name.extension().is_none_or(|extension| extension != "tmp"));
    names.sort();
    names.push(path.to_owned());
    let mut all = String::new();
    for name in names {
        if name.extension().is_some_and(|extension| extension == "zst") {
            let unpacked = finish(Command::new("zstd").args(["-dcq"]).arg(name));
            assert_eq!(unpacked.code, 0, "{}", unpacked.stderr);
            all += &unpacked.stdout;
        } else {
            all += &text(name);
        }
    }
    all.lines().map(|line| entry(line).1).collect()
}

/// Four peers send numbered lines; their texts.
fn send_lines(at: SocketAddr, lines: usize) -> Vec<String> {
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let stream = TcpStream::connect(at).unwrap();
            std::thread::spawn(move || {
                let text: Vec<String> = (0..lines).map(|n| format!("{sender} says {n}")).collect();
                send_all(stream, (text.join("\n") + "\n").as_bytes());
                text
            })
        })
        .collect();
    senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
}

/// Spec, "Rotation": nothing is lost, doubled or torn, and each peer's lines keep their order.
#[test]
fn rotation_under_load_loses_nothing_and_compressed_files_unpack_to_the_same() {
    if without("zstd") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--rotate-size", "64k", "--compress"]);
    let mut wanted = send_lines(log.at, 5_000);
    let rotated = |ending: &str| {
        let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_str().unwrap().ends_with(ending)).count()
    };
    eventually("all rotated files are compressed", || rotated("Z") + rotated(".tmp") == 0);
    assert!(rotated(".zst") > 5);
    let path = log.path.clone();
    log.stop();
    let mut got = all_lines(&path);
    for sender in 0..4 {
        let of_sender = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.starts_with(&format!("{sender} "))).cloned().collect()
        };
        assert!(of_sender(&got) == of_sender(&wanted), "lines of sender {sender} are not as sent");
    }
    got.sort();
    wanted.sort();
    assert!(got == wanted);
}

#[test]
fn only_the_newest_rotated_files_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--rotate-size", "4k", "--keep", "2"]);
    send_lines(log.at, 1_000);
    eventually("two rotated files and the current one are left", || {
        fs::read_dir(directory.path()).unwrap().count() == 3
    });
    log.stop();
}

/// As logrotate does it: rename, then SIGHUP, under load.
#[test]
fn sighup_opens_the_file_again_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &[]);
    let old = directory.path().join("old");
    let path = log.path.clone();
    let at = log.at;
    let sending = std::thread::spawn(move || send_lines(at, 5_000));
    eventually("something is written", || !text(&path).is_empty());
    fs::rename(&path, &old).unwrap();
    log.helio.signal("HUP");
    eventually("the file is there again", || path.exists());
    let mut wanted = sending.join().unwrap();
    send_all(log.connect(), b"after the reopening\n");
    wanted.push("after the reopening".to_owned());
    log.stop();
    let mut got = texts(&old);
    got.extend(texts(&path));
    assert_eq!(got.last().unwrap(), "after the reopening");
    assert_eq!(texts(&path).last().unwrap(), "after the reopening");
    got.sort();
    wanted.sort();
    assert!(got == wanted);
}

/// Spec, "Durability": what was acknowledged is on the disk; here the process dies, at any moment.
#[test]
fn everything_acknowledged_before_a_kill_is_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(log_in(&directory), &["--ack", "--fsync", "every"]);
    let (sender, acknowledged) = std::sync::mpsc::channel();
    let clients: Vec<_> = (0..6)
        .map(|client| {
            let (mut stream, sender) = (log.connect(), sender.clone());
            std::thread::spawn(move || {
                let mut answer = [0; 100];
                for n in 0.. {
                    let message = format!("client {client} message {n}");
                    if stream.write_all(message.as_bytes()).is_err() {
                        return;
                    }
                    match stream.read(&mut answer) {
                        Ok(length) if answer[..length] == *format!("ACK: {message}").as_bytes() => {
                            sender.send(message).unwrap();
                        }
                        // Killed before the answer was sent, or within it.
                        Ok(_) | Err(_) => return,
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut messages: Vec<String> = acknowledged.iter().take(300).collect();
    log.helio.signal("KILL");
    let path = log.path.clone();
    assert!(!log.helio.wait().0.success());
    messages.extend(acknowledged.iter());
    for client in clients {
        client.join().unwrap();
    }
    let all = text(path);
    let written: std::collections::BTreeSet<String> =
        all.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| entry(line.trim_end()).1).collect();
    for message in &messages {
        assert!(written.contains(message), "acknowledged and lost: {message}");
    }
}

#[test]
fn exact_streams_that_share_a_file_are_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    let log = Logged::start(directory.path().join("all"), &["--exact", "--fsync", "close"]);
    for bytes in [&[b'a'; 100_000], &[b'b'; 100_000]] {
        let mut stream = log.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    let path = log.path.clone();
    log.stop();
    assert!(fs::read(&path).unwrap() == [[b'a'; 100_000], [b'b'; 100_000]].concat());
}
