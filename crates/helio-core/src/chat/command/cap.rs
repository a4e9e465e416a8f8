//! CAP: what a client and we both can (IRCv3 capability-negotiation).

use super::register;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::capability::{Capabilities, Capability, parse_request};
use crate::irc::numeric::Numeric;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params[0].to_ascii_uppercase().as_str() {
        "LS" => list_all(turn, params.get(1).copied()),
        "LIST" => {
            let enabled = names(turn.session()?.caps);
            reply(turn, "LIST", &enabled)
        }
        "REQ" => request(turn, params.get(1).copied().unwrap_or_default()),
        "END" => end(turn),
        other => Err(Refusal::numeric(Numeric::ErrInvalidCapCmd, &[other])),
    }
}

fn list_all(turn: &mut Turn<'_>, version: Option<&str>) -> Outcome {
    let version = version.and_then(|version| version.parse().ok()).unwrap_or(0);
    let session = turn.session_mut()?;
    session.cap_version = session.cap_version.max(version);
    if version >= 302 {
        session.caps.insert(Capability::CapNotify);
    }
    if let Some(registration) = session.registration() {
        registration.is_negotiating = true;
    }
    let offered: Vec<String> = Capability::ALL.iter().map(|capability| capability.name().to_string()).collect();
    reply(turn, "LS", &offered.join(" "))
}

fn request(turn: &mut Turn<'_>, list: &str) -> Outcome {
    let session = turn.session_mut()?;
    if let Some(registration) = session.registration() {
        registration.is_negotiating = true;
    }
    let offered: Capabilities = Capability::ALL.iter().copied().collect();
    match parse_request(list, offered, session.cap_version >= 302) {
        Some(request) => {
            session.caps = request.apply(session.caps);
            reply(turn, "ACK", list)
        }
        None => reply(turn, "NAK", list),
    }
}

fn end(turn: &mut Turn<'_>) -> Outcome {
    if let Some(registration) = turn.session_mut()?.registration() {
        registration.is_negotiating = false;
    }
    register::complete(turn)
}

fn reply(turn: &mut Turn<'_>, subcommand: &str, list: &str) -> Outcome {
    let target = turn.user().map_or_else(|_| "*".to_string(), |user| user.nick.clone());
    turn.reply.server_line("CAP", &[&target, subcommand], Some(list));
    Ok(())
}

fn names(caps: Capabilities) -> String {
    caps.iter().map(Capability::name).collect::<Vec<_>>().join(" ")
}
