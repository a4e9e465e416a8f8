//! Events as JSON objects, one a line.

use helio_core::chat::client::{Event, Fate, Kind, Message, Typed};
use helio_core::time::nanos;
use serde::Serialize;

/// One object. `type` tells which; times are UTC.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Record<'a> {
    Message {
        time: String,
        target: &'a str,
        from: &'a str,
        kind: &'static str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        msgid: Option<&'a str>,
        own: bool,
    },
    Sent {
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<String>,
        number: u64,
        target: &'a str,
        kind: &'static str,
        text: &'a str,
        fate: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        msgid: Option<&'a str>,
    },
    Connected {
        nick: &'a str,
        server: &'a str,
    },
    Disconnected {
        reason: &'a str,
        retry_in_ns: u64,
        waiting_lines: usize,
    },
    Joined {
        room: &'a str,
        nick: &'a str,
        own: bool,
    },
    Members {
        room: &'a str,
        nicks: &'a [String],
        count: usize,
    },
    Left {
        room: &'a str,
        nick: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'a str>,
        reason: &'a str,
        own: bool,
    },
    Quit {
        nick: &'a str,
        reason: &'a str,
    },
    Renamed {
        from: &'a str,
        to: &'a str,
        own: bool,
    },
    Topic {
        room: &'a str,
        topic: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'a str>,
    },
    NotJoined {
        room: &'a str,
        reason: &'a str,
    },
    Told {
        text: &'a str,
    },
    Wrong {
        text: &'a str,
    },
}

impl<'a> Record<'a> {
    /// `None`: the end is told by the exit code.
    pub(super) fn of(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::Message(message) => Self::message(message),
            Event::Typed(typed, fate) => Self::sent(typed, fate),
            Event::Connected { nick, server } => Self::Connected { nick, server },
            Event::Disconnected { reason, retry_in, waiting } => {
                Self::Disconnected { reason, retry_in_ns: nanos(*retry_in), waiting_lines: *waiting }
            }
            Event::Joined { room, nick, is_own } => Self::Joined { room, nick, own: *is_own },
            Event::Members { room, nicks, count } => Self::Members { room, nicks, count: *count },
            Event::Left { room, nick, by, reason, is_own } => {
                Self::Left { room, nick, by: by.as_deref(), reason, own: *is_own }
            }
            Event::Quit { nick, reason } => Self::Quit { nick, reason },
            Event::Renamed { from, to, is_own } => Self::Renamed { from, to, own: *is_own },
            Event::Topic { room, topic, by } => Self::Topic { room, topic, by: by.as_deref() },
            Event::NotJoined { room, reason } => Self::NotJoined { room, reason },
            Event::Told { text } => Self::Told { text },
            Event::Wrong { text } => Self::Wrong { text },
            Event::Mentioned { .. } | Event::Registered { .. } | Event::Ended(_) => return None,
        })
    }

    fn message(message: &'a Message) -> Self {
        Self::Message {
            time: message.time.rfc3339_millis(),
            target: &message.target,
            from: &message.from,
            kind: kind(message.kind),
            text: &message.text,
            msgid: message.msgid.as_deref(),
            own: message.is_own,
        }
    }

    fn sent(typed: &'a Typed, fate: &'a Fate) -> Self {
        let (time, msgid) = match fate {
            Fate::Accepted { time, msgid } => (Some(time.rfc3339_millis()), msgid.as_deref()),
            Fate::Refused { .. } | Fate::Unknown | Fate::NotSent => (None, None),
        };
        let (fate, reason) = match fate {
            Fate::Accepted { .. } => ("accepted", None),
            Fate::Refused { reason } => ("refused", Some(reason.as_str())),
            Fate::Unknown => ("unknown", None),
            Fate::NotSent => ("not_sent", None),
        };
        let Typed { number, target, kind: said, text, .. } = typed;
        Self::Sent { time, number: *number, target, kind: kind(*said), text, fate, reason, msgid }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "message",
        Kind::Action => "action",
        Kind::Notice => "notice",
    }
}
