//! Entries of the lists `+b`, `+e` and `+I`: masks, and extended bans (modern.ircdocs.horse "EXTBAN", IRCv3
//! account-extban): `EXTBAN=~,am` and `ACCOUNTEXTBAN=a,account` in ISUPPORT.
//!
//! `~a:bob` (or `~account:bob`) means who is logged in as bob, `~m:…` (or `~mute:…`) takes the voice only and lets
//! whom it means stay and join. What a mute means is a mask or `~a:…`.

use super::mask::{Mask, MaskError, glob};
use crate::limits;
use alloc::boxed::Box;

/// One entry of a list, in the form in which it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// It takes the voice only.
    pub is_mute: bool,
    /// Whom it means.
    pub who: Who,
}

/// Whom an entry means.
#[derive(Clone, Debug, Eq)]
pub enum Who {
    /// Users whose `nick!user@host` matches.
    Mask(Mask),
    /// Users who are logged in to an account whose name matches; wildcards as in [`Mask`].
    Account(Box<str>),
}

/// Why a text is no entry. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListEntryError {
    /// The part that is a mask is none.
    #[error(transparent)]
    Mask(#[from] MaskError),
    /// It begins like an extended ban of a kind that there is not.
    #[error("extended ban is of an unknown kind, known are ~a: and ~m:")]
    UnknownKind,
}

/// The names of each kind: the short one, which is kept, and the long one.
const ACCOUNT: [&str; 2] = ["a", "account"];
const MUTE: [&str; 2] = ["m", "mute"];

impl ListEntry {
    /// An entry from what a person wrote.
    ///
    /// # Errors
    /// [`ListEntryError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, ListEntryError> {
        match kind(text) {
            Some((name, muted)) if is_one_of(name, MUTE) => Ok(Self { is_mute: true, who: Who::parse(muted)? }),
            _ => Ok(Self { is_mute: false, who: Who::parse(text)? }),
        }
    }

    /// Whether it means a user with this `nick!user@host` and account.
    #[must_use]
    pub fn matches(&self, nick_user_host: &str, account: Option<&str>) -> bool {
        match &self.who {
            Who::Mask(mask) => mask.matches(nick_user_host),
            Who::Account(pattern) => account.is_some_and(|account| glob(pattern, account)),
        }
    }
}

impl Who {
    fn parse(text: &str) -> Result<Self, ListEntryError> {
        let Some((name, account)) = kind(text) else { return Ok(Self::Mask(Mask::parse(text)?)) };
        if !is_one_of(name, ACCOUNT) {
            return Err(ListEntryError::UnknownKind);
        }
        match account.len() {
            0 => Err(MaskError::Empty.into()),
            bytes if bytes > limits::IRC_MASK => Err(MaskError::TooLong { bytes }.into()),
            _ if account.chars().any(|c| c == ' ' || c.is_control()) => Err(MaskError::ForbiddenCharacter.into()),
            _ => Ok(Self::Account(account.into())),
        }
    }
}

impl PartialEq for Who {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mask(a), Self::Mask(b)) => a == b,
            (Self::Account(a), Self::Account(b)) => a.eq_ignore_ascii_case(b),
            (Self::Mask(_), Self::Account(_)) | (Self::Account(_), Self::Mask(_)) => false,
        }
    }
}

impl core::fmt::Display for ListEntry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.is_mute {
            f.write_str("~m:")?;
        }
        match &self.who {
            Who::Mask(mask) => write!(f, "{mask}"),
            Who::Account(account) => write!(f, "~a:{account}"),
        }
    }
}

/// The name of an extended ban's kind and what comes after it. A `~` alone may begin a mask: no nickname has one, but
/// `~user@host` is a user.
fn kind(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('~')?.split_once(':')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some((name, rest))
}

fn is_one_of(name: &str, names: [&str; 2]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use proptest::prelude::*;

    fn shown(text: &str) -> Result<alloc::string::String, ListEntryError> {
        ListEntry::parse(text).map(|entry| entry.to_string())
    }

    #[test]
    fn entries_are_kept_in_one_form() {
        for (text, kept) in [
            ("bob", "bob!*@*"),
            ("~bob@host", "*!~bob@host"),
            ("~a:bob", "~a:bob"),
            ("~account:bob", "~a:bob"),
            ("~MUTE:bob", "~m:bob!*@*"),
            ("~m:~account:b*", "~m:~a:b*"),
            ("*!*@2001:db8::1", "*!*@2001:db8::1"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(kept), "{text}");
        }
        assert_eq!(ListEntry::parse("~a:Bob"), ListEntry::parse("~account:bob"));
        assert_ne!(ListEntry::parse("~m:bob"), ListEntry::parse("bob"));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for text in ["~x:bob", "~m:~m:bob", "~m:~x:bob"] {
            assert_eq!(shown(text), Err(ListEntryError::UnknownKind), "{text}");
        }
        for text in ["~a:", "~m:", "~m:~a:", ""] {
            assert_eq!(shown(text), Err(MaskError::Empty.into()), "{text}");
        }
        assert_eq!(shown("~a:b c"), Err(MaskError::ForbiddenCharacter.into()));
        assert!(shown(&["~a:", &"x".repeat(limits::IRC_MASK + 1)].concat()).is_err());
    }

    #[test]
    fn an_account_is_meant_whatever_its_nickname() {
        let entry = ListEntry::parse("~a:bob").unwrap();
        assert!(entry.matches("x!y@z", Some("BOB")));
        assert!(!entry.matches("bob!y@z", Some("bobby")) && !entry.matches("bob!y@z", None));
        let mute = ListEntry::parse("~m:*!*@z").unwrap();
        assert!(mute.is_mute && mute.matches("x!y@z", None) && !mute.matches("x!y@w", None));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_the_same_entry(text in "(~(a|m|account|mute|x)?:){0,2}[a-c!@.*?~:]{0,10}") {
            if let Ok(entry) = ListEntry::parse(&text) {
                prop_assert_eq!(ListEntry::parse(&entry.to_string()), Ok(entry));
            }
        }
    }
}
