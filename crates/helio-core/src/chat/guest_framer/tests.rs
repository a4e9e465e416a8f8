use super::*;
use alloc::string::String;
use core::time::Duration;
use proptest::prelude::*;

fn at(ms: u64) -> Instant {
    Instant::after_origin(Duration::from_millis(ms))
}

fn drain(framer: &mut GuestFramer) -> Vec<GuestInput> {
    let mut all = Vec::new();
    while let Some(input) = framer.poll_line() {
        all.push(input);
    }
    all
}

fn line(text: impl AsRef<[u8]>) -> GuestInput {
    GuestInput::Line(text.as_ref().to_vec())
}

#[test]
fn lines_are_messages_and_empty_ones_are_not() {
    let mut framer = GuestFramer::default();
    framer.handle_bytes(b"one\r\n\r\n\ntwo\nthr", at(0));
    assert_eq!(drain(&mut framer), [line("one"), line("two")]);
    framer.handle_bytes(b"ee\n", at(10));
    assert_eq!(drain(&mut framer), [line("three")]);
    assert_eq!(framer.poll_timeout(), None);
}

/// spec/line-listener.md, "Bounds".
#[test]
fn bytes_that_hold_empty_lines_alone_are_told_once() {
    let mut framer = GuestFramer::default();
    framer.handle_bytes(b"\n\r\n\n", at(0));
    assert_eq!(drain(&mut framer), [GuestInput::Empty]);
    framer.handle_bytes(b"\npart", at(0));
    assert_eq!(drain(&mut framer), [GuestInput::Empty]);
    framer.handle_bytes(b"ial\n\n", at(0));
    assert_eq!(drain(&mut framer), [line("partial")]);
    framer.handle_end();
    assert_eq!(drain(&mut framer), []);
}

/// Nothing is moved for each line: what was handed out stays until there is nothing more.
#[test]
fn a_large_chunk_of_short_lines_is_cut_in_place() {
    let mut framer = GuestFramer::default();
    let lines = 100_000;
    framer.handle_bytes(&b"x\n".repeat(lines), at(0));
    let place = framer.bytes.as_ptr();
    for n in 1..=lines {
        assert_eq!(framer.poll_line(), Some(line("x")));
        assert_eq!((framer.bytes.as_ptr(), framer.bytes.len(), framer.taken), (place, 2 * lines, 2 * n));
    }
    assert_eq!((framer.poll_line(), framer.bytes.capacity()), (None, 0));
}

#[test]
fn a_chunk_is_a_message_after_100_ms_of_silence() {
    let mut framer = GuestFramer::default();
    framer.handle_bytes(b"Hello, ", at(0));
    framer.handle_bytes(b"TCP!", at(60));
    assert_eq!(drain(&mut framer), []);
    assert_eq!(framer.poll_timeout(), Some(at(160)));
    framer.handle_timeout(at(159));
    assert_eq!(drain(&mut framer), []);
    framer.handle_timeout(at(160));
    assert_eq!(drain(&mut framer), [line("Hello, TCP!")]);
    framer.handle_bytes(b"\nnext", at(170));
    assert_eq!(
        drain(&mut framer),
        [GuestInput::Empty],
        "the late line end ends nothing, and what follows is a new chunk"
    );
    framer.handle_end();
    assert_eq!(drain(&mut framer), [line("next")]);
}

#[test]
fn what_is_left_at_the_end_is_a_message() {
    let mut framer = GuestFramer::default();
    framer.handle_bytes(b"bye", at(0));
    framer.handle_end();
    assert_eq!(drain(&mut framer), [line("bye")]);
}

#[test]
fn a_line_that_is_too_long_is_cut_between_two_characters() {
    let mut framer = GuestFramer::default();
    let text = "x".repeat(limits::CHAT_GUEST_LINE - 1) + "äöü";
    framer.handle_bytes((text + "\n").as_bytes(), at(0));
    assert_eq!(drain(&mut framer), [line("x".repeat(limits::CHAT_GUEST_LINE - 1)), line("äöü")]);
    let exact = "y".repeat(limits::CHAT_GUEST_LINE);
    framer.handle_bytes((exact.clone() + "\n").as_bytes(), at(0));
    assert_eq!(drain(&mut framer), [line(exact)]);
}

#[test]
fn other_protocols_are_known_by_their_first_line_alone() {
    let long = String::from("GET /") + &"x".repeat(limits::CHAT_GUEST_LINE);
    for (bytes, foreign) in [
        (&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], Foreign::Http),
        (b"PRI * HTTP/2.0\r\n\r\n", Foreign::Http),
        (long.as_bytes(), Foreign::Http),
        (b"\x16\x03\x01\x02\x00", Foreign::Tls),
        (b"CAP LS 302\r\nNICK ann\r\n", Foreign::Irc),
        (b"PASS secret\r\n", Foreign::Irc),
    ] {
        let mut framer = GuestFramer::default();
        framer.handle_bytes(bytes, at(0));
        assert_eq!(drain(&mut framer), [GuestInput::Foreign(foreign)]);
        framer.handle_bytes(b"hello\n", at(0));
        framer.handle_end();
        assert_eq!((drain(&mut framer), framer.poll_timeout()), (Vec::new(), None));
    }
    for text in ["GET / HTTP/1.1", "GET well soon", "I speak HTTP/1.1", "CAPS LOCK"] {
        let mut framer = GuestFramer::default();
        let is_later = text.starts_with("GET /");
        framer.handle_bytes(if is_later { b"hello\n" } else { b"" }, at(0));
        framer.handle_bytes(text.as_bytes(), at(0));
        framer.handle_end();
        assert_eq!(drain(&mut framer).last(), Some(&line(text)));
    }
}

proptest! {
    /// The judge: what a stream holds, cut at its line ends, without the bytes that belong to them.
    #[test]
    fn however_it_is_cut_into_reads_the_messages_are_the_same(
        bytes in prop::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\r')], 0..300),
        cuts in prop::collection::vec(0usize..300, 0..10),
    ) {
        let mut stream = b"hello\n".to_vec();
        stream.extend(&bytes);
        let expected: Vec<GuestInput> = stream
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty())
            .map(line)
            .collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let (mut framer, mut got) = (GuestFramer::default(), Vec::new());
        for pair in cuts.windows(2) {
            framer.handle_bytes(&stream[pair[0]..pair[1]], at(0));
            got.extend(drain(&mut framer));
        }
        framer.handle_end();
        got.extend(drain(&mut framer));
        got.retain(|input| *input != GuestInput::Empty);
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn no_more_than_a_line_is_held_and_nothing_is_lost(sizes in prop::collection::vec(0usize..9_000, 0..8)) {
        let (mut framer, mut total, mut got) = (GuestFramer::default(), 0, 0);
        for size in sizes {
            framer.handle_bytes(&alloc::vec![b'a'; size], at(0));
            total += size;
            got += drain(&mut framer).iter().map(len).sum::<usize>();
            prop_assert!(framer.bytes.len() <= limits::CHAT_GUEST_LINE);
        }
        framer.handle_end();
        got += drain(&mut framer).iter().map(len).sum::<usize>();
        prop_assert_eq!(got, total);
    }
}

fn len(input: &GuestInput) -> usize {
    match input {
        GuestInput::Line(line) => line.len(),
        GuestInput::Empty | GuestInput::Foreign(_) => 0,
    }
}
