//! What the service asks of its driver, and what comes back.

use super::ids::{MsgId, SessionId, Ticket};
use super::query::{Kept, Query};
use super::search::Search;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// One thing to do outside. The driver starts them in order; answers may come later and carry the ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Append `bytes` to the log `log` and sync it; several may share one commit. Appends are carried out in order. The answer
    /// is [`Chat::handle_committed`](super::Chat::handle_committed) or
    /// [`Chat::handle_commit_failed`](super::Chat::handle_commit_failed).
    Append {
        /// Whose answer it is.
        ticket: Ticket,
        /// The log's name.
        log: String,
        /// The record.
        bytes: Vec<u8>,
    },
    /// Read the records of `log` that answer `query`, as it is after all appends asked for before. Questions are answered in
    /// order. The answer is [`Chat::handle_read`](super::Chat::handle_read).
    Read {
        /// Whose answer it is.
        ticket: Ticket,
        /// The log's name.
        log: String,
        /// Which records.
        query: Query,
    },
    /// Erase the message `msgid` of `log`, as it is after all appends asked for before: its bytes are in no file then, nor in
    /// anything that was made of the log. The answer is [`Chat::handle_erased`](super::Chat::handle_erased).
    Erase {
        /// Whose answer it is.
        ticket: Ticket,
        /// The log's name.
        log: String,
        /// Which message.
        msgid: MsgId,
    },
    /// Forget `log` altogether: its room has ended.
    Forget {
        /// The log's name.
        log: String,
    },
    /// Take away for good, when there is nothing else to do, what these logs have beyond what is kept. A later one takes the
    /// place of one that is not done.
    Retain {
        /// Logs by name, each with what is kept of it.
        logs: Vec<(String, Kept)>,
        /// What is kept of every log whose name begins with [`PRIVATE_LOGS`](super::PRIVATE_LOGS).
        private: Kept,
    },
    /// Forget all of `log` but the newest `keep` records that it has after all appends asked for before. There is time for it.
    Trim {
        /// The log's name.
        log: String,
        /// How many stay.
        keep: u64,
    },
    /// Let `log` hold `bytes` alone: append it, then trim what was before. There is no answer; when it fails, what was there may
    /// stay.
    Replace {
        /// The log's name.
        log: String,
        /// The record.
        bytes: Vec<u8>,
    },
    /// Look at what the kernel knows of the connection of a session. The answer is
    /// [`Chat::handle_inspected`](super::Chat::handle_inspected), or the end of the session.
    Inspect {
        /// Whose connection.
        session: SessionId,
    },
    /// Write and sync something of no meaning, to learn whether the store works again. The answer is
    /// [`Chat::handle_probed`](super::Chat::handle_probed).
    Probe,
    /// Compare `password` with `hash` (PHC string), which is slow on purpose. The answer is
    /// [`Chat::handle_verified`](super::Chat::handle_verified).
    Verify {
        /// Whose answer it is.
        ticket: Ticket,
        /// What was typed.
        password: Password,
        /// What it is compared with.
        hash: String,
    },
    /// Make of `password` what it is compared with later, which is slow on purpose. The answer is
    /// [`Chat::handle_derived`](super::Chat::handle_derived).
    Derive {
        /// Whose answer it is.
        ticket: Ticket,
        /// The new password, prepared.
        password: Password,
    },
    /// Trim the log [`AUDIT_LOG`](super::AUDIT_LOG) to its newest `records`, and to those since `before_us`. There is no answer.
    TrimAudit {
        /// Records at most.
        records: u32,
        /// Records before this time go, microseconds since 1970 in UTC.
        before_us: i64,
    },
    /// An operator asked that settings be read again. The answer is
    /// [`Chat::handle_settings`](super::Chat::handle_settings), or
    /// [`Chat::handle_settings_refused`](super::Chat::handle_settings_refused).
    Reload {
        /// Who asked.
        session: SessionId,
    },
    /// Search in logs, as they are after all appends that were answered. The answer is
    /// [`Chat::handle_found`](super::Chat::handle_found).
    Search {
        /// Whose answer it is.
        ticket: Ticket,
        /// What is searched for.
        search: Box<Search>,
    },
}

/// What came of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is another.
    Wrong,
    /// It was not compared, since too many wait for that: who gave it is asked to try again later.
    NotCompared,
}

/// What came of erasing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Its bytes are gone.
    Done,
    /// There is no such message, or it was erased before.
    NotThere,
    /// It was not tried, since the store fails; it is there as before.
    NotTried,
    /// It failed, and may have come half way. It is tried again when a probe succeeds, and the same ticket answered again then.
    Unfinished,
}

/// A password on its way to be compared, or to what it will be compared with; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Password(…)")
    }
}
