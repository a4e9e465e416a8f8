//! The chat service as one value: an IRC server without sockets, files or clock.
//!
//! Everything follows the crate's run-loop contract. Inputs are `handle_*`; afterwards the driver drains
//! [`Chat::poll_effect`] and [`Chat::poll_session`], and wakes it at [`Chat::poll_timeout`].
//!
//! # The way of a command
//!
//! A line becomes a command (`command`, one file each and one row in its table). The command asks `policy`, which
//! answers without effects, and proposes an `event`. `apply` makes it true, `announce` tells those whom it concerns, `storage`
//! hands what lasts to the driver. No other way changes state.
//!
//! # The way of bytes
//!
//! A session's output is one queue (`sendq`). A line for many is encoded once for each distinct set of capabilities. The echo of
//! a message, or the answer to its label, is queued at its place and held until the message is on disk; what
//! follows waits behind it. Live delivery to others does not wait.

mod announce;
mod apply;
mod audit;
mod ban;
#[cfg(test)]
mod bounds;
pub mod client;
mod command;
mod control;
mod conversation;
mod correspondence;
mod credential;
mod defcon;
mod effect;
mod ending;
mod event;
mod guesses;
mod guest_framer;
mod guest_text;
mod ids;
mod isupport;
mod latest;
mod line;
mod measures;
mod places;
mod policy;
pub mod query;
mod redacting;
mod reply;
mod retention;
pub mod search;
mod sendq;
mod session;
mod sessions;
mod settings;
mod state;
mod storage;
mod tally;
mod throttles;
mod timers;
pub mod transport;
mod tries;
mod turn;
mod verifying;

pub use audit::{AuditRecord, By};
pub use command::HTTP_METHODS;
pub use control::{ControlAnswer, ControlError, ControlRequest, RequestId, RoomInfo};
pub use credential::{Credential, DECOY_HASH, NewPasswordError, Secret, prepare_new_password};
pub use defcon::{Defcon, DefconError};
pub use effect::{Effect, Erasure, Password, Verdict};
pub use event::{AccountChange, Said, SaidKind, SaidLine};
pub use guest_framer::{Foreign, GuestFramer, GuestInput};
pub use ids::{MsgId, RoomId, SessionId, Ticket};
pub use line::Face;
pub use measures::{Counts, Sizes};
pub use places::Places;
pub use policy::AccountError;
pub use session::Peer;
pub use settings::{
    AccountRegistration, Admin, AlwaysOn, AuditKept, Connections, Flood, Operator, Replay, Retention, Settings,
};
pub use state::{AccountInfo, InviteInfo};
pub use storage::{AUDIT_LOG, MARKERS_LOG, PRIVATE_LOGS, ROOM_LOGS, RecordError, SETTINGS_LOG};
pub use throttles::THROTTLES_LOG;

use crate::irc::frame::LineError;
use crate::irc::name::ReservedNames;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use announce::Origin;
use audit::Audit;
use control::Control;
use core::net::IpAddr;
use correspondence::Correspondence;
use event::{Event, Presence};
use guesses::Guesses;
use ids::Ids;
use query::Unanswered;
use redacting::Redacting;
use session::Session;
use sessions::Sessions;
use state::{MetadataOwner, State};
use storage::Storage;
use throttles::Throttles;
use timers::Timers;
use tries::Tries;
use verifying::Verifying;

/// The whole service.
#[derive(Debug)]
pub struct Chat {
    settings: Settings,
    state: State,
    sessions: Sessions,
    storage: Storage,
    latest: latest::Latest,
    correspondence: Correspondence,
    timers: Timers,
    places: Places,
    reserved: ReservedNames,
    verifying: Verifying,
    redacting: Redacting,
    /// Accounts registered lately, by network.
    registrations: Tries<IpAddr>,
    guesses: Guesses,
    /// Rooms that got another name lately.
    renames: Tries<RoomId>,
    throttles: Throttles,
    /// Who changed metadata lately.
    metadata_changes: Tries<MetadataOwner>,
    /// Of this run: what nonces are made of.
    secret: Option<Secret>,
    uses: command::stats::Uses,
    ids: Ids,
    effects: VecDeque<Effect>,
    /// When the room that has been empty for longest ends.
    next_room_end: Option<Instant>,
    always_on: command::always_on::Due,
    started: Now,
    retention: retention::Retention,
    counts: Counts,
    control: Control,
    audit: Audit,
}

/// What the driver is to do with one session's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// Bytes to write; tell [`Chat::handle_written`] how many were taken.
    pub bytes: &'a [u8],
    /// Nothing will follow: close when these are written, and tell [`Chat::handle_end`].
    pub is_last: bool,
}

impl Chat {
    /// A service in which nobody is. `run` is 96 random bits of this start: they make message ids unique for ever.
    #[must_use]
    pub fn new(settings: Settings, run: [u8; 12], now: Now) -> Self {
        Self {
            sessions: Sessions::new(settings.send_queue),
            state: State::default(),
            storage: Storage::default(),
            latest: latest::Latest::default(),
            correspondence: Correspondence::default(),
            timers: Timers::default(),
            places: Places::default(),
            reserved: ReservedNames::default(),
            verifying: Verifying::default(),
            redacting: Redacting::default(),
            registrations: Tries::new(limits::CHAT_REGISTER_BURST, limits::CHAT_REGISTER_INTERVAL),
            guesses: Guesses::new(),
            renames: Tries::new(limits::CHAT_RENAME_BURST, limits::CHAT_RENAME_INTERVAL),
            throttles: Throttles::new(settings.connections.per_minute),
            metadata_changes: Tries::new(limits::CHAT_METADATA_BURST, limits::CHAT_METADATA_INTERVAL),
            secret: None,
            uses: command::stats::Uses::default(),
            ids: Ids::new(run),
            effects: VecDeque::new(),
            next_room_end: None,
            always_on: command::always_on::Due::default(),
            started: now,
            retention: retention::Retention::new(now),
            counts: Counts::default(),
            control: Control::default(),
            audit: Audit::default(),
            settings,
        }
    }

    /// The same with bits from a cryptographic generator, new at every start. Without them SCRAM is not offered.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Takes one record of the log [`SETTINGS_LOG`], in order, before the first connection.
    ///
    /// # Errors
    /// The record cannot be read; nothing changed.
    pub fn handle_restored(&mut self, record: &[u8], now: Now) -> Result<(), RecordError> {
        let event = storage::decode(record)?;
        storage::forget_ended(self, &event);
        self.state.apply(&event, now);
        Ok(())
    }

    /// Takes one record of the log [`MARKERS_LOG`], in order, after those of [`SETTINGS_LOG`] and before the first connection. One
    /// that cannot be read is left out.
    pub fn handle_restored_marker(&mut self, record: &[u8]) {
        storage::restored_markers(self, record);
    }

    /// That was the last record: those who stay without a client are there from now on, for the connections to come.
    pub fn handle_restore_end(&mut self, now: Now) {
        command::always_on::come_back(self, now);
        self.settle(now);
    }

    /// The fewest records of the log [`SETTINGS_LOG`] that restore accounts and rooms as they are: one each. A driver whose log
    /// has many more may put these in its place, before the first connection.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Vec<u8>> {
        let lasting = self.state.rooms.values().filter(|room| room.is_lasting);
        let decoys = self.state.accounts.decoys.iter().map(storage::encode_decoys);
        let accounts = self.state.accounts.iter().map(storage::encode_account);
        let filters = Some(&self.state.filters).filter(|filters| !filters.is_empty());
        let filters = filters.and_then(storage::encode_filters);
        let invites = self.state.invites.iter().map(storage::encode_invite);
        let rooms = lasting.filter_map(storage::encode_room);
        let metadata = self.state.metadata_records().map(storage::encode_restored_metadata);
        // Asked for at the start.
        let bans = storage::encode_bans(&self.state, self.started.utc);
        decoys.chain(accounts).chain(invites).chain(filters).chain(rooms).chain(metadata).chain(bans).collect()
    }

    /// A connection was accepted. `Err` is the line to send before it is closed again, with its line end.
    ///
    /// # Errors
    /// The address is banned, or too many connections come from there.
    pub fn handle_connect(&mut self, peer: Peer, now: Now) -> Result<SessionId, String> {
        if let Err(kept_out) = self.is_welcome(peer.address.ip(), now) {
            return Err(command::ban::last_words(self, peer.face, &kept_out));
        }
        let flood = self.flood_of(peer.address.ip(), now);
        let taken = self.take_connection(peer.address.ip(), now);
        throttles::note(self, now);
        if let Err(reason) = taken {
            self.counts.connections_refused += 1;
            return Err(Self::last_words(peer.face, &reason));
        }
        let is_guest = peer.face == Face::Guest;
        let id = self.sessions.insert(Session::new(peer, flood, now));
        let patience = if is_guest { limits::CHAT_GUEST_SETTLING } else { self.settings.registration_timeout };
        self.timers.set(id, now.mono + patience);
        Ok(id)
    }

    /// A line arrived, without its line end.
    pub fn handle_line(&mut self, id: SessionId, line: &[u8], now: Now) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.is_closing()) else { return };
        session.heard = now.mono;
        session.pinged = None;
        if session.is_held() || !session.flood.take(now.mono) {
            if session.wait(line).is_err() {
                self.counts.flooded += 1;
                self.end(id, "Excess Flood", now);
                return self.settle(now);
            }
            return self.timers.set(id, now.mono + self.flood_pause());
        }
        command::dispatch(self, id, line, now);
        self.settle(now);
    }

    /// Something arrived that is no line.
    pub fn handle_bad_line(&mut self, id: SessionId, error: LineError, now: Now) {
        let Some(session) = self.sessions.get_mut(id).filter(|session| !session.is_closing()) else { return };
        session.heard = now.mono;
        session.pinged = None;
        // Under flood control, or from one who does not wait, it is not worth an answer.
        if !session.is_held() && session.flood.take(now.mono) {
            command::refuse_line(self, id, error, now);
        }
        self.settle(now);
    }

    /// The peer will send nothing more, and may still read: the session leaves, and its output is the last one when what was
    /// promised to it is answered. It is told nothing beside: a program may read its answers to the end.
    pub fn handle_peer_end(&mut self, id: SessionId, reason: &str, now: Now) {
        let Some(session) = self.sessions.get(id).filter(|session| !session.is_closing()) else { return };
        if let Some(user) = session.user() {
            self.leave(user, id, reason, now);
        }
        self.sessions.close(id, reason);
        self.settle(now);
    }

    /// The connection ended, by itself or as [`Output::is_last`] asked. The session is gone after this.
    pub fn handle_end(&mut self, id: SessionId, reason: &str, now: Now) {
        self.end(id, reason, now);
        if let Some(session) = self.sessions.remove(id) {
            self.places.give_back(session.peer.address.ip());
            self.verifying.forget_session(id);
            self.timers.forget(id);
        }
        self.settle(now);
    }

    /// Whether lines of this session wait for their turn, or it waits for a password to be compared, for many echoes, some
    /// history or erasures from the disk, or has much to read. A driver that hands in no more until that is over lets TCP hold the
    /// client back; too many lines or echoes end the session. Any input may end it, and so does writing.
    #[must_use]
    pub fn is_behind(&self, id: SessionId) -> bool {
        let is_behind = |session: &Session| {
            session.is_held()
                || session.out.holds() >= limits::CHAT_HELD_LINES / 2
                || session.answering.len() >= limits::CHAT_ANSWERS / 2
                || !command::history::has_room(session, &self.settings)
                || session.history_reads >= limits::CHAT_HISTORY_READS
                || session.redactions >= limits::CHAT_REDACTIONS
        };
        self.sessions.get(id).is_some_and(is_behind)
    }

    /// The next session to look at: see [`Chat::output`].
    pub fn poll_session(&mut self) -> Option<SessionId> {
        self.sessions.poll_listed()
    }

    /// What is to be written to a session now. `None`: there is no such session.
    #[must_use]
    pub fn output(&self, id: SessionId) -> Option<Output<'_>> {
        let session = self.sessions.get(id)?;
        Some(Output { bytes: session.out.ready(), is_last: session.is_last() })
    }

    /// Why a session is being closed, for the driver's log.
    #[must_use]
    pub fn closing_reason(&self, id: SessionId) -> Option<String> {
        self.sessions.closing_reason(id)
    }

    /// The first `len` bytes of [`Output::bytes`] were taken.
    pub fn handle_written(&mut self, id: SessionId, len: usize) {
        self.sessions.consume(id, len);
        command::answering::written(self, id);
        command::attach::written(self, id);
    }

    /// The next thing that the driver is asked for.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Everything up to and with `ticket` is on disk.
    pub fn handle_committed(&mut self, ticket: Ticket, now: Now) {
        storage::committed(self, ticket);
        control::committed(self, ticket);
        self.settle(now);
    }

    /// The commit that `first` to `last` were part of failed; nothing of it is on disk.
    pub fn handle_commit_failed(&mut self, first: Ticket, last: Ticket, now: Now) {
        control::committed(self, Ticket(first.0.saturating_sub(1)));
        control::failed(self, first, last);
        storage::failed(self, first, last, now);
        self.settle(now);
    }

    /// The store is lost for the rest of this run: what waits for it is answered as failed, and nothing is taken that would
    /// have to be kept.
    pub fn handle_store_lost(&mut self, now: Now) {
        control::failed(self, Ticket::default(), Ticket(u64::MAX));
        storage::lost(self, now);
        command::redact::lost(self, now);
        self.settle(now);
    }

    /// The answer to [`Effect::Probe`].
    pub fn handle_probed(&mut self, is_working: bool, now: Now) {
        storage::probed(self, is_working, now);
        self.settle(now);
    }

    /// The answer to [`Effect::Read`]: records, oldest first, or why there are none.
    pub fn handle_read(&mut self, ticket: Ticket, records: Result<&[Vec<u8>], Unanswered>, now: Now) {
        if !command::redact::found(self, ticket, records, now) {
            storage::read(self, ticket, records, now);
        }
        self.settle(now);
    }

    /// The answer to [`Effect::Erase`].
    pub fn handle_erased(&mut self, ticket: Ticket, erasure: Erasure, now: Now) {
        command::redact::erased(self, ticket, erasure, now);
        self.settle(now);
    }

    /// New settings hold from now on.
    pub fn handle_settings(&mut self, settings: Settings, now: Now) {
        self.sessions.set_queue_max(settings.send_queue);
        let old = core::mem::replace(&mut self.settings, settings);
        if self.settings.connections.per_minute != old.connections.per_minute {
            self.throttles.set_per_minute(self.settings.connections.per_minute);
        }
        timers::settings_changed(self, &old, now);
        command::cap::settings_changed(self, &old);
        command::oper::settings_changed(self, now);
        command::always_on::settings_changed(self, &old);
        self.settle(now);
    }

    /// New settings could not be read, the old ones stay: `asked`, if it was a session that asked by
    /// [`Effect::Reload`], and the operators are told why.
    pub fn handle_settings_refused(&mut self, asked: Option<SessionId>, reason: &str, now: Now) {
        command::oper::settings_refused(self, asked, reason, now);
        self.settle(now);
    }

    /// The program ends: everybody is told and closed, and what was promised is kept if the store answers in time.
    pub fn handle_stop(&mut self, now: Now) {
        command::always_on::save(self, now);
        for id in self.sessions.ids() {
            let Some(session) = self.sessions.get(id).filter(|session| !session.is_closing()) else { continue };
            let reason = "Server is shutting down";
            // Everybody leaves: to tell each of each would fill the queues.
            if let Some(user) = session.user() {
                self.state.apply(&Presence::Quit { user, reason: reason.into() }.into(), now);
            }
            self.close(id, reason);
        }
        self.settle(now);
        throttles::save(self, true, now);
    }

    /// When [`Chat::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let retention = Some(self.retention.next());
        let (always_on, throttles) = (self.always_on.next(), self.throttles.save_at());
        let own = [self.timers.next(), self.storage.probe_at(), self.next_room_end, retention, always_on, throttles];
        own.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        timers::run(self, now);
        storage::probe_if_due(self, now);
        retention::run_if_due(self, now);
        throttles::save(self, false, now);
        self.settle(now);
    }

    /// Makes `event` happen: apply, announce, store, and what history shows of it. A room is kept before the first thing in it.
    fn happen(&mut self, event: &Event, origin: Option<Origin<'_>>, now: Now) -> Option<Ticket> {
        storage::keep_room(self, event, now);
        let change = announce::change(self, event, now);
        if announce::is_told_first(event) {
            announce::announce(self, event, None, origin, now);
            self.state.apply(event, now);
        } else {
            self.state.apply(event, now);
            announce::announce(self, event, change.as_ref(), origin, now);
        }
        self.latest.note(&self.state, event);
        self.end_kicked_guest(event, now);
        let ticket = storage::store(self, event);
        change.iter().for_each(|change| storage::store_change(self, change));
        ticket
    }

    /// What is left to do after each input: sessions whose queue overflowed end, rooms that nobody needs go.
    fn settle(&mut self, now: Now) {
        // That one of them leaves is told to others, whose queues it may fill.
        while let Some(id) = self.sessions.poll_overflowed() {
            self.sessions.clear(id);
            self.counts.slow_readers += 1;
            self.end(id, "SendQ exceeded", now);
        }
        command::always_on::sweep(self, now);
        command::room_end::sweep(self, now);
        throttles::note(self, now);
    }
}

#[cfg(test)]
mod tests;
