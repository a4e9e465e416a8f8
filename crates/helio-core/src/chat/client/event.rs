//! What a client tells those who watch it, and what it wants done.

use super::desk::{BufferId, EntryId};
use crate::time::Utc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// One thing to do outside, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a connection. The answer is [`Client::handle_connected`](super::Client::handle_connected) or
    /// [`Client::handle_end`](super::Client::handle_end).
    Connect,
    /// Write these bytes to the connection.
    Send(Vec<u8>),
    /// Give up the connection, or the attempt to open one; nothing need be told.
    Close,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When, by the server's clock if it tells, else when it arrived.
    pub time: Utc,
    /// Where: a room, or the nickname to which it was said in private.
    pub target: String,
    /// Who; a server's name for its notices.
    pub from: String,
    /// As what.
    pub kind: Kind,
    /// The words as they came, formatting codes too; see [`plain_text`](super::plain_text).
    pub text: String,
    /// Its id, if the server gives ids.
    pub msgid: Option<String>,
    /// Whether it is one's own, said in another connection.
    pub is_own: bool,
}

/// As what something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ordinary message.
    Message,
    /// What somebody does: `/me` (CTCP ACTION).
    Action,
    /// A notice, which no program answers.
    Notice,
}

/// One message of one's own. A line that is too long for one becomes several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Counts from 1 in the order of typing.
    pub number: u64,
    /// To whom: a room or a nickname.
    pub target: String,
    /// As what.
    pub kind: Kind,
    /// The words. With line feeds where the server knows messages of several lines.
    pub text: String,
    /// What the server calls the message that it answers.
    pub reply_to: Option<String>,
}

/// What became of an own message, in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The server has it: it answered the label or sent the echo (with `helio serve`: it is on disk), or, if it knows
    /// neither, it answered a PING that was sent behind the message.
    Accepted {
        /// When, by the server's clock.
        time: Utc,
        /// Its id, if the server told.
        msgid: Option<String>,
    },
    /// The server, or a rule of ours, refused it; others did not see it.
    Refused {
        /// Why.
        reason: String,
    },
    /// The connection was lost before the server answered, and it could not be learnt whether the message arrived. It is
    /// not sent again, since others might see it twice.
    Unknown,
    /// It was still waiting when the client ended; nobody has it.
    NotSent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server knows us.
    Connected {
        /// Under this nickname.
        nick: String,
        /// Its name.
        server: String,
    },
    /// The connection is lost.
    Disconnected {
        /// Why.
        reason: String,
        /// Until the next try.
        retry_in: Duration,
        /// Own messages that wait.
        waiting: usize,
    },
    /// Something was said.
    Message(Message),
    /// The fate of an own message is decided. Each typed message gets exactly one of these.
    Typed(Typed, Fate),
    /// Somebody came into a room.
    Joined {
        /// Which.
        room: String,
        /// Who.
        nick: String,
        /// Whether that is us.
        is_own: bool,
    },
    /// Who is in a room that we came into.
    Members {
        /// Which.
        room: String,
        /// The first of them, by name.
        nicks: Vec<String>,
        /// How many in all.
        count: usize,
    },
    /// Somebody left a room.
    Left {
        /// Which.
        room: String,
        /// Who.
        nick: String,
        /// By whom they were put out; `None`: they went.
        by: Option<String>,
        /// Why; often empty.
        reason: String,
        /// Whether that is us.
        is_own: bool,
    },
    /// Somebody left the server.
    Quit {
        /// Who.
        nick: String,
        /// Why; often empty.
        reason: String,
    },
    /// Somebody has a new nickname.
    Renamed {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
        /// Whether that is us.
        is_own: bool,
    },
    /// A room has this topic.
    Topic {
        /// Which.
        room: String,
        /// What it is about; empty: it has none.
        topic: String,
        /// Who set it just now; `None`: it was so when we came.
        by: Option<String>,
    },
    /// A room cannot be joined.
    NotJoined {
        /// Which.
        room: String,
        /// Why.
        reason: String,
    },
    /// The server, or the client itself, has something to say that fits none of these.
    Told {
        /// What.
        text: String,
    },
    /// An input was not understood; nothing was sent.
    Wrong {
        /// What is wrong with it.
        text: String,
    },
    /// It is over; nothing follows.
    Ended(End),
    /// A message of somebody else is to us: something to ring a bell for. The entry is on the desk.
    Mentioned {
        /// Where.
        buffer: BufferId,
        /// Which.
        entry: EntryId,
    },
    /// The nickname is an account now, by the invitation; the password should be kept.
    Registered {
        /// Its name.
        account: String,
    },
}

/// How a client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it was asked to.
    Quit,
    /// Its nickname is not accepted, or it and all others that were tried are in use.
    NickRefused {
        /// The last one tried.
        nick: String,
        /// What the server said.
        reason: String,
    },
    /// The server has a password, which is another one or was not given (ERR_PASSWDMISMATCH).
    PasswordRefused {
        /// Whether we gave one.
        was_given: bool,
        /// What it said.
        reason: String,
    },
    /// The account could not be logged in to.
    LoginRefused {
        /// Which; empty with a certificate.
        account: String,
        /// Why.
        reason: String,
    },
    /// No account could be made by the invitation.
    NotRegistered {
        /// The code of the FAIL, such as `ACCOUNT_EXISTS`; empty when the server was not asked.
        code: String,
        /// What it said.
        reason: String,
    },
    /// The server does not want us: banned, too many connections.
    Rejected {
        /// What it said.
        reason: String,
    },
    /// No room is left that could be joined.
    NoRoom {
        /// The last one tried.
        room: String,
        /// What the server said.
        reason: String,
    },
    /// The first connection did not come about, or was lost before the server knew us.
    Lost {
        /// Why.
        reason: String,
    },
    /// The first connection was open, but the server did not welcome us in time.
    NoWelcome,
}
