//! What happens. State changes by these and by nothing else; commands only propose them.
//!
//! Classes, which differ in what becomes of them after they were announced: what was *said* goes into its conversation's log,
//! *accounts* and the *settings* of rooms go into one log, read *markers* into another, *presence* is never stored. What is
//! *redacted* was taken out of its log before.
//! `spec/event-log.md` and `spec/accounts.md` fix the stored form.

mod account;
mod kind;
mod metadata;
mod redacted;

pub use account::AccountChange;
pub(super) use metadata::MetadataEvent;
pub(super) use redacted::{Redacted, Whence};
mod ownership;

pub(super) use ownership::OwnershipChange;

use super::audit::AuditRecord;
use super::ban::{Ban, Target};
use super::credential::Secret;
use super::defcon::Defcon;
use super::ids::{MsgId, RoomId, SessionId, UserId};
use super::state::{
    Account, Filter, FilterChange, Invite, Keep, ListEntry, ListKind, Marker, MarkerOwner, RoomSettings, Setting,
    Statuses, Stay, UserFlag,
};
use crate::irc::client_tag::{Durability, durability};
use crate::time::{Instant, Utc};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Presence(Presence),
    Room(RoomEvent),
    Account(AccountEvent),
    Said(Said, Scope),
    Marked(Marked),
    Redacted(Redacted),
    Metadata(MetadataEvent),
    /// Somebody did something that needs a privilege, or tried. Nobody is told; it is written down.
    Audit(Box<AuditRecord>),
    Server(ServerEvent),
}

/// Somebody has read something up to a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) owner: MarkerOwner,
    pub(super) marker: Marker,
    /// The room or the other side, as it was written.
    pub(super) name: String,
}

/// Whom something said is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everybody in a room who has at least one of these statuses; empty: everybody.
    Room { room: String, least: Statuses },
    /// One other.
    Private { with: UserId },
}

/// Who is there, and how. Never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Somebody is known now.
    Arrived {
        user: UserId,
        /// `None`: they come back, and have no client.
        session: Option<SessionId>,
        nick: String,
        username: String,
        host: String,
        realname: String,
        account: Option<String>,
    },
    /// One more session is theirs.
    Attached {
        user: UserId,
        session: SessionId,
        address: IpAddr,
    },
    /// That session is told from now on what happens in the room, in which its user is.
    Shown {
        user: UserId,
        session: SessionId,
        room: String,
    },
    /// That session is theirs no longer.
    Detached {
        user: UserId,
        session: SessionId,
    },
    /// Is logged in to this account from now on.
    LoggedIn {
        user: UserId,
        account: String,
    },
    NickChanged {
        user: UserId,
        nick: String,
    },
    RealnameChanged {
        user: UserId,
        realname: String,
    },
    /// `None`: back again.
    Away {
        user: UserId,
        message: Option<String>,
    },
    Flags {
        user: UserId,
        set: Vec<(bool, UserFlag)>,
    },
    /// Became, or no longer is, a server operator.
    Operator {
        user: UserId,
        name: Option<String>,
    },
    Joined {
        user: UserId,
        room: String,
        statuses: Statuses,
        /// Which of their sessions is told of the room now; the others come to it one by one.
        session: Option<SessionId>,
    },
    Parted {
        user: UserId,
        room: String,
        reason: Option<String>,
    },
    Kicked {
        by: Actor,
        user: UserId,
        room: String,
        reason: String,
    },
    /// `is_pass`: the door of the room opens to them, for `by` may open it. The server invites to rooms that are not there, too.
    Invited {
        by: Actor,
        user: UserId,
        room: String,
        is_pass: bool,
    },
    Quit {
        user: UserId,
        reason: String,
    },
    /// Begins, or ends, to watch nicknames (MONITOR).
    Watched {
        session: SessionId,
        nicks: Vec<String>,
        is_added: bool,
    },
    /// An operator to all who want to hear it.
    Wallops {
        by: UserId,
        text: String,
    },
    /// The server to operators who want to hear it.
    ServerNotice {
        text: String,
    },
}

/// Who did something to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    User(UserId),
    Server,
}

/// A room and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RoomEvent {
    /// `name` as the first to join wrote it. Not stored: see `Kept`.
    Created {
        id: RoomId,
        name: String,
        at: Utc,
    },
    /// Something is about to be said or set in it for the first time, so from now on it is kept. Stored as its creation.
    Kept {
        id: RoomId,
        name: String,
        at: Utc,
    },
    /// An empty text: no topic any more. `by` is shown with it (RPL_TOPICWHOTIME).
    Topic {
        room: String,
        actor: Actor,
        by: String,
        text: String,
        at: Utc,
    },
    Modes {
        room: String,
        actor: Actor,
        changes: Vec<Change>,
        at: Utc,
    },
    /// Its settings are these, whatever they were. Nobody is told.
    Restored {
        settings: Box<RoomSettings>,
    },
    /// Nobody is there and nothing is worth keeping, or it was empty for too long. Stored when it `was_kept`.
    Ended {
        room: String,
        id: RoomId,
        was_kept: bool,
    },
    /// Whose it is, and who has access to it.
    Ownership {
        room: String,
        change: OwnershipChange,
        at: Utc,
    },
    /// It has this name from now on, and is the same room. Stored when it `was_kept`.
    Renamed {
        room: String,
        id: RoomId,
        name: String,
        actor: Actor,
        reason: String,
        was_kept: bool,
        at: Utc,
    },
    /// A filter has muted somebody in it until then. Not stored.
    Muted {
        room: String,
        user: UserId,
        until: Instant,
    },
    /// What its filters look for.
    Filter {
        room: String,
        change: FilterChange,
        at: Utc,
    },
    /// What those of all rooms look for; these are all.
    ServerFilters {
        filters: Vec<Filter>,
    },
    /// What is kept of what is said in it.
    Keep {
        room: String,
        keep: Keep,
        at: Utc,
    },
    /// Its founder would give it to this account. Not stored.
    Offered {
        room: String,
        to: Option<String>,
    },
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AccountEvent {
    Changed(AccountChange),
    /// It is exactly like this, whatever it was. Nobody is told.
    Restored(Box<Account>),
    /// What answers for names without an account are made of.
    Decoys(Secret),
    /// There is this invitation, exactly like this.
    Invite(Invite),
    /// The invitation with this id is no more.
    InviteEnded {
        id: String,
    },
    /// Where its user is who stays without a client; none: nobody stays.
    Stay {
        account: String,
        stay: Option<Box<Stay>>,
    },
}

/// The server as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerEvent {
    /// This is banned exactly so, whatever there was.
    BanSet(Box<Ban>),
    BanLifted {
        target: Target,
        by: String,
        at: Utc,
    },
    /// The level of lockdown.
    Defcon {
        level: Defcon,
        by: String,
        at: Utc,
    },
}

/// One letter of a MODE line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Presence: never stored.
    Status {
        is_added: bool,
        status: Statuses,
        user: UserId,
    },
    Setting {
        setting: Setting,
    },
    List {
        is_added: bool,
        kind: ListKind,
        entry: ListEntry,
    },
}

// spec: begin

/// Something said, in a room or between two; or a change of a room, as history shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its identity.
    pub msgid: MsgId,
    /// When, microseconds since 1970 in UTC.
    pub at_us: i64,
    /// By which command.
    pub kind: SaidKind,
    /// Who, as `nick!user@host` was then.
    pub from: String,
    /// The author's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether the author was marked as a bot.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub is_bot: bool,
    /// The target as it was written, a status prefix included.
    pub target: String,
    /// Its lines; more than one for draft/multiline, none for TAGMSG. Of a TOPIC its text, of a MODE one for each change,
    /// of a RENAME the former name, the new one and the reason.
    pub lines: Vec<SaidLine>,
    /// Client-only tags as they came, escaped and joined by `;`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tags: String,
}

// spec: end

impl Said {
    /// The author's nickname as it was then.
    #[must_use]
    pub fn nick(&self) -> &str {
        self.from.split('!').next().unwrap_or_default()
    }

    /// Whether it is kept. Client-only tags alone are only if one of them is worth it, such as a reaction.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        match self.kind {
            SaidKind::Privmsg | SaidKind::Notice | SaidKind::Topic | SaidKind::Mode | SaidKind::Rename => true,
            SaidKind::Tagmsg => self.tags().any(|tag| durability_of(tag) == Durability::Alone),
        }
    }

    /// Whether it was for those with some status only (STATUSMSG).
    #[must_use]
    pub fn is_for_status(&self) -> bool {
        is_for_status(&self.target)
    }

    /// What is kept of it: all but tags that are only for who is there, such as typing.
    pub(super) fn kept(&self) -> Cow<'_, Self> {
        if self.tags().all(|tag| durability_of(tag) != Durability::Live) {
            return Cow::Borrowed(self);
        }
        let kept: Vec<&str> = self.tags().filter(|tag| durability_of(tag) != Durability::Live).collect();
        Cow::Owned(Self { tags: kept.join(";"), ..self.clone() })
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.split(';').filter(|tag| !tag.is_empty())
    }
}

/// Whether a target that was written so is that of a STATUSMSG.
pub(super) fn is_for_status(target: &str) -> bool {
    target.starts_with(|prefix| Statuses::of_prefix(prefix).is_some())
}

fn durability_of(tag: &str) -> Durability {
    let key = tag.split('=').next().unwrap_or_default();
    durability(key.as_bytes()).unwrap_or(Durability::Live)
}

// spec: begin

/// One line of something said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidLine {
    /// Its text.
    pub text: String,
    /// Continues the line before without a line break (draft/multiline-concat).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub is_concat: bool,
}

/// The command by which something was said, or a room was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SaidKind {
    /// A message.
    Privmsg,
    /// A message that asks for no automatic answer.
    Notice,
    /// Client-only tags alone, such as a reaction.
    Tagmsg,
    /// The topic of a room.
    Topic,
    /// Settings and bans of a room.
    Mode,
    /// The name of a room.
    Rename,
}

// spec: end

impl Change {
    /// Whether it lasts, and so is stored.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, Self::Status { .. })
    }
}

impl From<Presence> for Event {
    fn from(presence: Presence) -> Self {
        Self::Presence(presence)
    }
}

impl From<AccountEvent> for Event {
    fn from(event: AccountEvent) -> Self {
        Self::Account(event)
    }
}

impl From<AccountChange> for Event {
    fn from(change: AccountChange) -> Self {
        Self::Account(AccountEvent::Changed(change))
    }
}

impl From<MetadataEvent> for Event {
    fn from(event: MetadataEvent) -> Self {
        Self::Metadata(event)
    }
}

impl From<Redacted> for Event {
    fn from(event: Redacted) -> Self {
        Self::Redacted(event)
    }
}

impl From<RoomEvent> for Event {
    fn from(event: RoomEvent) -> Self {
        Self::Room(event)
    }
}

impl From<ServerEvent> for Event {
    fn from(event: ServerEvent) -> Self {
        Self::Server(event)
    }
}
