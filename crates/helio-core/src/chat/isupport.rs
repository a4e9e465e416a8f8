//! What the server says that it can do (RPL_ISUPPORT), made from the tables and bounds that commands obey.

use super::reply::Reply;
use super::settings::Settings;
use super::state::{ListKind, RoomFlag, Statuses, UserFlag};
use super::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::isupport;
use crate::irc::name::NickRules;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many targets a command takes (TARGMAX); `None`: as many as fit into a line.
const TARGETS: &[(&str, Option<usize>)] = &[
    ("INVITE", Some(1)),
    ("ISON", None),
    ("JOIN", None),
    ("KICK", Some(limits::CHAT_KICK_TARGETS)),
    ("LIST", Some(limits::IRC_LIST_FILTERS)),
    ("MONITOR", None),
    ("NAMES", Some(limits::CHAT_NAMES_TARGETS)),
    ("NOTICE", Some(limits::CHAT_TARGETS)),
    ("PART", None),
    ("PRIVMSG", Some(limits::CHAT_TARGETS)),
    ("TAGMSG", Some(limits::CHAT_TARGETS)),
    ("USERHOST", Some(limits::CHAT_USERHOST_TARGETS)),
    ("WHOIS", Some(limits::CHAT_WHOIS_TARGETS)),
    ("WHOWAS", Some(limits::CHAT_WHOIS_TARGETS)),
];

/// Every token, in alphabetical order.
pub(super) fn tokens(settings: &Settings) -> Vec<(&'static str, Option<String>)> {
    let number = |number: usize| Some(number.to_string());
    let mut tokens = alloc::vec![
        ("ACCOUNTEXTBAN", Some("a,account".into())),
        ("AWAYLEN", number(limits::CHAT_AWAY)),
        ("BOT", Some(UserFlag::Bot.letter().to_string())),
        ("CASEMAPPING", Some("ascii".into())),
        ("CHANLIMIT", Some(format!("#:{}", limits::CHAT_ROOMS_PER_USER))),
        ("CHANMODES", Some(room_modes())),
        ("CHANNELLEN", number(limits::IRC_ROOM_NAME)),
        ("CHANTYPES", Some("#".into())),
        ("CHATHISTORY", number(limits::CHAT_HISTORY)),
        ("ELIST", Some("CMNTU".into())),
        ("EXCEPTS", Some(ListKind::Exception.letter().to_string())),
        ("EXTBAN", Some("~,am".into())),
        ("HOSTLEN", number(limits::IRC_HOST)),
        ("INVEX", Some(ListKind::Invitation.letter().to_string())),
        ("KEYLEN", number(limits::CHAT_ROOM_KEY)),
        ("KICKLEN", number(limits::CHAT_KICK_REASON)),
        ("MAXLIST", Some(max_list())),
        ("MAXTARGETS", number(limits::CHAT_TARGETS)),
        ("MODES", number(limits::IRC_MODE_CHANGES)),
        ("MONITOR", number(limits::CHAT_MONITOR)),
        ("MSGREFTYPES", Some("msgid,timestamp".into())),
        ("NAMELEN", number(limits::CHAT_REALNAME)),
        ("NETWORK", Some(settings.network.clone())),
        ("NICKLEN", number(limits::IRC_NICK)),
        ("PREFIX", Some(prefixes())),
        ("SAFELIST", None),
        ("STATUSMSG", Some(Statuses::TABLE.iter().map(|(.., prefix)| *prefix).collect())),
        ("TARGMAX", Some(targets())),
        ("TOPICLEN", number(limits::CHAT_TOPIC)),
        ("USERLEN", number(limits::IRC_USER)),
        ("UTF8ONLY", None),
        ("WHOX", None),
    ];
    if settings.nick_rules == NickRules::Precis {
        tokens.push(("UTF8MAPPING", Some("rfc8265".into())));
    }
    tokens.sort_unstable_by_key(|(key, _)| *key);
    tokens
}

/// Answers with all tokens. "The server MUST group all RPL_ISUPPORT messages inside a draft/isupport batch when the batch and
/// draft/extended-isupport capabilities are enabled" (IRCv3 extended-isupport, a draft).
pub(super) fn tell(turn: &mut Turn<'_>) {
    let is_batched = turn.has(Capability::Batch) && turn.has(Capability::ExtendedIsupport);
    let Turn { chat, reply, .. } = turn;
    if !is_batched {
        return tell_in(reply, &chat.settings);
    }
    reply.batched(&chat.ids.batch(), &["draft/isupport"], |reply| tell_in(reply, &chat.settings));
}

fn tell_in(reply: &mut Reply, settings: &Settings) {
    let budget = reply.room(&[]).saturating_sub(Numeric::RplIsupport.text().len() + 1);
    for line in isupport::lines(&tokens(settings), budget) {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        reply.numeric(Numeric::RplIsupport, &line);
    }
}

/// The letters of RPL_MYINFO: users' modes, rooms' modes, and those of them with an argument.
pub(super) fn mode_letters() -> [String; 3] {
    let user: String = UserFlag::TABLE.iter().map(|(_, letter)| *letter).chain(['o']).collect();
    let statuses = Statuses::TABLE.iter().map(|(_, letter, _)| *letter);
    let lists = ListKind::TABLE.iter().map(|(_, letter)| *letter);
    let with_argument: String = sorted(lists.chain(statuses).chain(['k', 'l', 'W']));
    let flags = RoomFlag::TABLE.iter().map(|(_, letter)| *letter);
    [sorted(user.chars()), sorted(with_argument.chars().chain(flags)), with_argument]
}

/// CHANMODES: lists, always with argument, with argument when set, never.
fn room_modes() -> String {
    let lists: String = ListKind::TABLE.iter().map(|(_, letter)| *letter).collect();
    let flags: String = RoomFlag::TABLE.iter().map(|(_, letter)| *letter).collect();
    format!("{lists},k,lW,{flags}")
}

/// MAXLIST: the lists share one bound.
fn max_list() -> String {
    let lists: String = ListKind::TABLE.iter().map(|(_, letter)| *letter).collect();
    format!("{lists}:{}", limits::CHAT_ROOM_LIST_ENTRIES)
}

/// PREFIX: the letters of statuses and their prefixes, highest first.
fn prefixes() -> String {
    let letters: String = Statuses::TABLE.iter().map(|(_, letter, _)| *letter).collect();
    let prefixes: String = Statuses::TABLE.iter().map(|(.., prefix)| *prefix).collect();
    format!("({letters}){prefixes}")
}

fn targets() -> String {
    let targets = TARGETS.iter().map(|(command, max)| match max {
        Some(max) => format!("{command}:{max}"),
        None => format!("{command}:"),
    });
    targets.collect::<Vec<_>>().join(",")
}

fn sorted(letters: impl Iterator<Item = char>) -> String {
    let mut letters: Vec<char> = letters.collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}
