//! A line of the server, read into words.

use crate::irc::message::Message;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One line. Bytes that are not UTF-8, which old servers relay, become U+FFFD.
#[derive(Debug)]
pub(super) struct Line {
    /// Who said it, as it was sent.
    pub(super) source: String,
    /// The nickname in it; a server's name for servers.
    pub(super) nick: String,
    pub(super) is_from_server: bool,
    /// In capitals.
    pub(super) verb: String,
    pub(super) params: Vec<String>,
    /// By the server's clock if it tells.
    pub(super) time: Utc,
    pub(super) msgid: Option<String>,
    pub(super) label: Option<String>,
    pub(super) batch: Option<String>,
}

impl Line {
    /// Reads a line; `None` when it is no message.
    pub(super) fn read(bytes: &[u8], now: Now) -> Option<Self> {
        let message = Message::parse(bytes).ok()?;
        let tag = |key: &str| message.tags.get(key).map(text);
        let source = message.source.map(text).unwrap_or_default();
        let nick = source.split(['!', '@']).next().unwrap_or_default().to_string();
        Some(Self {
            is_from_server: !source.contains('!'),
            nick,
            verb: text(message.command).to_ascii_uppercase(),
            params: message.params.iter().map(text).collect(),
            time: tag("time").and_then(|time| utc(&time)).unwrap_or(now.utc),
            msgid: tag("msgid").filter(|id| !id.is_empty() && id.len() <= limits::CHAT_CLIENT_MSGID),
            label: tag("label"),
            batch: tag("batch"),
            source,
        })
    }

    /// A parameter; empty when it is missing.
    pub(super) fn param(&self, at: usize) -> &str {
        self.params.get(at).map(String::as_str).unwrap_or_default()
    }

    /// The last parameter; empty when there is none.
    pub(super) fn last(&self) -> &str {
        self.params.last().map(String::as_str).unwrap_or_default()
    }

    /// The numeric that it is, if it is one that we know.
    pub(super) fn numeric(&self) -> Option<Numeric> {
        let code: u16 = self.verb.parse().ok()?;
        Numeric::ALL.iter().copied().find(|numeric| numeric.code() == code)
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

/// The value of a `time` tag (server-time).
fn utc(text: &str) -> Option<Utc> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    Some(Utc::from_micros(timestamp.as_microsecond()))
}
