//! Guests of the line listener (spec/line-listener.md).

use super::{answer, ban, join, message, nick, register};
use crate::chat::Chat;
use crate::chat::event::{SaidKind, SaidLine};
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::name::skeleton;
use crate::irc::numeric::Numeric;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};

// spec: begin
/// The answer to `/help`.
const HELP: [&str; 5] = [
    "/nick NAME: change your name",
    "/me TEXT: an action",
    "/quit: leave",
    "//TEXT: the message /TEXT",
    "anything else is a message to the room",
];

/// The username of all of them.
pub(super) const USERNAME: &str = "guest";

/// Makes a connection of the line listener somebody, in the lobby.
pub(in crate::chat) fn arrive(chat: &mut Chat, id: SessionId, now: Now) {
    if chat.settings.password_hash.is_some() {
        return chat.end(id, "this server asks for a password: come by IRC", now);
    }
    if let Err(kept_out) = ban::can_enter(chat, id, now) {
        chat.counts.note(&kept_out);
        return chat.end(id, kept_out.told(), now);
    }
    let name = free_name(chat);
    let Some(registration) = chat.sessions.get_mut(id).and_then(|session| session.registration()) else { return };
    registration.nick = Some(name.clone());
    registration.username = Some(USERNAME.to_string());
    registration.realname = "Guest of the line listener".to_string();
    register::arrive(chat, id, now);
    answer(chat, id, "JOIN", now, |turn| {
        turn.reply.tell_guest(&format!("you are {name}; /help lists what you can type"));
        let lobby = turn.chat.settings.lobby.to_string();
        if let Err(refusal) = join::run(turn, &[&lobby]) {
            turn.reply.refuse(&refusal);
        }
        if room_of(turn).is_none() {
            turn.close("the room cannot be entered");
        }
    });
}

/// One line of a guest.
pub(super) fn dispatch(chat: &mut Chat, id: SessionId, line: &[u8], now: Now) {
    let text: String = String::from_utf8_lossy(line).chars().filter(|c| *c == '\t' || !c.is_control()).collect();
    if text.trim().is_empty() {
        return;
    }
    if chat.sessions.get_mut(id).is_some_and(|session| session.registration().is_some()) {
        arrive(chat, id, now);
    }
    if chat.sessions.get(id).is_none_or(|session| session.user().is_none()) {
        return;
    }
    answer(chat, id, SaidKind::Privmsg.command(), now, |turn| {
        if let Err(refusal) = obey(turn, text.trim_end()) {
            turn.reply.refuse(&refusal);
        }
    });
}

fn obey(turn: &mut Turn<'_>, text: &str) -> Outcome {
    let Some(command) = text.strip_prefix('/') else { return say(turn, text.to_string()) };
    if command.starts_with('/') {
        return say(turn, command.to_string());
    }
    let (verb, rest) = command.split_once([' ', '\t']).unwrap_or((command, ""));
    let rest = rest.trim();
    match verb.to_ascii_lowercase().as_str() {
        "nick" => rename(turn, rest),
        "me" if rest.is_empty() => Err(Refusal::numeric(Numeric::ErrNoTextToSend, &[])),
        "me" => say(turn, format!("\u{1}ACTION {rest}\u{1}")),
        "quit" => {
            // Marked as the guest's own words, so that they pass for no reason of the server's.
            let reason = if rest.is_empty() { "Guest quit".to_string() } else { format!("Quit: {rest}") };
            turn.close(&reason);
            Ok(())
        }
        "help" => {
            HELP.iter().for_each(|line| turn.reply.tell_guest(line));
            Ok(())
        }
        _ => {
            turn.reply.tell_guest(&format!("no such command: /{verb}; /help lists them, //{verb} is a message"));
            Ok(())
        }
    }
}

fn rename(turn: &mut Turn<'_>, name: &str) -> Outcome {
    nick::run(turn, &[name])?;
    let name = turn.user()?.nick.clone();
    turn.reply.tell_guest(&format!("you are {name} now"));
    Ok(())
}

fn say(turn: &mut Turn<'_>, text: String) -> Outcome {
    let room = room_of(turn).ok_or(Refusal::Silent)?;
    message::say(turn, SaidKind::Privmsg, &room, [SaidLine { text, is_concat: false }].into())
}

/// The one room in which the guest is: the lobby, as it was set when the guest came.
fn room_of(turn: &Turn<'_>) -> Option<String> {
    let user = turn.user().ok()?;
    turn.chat.state.rooms_of(user.id).next().map(|room| room.name.clone())
}

/// `guestN` with the lowest N that nobody has and no account owns, nor a name that looks like it.
pub(super) fn free_name(chat: &Chat) -> String {
    let state = &chat.state;
    let is_free = |name: &String| {
        !state.nicks.contains_key(name.as_str())
            && !state.skeletons.contains_key(skeleton(name).as_str())
            && state.accounts.owner(name).is_none()
    };
    // More than there are users and accounts: one of them is free, unless somebody's name looks like many of them.
    let mut names = (1..=(state.users.len() + state.accounts.len()) * 2 + 1).map(|number| format!("guest{number}"));
    names.find(is_free).unwrap_or_else(|| format!("guest{}", state.last_user + 1))
}
// spec: end
