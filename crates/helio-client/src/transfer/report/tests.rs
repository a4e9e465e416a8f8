use super::*;
use helio_core::transfer::{Method, ReceiverOutcome, SenderOutcome};

fn moved(bytes: u64) -> Moved {
    Moved { bytes, first_byte: None, method: Method::Copy, probe: Vec::new(), hash: None }
}

fn sent(bytes: u64) -> Sent {
    Sent {
        moved: moved(bytes),
        expected: Some(bytes),
        change: SourceChange::None,
        removed: false,
        handed_over: Duration::from_millis(400),
        acknowledged: Some(Duration::from_millis(500)),
        peer_ended: Some(Duration::from_millis(512)),
        answer_bytes: 0,
    }
}

fn report() -> Report {
    Report {
        storing_failed: false,
        extent: Extent::Ended,
        received: 90,
        received_bytes: 126_000,
        lost: 10,
        lost_bytes: 14_000,
        duplicated: 2,
        out_of_order: 1,
        late: 0,
        damaged: 0,
        foreign: 0,
        kernel_drops: Some(7),
        gaps: 2,
        data_time: Some(Duration::from_millis(10)),
        named_gaps: vec![0..1_400, 28_000..40_600],
    }
}

#[test]
fn a_stream_tells_the_three_moments_apart() {
    insta::assert_snapshot!(sent(1_000_000_000).lines().join("\n"), @r"
    sent 1.00 GB (1000000000 bytes) in 500 ms, 2000 MB/s (until acknowledged)
      handed to the kernel after 400 ms
      acknowledged by the peer's TCP after 500 ms
      the peer ended its side after 512 ms
      moved by copy
    ");
}

#[test]
fn what_was_not_seen_is_said_and_left_out_for_machines() {
    let sent = Sent { acknowledged: None, peer_ended: None, answer_bytes: 3, removed: true, ..sent(27) };
    insta::assert_snapshot!(sent.lines().join("\n"), @r"
    sent 27 bytes in 400 ms, 67.5 bytes/s (until handed to the kernel)
      handed to the kernel after 400 ms
      not seen acknowledged by the peer's TCP within the time-out
      the peer did not end its side within the time-out
      the peer answered 3 bytes, which were dropped
      the file was removed while it was sent; what was sent is its whole content
      moved by copy
    ");
    insta::assert_snapshot!(serde_json::to_string(&sent.record()).unwrap(), @r#"{"event":"sent","transport":"tcp","complete":true,"bytes":27,"expected_bytes":27,"handed_over_ns":400000000,"io":"copy"}"#);
}

#[test]
fn a_file_that_became_shorter_is_incomplete_and_a_longer_one_is_not() {
    let shrank = Sent { expected: Some(40), change: SourceChange::Shrank, ..sent(27) };
    insta::assert_snapshot!(shrank.lines()[4], @"  INCOMPLETE: the file became shorter while it was sent: expected 40 bytes, sent 27");
    let grew = Sent { expected: Some(20), change: SourceChange::Grew, ..sent(27) };
    insta::assert_snapshot!(grew.lines()[4], @"  the file grew while it was sent: expected 20 bytes, sent 27");
    assert!(!shrank.is_complete() && grew.is_complete());
}

#[test]
fn the_probe_is_shown_with_what_it_measured() {
    let cost = |method, micros| MethodCost { method, bytes: 1 << 20, cpu: Duration::from_micros(micros) };
    let probe = vec![cost(Method::Copy, 300), cost(Method::Splice, 200)];
    let sent = Sent { moved: Moved { method: Method::Splice, probe, ..moved(9) }, ..sent(9) };
    insta::assert_snapshot!(sent.lines()[4], @"  moved by splice (processor time per MiB: copy 300 µs, splice 200 µs)");
}

#[test]
fn the_senders_and_the_receivers_account_say_the_same() {
    let outcome = SenderOutcome { datagrams: 100, bytes: 140_000, markers: 1, report: Some(report()) };
    let sent = UdpSent {
        datagrams: 100,
        bytes: 140_000,
        expected: Some(140_000),
        change: SourceChange::None,
        handed_over: Duration::from_millis(7),
        hash: None,
        numbered: Some(outcome),
    };
    insta::assert_snapshot!(sent.lines().join("\n"), @r"
    sent 140 kB (140000 bytes) in 7.00 ms, 20.0 MB/s (until handed to the kernel)
      in 100 datagrams
      the receiver reports: of 100 datagrams sent
        received              90  126 kB (126000 bytes)
        lost                  10  14.0 kB (14000 bytes) in 2 gaps
          7 were dropped by the receiver's kernel for want of room, 3 elsewhere
        duplicated             2
        out of order           1
        late                   0
        damaged                0
        foreign                0
        missing bytes 0–1399, 28000–40599
    ");
    assert!(!sent.is_complete());
    let received = UdpReceived {
        peer: None,
        path: Some("/tmp/x".into()),
        hash: None,
        detail: UdpReceivedDetail::Numbered(ReceiverOutcome { report: report(), end: None }),
    };
    insta::assert_snapshot!(received.lines().join("\n"), @r"
    received 126 kB (126000 bytes) in 10.0 ms, 12.6 MB/s (from the first to the last datagram)
      the account: of 100 datagrams sent
        received              90  126 kB (126000 bytes)
        lost                  10  14.0 kB (14000 bytes) in 2 gaps
          7 were dropped by the receiver's kernel for want of room, 3 elsewhere
        duplicated             2
        out of order           1
        late                   0
        damaged                0
        foreign                0
        missing bytes 0–1399, 28000–40599
      stored as /tmp/x
    ");
    insta::assert_snapshot!(serde_json::to_string(&received.record()).unwrap(), @r#"{"event":"received","transport":"udp","complete":false,"bytes":126000,"path":"/tmp/x","report":{"extent":"ended","storing_failed":false,"received":90,"received_bytes":126000,"lost":10,"lost_bytes":14000,"duplicated":2,"out_of_order":1,"late":0,"damaged":0,"foreign":0,"kernel_drops":7,"gaps":2,"named_gaps":[[0,1400],[28000,40600]],"data_ns":10000000}}"#);
}

#[test]
fn a_sender_that_heard_nothing_says_that_it_does_not_know() {
    let outcome = SenderOutcome { datagrams: 1, bytes: 5, markers: 12, report: None };
    let sent = UdpSent {
        datagrams: 1,
        bytes: 5,
        expected: None,
        change: SourceChange::None,
        handed_over: Duration::from_micros(7),
        hash: None,
        numbered: Some(outcome),
    };
    insta::assert_snapshot!(sent.lines()[2], @"  what arrived is not known: no report came, though it was asked for 12 times");
    let naked = UdpSent { numbered: None, ..sent };
    insta::assert_snapshot!(naked.lines()[2], @"  what arrived is not known: nobody reports naked datagrams (--numbered does)");
}

#[test]
fn naked_datagrams_tell_only_what_the_kernel_dropped() {
    let naked = |kernel_drops| UdpReceived {
        peer: None,
        path: None,
        hash: None,
        detail: UdpReceivedDetail::Naked { datagrams: 4, bytes: 20, foreign: 1, kernel_drops, data_time: None },
    };
    insta::assert_snapshot!(naked(Some(3)).lines().join("\n"), @r"
    received 20 bytes
      in 4 datagrams, in the order in which they came
      3 datagrams were dropped by this machine's kernel for want of room in the buffer
      what was lost on the way is not known: naked datagrams have no number
      1 datagrams of other senders were left out
    ");
    assert!(!naked(Some(3)).is_complete() && naked(Some(0)).is_complete() && naked(None).is_complete());
    assert!(!naked(None).lines().iter().any(|line| line.contains("kernel")), "not known is not said");
}
