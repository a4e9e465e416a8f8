//! What is shown and written of made-up measurements.

use super::*;
use crate::measure::exchange::Lost;
use crate::measure::plan::plan;
use serde_json::json;

fn environment() -> Environment {
    Environment {
        helio_version: "0.1.0".into(),
        loopback: true,
        kernel: Some("6.18.0".into()),
        congestion_control: Some("bbr".into()),
        path_mtu_bytes: Some(65_536),
        cores: Some(2),
        load_before: Some(0.25),
        load_after: Some(0.5),
    }
}

/// A comparison whose `n`-th exchange of a configuration, from 0, measured what `measure` says.
fn comparison(sizes_bytes: &[usize], runs: u32, measure: impl Fn(Configuration, u64) -> Measured) -> Comparison {
    let all = configurations(sizes_bytes, &Transport::ALL);
    let steps = plan(&all, WARM_UPS, runs, 7);
    let mut made = alloc::collections::BTreeMap::new();
    let exchanges = steps.iter().enumerate().map(|(position, step)| {
        let count = made.entry(step.configuration).or_insert(0u64);
        *count += 1;
        Exchange::new(position, *step, measure(step.configuration, *count - 1))
    });
    Comparison {
        address: "127.0.0.1:65432".into(),
        peer: "127.0.0.1:65432".into(),
        seed: 7,
        sizes_bytes: sizes_bytes.to_vec(),
        runs,
        warm_ups: WARM_UPS,
        timeout: Duration::from_secs(1),
        planned_exchanges: steps.len(),
        environment: environment(),
        exchanges: exchanges.collect(),
        udp_absent: None,
        broken_off: None,
    }
}

/// Every time a little longer than the one before; warm-ups a thousand times as long.
fn well_behaved(configuration: Configuration, n: u64) -> Measured {
    let slow = if n < u64::from(WARM_UPS) { 1_000 } else { 1 };
    let exchange = (10_000 + configuration.size_bytes as u64 + n * 100) * slow;
    match configuration.transport {
        Transport::TcpKept => timed(None, exchange),
        Transport::TcpNew => timed(Some(40_000 * slow + n * 50), exchange + 5_000),
        Transport::Udp => Measured { datagrams: Some(datagrams(1, 1, Lost::default())), ..timed(None, exchange - 500) },
    }
}

fn timed(connect_ns: Option<u64>, exchange: u64) -> Measured {
    let total_ns = Some(connect_ns.unwrap_or(0) + exchange);
    Measured { connect_ns, exchange_ns: Some(exchange), total_ns, ..Measured::default() }
}

fn datagrams(sent: u32, back: u32, lost: Lost) -> Datagrams {
    Datagrams { sent, back, lost: Some(lost), ..Datagrams::default() }
}

#[test]
fn a_quiet_run_makes_a_table() {
    insta::assert_snapshot!(comparison(&[16, 1024], 20, well_behaved).table(), @r"
    127.0.0.1:65432: 20 runs of each in random order (seed 7), 2 warm-ups before not counted

    payload  over             median       p25 – p75      min   ratio         95 %  lost
    16 B     TCP, kept open  11.2 µs  10.7 – 11.6 µs  10.2 µs       1               0/20
             TCP, new        56.7 µs  56.0 – 57.5 µs  55.3 µs    5.08  4.90 – 5.27  0/20
               connect       40.6 µs  40.3 – 40.8 µs  40.1 µs
               exchange      16.2 µs  15.7 – 16.6 µs  15.2 µs
             UDP             10.7 µs  10.2 – 11.1 µs  9.72 µs  ≈ 0.96  0.90 – 1.00  0/20
    1 KiB    TCP, kept open  12.2 µs  11.7 – 12.6 µs  11.2 µs       1               0/20
             TCP, new        57.7 µs  57.0 – 58.5 µs  56.3 µs    4.74  4.59 – 4.91  0/20
               connect       40.6 µs  40.3 – 40.8 µs  40.1 µs
               exchange      17.2 µs  16.7 – 17.6 µs  16.2 µs
             UDP             11.7 µs  11.2 – 12.1 µs  10.7 µs  ≈ 0.96  0.91 – 1.00  0/20

    ratio: median over that of TCP kept open, with its 95 % confidence interval; ≈ means no difference found
    helio 0.1.0, kernel 6.18.0, congestion control bbr, path MTU 65536, 2 cores, load 0.25 before, 0.50 after
    ! Both ends are on this machine, an MTU of 65536: no cable, no network card, no distance, and both
      share its cores. Loopback is not a network; do not expect these ratios on one.
    ");
}

/// Lost messages have no time, the direction is told in datagrams, and the survivors are named as such.
#[test]
fn losses_are_told_with_what_they_do_to_the_numbers() {
    let lossy = |configuration: Configuration, n: u64| match (configuration.transport, n % 4) {
        (Transport::Udp, 0) => well_behaved(configuration, n),
        (Transport::Udp, 1) => {
            let datagrams = Datagrams { sent: 51, back: 40, ..Datagrams::default() };
            Measured { datagrams: Some(datagrams), ..Measured::default() }
        }
        (Transport::Udp, _) => Measured {
            datagrams: Some(datagrams(48, 30, Lost { there: 10, refused: 3, back: 5 })),
            dropped_here: Some(4),
            ..Measured::default()
        },
        (Transport::TcpNew, 3) => Measured { connect_ns: Some(40_000), ..Measured::default() },
        (Transport::TcpNew | Transport::TcpKept, _) => well_behaved(configuration, n),
    };
    let mut lossy = comparison(&[65_536], 20, lossy);
    lossy.environment.loopback = false;
    lossy.environment.load_before = Some(1.5);
    insta::assert_snapshot!(lossy.table(), @r"
    127.0.0.1:65432: 20 runs of each in random order (seed 7), 2 warm-ups before not counted

    payload  over             median       p25 – p75      min   ratio         95 %   lost
    64 KiB   TCP, kept open  76.7 µs  76.2 – 77.2 µs  75.7 µs       1                0/20
             TCP, new         122 µs    122 – 123 µs   121 µs    1.60  1.58 – 1.61   5/20
               connect       40.4 µs  40.1 – 40.7 µs  40.0 µs
               exchange      81.7 µs  81.2 – 82.2 µs  80.7 µs
             UDP             76.2 µs  75.8 – 76.6 µs  75.4 µs  ≈ 0.99  0.98 – 1.01  15/20

    ratio: median over that of TCP kept open, with its 95 % confidence interval; ≈ means no difference found
    helio 0.1.0, kernel 6.18.0, congestion control bbr, path MTU 65536, 2 cores, load 1.50 before, 0.50 after
    ! The machine was busy before the start: load 1.50 on 2 cores. Compare minima first.
    ! TCP, new, 64 KiB: 5 of 20 messages did not come back whole in time.
    ! TCP, new, 64 KiB: the times are those of the 15 messages that came back; loss picks the lucky
      ones.
    ! UDP, 64 KiB: 15 of 20 messages did not come back whole. Of 740 datagrams 235 were lost: 100 on the
      way there, 30 to the reflector's rate limit, 50 on the way back, 55 in an unknown direction. This
      machine itself dropped 40 of them, because our receive buffer was full.
    ! UDP, 64 KiB: the reflector limits how many datagrams a second it answers to one address; what that
      dropped says nothing about the network. Ask for smaller sizes, or have the limit raised there
      (`helio echo --udp-rate`).
    ! UDP, 64 KiB: the times are those of the 5 messages that came back; loss picks the lucky ones.
    ");
}

#[test]
fn what_was_not_measured_is_absent() {
    let mut nothing = comparison(&[1_000_000], 3, |_, _| Measured::default());
    nothing.address = "reflector.example:65432".into();
    nothing.environment = Environment { helio_version: "0.1.0".into(), ..Environment::default() };
    nothing.udp_absent = Some("no answer in 3 tries".into());
    nothing.exchanges.truncate(10);
    nothing.exchanges.retain(|exchange| exchange.transport != Transport::Udp);
    insta::assert_snapshot!(nothing.table(), @r"
    reflector.example:65432 (127.0.0.1:65432): 3 runs of each in random order (seed 7), 2 warm-ups before not counted

    payload    over            median  p25 – p75  min  ratio  95 %  lost
    1000000 B  TCP, kept open       –          –    –      –         1/1
               TCP, new             –          –    –      –         1/1
                 connect            –          –    –
                 exchange           –          –    –

    ratio: median over that of TCP kept open, with its 95 % confidence interval; ≈ means no difference found
    helio 0.1.0
    ! Interrupted after 6 of 15 exchanges; the table holds those.
    ! UDP was not measured: no answer in 3 tries.
    ! TCP, kept open, 1000000 B: 1 of 1 messages did not come back whole in time.
    ! TCP, new, 1000000 B: 1 of 1 messages did not come back whole in time.
    ");
}

/// spec/compare-record.md: every exchange is in the record, in order, and nothing stands for what is missing.
#[test]
fn the_record_is_raw_and_whole() {
    let lose_udp = |configuration: Configuration, n: u64| match configuration.transport {
        Transport::Udp => {
            Measured { datagrams: Some(Datagrams { sent: 4, ..Datagrams::default() }), ..Measured::default() }
        }
        Transport::TcpKept | Transport::TcpNew => well_behaved(configuration, n),
    };
    let comparison = comparison(&[16], 1, lose_udp);
    let record = serde_json::to_value(comparison.record()).unwrap();
    let exchanges = record["exchanges"].as_array().unwrap();
    assert!(exchanges.iter().enumerate().all(|(position, exchange)| exchange["position"] == position));
    let expected = json!([
        {"position": 6, "transport": "udp", "size_bytes": 16, "warm_up": false,
         "datagrams": {"sent": 4, "back": 0, "duplicate": 0, "late": 0, "foreign": 0}},
        {"position": 7, "transport": "tcp-kept", "size_bytes": 16, "warm_up": false,
         "exchange_ns": 10_216, "total_ns": 10_216},
        {"position": 8, "transport": "tcp-new", "size_bytes": 16, "warm_up": false,
         "connect_ns": 40_100, "exchange_ns": 15_216, "total_ns": 55_316},
    ]);
    assert_eq!(
        exchanges.iter().filter(|exchange| exchange["warm_up"] == false).collect::<Vec<_>>(),
        expected.as_array().unwrap().iter().collect::<Vec<_>>()
    );
    let expected = json!({
        "transport": "udp", "size_bytes": 16, "exchanges": 1, "lost": 1, "time": {"samples": 0},
        "datagrams": {"sent": 4, "back": 0, "lost_there": 0, "refused": 0, "lost_back": 0, "lost_unknown": 4},
    });
    assert_eq!(record["rows"][2], expected);
    assert_eq!(record["rows"][1]["connect"]["median_ns"], 40_100);
    let codes: Vec<_> = record["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["loopback", "few_samples", "lost"]);
    let scalars = ["format", "version", "address", "peer", "seed", "sizes_bytes", "runs", "warm_ups", "timeout_ns"];
    let scalars: Vec<_> = scalars.iter().map(|key| &record[key]).collect();
    let address = "127.0.0.1:65432";
    assert_eq!(json!(scalars), json!(["helio-compare", 1, address, address, 7, [16], 1, 2, 1_000_000_000]));
}

/// A failed exchange is a lost one whose cause is known; a broken off comparison holds what was measured until then.
#[test]
fn what_broke_is_told_and_the_rest_is_kept() {
    let failing = |configuration: Configuration, n: u64| match (configuration.transport, n) {
        (Transport::TcpNew, 0 | 5) => Measured { failed: Some("connecting: refused".into()), ..Measured::default() },
        (Transport::TcpKept | Transport::TcpNew | Transport::Udp, _) => well_behaved(configuration, n),
    };
    let mut failing = comparison(&[16], 10, failing);
    failing.exchanges.truncate(30);
    failing.broken_off = Some("enough".into());
    let record = serde_json::to_value(failing.record()).unwrap();
    assert_eq!(record["rows"][1]["lost"], 1, "the other was a warm-up");
    let failed = record["exchanges"].as_array().unwrap().iter().filter_map(|exchange| exchange.get("failed"));
    assert_eq!(failed.collect::<Vec<_>>(), ["connecting: refused"; 2]);
    let warnings: Vec<(&str, &str)> = record["warnings"].as_array().unwrap()[..3]
        .iter()
        .map(|warning| (warning["code"].as_str().unwrap(), warning["text"].as_str().unwrap()))
        .collect();
    let expected = [
        ("broken_off", "Broken off after 30 of 36 exchanges; the table holds those: enough."),
        ("loopback", warnings[1].1),
        ("failed", "2 of 30 exchanges failed and have no time. The first, TCP, new, 16 B: connecting: refused."),
    ];
    assert_eq!(warnings, expected);
}

#[test]
fn warm_ups_do_not_count() {
    let with = comparison(&[16], 10, well_behaved);
    let mut without = with.clone();
    without.exchanges.retain(|exchange| !exchange.warm_up);
    assert_eq!(with.rows(), without.rows());
    assert!(with.rows().iter().all(|row| row.exchanges == 10 && row.time.max_ns < Some(100_000)));
}

#[test]
fn payloads_are_named_in_powers_of_1024() {
    let named = [1, 1_000, 1_024, 1_500, 65_536, 1 << 20, 3 << 20].map(table::payload);
    assert_eq!(named, ["1 B", "1000 B", "1 KiB", "1500 B", "64 KiB", "1 MiB", "3 MiB"]);
    assert_eq!([table::transport(Transport::Udp)], ["UDP"]);
}
