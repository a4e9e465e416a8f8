//! Everything that can be wrong with a service or the way to it: the exit code and the message for each.

use super::{CURRENT, helio_without_proxy, run, weather};
use crate::support::http_stub::{HttpStub, Step, answer, head};
use crate::support::{Finished, PLENTY, Running, finish, helio_without_network};
use std::io::{Read, Write};
use std::net::TcpListener;

/// What is said about a service that answers like this, with its address, which differs from run to run, as HOST.
fn told(steps: Vec<Step>) -> (i32, String) {
    let stub = HttpStub::always(steps);
    let got = run(&stub, &["51.47,0.0363"]);
    assert_eq!(got.stdout, "");
    (got.code, got.stderr.replace(&stub.host(), "HOST"))
}

fn refused(status: &str, reason: &str) -> (i32, String) {
    told(answer(status, &format!(r#"{{"error":true,"reason":"{reason}"}}"#)))
}

fn send(text: &str) -> Step {
    Step::Send(text.into())
}

#[test]
fn a_refusal_gives_the_services_reason() {
    let (code, message) = refused("400 Bad Request", "Latitude must be in range of -90 to 90°. Given: 91.0.");
    assert_eq!(code, 4);
    insta::assert_snapshot!(message, @"helio: HOST answered with HTTP 400: Latitude must be in range of -90 to 90°. Given: 91.0; correct the request");
    let (code, message) = refused("503 Service Unavailable", "The service is overloaded");
    assert_eq!(code, 4);
    insta::assert_snapshot!(message, @"helio: HOST answered with HTTP 503: The service is overloaded; the service is in trouble, try again later");
}

/// No `Retry-After` is sent; the documented windows say how long a limit lasts.
#[test]
fn a_reached_limit_says_when_to_try_again() {
    let (code, message) =
        refused("429 Too Many Requests", "Minutely API request limit exceeded. Please try again in one minute.");
    assert_eq!(code, 4);
    insta::assert_snapshot!(message, @"helio: HOST answered with HTTP 429: Minutely API request limit exceeded. Please try again in one minute; used up: requests a minute; try again in 60.0 s");
    let (_, message) =
        refused("429 Too Many Requests", "Hourly API request limit exceeded. Please try again in the next hour.");
    assert!(message.contains("used up: requests an hour, counted anew at the full hour; try again in "), "{message}");
    let (_, message) = refused("429 Too Many Requests", "Daily API request limit exceeded. Please try again tomorrow.");
    assert!(message.contains("used up: requests a day, counted anew at 00:00 UTC; try again in "), "{message}");
    let (_, message) = refused("429 Too Many Requests", "Too many concurrent requests");
    assert!(message.ends_with("used up: requests at the same time; try again in 5.00 s\n"), "{message}");
    let (_, message) = told(answer("429 Too Many Requests", "slow down"));
    insta::assert_snapshot!(message, @"helio: HOST answered with HTTP 429; too many requests from this network, try again later");
}

#[test]
fn something_else_than_the_service_is_told_apart() {
    let (code, message) = told(answer("404 Not Found", "<h1>Not Found</h1>"));
    assert_eq!(code, 4);
    insta::assert_snapshot!(message, @"helio: HOST answered with HTTP 404; check the base URL, or whether a log-in page of this network stands in the way");
    let (code, message) = told(answer("200 OK", "<!doctype html><title>Guest Wi-Fi</title>"));
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST: answer is a web page, not weather data: a log-in page of this network or a proxy stands in the way; open any page in a browser, or check the base URL");
    let (code, message) = told(answer("200 OK", "It works!"));
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST: answer is not JSON: expected value at line 1 column 1; check the base URL");
    let (code, message) = told(answer("200 OK", "{}"));
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST: answer has no `current`; check the base URL");
    let (code, message) = told(answer("200 OK", ""));
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST: answer is empty; try again, or check the base URL");
    let (code, message) = told(vec![send("220 mail.example ESMTP\r\n")]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST does not answer as a web service: invalid HTTP version parsed; try again, or check the base URL");
}

#[test]
fn a_captive_portal_that_redirects_is_recognised_by_its_page() {
    let stub = HttpStub::start(|index, _| match index {
        0 => vec![send("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")],
        _ => answer("200 OK", "<html>Welcome, guest</html>"),
    });
    let got = run(&stub, &["51.47,0.0363"]);
    assert_eq!(got.code, 6);
    assert!(
        got.stderr.contains("answer is a web page, not weather data: a log-in page of this network"),
        "{}",
        got.stderr
    );
    assert_eq!(stub.targets()[1], "/login");
}

#[test]
fn an_endless_redirect_is_given_up() {
    let (code, message) =
        told(vec![send("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST redirects more than 3 times; check the base URL");
}

#[test]
fn a_cut_answer_is_told_as_one_however_it_was_cut() {
    let half = &CURRENT[..300];
    let (code, message) = told(vec![send(&head("200 OK", CURRENT.len())), send(half)]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: answer of HOST was cut off after 300 bytes; try again");
    let (code, message) = told(vec![send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), send(half)]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST: answer ends in the middle, after 300 bytes; try again");
    let (code, message) = told(vec![]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: HOST does not answer as a web service: connection closed before message completed; try again, or check the base URL");
    // The reset may overtake what was sent before it, so only the kind of the failure is certain.
    let (code, message) = told(vec![send(&head("200 OK", CURRENT.len())), send(half), Step::Reset]);
    assert_eq!(code, 6, "{message}");
}

/// `WEATHER_BODY` in limits.rs, announced or not.
#[test]
fn an_answer_beyond_the_limit_is_not_read() {
    let (code, message) = told(vec![send(&head("200 OK", 1 << 40)), Step::WaitForClient]);
    assert_eq!(code, 6);
    insta::assert_snapshot!(message, @"helio: answer of HOST is more than 262144 bytes, the limit; check the base URL");
    let endless = vec![send("HTTP/1.1 200 OK\r\n\r\n"), Step::Send(vec![b' '; 300 * 1024]), Step::WaitForClient];
    assert_eq!(told(endless), (code, message));
}

#[test]
fn a_slow_service_is_given_up_in_time() {
    let told = |steps: Vec<Step>| {
        let stub = HttpStub::always(steps);
        let Finished { code, stderr, .. } = run(&stub, &["51.47,0.0363", "--timeout", "300ms"]);
        (code, stderr.replace(&stub.host(), "HOST"))
    };
    let (code, message) = told(vec![Step::WaitForClient]);
    assert_eq!(code, 124);
    insta::assert_snapshot!(message, @"helio: HOST did not answer in time: nothing came within 300ms; try again, or give more time with --timeout");
    // Whether the part of the body arrived before the time ran out is up to the machine's load.
    let part = vec![send(&head("200 OK", CURRENT.len())), send(&CURRENT[..300]), Step::WaitForClient];
    let (code, message) = told(part);
    assert_eq!(code, 124);
    assert!(message.starts_with("helio: HOST did not answer in time: "), "{message}");
}

#[test]
fn nothing_listening_is_told() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let got = finish(helio_without_proxy().args(["weather", "1,2", "--base-url", &format!("http://{nobody}")]));
    assert_eq!(got.code, 4);
    insta::assert_snapshot!(got.stderr.replace(&nobody.to_string(), "HOST"), @"helio: HOST refused the connection: nothing listens on that port; check the base URL, or try again later");
}

#[test]
fn no_way_to_the_service_is_told() {
    let got = finish(helio_without_network().args(["weather", "1,2", "--base-url", "http://127.0.0.1:80"]));
    assert_eq!(got.code, 5, "{}", got.stderr);
    insta::assert_snapshot!(got.stderr, @"helio: cannot connect to 127.0.0.1:80: Network is unreachable (os error 101); check this machine's network connection");
}

#[test]
fn a_base_url_that_no_request_can_have_is_a_usage_error() {
    let got = finish(helio_without_proxy().args(["weather", "1,2", "--base-url", "http://127.0.0.1:99999"]));
    assert_eq!(got.code, 2, "{}", got.stderr);
    insta::assert_snapshot!(got.stderr, @"helio: cannot ask 127.0.0.1:99999: invalid port number; check the base URL");
}

#[test]
fn ctrl_c_ends_a_waiting_request() {
    let (asked, was_asked) = std::sync::mpsc::channel();
    let stub = HttpStub::start(move |_, _| {
        asked.send(()).unwrap();
        vec![Step::WaitForClient]
    });
    let waiting = Running::start(&mut weather(&stub, &["51.47,0.0363", "--timeout", "1h"]));
    was_asked.recv_timeout(PLENTY).unwrap();
    let (status, lines, errors) = waiting.stop();
    assert_eq!((status.code(), lines.len(), errors.as_str()), (Some(130), 0, ""));
}

/// RFC 1035 §2.3.4: a label has at most 63 octets, so no resolver needs to be asked about this one.
#[test]
fn a_name_without_an_address_is_not_found() {
    let label = "x".repeat(64);
    let got = finish(helio_without_proxy().args(["weather", "1,2", "--base-url", &format!("http://{label}.invalid")]));
    assert_eq!(got.code, 3);
    assert!(got.stderr.starts_with(&format!("helio: cannot find {label}.invalid: ")), "{}", got.stderr);
    assert!(got.stderr.ends_with("; check the name and this machine's network connection\n"), "{}", got.stderr);
}

#[test]
fn a_server_without_tls_is_told_apart_from_no_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/weather/nobody.pem");
    let mut command = helio_without_proxy();
    command.env("SSL_CERT_FILE", authority).args(["weather", "1,2", "--base-url", &format!("https://{host}")]);
    let got = finish(&mut command);
    assert_eq!(got.code, 5, "{}", got.stderr);
    insta::assert_snapshot!(got.stderr.replace(&host, "HOST"), @"helio: TLS with HOST failed: received corrupt message of type InvalidContentType; a log-in page of this network may stand in the way, or the clock is wrong");
}

#[test]
fn missing_ca_certificates_matter_only_for_https() {
    let stub = HttpStub::always(answer("200 OK", CURRENT));
    let plain =
        finish(weather(&stub, &["1,2"]).env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent"));
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    let mut command = weather(&stub, &["1,2", "--base-url", "https://127.0.0.1:1"]);
    let tls = finish(command.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent"));
    assert_eq!(tls.code, 7, "{}", tls.stderr);
    insta::assert_snapshot!(tls.stderr, @"helio: cannot set up TLS: No CA certificates were loaded from the system; install the system's CA certificates (package ca-certificates)");
}
