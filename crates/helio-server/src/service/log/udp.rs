//! Datagrams into the log: written if there is room at once, otherwise counted as lost.

use super::LogSettings;
use super::answers::{self, Answers, PendingAnswer, Share};
use super::peer_files::{NoFile, PeerFiles};
use super::sink::Sink;
use super::writer::Done;
use crate::event::EventKind;
use crate::service::Context;
use helio_core::echo::{UdpEcho, Verdict};
use helio_core::limits;
use helio_core::log::{LogMode, datagram_entries};
use helio_core::peer::canonical;
use helio_core::time::Instant;
use helio_net::address::Scheme;
use helio_net::udp::{Sender, UdpEndpoint};
use std::io;
use std::sync::Arc;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// The datagram side of a log service, for one socket.
pub(super) struct Datagrams {
    context: Context,
    endpoint: Arc<UdpEndpoint>,
    sink: Arc<Sink>,
    settings: Arc<LogSettings>,
    files: PeerFiles,
    answers: UdpEcho,
    answering: Answers,
    losses: Losses,
}

/// Datagrams that are not in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Losses {
    /// For want of room in our queue.
    queue: u64,
    /// For want of a file of their own.
    files: u64,
    /// Because their file could not even wait to be opened.
    unopened: u64,
    /// For want of room in the socket's buffer; the kernel's 32-bit count.
    kernel: u32,
}

impl Datagrams {
    /// Ready to [`Self::serve`]; answers are sent by a task of their own, which ends when this value and all that waits to
    /// be written are gone.
    pub(super) fn new(context: Context, endpoint: UdpEndpoint, sink: Arc<Sink>, settings: Arc<LogSettings>) -> Self {
        let endpoint = Arc::new(endpoint);
        let (answering, released) = Answers::new();
        context.stop.spawn(answers::send(endpoint.clone(), released));
        let files = PeerFiles::new(sink.clone(), settings.target.clone());
        // 0, which no datagram comes from, should the system not tell.
        let own_port = endpoint.local().map_or(0, |at| at.port());
        let answers = UdpEcho::new(settings.answers.clone(), own_port);
        Self { context, endpoint, sink, settings, files, answers, answering, losses: Losses::default() }
    }

    /// Logs what arrives until the program stops.
    pub(super) async fn serve(mut self) {
        let mut buffer = vec![0; limits::DATAGRAM_BUFFER];
        let mut reporting = interval(limits::LOG_LOSS_REPORT);
        reporting.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reported = Losses::default();
        while self.receive(&mut buffer, &mut reporting).await {
            self.report(&mut reported);
        }
        let endpoint = self.endpoint.clone();
        self.take_rest(&mut buffer, |buffer| endpoint.try_receive(buffer));
        self.report(&mut reported);
    }

    /// Logs what was sent before the end and is in the socket's buffer.
    fn take_rest(&mut self, buffer: &mut [u8], receive: impl Fn(&mut [u8]) -> io::Result<(usize, Sender)>) {
        for _ in 0..limits::LOG_UDP_REST {
            let Ok((length, sender)) = receive(buffer) else { break };
            self.log(&buffer[..length], sender);
        }
    }

    /// Logs datagrams until it is time to report; false when the program stops.
    async fn receive(&mut self, buffer: &mut [u8], reporting: &mut Interval) -> bool {
        loop {
            let received = tokio::select! {
                biased;
                () = self.context.stop.begun() => return false,
                _ = reporting.tick() => return true,
                received = self.endpoint.receive(buffer) => received,
            };
            match received {
                Ok((length, sender)) => self.log(&buffer[..length], sender),
                Err(error) => self.context.wait_out_receive_error(&error).await,
            }
        }
    }

    fn log(&mut self, payload: &[u8], sender: Sender) {
        let now = self.context.clock.read();
        let peer = canonical(sender.peer);
        self.context.events.tell_received(peer, Scheme::Udp, payload);
        let file = match self.files.of(peer) {
            Ok(file) => file,
            Err(NoFile::TooManyPeers) => return self.losses.files += 1,
            Err(NoFile::TooManyUnopened) => return self.losses.unopened += 1,
        };
        let record = match self.settings.session.mode {
            LogMode::Lines { max_line } => datagram_entries(payload, peer, now.utc, max_line),
            LogMode::Exact => payload.to_vec(),
        };
        let Ok(room) = self.sink.try_reserve(&record) else {
            self.losses.queue += 1;
            return;
        };
        let answer = self.settings.session.ack.then(|| self.answer(payload, sender, file.share.as_ref(), now.mono));
        let done = answer.flatten().map_or(Done::Nothing, Done::Answer);
        self.sink.append_in(room, file.id, record, done);
    }

    /// The answer to a datagram, if it gets one.
    fn answer(&mut self, payload: &[u8], to: Sender, share: Option<&Share>, now: Instant) -> Option<PendingAnswer> {
        match self.answers.handle_datagram(to.peer, payload, now) {
            // No room among the answers: the datagram is logged, and its sender hears nothing, as may always happen.
            Verdict::Answer(bytes) | Verdict::Reflect { answer: bytes, .. } => {
                self.answering.try_prepare(bytes, to, share)
            }
            Verdict::Ignore(ignored) => {
                self.context.events.tell(EventKind::Ignored { peer: canonical(to.peer), reason: ignored.reason() });
                None
            }
        }
    }

    fn report(&mut self, reported: &mut Losses) {
        self.losses.kernel = self.endpoint.receive_drops().unwrap_or(self.losses.kernel);
        if let Some(message) = self.losses.since(*reported) {
            self.context.events.tell(EventKind::Trouble { message });
            *reported = self.losses;
        }
    }
}

impl Losses {
    /// What was lost since `earlier`, if anything.
    fn since(self, earlier: Self) -> Option<String> {
        let kernel = u64::from(self.kernel.wrapping_sub(earlier.kernel));
        let (queue, files) = (self.queue - earlier.queue, self.files - earlier.files);
        let unopened = self.unopened - earlier.unopened;
        if queue + files + unopened + kernel == 0 {
            return None;
        }
        let mut message = format!(
            "datagrams lost: {queue} for want of room in the queue, {kernel} dropped by the kernel for want of room in \
             the socket's buffer"
        );
        if files > 0 {
            let most = limits::LOG_UDP_FILES;
            message += &format!(", {files} from peers beyond the {most} that get a file of their own");
        }
        if unopened > 0 {
            let most = limits::LOG_UNOPENED_FILES;
            message += &format!(", {unopened} while {most} other files waited to be opened");
        }
        Some(message)
    }
}

#[cfg(test)]
mod tests;
