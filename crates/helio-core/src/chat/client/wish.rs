//! What a user interface asks of the client.

use super::desk::{BufferId, EntryId};
use alloc::string::String;

/// One thing that a person does. Those about a buffer or an entry that is gone do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Look at a buffer.
    Show(BufferId),
    /// A line or more of input, typed at the current buffer: commands are carried out, anything else is said. With several
    /// lines, only the first can be a command; where the server knows messages of several lines they are one.
    Input(String),
    /// Say something as it is, commands or not.
    Say {
        /// Where.
        buffer: BufferId,
        /// The words; may have several lines.
        text: String,
        /// Which message it answers.
        reply_to: Option<EntryId>,
    },
    /// Something is being typed (`true`), or was given up. May be wished at every key: others are told as often as they
    /// should be.
    Typing {
        /// Where.
        buffer: BufferId,
        /// Whether there is text that was not sent.
        is_typing: bool,
    },
    /// Fetch what was said before the first entry.
    Earlier(BufferId),
    /// All that is in the buffer was in front of the person.
    Read(BufferId),
    /// React to a message, or take that back if one has reacted so.
    React {
        /// Where it is.
        buffer: BufferId,
        /// Which.
        entry: EntryId,
        /// The reaction.
        text: String,
    },
    /// Take a message back.
    Redact {
        /// Where it is.
        buffer: BufferId,
        /// Which.
        entry: EntryId,
        /// Why; may be empty.
        reason: String,
    },
    /// Send a message again that failed, or whose fate is unknown: a new one goes, the old entry goes away.
    Again {
        /// Where it is.
        buffer: BufferId,
        /// Which.
        entry: EntryId,
    },
    /// Put away what did not reach the server.
    Discard {
        /// Where it is.
        buffer: BufferId,
        /// Which.
        entry: EntryId,
    },
    /// Search for words.
    Search {
        /// The words.
        words: String,
        /// Where; `None`: everywhere.
        within: Option<BufferId>,
    },
    /// Put the search away.
    CloseSearch,
    /// Leave a room, or close a conversation.
    Close(BufferId),
    /// Try to connect now instead of waiting longer.
    Reconnect,
}
