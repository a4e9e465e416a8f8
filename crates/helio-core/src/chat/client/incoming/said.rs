//! What people say: PRIVMSG and NOTICE, live, repeated, or from the history.

use super::{Line, add, cut_text, presence, tagged};
use crate::chat::client::Client;
use crate::chat::client::desk::{BufferId, BufferKind, Desk, Entry, Happening, Said, What};
use crate::chat::client::event::{Event, Kind, Message};
use crate::chat::client::input::{plain_text, same};
use crate::irc::capability::Capability;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Something was said just now, or is repeated by a server without history.
pub(super) fn live(client: &mut Client, line: &Line, kind: Kind) {
    let (target, text) = (line.param(0), line.param(1));
    if let Some(msgid) = &line.msgid
        && let Some(number) = client.seen.note(msgid)
    {
        client.outbox.repeated(target, number);
        client.batches.note_repeated(line);
        return;
    }
    if line.msgid.is_none() && client.batches.belongs_to_repeated(line) {
        return;
    }
    if same(&line.nick, &client.nick) && take_echo(client, line) {
        return;
    }
    if let Some(msgid) = &line.msgid
        && let Some(event) = client.outbox.heard(&line.nick, target, text, line.time, msgid)
    {
        return client.decided(Vec::from([event]));
    }
    if kind == Kind::Notice && line.is_from_server {
        return super::tell(client, line, text.to_string());
    }
    match read(kind, text) {
        Ok((kind, text)) => put(client, line, kind, text),
        Err(request) => {
            let text = format!("{} sent CTCP {request}", line.nick);
            client.tell(Event::Told { text: text.clone() });
            let server = client.server_buffer();
            add(client, server, line, Happening::Told { text });
        }
    }
}

/// The entry that a line of the history makes, if it makes one. What it does to other entries is done.
pub(in crate::chat::client) fn past_entry(client: &mut Client, id: BufferId, line: &Line) -> Option<Entry> {
    let kind = match line.verb.as_str() {
        "PRIVMSG" => Kind::Message,
        "NOTICE" => Kind::Notice,
        "TAGMSG" => {
            tagged::react(client, id, line);
            return None;
        }
        _ => return presence::past_entry(client, line),
    };
    let (target, text) = (line.param(0), line.param(1));
    if let Some(msgid) = &line.msgid {
        match client.seen.note(msgid) {
            Some(number) => client.outbox.repeated(target, number),
            None => {
                if let Some(Event::Typed(typed, fate)) = client.outbox.heard(&line.nick, target, text, line.time, msgid)
                {
                    // The entry that waits gives way to the one that is made here.
                    if let Some((buffer, entry)) = client.drafts.remove(&typed.number)
                        && let Some(buffer) = client.desk.buffer_mut(buffer)
                    {
                        buffer.remove(entry);
                    }
                    client.told.note(msgid);
                    client.tell(Event::Typed(typed, fate));
                }
            }
        }
    }
    let (kind, text) = read(kind, text).ok()?;
    let is_private = client.desk.buffer(id).is_some_and(|buffer| buffer.kind() == BufferKind::Private);
    Some(entry(&mut client.desk, line, kind, text, is_private))
}

/// The entry that a line among what was searched for makes.
pub(in crate::chat::client) fn found_entry(client: &mut Client, line: &Line) -> Option<Entry> {
    let kind = match line.verb.as_str() {
        "PRIVMSG" => Kind::Message,
        "NOTICE" => Kind::Notice,
        _ => return None,
    };
    let (kind, text) = read(kind, line.param(1)).ok()?;
    Some(entry(&mut client.desk, line, kind, text, false))
}

/// What a watcher is told of an entry: a message for each line, of which the first has the id.
pub(in crate::chat::client) fn messages(buffer: &str, me: &str, entry: &Entry) -> Vec<Message> {
    let Some(said) = entry.said() else { return Vec::new() };
    let is_room = buffer.starts_with('#');
    let target = if is_room || entry.is_mine { buffer } else { me };
    let message = |(at, text): (usize, &String)| Message {
        time: entry.at,
        target: target.to_string(),
        from: entry.author.clone(),
        kind: said.kind,
        text: text.clone(),
        msgid: entry.msgid.clone().filter(|_| at == 0),
        is_own: entry.is_mine,
    };
    said.lines.iter().enumerate().map(message).collect()
}

/// Shows what was said, and tells it unless it is told when the gap before it is closed.
fn put(client: &mut Client, line: &Line, kind: Kind, text: &str) {
    let is_own = same(&line.nick, &client.nick);
    let target = line.param(0);
    let place = place(client, line, kind);
    let is_private = place.is_some_and(|id| client.desk.buffer(id).is_some_and(|b| b.kind() == BufferKind::Private));
    let entry = entry(&mut client.desk, line, kind, text, is_private);
    let Some(buffer) = place.and_then(|id| client.desk.buffer_mut(id)) else {
        let kept = messages(target, target, &entry);
        return client.events.extend(kept.into_iter().map(Event::Message));
    };
    buffer.set_typing(&line.nick, None);
    let (id, entry_id, is_mention, has_gap) = (buffer.id(), entry.id, entry.is_mention, buffer.has_gap());
    if entry.is_news() && buffer.read_until.is_none_or(|read| entry.at > read) {
        buffer.unread += 1;
        buffer.mentions += usize::from(is_mention);
    }
    let mut told = messages(target, target, &entry);
    told.iter_mut().for_each(|message| message.is_own = is_own);
    if !buffer.push(entry) {
        return;
    }
    if let Some(msgid) = &line.msgid {
        tagged::early_reactions(client, id, msgid);
    }
    if is_mention && !is_own {
        client.tell(Event::Mentioned { buffer: id, entry: entry_id });
    }
    if !has_gap {
        if let Some(msgid) = &line.msgid {
            client.told.note(msgid);
        }
        client.events.extend(told.into_iter().map(Event::Message));
    }
}

/// In which buffer a message is shown; a conversation is opened for it.
fn place(client: &mut Client, line: &Line, kind: Kind) -> Option<BufferId> {
    let target = line.param(0);
    // To those of a status in the room: @#room.
    let room = target.trim_start_matches(|c| client.server.statuses.contains(c));
    if room.starts_with(['#', '&']) {
        return client.desk.named(room).map(|buffer| buffer.id());
    }
    let other = if same(&line.nick, &client.nick) { target } else { &line.nick };
    match client.desk.named(other) {
        Some(buffer) => Some(buffer.id()),
        None if kind == Kind::Notice || line.is_from_server => Some(client.server_buffer()),
        None => Some(client.desk.open(other, BufferKind::Private)),
    }
}

fn entry(desk: &mut Desk, line: &Line, kind: Kind, text: &str, is_private: bool) -> Entry {
    let text = cut_text(text);
    let is_mine = desk.is_me(&line.nick);
    let is_to_us = kind != Kind::Notice && (is_private || mentions(&text, &desk.nick));
    let lines = text.split('\n').map(str::to_string).collect();
    let to_status = !line.param(0).starts_with(['#', '&']) && line.param(0).contains('#');
    let mut entry = Entry::new(desk.next_entry(), line.time, &line.nick, What::Said(Said { kind, lines }));
    // What was said to a status only is in no history: by its id it would seem to have been taken back.
    entry.msgid = line.msgid.clone().filter(|_| !to_status);
    entry.account.clone_from(&line.tags.account);
    entry.reply_to.clone_from(&line.tags.reply_to);
    (entry.is_bot, entry.is_mine, entry.is_mention) = (line.tags.is_bot, is_mine, is_to_us && !is_mine);
    entry
}

/// What a text says, and as what; `Err`: it is another CTCP request.
fn read(kind: Kind, text: &str) -> Result<(Kind, &str), &str> {
    match text.strip_prefix('\u{1}').map(|ctcp| ctcp.trim_end_matches('\u{1}')) {
        Some(ctcp) => match ctcp.split_once(' ').unwrap_or((ctcp, "")) {
            ("ACTION", action) => Ok((Kind::Action, action)),
            (request, _) => Err(request),
        },
        None => Ok((kind, text)),
    }
}

/// Whether it is the echo of the message under way, on a server without labels.
fn take_echo(client: &mut Client, line: &Line) -> bool {
    if client.caps.has_labels() || !client.caps.contains(Capability::EchoMessage) {
        return false;
    }
    let sent = client.outbox.only_one().filter(|sent| same(&sent.typed.target, line.param(0)));
    match sent.map(|sent| sent.typed.number) {
        Some(number) => {
            client.echoed(number, line);
            true
        }
        None => false,
    }
}

/// Whether a nickname stands in a text as a word of its own.
fn mentions(text: &str, nick: &str) -> bool {
    let (text, nick) = (plain_text(text).to_lowercase(), nick.to_lowercase());
    let is_part =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '[' | ']' | '\\' | '`' | '^' | '{' | '}' | '|');
    let is_word = |(at, found): (usize, &str)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    !nick.is_empty() && text.match_indices(nick.as_str()).any(is_word)
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_nickname_is_mentioned_as_a_word() {
        for text in ["ada", "Ada: hello", "ask @ada, please", "\u{2}ada\u{2}!", "(ADA)"] {
            assert!(mentions(text, "ada"), "{text}");
        }
        for text in ["adam", "canada", "ada_", "a da", ""] {
            assert!(!mentions(text, "ada"), "{text}");
        }
        assert!(!mentions("anything", ""));
    }
}
