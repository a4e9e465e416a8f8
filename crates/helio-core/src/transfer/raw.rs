//! The raw mode's decisions: the plain stream without any header, as `nc` and the workshop's client speak it.

use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The name for a stream that brings none: `received-20261122T110840.000123Z`.
#[must_use]
pub fn received_name(now: Utc) -> String {
    format!("received-{}", now.compact())
}

/// The name under which a file grows until it is whole: hidden, in the same directory, `.NAME.part-PID`. When that is
/// taken by what an earlier transfer left, the next `attempt` gives `.NAME.part-PID-2` and so on; the first is 1.
///
/// Names are bytes, as file systems have them. A long `name` is cut so that the result stays within
/// [`limits::FILE_NAME_MAX`].
#[must_use]
pub fn partial_name(name: &[u8], pid: u32, attempt: u32) -> Vec<u8> {
    let suffix = if attempt < 2 { format!(".part-{pid}") } else { format!(".part-{pid}-{attempt}") };
    let room = limits::FILE_NAME_MAX - 1 - suffix.len();
    let mut out = Vec::with_capacity(limits::FILE_NAME_MAX);
    out.push(b'.');
    out.extend_from_slice(&name[..cut_at_char(name, room)]);
    out.extend_from_slice(suffix.as_bytes());
    out
}

/// What became of a source while it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceChange {
    /// It ended where it was said to end, or that was not known.
    None,
    /// More was read than its length at the start: something wrote to it. All that could be read was sent.
    Grew,
    /// Its end came early: something cut it. What could be read was sent; the transfer is incomplete.
    Shrank,
}

/// Compares what was sent with the length that the source had when it was opened.
#[must_use]
pub fn source_change(expected_bytes: Option<u64>, sent_bytes: u64) -> SourceChange {
    match expected_bytes {
        Some(expected) if sent_bytes > expected => SourceChange::Grew,
        Some(expected) if sent_bytes < expected => SourceChange::Shrank,
        Some(_) | None => SourceChange::None,
    }
}

/// The longest prefix of at most `most` bytes that does not end within a UTF-8 character.
fn cut_at_char(name: &[u8], most: usize) -> usize {
    if name.len() <= most {
        return name.len();
    }
    let continues = |at: usize| name[at] & 0b1100_0000 == 0b1000_0000;
    let start = (most.saturating_sub(3)..=most).rev().find(|&at| !continues(at));
    start.unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_made_from_the_time_and_the_process() {
        assert_eq!(received_name(Utc::from_micros(0)), "received-19700101T000000.000000Z");
        assert_eq!(partial_name(b"notes.txt", 42, 1), b".notes.txt.part-42");
        assert_eq!(partial_name(b"notes.txt", 42, 3), b".notes.txt.part-42-3");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = "ü".repeat(127) + "x";
        let partial = partial_name(name.as_bytes(), 4_000_000_000, 1);
        assert_eq!(String::from_utf8(partial).unwrap(), format!(".{}.part-4000000000", "ü".repeat(119)));
    }

    #[test]
    fn a_source_is_compared_with_its_length_at_the_start() {
        assert_eq!(source_change(None, 7), SourceChange::None);
        assert_eq!(source_change(Some(7), 7), SourceChange::None);
        assert_eq!(source_change(Some(7), 8), SourceChange::Grew);
        assert_eq!(source_change(Some(7), 6), SourceChange::Shrank);
    }

    proptest! {
        #[test]
        fn partial_names_fit_and_stay_utf8(name in ".{0,300}", pid: u32, attempt in 2u32..) {
            let partial = partial_name(name.as_bytes(), pid, attempt);
            prop_assert!(partial.len() <= limits::FILE_NAME_MAX);
            let suffix = format!(".part-{pid}-{attempt}");
            prop_assert!(partial.starts_with(b".") && partial.ends_with(suffix.as_bytes()));
            prop_assert!(core::str::from_utf8(&partial).is_ok());
        }

        #[test]
        fn any_bytes_make_a_partial_name(name: Vec<u8>, pid: u32) {
            prop_assert!(partial_name(&name, pid, 1).len() <= limits::FILE_NAME_MAX);
        }
    }
}
