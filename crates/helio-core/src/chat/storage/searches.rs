//! Searches that wait for the index.

use super::Storage;
use crate::chat::ids::Ticket;
use crate::chat::search::{Found, NotSearched};
use crate::chat::{Chat, command};
use crate::time::Now;

impl Storage {
    /// Remembers what is searched for.
    pub(in crate::chat) fn searches(&mut self, ticket: Ticket, asked: command::search::Asked) {
        self.searches.insert(ticket, asked);
    }
}

/// The answer to a search.
pub(in crate::chat) fn found(chat: &mut Chat, ticket: Ticket, found: Result<&[Found], NotSearched>, now: Now) {
    if let Some(asked) = chat.storage.searches.remove(&ticket) {
        command::search::arrived(chat, ticket, &asked, found, now);
    }
}

/// No search will be answered.
pub(super) fn lost(chat: &mut Chat, now: Now) {
    while let Some((ticket, _)) = chat.storage.searches.first_key_value() {
        found(chat, *ticket, Err(NotSearched::Fails), now);
    }
}
