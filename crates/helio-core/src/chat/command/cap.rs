//! CAP: what a client and we both can (IRCv3 capability-negotiation).

use super::register;
use crate::chat::line::{Line, compose};
use crate::chat::reply::{Outcome, Refusal, pack};
use crate::chat::session::Peer;
use crate::chat::turn::Turn;
use crate::chat::{Chat, Settings};
use crate::irc::capability::{Capabilities, Capability, CapabilityValue, implied_by_version, parse_request};
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// From this version on, clients are told values, lists in several lines, and what changes later.
const VALUES_SINCE: u32 = 302;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params[0].to_ascii_uppercase().as_str() {
        "LS" => list_all(turn, params.get(1).copied()),
        "LIST" => {
            let session = turn.session()?;
            let (names, has_values) = (names(session.caps), session.cap_version >= VALUES_SINCE);
            list(turn, "LIST", names, has_values)
        }
        "REQ" => request(turn, params.get(1).copied().unwrap_or_default()),
        "END" => end(turn),
        _ => Err(Refusal::numeric(Numeric::ErrInvalidCapCmd, &[params[0]])),
    }
}

/// The settings changed: clients that want such news learn what sts advertises now. It is never taken back by CAP DEL
/// (sts: "Servers MUST NOT"); where it ended, secure clients are told that its duration is over.
pub(in crate::chat) fn settings_changed(chat: &mut Chat, old: &Settings) {
    for id in chat.sessions.ids() {
        let Some(session) = chat.sessions.get(id) else { continue };
        let (before, after) = (sts(old, &session.peer), sts(&chat.settings, &session.peer));
        let news = match after {
            None if before.is_some() && session.peer.is_secure => Some("duration=0".to_string()),
            after if after != before => after,
            Some(_) | None => None,
        };
        let is_told = session.cap_version >= VALUES_SINCE && session.caps.contains(Capability::CapNotify);
        let (true, Some(news)) = (is_told, news) else { continue };
        let nick = super::nick_of(chat, id);
        let text = format!("{}={news}", Capability::Sts.name());
        let line = compose(Some(&chat.settings.server_name), "CAP", &[&nick, "NEW"], Some(&text));
        chat.sessions.send(id, &Line::irc(line));
    }
}

fn list_all(turn: &mut Turn<'_>, version: Option<&str>) -> Outcome {
    let version = version.and_then(|version| version.parse().ok()).unwrap_or(0);
    let session = turn.session_mut()?;
    session.cap_version = session.cap_version.max(version);
    session.caps = session.caps.union(implied_by_version(version));
    let (has_values, peer) = (session.cap_version >= VALUES_SINCE, session.peer.clone());
    if let Some(registration) = session.registration() {
        registration.is_negotiating = true;
    }
    let settings = &turn.chat.settings;
    let offered = offered(settings, &peer, has_values).iter().map(|capability| {
        match value(capability, settings, &peer).filter(|_| has_values) {
            Some(value) => format!("{}={value}", capability.name()),
            None => capability.name().to_string(),
        }
    });
    let offered = offered.collect();
    list(turn, "LS", offered, has_values)
}

fn request(turn: &mut Turn<'_>, list: &str) -> Outcome {
    let offered = offered(&turn.chat.settings, &turn.session()?.peer.clone(), true);
    let room = room(turn, "ACK");
    let session = turn.session_mut()?;
    if let Some(registration) = session.registration() {
        registration.is_negotiating = true;
    }
    // What cannot be repeated on one line cannot be acknowledged.
    let request = parse_request(list, offered, session.cap_version >= VALUES_SINCE).filter(|_| list.len() <= room);
    if let Some(request) = request {
        session.caps = request.apply(session.caps);
    }
    reply(turn, &[if request.is_some() { "ACK" } else { "NAK" }], list);
    Ok(())
}

fn end(turn: &mut Turn<'_>) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.is_negotiating = false;
    }
    register::complete(turn)
}

/// What this connection may ask for, and what it is told. sts means something only to those who know values.
fn offered(settings: &Settings, peer: &Peer, has_values: bool) -> Capabilities {
    let is_offered = |capability: &Capability| match capability.value() {
        CapabilityValue::Absent | CapabilityValue::Required => true,
        CapabilityValue::Informational => has_values && sts(settings, peer).is_some(),
    };
    Capability::ALL.iter().copied().filter(is_offered).collect()
}

/// The value of a capability that has one.
fn value(capability: Capability, settings: &Settings, peer: &Peer) -> Option<String> {
    match capability.value() {
        CapabilityValue::Absent => None,
        CapabilityValue::Informational => sts(settings, peer),
        CapabilityValue::Required => {
            Some(format!("max-bytes={},max-lines={}", limits::CHAT_MULTILINE_BYTES, limits::CHAT_MULTILINE_LINES))
        }
    }
}

/// What of STS concerns this connection (sts): the port where it is not secure, else for how long and whether it may be
/// preloaded.
fn sts(settings: &Settings, peer: &Peer) -> Option<String> {
    let keys = if peer.is_secure { ["duration", "preload"].as_slice() } else { &["port"] };
    let parts = settings.sts.as_deref()?.split(',').map(str::trim);
    let concerned = parts.filter(|part| keys.contains(&part.split('=').next().unwrap_or_default()));
    let value = concerned.collect::<Vec<_>>().join(",");
    Some(value).filter(|value| !value.is_empty())
}

/// Sends a list; where the client knows how, in several lines of which all but the last have a `*`.
fn list(turn: &mut Turn<'_>, subcommand: &str, items: Vec<String>, is_split: bool) -> Outcome {
    if !is_split {
        reply(turn, &[subcommand], &items.join(" "));
        return Ok(());
    }
    let mut lines = pack(items, ' ', room(turn, subcommand)).into_iter().peekable();
    if lines.peek().is_none() {
        reply(turn, &[subcommand], "");
    }
    while let Some(line) = lines.next() {
        let params = [subcommand, "*"];
        reply(turn, if lines.peek().is_some() { &params } else { &params[..1] }, &line);
    }
    Ok(())
}

/// Bytes of a list in one line, the `*` of a list that goes on counted.
fn room(turn: &Turn<'_>, subcommand: &str) -> usize {
    let fixed = [turn.chat.settings.server_name.as_str(), "CAP", &target(turn), subcommand, "*"].join(" ").len();
    (limits::IRC_BODY - 2).saturating_sub(1 + fixed + 2)
}

fn reply(turn: &mut Turn<'_>, subcommand: &[&str], list: &str) {
    let target = target(turn);
    let params = [&[target.as_str()], subcommand].concat();
    turn.reply.server_line("CAP", &params, Some(list));
}

fn target(turn: &Turn<'_>) -> String {
    super::nick_of(turn.chat, turn.session)
}

fn names(caps: Capabilities) -> Vec<String> {
    caps.iter().map(|capability| capability.name().to_string()).collect()
}
