//! The one thread that owns the chat service's state. It takes what happened, lets the service decide, starts what that
//! asks for, and writes.

use super::batch::Batch;
use super::link::{Closing, Link};
use super::outside::Outside;
use crate::ops::{Metric, Ops};
use crate::service::Context;
use helio_core::chat::query::Unanswered;
use helio_core::chat::search::{Found, NotSearched};
use helio_core::chat::transport::Transport;
use helio_core::chat::{
    Chat, ControlAnswer, ControlRequest, Credential, Effect, Erasure, Peer, RequestId, SessionId, Settings, Ticket,
    Verdict,
};
use helio_core::limits;
use helio_core::time::{Instant, Now};
use helio_net::clock::Clock;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Something that happened.
#[derive(Debug)]
pub(super) enum Input {
    /// Somebody connected.
    Connect { peer: Peer, link: Arc<Link>, answer: oneshot::Sender<Result<SessionId, String>> },
    /// Somebody asks to be let in, before a handshake.
    Knock { address: IpAddr, answer: oneshot::Sender<Result<(), String>> },
    /// Somebody sent lines.
    Lines { id: SessionId, batch: Batch },
    /// A connection that was full has room.
    Room { id: SessionId },
    /// Nothing more will be read from a connection. `is_broken`: nothing can be written either.
    End { id: SessionId, reason: String, is_broken: bool },
    /// Everything up to the ticket is on disk.
    Committed(Ticket),
    /// A commit failed.
    CommitFailed { first: Ticket, last: Ticket },
    /// A log was read.
    Read { ticket: Ticket, records: Result<Vec<Vec<u8>>, Unanswered> },
    /// A message was to be erased.
    Erased { ticket: Ticket, erasure: Erasure },
    /// A search was done.
    Found { ticket: Ticket, found: Result<Vec<Found>, NotSearched> },
    /// The thread that keeps is gone.
    StoreLost,
    /// The store was tried.
    Probed { is_working: bool },
    /// The kernel was asked about a connection; `None`: it said nothing.
    Inspected { id: SessionId, transport: Option<Transport> },
    /// A password was compared.
    Verified { ticket: Ticket, verdict: Verdict },
    /// What a new password will be compared with; `None`: it could not be made.
    Derived { ticket: Ticket, credential: Option<Credential> },
    /// Whoever runs the server asks for something. Without an answer it was not carried out.
    Request { uid: Option<u32>, request: ControlRequest, answer: oneshot::Sender<ControlAnswer> },
    /// There are new settings.
    Settings(Box<Settings>),
    /// There are none, and why.
    SettingsRefused(String),
    /// The program ends.
    Stop,
    /// The hub is to fail, as a fault in it would make it.
    #[cfg(test)]
    Panic,
}

/// The state and everything beside it.
pub(super) struct Hub {
    chat: Chat,
    clock: Clock,
    inputs: mpsc::Receiver<Input>,
    /// By [`SessionId::index`].
    seats: Vec<Option<Seat>>,
    /// Sessions whose lines wait for flood control, a password, the disk or the client. What ends that is an input, a timeout, an
    /// answer that comes at once or a write; each looks at them again.
    behind: Vec<SessionId>,
    /// Sessions that are closed as soon as what they have, or was promised to them, is written, and when that ends.
    lingering: BTreeSet<(Instant, SessionId)>,
    outside: Outside,
    ops: Arc<Ops>,
    /// Requests that are not answered, at most [`limits::CONTROL_CONNECTIONS`], and those that nobody waits for any more.
    requests: BTreeMap<RequestId, oneshot::Sender<ControlAnswer>>,
    last_request: u64,
    /// When the last turn ended.
    written_at: Instant,
    /// Since the program ends: when connections are cut.
    stop_at: Option<Instant>,
}

/// A session's connection.
struct Seat {
    id: SessionId,
    link: Arc<Link>,
    /// Nothing can be written until [`Input::Room`].
    is_full: bool,
    /// Lines that wait for their turn. At most [`limits::CHAT_UNREAD_BATCHES`].
    waiting: VecDeque<Batch>,
    sent_bytes: u64,
    /// It is in [`Hub::lingering`].
    is_lingering: bool,
}

impl Drop for Seat {
    /// A seat that is left was closed already. One that is not goes down with the hub, and nobody else would tell its task.
    fn drop(&mut self) {
        let reason = "Server is gone".to_owned();
        self.link.close(Closing { reason, sent_bytes: self.sent_bytes, is_cut: true });
    }
}

impl Hub {
    pub(super) fn new(chat: Chat, context: &Context, inputs: mpsc::Receiver<Input>, outside: Outside) -> Self {
        Self {
            chat,
            clock: context.clock,
            inputs,
            seats: Vec::new(),
            behind: Vec::new(),
            lingering: BTreeSet::new(),
            outside,
            ops: context.ops.clone(),
            requests: BTreeMap::new(),
            last_request: 0,
            written_at: Instant::ORIGIN,
            stop_at: None,
        }
    }

    /// Works until [`Input::Stop`] and everybody is gone.
    pub(super) async fn run(mut self) {
        let mut inputs = Vec::with_capacity(limits::CHAT_INPUTS_A_TURN);
        self.show(self.clock.now());
        while !self.is_over() {
            let wakes_at = self.clock.deadline(self.wakes_at());
            let coming = self.inputs.recv_many(&mut inputs, limits::CHAT_INPUTS_A_TURN);
            let _ = tokio::time::timeout_at(wakes_at, coming).await;
            self.gather(&mut inputs);
            let now = self.clock.read();
            for input in inputs.drain(..) {
                self.take(input, now);
            }
            self.pass_time(now);
            self.drain(now);
            self.written_at = self.clock.read().mono;
            self.show(self.written_at);
        }
        self.ops.health.hub.end();
    }

    /// Shows how things are: some thirty stores to memory, however many people there are.
    fn show(&self, now: Instant) {
        let sizes = self.chat.sizes();
        let Ops { metrics, health } = &*self.ops;
        metrics.chat(&self.chat.counts(), &sizes);
        metrics.set(Metric::HubInputs, self.inputs.len() as u64);
        metrics.set(Metric::PasswordsWaiting, self.outside.passwords_waiting() as u64);
        health.store_failing(sizes.is_store_failing);
        health.hub.beat(now);
    }

    /// When there is much to do, waits a moment for more of it. What many say within one turn goes to each listener in one
    /// write and to the disk in one commit; turns of one message each would cost ten times as much.
    fn gather(&mut self, inputs: &mut Vec<Input>) {
        let is_busy = self.clock.now().since(self.written_at) < limits::CHAT_TURN_PAUSE;
        if inputs.is_empty() || inputs.len() >= limits::CHAT_FULL_TURN || !is_busy {
            return;
        }
        std::thread::sleep(limits::CHAT_TURN_PAUSE);
        while inputs.len() < limits::CHAT_INPUTS_A_TURN
            && let Ok(input) = self.inputs.try_recv()
        {
            inputs.push(input);
        }
    }

    /// No later than the watchdog wants to see it.
    fn wakes_at(&self) -> Instant {
        let lingering = self.lingering.first().map(|(at, _)| *at);
        let tick = self.written_at + limits::WATCHDOG_TICK;
        [self.chat.poll_timeout(), lingering, self.stop_at].into_iter().flatten().fold(tick, Instant::min)
    }

    fn is_over(&self) -> bool {
        self.stop_at.is_some() && self.chat.is_empty()
    }

    fn take(&mut self, input: Input, now: Now) {
        match input {
            Input::Connect { peer, link, answer } => self.connect(peer, link, answer, now),
            // An error says that they are gone already.
            Input::Knock { address, answer } => drop(answer.send(self.chat.admits(address, now))),
            Input::Lines { id, batch } => self.take_lines(id, batch, now),
            Input::Room { id } => {
                if let Some(seat) = self.seat(id) {
                    seat.is_full = false;
                    self.write(id, now);
                }
            }
            Input::End { id, reason, is_broken: false } => self.finish(id, &reason, now),
            Input::End { id, reason, is_broken: true } => self.leave(id, &reason, false, now),
            Input::Committed(ticket) => self.chat.handle_committed(ticket, now),
            Input::CommitFailed { first, last } => self.chat.handle_commit_failed(first, last, now),
            Input::Read { ticket, records } => {
                self.chat.handle_read(ticket, records.as_deref().map_err(|reason| *reason), now);
            }
            Input::Erased { ticket, erasure } => self.chat.handle_erased(ticket, erasure, now),
            Input::Found { ticket, found } => {
                self.chat.handle_found(ticket, found.as_deref().map_err(|reason| *reason), now);
            }
            Input::StoreLost => {
                self.outside.lose_keeper();
                self.chat.handle_store_lost(now);
            }
            Input::Probed { is_working } => self.chat.handle_probed(is_working, now),
            Input::Inspected { id, transport } => self.chat.handle_inspected(id, transport.as_ref(), now),
            Input::Verified { ticket, verdict } => self.chat.handle_verified(ticket, verdict, now),
            Input::Derived { ticket, credential } => self.chat.handle_derived(ticket, credential, now),
            Input::Request { uid, request, answer } => {
                self.last_request += 1;
                let id = RequestId(self.last_request);
                self.requests.insert(id, answer);
                self.chat.handle_request(id, uid, request, now);
            }
            Input::Settings(settings) => {
                self.outside.take_asker();
                self.outside.switch_search(settings.search);
                self.chat.handle_settings(*settings, now);
            }
            Input::SettingsRefused(reason) => {
                self.chat.handle_settings_refused(self.outside.take_asker(), &reason, now);
            }
            Input::Stop => {
                self.stop_at = Some(now.mono + limits::CHAT_STOP_TIMEOUT);
                self.chat.handle_stop(now);
            }
            #[cfg(test)]
            Input::Panic => panic!("as told"),
        }
    }

    fn connect(&mut self, peer: Peer, link: Arc<Link>, answer: oneshot::Sender<Result<SessionId, String>>, now: Now) {
        if self.stop_at.is_some() {
            drop(answer.send(Err(Chat::last_words(peer.face, "Server is shutting down"))));
            return;
        }
        let connected = self.chat.handle_connect(peer, now);
        if let Ok(id) = &connected {
            if self.seats.len() <= id.index() {
                self.seats.resize_with(id.index() + 1, || None);
            }
            let seat =
                Seat { id: *id, link, is_full: false, waiting: VecDeque::new(), sent_bytes: 0, is_lingering: false };
            self.seats[id.index()] = Some(seat);
        }
        if let Err(Ok(id)) = answer.send(connected) {
            // The task is gone already.
            self.leave(id, "Connection closed", true, now);
        }
    }

    fn take_lines(&mut self, id: SessionId, batch: Batch, now: Now) {
        let Some(seat) = self.seat(id) else { return };
        seat.waiting.push_back(batch);
        if seat.waiting.len() == 1 {
            self.work_off(id, now);
        }
    }

    /// Hands in lines until there are no more, or the session is held back.
    fn work_off(&mut self, id: SessionId, now: Now) {
        let Some(seat) = self.seats.get_mut(id.index()).and_then(Option::as_mut).filter(|seat| seat.id == id) else {
            return;
        };
        while let Some(batch) = seat.waiting.front_mut() {
            while !self.chat.is_behind(id)
                && let Some(line) = batch.take()
            {
                match line {
                    Ok(line) => self.chat.handle_line(id, line, now),
                    Err(error) => self.chat.handle_bad_line(id, error, now),
                }
            }
            if !batch.is_empty() || self.chat.is_behind(id) {
                return self.behind.push(id);
            }
            seat.waiting.pop_front();
            seat.link.worked_off();
        }
    }

    /// Those who were held back go on if they may.
    fn catch_up(&mut self, now: Now) {
        for id in std::mem::take(&mut self.behind) {
            self.work_off(id, now);
        }
    }

    fn pass_time(&mut self, now: Now) {
        if self.chat.poll_timeout().is_some_and(|at| at <= now.mono) {
            self.chat.handle_timeout(now);
        }
        self.catch_up(now);
        while let Some(due) = self.lingering.first().copied().filter(|(at, _)| *at <= now.mono) {
            self.lingering.remove(&due);
            self.leave(due.1, "", true, now);
        }
        if self.stop_at.is_some_and(|at| at <= now.mono) {
            let all: Vec<_> = self.seats.iter().flatten().map(|seat| seat.id).collect();
            for id in all {
                self.leave(id, "Server is shutting down", true, now);
            }
        }
    }

    /// Starts what the service asks for, and writes. Each may bring more of the other.
    fn drain(&mut self, now: Now) {
        loop {
            let mut is_idle = true;
            while let Some(effect) = self.chat.poll_effect() {
                is_idle = false;
                if let Effect::Inspect { session } = effect {
                    self.inspect(session);
                } else if let Some(answer) = self.outside.start(effect) {
                    self.take(answer, now);
                    self.catch_up(now);
                }
            }
            while let Some((id, answer)) = self.chat.poll_answer() {
                if let Some(asker) = self.requests.remove(&id) {
                    // An error says that nobody waits any more.
                    let _ = asker.send(answer);
                }
            }
            while let Some(id) = self.chat.poll_session() {
                is_idle = false;
                self.write(id, now);
            }
            if is_idle {
                // What was written may have been what held somebody back, and no input would tell.
                if self.behind.iter().all(|id| self.chat.is_behind(*id)) {
                    return;
                }
                self.catch_up(now);
            }
        }
    }

    fn write(&mut self, id: SessionId, now: Now) {
        let Some(seat) = self.seats.get_mut(id.index()).and_then(Option::as_mut).filter(|seat| seat.id == id) else {
            return;
        };
        let Some(output) = self.chat.output(id) else { return };
        let (len, is_last) = (output.bytes.len(), output.is_last);
        if seat.is_full {
            if is_last {
                self.linger(id, now.mono + limits::LINGER_TIMEOUT);
            }
            return;
        }
        let written = if len == 0 { Ok(0) } else { seat.link.write(output.bytes) };
        match written {
            Ok(written) => {
                self.chat.handle_written(id, written);
                seat.sent_bytes += written as u64;
                seat.is_full = written < len;
                if seat.is_full {
                    // Lists it for the time that it has, if this is its end.
                    self.write(id, now);
                } else if is_last {
                    self.leave(id, "", false, now);
                }
            }
            Err(error) => self.leave(id, &broken(&error), true, now),
        }
    }

    /// Has the task of a connection look at it, who alone can reach every kind of socket.
    fn inspect(&mut self, id: SessionId) {
        if let Some(seat) = self.seat(id) {
            seat.link.inspect();
        }
    }

    /// A peer that ended its own half of the connection reads what was promised to it, if that comes soon.
    fn finish(&mut self, id: SessionId, reason: &str, now: Now) {
        self.chat.handle_peer_end(id, reason, now);
        self.write(id, now);
        self.linger(id, now.mono + limits::CHAT_LEFT_TIMEOUT);
    }

    /// The session, if it is still there, has time until `until`; then its connection is cut.
    fn linger(&mut self, id: SessionId, until: Instant) {
        if let Some(seat) = self.seat(id).filter(|seat| !seat.is_lingering) {
            seat.is_lingering = true;
            self.lingering.insert((until, id));
        }
    }

    /// The session ends, and its connection.
    fn leave(&mut self, id: SessionId, reason: &str, is_cut: bool, now: Now) {
        let closing_reason = self.chat.closing_reason(id);
        self.chat.handle_end(id, reason, now);
        let Some(seat) = self.seats.get_mut(id.index()).and_then(|seat| seat.take_if(|seat| seat.id == id)) else {
            return;
        };
        let reason = closing_reason.unwrap_or_else(|| reason.to_owned());
        seat.link.close(Closing { reason, sent_bytes: seat.sent_bytes, is_cut });
    }

    fn seat(&mut self, id: SessionId) -> Option<&mut Seat> {
        self.seats.get_mut(id.index()).and_then(Option::as_mut).filter(|seat| seat.id == id)
    }
}

/// How a broken connection is told to those who knew its user.
pub(super) fn broken(error: &io::Error) -> String {
    let kind = error.kind();
    if matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
        "Connection reset by peer".to_owned()
    } else if kind == io::ErrorKind::TimedOut {
        "Connection timed out".to_owned()
    } else {
        "Connection failed".to_owned()
    }
}
