//! What filters do to what somebody says. `spec/rooms.md` describes them.

use super::pattern::{Pattern, PatternError};
use crate::irc::casemap;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

// spec: begin

/// A rule: what it looks for, and what becomes of a text that has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Filter {
    pub(in crate::chat) pattern: String,
    pub(in crate::chat) action: FilterAction,
    /// For how long `mute` mutes; absent for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::chat) minutes: Option<u32>,
    /// Who made it: an account or a nickname.
    pub(in crate::chat) by: String,
    pub(in crate::chat) at_us: i64,
}

/// What becomes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum FilterAction {
    /// It is not said, and its author is told.
    Refuse,
    /// It is not said, and its author says nothing more in the room for some time.
    Mute,
    /// It is said, and those who look after the room are told.
    Report,
}

/// A change to the filters of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum FilterChange {
    /// One with the same pattern is replaced.
    Add(Filter),
    /// The one with this pattern is no more.
    Remove(String),
}

// spec: end

impl FilterAction {
    const TABLE: [(Self, &str); 3] = [(Self::Refuse, "refuse"), (Self::Mute, "mute"), (Self::Report, "report")];

    pub(in crate::chat) fn of_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(action, _)| *action)
    }

    pub(in crate::chat) fn word(self) -> &'static str {
        Self::TABLE.iter().find(|(action, _)| *action == self).map_or("", |(_, word)| word)
    }
}

/// Filters, in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct Filters(Vec<(Filter, Pattern)>);

impl Filters {
    pub(in crate::chat) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::chat) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::chat) fn iter(&self) -> impl Iterator<Item = &Filter> {
        self.0.iter().map(|(filter, _)| filter)
    }

    pub(in crate::chat) fn get(&self, pattern: &str) -> Option<&Filter> {
        self.iter().find(|filter| casemap::eq(&filter.pattern, pattern))
    }

    /// One whose pattern cannot be read is left out: it was checked before it came here.
    pub(in crate::chat) fn change(&mut self, change: &FilterChange) {
        let pattern = match change {
            FilterChange::Add(filter) => &filter.pattern,
            FilterChange::Remove(pattern) => pattern,
        };
        self.0.retain(|(known, _)| !casemap::eq(&known.pattern, pattern));
        if let FilterChange::Add(filter) = change
            && let Ok(pattern) = filter.parse()
        {
            self.0.push((filter.clone(), pattern));
        }
    }

    /// Those that mean a text that is [`folded`](super::pattern::folded).
    pub(in crate::chat) fn meaning(&self, folded: &str) -> impl Iterator<Item = &Filter> {
        self.0.iter().filter(|(_, pattern)| pattern.matches(folded)).map(|(filter, _)| filter)
    }
}

impl Filter {
    pub(in crate::chat) fn parse(&self) -> Result<Pattern, PatternError> {
        Pattern::parse(&self.pattern)
    }
}

impl<'f> FromIterator<&'f Filter> for Filters {
    fn from_iter<I: IntoIterator<Item = &'f Filter>>(filters: I) -> Self {
        let mut all = Self::default();
        filters.into_iter().for_each(|filter| all.change(&FilterChange::Add(filter.clone())));
        all
    }
}
