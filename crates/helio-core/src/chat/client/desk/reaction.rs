//! Reactions to a message.

use crate::irc::casemap;
use crate::limits;
use crate::time::Utc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One reaction, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Usually an emoji.
    pub text: String,
    votes: Vec<Vote>,
}

/// What somebody last did about a reaction. A withdrawn one is kept, so that an older one that is learnt later is known to
/// be older.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Vote {
    nick: String,
    is_given: bool,
    at: Utc,
}

/// The reactions to one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reactions(Vec<Reaction>);

impl Reaction {
    /// Who gave it.
    pub fn nicks(&self) -> impl Iterator<Item = &str> {
        self.votes.iter().filter(|vote| vote.is_given).map(|vote| vote.nick.as_str())
    }

    /// Whether somebody gave it.
    #[must_use]
    pub fn is_of(&self, nick: &str) -> bool {
        self.nicks().any(|other| casemap::eq(other, nick))
    }
}

impl Reactions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Reaction> {
        self.0.iter().filter(|reaction| reaction.nicks().next().is_some())
    }

    pub(super) fn change(&mut self, nick: &str, text: &str, is_given: bool, at: Utc) -> bool {
        if text.is_empty() || text.len() > limits::CHAT_DESK_REACTION {
            return false;
        }
        if !self.0.iter().any(|reaction| reaction.text == text) && self.0.len() < limits::CHAT_DESK_REACTIONS {
            self.0.push(Reaction { text: text.to_string(), votes: Vec::new() });
        }
        let Some(reaction) = self.0.iter_mut().find(|reaction| reaction.text == text) else { return false };
        let is_full = reaction.votes.len() >= limits::CHAT_DESK_REACTORS;
        match reaction.votes.iter_mut().find(|vote| casemap::eq(&vote.nick, nick)) {
            Some(vote) if vote.at <= at => {
                let was_given = core::mem::replace(&mut vote.is_given, is_given);
                vote.at = at;
                was_given != is_given
            }
            Some(_) => false,
            None if is_full => false,
            None => {
                reaction.votes.push(Vote { nick: nick.to_string(), is_given, at });
                is_given
            }
        }
    }
}
