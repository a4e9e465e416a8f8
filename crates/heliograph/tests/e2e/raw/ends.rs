//! How a raw stream ends: whole, reset, stopped, killed, silent, or ended by one side before the other.

use super::{ANY_PORT, receiver, sample, str, with_file};
use crate::support::{PLENTY, Running, eventually, helio, python, run};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    // Whether it says that the read hangs depends on whether it had begun.
    assert!(errors.contains("interrupted") && errors.contains("; 3 bytes had been handed to the kernel"), "{errors}");
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

/// Ctrl-C ends every program of a pipeline: the end of the one before says nothing about the whole.
#[test]
fn an_end_of_the_source_that_comes_with_ctrl_c_is_none() {
    let peer = TcpListener::bind(ANY_PORT).unwrap();
    let to = peer.local_addr().unwrap().to_string();
    let mut send = helio();
    send.args(["send", "--raw", "-", &to]);
    let (source, mut feed) = std::io::pipe().unwrap();
    let running = Running::start(send.stdin(source));
    feed.write_all(b"abc").unwrap();
    let mut stream = peer.accept().unwrap().0;
    stream.read_exact(&mut [0; 3]).unwrap();
    running.signal("INT");
    drop(feed);
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(running.wait().0.code(), Some(130));
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
    stream.shutdown(Shutdown::Write).unwrap();
    eventually("both sides are ended, and something is not acknowledged", || is_ended(port));
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
    let (status, lines, errors) = send.wait();
    assert_eq!((status.code(), lines.as_slice()), (Some(5), [].as_slice()), "{errors}");
    assert!(errors.contains("the peer reset the connection; 1000000 bytes had been handed to the kernel"), "{errors}");
}

/// Whether the other end of a connection to `port` has sent its end, which is not acknowledged, and has ours: LAST-ACK, or
/// CLOSING if its own came first (RFC 9293 §3.3.2). They are 9 and 11 in proc(5)'s table.
fn is_ended(port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let peer = format!(":{port:04X}");
    let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.any(|columns| {
        columns.get(2).is_some_and(|address| address.ends_with(&peer)) && matches!(columns[3], "09" | "0B")
    })
}
