//! What the server says, and what follows from it.

mod labels;
mod line;

pub(super) use labels::Labels;

use super::event::{End, Event, Kind, Message};
use super::input::same;
use super::link::{self, Link};
use super::{Client, register};
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString as _};
use line::Line;

/// The token of the PING behind the joins: its answer follows what the server repeats by itself.
pub(super) const SYNC: &str = "sync";

/// The token of the PING behind a message, before its number, where labels are not known.
pub(super) const BARRIER: &str = "said-";

/// Takes one line.
pub(super) fn take(client: &mut Client, bytes: &[u8], now: Now) {
    let Some(line) = Line::read(bytes, now) else { return };
    link::heard(&mut client.link, now);
    if labels::take(client, &line, now) {
        return;
    }
    match line.verb.as_str() {
        "PING" => {
            let token = line.last().to_string();
            client.send(|out| out.command("PONG").trailing(&token));
        }
        "PONG" => pong(client, &line, now),
        "CAP" => register::cap(client, &line.params),
        "PRIVMSG" => said(client, &line, Kind::Message),
        "NOTICE" => said(client, &line, Kind::Notice),
        "JOIN" => joined(client, &line),
        "PART" => left(client, &line, line.nick.clone(), None),
        "KICK" => left(client, &line, line.param(1).to_string(), Some(line.nick.clone())),
        "QUIT" => quit(client, &line),
        "NICK" => renamed(client, &line),
        "TOPIC" => {
            let (room, topic) = (line.param(0).to_string(), line.param(1).to_string());
            client.tell(Event::Topic { room, topic, by: Some(line.nick) });
        }
        "ERROR" => link::note_error(&mut client.link, line.last()),
        "FAIL" => refused(client, &line, now),
        "WARN" | "NOTE" => client.tell(Event::Told { text: line.last().to_string() }),
        _ => {
            if let Some(code) = line.numeric() {
                numeric(client, &line, code, now);
            }
        }
    }
}

fn pong(client: &mut Client, line: &Line, now: Now) {
    let token = line.last();
    if let Some(number) = token.strip_prefix(BARRIER).and_then(|number| number.parse().ok()) {
        let answered = client.outbox.answered(number, None, now.utc);
        client.events.extend(answered);
    } else if token == SYNC {
        // A nickname is one connection's: the one that had it before us has ended.
        let nick = client.nick.clone();
        client.outbox.gone(&nick);
        settle(client);
    }
}

/// What came until now is all that the server repeats: what becomes of messages in doubt?
fn settle(client: &mut Client) {
    let settled = client.outbox.settle(true);
    client.events.extend(settled);
    let has_doubts = client.outbox.has_doubts();
    if let Some(online) = client.link.online() {
        online.is_synced = true;
        online.doubt_until = online.doubt_until.filter(|_| has_doubts);
    }
}

/// PRIVMSG or NOTICE, live or repeated, of others or our own.
fn said(client: &mut Client, line: &Line, kind: Kind) {
    let (target, text) = (line.param(0), line.param(1));
    if let Some(msgid) = &line.msgid
        && let Some(number) = client.seen.note(msgid)
    {
        client.outbox.repeated(target, number);
        client.labels.note_repeated(line);
        return;
    }
    if line.msgid.is_none() && client.labels.belongs_to_repeated(line) {
        return;
    }
    let is_own = same(&line.nick, &client.nick);
    if is_own && take_echo(client, line) {
        return;
    }
    if let Some(msgid) = &line.msgid
        && let Some(event) = client.outbox.heard(&line.nick, target, text, line.time, msgid)
    {
        return client.tell(event);
    }
    if kind == Kind::Notice && line.is_from_server {
        return client.tell(Event::Told { text: text.to_string() });
    }
    let (kind, text) = match text.strip_prefix('\u{1}').map(|ctcp| ctcp.trim_end_matches('\u{1}')) {
        Some(ctcp) => match ctcp.split_once(' ').unwrap_or((ctcp, "")) {
            ("ACTION", action) => (Kind::Action, action),
            (request, _) => return client.tell(Event::Told { text: format!("{} sent CTCP {request}", line.nick) }),
        },
        None => (kind, text),
    };
    client.tell(Event::Message(Message {
        time: line.time,
        target: target.to_string(),
        from: line.nick.clone(),
        kind,
        text: text.to_string(),
        msgid: line.msgid.clone(),
        is_own,
    }));
}

/// Whether it is the echo of the message under way, on a server without labels.
fn take_echo(client: &mut Client, line: &Line) -> bool {
    if client.caps.has_labels() || !client.caps.contains(Capability::EchoMessage) {
        return false;
    }
    let sent = client.outbox.only_one().filter(|sent| same(&sent.typed.target, line.param(0)));
    sent.map(|sent| sent.echoed(line.time, line.msgid.clone())).is_some()
}

fn joined(client: &mut Client, line: &Line) {
    let name = line.param(0);
    let is_own = same(&line.nick, &client.nick);
    if is_own {
        let current = client.rooms.current().map(str::to_string);
        // A server may have sent us to another room than we asked for.
        if client.rooms.get(name).is_none() && !client.rooms.want(name, None) {
            return;
        }
        if let Some(room) = client.rooms.get_mut(name) {
            room.is_joined = true;
            room.members.clear();
            room.member_count = 0;
        }
        current.iter().for_each(|current| client.rooms.choose(current));
    }
    client.tell(Event::Joined { room: name.to_string(), nick: line.nick.clone(), is_own });
}

fn left(client: &mut Client, line: &Line, nick: String, by: Option<String>) {
    let (room, reason) = (line.param(0).to_string(), line.param(if by.is_some() { 2 } else { 1 }).to_string());
    let is_own = same(&nick, &client.nick);
    if is_own {
        client.rooms.forget(&room);
    }
    client.tell(Event::Left { room, nick, by, reason, is_own });
}

fn quit(client: &mut Client, line: &Line) {
    client.outbox.gone(&line.nick);
    if client.link.is_synced() && client.outbox.has_doubts() {
        settle(client);
    }
    register::freed(client, &line.nick);
    client.tell(Event::Quit { nick: line.nick.clone(), reason: line.param(0).to_string() });
}

fn renamed(client: &mut Client, line: &Line) {
    let to = line.param(0);
    let is_own = same(&line.nick, &client.nick);
    if is_own {
        register::renamed(client, to);
    } else {
        register::freed(client, &line.nick);
    }
    client.tell(Event::Renamed { from: line.nick.clone(), to: to.to_string(), is_own });
}

#[expect(clippy::wildcard_enum_match_arm, reason = "of all numerics few mean something to a client")]
fn numeric(client: &mut Client, line: &Line, code: Numeric, now: Now) {
    let is_registering = matches!(client.link, Link::Registering { .. });
    let room = line.param(1);
    match code {
        Numeric::RplWelcome if is_registering => register::welcome(client, line.param(0), &line.source, now),
        Numeric::RplTopic => {
            client.tell(Event::Topic { room: room.to_string(), topic: line.last().to_string(), by: None });
        }
        Numeric::RplNamReply => {
            if let Some(room) = client.rooms.get_mut(line.param(2)) {
                line.last().split(' ').filter(|name| !name.is_empty()).for_each(|name| room.list_member(name));
            }
        }
        Numeric::RplEndOfNames => members(client, room),
        Numeric::ErrNicknameInUse | Numeric::ErrNickCollision => register::nick_refused(client, true, line.last()),
        Numeric::ErrErroneusNickname | Numeric::ErrNoNicknameGiven => {
            register::nick_refused(client, false, line.last());
        }
        Numeric::ErrUnavailResource if !room.starts_with('#') => register::nick_refused(client, true, line.last()),
        Numeric::ErrPasswdMismatch if is_registering => {
            let was_given = client.settings.password.is_some();
            client.finish(End::PasswordRefused { was_given, reason: line.last().to_string() });
        }
        Numeric::ErrYoureBannedCreep if is_registering => {
            client.finish(End::Rejected { reason: line.last().to_string() });
        }
        code if is_error(code) && !is_registering => refused(client, line, now),
        _ => {}
    }
}

/// An error: a room cannot be joined, the message under way is refused, or something else.
fn refused(client: &mut Client, line: &Line, now: Now) {
    let reason = line.last().to_string();
    let name = line.param(1);
    let sent = client.outbox.only_one().filter(|_| !client.caps.has_labels());
    let is_about_message = |target: &str| {
        line.params.iter().any(|param| same(param, target)) || line.verb == "FAIL" || line.params.len() <= 2
    };
    if let Some(number) = sent.filter(|sent| is_about_message(&sent.typed.target)).map(|sent| sent.typed.number) {
        let answered = client.outbox.answered(number, Some(reason), now.utc);
        return client.events.extend(answered);
    }
    if client.rooms.get(name).is_none_or(|room| room.is_joined) {
        return client.tell(Event::Told { text: line.params.get(1..).unwrap_or_default().join(" ") });
    }
    client.rooms.forget(name);
    client.tell(Event::NotJoined { room: name.to_string(), reason: reason.clone() });
    if client.rooms.is_empty() {
        client.finish(End::NoRoom { room: name.to_string(), reason });
    }
}

/// Errors (400–599) but those that say that something is just not there.
fn is_error(code: Numeric) -> bool {
    (400..600).contains(&code.code()) && code != Numeric::ErrNoMotd
}

fn members(client: &mut Client, name: &str) {
    let Some(room) = client.rooms.get_mut(name) else { return };
    let nicks = core::mem::take(&mut room.members).into_iter().collect();
    let count = core::mem::take(&mut room.member_count);
    if count > 0 {
        let room = room.name.clone();
        client.tell(Event::Members { room, nicks, count });
    }
}
