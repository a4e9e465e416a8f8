//! Own messages, from the moment they are typed to the moment their fate is known.

use super::desk::{BufferId, BufferKind, Delivery, Entry, Happening, LinkState, Said, What};
use super::event::{Event, Fate, Kind};
use super::incoming::{self, Line};
use super::input::pieces;
use super::link::Link;
use super::outbox::Means;
use super::{Action, Client, register, typing};
use crate::irc::capability::Capability;
use crate::irc::line::{LineBuilder, truncate_utf8};
use crate::irc::tags::escape_value;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Takes what was typed for a room or person: as one message if the server takes it so, else as several.
pub(super) fn add(client: &mut Client, target: &str, kind: Kind, text: &str, reply_to: Option<&str>, now: Now) {
    let is_room = target.starts_with(['#', '&']);
    let buffer = match client.desk.named(target) {
        Some(buffer) => Some(buffer.id()),
        None if is_room || target.is_empty() => None,
        None => Some(client.desk.open(target, BufferKind::Private)),
    };
    let means = client.caps.has_multiline() && kind != Kind::Action;
    let messages = if means { whole(text, client.server.multiline) } else { split(text) };
    for text in messages {
        let lines = text.split('\n').map(str::to_string).collect();
        let mut entry = Entry::new(client.desk.next_entry(), now.utc, &client.nick, What::Said(Said { kind, lines }));
        (entry.is_mine, entry.delivery) = (true, Some(Delivery::Waiting));
        entry.reply_to = reply_to.map(str::to_string);
        let draft = buffer.map(|buffer| (buffer, entry.id));
        if client.outbox.is_full() {
            let reason = "too many messages wait to be sent".to_string();
            entry.delivery = Some(Delivery::Failed { reason });
        } else {
            let number = client.outbox.add(target, kind, text, reply_to.map(str::to_string));
            draft.into_iter().for_each(|draft| _ = client.drafts.insert(number, draft));
        }
        if let Some(buffer) = buffer.and_then(|id| client.desk.buffer_mut(id)) {
            buffer.push_pending(entry);
        }
    }
    if let Some(buffer) = buffer {
        typing::said(client, buffer);
    }
}

/// Sends what may be sent.
pub(super) fn go_on(client: &mut Client) {
    while let Some(target) = client.outbox.next_target(client.means()).map(str::to_string) {
        match client.rooms.get(&target) {
            None if target.starts_with('#') => {
                let refused = client.outbox.refuse_next(format!("you are not in {target}"));
                client.decided(refused);
            }
            Some(room) if !room.is_joined => break,
            Some(_) | None => send_next(client),
        }
    }
}

fn send_next(client: &mut Client) {
    let (means, mut bytes) = (client.means(), Vec::new());
    let Some((text, typed)) = client.outbox.send_next(&client.nick, means) else { return };
    let mut tags = Vec::new();
    if means.has_labels {
        tags.push(("label", typed.number.to_string()));
    }
    if let Some(msgid) = typed.reply_to.clone().filter(|_| client.caps.contains(Capability::MessageTags)) {
        tags.push(("+draft/reply", msgid));
    }
    let is_one_line = !text.contains('\n') && text.len() <= limits::CHAT_CLIENT_MESSAGE;
    if is_one_line || typed.kind == Kind::Action {
        push_tags(&mut bytes, &tags);
        LineBuilder::new(&mut bytes).command(typed.verb()).param(&typed.target).trailing(&text).finish();
    } else if client.caps.has_multiline() {
        push_batch(&mut bytes, &tags, &typed.number.to_string(), typed.verb(), &typed.target, &text);
    } else {
        // The server knew messages of several lines when this was typed.
        let lines = split(&text);
        for (at, line) in lines.iter().enumerate() {
            push_tags(&mut bytes, if at + 1 == lines.len() { &tags } else { &[] });
            LineBuilder::new(&mut bytes).command(typed.verb()).param(&typed.target).trailing(line).finish();
        }
    }
    if !means.has_labels {
        let token = format!("{}{}", incoming::BARRIER, typed.number);
        LineBuilder::new(&mut bytes).command("PING").trailing(&token).finish();
    }
    client.actions.push_back(Action::Send(bytes));
    client.deliver(typed.number, Some(Delivery::Sent));
}

/// `@key=value;… `, or nothing.
pub(super) fn push_tags(bytes: &mut Vec<u8>, tags: &[(&str, String)]) {
    for (at, (key, value)) in tags.iter().enumerate() {
        bytes.push(if at == 0 { b'@' } else { b';' });
        bytes.extend_from_slice(key.as_bytes());
        bytes.push(b'=');
        escape_value(value, bytes);
    }
    if !tags.is_empty() {
        bytes.push(b' ');
    }
}

/// A message of several lines (multiline): label and client-only tags stand on the line that begins the batch.
fn push_batch(bytes: &mut Vec<u8>, tags: &[(&str, String)], reference: &str, verb: &str, target: &str, text: &str) {
    push_tags(bytes, tags);
    let begin = format!("+{reference}");
    LineBuilder::new(bytes).command("BATCH").param(&begin).param("draft/multiline").param(target).finish();
    for line in text.split('\n') {
        let mut rest = line;
        let mut is_first = true;
        while is_first || !rest.is_empty() {
            let piece = truncate_utf8(rest, limits::CHAT_CLIENT_MESSAGE);
            rest = rest.get(piece.len()..).unwrap_or_default();
            let concat = if is_first { "" } else { ";draft/multiline-concat" };
            bytes.extend_from_slice(format!("@batch={reference}{concat} ").as_bytes());
            LineBuilder::new(bytes).command(verb).param(target).trailing(piece).finish();
            is_first = false;
        }
    }
    LineBuilder::new(bytes).command("BATCH").param(&format!("-{reference}")).finish();
}

/// A text as messages of several lines, each within what the server takes.
fn whole(text: &str, (most_bytes, most_lines): (usize, usize)) -> Vec<String> {
    let most_bytes = most_bytes.max(limits::CHAT_CLIENT_MESSAGE);
    let mut messages: Vec<String> = Vec::new();
    // A line that is cut takes as many lines of the message.
    let mut lines = 0;
    let room = most_bytes.min(limits::CHAT_CLIENT_MESSAGE * most_lines.max(1));
    for line in text.split('\n') {
        let mut rest = line;
        let mut is_first = true;
        while is_first || !rest.is_empty() {
            let part = truncate_utf8(rest, room);
            rest = rest.get(part.len()..).unwrap_or_default();
            is_first = false;
            let takes = part.len() / limits::CHAT_CLIENT_MESSAGE + 1;
            match messages.last_mut() {
                Some(last) if last.len() + 1 + part.len() <= most_bytes && lines + takes <= most_lines => {
                    last.push('\n');
                    last.push_str(part);
                    lines += takes;
                }
                _ => {
                    messages.push(part.to_string());
                    lines = takes;
                }
            }
        }
    }
    messages
        .iter()
        .map(|message| message.trim_matches('\n').to_string())
        .filter(|message| !message.trim().is_empty())
        .collect()
}

/// A text as messages of one line.
fn split(text: &str) -> Vec<String> {
    let lines = text.split('\n').filter(|line| !line.trim().is_empty());
    lines.flat_map(pieces).map(str::to_string).collect()
}

impl Client {
    pub(super) fn means(&self) -> Means {
        Means {
            has_labels: self.caps.has_labels(),
            knows_own: register::knows_own_messages(self.caps),
            seen: self.seen.count(),
        }
    }

    /// The echo of an own message came.
    pub(super) fn echoed(&mut self, number: u64, line: &Line) {
        if let Some(sent) = self.outbox.under_way(number) {
            sent.echoed(line.time, line.msgid.clone());
        }
        if let Some(msgid) = &line.msgid {
            self.told.note(msgid);
        }
        self.accepted(number, line.msgid.clone(), line.time);
    }

    /// The answer to an own message is complete.
    pub(super) fn answered(&mut self, number: u64, refusal: Option<String>, now: Now) {
        let answered = self.outbox.answered(number, refusal, now.utc);
        self.decided(answered);
    }

    /// The fate of own messages is known: shows and tells it.
    pub(super) fn decided(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            if let Event::Typed(typed, fate) = &event {
                match fate {
                    Fate::Accepted { time, msgid } => self.accepted(typed.number, msgid.clone(), *time),
                    Fate::Refused { reason } => {
                        self.deliver(typed.number, Some(Delivery::Failed { reason: reason.clone() }));
                    }
                    Fate::Unknown => self.deliver(typed.number, Some(Delivery::Unknown)),
                    Fate::NotSent => {
                        let reason = "it was not sent".to_string();
                        self.deliver(typed.number, Some(Delivery::Failed { reason }));
                    }
                }
                self.drafts.remove(&typed.number);
            }
            self.events.push_back(event);
        }
    }

    fn accepted(&mut self, number: u64, msgid: Option<String>, at: crate::time::Utc) {
        let Some((buffer, entry)) = self.drafts.get(&number).copied() else { return };
        if let Some(buffer) = self.desk.buffer_mut(buffer) {
            buffer.accepted(entry, msgid.clone(), at);
        }
        if let Some(msgid) = msgid {
            incoming::early_reactions(self, buffer, &msgid);
        }
    }

    fn deliver(&mut self, number: u64, delivery: Option<Delivery>) {
        if let Some((buffer, entry)) = self.drafts.get(&number)
            && let Some(buffer) = self.desk.buffer_mut(*buffer)
        {
            buffer.change(*entry, |entry| entry.delivery = delivery);
        }
    }

    /// The connection is lost: nobody is there any more, and it is shown.
    pub(super) fn left(&mut self, was_online: bool, reason: &str, now: Now) {
        let rooms: Vec<BufferId> = self.desk.buffers().iter().map(|buffer| buffer.id()).collect();
        for id in rooms {
            let entry = self.desk.next_entry();
            let Some(buffer) = self.desk.buffer_mut(id) else { continue };
            let was_there = buffer.is_joined && was_online && buffer.kind() != BufferKind::Private;
            buffer.clear_members();
            buffer.is_joined = buffer.kind() != BufferKind::Room;
            if was_there {
                let lost = What::Happened(Happening::Lost { reason: reason.to_string() });
                buffer.push(Entry::new(entry, now.utc, "", lost));
            }
        }
        self.typing = typing::Typing::default();
    }

    /// The server knows us.
    pub(super) fn came_back(&mut self, now: Now) {
        self.desk.link = LinkState::Online { lag: None };
        let server = self.desk.network.clone();
        let id = self.server_buffer();
        let entry = Entry::new(self.desk.next_entry(), now.utc, &server, What::Happened(Happening::Connected));
        if let Some(buffer) = self.desk.buffer_mut(id) {
            buffer.push(entry);
        }
    }

    /// Something that the client itself has to say, where it was asked.
    pub(super) fn happened(&mut self, happening: Happening) {
        let at = self.clock;
        let (id, entry) = (self.answer_buffer(), self.desk.next_entry());
        if let Some(buffer) = self.desk.buffer_mut(id) {
            buffer.push(Entry::new(entry, at, "", What::Happened(happening)));
        }
    }

    /// Where answers go that fit nothing else.
    pub(super) fn answer_buffer(&self) -> BufferId {
        // What a server says by itself to who comes is no answer.
        let has_greeted = matches!(&self.link, Link::Online(online) if online.is_synced);
        let asked_in = self.asked_in.filter(|id| has_greeted && self.desk.buffer(*id).is_some());
        asked_in.unwrap_or_else(|| self.server_buffer())
    }

    /// Where the server speaks.
    pub(super) fn server_buffer(&self) -> BufferId {
        let server = self.desk.buffers().iter().find(|buffer| buffer.kind() == BufferKind::Server);
        server.map_or_else(|| self.desk.current().id(), |buffer| buffer.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_is_one_message_within_the_bounds() {
        assert_eq!(whole("a\n\nb", (100, 10)), ["a\n\nb"]);
        assert!(whole("\n \n", (1_000, 10)).is_empty());
        let lines = ["x"; 7].join("\n");
        assert_eq!(whole(&lines, (1_000, 3)), ["x\nx\nx", "x\nx\nx", "x"]);
        let long = "y".repeat(1_000);
        assert!(whole(&long, (300, 100)).iter().all(|message| message.len() <= 300));
        assert_eq!(whole(&long, (8_192, 100)), [long.as_str()]);
        assert_eq!(split("a\n\nb c"), ["a", "b c"]);
    }

    #[test]
    fn long_lines_are_put_together_again() {
        let mut bytes = Vec::new();
        let text = "z".repeat(limits::CHAT_CLIENT_MESSAGE + 1);
        push_batch(&mut bytes, &[("label", "7".to_string())], "7", "PRIVMSG", "#tea", &format!("{text}\n\nend"));
        let sent = String::from_utf8(bytes).unwrap();
        let heads: Vec<&str> = sent.lines().map(|line| line.split(" :").next().unwrap()).collect();
        let expected = [
            "@label=7 BATCH +7 draft/multiline #tea",
            "@batch=7 PRIVMSG #tea",
            "@batch=7;draft/multiline-concat PRIVMSG #tea",
            "@batch=7 PRIVMSG #tea",
            "@batch=7 PRIVMSG #tea",
            "BATCH -7",
        ];
        assert_eq!(heads, expected);
    }
}
