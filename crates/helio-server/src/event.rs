//! What happens in a service, for people and machines to read.

use helio_core::limits;
use helio_core::printable::printable;
use helio_core::time::human;
use helio_net::address::Scheme;
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// One thing that happened, and in which service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The service's name, such as `echo`.
    pub service: &'static str,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The kinds of events. Texts from outside are already safe to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The service is ready at this address.
    Listening {
        /// Scheme and socket address, such as `tcp://127.0.0.1:65432`.
        address: String,
    },
    /// A stream was opened.
    Connected {
        /// Who.
        peer: SocketAddr,
    },
    /// A stream was opened, but did not become a session: its TLS handshake failed, or too many are in theirs. It is closed.
    HandshakeFailed {
        /// Who.
        peer: SocketAddr,
        /// Why.
        reason: String,
    },
    /// Bytes of one read, or one datagram, arrived.
    Received {
        /// Who sent them.
        peer: SocketAddr,
        /// The transport's name.
        over: &'static str,
        /// How many.
        bytes: usize,
        /// The beginning, printable, at most [`limits::SHOWN_CHARS`] characters.
        text: String,
    },
    /// A client began to measure; what it sends makes no further events.
    Measured {
        /// Who.
        peer: SocketAddr,
        /// The transport's name.
        over: &'static str,
    },
    /// A datagram was left unanswered on purpose.
    Ignored {
        /// Who sent it.
        peer: SocketAddr,
        /// Why.
        reason: &'static str,
    },
    /// A stream ended.
    Closed {
        /// Who.
        peer: SocketAddr,
        /// Why it ended.
        reason: EndReason,
        /// Bytes received over its life.
        received_bytes: u64,
        /// Bytes handed to the kernel over its life.
        sent_bytes: u64,
        /// Its life.
        #[serde(rename = "duration_us", serialize_with = "as_micros")]
        duration: Duration,
    },
    /// Something is wrong and is being dealt with; said once until it changes.
    Trouble {
        /// What, and what is done about it.
        message: String,
    },
    /// Something is broken that does not mend by itself: somebody must act.
    Failure {
        /// What, and what is done until then.
        message: String,
    },
    /// What the program itself does, such as reading its settings again.
    Notice {
        /// What.
        message: String,
    },
    /// Something about the settings or the certificate deserves a look.
    Warning {
        /// What.
        message: String,
    },
    /// The trouble is over.
    Recovered {
        /// What works again.
        message: String,
    },
    /// Events that were not shown because too many waited ([`limits::EVENT_QUEUE`]).
    NotShown {
        /// How many.
        count: u64,
    },
}

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The peer ended its stream and everything was answered.
    ByPeer,
    /// We ended it, as the service does after its work.
    ByUs,
    /// Nothing moved for the idle limit.
    Idle,
    /// The peer left a pending answer unread for the write limit.
    SlowReader,
    /// The program is ending.
    Stopped,
    /// The connection broke.
    Broken(String),
    /// What the peer sent could not be stored.
    NotStored(String),
    /// The service ended it, and why.
    ByService(String),
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByPeer => f.write_str("closed by the peer"),
            Self::ByUs => f.write_str("closed by us"),
            Self::Idle => f.write_str("dropped, silent for too long"),
            Self::SlowReader => f.write_str("dropped, it does not read its answers"),
            Self::Stopped => f.write_str("closed, the program is ending"),
            Self::Broken(why) => write!(f, "broken: {why}"),
            Self::NotStored(why) => write!(f, "dropped, cannot store: {why}"),
            Self::ByService(why) => write!(f, "closed: {why}"),
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { address } => write!(f, "listening on {address}"),
            Self::Connected { peer } => write!(f, "{peer} connected"),
            Self::HandshakeFailed { peer, reason } => write!(f, "{peer} dropped in the handshake: {reason}"),
            Self::Received { peer, over, bytes, text } => write!(f, "{peer} sent {bytes} bytes over {over}: {text}"),
            Self::Measured { peer, over } => write!(f, "{peer} measures over {over}"),
            Self::Ignored { peer, reason } => write!(f, "{peer} not answered: {reason}"),
            Self::Closed { peer, reason, received_bytes, sent_bytes, duration } => {
                write!(f, "{peer} {reason}: {received_bytes} bytes in, {sent_bytes} bytes out, {}", human(*duration))
            }
            Self::Trouble { message }
            | Self::Failure { message }
            | Self::Notice { message }
            | Self::Warning { message }
            | Self::Recovered { message } => f.write_str(message),
            Self::NotShown { count } => write!(f, "{count} events not shown, too many at once"),
        }
    }
}

/// How urgent something is, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It does not do its work until somebody acts.
    Error,
    /// It goes on, but not as well as it should; if that lasts, somebody should look.
    Warn,
    /// What the program itself does: listening, reading settings, working again.
    Info,
    /// Every connection and what went wrong with it; a busy server has thousands a minute.
    Debug,
}

impl Level {
    /// As it is written in a log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// As much as is needed for this level.
    #[must_use]
    pub fn detail(self) -> Detail {
        if self == Self::Debug { Detail::Everything } else { Detail::Troubles }
    }
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What is wrong, and that it is over.
    Troubles,
    /// Also who comes and goes.
    Connections,
    /// Also each read and datagram.
    Everything,
}

impl EventKind {
    fn detail(&self) -> Detail {
        match self {
            Self::Trouble { .. }
            | Self::Failure { .. }
            | Self::Notice { .. }
            | Self::Warning { .. }
            | Self::Recovered { .. }
            | Self::NotShown { .. }
            | Self::Listening { .. } => Detail::Troubles,
            Self::Connected { .. } | Self::HandshakeFailed { .. } | Self::Measured { .. } | Self::Closed { .. } => {
                Detail::Connections
            }
            Self::Received { .. } | Self::Ignored { .. } => Detail::Everything,
        }
    }

    /// How urgent it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Failure { .. } => Level::Error,
            Self::Trouble { .. } | Self::Warning { .. } | Self::NotShown { .. } => Level::Warn,
            Self::Listening { .. } | Self::Notice { .. } | Self::Recovered { .. } => Level::Info,
            Self::Connected { .. }
            | Self::HandshakeFailed { .. }
            | Self::Measured { .. }
            | Self::Closed { .. }
            | Self::Received { .. }
            | Self::Ignored { .. } => Level::Debug,
        }
    }
}

/// Where services tell what happens. Never blocks them: when the reader is behind, events are counted instead.
#[derive(Clone, Debug)]
pub struct Events {
    service: &'static str,
    detail: Detail,
    queue: Option<mpsc::Sender<Told>>,
    not_shown: Arc<AtomicU64>,
}

/// What goes through the queue.
#[derive(Debug)]
enum Told {
    Event(Event),
    /// There will be no more.
    End,
}

/// The reading end of [`Events`], for a thread of its own: whoever shows events may have to wait for a terminal or a
/// pipe, and must not make the services wait.
#[derive(Debug)]
pub struct EventReader {
    queue: mpsc::Receiver<Told>,
    not_shown: Arc<AtomicU64>,
}

impl Events {
    /// A connected pair with room for [`limits::EVENT_QUEUE`] events.
    #[must_use]
    pub fn channel() -> (Self, EventReader) {
        let (sender, receiver) = mpsc::channel(limits::EVENT_QUEUE);
        let not_shown = Arc::new(AtomicU64::new(0));
        let events =
            Self { service: "", detail: Detail::Everything, queue: Some(sender), not_shown: not_shown.clone() };
        (events, EventReader { queue: receiver, not_shown })
    }

    /// A place that forgets everything, at no cost.
    #[must_use]
    pub fn none() -> Self {
        Self { service: "", detail: Detail::Troubles, queue: None, not_shown: Arc::default() }
    }

    /// The same place, for the events of `service`.
    #[must_use]
    pub fn of(&self, service: &'static str) -> Self {
        Self { service, ..self.clone() }
    }

    /// The service whose events these are; empty for the program itself.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The same place, told no more than `detail`.
    #[must_use]
    pub fn up_to(&self, detail: Detail) -> Self {
        Self { detail: self.detail.min(detail), ..self.clone() }
    }

    /// Tells one event.
    pub fn tell(&self, kind: EventKind) {
        let Some(queue) = self.queue.as_ref().filter(|_| kind.detail() <= self.detail) else { return };
        if queue.try_send(Told::Event(Event { service: self.service, kind })).is_err() {
            self.not_shown.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells the reader that nothing more will come, once there is room in the queue to say so.
    pub async fn end(&self) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(Told::End).await;
        }
    }

    /// Tells that `bytes` arrived; their text is made only when someone listens.
    pub fn tell_received(&self, peer: SocketAddr, over: Scheme, bytes: &[u8]) {
        if self.queue.is_some() && self.detail == Detail::Everything {
            let text = printable(bytes, limits::SHOWN_CHARS);
            self.tell(EventKind::Received { peer, over: over.name(), bytes: bytes.len(), text });
        }
    }
}

impl EventReader {
    /// Waits for the next event; `None` after [`Events::end`], or when every teller is gone. Events that did not fit come
    /// first, as one count. Not for async code: it blocks its thread.
    pub fn next_blocking(&mut self) -> Option<Event> {
        match self.not_shown.swap(0, Ordering::Relaxed) {
            0 => match self.queue.blocking_recv() {
                Some(Told::Event(event)) => Some(event),
                Some(Told::End) | None => None,
            },
            count => Some(Event { service: "", kind: EventKind::NotShown { count } }),
        }
    }
}

fn as_micros<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_behind_gets_a_count_instead_of_the_events() {
        let (events, mut reader) = Events::channel();
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        for _ in 0..limits::EVENT_QUEUE + 3 {
            events.tell(EventKind::Connected { peer });
        }
        assert_eq!(reader.next_blocking().map(|e| e.kind), Some(EventKind::NotShown { count: 3 }));
        assert_eq!(reader.next_blocking().map(|e| e.kind), Some(EventKind::Connected { peer }));
    }

    #[test]
    fn less_detail_leaves_reads_out_then_connections_and_never_troubles() {
        let peer = SocketAddr::from(([127, 0, 0, 1], 5000));
        for (detail, told) in [(Detail::Everything, 3), (Detail::Connections, 2), (Detail::Troubles, 1)] {
            let (all, mut reader) = Events::channel();
            let events = all.up_to(detail);
            drop(all);
            events.tell_received(peer, Scheme::Tcp, b"hi");
            events.tell(EventKind::Connected { peer });
            events.tell(EventKind::Trouble { message: "full".to_owned() });
            drop(events);
            let mut count = 0;
            while reader.next_blocking().is_some() {
                count += 1;
            }
            assert_eq!(count, told, "{detail:?}");
        }
    }

    #[test]
    fn events_read_as_sentences() {
        let peer = SocketAddr::from(([127, 0, 0, 1], 5000));
        let closed = EventKind::Closed {
            peer,
            reason: EndReason::ByPeer,
            received_bytes: 5,
            sent_bytes: 10,
            duration: Duration::from_micros(1_500),
        };
        assert_eq!(closed.to_string(), "127.0.0.1:5000 closed by the peer: 5 bytes in, 10 bytes out, 1.50 ms");
    }
}
