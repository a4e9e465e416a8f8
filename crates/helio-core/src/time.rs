//! Two kinds of time, kept apart: [`Instant`] for how long, [`Utc`] for when.

use alloc::string::{String, ToString};
use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A reading of a monotonic clock: nanoseconds since an origin that the driver chose.
///
/// Only differences mean anything, and only between readings of the same clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    nanos: u64,
}

impl Instant {
    /// The origin of the clock.
    pub const ORIGIN: Self = Self { nanos: 0 };

    /// The reading `elapsed` after the clock's origin; times beyond 584 years saturate.
    #[must_use]
    pub fn after_origin(elapsed: Duration) -> Self {
        Self { nanos: nanos(elapsed) }
    }

    /// Nanoseconds since the clock's origin.
    #[must_use]
    pub fn nanos(self) -> u64 {
        self.nanos
    }

    /// Time from `earlier` to `self`; zero when `earlier` is in fact later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self { nanos: self.nanos.saturating_add(nanos(rhs)) }
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, rhs: Self) -> Duration {
        self.since(rhs)
    }
}

/// Whole nanoseconds, as records hold them; more than 584 years saturate.
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A moment of civil time in UTC, in microseconds since 1970-01-01T00:00:00Z (leap seconds not counted).
///
/// It may jump when the machine's clock is set; never subtract two to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utc {
    micros: i64,
}

impl Utc {
    /// The moment `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.micros
    }

    /// RFC 3339 with microseconds, always the same width: `2026-11-22T11:08:40.000123Z`.
    ///
    /// Moments outside the years -9999 to 9999 are shown as the nearest one inside.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let timestamp = jiff::Timestamp::from_microsecond(self.micros).unwrap_or(if self.micros < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        alloc::format!("{timestamp:.6}")
    }

    /// The moment that an RFC 3339 time names, such as `2026-11-22T11:08:40.000Z`; `None` if it names none. What is finer than
    /// a microsecond is cut.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|timestamp| Self::from_micros(timestamp.as_microsecond()))
    }

    /// RFC 3339 with milliseconds, as IRCv3 server-time wants it: `2026-11-22T11:08:40.000Z`.
    #[must_use]
    pub fn rfc3339_millis(self) -> String {
        let mut text = self.rfc3339();
        text.truncate(text.len().saturating_sub("000Z".len()));
        text.push('Z');
        text
    }

    /// A form without colons, fit for a file name: `20261122T110840.000123Z`.
    #[must_use]
    pub fn compact(self) -> String {
        self.rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect::<String>()
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Both kinds of time, read together: what a driver hands to a machine that measures and also writes dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For measuring.
    pub mono: Instant,
    /// For writing down.
    pub utc: Utc,
}

/// A duration as people read it, three figures and the fitting unit: `4.21 µs`, `50.0 ms`, `1.25 s`, `2 min 05 s`.
#[must_use]
pub fn human(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos < 1_000 {
        return alloc::format!("{nanos} ns");
    }
    let seconds = duration.as_secs_f64();
    // Compared after rounding to three figures, so that 999.96 µs becomes 1.00 ms and not 1000 µs.
    for (unit, scale) in [("µs", 1e6), ("ms", 1e3), ("s", 1.0)] {
        let value = seconds * scale;
        let limit = if unit == "s" { 119.95 } else { 999.5 };
        if value < limit {
            return three_figures(value) + " " + unit;
        }
    }
    let whole = libm::round(seconds) as u64;
    match whole / 3600 {
        0 => alloc::format!("{} min {:02} s", whole / 60, whole % 60),
        hours => alloc::format!("{hours} h {:02} min", whole % 3600 / 60),
    }
}

/// `value` with three significant figures, never in exponent form: `1.23`, `12.3`, `123`.
#[must_use]
pub fn three_figures(value: f64) -> String {
    let decimals = match libm::fabs(value) {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => return alloc::format!("{value:.0}"),
    };
    alloc::format!("{value:.decimals$}").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_is_written_as_rfc_3339_with_fixed_width() {
        assert_eq!(Utc::from_micros(0).rfc3339(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Utc::from_micros(1_795_345_720_000_123).rfc3339(), "2026-11-22T11:08:40.000123Z");
        assert_eq!(Utc::from_micros(1_795_345_720_000_123).compact(), "20261122T110840.000123Z");
    }

    #[test]
    fn utc_is_read_as_it_is_written() {
        for micros in [0, 1_795_345_720_000_123, -1, 1_000] {
            assert_eq!(Utc::parse_rfc3339(&Utc::from_micros(micros).rfc3339()), Some(Utc::from_micros(micros)));
        }
        let millis = Utc::parse_rfc3339("2026-11-22T11:08:40.001Z");
        assert_eq!(millis, Some(Utc::from_micros(1_795_345_720_001_000)));
        for wrong in ["", "*", "now", "2026-11-22", "2026-11-22T11:08:40", "2026-13-22T11:08:40Z", "1795345720"] {
            assert_eq!(Utc::parse_rfc3339(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn utc_out_of_range_is_clamped_not_a_panic() {
        assert!(Utc::from_micros(i64::MIN).rfc3339().starts_with('-'));
        assert!(Utc::from_micros(i64::MAX).rfc3339().starts_with("9999"));
    }

    #[test]
    fn instants_saturate_instead_of_wrapping() {
        let end = Instant::after_origin(Duration::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Instant::ORIGIN - end, Duration::ZERO);
    }

    #[test]
    fn human_durations_pick_a_unit_and_three_figures() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (4_213, "4.21 µs"),
            (50_000_000, "50.0 ms"),
            (999_960_000, "1.00 s"),
            (1_250_000_000, "1.25 s"),
            (125_000_000_000, "2 min 05 s"),
            (7_380_000_000_000, "2 h 03 min"),
        ];
        for (nanos, text) in cases {
            assert_eq!(human(Duration::from_nanos(nanos)), text, "{nanos} ns");
        }
    }
}
