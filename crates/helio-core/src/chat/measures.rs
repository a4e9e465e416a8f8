//! Numbers about the service as a whole, for whoever runs it. None of them tells of anybody in particular.

use super::policy::KeptOut;
use super::{Chat, storage};

/// How often things happened since the start; a driver shows them as counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages taken that are to be kept.
    pub messages: u64,
    /// Lines queued because of what somebody else did: messages, and who comes and goes.
    pub delivered: u64,
    /// Appends that are on disk and whose author was told.
    pub acknowledged: u64,
    /// Appends that failed.
    pub not_stored: u64,
    /// Connections that were one too many for their address or network.
    pub connections_refused: u64,
    /// Sessions ended because they sent too much too fast.
    pub flooded: u64,
    /// Sessions ended because they did not read what was there for them.
    pub slow_readers: u64,
    /// Log-ins that were not tried, after too many wrong ones.
    pub logins_refused: u64,
    /// Registrations of accounts that came too soon after others from the same place.
    pub registrations_refused: u64,
    /// Connections and log-ins that a ban kept out.
    pub banned: u64,
    /// Connections that lockdown kept out, or that only an account would have let in.
    pub locked_out: u64,
}

/// How much there is now; a driver shows it as gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Connections that are not registered.
    pub registering: usize,
    /// Users, guests of the line listener included.
    pub users: usize,
    /// Rooms, empty ones included.
    pub rooms: usize,
    /// Rooms in which nobody is, kept for their settings and messages.
    pub empty_rooms: usize,
    /// Accounts, with those that were deleted and whose names are taken.
    pub accounts: usize,
    /// Appends whose commit is not known yet.
    pub uncommitted: usize,
    /// Reads of the store that are not answered yet.
    pub reads: usize,
    /// Bytes that wait to be written to all clients together.
    pub queued_bytes: usize,
    /// Whether messages are refused because the store failed.
    pub is_store_failing: bool,
}

impl Counts {
    pub(super) fn note(&mut self, kept_out: &KeptOut) {
        match kept_out {
            KeptOut::Banned(_) => self.banned += 1,
            KeptOut::Closed | KeptOut::AccountRequired => self.locked_out += 1,
        }
    }
}

impl Chat {
    /// How often things happened since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            delivered: self.sessions.delivered(),
            logins_refused: self.guesses.refused(),
            registrations_refused: self.registrations.refused(),
            ..self.counts
        }
    }

    /// How much there is now. Costs no more than a few reads, however much that is.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let storage::Waits { uncommitted, reads, is_failing } = self.storage.waits();
        Sizes {
            registering: self.sessions.registering(),
            users: self.state.users.len(),
            rooms: self.state.rooms.len(),
            empty_rooms: self.state.empty_rooms.len(),
            accounts: self.state.accounts.len(),
            uncommitted,
            reads,
            queued_bytes: self.sessions.tally.bytes(),
            is_store_failing: is_failing,
        }
    }
}
