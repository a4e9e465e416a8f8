//! Conversations between the client, a network that loses, doubles and reorders, and the real reflector.

use super::*;
use crate::echo::{UdpEcho, UdpEchoOptions, Verdict};
use crate::measure::wire;
use crate::rng::Rng;
use alloc::collections::{BTreeMap, BTreeSet};
use core::net::SocketAddr;

const TIMEOUT: Duration = Duration::from_secs(1);
const SESSION: SessionId = SessionId(7);

/// What the network does, the same in both directions but for the loss.
#[derive(Clone, Copy, Debug)]
struct Network {
    loss_there: f64,
    loss_back: f64,
    duplicate: f64,
    delay: Duration,
    /// Added to the delay at random, which reorders.
    jitter: Duration,
}

const PERFECT: Network = Network {
    loss_there: 0.0,
    loss_back: 0.0,
    duplicate: 0.0,
    delay: Duration::from_millis(10),
    jitter: Duration::ZERO,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    There,
    Back,
}

/// The client, the reflector and what is on its way between them, under a virtual clock.
struct World {
    client: DatagramSession,
    reflector: UdpEcho,
    source: SocketAddr,
    network: Network,
    rng: Rng,
    now: Instant,
    in_flight: BTreeMap<(Instant, u64), (Way, Vec<u8>)>,
    next_id: u64,
    /// The reference: what the network itself dropped since the message began, each way.
    dropped: BTreeMap<Way, u32>,
    refused: u32,
    /// The reference: when each piece of a message came back first.
    arrivals: BTreeMap<(u32, u16), Instant>,
}

impl World {
    fn new(network: Network, seed: u64) -> Self {
        let options = UdpEchoOptions { prefix: b"ACK: ".to_vec(), allowed: Vec::new(), answers_per_second: 100 };
        Self {
            client: DatagramSession::new(SESSION, TIMEOUT),
            reflector: UdpEcho::new(options, 65432),
            source: SocketAddr::from(([127, 0, 0, 1], 5000)),
            network,
            rng: Rng::from_seed(seed),
            now: Instant::ORIGIN,
            in_flight: BTreeMap::new(),
            next_id: 0,
            dropped: BTreeMap::new(),
            refused: 0,
            arrivals: BTreeMap::new(),
        }
    }

    /// Sends one message and runs until its outcome.
    fn exchange(&mut self, bytes: usize) -> Outcome {
        self.dropped.clear();
        self.refused = 0;
        let payload: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        self.client.start(payload.into());
        loop {
            let mut buffer = Vec::new();
            while self.client.poll_transmit(self.now, &mut buffer) {
                self.send(Way::There, buffer.clone());
            }
            if let Some(outcome) = self.client.poll_outcome() {
                return outcome;
            }
            self.step();
        }
    }

    fn send(&mut self, way: Way, datagram: Vec<u8>) {
        let loss = if way == Way::There { self.network.loss_there } else { self.network.loss_back };
        if self.rng.chance(loss) {
            *self.dropped.entry(way).or_default() += 1;
            return;
        }
        let copies = if self.rng.chance(self.network.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let jitter = Duration::from_nanos(self.rng.below(self.network.jitter.as_nanos() as u64 + 1));
            self.next_id += 1;
            let arrival = self.now + self.network.delay + jitter;
            self.in_flight.insert((arrival, self.next_id), (way, datagram.clone()));
        }
    }

    fn step(&mut self) {
        let wake = self.client.poll_timeout().expect("a message in progress has a timeout");
        match self.in_flight.first_key_value() {
            Some((&(arrival, _), _)) if arrival < wake => {
                let ((arrival, _), (way, datagram)) = self.in_flight.pop_first().unwrap();
                self.now = self.now.max(arrival);
                self.deliver(way, &datagram);
            }
            _ => {
                self.now = wake;
                self.client.handle_timeout(wake);
            }
        }
    }

    fn deliver(&mut self, way: Way, datagram: &[u8]) {
        match way {
            Way::Back => {
                let (header, _) = Header::decode(datagram).unwrap();
                self.arrivals.entry((header.message, header.piece)).or_insert(self.now);
                self.client.handle_datagram(datagram, self.now);
            }
            Way::There => match self.reflector.handle_datagram(self.source, datagram, self.now) {
                Verdict::Answer(answer) | Verdict::Reflect { answer, .. } => self.send(Way::Back, answer),
                Verdict::Ignore(_) => self.refused += 1,
            },
        }
    }

    fn truly_lost(&self) -> Lost {
        let dropped = |way| self.dropped.get(&way).copied().unwrap_or(0);
        Lost { there: dropped(Way::There), refused: self.refused, back: dropped(Way::Back) }
    }
}

/// The answer to a message of one piece.
fn answer(message: u32, piece: (u16, u16), payload: &[u8], reflected: u32) -> Vec<u8> {
    part(payload.len() as u32, message, piece, payload, reflected)
}

/// The answer to a piece of a message of `total_bytes`.
fn part(total_bytes: u32, message: u32, piece: (u16, u16), payload: &[u8], reflected: u32) -> Vec<u8> {
    let header =
        Header { session: SESSION, message, piece: piece.0, pieces: piece.1, total_bytes, reflected, refused: 0 };
    [&header.encode(Start { response: true, ..Start::REQUEST })[..], payload].concat()
}

fn at(millis: u64) -> Instant {
    Instant::after_origin(Duration::from_millis(millis))
}

#[test]
fn a_message_of_several_pieces_comes_back_whole() {
    let mut world = World::new(PERFECT, 1);
    let outcome = world.exchange(3 * limits::REFLECTOR_PIECE + 1);
    let datagrams = Datagrams { sent: 4, back: 4, lost: Some(Lost::default()), ..Datagrams::default() };
    assert_eq!(outcome, Outcome { elapsed: Some(Duration::from_millis(20)), datagrams });
    assert_eq!(world.exchange(0).datagrams.sent, 1, "an empty message is one empty piece");
    assert_eq!(world.exchange(limits::REFLECTOR_PIECE).datagrams.sent, 1);
}

#[test]
fn pieces_fit_an_mtu_of_1500_with_ipv6() {
    let mut client = DatagramSession::new(SESSION, TIMEOUT);
    client.start(alloc::vec![0; 100_000].into());
    let mut buffer = Vec::new();
    while client.poll_transmit(at(0), &mut buffer) {
        assert!(buffer.len() + 8 + 40 <= 1_500, "{} bytes", buffer.len());
    }
}

/// spec/reflector.md "UDP": whatever does not belong to the message in progress does not change it.
#[test]
fn late_doubled_and_foreign_answers_are_not_mistaken() {
    let mut client = DatagramSession::new(SESSION, TIMEOUT);
    let mut buffer = Vec::new();
    client.start(b"old"[..].into());
    assert!(client.poll_transmit(at(0), &mut buffer));
    client.start([1; 2_000][..].into());
    while client.poll_transmit(at(0), &mut buffer) {}
    let first = part(2_000, 1, (0, 2), &[1; 1_400], 2);
    let wrong_total = part(2_001, 1, (0, 2), &[1; 1_400], 2);
    let foreign_session = [&first[..16], &[0; 8], &first[24..]].concat();
    let mut damaged = first.clone();
    damaged[100] ^= 1;
    let mut request = first.clone();
    request[9] = 0;
    let foreign = [
        &b"ACK: HELIOREF"[..],
        &foreign_session,
        &damaged,
        &request,
        &answer(9, (0, 1), b"", 9),
        &first[..50],
        &wrong_total,
    ];
    for datagram in foreign {
        client.handle_datagram(datagram, at(1));
    }
    client.handle_datagram(&answer(0, (0, 1), b"old", 1), at(1));
    client.handle_datagram(&first, at(2));
    client.handle_datagram(&first, at(3));
    assert_eq!(client.poll_outcome(), None);
    client.handle_datagram(&part(2_000, 1, (1, 2), &[1; 600], 3), at(4));
    let datagrams = Datagrams { sent: 2, back: 2, duplicate: 1, late: 1, foreign: 7, lost: Some(Lost::default()) };
    assert_eq!(client.poll_outcome(), Some(Outcome { elapsed: Some(Duration::from_millis(4)), datagrams }));
    assert_eq!((client.poll_outcome(), client.poll_timeout()), (None, None));
}

/// A message is lost from the end of its time on, even if the driver was late to say that it ended.
#[test]
fn an_answer_after_the_time_gives_no_time() {
    let mut client = DatagramSession::new(SESSION, TIMEOUT);
    let mut buffer = Vec::new();
    client.start(b"x"[..].into());
    assert!(client.poll_transmit(at(0), &mut buffer));
    client.handle_datagram(&answer(0, (0, 1), b"x", 1), at(1_000));
    assert!(client.poll_transmit(at(1_000), &mut buffer), "the tally");
    client.handle_datagram(&answer(1, (0, 1), b"", 2), at(1_010));
    let datagrams = Datagrams { sent: 2, back: 2, lost: Some(Lost::default()), ..Datagrams::default() };
    assert_eq!(client.poll_outcome(), Some(Outcome { elapsed: None, datagrams }));
}

#[test]
fn a_dead_path_ends_after_three_tallies_and_the_direction_stays_unknown() {
    let mut world = World::new(Network { loss_there: 1.0, ..PERFECT }, 1);
    let outcome = world.exchange(16);
    let sent = 1 + limits::REFLECTOR_TALLY_TRIES;
    assert_eq!(outcome, Outcome { elapsed: None, datagrams: Datagrams { sent, ..Datagrams::default() } });
    assert_eq!(world.now, at(1_750), "the timeout and three quarters of it");
}

/// What was lost before an unanswered tally must not be blamed on the message after it.
#[test]
fn after_an_unanswered_tally_the_next_loss_has_no_direction_either() {
    let mut world = World::new(Network { loss_back: 1.0, ..PERFECT }, 1);
    assert_eq!(world.exchange(16).datagrams.lost, None);
    let mut client = world.client;
    let mut buffer = Vec::new();
    client.start([1; 1_500][..].into());
    while client.poll_transmit(world.now, &mut buffer) {}
    let wake = client.poll_timeout().unwrap();
    client.handle_timeout(wake);
    assert!(client.poll_transmit(wake, &mut buffer));
    client.handle_datagram(&answer(5, (0, 1), b"", 7), wake);
    assert_eq!(client.poll_outcome().unwrap().datagrams.lost, None);
}

/// What was sent of a message that was given up may have been reflected, so it must not be blamed on the next loss.
#[test]
fn after_a_message_was_given_up_the_next_loss_has_no_direction() {
    let mut client = DatagramSession::new(SESSION, TIMEOUT);
    let mut buffer = Vec::new();
    assert_eq!(client.give_up(), None);
    client.start([1; 3_000][..].into());
    while client.poll_transmit(at(0), &mut buffer) {}
    client.handle_datagram(&part(3_000, 0, (0, 3), &[1; 1_400], 1), at(1));
    assert_eq!(client.give_up(), Some(Datagrams { sent: 3, back: 1, ..Datagrams::default() }));
    assert_eq!((client.poll_outcome(), client.poll_timeout()), (None, None));
    client.start(b"next"[..].into());
    assert!(client.poll_transmit(at(2), &mut buffer));
    client.handle_timeout(at(1_002));
    assert!(client.poll_transmit(at(1_002), &mut buffer), "the tally");
    client.handle_datagram(&answer(2, (0, 1), b"", 4), at(1_003));
    let datagrams = Datagrams { sent: 2, back: 1, ..Datagrams::default() };
    assert_eq!(client.poll_outcome(), Some(Outcome { elapsed: None, datagrams }));
}

/// Beyond [`limits::REFLECTOR_COUNT_WINDOW`] counter values are not told apart, so neither is the direction.
#[test]
fn at_the_window_of_counter_values_a_loss_keeps_its_direction_and_beyond_it_has_none() {
    let window = limits::REFLECTOR_COUNT_WINDOW as u32;
    for (reflected, lost) in [(window, Some(Lost { there: 0, refused: 0, back: 1 })), (window + 1, None)] {
        let mut client = DatagramSession::new(SESSION, TIMEOUT);
        let mut buffer = Vec::new();
        client.start(b"x"[..].into());
        assert!(client.poll_transmit(at(0), &mut buffer));
        client.handle_timeout(at(1_000));
        assert!(client.poll_transmit(at(1_000), &mut buffer), "the tally");
        client.handle_datagram(&answer(1, (0, 1), b"", reflected), at(1_001));
        assert_eq!(client.poll_outcome().unwrap().datagrams.lost, lost, "{reflected}");
    }
}

#[test]
fn a_reflector_that_forgot_the_session_leaves_the_direction_unknown_once() {
    let mut world = World::new(PERFECT, 1);
    for _ in 0..5 {
        assert!(world.exchange(16).elapsed.is_some());
    }
    world.reflector = World::new(PERFECT, 1).reflector;
    let lossy = Network { loss_there: 1.0, ..PERFECT };
    let lose_one = |world: &mut World| {
        world.network = lossy;
        world.client.start(b"x"[..].into());
        let mut buffer = Vec::new();
        assert!(world.client.poll_transmit(world.now, &mut buffer));
        world.network = PERFECT;
        while world.client.poll_timeout().is_some() {
            while world.client.poll_transmit(world.now, &mut buffer) {
                world.send(Way::There, buffer.clone());
            }
            world.step();
        }
        world.client.poll_outcome().unwrap().datagrams.lost
    };
    assert_eq!(lose_one(&mut world), None);
    assert_eq!(lose_one(&mut world), Some(Lost { there: 1, refused: 0, back: 0 }));
}

/// Against the reference, which is the network's own account: on a path that keeps the order and doubles nothing, the
/// direction of every loss is told exactly whenever it is told.
#[test]
fn losses_are_told_by_direction_as_the_network_saw_them() {
    let mut told = 0;
    for seed in 0..100 {
        let mut rng = Rng::from_seed(seed);
        let network =
            Network { loss_there: rng.below(40) as f64 / 100.0, loss_back: rng.below(40) as f64 / 100.0, ..PERFECT };
        let mut world = World::new(network, seed);
        for message in 0..20 {
            let outcome = world.exchange(rng.below(40_000) as usize);
            let datagrams = outcome.datagrams;
            if let Some(lost) = datagrams.lost {
                told += 1;
                assert_eq!(lost, world.truly_lost(), "seed {seed}, message {message}, {datagrams:?}");
            }
            let whole = world.truly_lost() == Lost::default();
            assert_eq!(outcome.elapsed.is_some(), whole, "seed {seed}, message {message}");
        }
    }
    assert!(told > 1_300, "only {told} of 2,000 were told");
}

/// Rate limit: outside loopback the reflector drops what is over it, and says so.
#[test]
fn what_the_rate_limit_drops_is_told_from_loss() {
    let mut world = World::new(PERFECT, 1);
    world.source = SocketAddr::from(([192, 0, 2, 1], 5000));
    let outcome = world.exchange(300 * limits::REFLECTOR_PIECE);
    let lost = Lost { there: 0, refused: 100, back: 0 };
    let datagrams = Datagrams { sent: 301, back: 201, lost: Some(lost), ..Datagrams::default() };
    assert_eq!((world.refused, outcome), (100, Outcome { elapsed: None, datagrams }));
}

/// Under loss, doubling and reordering across message ends: a message has a time exactly when the reference saw all
/// its pieces come back before the end of its time, and the account always adds up.
#[test]
fn a_message_has_a_time_exactly_when_all_of_it_came_back_in_time() {
    let mut whole = 0;
    for seed in 0..300 {
        let mut rng = Rng::from_seed(seed ^ 0xABCD);
        let network = Network {
            loss_there: rng.below(10) as f64 / 100.0,
            loss_back: rng.below(10) as f64 / 100.0,
            duplicate: rng.below(30) as f64 / 100.0,
            delay: Duration::from_millis(5),
            jitter: Duration::from_millis(rng.below(900)),
        };
        let mut world = World::new(network, seed);
        for _ in 0..20 {
            let (number, started) = (world.client.next_message, world.now);
            let bytes = rng.below(10_000) as usize;
            let outcome = world.exchange(bytes);
            let pieces = bytes.div_ceil(limits::REFLECTOR_PIECE).max(1) as u16;
            let arrivals: Option<BTreeSet<Instant>> =
                (0..pieces).map(|piece| world.arrivals.get(&(number, piece)).copied()).collect();
            let last = arrivals.and_then(|arrivals| arrivals.last().copied());
            let expected = last.map(|last| last.since(started)).filter(|elapsed| *elapsed < TIMEOUT);
            assert_eq!(outcome.elapsed, expected, "seed {seed}, message {number}");
            whole += u32::from(expected.is_some());
            let Datagrams { sent, back, lost, .. } = outcome.datagrams;
            if let Some(Lost { there, refused, back: lost_back }) = lost {
                assert_eq!(there + refused + lost_back, sent - back, "seed {seed}, message {number}");
            }
        }
    }
    assert!((1_000..5_900).contains(&whole), "{whole} of 6,000 came back whole: the network is too good or too bad");
}

proptest::proptest! {
    #[test]
    fn any_datagram_is_taken_without_panic(datagrams: Vec<(bool, Vec<u8>)>) {
        let mut client = DatagramSession::new(SESSION, TIMEOUT);
        client.start([1; 3_000][..].into());
        let mut buffer = Vec::new();
        for (flagged, mut datagram) in datagrams {
            client.poll_transmit(at(0), &mut buffer);
            if flagged {
                datagram = [&buffer[..], &datagram].concat();
                wire::answer_in_place(&mut datagram, false);
            }
            client.handle_datagram(&datagram, at(1));
        }
        proptest::prop_assert!(client.poll_outcome().is_none_or(|outcome| outcome.elapsed.is_some()));
    }
}
