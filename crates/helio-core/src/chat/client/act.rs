//! What a person does: typed lines with their commands, and the wishes of a user interface.

use super::desk::{BufferId, BufferKind, Delivery, EntryId, Happening};
use super::event::{Event, Kind};
use super::input::{About, COMMANDS, Input};
use super::link::{self, Link};
use super::wish::Wish;
use super::{Action, Client, Closing, asking, register, say, search, typing};
use crate::irc::capability::Capability;
use crate::irc::line::LineBuilder;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// A line was typed: in a buffer, or where nothing is seen of buffers.
pub(super) fn input(client: &mut Client, line: &str, buffer: Option<BufferId>, now: Now) {
    client.asked_in = buffer;
    match Input::parse(line) {
        Input::Nothing => {}
        Input::Say(text) => here(client, buffer, Kind::Message, text, None, now),
        Input::Me(text) => here(client, buffer, Kind::Action, text, None, now),
        Input::To { target, is_notice, text } => {
            let kind = if is_notice { Kind::Notice } else { Kind::Message };
            say::add(client, target, kind, text, None, now);
        }
        Input::Nick(nick) => register::rename(client, nick),
        Input::Join { room, key } => {
            client.join(room.as_str(), key);
            if let Some(id) = buffer.and(client.desk.named(room.as_str()).map(|buffer| buffer.id())) {
                client.desk.show(id);
            }
        }
        Input::Part { room, reason } => {
            let current = place(client, buffer);
            client.part(room.or(current.as_deref()), reason);
        }
        Input::Quit(reason) => {
            client.settings.quit_message = reason.to_string();
            client.closing = Closing::WhenDone;
        }
        Input::Help(about) => help(client, about),
        Input::Away(reason) => away(client, reason),
        Input::Close => client.close(buffer),
        Input::Query { nick, text } => {
            let id = client.desk.open(nick, BufferKind::Private);
            if buffer.is_some() {
                client.desk.show(id);
            }
            if !text.is_empty() {
                say::add(client, nick, Kind::Message, text, None, now);
            }
        }
        Input::Reply(text) => match last(client, buffer, false) {
            Some((buffer, entry)) => {
                let msgid = msgid(client, buffer, entry);
                here(client, Some(buffer), Kind::Message, text, msgid.as_deref(), now);
            }
            None => wrong(client, "there is no message to answer"),
        },
        Input::React(text) => match last(client, buffer, false) {
            Some((buffer, entry)) => react(client, buffer, entry, text, now),
            None => wrong(client, "there is no message to react to"),
        },
        Input::Redact(reason) => match last(client, buffer, true) {
            Some((buffer, entry)) => redact(client, buffer, entry, reason),
            None => wrong(client, "there is no message to take back"),
        },
        Input::Search(words) => search::start(client, words, buffer.or_else(|| current_id(client))),
        Input::Raw(line) => {
            let bytes = raw(line);
            ask_server(client, |client| client.actions.push_back(Action::Send(bytes)));
        }
        Input::Ask { verb, about, params } => ask(client, buffer, verb, about, params),
        Input::Wrong(text) => wrong(client, &text),
    }
}

/// A wish of a user interface.
pub(super) fn wish(client: &mut Client, wish: Wish, now: Now) {
    match wish {
        Wish::Show(buffer) => {
            client.desk.show(buffer);
        }
        Wish::Input(line) => {
            let buffer = client.desk.current().id();
            input(client, &line, Some(buffer), now);
        }
        Wish::Say { buffer, text, reply_to } => {
            let msgid = reply_to.and_then(|entry| msgid(client, buffer, entry));
            if !text.trim().is_empty() {
                here(client, Some(buffer), Kind::Message, &text, msgid.as_deref(), now);
            }
        }
        Wish::Typing { buffer, is_typing } => typing::wished(client, buffer, is_typing, now),
        Wish::Earlier(buffer) => asking::earlier(client, buffer),
        Wish::Read(buffer) => read(client, buffer),
        Wish::React { buffer, entry, text } => react(client, buffer, entry, &text, now),
        Wish::Redact { buffer, entry, reason } => redact(client, buffer, entry, &reason),
        Wish::Again { buffer, entry } => again(client, buffer, entry, now),
        Wish::Discard { buffer, entry } => {
            take_failed(client, buffer, entry);
        }
        Wish::Search { words, within } => search::start(client, &words, within),
        Wish::CloseSearch => client.desk.search = None,
        Wish::Close(buffer) => client.close(Some(buffer)),
        Wish::Reconnect => {
            if matches!(client.link, Link::Waiting { .. }) {
                link::connect(client);
            }
        }
    }
}

/// The name of the room or person to whom words go.
fn place(client: &Client, buffer: Option<BufferId>) -> Option<String> {
    match buffer {
        Some(id) => client.desk.buffer(id).map(|buffer| buffer.name.clone()).filter(|name| !name.is_empty()),
        None => client.rooms.current().map(str::to_string),
    }
}

fn current_id(client: &Client) -> Option<BufferId> {
    let name = client.rooms.current()?;
    client.desk.named(name).map(|buffer| buffer.id())
}

fn here(client: &mut Client, buffer: Option<BufferId>, kind: Kind, text: &str, reply_to: Option<&str>, now: Now) {
    match place(client, buffer) {
        Some(place) => say::add(client, &place, kind, text, reply_to, now),
        None => wrong(client, "you are in no room; /join #ROOM goes to one"),
    }
}

fn wrong(client: &mut Client, text: &str) {
    client.tell(Event::Wrong { text: text.to_string() });
    client.happened(Happening::Failed { text: text.to_string() });
}

fn help(client: &mut Client, about: &str) {
    let rows = COMMANDS.iter().filter(|row| about.is_empty() || row.name == about);
    let usage: Vec<String> = rows.clone().map(|row| format!("/{} {}", row.name, row.parameters)).collect();
    let usage: Vec<&str> = usage.iter().map(|usage| usage.trim_end()).collect();
    if usage.is_empty() {
        return wrong(client, &format!("there is no command /{about}; /help lists those that there are"));
    }
    for row in rows {
        let usage = format!("/{} {}", row.name, row.parameters);
        client.happened(Happening::Told { text: format!("{} — {}", usage.trim_end(), row.help) });
    }
    let text = usage.join(", ") + "; a line that starts with a slash is said with // in front";
    client.tell(Event::Told { text });
}

fn away(client: &mut Client, reason: &str) {
    ask_server(client, |client| {
        client.send(|line| {
            let line = line.command("AWAY");
            if reason.is_empty() { line } else { line.trailing(reason) }
        });
    });
}

fn ask(client: &mut Client, buffer: Option<BufferId>, verb: &str, about: About, params: Vec<&str>) {
    let room = place(client, buffer);
    let params: Vec<String> = match (about, room) {
        (About::Nothing, _) => params.into_iter().map(str::to_string).collect(),
        (About::Room | About::RoomLast, None) => return wrong(client, "you are in no room; /join #ROOM goes to one"),
        (About::Room, Some(room)) => core::iter::once(room).chain(params.into_iter().map(str::to_string)).collect(),
        (About::RoomLast, Some(room)) => params.into_iter().map(str::to_string).chain([room]).collect(),
    };
    ask_server(client, |client| {
        client.send(|line| match params.split_last() {
            Some((last, first)) if last.contains(' ') => line.command(verb).params(first).trailing(last),
            _ => line.command(verb).params(&params),
        });
    });
}

fn ask_server(client: &mut Client, ask: impl FnOnce(&mut Client)) {
    if client.link.is_online() {
        ask(client);
    } else {
        wrong(client, "there is no connection");
    }
}

/// A line as it is, made safe to be sent alone.
fn raw(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (middle, trailing) = match rest.strip_prefix(':') {
        Some(trailing) => ("", Some(trailing)),
        None => rest.split_once(" :").map_or((rest, None), |(middle, trailing)| (middle, Some(trailing))),
    };
    let mut builder = LineBuilder::new(&mut bytes).command(command).params(middle.split_whitespace());
    if let Some(trailing) = trailing {
        builder = builder.trailing(trailing);
    }
    builder.finish();
    bytes
}

/// The last message of ours, or of somebody else, that the server has a name for.
fn last(client: &Client, buffer: Option<BufferId>, is_mine: bool) -> Option<(BufferId, EntryId)> {
    let buffer = client.desk.buffer(buffer.or_else(|| current_id(client))?)?;
    let is_it = |entry: &&super::desk::Entry| {
        entry.is_mine == is_mine && entry.msgid.is_some() && entry.said().is_some() && entry.redacted.is_none()
    };
    buffer.entries().rev().find(is_it).map(|entry| (buffer.id(), entry.id))
}

fn msgid(client: &Client, buffer: BufferId, entry: EntryId) -> Option<String> {
    client.desk.buffer(buffer)?.entry(entry)?.msgid.clone()
}

fn react(client: &mut Client, id: BufferId, entry: EntryId, text: &str, now: Now) {
    let Some(buffer) = client.desk.buffer(id) else { return };
    let (target, me) = (buffer.name.clone(), client.nick.clone());
    let Some((msgid, is_given)) = buffer.entry(entry).and_then(|entry| {
        let has = entry.reactions().any(|reaction| reaction.text == text && reaction.is_of(&me));
        entry.msgid.clone().map(|msgid| (msgid, !has))
    }) else {
        return wrong(client, "the server has no name for this message");
    };
    if !client.link.is_online() || !client.caps.contains(Capability::MessageTags) {
        return wrong(client, "reactions cannot be sent now");
    }
    let key = if is_given { "+draft/react" } else { "+draft/unreact" };
    let mut bytes = Vec::new();
    say::push_tags(&mut bytes, &[(key, text.to_string()), ("+draft/reply", msgid)]);
    LineBuilder::new(&mut bytes).command("TAGMSG").param(&target).finish();
    client.actions.push_back(Action::Send(bytes));
    // Who gets an echo is shown it when it comes, as of the moment at which the server has it.
    if !client.caps.contains(Capability::EchoMessage)
        && let Some(buffer) = client.desk.buffer_mut(id)
    {
        buffer.change(entry, |entry| entry.react(&me, text, is_given, now.utc));
    }
}

fn redact(client: &mut Client, id: BufferId, entry: EntryId, reason: &str) {
    let Some(target) = client.desk.buffer(id).map(|buffer| buffer.name.clone()) else { return };
    let Some(msgid) = msgid(client, id, entry) else {
        return wrong(client, "the server has no name for this message");
    };
    if !client.link.is_online() || !client.caps.contains(Capability::MessageRedaction) {
        return wrong(client, "messages cannot be taken back now");
    }
    client.send(|line| {
        let line = line.command("REDACT").param(&target).param(&msgid);
        if reason.is_empty() { line } else { line.trailing(reason) }
    });
}

/// All that is in a buffer was read; other clients of ours are told.
fn read(client: &mut Client, id: BufferId) {
    let Some(buffer) = client.desk.buffer_mut(id) else { return };
    (buffer.unread, buffer.mentions) = (0, 0);
    let Some(until) = buffer.last_said().filter(|_| !buffer.has_gap()) else { return };
    if buffer.mark_read(until) && buffer.kind() != BufferKind::Server {
        let (name, is_joined) = (buffer.name.clone(), buffer.is_joined);
        if is_joined && client.link.is_online() && client.caps.contains(Capability::ReadMarker) {
            let until = format!("timestamp={}", until.rfc3339_millis());
            client.send(|line| line.command("MARKREAD").param(&name).param(&until));
        }
    }
}

fn again(client: &mut Client, id: BufferId, entry: EntryId, now: Now) {
    let Some(entry) = take_failed(client, id, entry) else { return };
    let Some(said) = entry.said() else { return };
    let (text, kind) = (said.lines.join("\n"), said.kind);
    here(client, Some(id), kind, &text, entry.reply_to.as_deref(), now);
}

/// Takes away what did not reach the server.
fn take_failed(client: &mut Client, id: BufferId, entry: EntryId) -> Option<super::desk::Entry> {
    let buffer = client.desk.buffer_mut(id)?;
    let delivery = buffer.entry(entry)?.delivery.clone();
    match delivery {
        Some(Delivery::Failed { .. } | Delivery::Unknown) => buffer.remove(entry),
        Some(Delivery::Waiting | Delivery::Sent) | None => None,
    }
}

impl Client {
    /// Wants to be in a room from now on.
    pub(super) fn join(&mut self, name: &str, key: Option<&str>) {
        if !self.rooms.want(name, key) {
            return self.tell(Event::NotJoined { room: name.to_string(), reason: "too many rooms".to_string() });
        }
        self.desk.open(name, BufferKind::Room);
        if self.link.is_online() && self.rooms.get(name).is_some_and(|room| !room.is_joined) {
            self.send(|line| {
                let line = line.command("JOIN").param(name);
                if let Some(key) = key { line.param(key) } else { line }
            });
        }
    }

    fn part(&mut self, room: Option<&str>, reason: &str) {
        let Some(name) = room.map(str::to_string) else { return };
        if self.rooms.forget(&name).is_none() {
            return self.tell(Event::Wrong { text: format!("you are not in {name}") });
        }
        if let Some(id) = self.desk.named(&name).map(|buffer| buffer.id()) {
            self.desk.close(id);
        }
        if self.link.is_online() {
            self.send(|line| line.command("PART").param(&name).trailing(reason));
        }
    }

    fn close(&mut self, buffer: Option<BufferId>) {
        let Some(name) = place(self, buffer) else { return };
        if self.rooms.get(&name).is_some() {
            self.part(Some(&name), "");
        } else if let Some(id) = self.desk.named(&name).map(|buffer| buffer.id()) {
            self.desk.close(id);
        }
    }
}
