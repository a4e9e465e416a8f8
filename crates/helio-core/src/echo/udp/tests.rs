//! What is answered, to whom, and what never is.

use super::*;
use crate::measure::reflector::tests::request as reflector_request;
use crate::measure::wire::{Header, Start};
use alloc::format;
use core::net::Ipv4Addr;
use core::time::Duration;
use proptest::prelude::*;

const OWN_PORT: u16 = 65432;

fn echo(prefix: &[u8], allowed: &[&str]) -> UdpEcho {
    echo_on(OWN_PORT, prefix, allowed)
}

fn echo_on(port: u16, prefix: &[u8], allowed: &[&str]) -> UdpEcho {
    let options = UdpEchoOptions {
        prefix: prefix.to_vec(),
        allowed: allowed.iter().map(|net| net.parse().unwrap()).collect(),
        answers_per_second: 10,
    };
    UdpEcho::new(options, port)
}

fn at(millis: u64) -> Instant {
    Instant::after_origin(Duration::from_millis(millis))
}

fn ask(echo: &mut UdpEcho, from: &str, payload: &[u8]) -> Verdict {
    echo.handle_datagram(from.parse().unwrap(), payload, at(0))
}

fn answer(bytes: &[u8]) -> Verdict {
    Verdict::Answer(bytes.to_vec())
}

fn sent(verdict: Verdict) -> Option<Vec<u8>> {
    match verdict {
        Verdict::Answer(answer) | Verdict::Reflect { answer, .. } => Some(answer),
        Verdict::Ignore(_) => None,
    }
}

#[test]
fn loopback_and_allowed_networks_get_the_prefix() {
    let mut e = echo(b"ACK: ", &["10.0.0.0/8"]);
    assert_eq!(ask(&mut e, "127.0.0.1:5000", b"hi"), answer(b"ACK: hi"));
    assert_eq!(ask(&mut e, "[::1]:5000", b"hi"), answer(b"ACK: hi"));
    assert_eq!(ask(&mut e, "[::ffff:127.0.0.1]:5000", b"hi"), answer(b"ACK: hi"));
    assert_eq!(ask(&mut e, "10.1.2.3:5000", b"hi"), answer(b"ACK: hi"));
}

#[test]
fn elsewhere_the_answer_is_cut_to_the_size_of_the_request() {
    let mut e = echo(b"ACK: ", &[]);
    assert_eq!(ask(&mut e, "192.0.2.1:5000", b"Hello, UDP"), answer(b"ACK: Hello"));
    assert_eq!(ask(&mut e, "192.0.2.1:5000", b"hi"), answer(b"AC"));
}

#[test]
fn services_and_other_echoes_are_not_answered() {
    let mut e = echo(b"ACK: ", &[]);
    assert_eq!(ask(&mut e, "127.0.0.1:7", b"hi"), Verdict::Ignore(Ignored::PrivilegedPort));
    assert_eq!(ask(&mut e, "127.0.0.1:5000", b"ACK: hi"), Verdict::Ignore(Ignored::AlreadyAnswered));
}

/// RFC 862: a pure echo has no prefix to recognise, so every datagram is answered.
#[test]
fn a_pure_echo_answers_everything_unchanged() {
    let mut e = echo(b"", &[]);
    assert_eq!(ask(&mut e, "192.0.2.1:5000", b"ACK: hi"), answer(b"ACK: hi"));
}

/// Outside the allowed networks the answer to a datagram shorter than the prefix is a beginning of the prefix.
#[test]
fn a_cut_answer_is_recognised_where_answers_are_cut() {
    let mut e = echo(b"ACK: ", &["10.0.0.0/8"]);
    for cut in [&b""[..], b"A", b"AC", b"ACK:"] {
        assert_eq!(ask(&mut e, "192.0.2.1:5000", cut), Verdict::Ignore(Ignored::CutAnswer));
        assert_eq!(ask(&mut e, "10.0.0.1:5000", cut), answer(&[b"ACK: ", cut].concat()));
    }
    assert_eq!(ask(&mut e, "192.0.2.1:5000", b"ACK: "), Verdict::Ignore(Ignored::AlreadyAnswered));
    assert_eq!(ask(&mut e, "192.0.2.1:5000", b"AB"), answer(b"AC"));
}

/// A client may have any port; another server of our kind has ours. On loopback only one socket can have it.
#[test]
fn our_own_port_elsewhere_is_another_server() {
    let mut e = echo(b"", &["10.0.0.0/8"]);
    for elsewhere in ["192.0.2.1:65432", "10.0.0.1:65432", "[2001:db8::1]:65432"] {
        assert_eq!(ask(&mut e, elsewhere, b"hi"), Verdict::Ignore(Ignored::OwnPort), "{elsewhere}");
    }
    assert_eq!(ask(&mut e, "127.0.0.1:65432", b"hi"), answer(b"hi"));
    let measured = ask(&mut e, "192.0.2.1:65432", &reflector_request(1, b""));
    assert!(matches!(measured, Verdict::Reflect { .. }), "its answer is marked, so it can be told: {measured:?}");
}

/// Datagrams that two echoes send each other after `payload` was sent to the first in the name of the second.
fn hops(echoes: [(&mut UdpEcho, &str); 2], payload: &[u8]) -> usize {
    let [(first, first_at), (second, second_at)] = echoes;
    let mut datagram = payload.to_vec();
    for hop in 0..ROUND_AND_ROUND {
        let verdict = if hop % 2 == 0 { ask(first, second_at, &datagram) } else { ask(second, first_at, &datagram) };
        let Some(answer) = sent(verdict) else { return hop };
        datagram = answer;
    }
    ROUND_AND_ROUND
}

/// Hops after which a loop is taken for endless; far below what the rate limit lets through.
const ROUND_AND_ROUND: usize = 10;

/// What the rules cannot end: no datagram of these two can be told from a client's. The rate limit remains.
#[test]
fn two_pure_echoes_on_different_ports_are_held_back_by_the_rate_alone() {
    let (mut a, mut b) = (echo(b"", &[]), echo_on(7000, b"", &[]));
    assert_eq!(hops([(&mut a, "192.0.2.1:65432"), (&mut b, "192.0.2.2:7000")], b"forged"), ROUND_AND_ROUND);
    let answered = (0..1_000).filter(|_| sent(ask(&mut a, "192.0.2.2:7000", b"forged")).is_some()).count();
    assert_eq!(answered, limits::UDP_ANSWER_BURST as usize - ROUND_AND_ROUND / 2);
}

#[test]
fn the_rate_limit_is_per_source_and_exempts_loopback() {
    let mut e = echo(b"", &[]);
    let answered = |e: &mut UdpEcho, from: &str, millis: u64| {
        (0..1000)
            .filter(|_| matches!(e.handle_datagram(from.parse().unwrap(), b"x", at(millis)), Verdict::Answer(_)))
            .count()
    };
    assert_eq!(answered(&mut e, "192.0.2.1:5000", 0), limits::UDP_ANSWER_BURST as usize);
    assert_eq!(answered(&mut e, "192.0.2.1:6000", 1000), 10);
    assert_eq!(answered(&mut e, "192.0.2.2:5000", 1000), limits::UDP_ANSWER_BURST as usize);
    assert_eq!(answered(&mut e, "127.0.0.1:5000", 0), 1000);
}

#[test]
fn forged_sources_cannot_grow_the_table_and_idle_ones_make_room() {
    let mut e = echo(b"", &[]);
    let source = |n: u32| SocketAddr::from((Ipv4Addr::from(0x0800_0000 + n), 5000));
    for n in 0..limits::UDP_SOURCES as u32 {
        assert!(matches!(e.handle_datagram(source(n), b"x", at(0)), Verdict::Answer(_)));
    }
    assert_eq!(e.handle_datagram(source(1 << 20), b"x", at(0)), Verdict::Ignore(Ignored::RateLimited));
    assert_eq!(e.sources.len(), limits::UDP_SOURCES);
    assert!(matches!(e.handle_datagram(source(1 << 20), b"x", at(1000)), Verdict::Answer(_)));
    assert_eq!(e.sources.len(), 1);
}

/// Each forged datagram of a flood would else look at the whole table.
#[test]
fn idle_sources_are_looked_for_now_and_then_only() {
    let mut e = echo(b"", &[]);
    let options = UdpEchoOptions { answers_per_second: 1_000, ..e.options.clone() };
    e = UdpEcho::new(options, OWN_PORT);
    let mut answered = |n: u32, millis: u64| {
        let from = SocketAddr::from((Ipv4Addr::from(0x0800_0000 + n), 5000));
        sent(e.handle_datagram(from, b"x", at(millis))).is_some()
    };
    assert!((0..limits::UDP_SOURCES as u32).all(|n| answered(n, 0)));
    assert!(!answered(1 << 20, 0), "all are in use, as the look shows");
    let next = limits::UDP_SOURCES_SWEEP.as_millis() as u64;
    assert!(!answered(1 << 20, next - 1), "all are idle since 1 ms, but nobody looks");
    assert!(answered(1 << 20, next));
}

/// RFC 4291 §2.5.4: the subnet is the /64; a host picks the rest as it likes.
#[test]
fn the_addresses_of_one_ipv6_subnet_share_a_rate() {
    let mut e = echo(b"", &[]);
    let mut answered = |from: &str| sent(ask(&mut e, from, b"x")).is_some();
    for host in 0..limits::UDP_ANSWER_BURST {
        assert!(answered(&format!("[2001:db8:0:1:{host:x}::1]:5000")), "{host}");
    }
    assert!(!answered("[2001:db8:0:1:ffff:ffff:ffff:ffff]:5000"));
    assert!(answered("[2001:db8:0:2::1]:5000"), "the next subnet");
    // IPv4 addresses, also as a dual-stack socket shows them, are one each.
    assert!((0..=255).all(|host| answered(&format!("[::ffff:192.0.2.{host}]:5000"))));
}

#[test]
fn the_largest_datagram_is_cut_so_that_its_answer_can_be_sent() {
    let mut e = echo(b"ACK: ", &[]);
    let Verdict::Answer(out) = ask(&mut e, "127.0.0.1:5000", &[b'x'; limits::DATAGRAM_MAX]) else { panic!() };
    assert_eq!(out.len(), limits::DATAGRAM_MAX);
}

/// spec/reflector.md "UDP": same size, no prefix, the session's count in it.
#[test]
fn a_measuring_client_gets_its_datagram_back_counted() {
    let mut e = echo(b"ACK: ", &[]);
    let asked = reflector_request(1, b"payload");
    for count in 1..=3 {
        let verdict = ask(&mut e, "127.0.0.1:5000", &asked);
        let Verdict::Reflect { answer, first } = verdict else { panic!("{verdict:?}") };
        assert_eq!(first, count == 1);
        let (header, piece) = Header::decode(&answer).unwrap();
        assert_eq!((header.reflected, header.refused, piece), (count, 0, &b"payload"[..]));
    }
    assert_eq!(ask(&mut e, "127.0.0.1:7", &asked), Verdict::Ignore(Ignored::PrivilegedPort));
}

#[test]
fn what_the_rate_limit_drops_of_a_measurement_is_counted() {
    let mut e = echo(b"ACK: ", &[]);
    let asked = reflector_request(1, b"");
    for _ in 0..limits::UDP_ANSWER_BURST + 5 {
        ask(&mut e, "192.0.2.1:5000", &asked);
    }
    let out = sent(e.handle_datagram("192.0.2.1:5000".parse().unwrap(), &asked, at(1000))).unwrap();
    let (header, _) = Header::decode(&out).unwrap();
    assert_eq!((header.reflected, header.refused), (limits::UDP_ANSWER_BURST + 1, 5));
}

/// Also with a pure echo, which has no prefix to recognise an answer by.
#[test]
fn two_reflectors_that_meet_fall_silent() {
    for prefix in [&b"ACK: "[..], b""] {
        let (mut a, mut b) = (echo(prefix, &[]), echo(prefix, &[]));
        let forged = reflector_request(1, b"forged");
        let first = sent(ask(&mut a, "127.0.0.1:5000", &forged)).unwrap();
        assert_eq!(ask(&mut b, "127.0.0.1:65432", &first), Verdict::Ignore(Ignored::Reflected));
        let other_version = Start { version: 2, ..Start::REQUEST }.encode();
        let first = sent(ask(&mut a, "127.0.0.1:5000", &other_version)).unwrap();
        assert_eq!(ask(&mut b, "127.0.0.1:65432", &first), Verdict::Ignore(Ignored::Reflected));
    }
}

#[test]
fn text_that_begins_with_the_magic_is_echoed() {
    let mut e = echo(b"ACK: ", &[]);
    assert_eq!(ask(&mut e, "127.0.0.1:5000", b"HELIOREF"), answer(b"ACK: HELIOREF"));
    let text = b"HELIOREFERENCE, a text longer than the header of a datagram";
    assert_eq!(ask(&mut e, "127.0.0.1:5000", text), answer(&[b"ACK: ", &text[..]].concat()));
}

/// An address of each kind: the other echo trusts it or does not.
const KINDS: [&str; 3] = ["127.0.0.1", "10.0.0.1", "192.0.2.1"];

proptest! {
    /// The same prefix, ports of any kind: recognised by what they say.
    #[test]
    fn two_echoes_with_one_prefix_fall_silent(
        prefix in proptest::collection::vec(0u8..3, 1..6), payload in proptest::collection::vec(0u8..3, 0..12),
        at in (0usize..3, 0usize..3), trusts in any::<(bool, bool)>(),
    ) {
        let allowed = |trusts: bool| if trusts { &["10.0.0.0/8"][..] } else { &[] };
        let (mut a, mut b) = (echo(&prefix, allowed(trusts.0)), echo_on(7000, &prefix, allowed(trusts.1)));
        let (at_a, at_b) = (format!("{}:65432", KINDS[at.0]), format!("{}:7000", KINDS[at.1]));
        let hops = hops([(&mut a, &at_a), (&mut b, &at_b)], &payload);
        prop_assert!(hops <= 2, "{} hops", hops);
    }

    /// Any two prefixes, or none, on the port that both serve: recognised by where it comes from. A request of a
    /// measurement, too: what answers it is marked.
    #[test]
    fn two_echoes_on_one_port_fall_silent(
        prefixes: (Vec<u8>, Vec<u8>), payload: Vec<u8>, measures: bool, at in (1usize..3, 1usize..3),
    ) {
        let (mut a, mut b) = (echo(&prefixes.0, &["10.0.0.0/8"]), echo(&prefixes.1, &[]));
        let payload = if measures { reflector_request(1, &payload) } else { payload };
        let (at_a, at_b) = (format!("{}:65432", KINDS[at.0]), format!("{}:65432", KINDS[at.1]));
        let hops = hops([(&mut a, &at_a), (&mut b, &at_b)], &payload);
        prop_assert!(hops <= 1, "{} hops", hops);
    }

    #[test]
    fn a_measurement_is_never_amplified(
        start in (0u8..40, any::<u8>()), tail: Vec<u8>, ip in any::<u32>(), prefix: Vec<u8>,
    ) {
        let mut datagram = Start::REQUEST.encode().to_vec();
        (datagram[8], datagram[9]) = start;
        datagram.extend(tail);
        let from = SocketAddr::from((Ipv4Addr::from(ip), 5000));
        prop_assume!(!from.ip().is_loopback());
        let mut e = echo(&prefix, &[]);
        if let Some(out) = sent(e.handle_datagram(from, &datagram, at(0))) {
            prop_assert!(out.len() <= datagram.len());
        }
    }

    #[test]
    fn outside_the_allowed_networks_nothing_is_amplified(
        ip in any::<u32>(), port in any::<u16>(), payload: Vec<u8>, prefix: Vec<u8>,
    ) {
        let from = SocketAddr::from((Ipv4Addr::from(ip), port));
        prop_assume!(!from.ip().is_loopback());
        let mut e = echo(&prefix, &[]);
        if let Verdict::Answer(out) = e.handle_datagram(from, &payload, at(0)) {
            prop_assert!(out.len() <= payload.len());
        }
    }
}
