//! Masks of users, `nick!user@host` with wildcards (modern.ircdocs.horse "Wildcard Expressions", RFC 2812 §2.5).

use crate::limits;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

/// A mask with all three parts, at most [`limits::IRC_MASK`] bytes.
///
/// In it `*` stands for any number of characters and `?` for one; `\*` and `\?` stand for themselves, any other
/// backslash for itself. Case does not count in ASCII. Two masks are equal when they are spelled the same but for case.
#[derive(Clone, Debug, Eq)]
pub struct Mask(Box<str>);

/// Why a text is no mask. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// Nothing there.
    #[error("mask is empty")]
    Empty,
    /// Too long.
    #[error("mask is {bytes} bytes, limit is {}", limits::IRC_MASK)]
    TooLong {
        /// Its size with the parts that were added to it.
        bytes: usize,
    },
    /// Something that no mask may hold.
    #[error("mask has a space or a control character")]
    ForbiddenCharacter,
}

impl Mask {
    /// A mask from what a person wrote, with `*` for what is missing: `nick` becomes `nick!*@*`, `user@host`
    /// `*!user@host`, `nick!user` `nick!user@*`. A single part with a dot or colon is a host, for no nickname has one:
    /// `*.example.com` becomes `*!*@*.example.com`.
    ///
    /// # Errors
    /// [`MaskError`] when it is empty, too long, or holds a space or control character.
    pub fn parse(text: &str) -> Result<Self, MaskError> {
        if text.is_empty() {
            return Err(MaskError::Empty);
        }
        if text.chars().any(|c| c == ' ' || c.is_control()) {
            return Err(MaskError::ForbiddenCharacter);
        }
        let parts = UserHost::split(text);
        let is_host = parts.user.is_none() && parts.host.is_none() && text.contains(['.', ':']);
        let (nick, user, host) = match parts {
            _ if is_host => ("", "", text),
            // Without `!`, what stands before the `@` is the user.
            UserHost { nick, user: None, host: Some(host) } => ("", nick, host),
            UserHost { nick, user, host } => (nick, user.unwrap_or_default(), host.unwrap_or_default()),
        };
        let part = |part| if str::is_empty(part) { "*" } else { part };
        let mask: String = [part(nick), "!", part(user), "@", part(host)].concat();
        match mask.len() {
            bytes if bytes > limits::IRC_MASK => Err(MaskError::TooLong { bytes }),
            _ => Ok(Self(mask.into())),
        }
    }

    /// Whether a user with this `nick!user@host` is meant.
    #[must_use]
    pub fn matches(&self, nick_user_host: &str) -> bool {
        glob(&self.0, nick_user_host)
    }

    /// The mask with its three parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl core::fmt::Display for Mask {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parts of `nick!user@host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserHost<'a> {
    /// Before `!`, or before `@` without one.
    pub nick: &'a str,
    /// Between `!` and `@`.
    pub user: Option<&'a str>,
    /// After `@`.
    pub host: Option<&'a str>,
}

impl<'a> UserHost<'a> {
    /// Splits at the first `!`, and at the first `@` after it.
    #[must_use]
    pub fn split(source: &'a str) -> Self {
        let (nick, rest) = match source.split_once('!') {
            Some((nick, rest)) => (Some(nick), rest),
            None => (None, source),
        };
        let (first, host) = match rest.split_once('@') {
            Some((first, host)) => (first, Some(host)),
            None => (rest, None),
        };
        match nick {
            Some(nick) => Self { nick, user: Some(first), host },
            None => Self { nick: first, user: None, host },
        }
    }
}

/// Whether a text matches a pattern with `*` and `?` (see [`Mask`]), case-insensitive in ASCII.
///
/// The time is at most the product of the two lengths, both of which the caller bounds.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pattern_rest = pattern;
    let mut text_rest = text;
    // Where to go on when a guess fails: after the last `*`, with one character more taken by it. An earlier `*` never
    // needs to take more: the later one can take it instead.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let (token, after) = next_token(pattern_rest);
        if token == Token::Many {
            retry = Some((after, text_rest));
            pattern_rest = after;
            continue;
        }
        let mut chars = text_rest.chars();
        let is_match = match (token, chars.next()) {
            (Token::End, None) => return true,
            (Token::One, Some(_)) => true,
            (Token::Literal(expected), Some(c)) => expected.eq_ignore_ascii_case(&c),
            _ => false,
        };
        if is_match {
            pattern_rest = after;
            text_rest = chars.as_str();
            continue;
        }
        let Some((after_star, from)) = retry else { return false };
        let mut chars = from.chars();
        if chars.next().is_none() {
            return false;
        }
        retry = Some((after_star, chars.as_str()));
        (pattern_rest, text_rest) = (after_star, chars.as_str());
    }
}

/// A text in which no character is a wildcard any more.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['*', '?']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if matches!(c, '*' | '?') {
            out.push('\\');
        }
        out.push(c);
    }
    Cow::Owned(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Many,
    One,
    Literal(char),
    End,
}

fn next_token(pattern: &str) -> (Token, &str) {
    let mut chars = pattern.chars();
    let token = match chars.next() {
        None => Token::End,
        Some('*') => Token::Many,
        Some('?') => Token::One,
        Some('\\') => match chars.as_str().chars().next() {
            Some(escaped @ ('*' | '?')) => {
                chars.next();
                Token::Literal(escaped)
            }
            _ => Token::Literal('\\'),
        },
        Some(c) => Token::Literal(c),
    };
    (token, chars.as_str())
}

#[cfg(test)]
mod tests;
