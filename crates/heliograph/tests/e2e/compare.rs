//! `helio compare` against our reflector, a lossy network, and programs that are none.

use crate::support::relay::Relay;
use crate::support::{Finished, Running, python, run};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const ANY_PORT: &str = "127.0.0.1:0";

/// So long that a slow machine loses nothing.
const PATIENT: &str = "--timeout=30s";

fn record(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// What was measured in which order, without the times.
fn order(record: &Value) -> Vec<String> {
    let exchanges = record["exchanges"].as_array().into_iter().flatten();
    exchanges.map(|e| format!("{} {} {} {}", e["position"], e["transport"], e["size_bytes"], e["warm_up"])).collect()
}

#[test]
fn the_table_has_a_row_for_each_size_and_transport() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT, "--quiet"]);
    let at = echo.address("tcp").to_string();
    let done = run(&["compare", &at, "--sizes", "16,3000", "--runs", "5", "--seed", "7", PATIENT]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.stdout);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines[0], format!("{at}: 5 runs of each in random order (seed 7), 2 warm-ups before not counted"));
    let rows: Vec<String> = lines[2..13].iter().map(|line| line.chars().take(24).collect::<String>()).collect();
    let expected = [
        "payload  over           ",
        "16 B     TCP, kept open ",
        "         TCP, new       ",
        "           connect      ",
        "           exchange     ",
        "         UDP            ",
        "3000 B   TCP, kept open ",
        "         TCP, new       ",
        "           connect      ",
        "           exchange     ",
        "         UDP            ",
    ];
    assert_eq!(rows, expected);
    for main_row in [3, 4, 7, 8, 9, 12] {
        assert!(lines[main_row].ends_with("  0/5"), "{}", done.stdout);
    }
    for part in [5, 6, 10, 11] {
        assert!(lines[part].ends_with("s"), "{}", done.stdout);
    }
    assert!(done.stdout.contains("! Both ends are on this machine"), "{}", done.stdout);
    assert!(done.stdout.contains("! Medians of 5 runs are rough"), "{}", done.stdout);
}

/// spec/compare-record.md
#[test]
fn the_record_holds_every_exchange_and_its_seed_repeats_the_order() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT, "--quiet"]);
    let at = echo.address("tcp").to_string();
    let go = |seed| record(&run(&["compare", &at, "--sizes=16,2k", "--runs=6", "--seed", seed, "--json", PATIENT]));
    let (first, again, other) = (go("1"), go("1"), go("2"));
    assert_eq!(order(&first), order(&again));
    assert_ne!(order(&first), order(&other));
    let scalars = ["format", "version", "seed", "runs", "warm_ups", "timeout_ns", "planned_exchanges"];
    let scalars: Vec<_> = scalars.iter().map(|key| first[key].to_string()).collect();
    assert_eq!(scalars, ["\"helio-compare\"", "1", "1", "6", "2", "30000000000", "48"]);
    assert_eq!(first["sizes_bytes"], serde_json::json!([16, 2048]));
    let exchanges = first["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 2 * 3 * (6 + 2));
    for (position, exchange) in exchanges.iter().enumerate() {
        assert_eq!(exchange["position"], position);
        let total = exchange["total_ns"].as_u64().unwrap();
        assert_eq!(exchange["exchange_ns"].as_u64().unwrap() + exchange["connect_ns"].as_u64().unwrap_or(0), total);
        assert_eq!(exchange.get("connect_ns").is_some(), exchange["transport"] == "tcp-new", "{exchange}");
        assert_eq!(exchange.get("datagrams").is_some(), exchange["transport"] == "udp", "{exchange}");
    }
    for row in first["rows"].as_array().unwrap() {
        assert_eq!((&row["exchanges"], &row["lost"], &row["time"]["samples"]), (&6.into(), &0.into(), &6.into()));
        assert_eq!(row.get("ratio").is_some(), row["transport"] != "tcp-kept", "{row}");
    }
    assert_eq!((&first["environment"]["loopback"], &first["warnings"][0]["code"]), (&true.into(), &"loopback".into()));
}

/// A message that did not come back whole has no time, and its loss is told by direction: exactly what the network in
/// between knows to have lost. spec/reflector.md "Which way it was lost".
#[test]
fn losses_are_told_by_direction_and_have_no_time() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT, "--quiet"]);
    let relay = Relay::start(echo.address("tcp"), 8, 11);
    let at = relay.address.to_string();
    let done = run(&["compare", &at, "--sizes=4000", "--runs=6", "--json"]);
    let record = record(&done);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let (mut lost, mut there, mut back) = (0, 0, 0);
    for exchange in record["exchanges"].as_array().unwrap().iter().filter(|e| e["transport"] == "udp") {
        let datagrams = &exchange["datagrams"];
        let count = |key: &str| datagrams[key].as_u64().unwrap_or_else(|| panic!("{exchange}"));
        let whole = count("lost_there") + count("lost_back") == 0;
        assert_eq!(exchange.get("total_ns").is_some(), whole, "{exchange}");
        assert_eq!(count("sent") - count("back"), count("lost_there") + count("lost_back"), "{exchange}");
        lost += u32::from(!whole);
        there += count("lost_there");
        back += count("lost_back");
    }
    assert!(lost > 0 && there > 0 && back > 0, "{record}");
    assert_eq!((there, back), relay.lost(), "{record}");
    let tcp = record["rows"].as_array().unwrap().iter().filter(|row| row["transport"] != "udp");
    assert!(tcp.clone().count() == 2 && tcp.clone().all(|row| row["lost"] == 0), "{record}");
}

/// The payload is far beyond the buffers of both sides: who wrote all of it first would wait for ever.
#[test]
fn a_payload_larger_than_every_buffer_comes_back() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--quiet"]);
    let at = format!("tcp://{}", echo.address("tcp"));
    let done = run(&["compare", &at, "--sizes=16M", "--runs=1", "--json", PATIENT]);
    let rows = record(&done)["rows"].clone();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["lost"], &rows[1]["lost"]), (2, &0.into(), &0.into()));
}

#[test]
fn ipv6_is_compared_too() {
    let mut echo = Running::helio(&["echo", "--listen", "[::1]:0", "--quiet"]);
    let at = echo.address("tcp").to_string();
    let record = record(&run(&["compare", &at, "--sizes=16", "--runs=5", "--json", PATIENT]));
    assert_eq!((record["peer"].as_str(), record["rows"][2]["lost"].as_u64()), (Some(at.as_str()), Some(0)));
}

#[test]
fn without_udp_there_tcp_is_compared_alone_and_that_is_said() {
    let mut echo = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0", "--quiet"]);
    let at = echo.address("tcp").to_string();
    let done = run(&["compare", &at, "--sizes=16", "--runs=5", PATIENT]);
    let expected = format!("! UDP was not measured: {at} refused (the machine answers, nothing listens on that UDP");
    assert!(done.code == 0 && done.stdout.contains(&expected), "{done:?}");
}

/// Someone else's echo, with a prefix or without, is not taken for a reflector; neither is one that says nothing.
#[test]
fn what_is_no_reflector_is_said_with_what_to_do() {
    let server = "
import socket, sys
s = socket.create_server(('127.0.0.1', 0))
print(f'listening on tcp://127.0.0.1:{s.getsockname()[1]}', flush=True)
c, _ = s.accept()
if sys.argv[1] != 'close':
    data = c.recv(1024)
    if sys.argv[1] != 'silent':
        c.sendall(sys.argv[1].encode() + data)
    c.recv(1024)
";
    let answers = |what: &str| {
        let mut server = Running::start(&mut python(server, &[what]));
        let at = server.address("tcp").to_string();
        let done = run(&["compare", &at, "--sizes=16", "--timeout", if what == "silent" { "200ms" } else { "30s" }]);
        (done.code, done.stderr.replace(&at, "ADDR"))
    };
    let advice = "start `helio echo` there and name its port\n";
    let no_reflector =
        |answer: &str| (4, format!("helio: ADDR is not a Heliograph reflector, it answered `{answer}`; {advice}"));
    assert_eq!(answers("ACK: "), no_reflector(r"ACK: HELIOREF\u{1}\u{0}\u{0}"));
    assert_eq!(answers(""), no_reflector(r"HELIOREF\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"));
    let question = "is it a Heliograph reflector (`helio echo`)?\n";
    let silent = format!("helio: ADDR took the connection and said nothing for 200 ms; {question}");
    assert_eq!(answers("silent"), (124, silent));
    let closed = format!("helio: ADDR took the connection and closed it without an answer; {question}");
    assert_eq!(answers("close"), (5, closed));
}

#[test]
fn nothing_there_and_wrong_sizes_are_told_apart() {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let done = run(&["compare", &at]);
    assert!(done.code == 4 && done.stderr.contains("refused (the machine answers"), "{done:?}");
    let done = run(&["compare", &at, "--sizes", "16,17M"]);
    assert_eq!(done.stderr, "helio: a payload of 17825792 bytes, expected 1 to 16777216\n");
    assert_eq!(done.code, 2);
    assert_eq!(run(&["compare", &at, "--sizes", "many"]).code, 2);
}

/// What the reflector of the next test does with a connection.
#[derive(Clone, Copy)]
enum Mood {
    Reflects,
    /// Closes after the greeting and one echo.
    Tires,
    /// Takes the greeting and says nothing.
    Silent,
    /// Closes after it read the greeting.
    Closes,
}

/// A reflector over TCP that has the given moods in turn, for kept connections (whose first write is the greeting
/// alone) and for those of one exchange; after them it reflects.
fn moody(kept: &'static [Mood], new: &'static [Mood]) -> String {
    let listener = TcpListener::bind(ANY_PORT).unwrap();
    let at = format!("tcp://{}", listener.local_addr().unwrap());
    let moods = std::sync::Mutex::new((kept.iter(), new.iter()));
    let moods: &'static _ = Box::leak(Box::new(moods));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 1024];
                let mut length = stream.read(&mut buffer).unwrap();
                let mood = match (length, &mut *moods.lock().unwrap()) {
                    (16, (kept, _)) => kept.next(),
                    (_, (_, new)) => new.next(),
                };
                let mut echoes = match mood.copied().unwrap_or(Mood::Reflects) {
                    Mood::Reflects => usize::MAX,
                    Mood::Tires => 2,
                    Mood::Closes => 0,
                    Mood::Silent => stream.read(&mut buffer).map_or(0, |_| 0),
                };
                buffer[9] |= 1;
                while echoes > 0 && length > 0 && stream.write_all(&buffer[..length]).is_ok() {
                    echoes -= 1;
                    length = stream.read(&mut buffer).unwrap_or(0);
                }
            });
        }
    });
    at
}

/// A connection that breaks, a reconnect that fails, a reflector that pauses: each costs the exchange that it meets.
#[test]
fn a_bad_moment_costs_one_exchange_each() {
    let at = moody(&[Mood::Tires, Mood::Silent, Mood::Closes], &[Mood::Reflects, Mood::Closes, Mood::Silent]);
    let done = run(&["compare", &at, "--sizes=64", "--runs=5", "--timeout=3s", "--json"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let record = record(&done);
    let course = |transport: &str| -> Vec<String> {
        let exchanges = record["exchanges"].as_array().unwrap().iter().filter(|e| e["transport"] == transport);
        let seen = exchanges.map(|e| match (e.get("total_ns"), e.get("failed")) {
            (Some(_), None) => "whole".to_owned(),
            (None, None) => "lost".to_owned(),
            (None, Some(why)) => why.as_str().unwrap().to_owned(),
            (Some(_), Some(_)) => panic!("{e}"),
        });
        seen.collect()
    };
    let kept = course("tcp-kept");
    assert!(kept[1].starts_with("exchanging over TCP: "), "{kept:?}");
    assert_eq!(kept[2..4], ["greeting it again: timed out", "greeting it again: unexpected end of file"]);
    assert_eq!([&kept[..1], &kept[4..]].concat(), ["whole"; 4]);
    let new = course("tcp-new");
    assert!(new[1].starts_with("exchanging over "), "{new:?}");
    assert_eq!([&new[..1], &new[2..]].concat(), ["whole", "lost", "whole", "whole", "whole", "whole"]);
    let failed = record["warnings"].as_array().unwrap().iter().find(|warning| warning["code"] == "failed");
    assert!(failed.unwrap()["text"].as_str().unwrap().starts_with("4 of 14 exchanges failed"), "{failed:?}");
}

/// limits: `COMPARE_FAILURES`. What was measured before the reflector went away is not thrown away with it.
#[test]
fn a_reflector_that_goes_away_leaves_a_table_of_what_was_measured() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let at = echo.address("tcp").to_string();
    let compare = Running::helio(&["compare", &at, "--sizes=16", "--runs=1000"]);
    echo.wait_for("measures over udp");
    // A connection of its own: the first exchange has begun.
    echo.wait_for("connected");
    drop(echo);
    let (status, lines, errors) = compare.wait();
    let expected = format!("helio: gave up on {at} after 10 failed exchanges in a row; the last: ");
    assert!(status.code() == Some(5) && errors.starts_with(&expected), "{status}: {errors} {lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("! Broken off after ")), "{lines:#?}");
}

/// What lasts ends the comparison at once, with what was measured before: something else answers now.
#[test]
fn a_damaged_echo_ends_the_comparison_with_what_was_measured() {
    let server = "
import socket
s = socket.create_server(('127.0.0.1', 0))
print(f'listening on tcp://127.0.0.1:{s.getsockname()[1]}', flush=True)
connections = 0
while True:
    c, _ = s.accept()
    connections += 1
    if connections == 1:
        kept = c
        data = bytearray(c.recv(1024))
        data[9] |= 1
        c.sendall(data)
        import threading
        def echo():
            while data := kept.recv(1024):
                kept.sendall(data)
        threading.Thread(target=echo, daemon=True).start()
        continue
    data = bytearray(c.recv(1024))
    data[9] |= 1
    if connections == 4:
        data[20] ^= 1
    c.sendall(data)
";
    let mut server = Running::start(&mut python(server, &[]));
    let at = server.address("tcp").to_string();
    let done = run(&["compare", &format!("tcp://{at}"), "--sizes=16", "--runs=5", "--json", PATIENT]);
    let why =
        format!("the echo over TCP differs from what was sent at byte 4: {at} or something before it changes data");
    assert_eq!((done.code, done.stderr.as_str()), (6, format!("helio: {why}\n").as_str()));
    let record = record(&done);
    let new = record["exchanges"].as_array().unwrap().iter().filter(|e| e["transport"] == "tcp-new");
    assert_eq!(new.filter(|e| e.get("total_ns").is_some()).count(), 2, "{record}");
    assert_eq!(record["warnings"][0]["code"], "broken_off");
}

#[test]
fn ctrl_c_leaves_a_table_of_what_was_measured() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let at = echo.address("tcp").to_string();
    let compare = Running::helio(&["compare", &at, "--sizes=16k,256k", "--runs=1000"]);
    echo.wait_for("measures over udp");
    // A connection of its own: the first exchange has begun.
    echo.wait_for("connected");
    let (status, lines, errors) = compare.stop();
    assert_eq!((status.code(), errors.as_str()), (Some(130), ""), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("! Interrupted after ")), "{lines:#?}");
}

/// spec/reflector.md "TCP", recognition: a program that sends a part of the preamble and waits is answered at once.
#[test]
fn a_program_that_says_helio_gets_its_ack() {
    let mut echo = Running::helio(&["echo", "--listen", ANY_PORT]);
    let mut stream = TcpStream::connect(echo.address("tcp")).unwrap();
    for (said, answer) in [("HELIO", "ACK: HELIO"), ("REF\u{1}", "ACK: REF\u{1}")] {
        stream.write_all(said.as_bytes()).unwrap();
        let mut got = vec![0; answer.len()];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8_lossy(&got), answer);
    }
}
