//! What can be asked of the log of a conversation, and the part of a record that answers it. spec/event-log.md, "Finding a
//! message", says how the answer is found.

#[cfg(any(test, feature = "sim"))]
pub mod linear;

use super::event::{SaidKind, is_for_status};
use super::ids::MsgId;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Which records of one log are wanted. The answer is at most `count` of them, next to each other but for what is not
/// wanted, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Where they are.
    pub span: Span,
    /// How many at most. When there are more, `span` says which.
    pub count: usize,
    /// Most bytes that they may have when they are shown, by [`Heading::cost`]; one record comes whatever it has.
    pub bytes: usize,
    /// What counts.
    pub wanted: Wanted,
}

/// A part of a log. Anchors are never in it, but that of [`Span::Around`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest records, and of these only those after the anchor if there is one.
    Last {
        /// Where to stop.
        after: Option<Anchor>,
    },
    /// The newest records before the anchor.
    Before(Anchor),
    /// The oldest records after the anchor.
    After(Anchor),
    /// The anchor, and as many before as after it. Where one side has too few, more of the other.
    Around(Anchor),
    /// The records between two anchors: those next to the first of them, whichever is older.
    Between(Anchor, Anchor),
}

/// A place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Everything that was said in this millisecond, counted from 1970 in UTC, or the place where it would be. Clients know no
    /// finer time (IRCv3 server-time).
    Moment(i64),
    /// A message, which must be there.
    Message(MsgId),
}

/// What counts. Messages to a status (STATUSMSG) do only where nobody is shown them: who asks may not have been allowed to
/// see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// PRIVMSG and NOTICE.
    Messages,
    /// These, and what has only tags (TAGMSG).
    MessagesAndTags,
    /// Messages, and changes of the room (TOPIC, MODE).
    MessagesAndChanges,
    /// Messages, what has only tags, and changes of the room.
    MessagesTagsAndChanges,
    /// Messages, and changes of the room and of its name (RENAME).
    MessagesChangesAndRenames,
    /// Messages, what has only tags, and changes of the room and of its name.
    MessagesTagsChangesAndRenames,
    /// Every record, whatever it is.
    Records,
    /// All that was said, to a status too, and nothing else: for the service itself.
    Everything,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The store cannot be read now.
    StoreFails,
    /// The message of an anchor is not there, or was not found.
    UnknownMessage,
}

impl Wanted {
    /// What it costs to show a record ([`Heading::cost`]); `None` if it does not count.
    #[must_use]
    pub fn cost(self, record: &[u8]) -> Option<usize> {
        if self == Self::Records {
            return Some(record.len());
        }
        let heading = Heading::of(record).filter(|heading| heading.is_wanted(self))?;
        Some(heading.cost(record.len()))
    }
}

impl Query {
    /// Which of what is wanted on either side of the anchor of [`Span::Around`] are shown. Both sides are given from there
    /// outwards, `newer` beginning with the anchor itself, each with its cost.
    #[must_use]
    pub fn nearest<T>(&self, older: Vec<(T, usize)>, newer: Vec<(T, usize)>) -> Vec<T> {
        let newer_count = newer.len().min(self.count - (self.count / 2).min(older.len()));
        let older_count = older.len().min(self.count - newer_count);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let (mut older, mut newer) = (older.into_iter().take(older_count), newer.into_iter().take(newer_count));
        let mut bytes = 0_usize;
        loop {
            let (side, next) = if after.len() <= before.len() && newer.len() > 0 || older.len() == 0 {
                (&mut after, newer.next())
            } else {
                (&mut before, older.next())
            };
            let Some((item, cost)) = next else { break };
            bytes += cost;
            if bytes > self.bytes && bytes > cost {
                break;
            }
            side.push(item);
        }
        before.reverse();
        before.extend(after);
        before
    }
}

/// What of a log is kept. What is beyond one of its bounds is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Nothing that was said before this time, microseconds since 1970 in UTC.
    pub since_us: Option<i64>,
    /// At most so many of the newest records.
    pub newest: Option<u64>,
}

/// What of a record decides whether it is wanted. Reading it copies no text.
#[derive(Debug, Deserialize)]
pub struct Heading<'a> {
    #[serde(borrow)]
    msgid: Cow<'a, str>,
    at_us: i64,
    kind: SaidKind,
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    target: Cow<'a, str>,
    #[serde(default)]
    lines: Vec<IgnoredAny>,
}

impl<'a> Heading<'a> {
    /// The heading of a record; `None` if it cannot be read.
    #[must_use]
    pub fn of(record: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(record).ok()
    }

    /// When it was said, microseconds since 1970 in UTC.
    #[must_use]
    pub fn at_us(&self) -> i64 {
        self.at_us
    }

    /// Whether this is the message `id`.
    #[must_use]
    pub fn is(&self, id: &MsgId) -> bool {
        self.msgid == id.0
    }

    /// Whether it counts.
    fn is_wanted(&self, wanted: Wanted) -> bool {
        use Wanted::{
            Everything, Messages, MessagesAndChanges, MessagesAndTags, MessagesChangesAndRenames,
            MessagesTagsAndChanges, MessagesTagsChangesAndRenames, Records,
        };
        let is_kind_wanted = match self.kind {
            SaidKind::Privmsg | SaidKind::Notice => true,
            SaidKind::Tagmsg => match wanted {
                Messages | MessagesAndChanges | MessagesChangesAndRenames => false,
                MessagesAndTags | MessagesTagsAndChanges | MessagesTagsChangesAndRenames | Records | Everything => true,
            },
            SaidKind::Topic | SaidKind::Mode => match wanted {
                Messages | MessagesAndTags | Everything => false,
                MessagesAndChanges | MessagesTagsAndChanges | Records => true,
                MessagesChangesAndRenames | MessagesTagsChangesAndRenames => true,
            },
            SaidKind::Rename => match wanted {
                Messages | MessagesAndTags | MessagesAndChanges | MessagesTagsAndChanges | Everything => false,
                MessagesChangesAndRenames | MessagesTagsChangesAndRenames | Records => true,
            },
        };
        is_kind_wanted && (wanted == Wanted::Everything || !is_for_status(&self.target))
    }

    /// At least the bytes that a record of `len` bytes has when it is shown to whomever. Each line bears names and tags of its
    /// own, which may be many times its text.
    #[must_use]
    pub fn cost(&self, len: usize) -> usize {
        // The command, signs, line end, and tags of ours: batch, time, msgid, account, bot. Those of the client are in `len`.
        const AROUND_A_LINE: usize = 256;
        len + (self.lines.len() + 2) * (AROUND_A_LINE + self.from.len() + self.target.len())
    }
}
