//! When a log file is rotated, what the rotated ones are called and which of them go; see `spec/log.md`, "Rotation".

use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// When a file is rotated; both may be set, neither means never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Before the record that would make the file larger than this many bytes. A larger record gets a file alone.
    pub max_bytes: Option<u64>,
    /// This long after the file's first byte.
    pub max_age: Option<Duration>,
}

impl Rotation {
    /// True when a file of `size` bytes must make room for a record of `next` bytes. Never for an empty file.
    #[must_use]
    pub fn is_due_by_size(&self, size: u64, next: u64) -> bool {
        self.max_bytes.is_some_and(|max| size > 0 && size.saturating_add(next) > max)
    }
}

// spec: begin
const COMPRESSED: &str = ".zst";
const HALF_MADE: &str = ".zst.tmp";
/// `20261122T110840.000123Z`
const STAMP_BYTES: usize = 23;
// spec: end

/// The name for `base` when it is rotated at `now`, given the names in its directory: later than every rotated one's,
/// also when the clock was set back, so that the order of names is the order of contents.
#[must_use]
pub fn rotated_name<'a>(base: &str, now: Utc, names: impl IntoIterator<Item = &'a str>) -> String {
    let latest = names.into_iter().filter_map(|name| parse_stamp(stamp_of(base, name)?)).max();
    let at = latest.map_or(now, |latest| now.max(Utc::from_micros(latest.micros() + 1)));
    format!("{base}.{}", at.compact())
}

/// The name of `rotated` once it is compressed.
#[must_use]
pub fn compressed_name(rotated: &str) -> String {
    format!("{rotated}{COMPRESSED}")
}

/// The name under which the compressed form of `rotated` is made. What has it was not finished.
#[must_use]
pub fn half_made_name(rotated: &str) -> String {
    format!("{rotated}{HALF_MADE}")
}

/// The rotated files of `base` among `names`, oldest first, each by its uncompressed name with the names that exist of it.
#[must_use]
pub fn rotated_set<'a>(base: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<RotatedFile> {
    let mut files = alloc::collections::BTreeMap::<String, RotatedFile>::new();
    for name in names {
        let Some(stamp) = stamp_of(base, name) else { continue };
        let plain = format!("{base}.{stamp}");
        let file = files.entry(plain.clone()).or_insert(RotatedFile {
            name: plain,
            is_plain: false,
            is_compressed: false,
            is_half_made: false,
        });
        match &name[file.name.len()..] {
            COMPRESSED => file.is_compressed = true,
            HALF_MADE => file.is_half_made = true,
            _ => file.is_plain = true,
        }
    }
    files.into_values().collect()
}

/// One rotated file, in the forms in which it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotatedFile {
    /// Its uncompressed name.
    pub name: String,
    /// It exists under that name.
    pub is_plain: bool,
    /// Its compressed form is complete.
    pub is_compressed: bool,
    /// A compression was interrupted, or is going on.
    pub is_half_made: bool,
}

/// Those of `files`, oldest first as [`rotated_set`] gives them, that go so that `keep` stay.
#[must_use]
pub fn surplus(files: &[RotatedFile], keep: usize) -> &[RotatedFile] {
    &files[..files.len().saturating_sub(keep)]
}

/// The stamp in `name`, if it is the name of a rotated file of `base` in any of its forms.
fn stamp_of<'a>(base: &str, name: &'a str) -> Option<&'a str> {
    let rest = name.strip_prefix(base)?.strip_prefix('.')?;
    let stamp = rest.get(..STAMP_BYTES)?;
    let is_known_form = matches!(&rest[STAMP_BYTES..], "" | COMPRESSED | HALF_MADE);
    (is_known_form && parse_stamp(stamp).is_some_and(|at| at.compact() == stamp)).then_some(stamp)
}

fn parse_stamp(stamp: &str) -> Option<Utc> {
    // RFC 3339's basic form, which jiff reads as it does the extended one.
    stamp.parse::<jiff::Timestamp>().ok().map(|at| Utc::from_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const STAMP: &str = "20261122T110840.000123Z";

    #[test]
    fn rotation_is_due_before_the_record_that_would_be_too_much() {
        let rotation = Rotation { max_bytes: Some(100), max_age: None };
        assert!(!rotation.is_due_by_size(60, 40));
        assert!(rotation.is_due_by_size(60, 41));
        assert!(!rotation.is_due_by_size(0, 1000), "an empty file is never rotated");
        assert!(rotation.is_due_by_size(100, 1));
        assert!(!Rotation::default().is_due_by_size(u64::MAX, 1));
    }

    #[test]
    fn rotated_names_carry_the_time_and_only_ever_rise() {
        let now = Utc::from_micros(1_795_345_720_000_123);
        assert_eq!(rotated_name("log.txt", now, []), "log.txt.20261122T110840.000123Z");
        let taken = "log.txt.20261122T110840.000123Z.zst";
        assert_eq!(rotated_name("log.txt", now, [taken]), "log.txt.20261122T110840.000124Z");
        let clock_was_ahead = "log.txt.20291231T235959.999999Z";
        assert_eq!(rotated_name("log.txt", now, [clock_was_ahead, taken]), "log.txt.20300101T000000.000000Z");
        let impossible_date = "log.txt.20269999T999999.999999Z";
        assert_eq!(rotated_name("log.txt", now, [impossible_date]), "log.txt.20261122T110840.000123Z");
    }

    #[test]
    fn only_our_own_names_are_taken_for_rotated_files() {
        let ours = |name: &str| !rotated_set("log.txt", [name]).is_empty();
        assert!(ours(&("log.txt.".to_string() + STAMP)));
        for other in [
            "log.txt",
            "log.txt.1",
            "log.txt.20261122T110840.000123Z.gz",
            "log.txt.20261122T110840.000123",
            "log.txt.2026112éT110840.00012Z",
            "other.20261122T110840.000123Z",
            "log.txt2.20261122T110840.000123Z",
        ] {
            assert!(!ours(other), "{other}");
        }
    }

    #[test]
    fn the_forms_of_one_file_count_as_one_and_the_oldest_go() {
        let a = "l.20260101T000000.000000Z";
        let b = "l.20260102T000000.000000Z";
        let c = "l.20260103T000000.000000Z";
        let names = [compressed_name(b), c.into(), b.into(), half_made_name(c), a.into(), "l".into()];
        let files = rotated_set("l", names.iter().map(String::as_str));
        let plain = |name: &str, is_compressed, is_half_made| RotatedFile {
            name: name.into(),
            is_plain: true,
            is_compressed,
            is_half_made,
        };
        assert_eq!(files, [plain(a, false, false), plain(b, true, false), plain(c, false, true)]);
        assert_eq!(surplus(&files, 2), &files[..1]);
        assert_eq!(surplus(&files, 3), []);
        assert_eq!(surplus(&files, 0), &files[..]);
    }
}
