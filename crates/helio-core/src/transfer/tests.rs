//! Conversations of both ends across a simulated network, judged by a plain model of what the network delivered.

use super::numbered::{self, Common, Extent, Message, PieceSize, Report, TransferId};
use super::*;
use crate::limits;
use crate::rng::Rng;
use crate::sim::{LinkOptions, Network, VirtualClock, earliest};
use crate::time::Instant;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// One transfer from start to end.
struct Run {
    clock: VirtualClock,
    network: Network,
    file: Vec<u8>,
    piece: usize,
    known_total: bool,
    sender: NumberedSender,
    receiver: NumberedReceiver,
    next_data: Option<Instant>,
    model: Model,
    stored: Vec<Option<u8>>,
    sender_outcome: Option<SenderOutcome>,
    receiver_outcome: Option<ReceiverOutcome>,
}

/// What was delivered to the receiver before it reported, kept in the most obvious way.
#[derive(Default)]
struct Model {
    open: bool,
    arrivals: Vec<u64>,
    ends_before: Option<usize>,
    reports_delivered: u64,
}

fn ends() -> (SocketAddr, SocketAddr) {
    ("192.0.2.1:4000".parse().unwrap(), "192.0.2.2:65436".parse().unwrap())
}

impl Run {
    fn new(seed: u64, link: LinkOptions, length: usize, piece: usize, known_total: bool) -> Self {
        let mut rng = Rng::from_seed(seed);
        let file: Vec<u8> = (0..length).map(|_| rng.next_u64() as u8).collect();
        let common = Common { transfer: TransferId(rng.next_u64()), piece: PieceSize::new(piece).unwrap() };
        Self {
            clock: VirtualClock::default(),
            network: Network::new(seed, link),
            piece,
            known_total,
            sender: NumberedSender::new(common, known_total.then_some(length as u64)),
            receiver: NumberedReceiver::new(ReceiverOptions { idle: limits::FILE_DATAGRAM_IDLE }),
            next_data: Some(Instant::ORIGIN),
            model: Model { open: true, ..Model::default() },
            stored: vec![None; length],
            file,
            sender_outcome: None,
            receiver_outcome: None,
        }
    }

    /// Turns the clock from event to event until nothing waits for time any more.
    fn finish(&mut self) {
        let pending = |run: &Self| {
            let receiver = run.receiver.poll_timeout();
            earliest([run.next_data, run.sender.poll_timeout(), receiver, run.network.poll_timeout()])
        };
        while let Some(next) = pending(self) {
            self.clock.advance_to(next);
            let now = self.clock.now();
            assert!(now.since(Instant::ORIGIN) < Duration::from_secs(600), "the transfer never ends");
            if self.next_data.is_some_and(|at| at <= now) {
                self.send_next(now);
            }
            if self.sender.poll_timeout().is_some_and(|at| at <= now) {
                self.sender.handle_timeout(now);
            }
            self.drain_sender(now);
            while let Some(delivery) = self.network.poll_delivery(now) {
                if delivery.to == ends().1 {
                    self.deliver_to_receiver(&delivery.bytes, now);
                } else {
                    let is_report = matches!(numbered::decode(&delivery.bytes), Ok((_, Message::Report(_))));
                    self.model.reports_delivered += u64::from(is_report);
                    self.sender.handle_datagram(&delivery.bytes);
                    self.drain_sender(now);
                }
            }
            if self.receiver.poll_timeout().is_some_and(|at| at <= now) {
                self.receiver.handle_timeout(now);
            }
            self.drain_receiver(now);
        }
    }

    fn send_next(&mut self, now: Instant) {
        let sent = self.sender.sent().1 as usize;
        let payload = &self.file[sent..self.file.len().min(sent + self.piece)];
        if payload.is_empty() {
            self.next_data = None;
            return self.sender.handle_end_of_source(false, Some([7; 32]), now);
        }
        let mut datagram = self.sender.next_header(payload.len()).unwrap().to_vec();
        datagram.extend_from_slice(payload);
        self.network.send(ends().0, ends().1, &datagram, now);
        self.next_data = Some(now + MS / 10);
    }

    fn drain_sender(&mut self, now: Instant) {
        while let Some(command) = self.sender.poll_command() {
            match command {
                SenderCommand::Send(bytes) => {
                    self.network.send(ends().0, ends().1, &bytes, now);
                }
                SenderCommand::Finished(outcome) => {
                    assert!(self.sender_outcome.replace(outcome).is_none(), "finished twice");
                    self.next_data = None;
                }
            }
        }
    }

    fn deliver_to_receiver(&mut self, datagram: &[u8], now: Instant) {
        let (_, message) = numbered::decode(datagram).unwrap();
        if self.model.open {
            match message {
                Message::Data(data) => self.model.arrivals.push(data.sequence),
                Message::End(_) => {
                    self.model.ends_before.get_or_insert(self.model.arrivals.len());
                }
                Message::Report(_) | Message::Done => {}
            }
        }
        if let Verdict::Store { offset, payload } = self.receiver.handle_datagram(ends().0, datagram, now) {
            for (slot, byte) in self.stored[offset as usize..].iter_mut().zip(&datagram[payload]) {
                assert!(slot.replace(*byte).is_none(), "stored twice");
            }
        }
        self.drain_receiver(now);
    }

    fn drain_receiver(&mut self, now: Instant) {
        while let Some(command) = self.receiver.poll_command() {
            match command {
                ReceiverCommand::CountKernelDrops => {
                    self.model.open = false;
                    self.receiver.handle_kernel_drops(Some(3), now);
                }
                ReceiverCommand::Send { to, bytes } => {
                    self.network.send(ends().1, to, &bytes, now);
                }
                ReceiverCommand::Finished(outcome) => {
                    assert!(self.receiver_outcome.replace(outcome).is_none(), "finished twice");
                }
            }
        }
    }

    /// What the report must say, from the list of arrivals and nothing else.
    fn expected_report(&self, data_time: Option<Duration>) -> Report {
        let mut distinct = BTreeSet::new();
        let (mut duplicated, mut out_of_order, mut late) = (0, 0, 0);
        for (index, &sequence) in self.model.arrivals.iter().enumerate() {
            let before = distinct.last().copied();
            if !distinct.insert(sequence) {
                duplicated += 1;
                continue;
            }
            out_of_order += u64::from(before.is_some_and(|highest| sequence < highest));
            late += u64::from(self.model.ends_before.is_some_and(|ends| index >= ends));
        }
        let extent = match (self.model.ends_before, self.known_total) {
            (Some(_), _) => Extent::Ended,
            (None, true) => Extent::Announced,
            (None, false) => Extent::Seen,
        };
        let all_pieces = self.file.len().div_ceil(self.piece) as u64;
        let pieces = if extent == Extent::Seen { distinct.last().map_or(0, |n| n + 1) } else { all_pieces };
        let missing = |n: u64| !distinct.contains(&n);
        let bytes_of = |n: u64| self.piece.min(self.file.len() - n as usize * self.piece) as u64;
        let gap_starts: Vec<u64> = (0..pieces).filter(|&n| missing(n) && (n == 0 || !missing(n - 1))).collect();
        let named = gap_starts.iter().take(limits::NUMBERED_GAPS_NAMED).map(|&start| {
            let end = (start..pieces).find(|&n| !missing(n)).unwrap_or(pieces);
            start * self.piece as u64..(end * self.piece as u64).min(self.file.len() as u64)
        });
        Report {
            storing_failed: false,
            extent,
            received: distinct.len() as u64,
            received_bytes: distinct.iter().map(|&n| bytes_of(n)).sum(),
            lost: (0..pieces).filter(|&n| missing(n)).count() as u64,
            lost_bytes: (0..pieces).filter(|&n| missing(n)).map(bytes_of).sum(),
            duplicated,
            out_of_order,
            late,
            damaged: 0,
            foreign: 0,
            kernel_drops: Some(3),
            gaps: gap_starts.len() as u64,
            data_time,
            named_gaps: named.collect(),
        }
    }
}

fn random_link(rng: &mut Rng) -> LinkOptions {
    let share = |rng: &mut Rng, most: u64| rng.below(most + 1) as f64 / 100.0;
    let worst = [0, 5, 30, 90][rng.below(4) as usize];
    LinkOptions {
        loss: share(rng, worst),
        delay: Duration::from_micros(rng.below(100_000)),
        jitter: Duration::from_micros(rng.below(20_000)),
        duplication: share(rng, 20),
        reordering: share(rng, 20),
        reordering_delay: Duration::from_micros(rng.below(50_000)),
        cuts: vec![],
    }
}

fn random_run(seed: u64) -> Run {
    let mut rng = Rng::from_seed(seed ^ 0x7472_616e_7366_6572);
    let link = random_link(&mut rng);
    let length = [0, 1, rng.below(5_000), rng.below(60_000)][rng.below(4) as usize] as usize;
    let piece = [1 + rng.below(30), 1_400, length.max(1) as u64][rng.below(3) as usize] as usize;
    Run::new(seed, link, length, piece, rng.chance(0.5))
}

/// Whatever the network does: what the report says is what it did, and what was stored is what was sent.
#[test]
fn the_report_equals_what_the_network_did() {
    (0..300).for_each(run_and_judge);
}

#[test]
#[ignore = "soak"]
fn the_report_equals_what_the_network_did_for_many_seeds() {
    #[expect(clippy::disallowed_methods, reason = "the long tests get their seed from outside")]
    let seed = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut rng = Rng::from_seed(seed.expect("HELIO_SOAK_SEED is a number"));
    (0..20_000).for_each(|_| run_and_judge(rng.next_u64()));
}

fn run_and_judge(seed: u64) {
    let mut run = random_run(seed);
    run.finish();
    let stored_right = run.stored.iter().zip(&run.file).all(|(slot, byte)| slot.is_none_or(|stored| stored == *byte));
    assert!(stored_right, "seed {seed}: a stored byte is wrong");
    let sent = run.sender_outcome.as_ref().unwrap_or_else(|| panic!("seed {seed}: the sender never ended"));
    assert_eq!(sent.bytes, run.file.len() as u64, "seed {seed}");
    let Some(outcome) = &run.receiver_outcome else {
        assert!(run.model.arrivals.is_empty() && run.model.ends_before.is_none(), "seed {seed}: heard, never ended");
        return;
    };
    let report = &outcome.report;
    assert_eq!(*report, run.expected_report(report.data_time), "seed {seed}");
    let holes = run.stored.iter().filter(|slot| slot.is_none()).count() as u64;
    assert_eq!(report.received_bytes + holes, run.file.len() as u64, "seed {seed}");
    if report.extent == Extent::Ended {
        assert_eq!(report.received + report.lost, sent.datagrams, "seed {seed}: sent = received + lost");
        assert_eq!(report.lost_bytes, holes, "seed {seed}");
        assert_eq!(outcome.end.unwrap().hash, Some([7; 32]), "seed {seed}");
    }
    match &sent.report {
        Some(heard) => assert_eq!(heard, report, "seed {seed}: both ends say the same"),
        None => assert_eq!(run.model.reports_delivered, 0, "seed {seed}: a report came and was not taken"),
    }
}

#[test]
fn on_a_perfect_network_everything_arrives_and_one_marker_is_enough() {
    for (length, piece) in [(0, 10), (1, 10), (10, 10), (11, 10), (5_000, 1_400)] {
        let link = LinkOptions { delay: 5 * MS, ..LinkOptions::default() };
        let mut run = Run::new(1, link, length, piece, true);
        run.finish();
        let sent = run.sender_outcome.unwrap();
        let report = sent.report.unwrap();
        assert!(report.is_complete(), "{length} bytes in pieces of {piece}: {report:?}");
        assert_eq!((sent.markers, report.received_bytes), (1, length as u64));
        // DONE was heard: the receiver did not stay for its linger time.
        assert!(run.clock.now().since(Instant::ORIGIN) < 200 * MS);
    }
}

/// Spec, "The receiver" 4 and "The sender" 4: with the link cut before the end marker each side ends by itself.
#[test]
fn a_cut_before_the_end_marker_ends_both_sides_without_each_other() {
    for (known_total, extent, lost) in [(true, Extent::Announced, 60), (false, Extent::Seen, 0)] {
        let mut run = Run::new(9, LinkOptions::default(), 1_000, 10, known_total);
        let cut = Instant::ORIGIN + 4 * MS..Instant::after_origin(Duration::MAX);
        run.network.set_link(ends().0, ends().1, LinkOptions { cuts: vec![cut], ..LinkOptions::default() });
        run.finish();
        let report = run.receiver_outcome.unwrap().report;
        assert_eq!((report.extent, report.received, report.lost), (extent, 40, lost));
        // The receiver's one report reaches the sender, which is still asking.
        assert_eq!(run.sender_outcome.unwrap().report, Some(report));
    }
}

/// Spec, "The sender" 4 and "The receiver" 5: no report ever comes through.
#[test]
fn without_a_way_back_the_sender_gives_up_and_the_receiver_lingers_and_leaves() {
    let mut run = Run::new(9, LinkOptions::default(), 1_000, 10, true);
    let cut = Instant::ORIGIN..Instant::after_origin(Duration::MAX);
    run.network.set_link(ends().1, ends().0, LinkOptions { cuts: vec![cut], ..LinkOptions::default() });
    run.finish();
    let sent = run.sender_outcome.unwrap();
    assert_eq!((sent.report, sent.markers), (None, limits::NUMBERED_END_MARKERS));
    assert!(run.receiver_outcome.unwrap().report.is_complete());
}

mod receiver {
    use super::*;

    struct Bench {
        receiver: NumberedReceiver,
        common: Common,
    }

    fn bench() -> Bench {
        let receiver = NumberedReceiver::new(ReceiverOptions { idle: limits::FILE_DATAGRAM_IDLE });
        Bench { receiver, common: Common { transfer: TransferId(1), piece: PieceSize::new(10).unwrap() } }
    }

    impl Bench {
        fn data(&mut self, common: Common, sequence: u64, total: Option<u64>, length: usize) -> bool {
            let mut datagram = numbered::data_header(common, sequence, total, length).to_vec();
            datagram.resize(datagram.len() + length, b'x');
            self.receive(ends().0, &datagram)
        }

        fn end(&mut self, datagrams: u64, bytes: u64) {
            let end = numbered::End { aborted: false, hash: None, marker: 1, datagrams, bytes };
            self.receive(ends().0, &numbered::encode_end(self.common, &end));
        }

        fn receive(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
            matches!(self.receiver.handle_datagram(from, datagram, Instant::ORIGIN), Verdict::Store { .. })
        }

        /// Lets time pass until the report is made.
        fn report(&mut self) -> Report {
            if let Some(at) = self.receiver.poll_timeout() {
                self.receiver.handle_timeout(at);
            }
            assert_eq!(self.receiver.poll_command(), Some(ReceiverCommand::CountKernelDrops));
            self.receiver.handle_kernel_drops(None, Instant::ORIGIN);
            let Some(ReceiverCommand::Send { bytes, .. }) = self.receiver.poll_command() else { panic!("no report") };
            let Ok((_, Message::Report(report))) = numbered::decode(&bytes) else { panic!("not a report") };
            report
        }
    }

    /// Spec, "The receiver" 1: the first valid datagram fixes the transfer, all else is foreign.
    #[test]
    fn strangers_are_counted_and_change_nothing() {
        let mut b = bench();
        let other = Common { transfer: TransferId(2), ..b.common };
        assert!(!b.receive(ends().0, b"hello"));
        assert!(b.data(b.common, 0, Some(25), 10));
        assert!(!b.data(other, 1, Some(25), 10));
        let stranger = "192.0.2.9:9".parse().unwrap();
        let piece = numbered::data_header(b.common, 1, Some(25), 10);
        assert!(!b.receive(stranger, &[&piece[..], &[0; 10]].concat()));
        assert!(!b.receive(ends().0, &numbered::encode_done(b.common)));
        let report = b.report();
        assert_eq!((report.received, report.foreign, report.damaged, report.lost), (1, 4, 0, 2));
    }

    /// Spec, "The receiver" 2, each kind once.
    #[test]
    fn pieces_that_contradict_each_other_are_damaged() {
        let mut b = bench();
        assert!(b.data(b.common, 1, Some(25), 10));
        assert!(!b.data(b.common, 2, Some(26), 6), "another total");
        let other_piece = Common { piece: PieceSize::new(11).unwrap(), ..b.common };
        assert!(!b.data(other_piece, 0, Some(25), 11), "another piece size");
        assert!(!b.data(b.common, 0, Some(25), 5), "a short piece below one that was seen");
        assert!(b.data(b.common, 2, Some(25), 5));
        assert!(!b.data(b.common, 3, Some(25), 10), "beyond the short piece");
        assert!(!b.data(b.common, 2, Some(25), 4), "another length for the short piece");
        b.end(4, 35);
        b.end(3, 24);
        b.end(2, 20);
        b.end(3, 25);
        let report = b.report();
        assert_eq!((report.damaged, report.received, report.duplicated), (8, 2, 0));
        assert_eq!((report.extent, report.gaps, report.lost_bytes), (Extent::Ended, 1, 10));
        assert_eq!(report.named_gaps[0], 0..10);
    }

    #[test]
    fn pieces_beyond_the_end_marker_are_damaged() {
        let mut b = bench();
        b.end(3, 25);
        assert!(!b.data(b.common, 3, None, 10));
        assert!(!b.data(b.common, 2, None, 10));
        assert!(b.data(b.common, 2, None, 5));
        b.end(4, 35);
        let report = b.report();
        assert_eq!((report.damaged, report.late, report.lost, report.lost_bytes), (3, 1, 2, 20));
    }

    #[test]
    fn the_report_is_fixed_once_it_is_made() {
        let mut b = bench();
        assert!(b.data(b.common, 1, None, 10));
        b.end(2, 20);
        let report = b.report();
        assert!(!b.data(b.common, 0, None, 10));
        b.end(2, 20);
        let Some(ReceiverCommand::Send { bytes, .. }) = b.receiver.poll_command() else { panic!() };
        assert_eq!(numbered::decode(&bytes).unwrap().1, Message::Report(report));
    }

    #[test]
    fn a_full_disk_closes_the_account_and_tells_the_sender() {
        let mut b = bench();
        b.receiver.handle_storing_failed();
        assert_eq!(b.receiver.poll_command(), Some(ReceiverCommand::CountKernelDrops));
        let mut b = bench();
        assert!(b.data(b.common, 0, Some(25), 10));
        b.receiver.handle_storing_failed();
        let mut sender = NumberedSender::new(b.common, Some(25));
        sender.next_header(10).unwrap();
        let report = b.report();
        assert!(report.storing_failed && !report.is_complete());
        sender.handle_datagram(&numbered::encode_report(b.common, &report));
        assert!(matches!(sender.poll_command(), Some(SenderCommand::Send(_))));
        let Some(SenderCommand::Finished(outcome)) = sender.poll_command() else { panic!("goes on sending") };
        assert_eq!((outcome.datagrams, outcome.report), (1, Some(report)));
    }

    /// A length that someone made up costs neither memory nor time, and the report stays within its limit.
    #[test]
    fn a_forged_total_is_bounded() {
        let mut b = bench();
        assert!(b.data(b.common, 5, Some(u64::MAX - 1), 10));
        let report = b.report();
        assert_eq!((report.lost, report.gaps), (limits::NUMBERED_SEQUENCES - 1, 2));
    }
}
