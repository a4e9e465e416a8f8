//! Files as datagrams: naked ones with programs that know nothing of us, numbered ones through a relay that does harm.

use crate::raw::{sample, str, with_file};
use crate::support::{Finished, Running, eventually, finish, python, run, without};
use helio_core::rng::Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const ANY_PORT: &str = "127.0.0.1:0";

fn receiver(listen: &str, to: &Path, more: &[&str]) -> Running {
    Running::helio(&[&["receive", "--raw", "--udp", "--listen", listen, "--to", str(to)], more].concat())
}

fn numbered(to: &Path, more: &[&str]) -> (Running, SocketAddr) {
    let mut receive = receiver(ANY_PORT, to, &[&["--numbered", "--json"], more].concat());
    let line: Value = serde_json::from_str(&receive.wait_for("listening")).unwrap();
    let address = line["address"].as_str().unwrap().strip_prefix("udp://").unwrap().parse().unwrap();
    (receive, address)
}

fn send_numbered(file: &Path, to: SocketAddr, more: &[&str]) -> (Finished, Value) {
    let to = to.to_string();
    let sent = run(&[&["send", "--raw", "--udp", "--numbered", "--json", str(file), &to], more].concat());
    let record = serde_json::from_str(&sent.stdout).unwrap_or(Value::Null);
    (sent, record)
}

#[test]
fn naked_datagrams_carry_a_file_over_both_families() {
    for listen in [ANY_PORT, "[::1]:0"] {
        let (directory, file) = with_file(50_000);
        let to = directory.path().join("out");
        let mut receive = receiver(listen, &to, &["--idle", "300ms"]);
        let address = receive.address("udp").to_string();
        let sent = run(&["send", "--raw", "--udp", "--rate", "1M", str(&file), &address]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        assert!(sent.stdout.contains("  in 36 datagrams\n"), "{}", sent.stdout);
        assert!(sent.stdout.contains("what arrived is not known"), "{}", sent.stdout);
        let (status, lines, errors) = receive.wait();
        assert!(status.success(), "{errors}");
        let said = lines.join("\n");
        assert!(said.contains("  in 36 datagrams") && said.contains("  0 datagrams were dropped"), "{said}");
        assert!(fs::read(&to).unwrap() == sample(50_000));
    }
}

#[test]
fn datagrams_of_nc_socat_and_python_are_received() {
    let python_client = "
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(open(sys.argv[2], 'rb').read(), ('127.0.0.1', int(sys.argv[1])))
";
    for program in ["nc", "socat", "python"] {
        if without(program) {
            continue;
        }
        let (directory, file) = with_file(1_000);
        let to = directory.path().join("out");
        let mut receive = receiver(ANY_PORT, &to, &["--idle", "300ms"]);
        let port = receive.address("udp").port().to_string();
        let mut sender = match program {
            "nc" => Command::new("nc"),
            "socat" => Command::new("socat"),
            _ => python(python_client, &[&port, str(&file)]),
        };
        match program {
            "nc" => drop(sender.args(["-u", "-N", "-w", "1", "127.0.0.1", &port])),
            "socat" => drop(sender.args(["-u", "STDIN", &format!("UDP4:127.0.0.1:{port}")])),
            _ => {}
        }
        sender.stdin(fs::File::open(&file).unwrap());
        assert_eq!(finish(&mut sender).code, 0, "{program}");
        assert!(receive.wait().0.success());
        assert!(fs::read(&to).unwrap() == sample(1_000), "{program}");
    }
}

#[test]
fn nc_and_socat_receive_our_datagrams() {
    for program in ["nc", "socat"] {
        if without(program) {
            continue;
        }
        let (_directory, file) = with_file(1_000);
        let port = UdpSocket::bind(ANY_PORT).unwrap().local_addr().unwrap().port().to_string();
        let mut receiver = Command::new(program);
        match program {
            "nc" => receiver.args(["-u", "-l", "-W", "1", "127.0.0.1", &port]),
            _ => receiver.args(["-u", &format!("UDP4-RECVFROM:{port},bind=127.0.0.1"), "STDOUT"]),
        };
        let child = receiver.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        wait_until_bound(port.parse().unwrap());
        let sent = run(&["send", "--raw", "--udp", str(&file), &format!("127.0.0.1:{port}")]);
        assert_eq!(sent.code, 0, "{}", sent.stderr);
        assert!(child.wait_with_output().unwrap().stdout == sample(1_000), "{program}");
    }
}

#[test]
fn numbered_datagrams_that_all_arrive_are_verified() {
    for bytes in [0, 1, 1_400, 100_001] {
        let (directory, file) = with_file(bytes);
        let to = directory.path().join("out");
        let (mut receive, address) = numbered(&to, &[]);
        let (sent, record) = send_numbered(&file, address, &["--rate", "4M"]);
        assert_eq!(sent.code, 0, "{} {}", sent.stdout, sent.stderr);
        let received: Value = serde_json::from_str(&receive.wait_for("\"received\"")).unwrap();
        assert!(receive.wait().0.success());
        assert_eq!((&received["complete"], &received["verified"]), (&json!(true), &json!(true)), "{received}");
        assert_eq!(record["report"], received["report"]);
        assert_eq!(record["blake3"], received["blake3"]);
        assert!(fs::read(&to).unwrap() == sample(bytes));
    }
}

/// On a machine with several addresses the report would leave from the one that the routing picks.
#[test]
fn a_receiver_on_every_address_reports_from_the_one_that_was_sent_to() {
    for any in ["0.0.0.0:0", "*:0"] {
        let (directory, file) = with_file(10_000);
        let mut receive = receiver(any, &directory.path().join("out"), &["--numbered"]);
        let listening = receive.wait_for("listening on udp://");
        let port = listening.rsplit(':').next().unwrap().parse().unwrap();
        let (sent, record) = send_numbered(&file, SocketAddr::new([127, 0, 0, 2].into(), port), &[]);
        assert_eq!(sent.code, 0, "{any}: {} {}", sent.stdout, sent.stderr);
        assert_eq!(record["report"]["received_bytes"], 10_000, "{any}");
        assert!(receive.wait().0.success(), "{any}");
    }
}

/// What the relay did to the DATA datagrams, in the order in which it sent them on.
#[derive(Default)]
struct Harm {
    seen: u64,
    sent_on: Vec<u64>,
}

/// Passes datagrams between the first sender it hears and `receiver`. DATA is dropped, doubled and held back as the seed
/// says; everything else passes.
fn relay(receiver: SocketAddr, seed: u64) -> (SocketAddr, Arc<Mutex<Harm>>) {
    const DATA: u8 = 1;
    let (front, back) = (UdpSocket::bind(ANY_PORT).unwrap(), UdpSocket::bind(ANY_PORT).unwrap());
    let address = front.local_addr().unwrap();
    back.connect(receiver).unwrap();
    let harm = Arc::new(Mutex::new(Harm::default()));
    let (shared, back_reader, front_writer) = (harm.clone(), back.try_clone().unwrap(), front.try_clone().unwrap());
    let sender = Arc::new(Mutex::new(None));
    let known = sender.clone();
    std::thread::spawn(move || {
        let (mut buffer, mut rng, mut held) = ([0; 2048], Rng::from_seed(seed), Vec::new());
        while let Ok((length, from)) = front.recv_from(&mut buffer) {
            *known.lock().unwrap() = Some(from);
            let datagram = &buffer[..length];
            let mut harm = shared.lock().unwrap();
            let mut pass = |datagram: &[u8]| {
                if datagram[5] == DATA {
                    harm.sent_on.push(u64::from_be_bytes(datagram[16..24].try_into().unwrap()));
                }
                let _ = back.send(datagram);
            };
            if datagram[5] != DATA {
                held.drain(..).for_each(|late: Vec<u8>| pass(&late));
                pass(datagram);
                continue;
            }
            match rng.below(10) {
                0 => {}
                1 => held.push(datagram.to_vec()),
                2 => (0..2).for_each(|_| pass(datagram)),
                _ => pass(datagram),
            }
            if held.len() > 2 {
                held.drain(..).for_each(|late| pass(&late));
            }
            harm.seen += 1;
        }
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok(length) = back_reader.recv(&mut buffer) {
            if let Some(sender) = *sender.lock().unwrap() {
                let _ = front_writer.send_to(&buffer[..length], sender);
            }
        }
    });
    (address, harm)
}

#[test]
fn the_printed_report_equals_what_a_harmful_relay_did() {
    const BYTES: usize = 300_000;
    const PIECE: usize = 1_000;
    for seed in 1..=3 {
        let (directory, file) = with_file(BYTES);
        let to = directory.path().join("out");
        let (mut receive, address) = numbered(&to, &[]);
        let (address, harm) = relay(address, seed);
        let (sent, record) = send_numbered(&file, address, &["--rate", "2M", "--datagram", "1000"]);
        assert_eq!(sent.code, 6, "seed {seed}: {} {}", sent.stdout, sent.stderr);
        let received: Value = serde_json::from_str(&receive.wait_for("\"received\"")).unwrap();
        assert_eq!(receive.wait().0.code(), Some(6));
        let harm = harm.lock().unwrap();
        assert_eq!((harm.seen, &record["datagrams"]), (300, &json!(300)), "seed {seed}: the relay missed something");
        assert_eq!(record["report"], received["report"], "seed {seed}");

        let report = &record["report"];
        let (expected, gaps, distinct) = expected(&harm.sent_on, BYTES, PIECE);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&report[name], value, "seed {seed}: {name}");
        }
        assert_eq!(report["named_gaps"], json!(gaps), "seed {seed}");
        let mut stored = sample(BYTES);
        (0..BYTES).filter(|at| !distinct.contains(&((at / PIECE) as u64))).for_each(|at| stored[at] = 0);
        assert!(fs::read(&to).unwrap() == stored, "seed {seed}: holes are holes, the rest is the file");
    }
}

/// The account of a list of arrivals, counted in the plainest way.
fn expected(arrivals: &[u64], bytes: usize, piece: usize) -> (Value, Vec<[u64; 2]>, BTreeSet<u64>) {
    let (mut distinct, mut out_of_order) = (BTreeSet::new(), 0);
    for &sequence in arrivals {
        let highest = distinct.last().copied();
        if distinct.insert(sequence) && highest.is_some_and(|highest| sequence < highest) {
            out_of_order += 1;
        }
    }
    let pieces = (bytes / piece) as u64;
    let mut gaps: Vec<[u64; 2]> = Vec::new();
    for missing in (0..pieces).filter(|sequence| !distinct.contains(sequence)) {
        let (start, end) = (missing * piece as u64, (missing + 1) * piece as u64);
        match gaps.last_mut() {
            Some(last) if last[1] == start => last[1] = end,
            _ => gaps.push([start, end]),
        }
    }
    let received = distinct.len() as u64;
    let account = json!({
        "extent": "ended",
        "received": received,
        "received_bytes": received * piece as u64,
        "lost": pieces - received,
        "duplicated": arrivals.len() as u64 - received,
        "out_of_order": out_of_order,
        "damaged": 0,
        "foreign": 0,
        "kernel_drops": 0,
        "gaps": gaps.len(),
    });
    (account, gaps, distinct)
}

/// Nobody slows the sender, so the receiver's buffer overflows; the figures of both sides and of the kernel add up.
#[test]
fn what_the_kernel_dropped_is_the_loss_that_is_reported() {
    let (directory, file) = with_file(12_000_000);
    let to = directory.path().join("out");
    let (mut receive, address) = numbered(&to, &[]);
    receive.signal("STOP");
    let send = std::thread::spawn(move || send_numbered(&file, address, &[]));
    wait_until_dropped(address.port());
    receive.signal("CONT");
    let (sent, record) = send.join().unwrap();
    assert_eq!(sent.code, 6, "{} {}", sent.stdout, sent.stderr);
    let received: Value = serde_json::from_str(&receive.wait_for("\"received\"")).unwrap();
    assert_eq!(receive.wait().0.code(), Some(6));
    let report = &record["report"];
    assert_eq!(report, &received["report"]);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("received") + count("lost"), record["datagrams"].as_u64().unwrap(), "{report}");
    assert_eq!(count("received_bytes") + count("lost_bytes"), 12_000_000, "{report}");
    // An end marker may have met the full buffer too.
    assert!((count("lost")..=count("lost") + 12).contains(&count("kernel_drops")), "{report}");
    assert!(count("lost") > 0, "{report}");
}

#[test]
fn naked_datagrams_that_the_kernel_dropped_make_the_file_incomplete() {
    let (directory, file) = with_file(12_000_000);
    let to = directory.path().join("out");
    let mut receive = receiver(ANY_PORT, &to, &["--idle", "300ms"]);
    let address = receive.address("udp");
    receive.signal("STOP");
    let sent = run(&["send", "--raw", "--udp", str(&file), &address.to_string()]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    wait_until_dropped(address.port());
    receive.signal("CONT");
    let (status, lines, _) = receive.wait();
    assert_eq!(status.code(), Some(6));
    let dropped = lines.iter().find(|line| line.contains("were dropped by this machine's kernel")).unwrap();
    let dropped: u64 = dropped.split_whitespace().next().unwrap().parse().unwrap();
    let received = fs::metadata(&to).unwrap().len();
    assert_eq!(received.div_ceil(1_400) + dropped, 12_000_000_u64.div_ceil(1_400), "{lines:#?}");
}

#[test]
fn a_sender_without_a_report_says_that_it_does_not_know() {
    let (_directory, file) = with_file(10);
    let silent = UdpSocket::bind(ANY_PORT).unwrap();
    let to = silent.local_addr().unwrap().to_string();
    let sent = run(&["send", "--raw", "--udp", "--numbered", str(&file), &to]);
    assert_eq!(sent.code, 124, "{}", sent.stderr);
    assert!(sent.stdout.contains("what arrived is not known: no report came, though it was asked for 12 times"));
}

#[test]
fn a_receiver_whose_sender_vanishes_ends_by_itself() {
    let (directory, to) = with_file(0);
    let to = to.with_file_name("out");
    let (mut receive, address) = numbered(&to, &["--idle", "300ms"]);
    let socket = UdpSocket::bind(ANY_PORT).unwrap();
    let piece = |sequence: u64| {
        let mut datagram = b"HLNU\x01\x01\x00\x04".to_vec();
        datagram.extend_from_slice(&7u64.to_be_bytes());
        for field in [sequence, sequence * 4, 14] {
            datagram.extend_from_slice(&field.to_be_bytes());
        }
        datagram.extend_from_slice(b"\x00\x04abcd");
        datagram
    };
    socket.send_to(&piece(0), address).unwrap();
    socket.send_to(&piece(2), address).unwrap();
    let received: Value = serde_json::from_str(&receive.wait_for("\"received\"")).unwrap();
    assert_eq!(receive.wait().0.code(), Some(6));
    let report = &received["report"];
    assert_eq!((&report["extent"], &report["lost"]), (&json!("announced"), &json!(2)), "{report}");
    assert_eq!(report["named_gaps"], json!([[4, 8], [12, 14]]), "{report}");
    assert_eq!(fs::read(&to).unwrap(), b"abcd\0\0\0\0abcd\0\0");
    drop(directory);
}

#[test]
fn what_cannot_work_is_said() {
    let (_directory, file) = with_file(10);
    let closed = format!("127.0.0.1:{}", UdpSocket::bind(ANY_PORT).unwrap().local_addr().unwrap().port());
    let file = str(&file);
    let cases: &[(&[&str], i32, &str)] = &[
        (&["send", "--udp", file, &closed], 4, "nothing listens on that UDP port"),
        (&["send", "--udp", "--numbered", file, &closed], 4, "nothing listens on that UDP port"),
        (
            &["send", "--udp", "--datagram", "65466", file, &closed],
            2,
            "--datagram 65466 does not fit: expected 1 to 65465",
        ),
        (&["send", "--udp", "--rate", "0", file, &closed], 2, "--rate 0 would send nothing, expected at least 1"),
        (&["send", "--udp", file, "tcp://127.0.0.1:1"], 2, "is a TCP address, and --udp was asked for"),
        (&["send", "--raw", file, "tls://127.0.0.1:1"], 2, "is a TLS address, and --raw goes over TCP or UDP"),
        (&["send", "--udp", "--io", "splice", file, &closed], 2, "--io is for TCP streams"),
        (&["receive", "--udp", "--numbered", "--to", "-", "--listen", ANY_PORT], 2, "so they need a file"),
    ];
    for (args, code, message) in cases {
        let failed = run(args);
        assert_eq!(failed.code, *code, "{args:?}: {}", failed.stderr);
        assert!(failed.stderr.contains(message), "{args:?}: {}", failed.stderr);
    }
}

/// The row of /proc/net/udp of a socket bound to `port`, as its columns.
fn udp_socket(port: u16) -> Option<Vec<String>> {
    let table = fs::read_to_string("/proc/net/udp").unwrap();
    let local = format!(":{port:04X}");
    let mut rows = table.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.find(|columns| columns.get(1).is_some_and(|address| address.ends_with(&local)))
}

fn wait_until_bound(port: u16) {
    eventually("the socket is bound", || udp_socket(port).is_some());
}

/// proc(5): the last column of /proc/net/udp counts the datagrams that the socket had no room for.
fn wait_until_dropped(port: u16) {
    let has_dropped = |columns: Vec<String>| columns.last().is_some_and(|drops| drops != "0");
    eventually("datagrams are dropped", || udp_socket(port).is_some_and(has_dropped));
}
