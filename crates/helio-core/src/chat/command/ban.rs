//! KLINE, DLINE and what undoes them, and what a ban does to who arrives and to who is there. `spec/bans.md` describes them.

mod enforce;

use super::stats;
use crate::chat::audit::{self, By, Deed};
use crate::chat::ban::{Ban, Target, parse_duration};
use crate::chat::event::{Presence, ServerEvent};
use crate::chat::ids::SessionId;
use crate::chat::policy::{self, KeptOut};
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::turn::Turn;
use crate::chat::{Chat, Face};
use crate::irc::line::truncate_utf8;
use crate::irc::mask::glob;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::Now;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;
use enforce::{Meant, is_meant, refuse};

/// Which bans a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of networks.
    Net,
    /// All others, and what they are written in place of.
    Other,
}

/// What an operator asked for.
struct Order<'p> {
    is_sure: bool,
    duration: Option<Duration>,
    target: &'p str,
    reason: String,
}

/// `KLINE [MYSELF] [duration] user@host|~a:account|nick [reason]`, `KLINE LIST [mask]`.
pub(super) fn kline(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, Kind::Other, "KLINE", params)
}

/// `DLINE [MYSELF] [duration] network|nick [reason]`, `DLINE LIST [mask]`.
pub(super) fn dline(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, Kind::Net, "DLINE", params)
}

pub(super) fn unkline(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    lift(turn, "UNKLINE", params[0])
}

pub(super) fn undline(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    lift(turn, "UNDLINE", params[0])
}

/// Lists the bans whose target fits, as STATS does.
pub(super) fn list(turn: &mut Turn<'_>, kind: Kind, mask: &str) {
    let now = turn.now.utc;
    let Turn { chat, reply, .. } = turn;
    let is_listed = |ban: &&Ban| {
        let is_net = matches!(ban.target, Target::Net(_));
        is_net == (kind == Kind::Net) && ban.holds(now) && glob(mask, &ban.target.to_string())
    };
    let mut bans = chat.state.bans.iter().filter(is_listed);
    for ban in bans.by_ref().take(limits::CHAT_BANS_LISTED) {
        list_one(reply, ban);
    }
    match bans.count() {
        0 => {}
        more => reply.numeric_text(Numeric::RplStatsDebug, &["*"], &format!("and {more} more; LIST takes a mask")),
    }
}

/// Whether this session may become somebody, as far as bans and lockdown go. If not, it is told and closed.
pub(super) fn is_let_in(turn: &mut Turn<'_>) -> Outcome<bool> {
    match can_enter(turn.chat, turn.session, turn.now) {
        Ok(()) => Ok(true),
        Err(kept_out) => {
            turn.chat.counts.note(&kept_out);
            refuse(turn, &kept_out);
            Ok(false)
        }
    }
}

/// The same as a question.
pub(super) fn can_enter(chat: &Chat, id: SessionId, now: Now) -> Result<(), KeptOut> {
    let Some(session) = chat.sessions.get(id) else { return Ok(()) };
    enforce::newcomer(session, |somebody| policy::can_enter(&chat.state, &chat.settings, somebody, now.utc))
}

/// Closes who would log in to an account that is banned.
pub(super) fn refuse_account(turn: &mut Turn<'_>, account: &str) -> Outcome {
    let Err(kept_out) = policy::can_use_account(&turn.chat.state, account, turn.now.utc) else { return Ok(()) };
    turn.chat.counts.note(&kept_out);
    refuse(turn, &kept_out);
    Err(Refusal::Silent)
}

/// What a connection reads that is not let in at all.
pub(in crate::chat) fn last_words(chat: &Chat, face: Face, kept_out: &KeptOut) -> String {
    let closing = Chat::last_words(face, kept_out.told());
    if face == Face::Guest || !matches!(kept_out, KeptOut::Banned(_)) {
        return closing;
    }
    let mut reply = Reply::new(&chat.settings.server_name, "*", "*");
    reply.numeric_text(Numeric::ErrYoureBannedCreep, &[], kept_out.told());
    let told = reply.into_lines().map(|line| String::from_utf8_lossy(&line.irc).into_owned());
    told.chain([closing]).collect()
}

fn run(turn: &mut Turn<'_>, kind: Kind, command: &'static str, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    if params[0].eq_ignore_ascii_case("LIST") {
        list(turn, kind, params.get(1).copied().unwrap_or("*"));
        turn.reply.numeric(Numeric::RplEndOfStats, &[stats::letter_of(kind)]);
        return Ok(());
    }
    let order = read(command, params)?;
    let target = aim(turn, kind, command, order.target)?;
    let is_self = is_meant(turn.chat, turn.user()?, &target);
    policy::can_ban(turn.user()?, command, &target, is_self, order.is_sure)?;
    if !turn.chat.state.bans.has_room(&target, turn.now.utc) {
        return Err(refusal(command, order.target, "There are as many bans as there may be: lift some"));
    }
    turn.chat.storage.can_take()?;
    let (by, at_us) = (turn.user()?.nick.clone(), turn.now.utc.micros());
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let until_us = order.duration.map(|duration| at_us.saturating_add(micros(duration)));
    let ban = Ban { target, reason: order.reason, by, at_us, until_us };
    let shown = ban.target.to_string();
    if let Some(ticket) = turn.commit(ServerEvent::BanSet(Box::new(ban.clone()))) {
        turn.chat.storage.wait(ticket, turn.session, command, &shown);
    }
    let why = format!("{} ({})", ban.reason, ban.end());
    let text = format!("banned {shown} ({}): {}", ban.end(), ban.reason);
    tell(turn, Deed::done(&command.to_ascii_lowercase(), &shown, &why), &text);
    let meant = Meant::by(&ban, turn.chat);
    let closed = meant.connections(turn.chat);
    turn.reply.note("BAN_SET", &[&shown], &format!("Banned, {}; {closed} connections closed", ban.end()));
    meant.end(turn, &ban);
    Ok(())
}

fn lift(turn: &mut Turn<'_>, command: &'static str, text: &str) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let target = Target::parse(text).ok().filter(|target| turn.chat.state.bans.get(target).is_some());
    let target = target.ok_or_else(|| refusal(command, text, "There is no such ban: STATS d and STATS k list them"))?;
    turn.chat.storage.can_take()?;
    let (by, shown, at) = (turn.user()?.nick.clone(), target.to_string(), turn.now.utc);
    if let Some(ticket) = turn.commit(ServerEvent::BanLifted { target, by, at }) {
        turn.chat.storage.wait(ticket, turn.session, command, &shown);
    }
    tell(turn, Deed::done(&command.to_ascii_lowercase(), &shown, ""), &format!("lifted the ban of {shown}"));
    turn.reply.note("BAN_LIFTED", &[&shown], "The ban is lifted");
    Ok(())
}

/// `[MYSELF] [duration] target [reason]`.
fn read<'p>(command: &'static str, params: &[&'p str]) -> Outcome<Order<'p>> {
    let mut rest = params;
    let is_sure = rest[0].eq_ignore_ascii_case("MYSELF");
    if is_sure {
        rest = &rest[1..];
    }
    // What stands alone is the target.
    let duration = rest.first().filter(|_| rest.len() > 1).and_then(|first| parse_duration(first));
    if duration.is_some() {
        rest = &rest[1..];
    }
    let Some((target, reason)) = rest.split_first() else {
        return Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &[command]));
    };
    let duration = duration.flatten();
    if duration.is_some_and(|duration| duration > limits::CHAT_BAN_TIME) {
        return Err(refusal(
            command,
            target,
            "No ban with an end is longer than ten years; without a duration it has none",
        ));
    }
    let reason = reason.join(" ");
    let reason = truncate_utf8(reason.trim(), limits::CHAT_BAN_REASON);
    let reason = if reason.is_empty() { "no reason given" } else { reason };
    Ok(Order { is_sure, duration, target, reason: reason.to_string() })
}

/// Whom a text means: who is called so, or what is written.
fn aim(turn: &Turn<'_>, kind: Kind, command: &'static str, text: &str) -> Outcome<Target> {
    if let Some(user) = turn.chat.state.user_named(text) {
        let unknown = "They are not here, and nobody knows from where they came; ban their account, ~a:account";
        let address = enforce::address_of(turn.chat, user).ok_or_else(|| refusal(command, text, unknown))?;
        return Ok(Target::Net(address.into()));
    }
    let wrong = "Expected user@host, ~a:account, an address, a network or who is here, in at most 128 bytes";
    let target = Target::parse(text).map_err(|_| refusal(command, text, wrong))?;
    match target {
        Target::User { .. } | Target::Account(_) if kind == Kind::Net => {
            Err(refusal(command, text, "Expected an address, a network or who is here; KLINE takes all else"))
        }
        Target::Net(_) | Target::User { .. } | Target::Account(_) => Ok(target),
    }
}

fn list_one(reply: &mut Reply, ban: &Ban) {
    let text = format!("{} (by {}, {})", ban.reason, ban.by, ban.end());
    // As elsewhere: small for what has an end.
    let letter = |temporary, lasting| if ban.until_us.is_some() { temporary } else { lasting };
    let target = ban.target.to_string();
    match &ban.target {
        Target::Net(_) => reply.numeric_text(Numeric::RplStatsDLine, &[letter("d", "D"), &target], &text),
        Target::Account(_) => {
            reply.numeric_text(Numeric::RplStatsKLine, &[letter("k", "K"), &target, "*", "*"], &text);
        }
        Target::User { .. } => {
            let (user, host) = target.rsplit_once('@').unwrap_or(("*", &target));
            reply.numeric_text(Numeric::RplStatsKLine, &[letter("k", "K"), host, "*", user], &text);
        }
    }
}

/// Tells the server operators what one of them did, and writes it down.
pub(super) fn tell(turn: &mut Turn<'_>, deed: Deed<'_>, told: &str) {
    let by = By::session(turn.chat, turn.session);
    audit::note(turn.chat, by, deed, turn.now);
    let Ok(user) = turn.user() else { return };
    let text = format!("{} {told}", user.nick);
    turn.commit(Presence::ServerNotice { text });
}

/// ERR_UNKNOWNERROR with what is wrong.
pub(super) fn refusal(command: &str, context: &str, why: &'static str) -> Refusal {
    Refusal::Text(Numeric::ErrUnknownError, [command.to_string(), context.to_string()].into(), why)
}
