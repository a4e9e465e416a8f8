//! In which order a comparison measures what.

use crate::rng::Rng;
use alloc::vec::Vec;
use serde::Serialize;

// spec: begin
/// How a payload travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Over one TCP connection that stays open for the whole comparison.
    TcpKept,
    /// Over a TCP connection of its own.
    TcpNew,
    /// In UDP datagrams.
    Udp,
}
// spec: end

impl Transport {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 3] = [Self::TcpKept, Self::TcpNew, Self::Udp];
}

/// What is compared with what: one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Configuration {
    /// Bytes of the payload, in one direction.
    pub size_bytes: usize,
    /// How they travel.
    pub transport: Transport,
}

/// One exchange to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to measure.
    pub configuration: Configuration,
    /// Not counted: the first exchanges pay for cold caches, neighbour lookups and slow start.
    pub warm_up: bool,
}

/// The order of all exchanges: rounds that hold every configuration once, each in a random order of its own.
///
/// Rounds make every configuration meet the same quiet and busy times; the random order keeps one from always following
/// the same other. The first `warm_ups` rounds are marked so. The same seed gives the same order.
#[must_use]
pub fn plan(configurations: &[Configuration], warm_ups: u32, runs: u32, seed: u64) -> Vec<Step> {
    let mut rng = Rng::from_seed(seed);
    let rounds = u64::from(warm_ups) + u64::from(runs);
    let mut steps = Vec::new();
    for round in 0..rounds {
        let mut order = configurations.to_vec();
        rng.shuffle(&mut order);
        let warm_up = round < u64::from(warm_ups);
        steps.extend(order.into_iter().map(|configuration| Step { configuration, warm_up }));
    }
    steps
}

/// Every size over every transport, in the order of the table.
#[must_use]
pub fn configurations(sizes_bytes: &[usize], transports: &[Transport]) -> Vec<Configuration> {
    let of_size = |size_bytes| transports.iter().map(move |&transport| Configuration { size_bytes, transport });
    sizes_bytes.iter().flat_map(|&size_bytes| of_size(size_bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::{BTreeMap, BTreeSet};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_configuration_is_in_every_round_once(
            sizes in proptest::collection::btree_set(1usize..100, 1..6),
            warm_ups in 0u32..4, runs in 0u32..20, seed: u64,
        ) {
            let sizes: Vec<usize> = sizes.into_iter().collect();
            let all = configurations(&sizes, &Transport::ALL);
            let steps = plan(&all, warm_ups, runs, seed);
            prop_assert_eq!(steps.len(), all.len() * (warm_ups + runs) as usize);
            for (round, steps) in steps.chunks(all.len()).enumerate() {
                let seen: BTreeSet<_> = steps.iter().map(|step| step.configuration).collect();
                prop_assert_eq!(seen.len(), all.len());
                prop_assert!(steps.iter().all(|step| step.warm_up == (round < warm_ups as usize)));
            }
            prop_assert_eq!(plan(&all, warm_ups, runs, seed), steps);
        }
    }

    /// With six orders of three and 600 rounds, 100 are expected of each; 60 to 140 is four standard deviations.
    #[test]
    fn every_order_of_a_round_is_about_as_frequent() {
        let all = configurations(&[16], &Transport::ALL);
        let mut orders = BTreeMap::new();
        for round in plan(&all, 0, 600, 42).chunks(3) {
            let order: Vec<_> = round.iter().map(|step| step.configuration.transport).collect();
            *orders.entry(order).or_insert(0u32) += 1;
        }
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|count| (60..140).contains(count)), "{orders:?}");
    }
}
