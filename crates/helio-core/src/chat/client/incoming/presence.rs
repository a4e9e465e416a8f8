//! Who comes, goes, and is what; what rooms are like.

use super::{Line, add};
use crate::chat::client::Client;
use crate::chat::client::desk::{BufferId, BufferKind, Entry, Happening, Member, What};
use crate::chat::client::event::Event;
use crate::chat::client::input::same;
use crate::chat::client::{asking, register};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

pub(super) fn take(client: &mut Client, line: &Line) {
    match line.verb.as_str() {
        "JOIN" => joined(client, line),
        "PART" => {
            let happening = Happening::Left { reason: line.param(1).to_string() };
            left(client, line, &line.nick, None, happening);
        }
        "KICK" => {
            let (nick, reason) = (line.param(1).to_string(), line.param(2).to_string());
            left(client, line, line.param(1), Some(line.nick.clone()), Happening::Kicked { nick, reason });
        }
        "QUIT" => quit(client, line),
        "NICK" => renamed(client, line),
        "TOPIC" => topic(client, line),
        "MODE" => mode(client, line),
        "AWAY" => away(client, line),
        "ACCOUNT" => {
            let account = Some(line.param(0)).filter(|account| *account != "*").map(str::to_string);
            if client.desk.is_me(&line.nick) {
                client.desk.account.clone_from(&account);
            }
            for member in members(client, &line.nick) {
                member.account.clone_from(&account);
            }
        }
        "INVITE" => invited(client, line),
        "RENAME" => room_renamed(client, line),
        _ => {}
    }
}

/// What the history tells beside messages (draft/event-playback).
pub(super) fn past_entry(client: &mut Client, line: &Line) -> Option<Entry> {
    let happening = match line.verb.as_str() {
        "TOPIC" => Happening::Topic { topic: line.param(1).to_string() },
        "MODE" => Happening::Mode { change: change_of(line) },
        "RENAME" => Happening::RoomRenamed { from: line.param(0).to_string(), reason: line.param(2).to_string() },
        "JOIN" => Happening::Joined,
        "PART" => Happening::Left { reason: line.param(1).to_string() },
        "QUIT" => Happening::Quit { reason: line.param(0).to_string() },
        "NICK" => Happening::Renamed { to: line.param(0).to_string() },
        "KICK" => Happening::Kicked { nick: line.param(1).to_string(), reason: line.param(2).to_string() },
        _ => return None,
    };
    let mut entry = Entry::new(client.desk.next_entry(), line.time, &line.nick, What::Happened(happening));
    entry.msgid.clone_from(&line.msgid);
    entry.is_mine = client.desk.is_me(&line.nick);
    Some(entry)
}

fn joined(client: &mut Client, line: &Line) {
    let name = line.param(0);
    let is_own = same(&line.nick, &client.nick);
    if is_own && !come_in(client, name) {
        return;
    }
    let account = Some(line.param(1)).filter(|account| !account.is_empty() && *account != "*");
    if let Some(buffer) = client.desk.named_mut(name) {
        let account = account.map(str::to_string);
        buffer.add_member(Member { account, is_bot: line.tags.is_bot, ..Member::new(&line.nick) });
        let id = buffer.id();
        // What was said before we came goes before that we came.
        if is_own {
            asking::joined(client, id);
        }
        add(client, id, line, Happening::Joined);
    }
    client.tell(Event::Joined { room: name.to_string(), nick: line.nick.clone(), is_own });
}

/// We are in a room. `false`: there are too many.
fn come_in(client: &mut Client, name: &str) -> bool {
    let current = client.rooms.current().map(str::to_string);
    // A server may have sent us to another room than we asked for.
    if client.rooms.get(name).is_none() && !client.rooms.want(name, None) {
        return false;
    }
    if let Some(room) = client.rooms.get_mut(name) {
        room.is_joined = true;
        room.members.clear();
        room.member_count = 0;
    }
    current.iter().for_each(|current| client.rooms.choose(current));
    let id = client.desk.open(name, BufferKind::Room);
    if let Some(buffer) = client.desk.buffer_mut(id) {
        buffer.clear_members();
        (buffer.is_joined, buffer.not_joined) = (true, None);
    }
    true
}

fn left(client: &mut Client, line: &Line, nick: &str, by: Option<String>, happening: Happening) {
    let room = line.param(0).to_string();
    let is_own = same(nick, &client.nick);
    if let Some(buffer) = client.desk.named_mut(&room) {
        buffer.remove_member(nick);
        let id = buffer.id();
        if is_own {
            buffer.clear_members();
            buffer.is_joined = false;
        }
        add(client, id, line, happening);
        if is_own && by.is_none() {
            client.desk.close(id);
        }
    }
    if is_own {
        client.rooms.forget(&room);
    }
    let reason = line.param(if by.is_some() { 2 } else { 1 }).to_string();
    client.tell(Event::Left { room, nick: nick.to_string(), by, reason, is_own });
}

fn quit(client: &mut Client, line: &Line) {
    client.outbox.gone(&line.nick);
    if client.link.is_synced() && client.outbox.has_doubts() {
        super::settle_now(client);
    }
    register::freed(client, &line.nick);
    let reason = line.param(0).to_string();
    for id in with(client, &line.nick) {
        if let Some(buffer) = client.desk.buffer_mut(id) {
            buffer.remove_member(&line.nick);
        }
        add(client, id, line, Happening::Quit { reason: reason.clone() });
    }
    client.tell(Event::Quit { nick: line.nick.clone(), reason });
}

fn renamed(client: &mut Client, line: &Line) {
    let to = line.param(0).to_string();
    let is_own = same(&line.nick, &client.nick);
    let places = with(client, &line.nick);
    if is_own {
        register::renamed(client, &to);
    } else {
        register::freed(client, &line.nick);
    }
    for id in places {
        if let Some(buffer) = client.desk.buffer_mut(id) {
            if let Some(member) = buffer.remove_member(&line.nick) {
                buffer.add_member(Member { nick: to.clone(), ..member });
            }
            let is_private = buffer.kind() == BufferKind::Private;
            if is_private && !is_own {
                client.desk.rename(id, &to);
            }
        }
        add(client, id, line, Happening::Renamed { to: to.clone() });
    }
    client.tell(Event::Renamed { from: line.nick.clone(), to, is_own });
}

fn topic(client: &mut Client, line: &Line) {
    let (room, topic) = (line.param(0).to_string(), line.param(1).to_string());
    if let Some(buffer) = client.desk.named_mut(&room) {
        buffer.topic.clone_from(&topic);
        buffer.topic_by = Some(line.nick.clone());
        let id = buffer.id();
        add(client, id, line, Happening::Topic { topic: topic.clone() });
    }
    client.tell(Event::Topic { room, topic, by: Some(line.nick.clone()) });
}

fn mode(client: &mut Client, line: &Line) {
    let change = change_of(line);
    let server = client.server.clone();
    let Some(buffer) = client.desk.named_mut(line.param(0)) else {
        let own = client.server_buffer();
        return add(client, own, line, Happening::Mode { change });
    };
    let mut arguments = line.params.get(2..).unwrap_or_default().iter();
    let mut is_set = true;
    for letter in line.param(1).chars() {
        match letter {
            '+' => is_set = true,
            '-' => is_set = false,
            _ if server.status_of(letter).is_some() => {
                let member = arguments.next().and_then(|nick| buffer.member_mut(nick));
                if let (Some(member), Some(status)) = (member, server.status_of(letter)) {
                    member.set_status(status, is_set);
                }
            }
            _ => {
                if server.has_argument(letter, is_set) {
                    arguments.next();
                }
                if !server.is_list(letter) {
                    set_mode(&mut buffer.modes, letter, is_set);
                }
            }
        }
    }
    let id = buffer.id();
    add(client, id, line, Happening::Mode { change });
}

/// `+nt` with a letter more or less. Arguments are not kept.
fn set_mode(modes: &mut String, letter: char, is_set: bool) {
    let letters = modes.split(' ').next().unwrap_or_default();
    let mut letters: Vec<char> = letters.chars().filter(|other| *other != '+' && *other != letter).collect();
    if is_set {
        letters.push(letter);
    }
    letters.sort_unstable();
    *modes = if letters.is_empty() { String::new() } else { core::iter::once('+').chain(letters).collect() };
}

fn away(client: &mut Client, line: &Line) {
    let reason = line.params.first().filter(|reason| !reason.is_empty()).cloned();
    if client.desk.is_me(&line.nick) {
        client.desk.is_away = reason.is_some();
    }
    for member in members(client, &line.nick) {
        member.is_away = reason.is_some();
    }
    let private = client.desk.named_mut(&line.nick).filter(|buffer| buffer.kind() == BufferKind::Private);
    if let Some(buffer) = private {
        buffer.topic = reason.clone().unwrap_or_default();
        let id = buffer.id();
        add(client, id, line, Happening::Away { reason });
    }
}

fn invited(client: &mut Client, line: &Line) {
    let (nick, room) = (line.param(0).to_string(), line.param(1).to_string());
    let is_own = same(&nick, &client.nick);
    let place = if is_own { Some(client.desk.current().id()) } else { client.desk.named(&room).map(|b| b.id()) };
    if let Some(id) = place {
        add(client, id, line, Happening::Invited { nick, room: room.clone() });
    }
    // Who came by an invitation goes where it leads.
    if is_own && core::mem::take(&mut client.registration.came_by_invitation) {
        client.join(&room, None);
        if let Some(id) = client.desk.named(&room).map(|buffer| buffer.id()) {
            client.desk.show(id);
        }
    }
}

fn room_renamed(client: &mut Client, line: &Line) {
    let (from, to, reason) = (line.param(0), line.param(1), line.param(2).to_string());
    client.rooms.rename(from, to);
    if let Some(id) = client.desk.named(from).map(|buffer| buffer.id()) {
        client.desk.rename(id, to);
        add(client, id, line, Happening::RoomRenamed { from: from.to_string(), reason });
    }
}

fn change_of(line: &Line) -> String {
    line.params.get(1..).unwrap_or_default().join(" ")
}

/// The rooms that somebody is in, and the conversation with them.
fn with(client: &Client, nick: &str) -> Vec<BufferId> {
    let is_there = |buffer: &&crate::chat::client::desk::Buffer| {
        buffer.member(nick).is_some() || buffer.kind() == BufferKind::Private && buffer.is_named(nick)
    };
    client.desk.buffers().iter().filter(is_there).map(|buffer| buffer.id()).collect()
}

fn members<'a>(client: &'a mut Client, nick: &'a str) -> impl Iterator<Item = &'a mut Member> {
    client.desk.buffers_mut().filter_map(move |buffer| buffer.member_mut(nick))
}
