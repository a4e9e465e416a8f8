//! WHOIS and WHOWAS: everything that may be known of somebody who is here, or was (modern.ircdocs.horse "WHOIS
//! message", "WHOWAS message").

use super::{away, server, user_mode};
use crate::chat::Chat;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::state::{State, User, UserFlag};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::casemap;
use crate::irc::host;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What is told of what people tell of themselves: "keys that can be easily read by users" (metadata, "RPL_WHOISKEYVALUE
/// numeric"). METADATA LIST tells all.
const TOLD_OF_METADATA: [&str; 4] = ["display-name", "homepage", "pronouns", "status"];

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let (remote, targets) = match params {
        [] => (None, ""),
        [targets] => (None, *targets),
        [remote, targets, ..] => (Some(*remote), *targets),
    };
    if targets.is_empty() {
        return Err(Refusal::numeric(Numeric::ErrNoNicknameGiven, &[]));
    }
    server::must_be_us(turn, remote)?;
    for nick in names(targets) {
        match turn.someone(nick) {
            Ok(user) => {
                let id = user.id;
                tell(turn, id)?;
            }
            Err(refusal) => turn.reply.refuse(&refusal),
        }
    }
    turn.reply.numeric(Numeric::RplEndOfWhois, &[targets]);
    Ok(())
}

pub(super) fn whowas(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let targets = params.first().copied().unwrap_or_default();
    if targets.is_empty() {
        return Err(Refusal::numeric(Numeric::ErrNoNicknameGiven, &[]));
    }
    server::must_be_us(turn, params.get(2).copied())?;
    // "If <count> is non-positive, a full search is done."
    let count = params.get(1).and_then(|count| count.parse().ok()).filter(|count| *count > 0).unwrap_or(usize::MAX);
    let Turn { chat, reply, .. } = turn;
    for nick in names(targets) {
        let mut known = chat.state.whowas.iter().filter(|was| casemap::eq(&was.nick, nick)).take(count).peekable();
        if known.peek().is_none() {
            reply.numeric(Numeric::ErrWasNoSuchNick, &[nick]);
        }
        for was in known {
            reply.numeric_text(Numeric::RplWhowasUser, &[&was.nick, &was.username, &was.host, "*"], &was.realname);
            let server = chat.settings.server_name.as_str();
            reply.numeric_text(Numeric::RplWhoisServer, &[&was.nick, server], &was.left.rfc3339_millis());
            if let Some(account) = &was.account {
                reply.numeric(Numeric::RplWhoisAccount, &[&was.nick, account]);
            }
        }
    }
    reply.numeric(Numeric::RplEndOfWhowas, &[targets]);
    Ok(())
}

/// The nicknames of a list, as many as are answered.
fn names(targets: &str) -> impl Iterator<Item = &str> {
    targets.split(',').filter(|nick| !nick.is_empty()).take(limits::CHAT_WHOIS_TARGETS)
}

fn tell(turn: &mut Turn<'_>, id: crate::chat::ids::UserId) -> Outcome {
    let all_prefixes = turn.has(Capability::MultiPrefix);
    let viewer = turn.user_id()?;
    let Turn { chat, reply, now, .. } = turn;
    let state = &chat.state;
    let (Some(viewer), Some(user)) = (state.user(viewer), state.user(id)) else { return Ok(()) };
    let nick = user.nick.as_str();
    reply.numeric_text(Numeric::RplWhoisUser, &[nick, &user.username, &user.host, "*"], &user.realname);
    tell_rooms(reply, state, viewer, user, all_prefixes);
    reply.numeric_text(Numeric::RplWhoisServer, &[nick, &chat.settings.server_name], &chat.settings.network);
    away::tell(reply, user);
    if user.is_operator() {
        reply.numeric(Numeric::RplWhoisOperator, &[nick]);
    }
    if let Some(account) = &user.account {
        reply.numeric(Numeric::RplWhoisAccount, &[nick, account]);
    }
    if user.has(UserFlag::Bot) {
        reply.numeric(Numeric::RplWhoisBot, &[nick]);
    }
    for (key, value) in state.metadata_of(user).into_iter().flatten() {
        if TOLD_OF_METADATA.contains(&key.as_str()) {
            reply.numeric_text(Numeric::RplWhoisKeyValue, &[nick, key, "*"], value);
        }
    }
    tell_connections(reply, chat, user, policy::can_see_connection(viewer, user));
    if policy::can_see_connection(viewer, user) {
        let modes = format!("is using modes {}", user_mode::letters(user));
        reply.numeric_text(Numeric::RplWhoisModes, &[nick], &modes);
    }
    tell_idle(reply, user, *now);
    Ok(())
}

/// The rooms that `viewer` may know of, with what the user is in them.
fn tell_rooms(reply: &mut Reply, state: &State, viewer: &User, user: &User, all_prefixes: bool) {
    let seen = state.rooms_of(user.id).filter(|room| policy::can_see_membership(viewer, user, room));
    let names = seen.map(|room| {
        let prefixes = room.statuses(user.id).into_iter().flat_map(|statuses| statuses.prefixes(all_prefixes));
        prefixes.chain(room.name.chars()).collect::<String>()
    });
    reply.numeric_list(Numeric::RplWhoisChannels, &[&user.nick], names, ' ');
}

/// Whether nobody on the way can read what they say, from any of their clients; and where these are.
fn tell_connections(reply: &mut Reply, chat: &Chat, user: &User, is_told_where: bool) {
    let peers: Vec<_> = user.sessions.iter().filter_map(|id| chat.sessions.get(id)).map(|found| &found.peer).collect();
    if !peers.is_empty() && peers.iter().all(|peer| peer.is_secure) {
        reply.numeric(Numeric::RplWhoisSecure, &[&user.nick]);
    }
    for peer in peers.into_iter().filter(|_| is_told_where) {
        if let Some(certificate) = peer.certificate {
            let text = alloc::format!("has client certificate fingerprint {certificate}");
            reply.numeric_text(Numeric::RplWhoisCertFp, &[&user.nick], &text);
        }
        let address = host::of_address(peer.address.ip().to_canonical());
        reply.numeric(Numeric::RplWhoisActually, &[&user.nick, &address]);
    }
}

fn tell_idle(reply: &mut Reply, user: &User, now: Now) {
    let idle = now.mono.since(user.spoke).as_secs().to_string();
    let signed_on = seconds(user.signed_on).to_string();
    reply.numeric(Numeric::RplWhoisIdle, &[&user.nick, &idle, &signed_on]);
}

fn seconds(at: Utc) -> i64 {
    at.micros().div_euclid(1_000_000)
}
