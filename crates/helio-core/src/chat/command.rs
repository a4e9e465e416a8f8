//! Commands: one file each, one row each in [`COMMANDS`].

pub(super) mod account;
pub(super) mod always_on;
pub(super) mod answering;
pub(super) mod attach;
pub(super) mod authenticate;
pub(super) mod away;
pub(super) mod ban;
pub(super) mod cap;
mod defcon;
mod filter;
pub(super) mod guest;
mod help;
pub(super) mod history;
pub(super) mod invite;
pub(super) mod join;
pub(super) mod kick;
pub(super) mod list;
pub(super) mod login;
pub(super) mod markread;
pub(super) mod message;
pub(super) mod metadata;
pub(super) mod mode;
mod monitor;
pub(super) mod multiline;
pub(super) mod names;
pub(super) mod nick;
pub(super) mod office;
pub(super) mod oper;
pub(super) mod part;
mod past;
pub(super) mod ping;
pub(super) mod quit;
pub(super) mod redact;
pub(super) mod register;
mod rename;
pub(super) mod replay;
pub(super) mod room;
pub(super) mod room_end;
pub(super) mod room_mode;
pub(super) mod search;
mod server;
pub(super) mod stats;
pub(super) mod targets;
pub(super) mod topic;
pub(super) mod transport;
mod user_mode;
mod userhost;
mod welcome;
mod who;
mod whois;

pub(super) use account::own::NewPassword;

use super::Chat;
use super::credential::Credential;
use super::effect::Verdict;
use super::event::Presence;
use super::ids::{SessionId, Ticket};
use super::line::Line;
use super::reply::{Answer, Outcome, Refusal, Reply};
use super::session::{Session, Stage};
use super::turn::Turn;
use super::verifying::{self, LogInBy, Purpose};
use crate::irc::capability::Capability;
use crate::irc::frame::LineError;
use crate::irc::message::Message;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::irc::tags::is_valid_key;
use crate::time::Now;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A command: its name, how many parameters it needs, when it works, and what does it.
struct Command {
    verb: &'static str,
    min_params: usize,
    works: Works,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
}

/// When a command works.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Works {
    /// Before registration only.
    Before,
    /// At any time.
    Always,
    /// After registration.
    After,
}

/// Every command, in alphabetical order.
const COMMANDS: &[Command] = &[
    row("ACCOUNT", 0, Works::After, account::own::run),
    row("ADMIN", 0, Works::After, server::admin),
    row("AUTHENTICATE", 1, Works::Always, authenticate::run),
    row("AWAY", 0, Works::Always, away::run),
    row("BATCH", 1, Works::After, multiline::batch),
    row("CAP", 1, Works::Always, cap::run),
    row("CHATHISTORY", 0, Works::After, history::run),
    row("DEFCON", 0, Works::After, defcon::run),
    row("DLINE", 1, Works::After, ban::dline),
    row("FILTER", 1, Works::After, filter::run),
    row("HELP", 0, Works::After, help::run),
    row("HELPOP", 0, Works::After, help::run),
    row("INFO", 0, Works::After, server::info),
    row("INVITE", 0, Works::After, invite::run),
    row("ISON", 1, Works::After, userhost::ison),
    row("ISUPPORT", 0, Works::Always, welcome::isupport),
    row("JOIN", 1, Works::After, join::run),
    row("KICK", 2, Works::After, kick::run),
    row("KILL", 1, Works::After, oper::kill),
    row("KLINE", 1, Works::After, ban::kline),
    row("LINKS", 0, Works::After, server::links),
    row("LIST", 0, Works::After, list::run),
    row("LUSERS", 0, Works::After, welcome::lusers),
    row("MARKREAD", 0, Works::After, markread::run),
    row("METADATA", 2, Works::Always, metadata::run),
    row("MODE", 1, Works::After, mode::run),
    row("MONITOR", 1, Works::After, monitor::run),
    row("MOTD", 0, Works::After, welcome::motd),
    row("NAMES", 0, Works::After, names::run),
    row("NICK", 0, Works::Always, nick::run),
    row("NOTICE", 0, Works::After, message::notice),
    row("OPER", 2, Works::After, oper::run),
    row("PART", 1, Works::After, part::run),
    row("PASS", 1, Works::Before, register::pass),
    row("PING", 1, Works::Always, ping::ping),
    row("PONG", 0, Works::Always, ping::pong),
    row("PRIVMSG", 0, Works::After, message::privmsg),
    row("QUIT", 0, Works::Always, quit::run),
    row("REDACT", 2, Works::After, redact::run),
    row("REGISTER", 3, Works::Always, account::register),
    row("REHASH", 0, Works::After, oper::rehash),
    row("RENAME", 2, Works::After, rename::run),
    row("ROOM", 0, Works::After, room::run),
    row("SEARCH", 1, Works::After, search::run),
    row("SETNAME", 1, Works::After, away::setname),
    row("STATS", 0, Works::After, stats::run),
    row("SUMMON", 0, Works::After, server::summon),
    row("TAGMSG", 1, Works::After, message::tagmsg),
    row("TIME", 0, Works::After, server::time),
    row("TOPIC", 1, Works::After, topic::run),
    row("TRACE", 0, Works::After, server::trace),
    row("TRANSPORT", 0, Works::After, transport::run),
    row("UNDLINE", 1, Works::After, ban::undline),
    row("UNKLINE", 1, Works::After, ban::unkline),
    row("USER", 4, Works::Before, register::user),
    row("USERHOST", 1, Works::After, userhost::run),
    row("USERS", 0, Works::After, server::users),
    row("VERSION", 0, Works::After, welcome::version),
    row("WALLOPS", 1, Works::After, oper::wallops),
    row("WHO", 0, Works::After, who::run),
    row("WHOIS", 0, Works::After, whois::run),
    row("WHOWAS", 0, Works::After, whois::whowas),
];

/// What a program that believes to speak HTTP says first (RFC 9110 §9.3, RFC 5789). As a command, TRACE is IRC's.
pub const HTTP_METHODS: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

const fn row(
    verb: &'static str,
    min_params: usize,
    works: Works,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
) -> Command {
    Command { verb, min_params, works, run }
}

/// Carries out one line of a session.
pub(super) fn dispatch(chat: &mut Chat, id: SessionId, line: &[u8], now: Now) {
    if chat.sessions.get(id).is_some_and(|session| session.peer.face == super::Face::Guest) {
        return guest::dispatch(chat, id, line, now);
    }
    let Ok(text) = core::str::from_utf8(line) else {
        // UTF8ONLY: the command's name is ASCII in any line worth answering.
        let message = Message::parse(line).ok();
        let verb = message.as_ref().map(|message| String::from_utf8_lossy(message.command).to_uppercase());
        return answer(chat, id, &verb.unwrap_or_else(|| "*".to_string()), now, |turn| {
            message.iter().for_each(|message| turn.take_tags(message));
            turn.reply.fail(ReplyCode::InvalidUtf8, &[]);
        });
    };
    let Ok(message) = Message::parse(text.as_bytes()) else { return };
    // Parts of valid UTF-8 cut at ASCII bytes are valid UTF-8.
    let params: Vec<&str> = message.params.iter().filter_map(|param| core::str::from_utf8(param).ok()).collect();
    let verb = core::str::from_utf8(message.command).unwrap_or("*").to_ascii_uppercase();
    answer(chat, id, &verb, now, |turn| {
        turn.take_tags(&message);
        if let Err(refusal) = execute(turn, &verb, &params) {
            turn.reply.refuse(&refusal);
        }
    });
}

/// Lines that had to wait go on as far as flood control lets them, or to the next password.
pub(super) fn run_waiting(chat: &mut Chat, id: SessionId, now: Now) {
    let may_go_on = |session: &&mut Session| session.has_waiting() && !session.is_verifying;
    while let Some(session) = chat.sessions.get_mut(id).filter(may_go_on) {
        if !session.flood.take(now.mono) {
            return;
        }
        if let Some(line) = session.waiting.pop_front() {
            dispatch(chat, id, &line.0, now);
        }
    }
}

/// Answers bytes that are no line.
pub(super) fn refuse_line(chat: &mut Chat, id: SessionId, error: LineError, now: Now) {
    let LineError::TooLong { label, .. } = error;
    answer(chat, id, "*", now, |turn| {
        turn.reply.label = label;
        turn.reply.numeric(Numeric::ErrInputTooLong, &[]);
    });
}

/// The answer to a password that was compared. What came behind it follows.
pub(super) fn verified(chat: &mut Chat, ticket: Ticket, verdict: Verdict, now: Now) {
    let Some((id, purpose)) = verifying::end(chat, ticket) else { return };
    match purpose {
        Purpose::Pass => register::verified(chat, id, verdict, now),
        Purpose::Oper { operator, label, name } => oper::verified(chat, id, (operator, label, name), verdict, now),
        Purpose::LogIn { claim, by: LogInBy::Sasl { label } } => {
            authenticate::verified(chat, id, (claim, label), verdict, now);
        }
        Purpose::LogIn { claim, by: LogInBy::Pass } => login::verified_pass(chat, id, &claim, verdict, now),
        Purpose::ChangePassword(change) => account::own::password_compared(chat, id, change, verdict, now),
        // Not what was asked for.
        Purpose::Register { .. } => {}
    }
    run_waiting(chat, id, now);
}

/// What a new password will be compared with: of REGISTER.
pub(super) fn derived(chat: &mut Chat, ticket: Ticket, credential: Option<Credential>, now: Now) {
    let Some((id, purpose)) = verifying::end(chat, ticket) else { return };
    match purpose {
        Purpose::Register { account, label, invite } => {
            account::derived(chat, id, (account, label, invite), credential, now);
        }
        Purpose::ChangePassword(change) => account::own::password_changed(chat, id, change, credential, now),
        // Not what was asked for.
        Purpose::Pass | Purpose::LogIn { .. } | Purpose::Oper { .. } => {}
    }
    run_waiting(chat, id, now);
}

/// Tells the operators who want to hear what the server has to say.
pub(super) fn notice(chat: &mut Chat, text: String, now: Now) {
    chat.happen(&Presence::ServerNotice { text }.into(), None, now);
}

/// Runs `work` as a turn of the session, and sends what it answers.
pub(super) fn answer(chat: &mut Chat, id: SessionId, verb: &str, now: Now, work: impl FnOnce(&mut Turn<'_>)) {
    let nick = nick_of(chat, id);
    let mut reply = Reply::new(&chat.settings.server_name, &nick, verb);
    if let Some(session) = chat.sessions.get(id) {
        reply.has_standard_replies = session.caps.contains(Capability::StandardReplies);
        reply.is_guest = session.peer.face == super::Face::Guest;
    }
    let (client_tags, batch) = (String::new(), None);
    let mut turn = Turn { chat, session: id, now, reply, client_tags, batch, is_concat: false, closing: None };
    work(&mut turn);
    let is_labelling = turn.session().is_ok_and(|session| session.caps.has_labels());
    let Turn { chat, reply, closing, .. } = turn;
    let later = reply.later();
    let (answers, open_batch) = reply.finish(is_labelling, || chat.ids.batch());
    for answer in answers {
        send(chat, id, answer);
    }
    if let Some(batch) = open_batch {
        answering::continue_in(chat, id, later, &batch);
    }
    if let Some(reason) = closing {
        chat.end(id, &reason, now);
    }
}

fn send(chat: &mut Chat, id: SessionId, answer: Answer) {
    let Some(ticket) = answer.held else {
        return answer.lines.iter().for_each(|line| chat.sessions.send(id, line));
    };
    chat.sessions.send_held(id, ticket, &answer.lines);
    chat.storage.place(ticket, answer.place);
}

fn execute(turn: &mut Turn<'_>, verb: &str, params: &[&str]) -> Outcome {
    let is_registered = turn.session()?.user().is_some();
    if !is_registered {
        register::count_line(turn)?;
    }
    if let Some(taken) = multiline::take(turn, verb, params) {
        return taken;
    }
    let Ok(index) = COMMANDS.binary_search_by(|command| command.verb.cmp(verb)) else {
        if !is_registered && HTTP_METHODS.contains(&verb) {
            turn.close("HTTP is not spoken here");
            return Err(Refusal::Silent);
        }
        return Err(Refusal::numeric(Numeric::ErrUnknownCommand, &[verb]));
    };
    let command = &COMMANDS[index];
    match (command.works, is_registered) {
        (Works::Before, true) => return Err(Refusal::numeric(Numeric::ErrAlreadyRegistered, &[])),
        (Works::After, false) => return Err(Refusal::numeric(Numeric::ErrNotRegistered, &[])),
        (Works::Before | Works::Always | Works::After, _) => {}
    }
    let has_empty = params.iter().take(command.min_params).any(|param| param.is_empty());
    if params.len() < command.min_params || (has_empty && command.min_params > 0 && verb != "USER") {
        return Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &[verb]));
    }
    turn.chat.uses.count(index);
    (command.run)(turn, params)
}

pub(super) fn nick_of(chat: &Chat, id: SessionId) -> String {
    let Some(session) = chat.sessions.get(id) else { return "*".to_string() };
    let nick = match &session.stage {
        Stage::Registered(user) => chat.state.user(*user).map(|user| user.nick.clone()),
        Stage::Registering(registration) => registration.nick.clone(),
        Stage::Closing { .. } => None,
    };
    nick.unwrap_or_else(|| "*".to_string())
}

impl Turn<'_> {
    /// Takes the label, the batch and the client-only tags of a command.
    fn take_tags(&mut self, message: &Message<'_>) {
        let text = |value: alloc::borrow::Cow<'_, [u8]>| String::from_utf8_lossy(&value).into_owned();
        self.reply.label = message.tags.label();
        self.batch = message.tags.get(b"batch").map(text);
        self.is_concat = message.tags.get(b"draft/multiline-concat").is_some();
        // message-tags "message-tags capability": it "enables the use of client-only tags".
        let is_tagging = self.has(Capability::MessageTags);
        for (key, value) in message.tags.client_only().filter(|(key, _)| is_tagging && is_valid_key(key)) {
            if !self.client_tags.is_empty() {
                self.client_tags.push(';');
            }
            self.client_tags.push_str(&String::from_utf8_lossy(key));
            if !value.is_empty() {
                self.client_tags.push('=');
                self.client_tags.push_str(&String::from_utf8_lossy(value));
            }
        }
    }
}

/// The name of every command.
#[cfg(test)]
pub(super) fn verbs() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.verb).collect()
}

/// Answers with `told` when what the command did to `target` is on disk; in its place, that it could not be stored.
fn acknowledge(turn: &mut Turn<'_>, ticket: Option<Ticket>, (command, target): (&'static str, &str), told: Line) {
    let Some(ticket) = ticket else { return turn.reply.line(told) };
    turn.chat.storage.wait(ticket, turn.session, command, target);
    turn.reply.held(ticket, [told].into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(COMMANDS.is_sorted_by(|a, b| a.verb < b.verb));
    }
}
