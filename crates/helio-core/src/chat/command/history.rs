//! CHATHISTORY: what was said in a room or between two, as the one who asks may see it (IRCv3 chathistory, a draft).
//!
//! Of a room only members may ask. Whether they still are is asked again when the records have come, so who was removed
//! meanwhile sees nothing; to others a room, its former ones of the same name and no room at all look the same. A nickname
//! proves nothing about who somebody was, so private conversations are those of accounts, and refused likewise to who is not
//! logged in.

use super::past::Past;
use super::{message, nick_of, targets};
use crate::chat::conversation::{Conversation, Party};
use crate::chat::event::Said;
use crate::chat::ids::{MsgId, SessionId, Ticket};
use crate::chat::line::{Audience, Line};
use crate::chat::policy;
use crate::chat::query::{Anchor, Query, Span, Unanswered, Wanted};
use crate::chat::reply::{Outcome, Refusal, Whom, failure};
use crate::chat::session::Session;
use crate::chat::state::User;
use crate::chat::storage::{self, About, Purpose, Reading};
use crate::chat::turn::Turn;
use crate::chat::{Chat, Settings};
use crate::irc::capability::Capability;
use crate::irc::name::Nick;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A question that waits for the disk: the subcommand and the target as they were written.
#[derive(Clone, Debug)]
pub(in crate::chat) struct Asked {
    words: [String; 2],
}

/// `CHATHISTORY subcommand target anchor… limit`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let subcommand = params.first().copied().unwrap_or("*");
    let rest = params.get(1..).unwrap_or_default();
    match (subcommand.to_ascii_uppercase().as_str(), rest) {
        ("TARGETS", [from, to, limit]) => {
            let limit = parse_limit(subcommand, limit)?;
            targets::ask(turn, parse_moment(subcommand, from)?, parse_moment(subcommand, to)?, limit)
        }
        ("LATEST", [target, "*", limit]) => ask(turn, [subcommand, target], Span::Last { after: None }, limit),
        (verb @ ("LATEST" | "BEFORE" | "AFTER" | "AROUND"), [target, anchor, limit]) => {
            let anchor = parse_anchor([subcommand, target], anchor)?;
            let span = match verb {
                "LATEST" => Span::Last { after: Some(anchor) },
                "BEFORE" => Span::Before(anchor),
                "AFTER" => Span::After(anchor),
                _ => Span::Around(anchor),
            };
            ask(turn, [subcommand, target], span, limit)
        }
        ("BETWEEN", [target, from, to, limit]) => {
            let words = [subcommand, target];
            ask(turn, words, Span::Between(parse_anchor(words, from)?, parse_anchor(words, to)?), limit)
        }
        _ => Err(invalid(subcommand, &[])),
    }
}

/// Asks the disk for a part of a conversation, and keeps its place in the answer.
fn ask(turn: &mut Turn<'_>, words: [&str; 2], span: Span, limit: &str) -> Outcome {
    let count = parse_limit(words[0], limit)?;
    let about = about(turn, words)?;
    if turn.session()?.history_reads >= limits::CHAT_HISTORY_READS {
        return Err(Refusal::fail(ReplyCode::MessageError, &words));
    }
    // The draft: without event-playback "the server MUST NOT send any lines other than PRIVMSG and NOTICE".
    let has_renames = turn.has(Capability::ChannelRename);
    let wanted = match (turn.has(Capability::EventPlayback), turn.has(Capability::MessageTags), has_renames) {
        (false, _, _) => Wanted::Messages,
        (true, false, false) => Wanted::MessagesAndChanges,
        (true, true, false) => Wanted::MessagesTagsAndChanges,
        (true, false, true) => Wanted::MessagesChangesAndRenames,
        (true, true, true) => Wanted::MessagesTagsChangesAndRenames,
    };
    let query = Query { span, count, bytes: answer_bytes(&turn.chat.settings), wanted };
    let purpose = Purpose::History(Box::new(Asked { words: words.map(ToString::to_string) }));
    read(turn, about, purpose, query)
}

/// What the target of a question means, if the one who asks may read that.
fn about(turn: &Turn<'_>, words: [&str; 2]) -> Outcome<About> {
    readable(turn.chat, turn.user()?, words[1]).ok_or_else(|| Refusal::fail(ReplyCode::InvalidTarget, &words))
}

/// The room or conversation that `user` means by a name, and may read. A conversation that never was is an empty one.
pub(super) fn readable(chat: &Chat, user: &User, name: &str) -> Option<About> {
    if name.starts_with('#') {
        let room = chat.state.room(name).filter(|room| policy::can_read_history(user.id, room));
        room.map(About::room)
    } else {
        let nick = Nick::parse(name, chat.settings.nick_rules).ok();
        let own = policy::private_reader(&chat.state, user);
        own.zip(nick).map(|(own, nick)| {
            let with = Party::called(&chat.state, nick.as_str());
            About::Private { name: nick.as_str().to_string(), conversation: Conversation { own, with } }
        })
    }
}

/// Bytes that one answer has at most.
pub(super) fn answer_bytes(settings: &Settings) -> usize {
    limits::CHAT_REPLAY_BYTES.min(settings.send_queue / 3)
}

/// Whether the queue of a session has room for one answer more than it waits for, and a quarter of it to spare.
pub(in crate::chat) fn has_room(session: &Session, settings: &Settings) -> bool {
    let answers = (session.history_reads + 1) * answer_bytes(settings);
    session.out.len() + answers + settings.send_queue / 4 <= settings.send_queue
}

/// Asks the disk for what answers the command, and keeps the place of the answer.
pub(super) fn read(turn: &mut Turn<'_>, about: About, purpose: Purpose, query: Query) -> Outcome {
    turn.session_mut()?.history_reads += 1;
    let ticket = storage::ask(turn.chat, turn.session, about, purpose, query);
    turn.reply.held(ticket, Vec::new());
    Ok(())
}

/// The records have come, or there are none.
pub(in crate::chat) fn arrived(
    chat: &mut Chat,
    ticket: Ticket,
    reading: &Reading,
    asked: &Asked,
    records: Result<&[Vec<u8>], Unanswered>,
    now: Now,
) {
    let Some(audience) = answered(chat, reading.session) else { return };
    let bytes = match records {
        _ if !reading.is_open(chat) => refusal(chat, reading, ReplyCode::InvalidTarget, asked, audience),
        Err(Unanswered::StoreFails | Unanswered::UnknownMessage) => {
            refusal(chat, reading, ReplyCode::MessageError, asked, audience)
        }
        Ok(records) => shown(chat, reading, audience, records, now),
    };
    chat.sessions.resolve(reading.session, ticket, Some(&bytes));
}

/// The session has one question less that waits. `None`: it is gone.
pub(super) fn answered(chat: &mut Chat, id: SessionId) -> Option<Audience> {
    let session = chat.sessions.get_mut(id)?;
    session.history_reads = session.history_reads.saturating_sub(1);
    Some(session.audience())
}

fn shown(chat: &mut Chat, reading: &Reading, audience: Audience, records: &[Vec<u8>], now: Now) -> Vec<u8> {
    let own = chat.sessions.get(reading.session).and_then(Session::user).and_then(|user| chat.state.user(user));
    let own = own.map(User::mask).unwrap_or_default();
    let Chat { ids, settings, .. } = chat;
    let past = Past::new(audience, ids, now);
    let mut messages = Vec::new();
    // A record that cannot be read is left out: it must not keep the others from being shown.
    for mut said in records.iter().filter_map(|record| serde_json::from_slice::<Said>(record).ok()) {
        // What is said after the question is seen live.
        if said.is_for_status() || ids.is_later(&said.msgid, reading.mark) {
            continue;
        }
        put_into(&reading.about, &mut said, &own);
        messages.extend(past.show(said, ids));
    }
    past.wrap(&messages, &settings.server_name, &["chathistory", reading.about.name()], &reading.place)
}

/// Gives a message the names that its room or its sides have now for the one who reads, whose mask is `own`.
pub(super) fn put_into(about: &About, said: &mut Said, own: &str) {
    match about {
        About::Private { name, conversation } => {
            conversation.rename(said, own, name);
            message::split_long(said);
        }
        About::Room { name, .. } => said.target.clone_from(name),
        About::Conversations(_) => {}
    }
}

fn refusal(chat: &Chat, reading: &Reading, code: ReplyCode, asked: &Asked, audience: Audience) -> Vec<u8> {
    let mut out = Vec::new();
    failed(chat, reading, code, &asked.words.each_ref().map(String::as_str)).encode(audience, &mut out);
    out
}

/// The FAIL that answers a question instead.
pub(super) fn failed(chat: &Chat, reading: &Reading, code: ReplyCode, context: &[&str]) -> Line {
    let nick = nick_of(chat, reading.session);
    // These codes are told to everybody.
    let whom = Whom { server: &chat.settings.server_name, nick: &nick, has_standard_replies: true };
    let mut line = failure(whom, "CHATHISTORY", code, context);
    reading.place.tag(&mut line);
    line
}

fn invalid(subcommand: &str, context: &[&str]) -> Refusal {
    Refusal::fail(ReplyCode::InvalidParams, &[&[subcommand], context].concat())
}

fn parse_limit(subcommand: &str, limit: &str) -> Outcome<usize> {
    let digits = Some(limit).filter(|limit| limit.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.map(str::parse::<usize>) {
        Some(Ok(0)) | None => Err(invalid(subcommand, &[limit])),
        Some(Ok(limit)) => Ok(limit.min(limits::CHAT_HISTORY)),
        // Too large for a number; only the empty text is none.
        Some(Err(_)) if !limit.is_empty() => Ok(limits::CHAT_HISTORY),
        Some(Err(_)) => Err(invalid(subcommand, &[])),
    }
}

fn parse_anchor(words: [&str; 2], anchor: &str) -> Outcome<Anchor> {
    match anchor.split_once('=') {
        Some(("timestamp", _)) => parse_moment(words[0], anchor).map(Anchor::Moment),
        Some(("msgid", id)) if !id.is_empty() => Ok(Anchor::Message(MsgId::from(id))),
        Some(("msgid", _)) | None => Err(invalid(words[0], &[anchor])),
        Some(_) => Err(Refusal::fail(ReplyCode::InvalidMsgrefType, &words)),
    }
}

/// `timestamp=YYYY-MM-DDThh:mm:ss.sssZ` as milliseconds.
fn parse_moment(subcommand: &str, moment: &str) -> Outcome<i64> {
    let time = moment.strip_prefix("timestamp=").and_then(Utc::parse_rfc3339);
    time.map(|time| time.micros().div_euclid(1_000)).ok_or_else(|| invalid(subcommand, &[moment]))
}
