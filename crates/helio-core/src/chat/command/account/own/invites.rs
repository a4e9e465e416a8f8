//! ACCOUNT INVITE: codes with which people register, for server operators.

use super::super::invite;
use super::{done, refused, unknown};
use crate::chat::audit::{self, By, Deed};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

const DAY_S: u64 = 24 * 60 * 60;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let word = params.first().copied().unwrap_or("1").to_ascii_uppercase();
    match (word.as_str(), params.get(1).copied()) {
        ("LIST", _) => list(turn),
        ("REVOKE", Some(id)) => revoke(turn, id),
        ("REVOKE", None) => Err(Refusal::fail(ReplyCode::NeedMoreParams, &["INVITE"])),
        (uses, days) => {
            let room = params.get(2).copied();
            let Ok(uses) = uses.parse() else { return Err(unknown("INVITE", uses)) };
            let default = limits::CHAT_INVITE_AGE_DEFAULT.as_secs() / DAY_S;
            let Ok(days) = days.map_or(Ok(default), str::parse) else {
                return Err(unknown("INVITE", days.unwrap_or("*")));
            };
            add(turn, (uses, days.saturating_mul(DAY_S)), room)
        }
    }
}

fn add(turn: &mut Turn<'_>, (uses, expires_s): (u32, u64), room: Option<&str>) -> Outcome {
    let (by, now) = (By::session(turn.chat, turn.session), turn.now);
    let name = turn.user()?.operator.clone().unwrap_or_default();
    let made = invite::make(turn.chat, &name, (uses, expires_s), room, now);
    let made = made.map_err(|error| refused(&error, "INVITE"))?;
    let to = room.map(|room| format!(" to {room}")).unwrap_or_default();
    let detail = format!("{uses} uses within {expires_s} seconds{to}");
    audit::note(turn.chat, by, Deed::done("invite-add", &made.id, &detail), now);
    let text = format!("REGISTER * {} PASSWORD makes an account; the code is not shown again", made.code);
    done(turn, made.ticket, "INVITED", &[&made.id, &made.code], &text);
    Ok(())
}

fn revoke(turn: &mut Turn<'_>, id: &str) -> Outcome {
    let (by, now) = (By::session(turn.chat, turn.session), turn.now);
    let ticket = invite::revoke(turn.chat, id, now).map_err(|error| refused(&error, "INVITE"))?;
    audit::note(turn.chat, by, Deed::done("invite-revoke", id, ""), now);
    done(turn, ticket, "INVITE_REVOKED", &[id], "Nobody can use this invitation any more");
    Ok(())
}

fn list(turn: &mut Turn<'_>) -> Outcome {
    let now_us = turn.now.utc.micros();
    let usable = turn.chat.state.invites.iter().filter(|invite| !invite.is_expired(now_us));
    let rows: Vec<_> = usable.take(limits::CONTROL_ROWS).map(|invite| invite.info()).collect();
    for row in rows {
        let expires = Utc::from_micros(row.expires_us).rfc3339_millis();
        let to = row.room.as_ref().map(|room| format!(", to {room}")).unwrap_or_default();
        let text = format!("{}: {} uses until {expires}, made by {}{to}", row.id, row.uses_left, row.by);
        turn.reply.note("INVITE", &[&row.id, &row.uses_left.to_string(), &expires], &text);
    }
    turn.reply.note("END", &["INVITE"], "End of invitations");
    Ok(())
}
