//! One connection of the log service.

use super::ACK_PREFIX;
use super::entry::EntryHead;
use super::splitter::LineSplitter;
use crate::limits;
use crate::session::{Action, Session};
use crate::time::Now;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// What of a stream goes into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogMode {
    /// One entry a line; lines of more than `max_line` bytes are cut.
    Lines {
        /// In bytes, before escaping, without the line end.
        max_line: usize,
    },
    /// The bytes as they came.
    Exact,
}

/// How a log service treats its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// What goes into the file.
    pub mode: LogMode,
    /// Answer each read with [`ACK_PREFIX`] and its bytes, once they are in the file.
    pub ack: bool,
}

/// One connection: its reads become appends, and answers if asked.
///
/// # What an answer promises
///
/// "These bytes are in the file" (with `--fsync every`: on the disk). A client that sends a message without a line end and waits
/// for one answer, as blocking programs do, must get it at once. So either the answer would lie about the unfinished
/// line, or the line has to be written before it is finished. It is written: with `ack`, what a read leaves unfinished
/// becomes an entry of its own. Such a client logs one line per message, which is what it means. A client that ends
/// its lines sees no difference, unless a read ends inside a line, and then it finds that line as two entries: without
/// marks, because nothing tells a second message from the rest of the first.
#[derive(Debug)]
pub struct LogSession {
    options: LogOptions,
    peer: SocketAddr,
    splitter: LineSplitter,
    head: EntryHead,
    /// The read that is being worked on, from `consumed` on not yet split.
    read: Vec<u8>,
    consumed: usize,
    /// What the splitter still holds is to be written without waiting for its line end.
    flushing: bool,
    ack_due: bool,
}

impl LogSession {
    /// A session at the start of the connection from `peer`.
    #[must_use]
    pub fn new(options: LogOptions, peer: SocketAddr) -> Self {
        let max_line = match options.mode {
            LogMode::Lines { max_line } => max_line,
            LogMode::Exact => 0,
        };
        Self {
            options,
            peer,
            splitter: LineSplitter::new(max_line),
            head: EntryHead::new(crate::time::Utc::default(), peer),
            read: Vec::new(),
            consumed: 0,
            flushing: false,
            ack_due: false,
        }
    }

    /// Entries until they fill an append or the read is used up; the rest stays for the next poll, so that a read of
    /// nothing but line ends does not take fifty times its size at once.
    fn entries(&mut self) -> String {
        let mut out = String::new();
        let mut input = &self.read[self.consumed..];
        while out.len() < limits::LOG_APPEND
            && let Some(piece) = self.splitter.next_piece(&mut input)
        {
            self.head.push_entry(&mut out, piece);
        }
        self.consumed = self.read.len() - input.len();
        while self.flushing && out.len() < limits::LOG_APPEND {
            match self.splitter.flush() {
                Some(piece) => self.head.push_entry(&mut out, piece),
                None => self.flushing = false,
            }
        }
        out
    }

    fn next_append(&mut self) -> Vec<u8> {
        match self.options.mode {
            LogMode::Lines { .. } => self.entries().into_bytes(),
            LogMode::Exact if !self.ack_due => core::mem::take(&mut self.read),
            LogMode::Exact if self.consumed < self.read.len() => {
                self.consumed = self.read.len();
                self.read.clone()
            }
            LogMode::Exact => Vec::new(),
        }
    }
}

impl Session for LogSession {
    fn handle_bytes(&mut self, bytes: &[u8], now: Now) {
        self.head = EntryHead::new(now.utc, self.peer);
        self.read = bytes.to_vec();
        self.consumed = 0;
        self.ack_due = self.options.ack;
        self.flushing = self.options.ack;
    }

    fn handle_end(&mut self, now: Now) {
        self.head = EntryHead::new(now.utc, self.peer);
        self.flushing = true;
    }

    fn poll_action(&mut self) -> Option<Action> {
        let append = self.next_append();
        if !append.is_empty() {
            return Some(Action::Store(append));
        }
        let read = core::mem::take(&mut self.read);
        self.consumed = 0;
        core::mem::take(&mut self.ack_due).then(|| Action::Send([ACK_PREFIX, &read].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Instant, Utc};
    use alloc::borrow::ToOwned;

    fn now() -> Now {
        Now { mono: Instant::ORIGIN, utc: Utc::from_micros(1_795_345_720_000_123) }
    }

    fn session(mode: LogMode, ack: bool) -> LogSession {
        LogSession::new(LogOptions { mode, ack }, "192.0.2.7:5000".parse().unwrap())
    }

    fn lines(ack: bool) -> LogSession {
        session(LogMode::Lines { max_line: 16 }, ack)
    }

    /// What the session wants done, with the heads of entries left away.
    fn drain(session: &mut LogSession) -> Vec<String> {
        let mut done = Vec::new();
        while let Some(action) = session.poll_action() {
            done.push(match action {
                Action::Store(bytes) => {
                    let text = String::from_utf8(bytes).unwrap();
                    "store ".to_owned() + &text.replace("2026-11-22T11:08:40.000123Z 192.0.2.7:5000 ", "")
                }
                Action::Send(bytes) => "send ".to_owned() + core::str::from_utf8(&bytes).unwrap(),
                Action::Close => "close".into(),
            });
        }
        done
    }

    fn read(session: &mut LogSession, bytes: &[u8]) -> Vec<String> {
        session.handle_bytes(bytes, now());
        drain(session)
    }

    #[test]
    fn lines_are_stored_when_they_end_and_the_tail_when_the_stream_ends() {
        let mut s = lines(false);
        assert_eq!(read(&mut s, b"one\ntwo\nth"), ["store one\ntwo\n"]);
        assert_eq!(read(&mut s, b"re"), [""; 0]);
        s.handle_end(now());
        assert_eq!(drain(&mut s), ["store thre\n"]);
    }

    #[test]
    fn an_answer_follows_the_write_of_everything_it_speaks_of() {
        let mut s = lines(true);
        assert_eq!(read(&mut s, b"Hello, TCP!"), ["store Hello, TCP!\n", "send ACK: Hello, TCP!"]);
        assert_eq!(read(&mut s, b"again"), ["store again\n", "send ACK: again"]);
        assert_eq!(read(&mut s, b"\n"), ["send ACK: \n"]);
        assert_eq!(read(&mut s, b"a\nb"), ["store a\nb\n", "send ACK: a\nb"]);
        s.handle_end(now());
        assert_eq!(drain(&mut s), [""; 0]);
    }

    #[test]
    fn exact_mode_stores_the_bytes_of_each_read() {
        let mut s = session(LogMode::Exact, true);
        assert_eq!(read(&mut s, b"a\r\n\tb"), ["store a\r\n\tb", "send ACK: a\r\n\tb"]);
        s.handle_end(now());
        assert_eq!(drain(&mut s), [""; 0]);
    }

    /// The bound [`limits::LOG_APPEND`].
    #[test]
    fn a_read_of_empty_lines_is_stored_in_bounded_appends_and_answered_once() {
        let mut s = lines(true);
        s.handle_bytes(&[b'\n'; limits::READ_CHUNK], now());
        let (mut stored, mut sent) = (0, 0);
        while let Some(action) = s.poll_action() {
            match action {
                Action::Store(bytes) => {
                    assert!(bytes.len() < limits::LOG_APPEND + 100);
                    assert_eq!(sent, 0, "answered before everything was stored");
                    stored += bytes.iter().filter(|&&b| b == b'\n').count();
                }
                Action::Send(_) => sent += 1,
                Action::Close => panic!("closed"),
            }
        }
        assert_eq!((stored, sent), (limits::READ_CHUNK, 1));
    }
}
