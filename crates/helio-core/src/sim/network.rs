//! A datagram network with faults, decided by a seed.

use crate::rng::Rng;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;

/// What one direction of a link does to datagrams. The default delivers all of them at once and in order.
#[derive(Clone, Debug, Default)]
pub struct LinkOptions {
    /// Share of datagrams that vanish.
    pub loss: f64,
    /// Time that every datagram takes.
    pub delay: Duration,
    /// Up to this much more, drawn for each; does not change the order.
    pub jitter: Duration,
    /// Share of datagrams that come twice.
    pub duplication: f64,
    /// Share of datagrams that are held back by up to `reordering_delay`, so that later ones overtake them.
    pub reordering: f64,
    /// How long a reordered datagram may be held back.
    pub reordering_delay: Duration,
    /// Times in which everything sent is lost.
    pub cuts: Vec<Range<Instant>>,
}

/// What happened to one datagram that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It vanished.
    Lost,
    /// It was sent while the link was cut.
    Cut,
    /// It will come once.
    Delivered,
    /// It will come twice.
    Duplicated,
}

/// A datagram at its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it.
    pub from: SocketAddr,
    /// Whom it is for.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: Vec<u8>,
}

/// What one direction of a link has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Datagrams handed in.
    pub sent: u64,
    /// Of these, vanished or sent into a cut.
    pub lost: u64,
    /// Of these, coming twice.
    pub duplicated: u64,
    /// Of these, held back.
    pub held_back: u64,
    /// Datagrams handed out.
    pub delivered: u64,
}

/// The network between any number of addresses.
#[derive(Debug)]
pub struct Network {
    rng: Rng,
    default_link: LinkOptions,
    links: BTreeMap<(SocketAddr, SocketAddr), Link>,
    under_way: BTreeMap<(Instant, u64), Delivery>,
    next_order: u64,
}

#[derive(Debug)]
struct Link {
    options: LinkOptions,
    stats: LinkStats,
    /// Later datagrams come no earlier than this, unless they are reordered.
    last_arrival: Instant,
}

impl Network {
    /// A network whose links all do what `default_link` says.
    #[must_use]
    pub fn new(seed: u64, default_link: LinkOptions) -> Self {
        let (links, under_way) = (BTreeMap::new(), BTreeMap::new());
        Self { rng: Rng::from_seed(seed), default_link, links, under_way, next_order: 0 }
    }

    /// Changes one direction of one link from now on; datagrams under way are not touched.
    pub fn set_link(&mut self, from: SocketAddr, to: SocketAddr, options: LinkOptions) {
        self.link(from, to).options = options;
    }

    /// What one direction of one link has done.
    #[must_use]
    pub fn stats(&self, from: SocketAddr, to: SocketAddr) -> LinkStats {
        self.links.get(&(from, to)).map(|link| link.stats).unwrap_or_default()
    }

    /// Sends one datagram and says what will become of it.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], now: Instant) -> Fate {
        // One draw of the network's generator for each datagram: what happens to one does not change the next one's luck.
        let mut rng = Rng::from_seed(self.rng.next_u64());
        let link = self.link(from, to);
        let arrivals = link.decide(&mut rng, now);
        let fate = match (arrivals.len(), link.is_cut(now)) {
            (0, true) => Fate::Cut,
            (0, false) => Fate::Lost,
            (1, _) => Fate::Delivered,
            _ => Fate::Duplicated,
        };
        for arrival in arrivals {
            self.under_way.insert((arrival, self.next_order), Delivery { from, to, bytes: bytes.to_vec() });
            self.next_order += 1;
        }
        fate
    }

    /// When the next datagram arrives.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.keys().next().map(|&(at, _)| at)
    }

    /// The next datagram that has arrived by `now`.
    pub fn poll_delivery(&mut self, now: Instant) -> Option<Delivery> {
        let entry = self.under_way.first_entry().filter(|entry| entry.key().0 <= now)?;
        let delivery = entry.remove();
        self.link(delivery.from, delivery.to).stats.delivered += 1;
        Some(delivery)
    }

    fn link(&mut self, from: SocketAddr, to: SocketAddr) -> &mut Link {
        let options = &self.default_link;
        self.links.entry((from, to)).or_insert_with(|| Link {
            options: options.clone(),
            stats: LinkStats::default(),
            last_arrival: Instant::ORIGIN,
        })
    }
}

impl Link {
    fn is_cut(&self, now: Instant) -> bool {
        self.options.cuts.iter().any(|cut| cut.contains(&now))
    }

    /// When the copies of a datagram sent at `now` arrive; none when it is lost.
    fn decide(&mut self, rng: &mut Rng, now: Instant) -> Vec<Instant> {
        self.stats.sent += 1;
        if self.is_cut(now) || rng.chance(self.options.loss) {
            self.stats.lost += 1;
            return Vec::new();
        }
        let duplicated = rng.chance(self.options.duplication);
        self.stats.duplicated += u64::from(duplicated);
        (0..1 + usize::from(duplicated)).map(|_| self.arrival(rng, now)).collect()
    }

    fn arrival(&mut self, rng: &mut Rng, now: Instant) -> Instant {
        let at = now + self.options.delay + up_to(rng, self.options.jitter);
        let in_order = at.max(self.last_arrival);
        if rng.chance(self.options.reordering) {
            self.stats.held_back += 1;
            return in_order + up_to(rng, self.options.reordering_delay);
        }
        self.last_arrival = in_order;
        in_order
    }
}

fn up_to(rng: &mut Rng, most: Duration) -> Duration {
    let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(rng.below(nanos.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(millis: u64) -> Instant {
        Instant::after_origin(Duration::from_millis(millis))
    }

    fn ends() -> (SocketAddr, SocketAddr) {
        ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:2".parse().unwrap())
    }

    /// Sends 1,000 numbered datagrams, one each millisecond, and returns the numbers in the order of arrival.
    fn arrivals(network: &mut Network) -> Vec<u64> {
        let (a, b) = ends();
        for n in 0..1_000u64 {
            network.send(a, b, &n.to_be_bytes(), at(n));
        }
        let delivered = core::iter::from_fn(|| network.poll_delivery(at(1_000_000)));
        delivered.map(|d: Delivery| u64::from_be_bytes(d.bytes.try_into().unwrap())).collect()
    }

    #[test]
    fn a_perfect_link_delivers_all_in_order_after_its_delay() {
        let (a, b) = ends();
        let mut network = Network::new(1, LinkOptions { delay: 5 * MS, ..LinkOptions::default() });
        assert_eq!(network.send(a, b, b"x", at(10)), Fate::Delivered);
        assert_eq!(network.poll_timeout(), Some(at(15)));
        assert_eq!(network.poll_delivery(at(14)), None);
        assert_eq!(network.poll_delivery(at(15)), Some(Delivery { from: a, to: b, bytes: b"x".to_vec() }));
        assert_eq!(network.poll_timeout(), None);
        assert!(arrivals(&mut network).is_sorted());
    }

    #[test]
    fn jitter_alone_never_reorders() {
        let options = LinkOptions { delay: 5 * MS, jitter: 50 * MS, ..LinkOptions::default() };
        assert!((0..20).all(|seed| arrivals(&mut Network::new(seed, options.clone())).is_sorted()));
    }

    #[test]
    fn faults_hit_their_share_and_are_counted() {
        let (a, b) = ends();
        let options = LinkOptions {
            loss: 0.1,
            duplication: 0.2,
            reordering: 0.3,
            reordering_delay: 20 * MS,
            ..LinkOptions::default()
        };
        let mut network = Network::new(3, options);
        let order = arrivals(&mut network);
        let stats = network.stats(a, b);
        assert_eq!(stats.delivered, stats.sent - stats.lost + stats.duplicated);
        assert_eq!(stats.delivered, order.len() as u64);
        assert!((60..140).contains(&stats.lost), "{stats:?}");
        assert!((120..240).contains(&stats.duplicated), "{stats:?}");
        assert!(!order.is_sorted());
        assert_eq!(network.stats(b, a), LinkStats::default());
    }

    #[test]
    fn a_cut_loses_exactly_what_is_sent_in_it_one_way() {
        let (a, b) = ends();
        let mut network = Network::new(4, LinkOptions::default());
        network.set_link(a, b, LinkOptions { cuts: [at(100)..at(200)].to_vec(), ..LinkOptions::default() });
        let order = arrivals(&mut network);
        assert_eq!(order, (0..100).chain(200..1_000).collect::<Vec<u64>>());
        assert_eq!(network.send(a, b, b"x", at(150)), Fate::Cut);
        assert_eq!(network.send(b, a, b"x", at(150)), Fate::Delivered);
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let options = LinkOptions { loss: 0.3, jitter: 9 * MS, duplication: 0.3, ..LinkOptions::default() };
        let run = |seed| arrivals(&mut Network::new(seed, options.clone()));
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }
}
