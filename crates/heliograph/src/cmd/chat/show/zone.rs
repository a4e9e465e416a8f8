//! The local time zone (tzset(3)).

use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// The zone that the variable `TZ` names, else the machine's, else UTC.
pub(in crate::cmd::chat) fn local() -> TimeZone {
    match std::env::var("TZ").ok().filter(|name| !name.is_empty()) {
        Some(name) => named(name.trim_start_matches(':')),
        None => of_file("local", Path::new("/etc/localtime")),
    }
    .unwrap_or(TimeZone::UTC)
}

/// A zone by its name, its file, or its rules (`CET-1CEST,M3.5.0,M10.5.0/3`).
fn named(name: &str) -> Option<TimeZone> {
    // An absolute name replaces the folder.
    let file = PathBuf::from("/usr/share/zoneinfo").join(name);
    of_file(name, &file).or_else(|| TimeZone::posix(name).ok())
}

fn of_file(name: &str, file: &Path) -> Option<TimeZone> {
    TimeZone::tzif(name, &std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn zones_are_known_by_their_rules() {
        let noon = Timestamp::from_second(1_795_345_200).unwrap();
        let shown = noon.to_zoned(named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()).strftime("%H:%M").to_string();
        assert_eq!(shown, "12:00");
        assert!(named("no such zone").is_none());
        assert!(of_file("local", Path::new("/nonexistent")).is_none());
    }
}
