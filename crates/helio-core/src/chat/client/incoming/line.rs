//! A line of the server, read into words.

use crate::irc::message::Message;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One line. Bytes that are not UTF-8, which old servers relay, become U+FFFD.
#[derive(Clone, Debug)]
pub(in crate::chat::client) struct Line {
    /// Who said it, as it was sent.
    pub(in crate::chat::client) source: String,
    /// The nickname in it; a server's name for servers.
    pub(in crate::chat::client) nick: String,
    pub(in crate::chat::client) is_from_server: bool,
    /// In capitals.
    pub(in crate::chat::client) verb: String,
    pub(in crate::chat::client) params: Vec<String>,
    /// By the server's clock if it tells.
    pub(in crate::chat::client) time: Utc,
    pub(in crate::chat::client) msgid: Option<String>,
    pub(in crate::chat::client) label: Option<String>,
    pub(in crate::chat::client) batch: Option<String>,
    pub(in crate::chat::client) tags: ClientTags,
    /// Bytes of the line.
    pub(in crate::chat::client) size: usize,
}

/// What other tags say that mean something here.
#[derive(Clone, Debug, Default)]
pub(in crate::chat::client) struct ClientTags {
    /// account-tag.
    pub(in crate::chat::client) account: Option<String>,
    /// bot-mode: the author is a program.
    pub(in crate::chat::client) is_bot: bool,
    /// The message that is answered, or reacted to.
    pub(in crate::chat::client) reply_to: Option<String>,
    pub(in crate::chat::client) react: Option<String>,
    pub(in crate::chat::client) unreact: Option<String>,
    pub(in crate::chat::client) typing: Option<String>,
    /// multiline: the line goes on where the one before it ended.
    pub(in crate::chat::client) is_concat: bool,
}

impl Line {
    /// Reads a line; `None` when it is no message.
    pub(in crate::chat::client) fn read(bytes: &[u8], now: Now) -> Option<Self> {
        let message = Message::parse(bytes).ok()?;
        let tag = |key: &str| message.tags.get(key).map(text);
        let source = message.source.map(text).unwrap_or_default();
        let nick = source.split(['!', '@']).next().unwrap_or_default().to_string();
        Some(Self {
            is_from_server: !source.contains('!'),
            nick,
            verb: text(message.command).to_ascii_uppercase(),
            params: message.params.iter().map(text).collect(),
            time: tag("time").and_then(|time| Utc::parse_rfc3339(&time)).unwrap_or(now.utc),
            msgid: tag("msgid").filter(|id| !id.is_empty() && id.len() <= limits::CHAT_CLIENT_MSGID),
            label: tag("label"),
            batch: tag("batch"),
            tags: ClientTags {
                account: tag("account"),
                is_bot: tag("bot").is_some(),
                reply_to: tag("+draft/reply").or(tag("+reply")).filter(|id| id.len() <= limits::CHAT_CLIENT_MSGID),
                react: tag("+draft/react"),
                unreact: tag("+draft/unreact"),
                typing: tag("+typing"),
                is_concat: tag("draft/multiline-concat").is_some(),
            },
            size: bytes.len(),
            source,
        })
    }

    /// A parameter; empty when it is missing.
    pub(in crate::chat::client) fn param(&self, at: usize) -> &str {
        self.params.get(at).map(String::as_str).unwrap_or_default()
    }

    /// The last parameter; empty when there is none.
    pub(in crate::chat::client) fn last(&self) -> &str {
        self.params.last().map(String::as_str).unwrap_or_default()
    }

    /// The numeric that it is, if it is one that we know.
    pub(in crate::chat::client) fn numeric(&self) -> Option<Numeric> {
        let code: u16 = self.verb.parse().ok()?;
        Numeric::ALL.iter().copied().find(|numeric| numeric.code() == code)
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}
