//! What is said about messages: reactions, typing, redaction, how far one has read.

use super::Line;
use crate::chat::client::Client;
use crate::chat::client::desk::BufferId;
use crate::chat::client::input::same;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::collections::VecDeque;
use alloc::string::String;

/// A reaction to a message that is not here yet.
#[derive(Clone, Debug)]
pub(in crate::chat::client) struct Early {
    buffer: BufferId,
    msgid: String,
    nick: String,
    text: String,
    is_given: bool,
    at: Utc,
}

/// TAGMSG: who is typing, who reacts.
pub(super) fn tags(client: &mut Client, line: &Line, now: Now) {
    let target = line.param(0);
    let is_own = same(&line.nick, &client.nick);
    let place = if target.starts_with(['#', '&']) || is_own { target } else { &line.nick };
    let Some(id) = client.desk.named(place).map(|buffer| buffer.id()) else { return };
    react(client, id, line);
    let lasts = match line.tags.typing.as_deref() {
        Some("active") => Some(limits::CHAT_CLIENT_TYPING_ACTIVE),
        Some("paused") => Some(limits::CHAT_CLIENT_TYPING_PAUSED),
        Some(_) => None,
        None => return,
    };
    if let Some(buffer) = client.desk.buffer_mut(id).filter(|_| !is_own) {
        buffer.set_typing(&line.nick, lasts.map(|lasts| now.mono + lasts));
    }
}

/// A reaction, live or from the history, if there is one in the line.
pub(super) fn react(client: &mut Client, buffer: BufferId, line: &Line) {
    let Some(msgid) = line.tags.reply_to.clone() else { return };
    let both = [(&line.tags.react, true), (&line.tags.unreact, false)];
    for (text, is_given) in both.into_iter().filter_map(|(text, is_given)| text.clone().map(|text| (text, is_given))) {
        let (nick, at) = (line.nick.clone(), line.time);
        let early = Early { buffer, msgid: msgid.clone(), nick, text, is_given, at };
        if !apply(client, &early) && early.text.len() <= limits::CHAT_DESK_REACTION {
            client.early.push_back(early);
            if client.early.len() > limits::CHAT_DESK_EARLY_REACTIONS {
                client.early.pop_front();
            }
        }
    }
}

/// A message has come: those reactions to it that came before.
pub(in crate::chat::client) fn early_reactions(client: &mut Client, buffer: BufferId, msgid: &str) {
    let is_to_it = |early: &Early| early.buffer == buffer && early.msgid == msgid;
    if client.early.iter().any(is_to_it) {
        let (due, rest): (VecDeque<Early>, _) = core::mem::take(&mut client.early).into_iter().partition(is_to_it);
        client.early = rest;
        due.iter().for_each(|early| _ = apply(client, early));
    }
}

/// REDACT target msgid [:reason]
pub(super) fn redacted(client: &mut Client, line: &Line) {
    let (target, msgid) = (line.param(0), line.param(1));
    let place = if same(target, &client.nick) && !same(&line.nick, &client.nick) { &line.nick } else { target };
    if let Some(buffer) = client.desk.named_mut(place) {
        let gone = buffer.change_message(msgid, |entry| {
            let was = (entry.at, entry.is_news(), entry.is_mention);
            entry.redact(&line.nick, line.param(2));
            was
        });
        if let Some((at, true, was_mention)) = gone
            && buffer.read_until.is_none_or(|read| at > read)
        {
            buffer.unread = buffer.unread.saturating_sub(1);
            buffer.mentions = buffer.mentions.saturating_sub(usize::from(was_mention));
        }
    }
    for found in client.desk.search.iter_mut().flat_map(|search| &mut search.found) {
        if found.entry.msgid.as_deref() == Some(msgid) {
            found.entry.redact(&line.nick, line.param(2));
        }
    }
}

/// MARKREAD target timestamp=…
pub(super) fn marked(client: &mut Client, line: &Line) {
    let marker = line.param(1).strip_prefix("timestamp=").and_then(Utc::parse_rfc3339);
    if let (Some(buffer), Some(marker)) = (client.desk.named_mut(line.param(0)), marker) {
        buffer.mark_read(marker);
    }
}

fn apply(client: &mut Client, early: &Early) -> bool {
    let Some(buffer) = client.desk.buffer_mut(early.buffer) else { return true };
    let change = buffer.change_message(&early.msgid, |entry| {
        if entry.redacted.is_none() {
            entry.react(&early.nick, &early.text, early.is_given, early.at);
        }
    });
    change.is_some()
}
