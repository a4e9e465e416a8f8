//! What the server says, and what follows from it.

mod batches;
mod line;
mod numerics;
mod presence;
mod said;
mod tagged;

pub(super) use batches::Batches;
pub(super) use line::Line;
pub(super) use numerics::is_error;
pub(super) use said::{found_entry, messages, past_entry};
pub(super) use tagged::{Early, early_reactions};

use super::desk::{BufferId, Entry, Happening, What};
use super::event::{Event, Kind};
use super::link;
use super::{Client, asking, login, register};
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::Now;
use alloc::string::{String, ToString as _};

/// The token of the PING behind the joins: its answer follows what the server repeats by itself.
pub(super) const SYNC: &str = "sync";

/// The token of the PING behind a message, before its number, where labels are not known.
pub(super) const BARRIER: &str = "said-";

/// Takes one line.
pub(super) fn take(client: &mut Client, bytes: &[u8], now: Now) {
    let Some(line) = Line::read(bytes, now) else { return };
    link::heard(&mut client.link, now);
    if client.caps.contains(Capability::ServerTime) {
        client.last_heard = client.last_heard.max(Some(line.time));
    }
    if let Some(line) = batches::take(client, line, now) {
        dispatch(client, line, now);
    }
}

/// Takes a line that stands alone.
pub(super) fn dispatch(client: &mut Client, line: Line, now: Now) {
    match line.verb.as_str() {
        "PING" => {
            let token = line.last().to_string();
            client.send(|out| out.command("PONG").trailing(&token));
        }
        "PONG" => pong(client, &line, now),
        "CAP" => register::cap(client, &line.params),
        "AUTHENTICATE" => login::challenge(client, line.param(0)),
        "REGISTER" => login::registered(client, &line),
        "PRIVMSG" => said::live(client, &line, Kind::Message),
        "NOTICE" => said::live(client, &line, Kind::Notice),
        "TAGMSG" => tagged::tags(client, &line, now),
        "REDACT" => tagged::redacted(client, &line),
        "MARKREAD" => tagged::marked(client, &line),
        "ERROR" => link::note_error(&mut client.link, line.last()),
        "FAIL" => failed(client, &line, now),
        "WARN" | "NOTE" => tell(client, &line, line.last().to_string()),
        verb if verb.bytes().all(|byte| byte.is_ascii_digit()) => numerics::take(client, &line, now),
        _ => presence::take(client, &line),
    }
}

fn pong(client: &mut Client, line: &Line, now: Now) {
    let token = line.last();
    if let Some(number) = token.strip_prefix(BARRIER).and_then(|number| number.parse().ok()) {
        client.answered(number, None, now);
    } else if token == SYNC {
        // A nickname is one connection's: the one that had it before us has ended.
        let nick = client.nick.clone();
        client.outbox.gone(&nick);
        if let Some(online) = client.link.online() {
            online.has_joined = true;
        }
        link::answered(client, now);
        if !client.asking.has_missed() {
            settle_now(client);
        }
    } else {
        link::answered(client, now);
    }
}

/// What came until now is all that the server repeats, if the joins are answered.
pub(super) fn settle(client: &mut Client) {
    if client.link.online().is_some_and(|online| online.has_joined && !online.is_synced) {
        settle_now(client);
    }
}

/// All that is repeated has come: what becomes of messages in doubt?
pub(super) fn settle_now(client: &mut Client) {
    let settled = client.outbox.settle(true);
    client.decided(settled);
    let has_doubts = client.outbox.has_doubts();
    if let Some(online) = client.link.online() {
        online.is_synced = true;
        online.doubt_until = online.doubt_until.filter(|_| has_doubts);
    }
}

/// FAIL: of what was asked, of the way in, or of a message.
fn failed(client: &mut Client, line: &Line, now: Now) {
    match line.param(0) {
        command @ ("CHATHISTORY" | "WHO") if asking::failed(client, command) => {}
        "SEARCH" => super::search::failed(client, line.last()),
        "REGISTER" => login::register_failed(client, line.param(1), line.last()),
        "AUTHENTICATE" => login::refused(client, line.last()),
        "MARKREAD" => {}
        _ => numerics::refused(client, line, now),
    }
}

/// The server says something that fits nothing else.
fn tell(client: &mut Client, line: &Line, text: String) {
    client.tell(Event::Told { text: text.clone() });
    let buffer = client.answer_buffer();
    add(client, buffer, line, Happening::Told { text: cut_text(&text) });
}

/// Something happened in a buffer, just now.
fn add(client: &mut Client, buffer: BufferId, line: &Line, happening: Happening) {
    let mut entry = Entry::new(client.desk.next_entry(), line.time, &line.nick, What::Happened(happening));
    entry.msgid.clone_from(&line.msgid);
    entry.is_mine = client.desk.is_me(&line.nick);
    if let Some(buffer) = client.desk.buffer_mut(buffer) {
        buffer.push(entry);
    }
}

/// What a server puts together may be longer than what is kept.
fn cut_text(text: &str) -> String {
    crate::irc::line::truncate_utf8(text, limits::CHAT_DESK_ENTRY).to_string()
}
