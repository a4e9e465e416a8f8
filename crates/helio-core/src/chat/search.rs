//! What can be searched for, and what of a record can be found. spec/search.md is the page.

use super::event::Said;
use super::guest_text::{action, plain};
use super::ids::Ticket;
use super::{Chat, storage};
use crate::irc::casemap::fold;
use crate::time::Now;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

impl Chat {
    /// The answer to [`Effect::Search`](super::Effect::Search): what was found, oldest first, or why nothing can be told.
    pub fn handle_found(&mut self, ticket: Ticket, found: Result<&[Found], NotSearched>, now: Now) {
        storage::found(self, ticket, found, now);
        self.settle(now);
    }
}

/// One search, for the driver to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// In these logs.
    pub logs: Vec<String>,
    /// And in all private conversations with this name as one of their sides.
    pub party: Option<String>,
    /// Said by this one, in the form of [`Findable::author`].
    pub author: Option<String>,
    /// All of these are in it.
    pub terms: Vec<Term>,
    /// When it was said, microseconds since 1970 in UTC.
    pub at_us: Range<i64>,
    /// Which are wanted when there are more than `limit`.
    pub wanted: Order,
    /// How many at most.
    pub limit: usize,
    /// Most bytes that they may have when they are shown, by [`Heading::cost`](super::query::Heading::cost); one comes whatever
    /// it has.
    pub bytes: usize,
}

/// From which end of time messages are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
}

/// A word, or several that must follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it was typed, without quotes.
    pub text: String,
    /// The last word may go on.
    pub is_prefix: bool,
}

/// One message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// In which log.
    pub log: String,
    /// The record, as it is there now.
    pub record: Vec<u8>,
}

/// Why a search has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSearched {
    /// There is no index, or it or the store cannot be read now.
    Fails,
    /// The index is still being made from what was said before.
    Incomplete,
    /// It took too long, or too many wait.
    TooMuch,
}

/// What can be found of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findable {
    /// When it was said, microseconds since 1970 in UTC.
    pub at_us: i64,
    /// The author's nickname as it was then, in lower case.
    pub author: String,
    /// Its lines, without formatting.
    pub text: String,
}

impl Findable {
    /// What can be found of a record; `None` if nothing: it is no message, or for those with some status only.
    #[must_use]
    pub fn of(record: &[u8]) -> Option<Self> {
        let said: Said = serde_json::from_slice(record).ok()?;
        if !said.kind.is_message() || said.is_for_status() {
            return None;
        }
        let mut text = String::new();
        for line in &said.lines {
            if !line.is_concat && !text.is_empty() {
                text.push('\n');
            }
            match action(&line.text) {
                Some(Some(action)) => text += &plain(action),
                // Other CTCP speaks to programs.
                Some(None) => {}
                None => text += &plain(&line.text),
            }
        }
        Some(Self { at_us: said.at_us, author: author(said.nick()), text })
    }
}

/// A nickname in the form of [`Findable::author`].
#[must_use]
pub fn author(nick: &str) -> String {
    fold(nick).into()
}
