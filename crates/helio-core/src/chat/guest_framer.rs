//! Messages out of what a naive program sends: lines, chunks and what is left at the end (spec/line-listener.md).

use crate::limits;
use crate::time::Instant;
use alloc::vec::Vec;

/// Splits what one connection of the line listener sends into messages.
///
/// After each `handle_*` the caller takes what [`GuestFramer::poll_line`] gives until it gives nothing more. Then at most
/// [`limits::CHAT_GUEST_LINE`] bytes are held here; between messages nothing is. The work is in proportion to the bytes,
/// however short the lines are.
#[derive(Debug, Default)]
pub struct GuestFramer {
    bytes: Vec<u8>,
    /// Bytes at the front that were handed out. They go when there is nothing more to hand out.
    taken: usize,
    /// Where the search for a line end goes on.
    searched: usize,
    /// When bytes came last.
    heard: Instant,
    /// What is held is a message without a line end.
    is_complete: bool,
    came: Came,
    state: State,
}

/// What the bytes that came last were made of so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Came {
    #[default]
    Nothing,
    EmptyLines,
    Lines,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    First,
    Going,
    /// It was no guest; whatever comes is forgotten.
    Foreign,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuestInput {
    /// A message or command, not empty, without its line end.
    Line(Vec<u8>),
    /// The bytes that came held empty lines alone. They mean nothing, and count as one line for flood control.
    Empty,
    /// The first line is that of another protocol: close without an answer. Nothing comes after it.
    Foreign(Foreign),
}

/// A protocol that is not spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A browser, or a page in one that was told to try this port.
    Http,
    /// A TLS client.
    Tls,
    /// An IRC client; what it says first may be a password.
    Irc,
}

// spec: begin
impl GuestFramer {
    /// Bytes arrived.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if self.state != State::Foreign && !bytes.is_empty() {
            self.bytes.extend_from_slice(bytes);
            self.heard = now;
            self.came = Came::Nothing;
        }
    }

    /// The stream ended.
    pub fn handle_end(&mut self) {
        self.is_complete = true;
    }

    /// When what is held becomes a message without its line end.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        (!self.rest().is_empty()).then(|| self.heard + limits::CHAT_GUEST_CHUNK_WAIT)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|at| at <= now) {
            self.is_complete = true;
        }
    }

    /// The next message.
    pub fn poll_line(&mut self) -> Option<GuestInput> {
        while self.state != State::Foreign {
            if self.state == State::First && self.rest().starts_with(&[22, 3]) {
                return Some(self.refuse(Foreign::Tls));
            }
            let Some(line) = self.take_line() else {
                self.forget_taken();
                return (core::mem::take(&mut self.came) == Came::EmptyLines).then_some(GuestInput::Empty);
            };
            if line.is_empty() {
                self.came = if self.came == Came::Lines { Came::Lines } else { Came::EmptyLines };
                continue;
            }
            self.came = Came::Lines;
            if self.state == State::First {
                if let Some(foreign) = foreign(&line) {
                    return Some(self.refuse(foreign));
                }
                self.state = State::Going;
            }
            return Some(GuestInput::Line(line));
        }
        None
    }

    fn refuse(&mut self, foreign: Foreign) -> GuestInput {
        *self = Self { state: State::Foreign, ..Self::default() };
        GuestInput::Foreign(foreign)
    }

    /// What was not handed out.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// The next line without its end; may be empty.
    fn take_line(&mut self) -> Option<Vec<u8>> {
        let rest = self.rest();
        let longest = rest.get(..=limits::CHAT_GUEST_LINE).unwrap_or(rest);
        let unsearched = longest.get(self.searched..).unwrap_or_default();
        let end = unsearched.iter().position(|byte| *byte == b'\n').map(|end| end + self.searched);
        let (len, taken) = match end {
            Some(end) => (end, end + 1),
            None if rest.len() > limits::CHAT_GUEST_LINE => (cut(rest), cut(rest)),
            None if self.is_complete && !rest.is_empty() => (rest.len(), rest.len()),
            None => {
                self.searched = rest.len();
                return None;
            }
        };
        let line = rest.get(..len).unwrap_or(rest);
        let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        self.taken += taken;
        self.searched = 0;
        Some(line)
    }

    /// Moves what was not handed out to the front; between messages no memory is kept.
    fn forget_taken(&mut self) {
        if self.taken > 0 {
            self.bytes = self.bytes.split_off(self.taken);
            self.taken = 0;
        }
        self.is_complete &= !self.bytes.is_empty();
    }
}

/// Where a line that is too long is cut: not inside of a character, if it is UTF-8.
fn cut(bytes: &[u8]) -> usize {
    let max = limits::CHAT_GUEST_LINE;
    let is_start = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    (max - 3..=max).rev().find(is_start).unwrap_or(max)
}

/// Whose first line this is, if not a guest's.
fn foreign(line: &[u8]) -> Option<Foreign> {
    let mut words = line.split(|byte| *byte == b' ');
    let first = words.next()?;
    let is_method = first.len() >= 3 && first.iter().all(u8::is_ascii_uppercase);
    let is_cut_target = line.len() >= limits::CHAT_GUEST_LINE - 3 && words.clone().next()?.starts_with(b"/");
    if is_method && (words.next_back().is_some_and(|last| last.starts_with(b"HTTP/")) || is_cut_target) {
        return Some(Foreign::Http);
    }
    (line.starts_with(b"CAP LS") || line.starts_with(b"PASS ")).then_some(Foreign::Irc)
}

// spec: end

#[cfg(test)]
mod tests;
