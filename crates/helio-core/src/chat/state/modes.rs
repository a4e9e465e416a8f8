//! Modes: the letters, what each means, and how they combine. One table for each kind.

use crate::time::Utc;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// What a member of a room may be, as a set; the letters are those of PREFIX in ISUPPORT, highest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chat) struct Statuses(u8);

impl Statuses {
    pub(in crate::chat) const NONE: Self = Self(0);
    pub(in crate::chat) const VOICE: Self = Self(1);
    pub(in crate::chat) const HALFOP: Self = Self(1 << 1);
    pub(in crate::chat) const OPERATOR: Self = Self(1 << 2);
    pub(in crate::chat) const ADMIN: Self = Self(1 << 3);
    pub(in crate::chat) const OWNER: Self = Self(1 << 4);

    /// Every status, highest first: itself, its mode letter, its prefix.
    pub(in crate::chat) const TABLE: [(Self, char, char); 5] = [
        (Self::OWNER, 'q', '~'),
        (Self::ADMIN, 'a', '&'),
        (Self::OPERATOR, 'o', '@'),
        (Self::HALFOP, 'h', '%'),
        (Self::VOICE, 'v', '+'),
    ];

    pub(in crate::chat) fn of_letter(letter: char) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known, _)| *known == letter).map(|(status, ..)| *status)
    }

    pub(in crate::chat) fn of_prefix(prefix: char) -> Option<Self> {
        Self::TABLE.iter().find(|(.., known)| *known == prefix).map(|(status, ..)| *status)
    }

    /// The mode letter of a single status.
    pub(in crate::chat) fn letter(self) -> char {
        Self::TABLE.iter().find(|(status, ..)| *status == self).map_or('?', |(_, letter, _)| *letter)
    }

    /// Whether any status of `self` is as high as `least` or higher. Everybody has at least [`Self::NONE`].
    pub(in crate::chat) fn at_least(self, least: Self) -> bool {
        self.0 >= least.0
    }

    pub(in crate::chat) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(in crate::chat) fn set(&mut self, other: Self, is_added: bool) {
        self.0 = if is_added { self.0 | other.0 } else { self.0 & !other.0 };
    }

    /// The prefixes: all of them with multi-prefix, else the highest.
    pub(in crate::chat) fn prefixes(self, all: bool) -> impl Iterator<Item = char> {
        let held = Self::TABLE.into_iter().filter(move |(status, ..)| self.contains(*status));
        held.map(|(.., prefix)| prefix).take(if all { Self::TABLE.len() } else { 1 })
    }

    /// The highest status alone.
    pub(in crate::chat) fn highest(self) -> Self {
        Self::TABLE.into_iter().map(|(status, ..)| status).find(|status| self.contains(*status)).unwrap_or(Self::NONE)
    }
}

// spec: begin

/// A room's setting with its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum Setting {
    Flag {
        flag: RoomFlag,
        is_set: bool,
    },
    /// `k`: what one must know to join.
    Key {
        key: Option<String>,
    },
    /// `l`: members at most.
    Limit {
        limit: Option<u32>,
    },
    /// `W`: how long one waits between two messages.
    Slow {
        seconds: Option<u32>,
    },
}

// spec: end

// spec: begin

/// A setting that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum RoomFlag {
    /// `i`: only those who were invited may join.
    InviteOnly,
    /// `m`: only voiced members and above may speak.
    Moderated,
    /// `n`: nobody may speak from outside.
    NoOutside,
    /// `s`: not shown to those who are not in it.
    Secret,
    /// `t`: only half-operators and above may set the topic.
    TopicLocked,
    /// `C`: no CTCP but ACTION.
    NoCtcp,
    /// `R`: only those with an account may join.
    RegisteredOnly,
    /// `A`: only half-operators and above may speak.
    ReadOnly,
}

// spec: end

impl RoomFlag {
    /// Every flag with its letter.
    pub(in crate::chat) const TABLE: [(Self, char); 8] = [
        (Self::ReadOnly, 'A'),
        (Self::NoCtcp, 'C'),
        (Self::RegisteredOnly, 'R'),
        (Self::InviteOnly, 'i'),
        (Self::Moderated, 'm'),
        (Self::NoOutside, 'n'),
        (Self::Secret, 's'),
        (Self::TopicLocked, 't'),
    ];

    pub(in crate::chat) fn of_letter(letter: char) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| *known == letter).map(|(flag, _)| *flag)
    }

    pub(in crate::chat) fn letter(self) -> char {
        Self::TABLE.iter().find(|(flag, _)| *flag == self).map_or('?', |(_, letter)| *letter)
    }
}

// spec: begin

/// Lists of masks that a room has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum ListKind {
    /// `b`: may not join or speak.
    Ban,
    /// `e`: no ban holds for them.
    Exception,
    /// `I`: may join as if invited.
    Invitation,
}

// spec: end

impl ListKind {
    /// Every list with its letter.
    pub(in crate::chat) const TABLE: [(Self, char); 3] =
        [(Self::Ban, 'b'), (Self::Exception, 'e'), (Self::Invitation, 'I')];

    pub(in crate::chat) fn of_letter(letter: char) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| *known == letter).map(|(kind, _)| *kind)
    }

    pub(in crate::chat) fn letter(self) -> char {
        Self::TABLE.iter().find(|(kind, _)| *kind == self).map_or('?', |(_, letter)| *letter)
    }
}

// spec: begin

/// A mask in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct ListEntry {
    /// `nick!user@host` with `*` and `?`, or an extended ban such as `~m:mask`.
    pub(in crate::chat) mask: String,
    /// Who set it, as `nick!user@host` was then.
    pub(in crate::chat) by: String,
    /// When, microseconds since 1970 in UTC.
    pub(in crate::chat) at_us: i64,
}

// spec: end

impl ListEntry {
    pub(in crate::chat) fn at(&self) -> Utc {
        Utc::from_micros(self.at_us)
    }
}

/// A user's modes that are on or off. `o` is not among them: it comes with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chat) enum UserFlag {
    /// `B`: a bot (IRCv3 bot mode).
    Bot,
    /// `R`: takes private messages only from those with an account.
    RegisteredOnly,
    /// `i`: not shown to those who share no room.
    Invisible,
    /// `s`: wants the server's notices, operators only.
    ServerNotices,
    /// `w`: wants WALLOPS.
    Wallops,
}

impl UserFlag {
    /// Every flag with its letter.
    pub(in crate::chat) const TABLE: [(Self, char); 5] = [
        (Self::Bot, 'B'),
        (Self::RegisteredOnly, 'R'),
        (Self::Invisible, 'i'),
        (Self::ServerNotices, 's'),
        (Self::Wallops, 'w'),
    ];

    pub(in crate::chat) fn of_letter(letter: char) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| *known == letter).map(|(flag, _)| *flag)
    }

    pub(in crate::chat) fn letter(self) -> char {
        Self::TABLE.iter().find(|(flag, _)| *flag == self).map_or('?', |(_, letter)| *letter)
    }
}
