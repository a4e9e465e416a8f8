//! CAP: what a client and we both can (IRCv3 capability-negotiation).

use super::authenticate::mechanisms;
use super::{metadata, register};
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal, pack};
use crate::chat::session::Peer;
use crate::chat::turn::Turn;
use crate::chat::{Chat, Defcon, Settings};
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

/// The settings changed: clients that want such news learn what is offered now. sts is never taken back by CAP DEL (sts:
/// "Servers MUST NOT"); where it ended, secure clients are told that its duration is over.
pub(in crate::chat) fn settings_changed(chat: &mut Chat, old: &Settings) {
    for id in chat.sessions.ids() {
        let Some(session) = chat.sessions.get(id) else { continue };
        let has_secret = chat.secret.is_some();
        let (peer, settings) = (&session.peer, &chat.settings);
        let before = Offer { settings: old, peer, has_secret };
        let after = Offer { settings, peer, has_secret };
        let changing = [Capability::AccountRegistration, Capability::Search];
        let changes = changing.map(|capability| before.news(&after, capability));
        let news = [before.sts_news(&after)].into_iter().chain(changes);
        let is_told = session.cap_version >= VALUES_SINCE && session.caps.contains(Capability::CapNotify);
        for (subcommand, text) in news.flatten().collect::<Vec<_>>() {
            if subcommand == "DEL"
                && let (Some(session), Some(gone)) = (chat.sessions.get_mut(id), Capability::from_name(&text))
            {
                session.caps.remove(gone);
            }
            if is_told {
                let nick = super::nick_of(chat, id);
                let line = compose(Some(&chat.settings.server_name), "CAP", &[&nick, subcommand], Some(&text));
                chat.sessions.send(id, &Line::irc(line));
            }
        }
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
    let offer = Offer { settings: &turn.chat.settings, peer: &peer, has_secret: turn.chat.secret.is_some() };
    let offered = offer.all(has_values).iter().map(|capability| offer.listed(capability, has_values)).collect();
    list(turn, "LS", offered, has_values)
}

fn request(turn: &mut Turn<'_>, list: &str) -> Outcome {
    let (settings, peer, has_secret) = (&turn.chat.settings, &turn.session()?.peer, turn.chat.secret.is_some());
    let offered = Offer { settings, peer, has_secret }.all(true);
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
    request.map_or(Ok(()), |request| metadata::negotiated(turn, request))
}

fn end(turn: &mut Turn<'_>) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.is_negotiating = false;
    }
    register::complete(turn)
}

/// What a connection is offered.
struct Offer<'a> {
    settings: &'a Settings,
    peer: &'a Peer,
    has_secret: bool,
}

/// A subcommand of CAP and its list.
type News = (&'static str, String);

impl Offer<'_> {
    /// What it may ask for, and what it is told. sts means something only to those who know values.
    fn all(&self, has_values: bool) -> Capabilities {
        Capability::ALL.iter().copied().filter(|capability| self.has(*capability, has_values)).collect()
    }

    fn has(&self, capability: Capability, has_values: bool) -> bool {
        match (capability, capability.value()) {
            (Capability::Sasl, _) => mechanisms(self.has_secret, self.peer).is_some(),
            (Capability::AccountRegistration, _) => {
                // Lockdown passes, and says so itself.
                policy::can_register(self.settings, Defcon::NORMAL, self.peer.address.ip(), None).is_ok()
            }
            (Capability::Search, _) => self.settings.search,
            (_, CapabilityValue::Informational) => has_values && sts(self.settings, self.peer).is_some(),
            (_, CapabilityValue::Absent | CapabilityValue::Required) => true,
        }
    }

    /// The value of a capability that has one.
    fn value(&self, capability: Capability) -> Option<String> {
        match (capability, capability.value()) {
            (_, CapabilityValue::Absent) => None,
            (_, CapabilityValue::Informational) => sts(self.settings, self.peer),
            (Capability::Sasl, _) => mechanisms(self.has_secret, self.peer),
            // Before PASS is looked at nothing may be registered.
            (Capability::AccountRegistration, _) => {
                self.settings.password_hash.is_none().then(|| "before-connect".to_string())
            }
            (Capability::Metadata, _) => Some(format!(
                "before-connect,max-subs={},max-keys={},max-value-bytes={}",
                limits::CHAT_METADATA_SUBS,
                limits::CHAT_METADATA_KEYS,
                limits::CHAT_METADATA_VALUE
            )),
            (_, CapabilityValue::Required) => {
                Some(format!("max-bytes={},max-lines={}", limits::CHAT_MULTILINE_BYTES, limits::CHAT_MULTILINE_LINES))
            }
        }
    }

    fn listed(&self, capability: Capability, has_values: bool) -> String {
        match self.value(capability).filter(|_| has_values) {
            Some(value) => format!("{}={value}", capability.name()),
            None => capability.name().to_string(),
        }
    }

    fn sts_news(&self, after: &Self) -> Option<News> {
        let (was, is) = (sts(self.settings, self.peer), sts(after.settings, after.peer));
        let value = match is {
            None if was.is_some() && self.peer.is_secure => "duration=0".to_string(),
            Some(is) if was.as_ref() != Some(&is) => is,
            Some(_) | None => return None,
        };
        Some(("NEW", format!("{}={value}", Capability::Sts.name())))
    }

    /// What a capability that can come and go has become.
    fn news(&self, after: &Self, capability: Capability) -> Option<News> {
        let listed = |offer: &Self| offer.has(capability, true).then(|| offer.listed(capability, true));
        match (listed(self), listed(after)) {
            (Some(_), None) => Some(("DEL", capability.name().to_string())),
            (was, Some(is)) if was.as_ref() != Some(&is) => Some(("NEW", is)),
            _ => None,
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

/// Sends a list; where the client knows how, in several lines of which all but the last have a `*`. Who does not is told what
/// goes into one line, drafts last: a client that old hardly knows them.
fn list(turn: &mut Turn<'_>, subcommand: &str, mut items: Vec<String>, is_split: bool) -> Outcome {
    if !is_split {
        items.sort_by_key(|item| item.contains('/'));
        let first = pack(items, ' ', room(turn, subcommand)).into_iter().next();
        reply(turn, &[subcommand], &first.unwrap_or_default());
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
