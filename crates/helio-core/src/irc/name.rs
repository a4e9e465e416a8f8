//! Names of people and rooms: what may be one, and which look alike (modern.ircdocs.horse "Clients", "Channels").

mod skeleton;

pub use skeleton::{ReservedNames, skeleton};

use super::casemap;
use crate::limits;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use precis_core::profile::PrecisFastInvocation as _;
use precis_profiles::UsernameCasePreserved;

/// What may be a nickname.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NickRules {
    /// ASCII letters, digits and ``[]\`_^{|}-``; neither a digit nor `-` at the start (RFC 2812 §2.3.1).
    #[default]
    Ascii,
    /// These, and beyond ASCII what PRECIS allows in user names (RFC 8265 §3, UsernameCaseMapped): letters and digits of
    /// all scripts, normalised, those outside ASCII in lower case. That way `CASEMAPPING=ascii` is the whole truth.
    Precis,
}

/// Why something is no name. The person who chose it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("name is empty")]
    Empty,
    /// Too long.
    #[error("name is {bytes} bytes, limit is {limit}")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// What it may be.
        limit: usize,
    },
    /// A character that may be in no such name, or not at the start of one.
    #[error("name has a character that is not allowed there: {}", .0.escape_default())]
    ForbiddenCharacter(char),
    /// A room without `#`.
    #[error("name of a room starts with #")]
    NoRoomPrefix,
    /// PRECIS does not allow it: unassigned or ambiguous characters, mixed directions of writing.
    #[error("name is not allowed by PRECIS (RFC 8265)")]
    Precis,
}

/// A nickname, in the case in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nick(Box<str>);

impl Nick {
    /// A nickname of at most [`limits::IRC_NICK`] bytes. By [`NickRules::Precis`] it may come out changed: normalised,
    /// and in lower case beyond ASCII.
    ///
    /// # Errors
    /// [`NameError`] when it is none by these rules.
    pub fn parse(text: &str, rules: NickRules) -> Result<Self, NameError> {
        check_size(text, limits::IRC_NICK)?;
        let nick = match rules {
            NickRules::Ascii => Box::from(text),
            NickRules::Precis if text.is_ascii() => Box::from(text),
            NickRules::Precis => prepare(text)?.into_boxed_str(),
        };
        check_size(&nick, limits::IRC_NICK)?;
        let is_allowed = |c: char| is_nick_ascii(c) || (rules == NickRules::Precis && !c.is_ascii());
        let first = nick.chars().find(|c| !is_allowed(*c));
        match first.or_else(|| nick.chars().next().filter(|c| c.is_numeric() || *c == '-')) {
            Some(c) => Err(NameError::ForbiddenCharacter(c)),
            None => Ok(Self(nick)),
        }
    }

    /// The nickname as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which it is looked up.
    #[must_use]
    pub fn fold(&self) -> Box<str> {
        casemap::fold(&self.0)
    }
}

/// The name of a room, in the case in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName(Box<str>);

impl RoomName {
    /// A `#` and at least one character more, at most [`limits::IRC_ROOM_NAME`] bytes in all; without space, comma,
    /// colon, wildcard or anything that is not seen.
    ///
    /// # Errors
    /// [`NameError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check_size(text, limits::IRC_ROOM_NAME)?;
        let rest = text.strip_prefix('#').ok_or(NameError::NoRoomPrefix)?;
        if rest.is_empty() {
            return Err(NameError::Empty);
        }
        // BEL is a control character. A wildcard would make the name a mask for LIST.
        let is_forbidden =
            |c: char| matches!(c, ',' | ':' | '*' | '?') || c.is_whitespace() || crate::printable::is_hidden(c);
        match rest.chars().find(|c| is_forbidden(*c)) {
            Some(c) => Err(NameError::ForbiddenCharacter(c)),
            None => Ok(Self(text.into())),
        }
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which it is looked up.
    #[must_use]
    pub fn fold(&self) -> Box<str> {
        casemap::fold(&self.0)
    }
}

impl core::fmt::Display for Nick {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::fmt::Display for RoomName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The username of USER as it is shown: ASCII letters, digits and `._-` of what the client sent, at most
/// [`limits::IRC_USER`] bytes; `user` when nothing is left. A `~` that the server puts before it is not counted.
#[must_use]
pub fn sanitize_user(user: &str) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // A dot or hyphen at the start would look like an option or a hidden file to programs that take it up.
    let kept: String =
        user.chars().filter(is_allowed).skip_while(|c| !c.is_ascii_alphanumeric()).take(limits::IRC_USER).collect();
    if kept.is_empty() { "user".to_string() } else { kept }
}

fn check_size(text: &str, limit: usize) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Empty),
        bytes if bytes > limit => Err(NameError::TooLong { bytes, limit }),
        _ => Ok(()),
    }
}

fn is_nick_ascii(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '[' | ']' | '\\' | '`' | '_' | '^' | '{' | '|' | '}' | '-')
}

/// Normalises by PRECIS and lower-cases what is not ASCII, until nothing changes any more.
fn prepare(text: &str) -> Result<String, NameError> {
    let mut prepared = text.to_string();
    // RFC 8264 §7 asks for at most three further rounds.
    for _ in 0..4 {
        let lower: String = prepared.chars().flat_map(lower_beyond_ascii).collect();
        let enforced = UsernameCasePreserved::enforce(lower.as_str()).map_err(|_| NameError::Precis)?.into_owned();
        if enforced == prepared {
            return Ok(enforced);
        }
        prepared = enforced;
    }
    Err(NameError::Precis)
}

fn lower_beyond_ascii(c: char) -> impl Iterator<Item = char> {
    let (same, lower) = if c.is_ascii() { (Some(c), None) } else { (None, Some(c.to_lowercase())) };
    same.into_iter().chain(lower.into_iter().flatten())
}

#[cfg(test)]
mod tests;
