//! SEARCH: messages by their words, as the one who asks may see them (soju.im/search). spec/search.md is the page.
//!
//! What may be read is asked at the question, and again when the answer has come: who left a room meanwhile sees nothing of it.

use super::history::{self, answer_bytes, answered};
use super::nick_of;
use super::past::Past;
use crate::chat::Chat;
use crate::chat::conversation::{Conversation, Party};
use crate::chat::effect::Effect;
use crate::chat::event::Said;
use crate::chat::ids::{SessionId, Ticket};
use crate::chat::line::Audience;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Place, Refusal, Whom, failure};
use crate::chat::search::{Found, NotSearched, Order, Search, Term, author};
use crate::chat::session::Session;
use crate::chat::state::{State, User};
use crate::chat::storage::About;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::irc::tags::Tags;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// A question that waits for its answer.
#[derive(Clone, Debug)]
pub(in crate::chat) struct Asked {
    session: SessionId,
    search: Search,
    /// The room or the conversation that was named.
    about: Option<About>,
    /// [`Ids::mark`](crate::chat::ids::Ids::mark) at that time: what was said later is seen live.
    mark: u64,
    pub(in crate::chat) place: Place,
}

/// `SEARCH attributes`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !turn.has(Capability::Search) || !turn.chat.settings.search {
        return Err(Refusal::numeric(Numeric::ErrUnknownCommand, &["SEARCH"]));
    }
    let mut search = parse(params[0])?;
    let scope = core::mem::take(&mut search.logs).pop();
    let about = scope.map(|scope| history::readable(turn.chat, turn.user()?, &scope).ok_or_else(|| invalid("in")));
    let about = about.transpose()?;
    let readable = Readable::of(turn.chat, turn.user()?);
    (search.logs, search.party) = match &about {
        Some(about) => (Vec::from([about.log()]), None),
        None => (readable.rooms.into_keys().collect(), readable.account.map(|account| account.as_str().into())),
    };
    if turn.session()?.history_reads >= limits::CHAT_HISTORY_READS {
        return Err(Refusal::fail(ReplyCode::InternalError, &[]));
    }
    search.bytes = answer_bytes(&turn.chat.settings);
    let (ticket, mark) = (turn.chat.storage.ticket(), turn.chat.ids.mark());
    let asked = Asked { session: turn.session, search: search.clone(), about, mark, place: Place::Bare };
    turn.chat.storage.searches(ticket, asked);
    turn.chat.effects.push_back(Effect::Search { ticket, search: Box::new(search) });
    turn.session_mut()?.history_reads += 1;
    turn.reply.held(ticket, Vec::new());
    Ok(())
}

/// The answer has come, or there is none.
pub(in crate::chat) fn arrived(
    chat: &mut Chat,
    ticket: Ticket,
    asked: &Asked,
    found: Result<&[Found], NotSearched>,
    now: Now,
) {
    let Some(audience) = answered(chat, asked.session) else { return };
    let bytes = match found {
        Ok(found) => shown(chat, asked, audience, found, now),
        Err(reason) => refusal(chat, asked, audience, reason),
    };
    chat.sessions.resolve(asked.session, ticket, Some(&bytes));
}

fn shown(chat: &mut Chat, asked: &Asked, audience: Audience, found: &[Found], now: Now) -> Vec<u8> {
    let user = chat.sessions.get(asked.session).and_then(Session::user).and_then(|user| chat.state.user(user));
    let (own, readable) = user.map(|user| (user.mask(), Readable::of(chat, user))).unwrap_or_default();
    let Chat { ids, settings, state, .. } = chat;
    let past = Past::new(audience, ids, now);
    let mut messages = Vec::new();
    for Found { log, record } in found {
        let Some(about) = readable.about(state, log, asked) else { continue };
        // A record that cannot be read is left out: it must not keep the others from being shown.
        let Ok(mut said) = serde_json::from_slice::<Said>(record) else { continue };
        if fits(&asked.search, &said) && !ids.is_later(&said.msgid, asked.mark) {
            history::put_into(&about, &mut said, &own);
            messages.extend(past.show(said, ids));
        }
    }
    past.wrap(&messages, &settings.server_name, &["soju.im/search"], &asked.place)
}

/// Whether a message is what was asked for. Its words are the index's matter; all else is looked at again.
fn fits(search: &Search, said: &Said) -> bool {
    let is_by = search.author.as_ref().is_none_or(|wanted| *wanted == author(said.nick()));
    is_by && search.at_us.contains(&said.at_us) && !said.is_for_status()
}

fn refusal(chat: &Chat, asked: &Asked, audience: Audience, reason: NotSearched) -> Vec<u8> {
    let code = match reason {
        NotSearched::Fails => ReplyCode::InternalError,
        NotSearched::Incomplete => ReplyCode::SearchIncomplete,
        NotSearched::TooMuch => ReplyCode::SearchTooLong,
    };
    let nick = nick_of(chat, asked.session);
    let whom = Whom { server: &chat.settings.server_name, nick: &nick, has_standard_replies: true };
    let mut line = failure(whom, "SEARCH", code, &[]);
    asked.place.tag(&mut line);
    let mut out = Vec::new();
    line.encode(audience, &mut out);
    out
}

/// What somebody may read.
#[derive(Debug, Default)]
struct Readable {
    /// Rooms, by their logs.
    rooms: BTreeMap<String, About>,
    /// All private conversations of this account.
    account: Option<Party>,
}

impl Readable {
    fn of(chat: &Chat, user: &User) -> Self {
        let rooms = chat.state.rooms_of(user.id).filter(|room| policy::can_read_history(user.id, room));
        let rooms = rooms.map(|room| (room.log(), About::room(room))).collect();
        Self { rooms, account: policy::private_reader(&chat.state, user) }
    }

    /// Where what is kept in a log was said, if it may be read. Who was not named is called by the account, as by CHATHISTORY
    /// TARGETS, unless that name means somebody else by now: clients would put the message into a conversation with them.
    fn about(&self, state: &State, log: &str, asked: &Asked) -> Option<About> {
        if let Some(room) = self.rooms.get(log) {
            return Some(room.clone());
        }
        let conversation = Conversation::of_log(self.account.as_ref()?, log)?;
        let name = match &asked.about {
            Some(named) => named.name().into(),
            None => {
                let name = conversation.with.name(&state.accounts);
                Some(name).filter(|name| Party::called(state, name) == conversation.with)?
            }
        };
        Some(About::Private { name, conversation })
    }
}

/// Reads the attributes, which are written as tags are. The value of `in` is left in `logs`.
fn parse(attributes: &str) -> Outcome<Search> {
    let (at_us, wanted, limit) = (i64::MIN..i64::MAX, Order::Newest, limits::SEARCH_RESULTS);
    let (logs, terms) = (Vec::new(), Vec::new());
    let mut search = Search { logs, party: None, author: None, terms, at_us, wanted, limit, bytes: 0 };
    for (key, value) in Tags::from_data(attributes.as_bytes()).iter() {
        let (key, value) = (core::str::from_utf8(key).unwrap_or("*"), String::from_utf8_lossy(&value));
        let is_read = match key {
            _ if value.is_empty() || value.len() > limits::SEARCH_TEXT => None,
            "in" => Some(value.into_owned()).map(|scope| search.logs = Vec::from([scope])),
            "from" => Some(author(&value)).map(|author| search.author = Some(author)),
            // Moments are milliseconds to clients, and the whole of the last one is meant.
            "after" => millis(&value).map(|at| {
                search.at_us.start = at;
                search.wanted = Order::Oldest;
            }),
            "before" => millis(&value).map(|at| search.at_us.end = at.saturating_add(1_000)),
            "text" => terms_of(&value).map(|terms| search.terms = terms),
            "limit" => limit_of(&value).map(|limit| search.limit = limit),
            _ => None,
        };
        is_read.ok_or_else(|| invalid(key))?;
    }
    Ok(search)
}

fn invalid(attribute: &str) -> Refusal {
    let is_shown = !attribute.is_empty() && attribute.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    Refusal::fail(ReplyCode::InvalidParams, &[if is_shown { attribute } else { "*" }])
}

fn millis(time: &str) -> Option<i64> {
    Utc::parse_rfc3339(time).map(|time| time.micros().div_euclid(1_000).saturating_mul(1_000))
}

fn limit_of(limit: &str) -> Option<usize> {
    let is_number = limit.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a number has are many messages.
    let number = limit.parse().unwrap_or(limits::SEARCH_RESULTS);
    (is_number && number > 0).then_some(number.min(limits::SEARCH_RESULTS))
}

/// The words and phrases of a text: spaces part words, quotes hold a phrase together, and what ends in `*` may go on. `None`
/// when nothing in it can be found, there are too many, or too short a beginning of a word is asked for.
fn terms_of(text: &str) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    // Every second piece was between quotes; a quote that is not closed lasts to the end.
    for (index, piece) in text.split('"').enumerate() {
        let is_phrase = index % 2 == 1;
        let words = piece.split(|c: char| !is_phrase && c.is_whitespace());
        terms.extend(words.map(term).filter(|term| term.text.chars().any(char::is_alphanumeric)));
    }
    let is_long_enough = |term: &Term| {
        let last = term.text.split_whitespace().next_back().unwrap_or_default();
        !term.is_prefix || last.chars().filter(|c| c.is_alphanumeric()).count() >= limits::SEARCH_PREFIX
    };
    let is_right = !terms.is_empty() && terms.len() <= limits::SEARCH_TERMS && terms.iter().all(is_long_enough);
    is_right.then_some(terms)
}

fn term(text: &str) -> Term {
    match text.trim_end().strip_suffix('*') {
        Some(start) => Term { text: start.into(), is_prefix: true },
        None => Term { text: text.into(), is_prefix: false },
    }
}
