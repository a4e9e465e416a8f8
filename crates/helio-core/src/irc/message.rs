//! One message: `[@tags] [:source] COMMAND [params…] [:trailing]` (modern.ircdocs.horse "Message Format", RFC 1459
//! §2.3.1).

use super::tags::Tags;
use crate::limits;
use core::ops::Deref;

/// A message, borrowed from the line it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Tags; empty when the line has none.
    pub tags: Tags<'a>,
    /// Who sent it, without the colon. A server takes no notice of what a client writes here.
    pub source: Option<&'a [u8]>,
    /// The command as it was written: verbs are case-insensitive.
    pub command: &'a [u8],
    /// The parameters, the trailing one without its colon.
    pub params: Params<'a>,
}

/// Why a line is no message. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A byte that cannot be in a message.
    #[error("line has {} at byte {at}, which no message may hold", byte_name(*.byte))]
    ForbiddenByte {
        /// NUL, CR or LF.
        byte: u8,
        /// Its place, from 0.
        at: usize,
    },
    /// The line ends before its command, or is empty.
    #[error("line has no command")]
    NoCommand,
}

impl<'a> Message<'a> {
    /// Parses a line without its CR LF. Nothing is copied.
    ///
    /// Words may be separated by several spaces, as RFC 1459 says. Beyond [`limits::IRC_PARAMS`] the last parameter is
    /// the rest of the line. The bytes need not be UTF-8, and lengths are not looked at: see [`super::frame`].
    ///
    /// # Errors
    /// [`ParseError`] for a line with NUL, CR or LF in it, or without a command.
    pub fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        if let Some((at, &byte)) = line.iter().enumerate().find(|(_, byte)| matches!(byte, 0 | b'\r' | b'\n')) {
            return Err(ParseError::ForbiddenByte { byte, at });
        }
        let mut rest = line;
        let mut tags = Tags::default();
        if let Some(tagged) = rest.strip_prefix(b"@") {
            let (data, after) = split_word(tagged);
            tags = Tags::from_data(data);
            rest = after;
        }
        rest = skip_spaces(rest);
        let mut source = None;
        if let Some(sourced) = rest.strip_prefix(b":") {
            let (word, after) = split_word(sourced);
            source = Some(word);
            rest = after;
        }
        let (command, rest) = split_word(rest);
        if command.is_empty() {
            return Err(ParseError::NoCommand);
        }
        Ok(Self { tags, source, command, params: Params::parse(rest) })
    }
}

/// The parameters of a message: at most [`limits::IRC_PARAMS`], used as a slice.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    list: [&'a [u8]; limits::IRC_PARAMS],
    count: usize,
}

impl<'a> Params<'a> {
    /// The parameters in what follows the command, spaces already skipped.
    fn parse(mut rest: &'a [u8]) -> Self {
        let mut params = Self { list: [b""; limits::IRC_PARAMS], count: 0 };
        while !rest.is_empty() {
            let is_last = params.count + 1 == limits::IRC_PARAMS;
            let (param, after) = match rest.strip_prefix(b":") {
                Some(trailing) => (trailing, &b""[..]),
                None if is_last => (rest, &b""[..]),
                None => split_word(rest),
            };
            let Some(place) = params.list.get_mut(params.count) else { break };
            *place = param;
            params.count += 1;
            rest = after;
        }
        params
    }

    /// The parameters, for as long as the line lives.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.list.into_iter().take(self.count)
    }
}

impl<'a> Deref for Params<'a> {
    type Target = [&'a [u8]];

    fn deref(&self) -> &Self::Target {
        self.list.get(..self.count).unwrap_or_default()
    }
}

impl PartialEq for Params<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Params<'_> {}

/// The word up to the next space, and what follows the spaces after it.
fn split_word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b' ').unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at(end);
    (word, skip_spaces(rest))
}

fn skip_spaces(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| byte != b' ').unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

fn byte_name(byte: u8) -> &'static str {
    match byte {
        0 => "NUL",
        b'\r' => "CR",
        _ => "LF",
    }
}

#[cfg(test)]
mod tests;
