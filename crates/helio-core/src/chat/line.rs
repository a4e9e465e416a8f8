//! A line on its way to clients, and how each kind of client sees it.

use super::ids::MsgId;
use crate::irc::capability::{Capabilities, Capability};
use crate::irc::line::LineBuilder;
use crate::irc::tags::escape_value;
use crate::time::Utc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    /// IRC: over TCP, TLS or WebSocket.
    Irc,
    /// The line listener's `nick: text` (spec/line-listener.md).
    Guest,
}

/// Everything about a session that changes how a line looks to it. Sessions with the same get the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Audience {
    pub(super) face: Face,
    pub(super) caps: Capabilities,
}

impl Audience {
    pub(super) fn has(self, capability: Capability) -> bool {
        self.caps.contains(capability)
    }
}

/// One line with everything that some client may be told.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) tags: Tags,
    /// From the source to CR LF; empty when only guests see it.
    pub(super) irc: Vec<u8>,
    /// The same for guests, with its LF; empty when they are told nothing.
    pub(super) guest: Vec<u8>,
}

/// Tags that a line carries for those who asked for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// `label`, for the one who set it.
    pub(super) label: Option<String>,
    /// `batch`, the reference of the batch that the line is in.
    pub(super) batch: Option<String>,
    /// `time`, with server-time.
    pub(super) time: Option<Utc>,
    /// `msgid`, with message-tags.
    pub(super) msgid: Option<MsgId>,
    /// `account`, with account-tag.
    pub(super) account: Option<String>,
    /// `bot`, with message-tags.
    pub(super) is_bot: bool,
    /// Client-only tags as they came, escaped and joined by `;`, with message-tags.
    pub(super) client: String,
    /// A tag of draft/multiline on a line that continues the one before it.
    pub(super) is_concat: bool,
}

impl Line {
    pub(super) fn irc(irc: Vec<u8>) -> Self {
        Self { irc, ..Self::default() }
    }

    /// The same line with the time at which what it tells happened.
    pub(super) fn at(mut self, time: Utc) -> Self {
        self.tags.time = Some(time);
        self
    }

    /// Appends the line as `audience` sees it, which may be nothing.
    pub(super) fn encode(&self, audience: Audience, out: &mut Vec<u8>) {
        match audience.face {
            Face::Guest => out.extend_from_slice(&self.guest),
            Face::Irc if self.irc.is_empty() => {}
            Face::Irc => {
                self.tags.encode(audience, out);
                out.extend_from_slice(&self.irc);
            }
        }
    }
}

impl Tags {
    fn encode(&self, audience: Audience, out: &mut Vec<u8>) {
        let start = out.len();
        let mut tag = |key: &str, value: &str| {
            out.push(if out.len() == start { b'@' } else { b';' });
            out.extend_from_slice(key.as_bytes());
            if !value.is_empty() {
                out.push(b'=');
                escape_value(value, out);
            }
        };
        if let Some(label) = self.label.as_ref().filter(|_| audience.has(Capability::LabeledResponse)) {
            tag("label", label);
        }
        if let Some(batch) = self.batch.as_ref().filter(|_| audience.has(Capability::Batch)) {
            tag("batch", batch);
        }
        if let Some(time) = self.time.filter(|_| audience.has(Capability::ServerTime)) {
            tag("time", &time.rfc3339_millis());
        }
        if let Some(account) = self.account.as_ref().filter(|_| audience.has(Capability::AccountTag)) {
            tag("account", account);
        }
        if self.is_concat && audience.has(Capability::Multiline) {
            tag("draft/multiline-concat", "");
        }
        if audience.has(Capability::MessageTags) {
            if let Some(msgid) = &self.msgid {
                tag("msgid", &msgid.0);
            }
            if self.is_bot {
                tag("bot", "");
            }
            if !self.client.is_empty() {
                out.push(if out.len() == start { b'@' } else { b';' });
                out.extend_from_slice(self.client.as_bytes());
            }
        }
        if out.len() > start {
            out.push(b' ');
        }
    }
}

/// `:source COMMAND params… :trailing` and CR LF. Nothing in it can end the line early, see [`LineBuilder`].
pub(super) fn compose(source: Option<&str>, command: &str, params: &[&str], trailing: Option<&str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut builder = LineBuilder::new(&mut bytes);
    if let Some(source) = source {
        builder = builder.source(source);
    }
    builder = builder.command(command).params(params);
    if let Some(text) = trailing {
        builder = builder.trailing(text);
    }
    builder.finish();
    bytes
}

/// A line for many, encoded at most once for each kind of audience.
pub(super) struct Encodings<F> {
    make: F,
    made: Vec<(Audience, Arc<[u8]>)>,
}

impl<F: FnMut(Audience, &mut Vec<u8>)> Encodings<F> {
    /// `make` appends what an audience sees; nothing when it sees nothing.
    pub(super) fn new(make: F) -> Self {
        Self { make, made: Vec::new() }
    }

    pub(super) fn for_audience(&mut self, audience: Audience) -> &Arc<[u8]> {
        let index = self.made.iter().position(|(known, _)| *known == audience).unwrap_or_else(|| {
            let mut bytes = Vec::new();
            (self.make)(audience, &mut bytes);
            self.made.push((audience, bytes.into()));
            self.made.len() - 1
        });
        &self.made[index].1
    }
}
