//! One line in front of a person: somebody said something, or something happened.

use super::reaction::{Reaction, Reactions};
use crate::chat::client::event::Kind;
use crate::time::Utc;
use alloc::string::String;
use alloc::vec::Vec;

/// Tells entries apart for as long as the client lives. Their order is where they stand, not this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub(super) u64);

/// One line in front of a person: somebody said something, or something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Tells it apart here.
    pub id: EntryId,
    /// What the server calls it; what replies, reactions and redactions refer to.
    pub msgid: Option<String>,
    /// When, by the server's clock if it tells, else when it arrived or was typed.
    pub at: Utc,
    /// Who said or did it: a nickname, or a server's name.
    pub author: String,
    /// The account of the author, if the server told.
    pub account: Option<String>,
    /// What it is.
    pub what: What,
    /// What the server calls the message that it answers. [`Buffer::message`](super::Buffer::message) has it, if it is here.
    pub reply_to: Option<String>,
    /// What became of it, if it is ours and the server is not known to have it.
    pub delivery: Option<Delivery>,
    /// It was taken back: its words are gone.
    pub redacted: Option<Redacted>,
    /// Whether it is to us: our nickname is in it, or it was said to us alone.
    pub is_mention: bool,
    /// Whether we said or did it, on this or another client of ours.
    pub is_mine: bool,
    /// Whether its author is a program.
    pub is_bot: bool,
    pub(super) reactions: Reactions,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Words.
    Said(Said),
    /// Something else.
    Happened(Happening),
}

/// Words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// As what.
    pub kind: Kind,
    /// The lines as they came, formatting codes too; none when it was redacted.
    pub lines: Vec<String>,
}

/// What happened; who did it is the author of the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The author came in.
    Joined,
    /// The author left the room.
    Left {
        /// Why; often empty.
        reason: String,
    },
    /// The author left the server.
    Quit {
        /// Why; often empty.
        reason: String,
    },
    /// The author has another nickname.
    Renamed {
        /// The new one.
        to: String,
    },
    /// The author put somebody out of the room.
    Kicked {
        /// Whom.
        nick: String,
        /// Why; often empty.
        reason: String,
    },
    /// The author set the topic.
    Topic {
        /// What it is about now; empty: it has none.
        topic: String,
    },
    /// The author changed modes of the room.
    Mode {
        /// As the server told it: `+o ann`.
        change: String,
    },
    /// The author invited somebody.
    Invited {
        /// Whom.
        nick: String,
        /// Into which room.
        room: String,
    },
    /// The author gave the room another name.
    RoomRenamed {
        /// The old one.
        from: String,
        /// Why; often empty.
        reason: String,
    },
    /// The author is away, or back.
    Away {
        /// Why; `None`: back.
        reason: Option<String>,
    },
    /// The connection is lost.
    Lost {
        /// Why.
        reason: String,
    },
    /// The server knows us, again or for the first time.
    Connected,
    /// The server, or the client itself, says something: an answer to a command, a notice.
    Told {
        /// What.
        text: String,
    },
    /// Something that was asked for did not succeed.
    Failed {
        /// What, and why.
        text: String,
    },
}

/// What became of a message of ours that the server is not known to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It waits until it can be sent.
    Waiting,
    /// It was sent; the server has not answered.
    Sent,
    /// The server, or a rule of ours, refused it; others did not see it.
    Failed {
        /// Why.
        reason: String,
    },
    /// The connection was lost before the server answered, and it could not be learnt whether it arrived.
    Unknown,
}

/// How a message was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// Who did it.
    pub by: String,
    /// Why; often empty.
    pub reason: String,
}

impl Entry {
    /// An entry with nothing but what it must have.
    #[must_use]
    pub fn new(id: EntryId, at: Utc, author: &str, what: What) -> Self {
        Self {
            id,
            msgid: None,
            at,
            author: author.into(),
            account: None,
            what,
            reply_to: None,
            delivery: None,
            redacted: None,
            is_mention: false,
            is_mine: false,
            is_bot: false,
            reactions: Reactions::default(),
        }
    }

    /// The words, if that is what it is.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match &self.what {
            What::Said(said) => Some(said),
            What::Happened(_) => None,
        }
    }

    /// The reactions to it, in the order in which they were first given.
    pub fn reactions(&self) -> impl Iterator<Item = &Reaction> {
        self.reactions.iter()
    }

    /// Somebody reacted to it, or took that back, at that time. Of one person's changes of one reaction the latest counts, in
    /// whatever order they are learnt. `false`: that changes nothing.
    pub fn react(&mut self, nick: &str, text: &str, is_given: bool, at: Utc) -> bool {
        self.reactions.change(nick, text, is_given, at)
    }

    /// It is taken back: the words and the reactions go.
    pub fn redact(&mut self, by: &str, reason: &str) {
        if let What::Said(said) = &mut self.what {
            said.lines.clear();
        }
        self.reactions = Reactions::default();
        self.is_mention = false;
        self.redacted = Some(Redacted { by: by.into(), reason: reason.into() });
    }

    /// Whether it counts as unread: somebody else said it.
    #[must_use]
    pub fn is_news(&self) -> bool {
        !self.is_mine && self.redacted.is_none() && self.said().is_some()
    }

    /// Bytes of its texts.
    pub(super) fn size(&self) -> usize {
        match &self.what {
            What::Said(said) => said.lines.iter().map(String::len).sum(),
            What::Happened(happening) => happening.size(),
        }
    }
}

impl Happening {
    fn size(&self) -> usize {
        match self {
            Self::Joined | Self::Connected => 0,
            Self::Left { reason } | Self::Quit { reason } | Self::Lost { reason } => reason.len(),
            Self::Renamed { to: text }
            | Self::Topic { topic: text }
            | Self::Mode { change: text }
            | Self::Told { text }
            | Self::Failed { text } => text.len(),
            Self::Kicked { nick: one, reason: other }
            | Self::Invited { nick: one, room: other }
            | Self::RoomRenamed { from: one, reason: other } => one.len() + other.len(),
            Self::Away { reason } => reason.as_ref().map_or(0, String::len),
        }
    }
}
