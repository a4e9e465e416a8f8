//! Is the machine's clock right? Messages are kept with its time, and certificates judged by it.

use super::{Finding, Patient};
use helio_core::time::Utc;
use helio_net::clock::utc_now;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Before this program was written: no machine that runs it may say so.
const EARLIEST: i64 = 1_767_225_600_000_000;

/// 2100-01-01, as far ahead as no clock goes by itself.
const LATEST: i64 = 4_102_444_800_000_000;

/// What a clock may be behind what it said before, in microseconds: a step that NTP makes.
const STEP: i64 = 2_000_000;

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let newest = patient.settings.data_dir.as_ref().and_then(|data| newest_write(&data.join("store")));
    vec![judge(utc_now(), newest)]
}

fn judge(now: Utc, newest: Option<Utc>) -> Finding {
    let advice = "set it, and let NTP keep it (timedatectl set-ntp true)";
    if !(EARLIEST..LATEST).contains(&now.micros()) {
        return Finding::fail(format_args!("the clock says {}", now.rfc3339()), advice);
    }
    match newest.filter(|newest| newest.micros() > now.micros() + STEP) {
        Some(newest) => Finding::warn(
            format_args!(
                "the clock says {}, and the store was written at {}: it was set back, and new messages sort before old ones",
                now.rfc3339(),
                newest.rfc3339()
            ),
            advice,
        ),
        None => Finding::ok(format_args!("the clock says {}", now.rfc3339())),
    }
}

/// When something was last written to the store.
fn newest_write(store: &Path) -> Option<Utc> {
    let entries = fs::read_dir(store).ok()?;
    let times = entries.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok());
    let since = times.max()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Utc::from_micros)
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn at(text: &str) -> Utc {
        Utc::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn the_year_must_be_plausible_and_time_must_not_go_back() {
        let level = |now, newest: Option<&str>| judge(at(now), newest.map(at)).level;
        assert_eq!(level("1970-01-01T00:00:10Z", None), Level::Fail);
        assert_eq!(level("2105-01-01T00:00:00Z", None), Level::Fail);
        assert_eq!(level("2027-03-01T12:00:00Z", None), Level::Ok);
        assert_eq!(level("2027-03-01T12:00:00Z", Some("2027-03-01T12:00:01Z")), Level::Ok);
        assert_eq!(level("2027-03-01T12:00:00Z", Some("2027-03-01T12:10:00Z")), Level::Warn);
    }
}
