//! Lines out of a byte stream, with their bounds (modern.ircdocs.horse "Message Format", IRCv3 message-tags "Size
//! limit").

use super::tags::Tags;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// Splits what is read from one connection into lines. It holds only the start of a line whose end has not come yet;
/// between lines it holds no allocation.
///
/// A line ends at LF. One CR before it belongs to the end; a CR anywhere else stays in the line, and
/// [`Message::parse`](super::message::Message::parse) refuses it. Empty lines are skipped.
///
/// The caller keeps the bytes that it read and hands in a cursor over them. A line that came in one read is handed out
/// as a part of that read, without a copy:
///
/// ```text
/// let mut input = &read[..];
/// while let Some(line) = buffer.poll_line(&mut input) { … }
/// // now input is empty, and the tail of an unfinished line is in the buffer
/// ```
#[derive(Debug)]
pub struct LineBuffer {
    /// The start of a line, or a line that was handed out last.
    partial: Vec<u8>,
    state: State,
    tags_limit: usize,
}

/// Why a line was not handed out. It was skipped to its end, and the next line is a new start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A part of the line is larger than it may be; reported once, as soon as it is known.
    #[error("line has more than {limit} bytes of {part}")]
    TooLong {
        /// Which part.
        part: LinePart,
        /// What it may be, in bytes: tags with `@` and space, or body with CR LF.
        limit: usize,
        /// The label to which an answer belongs, if the tags were within their limit and had one.
        label: Option<String>,
    },
}

/// The parts of a line, which have separate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinePart {
    /// From the `@` to the space.
    Tags,
    /// The rest of the line, its CR LF counted.
    Body,
}

impl core::fmt::Display for LinePart {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Tags => "tags",
            Self::Body => "message",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `partial` is the start of a line.
    Collecting(Progress),
    /// `partial` was handed out as a line.
    HandedOut,
    /// The rest of a line that was too long is skipped.
    Skipping,
}

/// What is known about the start of a line, so that nothing is looked at again with every read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// Where the body starts.
    body_start: Option<usize>,
    /// Bytes in which the end of the tags was looked for.
    searched: usize,
}

const START: State = State::Collecting(Progress { body_start: None, searched: 0 });

impl LineBuffer {
    /// For lines that clients send: tags up to [`limits::IRC_TAGS_FROM_CLIENT`].
    #[must_use]
    pub fn from_client() -> Self {
        Self { partial: Vec::new(), state: START, tags_limit: limits::IRC_TAGS_FROM_CLIENT }
    }

    /// For lines that servers send: tags up to [`limits::IRC_TAGS_FROM_SERVER`].
    #[must_use]
    pub fn from_server() -> Self {
        Self { partial: Vec::new(), state: START, tags_limit: limits::IRC_TAGS_FROM_SERVER }
    }

    /// The next line, without its end. `input` moves past what was used; `None` comes when all of it was, and then a
    /// line that has begun is kept here. The caller may stop at any line and go on later with the rest of `input`.
    ///
    /// # Errors
    /// [`LineError`] in the place of a line that was refused.
    pub fn poll_line<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Result<&'s [u8], LineError>> {
        loop {
            if self.state == State::HandedOut {
                self.partial = Vec::new();
                self.state = START;
            }
            if input.is_empty() {
                return None;
            }
            let (piece, is_end) = take_line(input);
            if self.state == State::Skipping {
                if is_end {
                    self.state = START;
                }
                continue;
            }
            if is_end && self.partial.is_empty() {
                let line = strip_cr(piece);
                if line.is_empty() {
                    continue;
                }
                return Some(self.check(line, &mut Progress::default(), true).map(|()| line));
            }
            if let Err(error) = self.collect(piece, is_end) {
                return Some(Err(error));
            }
            if is_end && !strip_cr(&self.partial).is_empty() {
                self.state = State::HandedOut;
                return Some(Ok(strip_cr(&self.partial)));
            }
            if is_end {
                self.state = State::HandedOut;
            }
        }
    }

    /// Whether nothing is held: no line has begun.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// Adds a piece of a line, unless the line is too long with it.
    fn collect(&mut self, piece: &[u8], is_end: bool) -> Result<(), LineError> {
        let State::Collecting(mut progress) = self.state else { return Ok(()) };
        // A part of a line is larger than all it may be only if its excess is in the piece: what came before was
        // checked. So never more than that is copied.
        let room = (self.tags_limit + limits::IRC_BODY).saturating_sub(self.partial.len());
        self.partial.extend_from_slice(piece.get(..room).unwrap_or(piece));
        let line = if is_end { strip_cr(&self.partial) } else { &self.partial };
        let checked = self.check(line, &mut progress, is_end);
        self.state = State::Collecting(progress);
        if checked.is_err() {
            self.partial = Vec::new();
            self.state = if is_end { START } else { State::Skipping };
        }
        checked
    }

    /// Checks the lengths of a line, or of the start of one.
    fn check(&self, line: &[u8], progress: &mut Progress, is_end: bool) -> Result<(), LineError> {
        let Some(start) = progress.body_start.or_else(|| self.find_body(line, progress)) else {
            if line.len() >= self.tags_limit {
                return Err(LineError::TooLong { part: LinePart::Tags, limit: self.tags_limit, label: None });
            }
            return Ok(());
        };
        progress.body_start = Some(start);
        // The start of a line may already hold the CR of its end.
        let body = line.len().saturating_sub(start) + if is_end { 2 } else { 1 };
        if body > limits::IRC_BODY {
            let tags = line.get(1..start.saturating_sub(1)).unwrap_or_default();
            let label = Tags::from_data(tags).label();
            return Err(LineError::TooLong { part: LinePart::Body, limit: limits::IRC_BODY, label });
        }
        Ok(())
    }

    /// Where the body starts, if the tags end within what they may be.
    fn find_body(&self, line: &[u8], progress: &mut Progress) -> Option<usize> {
        if !line.starts_with(b"@") {
            return Some(0);
        }
        let end = line.len().min(self.tags_limit);
        let unseen = line.get(progress.searched..end).unwrap_or_default();
        let space = unseen.iter().position(|&byte| byte == b' ').map(|at| progress.searched + at);
        progress.searched = end;
        Some(space? + 1)
    }
}

/// What comes before the next LF, and whether there is one; `input` moves past both.
fn take_line<'i>(input: &mut &'i [u8]) -> (&'i [u8], bool) {
    let all = *input;
    match all.iter().position(|&byte| byte == b'\n') {
        Some(end) => {
            let (line, rest) = all.split_at(end);
            *input = rest.get(1..).unwrap_or_default();
            (line, true)
        }
        None => {
            *input = b"";
            (all, false)
        }
    }
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
