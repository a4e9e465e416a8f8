//! `helio say` against `helio echo`, the workshop's server and others.

use crate::support::{Finished, Running, finish, helio, python, run, run_with_input, without};
use serde_json::Value;
use std::io::{Seek, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

/// The workshop's server: accepts once, reads up to 1024 bytes, answers, closes.
const WORKSHOP_SERVER: &str = "
import socket
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.bind(('127.0.0.1', 0))
    s.listen()
    print('listening on tcp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
    conn, addr = s.accept()
    with conn:
        data = conn.recv(1024)
        conn.sendall(b'ACK: ' + data)
";

fn echo(args: &[&str]) -> (Running, String, String) {
    let mut echo = Running::helio(&[&["echo", "--listen", "127.0.0.1:0", "--quiet"], args].concat());
    let (tcp, udp) = (echo.address("tcp").to_string(), echo.address("udp").to_string());
    (echo, tcp, format!("udp://{udp}"))
}

fn objects(finished: &Finished) -> Vec<Value> {
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_workshops_server_is_understood() {
    let mut server = Running::start(&mut python(WORKSHOP_SERVER, &[]));
    let at = server.address("tcp").to_string();
    let said = run(&["say", &at, "Hello,", "TCP!"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, "ACK: Hello, TCP!\n"), "{}", said.stderr);
    for time in
        ["11 bytes out, 16 in", "lookup", "connect", "send returned", "first byte", "last byte", "TCP says: rtt"]
    {
        assert!(said.stderr.contains(time), "{time}: {}", said.stderr);
    }
}

#[test]
fn an_answer_comes_over_udp_and_ipv6_too() {
    let (_echo, _, udp) = echo(&[]);
    let said = run(&["say", "--quiet", &udp, "Hello, UDP!"]);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (0, "ACK: Hello, UDP!\n", ""));

    let mut six = Running::helio(&["echo", "--listen", "[::1]:0", "--quiet"]);
    let at = six.address("tcp").to_string();
    assert_eq!(run(&["say", "--quiet", &at, "six"]).stdout, "ACK: six\n");
    assert_eq!(run(&["say", "--quiet", "--udp", &at, "six"]).stdout, "ACK: six\n");
}

#[test]
fn each_piped_line_is_one_message_on_one_connection() {
    let (_echo, tcp, _) = echo(&[]);
    let said = run_with_input(&["say", "--json", &tcp], "one\ntwo\r\ndrei ☀".as_bytes());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let lines = objects(&said);
    let answers: Vec<_> = lines.iter().filter_map(|line| line["answer"].as_str()).collect();
    assert_eq!(answers, ["ACK: one", "ACK: two", "ACK: drei ☀"]);
    assert!(lines[0]["connect_ns"].is_u64() && lines[1].get("connect_ns").is_none());
    assert_eq!((&lines[3]["type"], &lines[3]["answered"]), (&"summary".into(), &3.into()));
    assert!(lines[3]["tcp_info"]["rtt_us"].is_u64());
}

/// An empty line is nothing on a stream and would be waited for in vain; a newline and an empty datagram are something.
#[test]
fn empty_lines_are_messages_only_where_they_can_be_answered() {
    let (_echo, tcp, udp) = echo(&[]);
    let answers = |args: &[&str]| {
        let said = run_with_input(args, b"a\n\n\nb\n");
        assert_eq!(said.code, 0, "{}", said.stderr);
        let answers: Vec<_> =
            objects(&said).iter().filter_map(|line| line["answer"].as_str().map(str::to_owned)).collect();
        (answers, said.stderr)
    };
    let (skipped, told) = answers(&["say", "--json", &tcp]);
    assert_eq!(skipped, ["ACK: a", "ACK: b"]);
    assert_eq!(told, "helio: empty lines are skipped; --newline would send their newlines\n");
    let newlines = ["ACK: a\n", "ACK: \n", "ACK: \n", "ACK: b\n"].map(str::to_owned);
    assert_eq!(answers(&["say", "--json", "--newline", &tcp]), (newlines.to_vec(), String::new()));
    let datagrams = ["ACK: a", "ACK: ", "ACK: ", "ACK: b"].map(str::to_owned);
    assert_eq!(answers(&["say", "--json", &udp]), (datagrams.to_vec(), String::new()));
}

/// An empty message on the command line is no empty line: it asks nothing and hears what the peer says by itself.
#[test]
fn without_a_word_the_peers_greeting_is_shown() {
    let greeter = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = greeter.local_addr().unwrap().to_string();
    std::thread::spawn(move || greeter.accept().unwrap().0.write_all(b"220 ready\r\n").unwrap());
    let said = run(&["say", "--quiet", &at, ""]);
    assert_eq!((said.code, said.stdout.as_str()), (0, "220 ready\r\n"), "{}", said.stderr);
}

/// The quiet that completes an answer is not part of its time.
#[test]
fn the_last_bytes_time_counts_not_the_quiet() {
    let (_echo, tcp, _) = echo(&[]);
    let said = run(&["say", "--json", "--quiet-time", "300ms", &tcp, "x"]);
    let exchange = &objects(&said)[0];
    assert_eq!(exchange["outcome"], "quiet");
    assert!(exchange["last_byte_ns"].as_u64().unwrap() < 300_000_000, "{exchange}");
    assert!(exchange["first_byte_ns"].as_u64() <= exchange["last_byte_ns"].as_u64());
}

#[test]
fn many_messages_get_a_summary() {
    let (_echo, tcp, _) = echo(&[]);
    let said = run(&["say", "--count", "30", "--expect", "9", &tcp, "ping"]);
    assert_eq!(said.stdout, "ACK: ping\n".repeat(30));
    let summary = said.stderr.lines().find(|line| line.starts_with("30 messages, 30 answered")).unwrap();
    for figure in ["min", "median", "p95", "max"] {
        assert!(summary.contains(figure), "{summary}");
    }
}

/// `--close-after-reply` closes each time; the next message opens a new connection without being asked.
#[test]
fn a_server_that_closes_after_each_answer_is_reconnected() {
    let (_echo, tcp, _) = echo(&["--close-after-reply"]);
    let said = run(&["say", "--json", "--count", "3", &tcp, "x"]);
    let lines = objects(&said);
    assert!(lines[..3].iter().all(|l| l["outcome"] == "end_of_stream" && l["connect_ns"].is_u64()), "{lines:#?}");
}

#[test]
fn refused_silent_and_unknown_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let refused = run(&["say", &closed, "x"]);
    assert_eq!(refused.code, 4);
    assert_eq!(
        refused.stderr,
        format!(
            "helio: cannot connect to {closed}: {closed} refused (the machine answers, nothing listens on that port)\n"
        )
    );

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let none = run(&["say", "--timeout", "50ms", &silent, "x"]);
    assert_eq!(none.code, 124);
    assert!(none.stderr.contains(&format!("helio: no answer from {silent}")), "{}", none.stderr);

    let unknown = run(&["say", "nowhere.invalid:1", "x"]);
    assert_eq!(unknown.code, 3);
    assert!(unknown.stderr.starts_with("helio: cannot find the address of `nowhere.invalid:1`"), "{}", unknown.stderr);
}

#[test]
fn over_udp_no_answer_and_refused_are_said_as_such() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap().to_string();
    let none = run(&["say", "--udp", "--timeout", "50ms", "--count", "2", &at, "x"]);
    assert_eq!((none.code, none.stdout.as_str()), (124, ""));
    assert_eq!(none.stderr.matches("no answer from").count(), 2, "{}", none.stderr);
    assert!(none.stderr.contains("2 messages, 0 answered\n"), "{}", none.stderr);

    drop(silent);
    let refused = run(&["say", "--udp", &at, "x"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("refused the datagram"), "{}", refused.stderr);
}

#[test]
fn an_answer_that_is_too_short_or_missing_is_incomplete() {
    let (_echo, tcp, _) = echo(&["--close-after-reply"]);
    let short = run(&["say", "--expect", "100", &tcp, "x"]);
    assert_eq!(short.code, 6);
    assert!(short.stderr.contains("helio: answer is 6 bytes, expected 100"), "{}", short.stderr);

    let mut mute = Running::start(&mut python(&WORKSHOP_SERVER.replace("b'ACK: ' + data", "b''"), &[]));
    let none = run(&["say", &mute.address("tcp").to_string(), "x"]);
    assert_eq!(none.code, 6);
    assert!(none.stderr.contains("closed without an answer"), "{}", none.stderr);
}

#[test]
fn a_message_longer_than_a_datagram_is_refused_before_it_is_sent() {
    let long = "x".repeat(65_508);
    let said = run(&["say", "--udp", "127.0.0.1:9", &long]);
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.starts_with("helio: message is 65508 bytes, a datagram holds at most 65507"),
        "{}",
        said.stderr
    );
}

#[test]
fn hex_shows_every_byte_and_other_bytes_come_as_they_are() {
    let (_echo, tcp, _) = echo(&["--prefix", ""]);
    let hex = run_with_input(&["say", "--quiet", "--hex", &tcp], b"\x00\xffA");
    assert_eq!(hex.stdout, "00000000  00 ff 41                                          |..A|\n");
    let json = run_with_input(&["say", "--json", &tcp], b"\x00\xffA");
    assert_eq!(objects(&json)[0]["answer_hex"], "00ff41");
}

/// U+009B is the one-character form of ESC `[`; JSON itself asks only for U+0000–001F to be escaped.
#[test]
fn json_brings_no_terminal_sequence_from_the_peer() {
    let (_echo, tcp, _) = echo(&["--prefix", ""]);
    let json = run_with_input(&["say", "--json", &tcp], "\u{9b}2J\u{202e}".as_bytes());
    assert!(json.stdout.contains(r#""answer":"\u009b2J\u202e""#), "{}", json.stdout);
    assert_eq!(objects(&json)[0]["answer"], "\u{9b}2J\u{202e}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (_echo, tcp, _) = echo(&[]);
    let script = format!("{} say -q --count 50 --expect 6 {tcp} x | head -n 1", env!("CARGO_BIN_EXE_helio"));
    let piped = finish(std::process::Command::new("bash").args(["-o", "pipefail", "-c", &script]));
    assert_eq!((piped.code, piped.stdout.as_str(), piped.stderr.as_str()), (0, "ACK: x\n", ""));
}

#[test]
fn ctrl_c_and_sigterm_end_with_the_summary() {
    let (_echo, tcp, _) = echo(&[]);
    for signal in ["INT", "TERM"] {
        let mut say = Running::start(helio().args(["say", "--count", "1000", "--interval", "10s", &tcp, "x"]));
        say.wait_for("ACK: x");
        say.signal(signal);
        let (status, _, stderr) = say.wait();
        assert_eq!(status.code(), Some(130), "{signal}");
        assert!(stderr.contains("TCP says:"), "{signal}: {stderr}");
    }
}

/// Echo servers that no one here wrote: `socat` with a pipe behind it, over both transports and families.
#[test]
fn socat_as_a_server_answers_over_both_transports_and_families() {
    if without("socat") {
        return;
    }
    for (family, bind, host) in [("4", "127.0.0.1", "127.0.0.1"), ("6", "[::1]", "[::1]")] {
        let tcp = format!("TCP{family}-LISTEN:0,bind={bind}");
        let mut server = Running::start(Command::new("socat").args(["-d", "-d", &tcp, "PIPE"]));
        let listening = server.wait_for_error("listening on");
        let port = listening.rsplit(':').next().unwrap();
        let said = run(&["say", "-q", &format!("{host}:{port}"), "over tcp"]);
        assert_eq!((said.code, said.stdout.as_str()), (0, "over tcp\n"), "{}", said.stderr);

        // socat does not tell the port of a datagram socket, so it is given one that was free just now.
        let free = UdpSocket::bind((host.trim_matches(['[', ']']), 0)).unwrap().local_addr().unwrap().port();
        let udp = format!("UDP{family}-RECVFROM:{free},bind={bind},fork");
        let mut server = Running::start(Command::new("socat").args(["-d", "-d", "-d", &udp, "PIPE"]));
        server.wait_for_error("receiving on");
        let said = run(&["say", "-q", "--udp", &format!("{host}:{free}"), "over udp"]);
        assert_eq!((said.code, said.stdout.as_str()), (0, "over udp\n"), "{}", said.stderr);
    }
}

/// `openssl s_server -rev` sends each line back reversed.
#[test]
fn openssl_as_a_server_is_believed_by_its_fingerprint_alone() {
    if without("openssl") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| place.path().join(name).to_str().unwrap().to_owned());
    let make = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=x"];
    assert!(finish(Command::new("openssl").args(make).args(["-keyout", &key, "-out", &certificate])).code == 0);
    let printed =
        finish(Command::new("openssl").args(["x509", "-in", &certificate, "-noout", "-fingerprint", "-sha256"]));
    let (_, fingerprint) = printed.stdout.trim().split_once('=').unwrap();
    let serve = ["s_server", "-rev", "-accept", "127.0.0.1:0", "-key", &key, "-cert", &certificate];
    let mut server = Running::start(Command::new("openssl").args(serve));
    let at = server.wait_for("ACCEPT ");
    let address = format!("tls://{}", at.trim_start_matches("ACCEPT "));

    let said = run(&["say", "--json", "--newline", "--fingerprint", fingerprint, &address, "stressed"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let exchange = &objects(&said)[0];
    assert!(exchange["answer"] == "desserts\n" && exchange["tls_ns"].is_u64(), "{exchange}");

    let other = "00".repeat(32);
    let refused = run(&["say", "--fingerprint", &other, &address, "x"]);
    let shown = fingerprint.replace(':', "").to_lowercase();
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains(&format!("expected fingerprint {other}, got {shown}")), "{}", refused.stderr);
    let unknown = run(&["say", &address, "x"]);
    // 7 on a machine without any authority.
    assert!(matches!(unknown.code, 4 | 7), "{}", unknown.stderr);
    let plain = run(&["say", "--fingerprint", fingerprint, "127.0.0.1:1", "x"]);
    assert_eq!(plain.code, 2);
    assert_eq!(plain.stderr, "helio: --fingerprint is for tls:// addresses, not for 127.0.0.1:1\n");
}

/// `nc -l` is a person at the other end: what it is given on stdin is the answer.
#[test]
fn nc_as_a_server_is_talked_to_over_both_families() {
    if without("nc") {
        return;
    }
    for host in ["127.0.0.1", "::1"] {
        let free = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap();
        let mut server = Command::new("nc");
        server.args(["-v", "-N", "-l", host, &free.port().to_string()]).stdin(answering("from nc\n"));
        let mut server = Running::start(&mut server);
        server.wait_for_error("Listening on");
        let said = run(&["say", "-q", &free.to_string(), "to nc"]);
        assert_eq!((said.code, said.stdout.as_str()), (0, "from nc\n"), "{}", said.stderr);
        server.wait_for("to nc");
    }
}

/// A stdin that holds `text` and then ends.
fn answering(text: &str) -> std::process::Stdio {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file.into()
}
