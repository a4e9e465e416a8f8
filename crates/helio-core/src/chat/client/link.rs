//! The connection: open, lost, dead, and when to try again.

use super::desk::LinkState;
use super::event::{Action, End, Event};
use super::{Client, asking, register};
use crate::limits;
use crate::time::{Instant, Now};
use alloc::format;
use alloc::string::{String, ToString as _};
use core::time::Duration;

/// Where the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It was asked for.
    Connecting,
    /// Open, the server does not know us yet.
    Registering {
        /// When it is given up.
        until: Instant,
        /// What an ERROR said.
        error: Option<String>,
    },
    /// The server knows us.
    Online(Online),
    /// QUIT is sent; the server closes.
    Quitting { until: Instant },
    /// Lost; the next try is then.
    Waiting { until: Instant },
    /// It is over.
    Ended,
}

/// An open connection to a server that knows us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Online {
    pub(super) since: Instant,
    /// When the server last said something.
    pub(super) heard: Instant,
    /// When it was asked whether it is there.
    pub(super) asked: Option<Instant>,
    /// When the PING was sent that is not answered yet.
    pub(super) pinged: Option<Instant>,
    /// When the next one is sent only to measure.
    pub(super) measures_at: Option<Instant>,
    /// Whether the joins are answered.
    pub(super) has_joined: bool,
    /// Whether everything has come that the server says by itself after the joins.
    pub(super) is_synced: bool,
    /// Until when the fate of messages in doubt is awaited.
    pub(super) doubt_until: Option<Instant>,
    /// What an ERROR said.
    pub(super) error: Option<String>,
}

/// Tries since the last good connection.
#[derive(Debug, Default)]
pub(super) struct Retries {
    failed: u32,
    /// Whether the server ever knew us.
    pub(super) was_online: bool,
}

impl Link {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Registering { .. } | Self::Online(_) | Self::Quitting { .. })
    }

    pub(super) fn is_online(&self) -> bool {
        matches!(self, Self::Online(_))
    }

    pub(super) fn is_synced(&self) -> bool {
        matches!(self, Self::Online(online) if online.is_synced)
    }

    pub(super) fn online(&mut self) -> Option<&mut Online> {
        match self {
            Self::Online(online) => Some(online),
            Self::Connecting
            | Self::Registering { .. }
            | Self::Quitting { .. }
            | Self::Waiting { .. }
            | Self::Ended => None,
        }
    }

    pub(super) fn wakes_at(&self) -> Option<Instant> {
        match self {
            Self::Connecting | Self::Ended => None,
            Self::Registering { until, .. } | Self::Quitting { until } | Self::Waiting { until } => Some(*until),
            Self::Online(online) => {
                [Some(online.silence_ends()), online.doubt_until, online.measures_at].into_iter().flatten().min()
            }
        }
    }
}

impl Online {
    fn silence_ends(&self) -> Instant {
        match self.asked {
            Some(asked) => asked + limits::CHAT_CLIENT_PING_TIMEOUT,
            None => self.heard + limits::CHAT_CLIENT_SILENCE,
        }
    }
}

/// The server said something.
pub(super) fn heard(link: &mut Link, now: Now) {
    if let Some(online) = link.online() {
        (online.heard, online.asked) = (now.mono, None);
    }
}

/// A PING was answered: that is how long it took.
pub(super) fn answered(client: &mut Client, now: Now) {
    if let Some(pinged) = client.link.online().and_then(|online| online.pinged.take()) {
        client.desk.link = LinkState::Online { lag: Some(now.mono.since(pinged)) };
    }
}

/// The server gave the reason for what it will do next: close.
pub(super) fn note_error(link: &mut Link, reason: &str) {
    if let Link::Registering { error, .. } | Link::Online(Online { error, .. }) = link {
        *error = Some(reason.to_string());
    }
}

/// The connection is gone.
pub(super) fn lost(client: &mut Client, reason: &str, now: Now) {
    let (lasted, error) = match &client.link {
        Link::Quitting { .. } => return client.finish(End::Quit),
        Link::Waiting { .. } | Link::Ended => return,
        Link::Connecting => (Duration::ZERO, None),
        Link::Registering { error, .. } => (Duration::ZERO, error.clone()),
        Link::Online(online) => (now.mono.since(online.since), online.error.clone()),
    };
    if !client.retries.was_online {
        return client.finish(match error {
            Some(reason) => End::Rejected { reason },
            None => End::Lost { reason: reason.to_string() },
        });
    }
    let was_online = client.link.is_online();
    let rooms = &client.rooms;
    let unknown = client.outbox.lost(|target| rooms.get(target).is_some());
    client.decided(unknown);
    client.rooms.left_all();
    client.batches = super::Batches::default();
    asking::lost(client);
    if lasted >= limits::CHAT_CLIENT_STABLE {
        client.retries.failed = 0;
    }
    let retry_in = wait(client);
    client.link = Link::Waiting { until: now.mono + retry_in };
    let reason = error.unwrap_or_else(|| reason.to_string());
    client.desk.link = LinkState::Waiting { until: now.mono + retry_in, reason: reason.clone() };
    client.left(was_online, &reason, now);
    client.tell(Event::Disconnected { reason, retry_in, waiting: client.outbox.len() });
}

/// A random part, at least half, of a time that doubles with each failure.
fn wait(client: &mut Client) -> Duration {
    let doublings = client.retries.failed.min(16);
    client.retries.failed += 1;
    let longest = (limits::CHAT_CLIENT_RETRY_MIN * (1 << doublings)).min(limits::CHAT_CLIENT_RETRY_MAX);
    let half = crate::time::nanos(longest) / 2;
    Duration::from_nanos(half + client.rng.below(half + 1))
}

/// Says good-bye and leaves; without a connection at once.
pub(super) fn leave(client: &mut Client, now: Now) {
    match client.link {
        Link::Registering { .. } | Link::Online(_) => {
            let message = client.settings.quit_message.clone();
            client.send(|line| line.command("QUIT").trailing(&message));
            client.link = Link::Quitting { until: now.mono + limits::CHAT_CLIENT_QUIT_TIMEOUT };
        }
        Link::Connecting | Link::Waiting { .. } => client.finish(End::Quit),
        Link::Quitting { .. } | Link::Ended => {}
    }
}

/// Serves whatever is due.
pub(super) fn time_passed(client: &mut Client, now: Now) {
    if client.link.wakes_at().is_none_or(|at| at > now.mono) {
        return;
    }
    match &mut client.link {
        Link::Connecting | Link::Ended => {}
        Link::Quitting { .. } => client.finish(End::Quit),
        Link::Waiting { .. } => connect(client),
        Link::Registering { .. } if client.retries.was_online => give_up(client, "the server does not answer", now),
        Link::Registering { .. } => client.finish(End::NoWelcome),
        Link::Online(_) => online_time_passed(client, now),
    }
}

/// Asks for a connection.
pub(super) fn connect(client: &mut Client) {
    client.link = Link::Connecting;
    client.desk.link = LinkState::Connecting;
    client.actions.push_back(Action::Connect);
}

fn online_time_passed(client: &mut Client, now: Now) {
    let measures = client.settings.lag_interval;
    let Some(online) = client.link.online() else { return };
    if online.doubt_until.is_some_and(|at| at <= now.mono) {
        online.doubt_until = None;
        let settled = client.outbox.settle(false);
        client.decided(settled);
    } else if online.silence_ends() <= now.mono && online.asked.is_some() {
        let reason = format!("no answer for {} s", limits::CHAT_CLIENT_PING_TIMEOUT.as_secs());
        give_up(client, &reason, now);
    } else if online.silence_ends() <= now.mono {
        (online.asked, online.pinged) = (Some(now.mono), Some(now.mono));
        client.send(|line| line.command("PING").trailing(register::ALIVE));
    } else if online.measures_at.is_some_and(|at| at <= now.mono) {
        online.measures_at = measures.map(|interval| now.mono + interval);
        if let Some(pinged) = online.pinged {
            // It is at least as long as the answer is missing already.
            client.desk.link = LinkState::Online { lag: Some(now.mono.since(pinged)) };
        } else {
            online.pinged = Some(now.mono);
            client.send(|line| line.command("PING").trailing(register::ALIVE));
        }
    }
}

fn give_up(client: &mut Client, reason: &str, now: Now) {
    client.actions.push_back(Action::Close);
    lost(client, reason, now);
}
