//! Reading an error answer, and how long a limit that it speaks of lasts.

use super::answer::reason_text;
use crate::limits;
use crate::time::Utc;
use alloc::string::String;
use core::fmt;
use core::time::Duration;
use serde::Deserialize;

/// The reason in an error answer (`{"error":true,"reason":"…"}`), made safe to show; `None` when `body` is none.
#[must_use]
pub fn parse_refusal(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Raw {
        error: bool,
        reason: Option<String>,
    }
    let raw: Raw = serde_json::from_slice(body).ok()?;
    raw.error.then(|| reason_text(raw.reason.as_deref()))
}

/// A limit of the free service that was reached, told by the reason of a 429 answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Requests at the same time.
    Concurrent,
    /// 600 requests a minute; counted anew every minute.
    Minute,
    /// 5,000 requests an hour; counted anew at the full hour.
    Hour,
    /// 10,000 requests a day; counted anew at 00:00 UTC.
    Day,
}

impl Limit {
    /// The limit that `reason` speaks of; `None` for any other text.
    #[must_use]
    pub fn from_reason(reason: &str) -> Option<Self> {
        let reason = reason.to_ascii_lowercase();
        // The reasons' own first words; their second sentences ("try again in one minute") could mislead.
        [("daily", Self::Day), ("hourly", Self::Hour), ("minutely", Self::Minute), ("concurrent", Self::Concurrent)]
            .into_iter()
            .find(|(word, _)| reason.contains(word))
            .map(|(_, limit)| limit)
    }

    /// How long from `now` until asking again makes sense. The service sends no `Retry-After`; this is computed from
    /// the documented windows. Its minutes need not be those of the clock, so a whole one is waited.
    #[must_use]
    pub fn wait(self, now: Utc) -> Duration {
        match self {
            Self::Concurrent => limits::WEATHER_CONCURRENT_WAIT,
            Self::Minute => Duration::from_mins(1),
            Self::Hour => until_next(Duration::from_hours(1), now),
            Self::Day => until_next(Duration::from_hours(24), now),
        }
    }
}

/// What is counted, and until when.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Concurrent => "requests at the same time",
            Self::Minute => "requests a minute",
            Self::Hour => "requests an hour, counted anew at the full hour",
            Self::Day => "requests a day, counted anew at 00:00 UTC",
        })
    }
}

/// Time to the next multiple of `window` since the epoch, never zero; rounded up to whole seconds.
fn until_next(window: Duration, now: Utc) -> Duration {
    let window_micros = window.as_micros() as i64;
    let rest_micros = window_micros - now.micros().rem_euclid(window_micros);
    Duration::from_secs((rest_micros as u64).div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_reasons_name_their_window() {
        let cases = [
            ("Minutely API request limit exceeded. Please try again in one minute.", Some(Limit::Minute)),
            ("Hourly API request limit exceeded. Please try again in the next hour.", Some(Limit::Hour)),
            ("Daily API request limit exceeded. Please try again tomorrow.", Some(Limit::Day)),
            ("Too many concurrent requests", Some(Limit::Concurrent)),
            ("Please try again in one minute", None),
            ("", None),
        ];
        for (reason, limit) in cases {
            assert_eq!(Limit::from_reason(reason), limit, "{reason}");
        }
    }

    #[test]
    fn the_wait_ends_with_the_window() {
        // 2026-11-22T11:08:40.000123Z
        let now = Utc::from_micros(1_795_345_720_000_123);
        assert_eq!(Limit::Minute.wait(now), Duration::from_mins(1));
        assert_eq!(Limit::Hour.wait(now), Duration::from_secs(51 * 60 + 20));
        assert_eq!(Limit::Day.wait(now), Duration::from_secs(12 * 3600 + 51 * 60 + 20));
        assert_eq!(Limit::Concurrent.wait(now), Duration::from_secs(5));
        let full_hour = Utc::from_micros(1_795_345_200_000_000);
        assert_eq!(Limit::Hour.wait(full_hour), Duration::from_hours(1));
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter() {
        assert_eq!(parse_refusal(br#"{"error":true,"reason":"why"}"#).as_deref(), Some("why"));
        assert_eq!(parse_refusal(br#"{"reason":"why","error":true}"#).as_deref(), Some("why"));
        assert_eq!(parse_refusal(br#"{"error":true}"#).as_deref(), Some("no reason given"));
        assert_eq!(parse_refusal(br#"{"error":false,"reason":"why"}"#), None);
        assert_eq!(parse_refusal(b"<html>"), None);
        assert_eq!(parse_refusal(br#"{"error":true,"reason":"a\u001b[2Jb"}"#).as_deref(), Some(r"a\u{1b}[2Jb"));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_zero_nor_longer_than_its_window(micros: i64) {
            let now = Utc::from_micros(micros);
            for (limit, window) in [(Limit::Hour, 3_600), (Limit::Day, 86_400)] {
                let wait = limit.wait(now);
                prop_assert!(wait > Duration::ZERO && wait <= Duration::from_secs(window));
            }
        }
    }
}
