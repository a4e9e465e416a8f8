//! `helio echo` against the workshop's programs, `nc` and `socat`.

use crate::support::{Running, finish, pipe, python, run, without};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

const ANY_PORT: &str = "127.0.0.1:0";

/// The workshop's client: connect, `sendall` without newline, one `recv(1024)`, close.
const WORKSHOP_CLIENT: &str = "
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect((sys.argv[1], int(sys.argv[2])))
    s.sendall(b'Hello, TCP!')
    print(s.recv(1024).decode())
";

#[test]
fn the_workshops_client_gets_its_answer() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let port = echo.address("tcp").port().to_string();
    let client = finish(&mut python(WORKSHOP_CLIENT, &["127.0.0.1", &port]));
    assert_eq!((client.code, client.stdout.as_str()), (0, "ACK: Hello, TCP!\n"), "{}", client.stderr);
    assert!(echo.wait_for("connected").starts_with("127.0.0.1:"));
    assert!(echo.wait_for("sent 11 bytes over tcp").ends_with(": Hello, TCP!"));
    assert!(echo.wait_for("closed by the peer").contains("11 bytes in, 16 bytes out"));
    assert!(echo.stop().0.success());
}

#[test]
fn the_workshops_udp_client_gets_its_answer() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let port = echo.address("udp").port().to_string();
    let program = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'Hello, UDP!', ('127.0.0.1', int(sys.argv[1])))
print(s.recvfrom(1024)[0].decode())
";
    assert_eq!(finish(&mut python(program, &[&port])).stdout, "ACK: Hello, UDP!\n");
    assert!(echo.wait_for("over udp").ends_with("sent 11 bytes over udp: Hello, UDP!"));
}

/// RFC 862, TCP: whatever is received is sent back, until the peer closes; half-close keeps the answer flowing.
#[test]
fn a_pure_echo_returns_every_byte_after_half_close() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--prefix", "", "--quiet"]);
    let mut stream = TcpStream::connect(echo.address("tcp")).unwrap();
    let sent: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let mut writer = stream.try_clone().unwrap();
    let copy = sent.clone();
    let writing = std::thread::spawn(move || {
        writer.write_all(&copy).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    writing.join().unwrap();
    assert!(got == sent, "{} bytes came back of {}", got.len(), sent.len());
}

#[test]
fn close_after_reply_serves_like_the_workshops_server() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT, "--close-after-reply"]);
    let mut stream = TcpStream::connect(echo.address("tcp")).unwrap();
    stream.write_all(b"once").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ACK: once");
    drop(stream);
    echo.wait_for("closed by us: 4 bytes in, 9 bytes out");
}

#[test]
fn nc_and_socat_are_answered_over_both_transports_and_families() {
    for (host, listen) in [("127.0.0.1", "127.0.0.1:0"), ("::1", "[::1]:0")] {
        let mut echo = Running::helio(&["echo", "--listen", listen, "--quiet"]);
        let port = echo.address("tcp").port().to_string();
        let family = if host == "::1" { "6" } else { "4" };
        if !without("nc") {
            assert_eq!(pipe("nc", &["-N", "-w", "5", host, &port], "hi\n"), "ACK: hi\n");
            assert_eq!(pipe("nc", &["-u", "-w", "1", host, &port], "hi\n"), "ACK: hi\n");
        }
        if !without("socat") {
            let bracketed = if host == "::1" { "[::1]" } else { host };
            let tcp = format!("TCP{family}:{bracketed}:{port}");
            let udp = format!("UDP{family}:{bracketed}:{port}");
            assert_eq!(pipe("socat", &["-t", "5", "-", &tcp], "hi\n"), "ACK: hi\n");
            assert_eq!(pipe("socat", &["-t", "0.5", "-", &udp], "hi\n"), "ACK: hi\n");
        }
    }
}

#[test]
fn datagrams_of_no_and_of_full_length_are_answered() {
    let mut echo = Running::helio(&["echo", "--listen", "udp://127.0.0.1:0", "--prefix", "", "--quiet"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(echo.address("udp")).unwrap();
    socket.set_read_timeout(Some(crate::support::PLENTY)).unwrap();
    let mut buffer = vec![0; 65_536];
    for length in [0, 1, 65_507] {
        let sent = vec![b'x'; length];
        socket.send(&sent).unwrap();
        let got = socket.recv(&mut buffer).unwrap();
        assert!(buffer[..got] == sent, "{got} bytes came back of {length}");
    }
}

/// RFC 8200 §3: the header does not count to the length, so IPv6 has room for 20 bytes more. The answer has them not.
#[test]
fn the_longest_datagram_of_ipv6_is_received_whole() {
    let mut echo = Running::helio(&["echo", "--listen", "udp://[::1]:0", "--prefix", ""]);
    let socket = UdpSocket::bind("[::1]:0").unwrap();
    socket.connect(echo.address("udp")).unwrap();
    socket.set_read_timeout(Some(crate::support::PLENTY)).unwrap();
    socket.send(&[b'x'; 65_527]).unwrap();
    echo.wait_for("sent 65527 bytes over udp");
    assert_eq!(socket.recv(&mut [0; 65_536]).unwrap(), 65_507);
}

#[test]
fn an_answer_is_no_request_for_another() {
    let mut echo = Running::helio(&["echo", "--listen", "udp://127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(echo.address("udp")).unwrap();
    socket.send(b"ACK: hi").unwrap();
    echo.wait_for("not answered: it already begins with the prefix");
}

#[test]
fn what_the_peer_sends_cannot_move_the_terminals_cursor() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let mut stream = TcpStream::connect(echo.address("tcp")).unwrap();
    stream.write_all(b"\x1b]0;title\x07\x1b[2J\r\n").unwrap();
    let line = echo.wait_for("over tcp");
    assert!(line.ends_with(r": \u{1b}]0;title\u{7}\u{1b}[2J\r\n"), "{line}");
}

#[test]
fn a_reset_in_the_middle_is_told_and_harms_nobody_else() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let at = echo.address("tcp");
    let resetting = "
import socket, struct, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'bye')
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.recv(1)
s.close()
";
    assert_eq!(finish(&mut python(resetting, &[&at.port().to_string()])).code, 0);
    echo.wait_for("broken: reset by the peer: 3 bytes in");
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(b"still there?").unwrap();
    let mut answer = [0; 17];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ACK: still there?");
}

#[test]
fn a_silent_client_is_dropped_and_a_slow_reader_too() {
    let mut echo =
        Running::helio(&["echo", "--listen", ANY_PORT, "--idle-timeout", "100ms", "--write-timeout", "100ms"]);
    let at = echo.address("tcp");
    let mut silent = TcpStream::connect(at).unwrap();
    echo.wait_for("dropped, silent for too long: 0 bytes in");
    // The drop is a reset: a plain end of stream would look like a normal end.
    assert!(silent.read(&mut [0; 1]).is_err());

    let mut greedy = TcpStream::connect(at).unwrap();
    let chunk = vec![b'x'; 1 << 20];
    while greedy.write_all(&chunk).is_ok() {}
    echo.wait_for("dropped, it does not read its answers");
}

#[test]
fn a_port_in_use_is_said_with_what_to_do() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0"]);
    let at = echo.address("tcp");
    let second = run(&["echo", "--listen", &at.to_string()]);
    assert_eq!(second.code, 7);
    let expected = format!(
        "helio: cannot listen on tcp://{at}: the port is in use; stop the other program or choose another port\n"
    );
    assert_eq!(second.stderr, expected);
}

#[test]
fn sigterm_ends_open_connections_with_an_end_of_stream() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let mut stream = TcpStream::connect(echo.address("tcp")).unwrap();
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 6]).unwrap();
    echo.signal("TERM");
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    drop(stream);
    let (status, lines, _) = echo.wait();
    assert!(status.success());
    assert!(lines.iter().any(|line| line.contains("closed, the program is ending")), "{lines:#?}");
}

#[test]
fn events_can_be_read_by_machines() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--json"]);
    let listening: serde_json::Value = serde_json::from_str(&echo.wait_for("listening")).unwrap();
    let at = listening["address"].as_str().unwrap().strip_prefix("tcp://").unwrap().to_owned();
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(b"hi").unwrap();
    let event: serde_json::Value = serde_json::from_str(&echo.wait_for("received")).unwrap();
    assert_eq!((&event["service"], &event["bytes"], &event["text"]), (&"echo".into(), &2.into(), &"hi".into()));
}
