//! Metrics and health of `helio serve` over HTTP.

use crate::support::chat::{Client, ON_ANY_PORT, addresses_in, chat};
use crate::support::{PLENTY, Running, run};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

const ANYWHERE: (&str, &str) = ("HELIO_METRICS_LISTEN", "127.0.0.1:0");

/// A server with chat alone: where it speaks IRC, and where it tells its metrics.
fn serve(dir: &std::path::Path) -> (Running, SocketAddr, SocketAddr) {
    let mut serving = Running::start(chat(dir, ON_ANY_PORT).env(ANYWHERE.0, ANYWHERE.1));
    let row = serving.wait_for("  chat");
    let metrics = metrics_address(&serving.wait_for("Metrics: "));
    (serving, addresses_in(&row, "tcp")[0], metrics)
}

/// Where the banner says that metrics are.
pub(crate) fn metrics_address(row: &str) -> SocketAddr {
    row.strip_prefix("Metrics: http://").and_then(|rest| rest.strip_suffix("/metrics")).unwrap().parse().unwrap()
}

/// The status and the body of the answer to `request`.
pub(crate) fn http(at: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PLENTY)).unwrap();
    stream.write_all(format!("{request} HTTP/1.1\r\nHost: {at}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// The value of one sample.
fn sample(scrape: &str, name: &str) -> f64 {
    let line = scrape.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{scrape}")).parse().unwrap()
}

#[test]
fn what_happens_in_the_chat_is_counted_and_no_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (_serving, irc, metrics) = serve(dir.path());
    let (mut ada, mut ben) = (Client::join_with(irc, "ada", "echo-message", "#secretroom"), Client::join(irc, "ben"));
    ben.say("JOIN #secretroom");
    ben.hear(" 366 ");
    ada.say("PRIVMSG #secretroom :ineffable");
    ada.hear("PRIVMSG #secretroom :ineffable");
    ben.hear("PRIVMSG #secretroom :ineffable");

    // What is shown is that of the turn before the last write, or later.
    let scrape = loop {
        let (status, scrape) = http(metrics, "GET /metrics");
        assert_eq!(status, "HTTP/1.1 200 OK");
        if sample(&scrape, "helio_acknowledged_total") > 0.0 {
            break scrape;
        }
    };
    for (name, value) in [
        ("helio_ready", 1.0),
        ("helio_connections{listener=\"irc\"}", 2.0),
        ("helio_connections_opened_total{listener=\"irc\"}", 2.0),
        ("helio_users", 2.0),
        ("helio_rooms", 2.0),
        ("helio_messages_total", 1.0),
        ("helio_acknowledged_total", 1.0),
        ("helio_not_stored_total", 0.0),
        ("helio_uncommitted", 0.0),
        ("helio_refused_total{reason=\"flood\"}", 0.0),
    ] {
        assert_eq!(sample(&scrape, name), value, "{name} in\n{scrape}");
    }
    assert!(sample(&scrape, "helio_commit_seconds_count") >= 1.0);
    assert!(sample(&scrape, "helio_lines_delivered_total") >= 2.0);
    assert!(sample(&scrape, "process_resident_memory_bytes") > 0.0);
    assert!(scrape.ends_with("# EOF\n"));
    for secret in ["secretroom", "ada", "ben", "ineffable"] {
        assert!(!scrape.contains(secret), "{secret} in\n{scrape}");
    }
}

#[test]
fn health_answers_get_and_head_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (_serving, _, metrics) = serve(dir.path());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http(metrics, &format!("GET {path}")), ("HTTP/1.1 200 OK".to_owned(), "ok\n".to_owned()));
        assert_eq!(http(metrics, &format!("HEAD {path}")), ("HTTP/1.1 200 OK".to_owned(), String::new()));
    }
    // RFC 9110 §15.5.6.
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (status, _) = http_open(metrics, &format!("{method} /metrics"));
        assert_eq!(status, "HTTP/1.1 405 Method Not Allowed", "{method}");
    }
    assert_eq!(http_open(metrics, "GET /").0, "HTTP/1.1 404 Not Found");
}

/// The same for answers after which the connection stays open.
fn http_open(at: SocketAddr, request: &str) -> (String, String) {
    http(at, &format!("{request} HTTP/1.1\r\nConnection: close\r\nX:"))
}

#[test]
fn a_request_without_end_is_not_read_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (_serving, _, metrics) = serve(dir.path());
    let mut stream = TcpStream::connect(metrics).unwrap();
    stream.set_read_timeout(Some(PLENTY)).unwrap();
    let header = format!("GET /metrics HTTP/1.1\r\nX-Long: {}", "x".repeat(64 * 1024));
    // It may be closed before all of it is written.
    let _ = stream.write_all(header.as_bytes());
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    assert!(ended.is_err() || !String::from_utf8_lossy(&answer).contains("200 OK"), "{ended:?} {answer:?}");
}

#[test]
fn metrics_beyond_loopback_are_refused_and_off_is_nowhere() {
    let beyond = run(&["serve", "--check", "--metrics-listen", "0.0.0.0:65437"]);
    assert_eq!(beyond.code, 2);
    assert!(
        beyond.stderr.contains("is reachable from other machines; metrics are told on loopback only"),
        "{beyond:?}"
    );
    let off = run(&["serve", "--check", "--services", "echo", "--metrics-listen", "off"]);
    assert!(off.code == 0 && !off.stdout.contains("Metrics"), "{off:?}");
    let at = run(&["serve", "--check", "--services", "echo", "--metrics-listen", "[::1]:9100"]);
    assert!(at.stdout.ends_with("Metrics: http://[::1]:9100/metrics\n"), "{at:?}");
}

#[test]
fn a_port_of_metrics_that_was_asked_for_must_be_free() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let output = chat(dir.path(), ON_ANY_PORT).env("HELIO_METRICS_LISTEN", &at).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&at));
}
