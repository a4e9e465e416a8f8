//! What this run of the service knows of private conversations: which were noted in the logs of their sides, and when
//! something was last said. The truth is in the logs; where it is not known it is read from there, or noted once more.

use super::conversation::{Noted, Party, log_of};
use super::event::{Said, SaidKind};
use super::state::State;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Both maps are bounded; at the bound they begin anew.
#[derive(Debug, Default)]
pub(super) struct Correspondence {
    /// When a conversation was last noted, by the account in whose log, and the other side. Microseconds since 1970 in UTC.
    noted: BTreeMap<(Party, Party), i64>,
    /// By log: when something was last said; `None`: never.
    latest: BTreeMap<Box<str>, Option<i64>>,
}

impl Correspondence {
    /// Takes note of something said between two. The answer is what is to be added to the logs of conversations, by log.
    pub(super) fn note(&mut self, state: &State, said: &Said, with: &Party) -> Vec<(String, Noted)> {
        if said.kind == SaidKind::Tagmsg {
            return Vec::new();
        }
        let author = Party::author(said);
        self.said(&log_of(&author, with), said.at_us);
        let sides = [(author.clone(), with.clone()), (with.clone(), author)];
        let count = if sides[0] == sides[1] { 1 } else { 2 };
        let is_account = |party: &Party| party.account_name().is_some_and(|name| state.accounts.get(name).is_some());
        let due = sides.into_iter().take(count).filter(|(own, _)| is_account(own));
        due.filter_map(|(own, with)| {
            let noted = self.is_due(&own, &with, said.at_us).then_some(Noted { with, at_us: said.at_us })?;
            Some((own.conversations_log(), noted))
        })
        .collect()
    }

    /// Whether it is time to note a conversation; it is taken for noted then.
    fn is_due(&mut self, own: &Party, with: &Party, at_us: i64) -> bool {
        let key = (own.clone(), with.clone());
        let again = i64::try_from(limits::CHAT_CONVERSATION_NOTED.as_micros()).unwrap_or(i64::MAX);
        if self.noted.get(&key).is_some_and(|noted| at_us.saturating_sub(*noted) < again) {
            return false;
        }
        if self.noted.len() >= limits::CHAT_CONVERSATIONS_KNOWN {
            self.noted.clear();
        }
        self.noted.insert(key, at_us);
        true
    }

    fn said(&mut self, log: &str, at_us: i64) {
        match self.latest.get_mut(log) {
            Some(known) => *known = Some(at_us),
            None => self.insert(log, Some(at_us)),
        }
    }

    fn insert(&mut self, log: &str, at_us: Option<i64>) {
        if self.latest.len() >= limits::CHAT_CONVERSATIONS_KNOWN {
            self.latest.clear();
        }
        self.latest.insert(log.into(), at_us);
    }

    /// What a log says. What was said since the question counts more.
    pub(super) fn learn(&mut self, log: &str, at_us: Option<i64>) {
        if !self.latest.contains_key(log) {
            self.insert(log, at_us);
        }
    }

    /// When something was last said; `None`: not known.
    pub(super) fn latest(&self, log: &str) -> Option<Option<i64>> {
        self.latest.get(log).copied()
    }

    /// A commit failed: what was noted, or said last, may not be in the logs.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self) {
        assert!(self.noted.len() <= limits::CHAT_CONVERSATIONS_KNOWN, "{} noted", self.noted.len());
        assert!(self.latest.len() <= limits::CHAT_CONVERSATIONS_KNOWN, "{} latest", self.latest.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = Correspondence::default();
        let party = |number: usize| Party::account(&alloc::format!("a{number}"));
        for number in 0..limits::CHAT_CONVERSATIONS_KNOWN {
            assert!(known.is_due(&party(number), &party(0), 1));
            known.learn(&alloc::format!("{number}"), None);
        }
        assert!(!known.is_due(&party(7), &party(0), 2));
        assert_eq!(known.latest("7"), Some(None));
        known.said("new", 5);
        assert!(known.is_due(&party(limits::CHAT_CONVERSATIONS_KNOWN), &party(0), 2));
        known.check_bounds();
        assert_eq!((known.latest("7"), known.latest("new")), (None, Some(Some(5))));
        assert!(known.is_due(&party(7), &party(0), 2), "noted once more");
    }
}
