//! What the server answers about the past.

use super::{Question, Reference, missed};
use crate::chat::client::Client;
use crate::chat::client::desk::{Buffer, BufferId, BufferKind, Earlier, Entry};
use crate::chat::client::event::Event;
use crate::chat::client::incoming::{self, Line};
use crate::chat::client::input::same;
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// A page of history has come.
pub(in crate::chat::client) fn history(client: &mut Client, target: &str, lines: &[Line], now: Now) {
    let Some(buffer) = client.desk.named(target).map(|buffer| buffer.id()) else { return };
    match client.asking.open.take_if(|(question, _)| question.buffer() == Some(buffer)) {
        Some((Question::Missed { pages, .. }, _)) => missed_page(client, buffer, lines, pages),
        Some((Question::Earlier { .. }, _)) => {
            let entries = entries(client, buffer, lines);
            let earlier = if lines.is_empty() { Earlier::Nothing } else { Earlier::Possible };
            insert(client, buffer, entries);
            if let Some(buffer) = client.desk.buffer_mut(buffer) {
                buffer.earlier = earlier;
            }
        }
        // Not asked for: a bouncer repeats what was said meanwhile.
        Some((Question::Targets { .. } | Question::Who { .. }, _)) | None => {
            lines.iter().for_each(|line| incoming::dispatch(client, line.clone(), now));
        }
    }
}

/// The names with whom something was said have come.
pub(in crate::chat::client) fn targets(client: &mut Client, lines: &[Line]) {
    let Some((Question::Targets { .. }, _)) =
        client.asking.open.take_if(|(question, _)| matches!(question, Question::Targets { .. }))
    else {
        return;
    };
    let named =
        |line: &Line| (line.verb == "CHATHISTORY" && line.param(0) == "TARGETS").then(|| line.param(1).to_string());
    for name in lines.iter().filter_map(named).filter(|name| !name.starts_with(['#', '&']) && !name.is_empty()) {
        let last = lines.iter().find(|line| same(line.param(1), &name)).map(|line| line.param(2).to_string());
        let at = last.as_deref().and_then(|time| Utc::parse_rfc3339(time.trim_start_matches("timestamp=")));
        let is_known = client.desk.named(&name).is_some_and(|buffer| buffer.last_said() >= at);
        if !is_known {
            let buffer = client.desk.open(&name, BufferKind::Private);
            missed(client, buffer);
        }
    }
    close_private_gaps(client);
}

/// The server does not answer this question.
pub(super) fn give_up(client: &mut Client, question: Question) {
    match question {
        // The message that was referred to may be gone; its time is not.
        Question::Missed { buffer, before: Some(Reference { msgid: Some(_), at }), pages } => {
            let before = Some(Reference { msgid: None, at: Utc::from_micros(at.micros().saturating_add(1_000)) });
            client.asking.queue.push_front(Question::Missed { buffer, before, pages });
        }
        Question::Missed { buffer, .. } => done(client, buffer),
        Question::Earlier { buffer } => {
            if let Some(buffer) = client.desk.buffer_mut(buffer) {
                buffer.earlier = Earlier::Possible;
            }
        }
        Question::Targets { .. } => close_private_gaps(client),
        Question::Who { .. } => {}
    }
}

/// The first message of a buffer.
pub(super) fn first(client: &Client, buffer: BufferId) -> Option<Reference> {
    let buffer = client.desk.buffer(buffer)?;
    let first = buffer.entries().find(|entry| entry.msgid.is_some());
    first.map(|entry| Reference { msgid: entry.msgid.clone(), at: entry.at })
}

fn missed_page(client: &mut Client, id: BufferId, lines: &[Line], pages: usize) {
    let Some(buffer) = client.desk.buffer(id) else { return };
    let is_here = |line: &Line| line.msgid.as_deref().is_some_and(|msgid| buffer.is_before_gap(msgid));
    let reached = lines.iter().rposition(is_here);
    let has_old = buffer.has_messages_before_gap();
    let fetched = entries(client, id, lines);
    let can_redact = client.caps.contains(Capability::MessageRedaction);
    if let Some(buffer) = client.desk.buffer_mut(id) {
        // Elsewhere a message may be missing for other reasons.
        if reached.is_some() && can_redact {
            let msgids: Vec<&str> = lines.iter().filter_map(|line| line.msgid.as_deref()).collect();
            buffer.redact_missing(&msgids);
        }
        let is_first_page = !has_old && pages == 0;
        if is_first_page && !lines.is_empty() {
            buffer.earlier = Earlier::Possible;
        }
    }
    let fetched = fetched.into_iter().filter(|(at, _)| reached.is_none_or(|reached| *at > reached)).collect();
    insert(client, id, fetched);
    let oldest = lines.first().map(|line| Reference { msgid: line.msgid.clone(), at: line.time });
    match oldest {
        Some(before) if has_old && reached.is_none() && pages < limits::CHAT_CLIENT_HISTORY_PAGES => {
            let before = Some(before);
            client.asking.queue.push_front(Question::Missed { buffer: id, before, pages: pages + 1 });
        }
        _ => {
            // What was here is not there any more, or too much was missed.
            if let Some(buffer) = client.desk.buffer_mut(id).filter(|_| has_old && reached.is_none()) {
                buffer.forget_before_gap();
                buffer.earlier = Earlier::Possible;
            }
            done(client, id);
        }
    }
}

/// Nothing is missing any more: tells what was said meanwhile, in its order.
fn done(client: &mut Client, id: BufferId) {
    let Some(buffer) = client.desk.buffer_mut(id) else { return };
    buffer.is_catching_up = false;
    let since = buffer.close_gap();
    if buffer.read_until.is_none() {
        // What was there when we came for the first time counts as read.
        buffer.read_until = buffer.last_said().or(client.last_heard);
        (buffer.unread, buffer.mentions) = (0, 0);
    }
    let name = buffer.name.clone();
    let said: Vec<Entry> = buffer.entries().skip(since).filter(|entry| entry.said().is_some()).cloned().collect();
    let me = client.nick.clone();
    // What was typed here is told by its fate.
    let is_told = |entry: &&Entry| entry.delivery.is_none() && (entry.msgid.is_some() || !entry.is_mine);
    for entry in said.iter().filter(is_told) {
        if entry.msgid.as_deref().is_none_or(|msgid| client.told.note(msgid).is_none()) {
            let messages = incoming::messages(&name, &me, entry);
            client.events.extend(messages.into_iter().map(Event::Message));
        }
    }
}

fn close_private_gaps(client: &mut Client) {
    let is_waiting =
        |buffer: &&Buffer| buffer.kind() == BufferKind::Private && buffer.has_gap() && !buffer.is_catching_up;
    let waiting: Vec<BufferId> = client.desk.buffers().iter().filter(is_waiting).map(Buffer::id).collect();
    waiting.into_iter().for_each(|id| done(client, id));
}

/// The entries that lines of history make, each with the place of its line. What they do to others (reactions) is done.
fn entries(client: &mut Client, id: BufferId, lines: &[Line]) -> Vec<(usize, Entry)> {
    let mut entries = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(entry) = incoming::past_entry(client, id, line) {
            entries.push((at, entry));
        }
    }
    entries
}

fn insert(client: &mut Client, id: BufferId, entries: Vec<(usize, Entry)>) {
    let entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    let msgids: Vec<_> = entries.iter().filter_map(|entry| entry.msgid.clone()).collect();
    if let Some(buffer) = client.desk.buffer_mut(id) {
        buffer.insert_earlier(entries);
    }
    msgids.iter().for_each(|msgid| incoming::early_reactions(client, id, msgid));
}
