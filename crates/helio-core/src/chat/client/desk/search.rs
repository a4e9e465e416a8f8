//! What was searched for, and found.

use super::entry::Entry;
use alloc::string::String;
use alloc::vec::Vec;

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The words, as they were typed.
    pub words: String,
    /// The room or person in which it was searched; `None`: everywhere.
    pub within: Option<String>,
    /// How far it is.
    pub state: SearchState,
    /// What was found, oldest first, at most [`limits::SEARCH_RESULTS`](crate::limits::SEARCH_RESULTS).
    pub found: Vec<Found>,
}

/// How far a search is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchState {
    /// The server was asked.
    Asked,
    /// This is all.
    Done,
    /// There is no answer.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The room, or the person it was said to or by.
    pub place: String,
    /// The message. It need not be among the entries of that place.
    pub entry: Entry,
}
