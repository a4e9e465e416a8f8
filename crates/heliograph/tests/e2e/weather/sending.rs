//! `--to` and `--every`, received by plain sockets.

use super::{CURRENT, CURRENT_JSON_LINE, both_services, run, weather};
use crate::support::http_stub::{HttpStub, answer};
use crate::support::{PLENTY, Running};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread::JoinHandle;

/// One connection, read to its end.
fn receive_all(listener: TcpListener) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        accept(&listener).read_to_string(&mut text).unwrap();
        text
    })
}

fn accept(listener: &TcpListener) -> TcpStream {
    let stream = listener.accept().unwrap().0;
    stream.set_read_timeout(Some(PLENTY)).unwrap();
    stream
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// A service whose n-th answer has the temperature n.
fn counting() -> HttpStub {
    HttpStub::start(|index, _| {
        answer("200 OK", &format!(r#"{{"current":{{"time":"2026-11-22T11:15","temperature_2m":{index}}}}}"#))
    })
}

fn temperature(line: &str) -> f64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["temperature_c"].as_f64().unwrap()
}

/// `spec/weather.md`, "Framing": one line, then the end of the stream.
#[test]
fn a_tcp_receiver_gets_one_json_line_and_the_end() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    for scheme in ["", "tcp://"] {
        let (listener, to) = listener();
        let received = receive_all(listener);
        let got = run(&stub, &["51.47,0.0363", "--to", &format!("{scheme}{to}")]);
        assert_eq!(got.code, 0, "{}", got.stderr);
        assert_eq!(received.join().unwrap(), CURRENT_JSON_LINE);
        assert!(got.stdout.contains("12.3 °C"), "what was sent is also shown: {}", got.stdout);
        let expected = format!("sent {} bytes to tcp://{to} in ", CURRENT_JSON_LINE.len());
        assert!(got.stderr.contains(&expected), "{}", got.stderr);
    }
}

#[test]
fn text_is_one_line_with_the_credit() {
    let (listener, to) = listener();
    let received = receive_all(listener);
    assert_eq!(run(&both_services(CURRENT), &["Greenwich", "--to", &to, "--as", "text"]).code, 0);
    insta::assert_snapshot!(received.join().unwrap(), @"Greenwich, England, United Kingdom: 12.3 °C, slight rain, wind 14.8 km/h from WSW (240°), 2026-11-22 11:15 UTC. Weather data by Open-Meteo.com (CC BY 4.0)");
}

#[test]
fn a_udp_receiver_gets_one_datagram() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PLENTY)).unwrap();
    let to = format!("udp://{}", socket.local_addr().unwrap());
    let got = run(&stub, &["51.47,0.0363", "--to", &to]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    let mut buffer = [0; 65_536];
    let length = socket.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], CURRENT_JSON_LINE.as_bytes());
    assert!(got.stderr.contains("; UDP does not say whether it arrived"), "{}", got.stderr);
}

#[test]
fn a_port_where_nobody_listens_is_told_over_both_transports() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let (tcp, to) = listener();
    drop(tcp);
    let got = run(&stub, &["51.47,0.0363", "--to", &to]);
    assert_eq!(got.code, 4);
    insta::assert_snapshot!(got.stderr.replace(&to, "HOST"), @"
    Weather data by Open-Meteo.com (CC BY 4.0)
    helio: cannot connect to tcp://HOST: HOST refused (the machine answers, nothing listens on that port)
    ");

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = udp.local_addr().unwrap().to_string();
    drop(udp);
    let got = run(&stub, &["51.47,0.0363", "--to", &format!("udp://{to}")]);
    assert_eq!(got.code, 4);
    insta::assert_snapshot!(got.stderr.replace(&to, "HOST"), @"
    Weather data by Open-Meteo.com (CC BY 4.0)
    helio: cannot send to udp://HOST: the machine answers, nothing listens on that port
    ");
}

#[test]
fn every_keeps_one_connection_and_ctrl_c_ends_it_cleanly() {
    let stub = counting();
    let (listener, to) = listener();
    let sender = Running::start(&mut weather(&stub, &["51.47,0.0363", "--every", "1s", "--to", &to]));
    let mut lines = BufReader::new(accept(&listener)).lines();
    for expected in 0..3 {
        assert_eq!(temperature(&lines.next().unwrap().unwrap()), f64::from(expected));
    }
    sender.signal("INT");
    assert!(lines.by_ref().all(|line| line.is_ok()), "the stream ends without a reset");
    drop(lines);
    let (status, printed, _) = sender.wait();
    assert_eq!(status.code(), Some(130));
    assert_eq!(
        printed[..2],
        ["51.47, 0.0363: 0.0 °C, 2026-11-22 11:15 UTC", "51.47, 0.0363: 1.0 °C, 2026-11-22 11:15 UTC"]
    );
}

#[test]
fn every_without_a_receiver_prints_a_line_each_and_looks_the_name_up_once() {
    let stub = both_services(CURRENT);
    let mut sender = Running::start(&mut weather(&stub, &["Greenwich", "--every", "1s", "--json"]));
    for _ in 0..3 {
        sender.wait_for(r#""place":"Greenwich, England, United Kingdom""#);
    }
    let (status, _, _) = sender.stop();
    assert_eq!(status.code(), Some(130));
    assert_eq!(stub.targets().iter().filter(|target| target.starts_with("/v1/search?")).count(), 1);
}

#[test]
fn a_lost_receiver_is_told_and_connected_to_again() {
    let stub = counting();
    let (listener, to) = listener();
    let mut command = weather(&stub, &["51.47,0.0363", "--every", "1s", "--to", &to]);
    let mut sender = Running::start(&mut command);
    for expected in 0..2 {
        let mut line = String::new();
        BufReader::new(accept(&listener)).read_line(&mut line).unwrap();
        assert_eq!(temperature(&line), f64::from(expected), "no line is lost with its connection");
    }
    // Nobody listens any more: told, and tried again at the next turn.
    drop(listener);
    sender.wait_for(": 3.0 °C");
    let (status, _, errors) = sender.stop();
    assert_eq!(status.code(), Some(130));
    let lost = format!("helio: connection to tcp://{to} was lost: the receiver closed the connection; next try in ");
    assert!(errors.contains(&lost), "{errors}");
    assert!(errors.contains(&format!("helio: cannot connect to tcp://{to}: {to} refused")), "{errors}");
}

/// An echo server answers every line; who never reads the answers makes it stop reading.
#[test]
fn what_a_receiver_answers_never_blocks_it() {
    let stub = counting();
    let (listener, to) = listener();
    let sender = Running::start(&mut weather(&stub, &["51.47,0.0363", "--every", "1s", "--to", &to]));
    let mut stream = accept(&listener);
    stream.set_write_timeout(Some(PLENTY)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    lines.next().unwrap().unwrap();
    stream.write_all(&vec![b'x'; 16 << 20]).unwrap();
    lines.next().unwrap().unwrap();
    assert_eq!(sender.stop().0.code(), Some(130));
}

#[test]
fn a_failed_request_is_told_and_made_again() {
    let stub = HttpStub::start(|index, _| match index {
        0 => answer("503 Service Unavailable", r#"{"error":true,"reason":"overloaded"}"#),
        _ => answer("200 OK", CURRENT),
    });
    let (listener, to) = listener();
    let sender = Running::start(&mut weather(&stub, &["51.47,0.0363", "--every", "1s", "--to", &to]));
    let mut line = String::new();
    BufReader::new(accept(&listener)).read_line(&mut line).unwrap();
    assert_eq!(line, CURRENT_JSON_LINE);
    let (_, _, errors) = sender.stop();
    let told = format!(
        "helio: {} answered with HTTP 503: overloaded; the service is in trouble, try again later; next try in ",
        stub.host()
    );
    assert!(errors.starts_with(&told), "{errors}");
}

#[test]
fn what_cannot_change_ends_the_repetition() {
    let stub = HttpStub::always(answer("200 OK", r#"{"generationtime_ms":0.3}"#));
    assert_eq!(run(&stub, &["Nowhereville", "--every", "1h"]).code, 3);
    let stub = HttpStub::always(answer("400 Bad Request", r#"{"reason":"no","error":true}"#));
    assert_eq!(run(&stub, &["1,2", "--every", "1h"]).code, 4);
}

#[test]
fn datagrams_go_on_when_nobody_listens() {
    let stub = counting();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = udp.local_addr().unwrap();
    drop(udp);
    let command = &mut weather(&stub, &["51.47,0.0363", "--every", "1s", "--to", &format!("udp://{to}")]);
    let mut sender = Running::start(command);
    sender.wait_for(": 1.0 °C");
    let udp = UdpSocket::bind(to).unwrap();
    udp.set_read_timeout(Some(PLENTY)).unwrap();
    let mut buffer = [0; 65_536];
    let length = udp.recv(&mut buffer).unwrap();
    assert!(temperature(std::str::from_utf8(&buffer[..length]).unwrap()) >= 1.0);
    let (status, _, errors) = sender.stop();
    assert_eq!(status.code(), Some(130));
    let refused = format!("helio: cannot send to udp://{to}: the machine answers, nothing listens on that port");
    assert!(errors.contains(&refused), "{errors}");
}
