//! One connection: how far it is, what it can do, what waits for it.

use super::effect::Password;
use super::ids::UserId;
use super::line::{Audience, Face};
use super::sendq::SendQueue;
use super::state::MetadataValues;
use crate::fingerprint::Fingerprint;
use crate::irc::capability::Capabilities;
use crate::limits;
use crate::rate::TokenBucket;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::String;
use core::net::SocketAddr;

/// What the driver knows of a new connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it comes from.
    pub address: SocketAddr,
    /// What it speaks.
    pub face: Face,
    /// Whether nobody on the way can read it (TLS).
    pub is_secure: bool,
    /// The certificate that it has shown, and proved to be its own.
    pub certificate: Option<Fingerprint>,
}

/// A connection and what is known of it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) peer: Peer,
    pub(super) stage: Stage,
    pub(super) caps: Capabilities,
    /// The version that `CAP LS` named: from 302 on values are told, and news of capabilities.
    pub(super) cap_version: u32,
    pub(super) out: SendQueue,
    /// Bytes of `out` as the [`Tally`](super::tally::Tally) counts them.
    pub(super) counted: usize,
    /// Whether it is in the list of sessions that the driver is to look at.
    pub(super) is_listed: bool,
    /// Lines that wait for their turn, under flood control or behind a password, oldest first.
    pub(super) waiting: VecDeque<WaitingLine>,
    pub(super) flood: TokenBucket,
    /// A password of this session is being compared.
    pub(super) is_verifying: bool,
    pub(super) opened: Instant,
    pub(super) heard: Instant,
    /// When a PING went out that has no answer yet.
    pub(super) pinged: Option<Instant>,
    /// When OPER was last tried.
    pub(super) oper_tried: Option<Instant>,
    /// A multiline batch being received.
    pub(super) multiline: Option<Box<super::command::multiline::Open>>,
    /// An exchange of AUTHENTICATE.
    pub(super) sasl: Option<Box<super::command::authenticate::Exchange>>,
    /// Answers that go on, the oldest first; at most [`limits::CHAT_ANSWERS`].
    pub(super) answering: VecDeque<super::command::answering::Answering>,
    /// CHATHISTORY that wait for the disk.
    pub(super) history_reads: usize,
    /// REDACT that wait for the disk.
    pub(super) redactions: usize,
    /// TRANSPORT waits for the driver; the answer carries the label.
    pub(super) inspecting: Option<Option<String>>,
    /// It is logged in by an app password, which opens the account but changes nothing of what does.
    pub(super) is_app: bool,
    /// That nobody reads along, and since when; of all of a user's sessions together, AWAY is made.
    pub(super) away: Option<Box<Away>>,
    /// Folded names of rooms that its user is in and that it is told of next; no more than the user is in.
    pub(super) entering: VecDeque<Box<str>>,
    /// Keys of metadata that it wants to be told of; at most [`limits::CHAT_METADATA_SUBS`].
    pub(super) subscriptions: BTreeSet<String>,
    /// Metadata that it set before it was somebody.
    pub(super) staged: MetadataValues,
}

/// What AWAY said on one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Away {
    pub(super) message: String,
    pub(super) since: Instant,
    /// Nobody ever reads along: the client came by itself (`AWAY *`, pre-away).
    pub(super) is_automatic: bool,
}

/// A line that waits for its turn. It may hold a password, so it is never shown.
pub(super) struct WaitingLine(pub(super) Box<[u8]>);

impl core::fmt::Debug for WaitingLine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "WaitingLine({} bytes)", self.0.len())
    }
}

/// How far a connection is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Not known yet.
    Registering(Box<Registration>),
    /// Somebody is there.
    Registered(UserId),
    /// Nothing is read any more; what is queued goes out, then the connection closes.
    Closing {
        /// Why, for the driver's log.
        reason: String,
    },
}

/// What a connection said before it was somebody.
#[derive(Debug, Default)]
pub(super) struct Registration {
    pub(super) nick: Option<String>,
    pub(super) username: Option<String>,
    pub(super) realname: String,
    pub(super) password: Option<Password>,
    /// The account that it is logged in to.
    pub(super) account: Option<String>,
    pub(super) is_password_right: bool,
    /// Between CAP LS or REQ and CAP END.
    pub(super) is_negotiating: bool,
    pub(super) lines: usize,
    /// The room that the invitation leads to with which it has registered an account.
    pub(super) called_to: Option<String>,
}

impl Session {
    pub(super) fn new(peer: Peer, flood: TokenBucket, now: Now) -> Self {
        Self {
            peer,
            stage: Stage::Registering(Box::default()),
            caps: Capabilities::default(),
            cap_version: 0,
            out: SendQueue::default(),
            counted: 0,
            is_listed: false,
            waiting: VecDeque::new(),
            flood,
            is_verifying: false,
            opened: now.mono,
            heard: now.mono,
            pinged: None,
            oper_tried: None,
            multiline: None,
            answering: VecDeque::new(),
            history_reads: 0,
            redactions: 0,
            inspecting: None,
            away: None,
            entering: VecDeque::new(),
            sasl: None,
            is_app: false,
            subscriptions: BTreeSet::new(),
            staged: MetadataValues::new(),
        }
    }

    pub(super) fn audience(&self) -> Audience {
        Audience { face: self.peer.face, caps: self.caps }
    }

    pub(super) fn user(&self) -> Option<UserId> {
        match self.stage {
            Stage::Registered(user) => Some(user),
            Stage::Registering(_) | Stage::Closing { .. } => None,
        }
    }

    pub(super) fn registration(&mut self) -> Option<&mut Registration> {
        match &mut self.stage {
            Stage::Registering(registration) => Some(registration),
            Stage::Registered(_) | Stage::Closing { .. } => None,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing { .. })
    }

    /// Nothing will be queued any more, and nothing that is queued waits for an answer.
    pub(super) fn is_last(&self) -> bool {
        self.is_closing() && self.out.holds() == 0
    }

    /// Whether the driver has something to do: to write, or to close.
    pub(super) fn needs_driver(&self) -> bool {
        !self.out.ready().is_empty() || self.is_last()
    }

    /// Whether lines wait for their turn.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether a line that comes now has to wait, whatever flood control says.
    pub(super) fn is_held(&self) -> bool {
        self.has_waiting() || self.is_verifying
    }

    /// Keeps a line until its turn; `Err` when too many wait.
    pub(super) fn wait(&mut self, line: &[u8]) -> Result<(), ()> {
        if self.waiting.len() >= limits::CHAT_WAITING_LINES {
            return Err(());
        }
        self.waiting.push_back(WaitingLine(line.into()));
        Ok(())
    }
}
