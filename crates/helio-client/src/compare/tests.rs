//! Settings and payloads; conversations with real servers are end-to-end tests.

use super::*;

fn settings() -> Settings {
    Settings {
        address: Address::loopback(1),
        sizes_bytes: vec![16, 1024],
        runs: 20,
        seed: 1,
        timeout: limits::COMPARE_TIMEOUT,
        session: SessionId(1),
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bound() {
    let message = |settings: Settings| check(&settings).unwrap_err().to_string();
    assert!(check(&settings()).is_ok());
    assert_eq!(message(Settings { sizes_bytes: vec![], ..settings() }), "0 sizes, expected 1 to 16");
    assert_eq!(message(Settings { sizes_bytes: (1..=17).collect(), ..settings() }), "17 sizes, expected 1 to 16");
    let expected = "a payload of 0 bytes, expected 1 to 16777216";
    assert_eq!(message(Settings { sizes_bytes: vec![16, 0], ..settings() }), expected);
    let expected = "a payload of 16777217 bytes, expected 1 to 16777216";
    assert_eq!(message(Settings { sizes_bytes: vec![limits::COMPARE_SIZE_MAX + 1], ..settings() }), expected);
    assert_eq!(message(Settings { sizes_bytes: vec![5, 16, 5], ..settings() }), "the size 5 is there twice");
    assert_eq!(message(Settings { runs: 0, ..settings() }), "0 runs, expected 1 to 1000");
    assert_eq!(message(Settings { runs: 1001, ..settings() }), "1001 runs, expected 1 to 1000");
    let expected = "a timeout of 61.0 s, expected more than 0 and at most 60.0 s";
    assert_eq!(message(Settings { timeout: Duration::from_secs(61), ..settings() }), expected);
    let expected = "a timeout of 0 ns, expected more than 0 and at most 60.0 s";
    assert_eq!(message(Settings { timeout: Duration::ZERO, ..settings() }), expected);
}

/// Answers `count` datagrams as a reflector does, then closes its socket.
fn reflect(at: SocketAddr, count: u32) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let socket = std::net::UdpSocket::bind(at).unwrap();
    let at = socket.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let mut buffer = [0; 2_000];
        for reflected in 1..=count {
            let (length, client) = socket.recv_from(&mut buffer).unwrap();
            buffer[9] |= 1;
            buffer[36..40].copy_from_slice(&reflected.to_be_bytes());
            socket.send_to(&buffer[..length], client).unwrap();
        }
    });
    (at, serving)
}

/// ICMP port unreachable, while the reflector is restarted.
#[test]
fn a_refusal_over_udp_costs_the_exchange_that_it_meets() {
    let (peer, serving) = reflect(([127, 0, 0, 1], 0).into(), 2);
    let mut udp = udp::Udp::greet(peer, SessionId(1), Duration::from_secs(30)).unwrap().ok().unwrap();
    assert!(udp.exchange(&payload(16, 7)).total_ns.is_some());
    serving.join().unwrap();
    for _ in 0..2 {
        let measured = udp.exchange(&payload(5_000, 7));
        assert_eq!((measured.total_ns, measured.datagrams.map(|datagrams| datagrams.back)), (None, Some(0)));
        let failed = measured.failed.unwrap();
        assert!(failed.starts_with("exchanging over UDP: Connection refused"), "{failed}");
    }
    let (_, serving) = reflect(peer, 1);
    let measured = udp.exchange(&payload(16, 7));
    assert!(measured.total_ns.is_some() && measured.failed.is_none(), "{measured:?}");
    serving.join().unwrap();
}

/// The bounds themselves are let through.
#[test]
fn what_is_at_its_bound_is_measured() {
    let most = Settings {
        sizes_bytes: (1..=limits::COMPARE_SIZES).collect(),
        runs: limits::COMPARE_RUNS,
        timeout: limits::COMPARE_TIMEOUT_MAX,
        ..settings()
    };
    assert!(check(&most).is_ok());
    assert!(check(&Settings { sizes_bytes: vec![limits::COMPARE_SIZE_MAX], ..settings() }).is_ok());
}

#[test]
fn payloads_are_repeatable_and_do_not_compress() {
    for size in [1, 16, 1_400, 70_001] {
        assert_eq!(payload(size, 7).len(), size);
        assert_eq!(payload(size, 7), payload(size, 7));
    }
    let mut counts = [0u32; 256];
    payload(65_536, 7).iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    // 256 of each are expected; five standard deviations are 80.
    assert!(counts.iter().all(|count| (176..336).contains(count)), "{counts:?}");
    assert_ne!(payload(16, 7), payload(16, 8));
}
