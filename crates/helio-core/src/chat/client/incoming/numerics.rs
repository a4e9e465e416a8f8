//! Numeric replies.

use super::{Line, add};
use crate::chat::client::Client;
use crate::chat::client::desk::{BufferKind, Happening, Member};
use crate::chat::client::event::{End, Event};
use crate::chat::client::input::same;
use crate::chat::client::link::Link;
use crate::chat::client::{asking, login, register};
use crate::irc::numeric::Numeric;
use crate::time::Now;
use alloc::string::ToString as _;

pub(super) fn take(client: &mut Client, line: &Line, now: Now) {
    match line.numeric() {
        Some(code) => known(client, line, code, now),
        None => tell(client, line),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "of all numerics few mean something to a client")]
fn known(client: &mut Client, line: &Line, code: Numeric, now: Now) {
    let is_registering = matches!(client.link, Link::Registering { .. });
    let name = line.param(1);
    match code {
        Numeric::RplWelcome if is_registering => register::welcome(client, line.param(0), &line.source, now),
        Numeric::RplIsupport => {
            client.server.learn(line.params.get(1..line.params.len().saturating_sub(1)));
            if let Some(network) = &client.server.network {
                client.desk.network.clone_from(network);
            }
        }
        Numeric::RplTopic | Numeric::RplNoTopic | Numeric::RplTopicWhoTime | Numeric::RplChannelModeIs => {
            about_room(client, line, code);
        }
        Numeric::RplNamReply => listed(client, line),
        Numeric::RplEndOfNames => members(client, name),
        Numeric::RplWhoSpcRpl if asking::is_who_open(client) => who(client, line),
        Numeric::RplEndOfWho if asking::who_ended(client) => {}
        Numeric::RplAway => match client.desk.named_mut(name) {
            Some(buffer) if buffer.kind() == BufferKind::Private => buffer.topic = line.last().to_string(),
            _ => tell(client, line),
        },
        Numeric::RplUnaway | Numeric::RplNowAway => {
            client.desk.is_away = code == Numeric::RplNowAway;
            tell(client, line);
        }
        Numeric::RplLoggedIn => client.desk.account = Some(line.param(2).to_string()),
        Numeric::RplLoggedOut => client.desk.account = None,
        Numeric::RplSaslSuccess => login::succeeded(client),
        Numeric::RplSaslMechs => {}
        Numeric::ErrNickLocked | Numeric::ErrSaslFail | Numeric::ErrSaslTooLong | Numeric::ErrSaslAborted
            if is_registering =>
        {
            login::refused(client, line.last());
        }
        Numeric::ErrNicknameInUse | Numeric::ErrNickCollision => register::nick_refused(client, true, line.last()),
        Numeric::ErrErroneusNickname | Numeric::ErrNoNicknameGiven => {
            register::nick_refused(client, false, line.last());
        }
        Numeric::ErrUnavailResource if !name.starts_with('#') => register::nick_refused(client, true, line.last()),
        Numeric::ErrPasswdMismatch if is_registering => {
            let was_given = client.settings.password.is_some();
            client.finish(End::PasswordRefused { was_given, reason: line.last().to_string() });
        }
        Numeric::ErrYoureBannedCreep if is_registering => {
            client.finish(End::Rejected { reason: line.last().to_string() });
        }
        code if is_error(code) && !is_registering => refused(client, line, now),
        _ => tell(client, line),
    }
}

/// Errors (400–599) but those that say that something is just not there.
pub(in crate::chat::client) fn is_error(code: Numeric) -> bool {
    (400..600).contains(&code.code()) && code != Numeric::ErrNoMotd
}

/// An error: a room cannot be joined, the message under way is refused, or something else.
pub(super) fn refused(client: &mut Client, line: &Line, now: Now) {
    let reason = line.last().to_string();
    let name = line.param(1);
    if line.verb == "421" && asking::failed(client, name) {
        return;
    }
    let sent = client.outbox.only_one().filter(|_| !client.caps.has_labels());
    let is_about_message = |target: &str| {
        line.params.iter().any(|param| same(param, target)) || line.verb == "FAIL" || line.params.len() <= 2
    };
    if let Some(number) = sent.filter(|sent| is_about_message(&sent.typed.target)).map(|sent| sent.typed.number) {
        return client.answered(number, Some(reason), now);
    }
    if client.rooms.get(name).is_none_or(|room| room.is_joined) {
        let text = line.params.get(1..).unwrap_or_default().join(" ");
        client.tell(Event::Told { text: text.clone() });
        let buffer = client.desk.named(name).map_or_else(|| client.answer_buffer(), |buffer| buffer.id());
        return add(client, buffer, line, Happening::Failed { text });
    }
    client.rooms.forget(name);
    if let Some(buffer) = client.desk.named_mut(name) {
        buffer.not_joined = Some(reason.clone());
    }
    client.tell(Event::NotJoined { room: name.to_string(), reason: reason.clone() });
    if client.rooms.is_empty() && !client.settings.stays_without_rooms {
        client.finish(End::NoRoom { room: name.to_string(), reason });
    }
}

/// Anything else is shown where it was asked for.
fn tell(client: &mut Client, line: &Line) {
    let text = line.params.get(1..).unwrap_or_default().join(" ");
    let buffer = client.answer_buffer();
    if !text.is_empty() {
        add(client, buffer, line, Happening::Told { text: super::cut_text(&text) });
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "these four are all that is handed in")]
fn about_room(client: &mut Client, line: &Line, code: Numeric) {
    let room = line.param(1).to_string();
    if code == Numeric::RplTopic {
        client.tell(Event::Topic { room: room.clone(), topic: line.last().to_string(), by: None });
    }
    let Some(buffer) = client.desk.named_mut(&room) else { return };
    match code {
        Numeric::RplTopic => buffer.topic = line.last().to_string(),
        Numeric::RplNoTopic => buffer.topic.clear(),
        Numeric::RplTopicWhoTime => {
            buffer.topic_by = line.param(2).split('!').next().map(str::to_string);
        }
        _ => buffer.modes = line.params.get(2..).unwrap_or_default().join(" "),
    }
}

/// RPL_NAMREPLY: names with the marks of what they are.
fn listed(client: &mut Client, line: &Line) {
    let name = line.param(2);
    let names = || line.last().split(' ').filter(|name| !name.is_empty());
    if let Some(room) = client.rooms.get_mut(name) {
        names().for_each(|name| room.list_member(name));
    }
    let Some(buffer) = client.desk.named_mut(name).filter(|buffer| buffer.is_joined) else { return };
    for listed in names() {
        let nick = listed.trim_start_matches(['~', '&', '@', '%', '+', '!', '.']);
        let marks = listed.get(..listed.len() - nick.len()).unwrap_or_default();
        let nick = nick.split('!').next().unwrap_or_default();
        let known = buffer.member(nick).cloned();
        let mut member = known.unwrap_or_else(|| Member::new(nick));
        member.statuses.clear();
        marks.chars().for_each(|mark| member.set_status(mark, true));
        buffer.add_member(member);
    }
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

/// WHOX with `%tnfa`: who is away (`G`), a program, logged in.
fn who(client: &mut Client, line: &Line) {
    let [nick, flags, account] = [line.param(2), line.param(3), line.param(4)].map(str::to_string);
    let bot = client.server.bot_mode;
    for member in client.desk.buffers_mut().filter_map(|buffer| buffer.member_mut(&nick)) {
        member.is_away = flags.starts_with('G');
        member.is_bot |= bot.is_some_and(|bot| flags.contains(bot));
        member.account = Some(account.clone()).filter(|account| account != "0");
    }
}
