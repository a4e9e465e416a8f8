//! Lines come out the same however the bytes were cut into reads, and nothing grows beyond its bound.

use super::*;
use alloc::string::ToString as _;
use alloc::{format, vec};
use proptest::prelude::*;

type Lines = Vec<Result<Vec<u8>, LineError>>;

/// All lines of one read.
fn feed(buffer: &mut LineBuffer, read: &[u8]) -> Lines {
    let mut input = read;
    let mut lines = Vec::new();
    while let Some(line) = buffer.poll_line(&mut input) {
        lines.push(line.map(<[u8]>::to_vec));
    }
    assert!(input.is_empty());
    lines
}

const TAGS_TOO_LONG: LineError =
    LineError::TooLong { part: LinePart::Tags, limit: limits::IRC_TAGS_FROM_CLIENT, label: None };
const BODY_TOO_LONG: LineError = LineError::TooLong { part: LinePart::Body, limit: limits::IRC_BODY, label: None };

#[test]
fn lines_end_at_lf_and_may_have_a_cr_before_it() {
    let mut buffer = LineBuffer::from_client();
    let lines = feed(&mut buffer, b"A\r\nB\n\r\n\nC\rD\r\r\nE");
    assert_eq!(lines, [Ok(b"A".to_vec()), Ok(b"B".to_vec()), Ok(b"C\rD\r".to_vec())]);
    assert_eq!(feed(&mut buffer, b"F\r"), []);
    assert_eq!(feed(&mut buffer, b"\nG\n"), [Ok(b"EF".to_vec()), Ok(b"G".to_vec())]);
}

#[test]
fn between_lines_nothing_is_held() {
    let mut buffer = LineBuffer::from_client();
    assert_eq!(feed(&mut buffer, b"PING").len(), 0);
    assert!(!buffer.is_empty() && buffer.partial.capacity() > 0);
    assert_eq!(feed(&mut buffer, b" x\r\n").len(), 1);
    assert!(buffer.is_empty());
    assert_eq!(buffer.partial.capacity(), 0);
}

#[test]
fn a_line_within_one_read_is_not_copied() {
    let mut buffer = LineBuffer::from_client();
    let read = b"PING x\r\nPING y\r\n";
    let mut input = &read[..];
    let line = buffer.poll_line(&mut input).unwrap().unwrap();
    assert_eq!(line.as_ptr(), read.as_ptr());
    // The caller may stop here; the rest is still its own.
    assert_eq!(input, b"PING y\r\n");
}

#[test]
fn the_body_may_have_its_limit_and_not_one_byte_more() {
    let most = vec![b'x'; limits::IRC_BODY - 2];
    for end in [&b"\r\n"[..], b"\n"] {
        let mut buffer = LineBuffer::from_client();
        assert_eq!(feed(&mut buffer, &[&most, end].concat()), [Ok(most.clone())]);
        assert_eq!(
            feed(&mut buffer, &[&most, &b"x"[..], end, b"A\n"].concat()),
            [Err(BODY_TOO_LONG), Ok(b"A".to_vec())]
        );
    }
}

/// message-tags "Size limit": 4,096 bytes with `@` and space, and 512 more for the rest.
#[test]
fn tags_have_a_limit_of_their_own() {
    let tags = |size: usize| [&b"@"[..], &vec![b't'; size - 2], b" "].concat();
    let body = vec![b'x'; limits::IRC_BODY - 2];
    let most = [tags(limits::IRC_TAGS_FROM_CLIENT), body.clone()].concat();
    let mut buffer = LineBuffer::from_client();
    assert_eq!(feed(&mut buffer, &[&most[..], b"\r\n"].concat()), [Ok(most.clone())]);
    let more = [tags(limits::IRC_TAGS_FROM_CLIENT + 1), b"A\r\nB\r\n".to_vec()].concat();
    assert_eq!(feed(&mut buffer, &more), [Err(TAGS_TOO_LONG), Ok(b"B".to_vec())]);
    let from_server = [tags(limits::IRC_TAGS_FROM_SERVER), body].concat();
    assert_eq!(feed(&mut LineBuffer::from_server(), &[&from_server[..], b"\r\n"].concat()), [Ok(from_server)]);
}

/// labeled-response: the answer to a line belongs to its label, also when it says that the line was too long.
#[test]
fn the_label_of_a_line_that_is_too_long_is_told_at_every_cut() {
    let line = [&b"@a=b;label=x\\s1;c "[..], &[b'x'; limits::IRC_BODY], b"\r\n"].concat();
    let labelled = |label: &str| {
        Err(LineError::TooLong { part: LinePart::Body, limit: limits::IRC_BODY, label: Some(label.to_string()) })
    };
    for cut in 0..=line.len() {
        let mut buffer = LineBuffer::from_client();
        let (first, second) = line.split_at(cut);
        let lines = [feed(&mut buffer, first), feed(&mut buffer, second)].concat();
        assert_eq!(lines, [labelled("x 1")], "cut at {cut}");
    }
    let labels = ["", &"l".repeat(limits::IRC_LABEL + 1)];
    for tags in labels.map(|label| format!("@label={label} ")) {
        let line = [tags.as_bytes(), &[b'x'; limits::IRC_BODY], b"\n"].concat();
        assert_eq!(feed(&mut LineBuffer::from_client(), &line), [Err(BODY_TOO_LONG)], "{tags}");
    }
}

/// Wherever a read ends, also between CR and LF or before the space after the tags, the limits are the same.
#[test]
fn the_limits_hold_at_every_cut() {
    let most = [&b"@t "[..], &vec![b'x'; limits::IRC_BODY - 2]].concat();
    let whole = [&most, &b"\r\n"[..]].concat();
    let too_long = [&most, &b"x\r\n"[..]].concat();
    for cut in 0..=whole.len() {
        let mut buffer = LineBuffer::from_client();
        let (first, second) = whole.split_at(cut);
        let lines = [feed(&mut buffer, first), feed(&mut buffer, second)].concat();
        assert_eq!(lines, [Ok(most.clone())], "cut at {cut}");
        let (first, second) = too_long.split_at(cut);
        let lines = [feed(&mut buffer, first), feed(&mut buffer, second)].concat();
        assert_eq!(lines, [Err(BODY_TOO_LONG)], "cut at {cut}");
    }
    let mut buffer = LineBuffer::from_client();
    let lines: Vec<_> = whole.iter().flat_map(|byte| feed(&mut buffer, &[*byte])).collect();
    assert_eq!(lines, [Ok(most)]);
}

/// Who never ends a line is told once, and costs a bounded amount of memory.
#[test]
fn an_endless_line_is_reported_once_and_not_kept() {
    let mut buffer = LineBuffer::from_client();
    let mut errors = 0;
    for _ in 0..100 {
        errors += feed(&mut buffer, &[b'@'; 1_000]).len();
        assert!(buffer.partial.capacity() <= 2 * (limits::IRC_TAGS_FROM_CLIENT + limits::IRC_BODY));
    }
    assert_eq!(errors, 1);
    assert_eq!(buffer.partial.capacity(), 0);
    assert_eq!(feed(&mut buffer, b"tail\nnext\n"), [Ok(b"next".to_vec())]);
}

/// What the buffer should do, in one go over all bytes.
fn model(bytes: &[u8]) -> Lines {
    let (whole, rest) = match bytes.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (&bytes[..0], bytes),
    };
    let judge = |line: &[u8]| {
        let tags = if line.starts_with(b"@") {
            line.iter().position(|&b| b == b' ').map_or(line.len() + 1, |at| at + 1)
        } else {
            0
        };
        match tags {
            _ if tags > limits::IRC_TAGS_FROM_CLIENT => Err(TAGS_TOO_LONG),
            _ if (line.len() + 2).saturating_sub(tags) > limits::IRC_BODY => Err(BODY_TOO_LONG),
            _ => Ok(line.to_vec()),
        }
    };
    let lines = whole.split(|&byte| byte == b'\n').map(strip_cr).filter(|line| !line.is_empty());
    lines.map(judge).chain(judge(rest).err().map(Err)).collect()
}

proptest! {
    #[test]
    fn cuts_between_reads_change_nothing(
        pieces in proptest::collection::vec(("[@a \r]{0,3}", 0usize..5_000, "[ \r\nb]{0,3}"), 0..6),
        cuts in proptest::collection::vec(1usize..2_000, 1..40),
    ) {
        let mut bytes = Vec::new();
        for (start, fill, end) in &pieces {
            bytes.extend_from_slice(start.as_bytes());
            bytes.extend(core::iter::repeat_n(b'x', *fill));
            bytes.extend_from_slice(end.as_bytes());
        }
        bytes.push(b'\n');
        let mut buffer = LineBuffer::from_client();
        let mut lines = Vec::new();
        let mut rest = &bytes[..];
        for size in cuts.iter().cycle() {
            let (read, after) = rest.split_at((*size).min(rest.len()));
            lines.extend(feed(&mut buffer, read));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(lines, model(&bytes));
        prop_assert_eq!(buffer.partial.capacity(), 0);
    }
}
