//! Statistics of a set of times, which say nothing when there are too few of them.

use crate::rng::Rng;
use alloc::vec::Vec;
use serde::Serialize;

/// Samples from which quartiles are told. Below it a quartile is hardly more than one of the values.
pub const QUARTILE_SAMPLES: usize = 5;

/// Samples that must lie beyond a percentile for it to be told: the 90th from 100 on, the 99th from 1,000 on.
pub const SAMPLES_BEYOND: usize = 10;

/// Resamplings behind a confidence interval.
const RESAMPLINGS: usize = 1_000;

// spec: begin
/// What a set of times says, in nanoseconds. What the number of samples does not carry is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Number of samples.
    pub samples: usize,
    /// The smallest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ns: Option<u64>,
    /// First quartile, from [`QUARTILE_SAMPLES`] samples on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p25_ns: Option<u64>,
    /// The median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_ns: Option<u64>,
    /// Third quartile, from [`QUARTILE_SAMPLES`] samples on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p75_ns: Option<u64>,
    /// 90th percentile, from 100 samples on; see [`SAMPLES_BEYOND`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ns: Option<u64>,
    /// 99th percentile, from 1,000 samples on; see [`SAMPLES_BEYOND`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<u64>,
    /// The largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<u64>,
    /// Median of the distances from the median, not scaled; from [`QUARTILE_SAMPLES`] samples on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mad_ns: Option<u64>,
}
// spec: end

impl Summary {
    /// Summarises `times`, in any order.
    #[must_use]
    pub fn of(times: &[u64]) -> Self {
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        let enough = sorted.len() >= QUARTILE_SAMPLES;
        let quartile = |q| if enough { quantile(&sorted, q) } else { None };
        Self {
            samples: sorted.len(),
            min_ns: sorted.first().copied(),
            p25_ns: quartile(0.25),
            median_ns: quantile(&sorted, 0.5),
            p75_ns: quartile(0.75),
            p90_ns: percentile(&sorted, 0.90),
            p99_ns: percentile(&sorted, 0.99),
            max_ns: sorted.last().copied(),
            mad_ns: if enough { median_absolute_deviation(&sorted) } else { None },
        }
    }
}

/// The `q`-quantile (0 to 1) of values in ascending order, between two of them by linear interpolation: type 7 of
/// Hyndman and Fan (1996), as R and NumPy do by default. `None` without values.
#[must_use]
pub fn quantile(sorted: &[u64], q: f64) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = q.clamp(0.0, 1.0) * last as f64;
    let below = libm::floor(rank);
    let (low, high) = (*sorted.get(below as usize)?, *sorted.get((below as usize + 1).min(last))?);
    // The difference is interpolated, not the values: a u64 beyond 2^53 would lose its last digits in an f64.
    let step = libm::round((high.saturating_sub(low)) as f64 * (rank - below)) as u64;
    Some(low.saturating_add(step).min(high))
}

/// Like [`quantile`], but `None` unless at least [`SAMPLES_BEYOND`] values lie beyond it.
#[must_use]
pub fn percentile(sorted: &[u64], q: f64) -> Option<u64> {
    // Rounded to whole samples, because 1000 × (1 − 0.99) is a little less than 10 in binary.
    let beyond = libm::round(sorted.len() as f64 * (1.0 - q) * 1e6) / 1e6;
    if beyond >= SAMPLES_BEYOND as f64 { quantile(sorted, q) } else { None }
}

/// How two sets of times compare.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Median of the one over the median of the other.
    pub of_medians: f64,
    /// 95 % confidence interval of it, if both sets have at least [`QUARTILE_SAMPLES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_95: Option<(f64, f64)>,
}

impl Ratio {
    /// `times` over `base`; `None` if one of them is empty or the median of `base` is 0.
    ///
    /// The interval is the percentile bootstrap: both sets are drawn again with replacement, 1,000 times, by `rng`.
    #[must_use]
    pub fn of(times: &[u64], base: &[u64], rng: &mut Rng) -> Option<Self> {
        let of_medians = over(median(times.to_vec())?, median(base.to_vec())?)?;
        if times.len() < QUARTILE_SAMPLES || base.len() < QUARTILE_SAMPLES {
            return Some(Self { of_medians, interval_95: None });
        }
        let mut ratios: Vec<f64> = (0..RESAMPLINGS)
            .filter_map(|_| over(median(resample(times, rng))?, median(resample(base, rng))?))
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let at =
            |share: f64| ratios.get(libm::round(share * (ratios.len().saturating_sub(1)) as f64) as usize).copied();
        Some(Self { of_medians, interval_95: at(0.025).zip(at(0.975)) })
    }

    /// True if the interval tells a difference from 1.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.interval_95.is_some_and(|(low, high)| low > 1.0 || high < 1.0)
    }
}

fn over(time: u64, base: u64) -> Option<f64> {
    (base > 0).then(|| time as f64 / base as f64)
}

fn median(mut times: Vec<u64>) -> Option<u64> {
    times.sort_unstable();
    quantile(&times, 0.5)
}

fn median_absolute_deviation(sorted: &[u64]) -> Option<u64> {
    let middle = quantile(sorted, 0.5)?;
    median(sorted.iter().map(|time| time.abs_diff(middle)).collect())
}

fn resample(times: &[u64], rng: &mut Rng) -> Vec<u64> {
    (0..times.len()).filter_map(|_| times.get(rng.below(times.len() as u64) as usize).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// Values from R: `quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .75, 1), type = 7)`.
    #[test]
    fn quantiles_are_those_of_type_7() {
        let times = [10, 20, 40, 80, 160];
        let told: Vec<_> = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0].iter().map(|q| quantile(&times, *q)).collect();
        assert_eq!(told, [10, 14, 20, 40, 80, 160].map(Some));
        assert_eq!(quantile(&[1, 4], 0.5), Some(3), "2.5 is rounded");
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7], 0.9), Some(7));
        assert_eq!(quantile(&[u64::MAX - 2, u64::MAX], 0.5), Some(u64::MAX - 1));
    }

    #[test]
    fn too_few_samples_say_nothing_instead_of_something_wrong() {
        let times: Vec<u64> = (1..=1_000).collect();
        let absent = |n: usize| {
            let s = Summary::of(&times[..n]);
            [s.min_ns, s.median_ns, s.p25_ns, s.mad_ns, s.p90_ns, s.p99_ns].map(|value| value.is_none())
        };
        assert_eq!(absent(0), [true, true, true, true, true, true]);
        assert_eq!(absent(1), [false, false, true, true, true, true]);
        assert_eq!(absent(4), [false, false, true, true, true, true]);
        assert_eq!(absent(5), [false, false, false, false, true, true]);
        assert_eq!(absent(99), [false, false, false, false, true, true]);
        assert_eq!(absent(100), [false, false, false, false, false, true]);
        assert_eq!(absent(999), [false, false, false, false, false, true]);
        assert_eq!(absent(1_000), [false; 6]);
    }

    #[test]
    fn the_median_absolute_deviation_shrugs_at_one_stall() {
        let s = Summary::of(&[10, 11, 12, 13, 1_000_000]);
        assert_eq!((s.median_ns, s.mad_ns, s.max_ns), (Some(12), Some(1), Some(1_000_000)));
    }

    #[test]
    fn a_ratio_tells_a_difference_only_when_there_is_one() {
        let slow: Vec<u64> = (200..230).collect();
        let fast: Vec<u64> = (100..130).collect();
        let told = Ratio::of(&slow, &fast, &mut Rng::from_seed(1)).unwrap();
        assert!(told.differs() && (1.8..2.0).contains(&told.of_medians), "{told:?}");
        let (low, high) = told.interval_95.unwrap();
        assert!(1.6 < low && low < told.of_medians && told.of_medians < high && high < 2.2, "{told:?}");
        assert!(!Ratio::of(&fast, &fast, &mut Rng::from_seed(1)).unwrap().differs());
        assert_eq!(Ratio::of(&[9], &[3], &mut Rng::from_seed(1)), Some(Ratio { of_medians: 3.0, interval_95: None }));
        assert_eq!(Ratio::of(&[], &[3], &mut Rng::from_seed(1)), None);
        assert_eq!(Ratio::of(&[3], &[0], &mut Rng::from_seed(1)), None);
    }

    /// The interval holds the true ratio about as often as it says: 95 of 100 sets drawn from the same distribution
    /// must not be told apart. 34 of 40 leave room for the small sets and the chance of these seeds.
    #[test]
    fn the_interval_covers_the_truth() {
        let covered = (0..40).filter(|seed| {
            let mut rng = Rng::from_seed(*seed);
            let mut draw = || (0..20).map(|_| 1_000 + rng.below(1_000)).collect::<Vec<u64>>();
            let (a, b) = (draw(), draw());
            !Ratio::of(&a, &b, &mut rng).unwrap().differs()
        });
        let covered = covered.count();
        assert!(covered >= 34, "{covered} of 40");
    }

    proptest! {
        #[test]
        fn a_summary_is_in_order_and_ignores_the_order_of_samples(mut times: Vec<u64>, seed: u64) {
            let told = Summary::of(&times);
            Rng::from_seed(seed).shuffle(&mut times);
            prop_assert_eq!(&Summary::of(&times), &told);
            let steps = [told.min_ns, told.p25_ns, told.median_ns, told.p75_ns, told.p90_ns, told.p99_ns, told.max_ns];
            let steps: Vec<u64> = steps.into_iter().flatten().collect();
            prop_assert!(steps.is_sorted(), "{:?}", told);
        }
    }
}
