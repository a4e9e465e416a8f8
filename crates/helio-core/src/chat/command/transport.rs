//! TRANSPORT: what the server's kernel knows of the connection that asks. spec/transport.md is the page.

use crate::chat::Chat;
use crate::chat::effect::Effect;
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::transport::{SHOWN, Transport};
use crate::chat::turn::Turn;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `TRANSPORT`.
pub(super) fn run(turn: &mut Turn<'_>, _: &[&str]) -> Outcome {
    if turn.session()?.inspecting.is_some() {
        return Err(Refusal::numeric(Numeric::RplTryAgain, &["TRANSPORT"]));
    }
    let label = turn.reply.label.take();
    turn.session_mut()?.inspecting = Some(label);
    turn.chat.effects.push_back(Effect::Inspect { session: turn.session });
    Ok(())
}

/// The driver has looked.
pub(in crate::chat) fn inspected(chat: &mut Chat, id: SessionId, transport: Option<&Transport>, now: Now) {
    let Some(label) = chat.sessions.get_mut(id).and_then(|session| session.inspecting.take()) else { return };
    super::answer(chat, id, "TRANSPORT", now, |turn| {
        turn.reply.label = label;
        match transport.map(shown).filter(|facts| !facts.is_empty()) {
            Some(facts) => turn.reply.note("TCP", &[&facts], &transport.map(told).unwrap_or_default()),
            None => turn.reply.refuse(&Refusal::fail(ReplyCode::NotMeasured, &[])),
        }
    });
}

fn shown(transport: &Transport) -> String {
    let numbers = SHOWN.iter().filter_map(|name| Some(format!("{name}={}", transport.number(name)?)));
    let congestion = transport.congestion.as_deref().filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()));
    let congestion = congestion.map(|name| format!("congestion={}", truncate_utf8(name, limits::CONGESTION_NAME)));
    numbers.chain(congestion).collect::<Vec<_>>().join(";")
}

/// The same in words, as far as it is known.
fn told(transport: &Transport) -> String {
    let millis = |us: u64| format!("{}.{:02} ms", us / 1_000, us % 1_000 / 10);
    let mut words = Vec::new();
    match (transport.number("rtt_us"), transport.number("rttvar_us")) {
        (Some(rtt), Some(varying)) => words.push(format!("Round trip {}, varying by {}", millis(rtt), millis(varying))),
        (Some(rtt), None) => words.push(format!("Round trip {}", millis(rtt))),
        (None, _) => {}
    }
    if let (Some(again), Some(all)) = (transport.number("total_retrans"), transport.number("segs_out")) {
        words.push(format!("{again} of {all} segments sent again"));
    }
    words.join("; ")
}
