//! What the server tells about itself: ADMIN, INFO, LINKS, TIME, TRACE, and what it does not do: SUMMON, USERS.

use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::irc::mask::glob;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::ToString;

/// Refuses a command that is for another server: there is none. A mask, or the nickname of somebody who is here, means
/// us (RFC 2812 §3.4).
pub(super) fn must_be_us(turn: &Turn<'_>, server: Option<&str>) -> Outcome {
    let Some(server) = server.filter(|server| !server.is_empty()) else { return Ok(()) };
    let is_us = server.len() <= limits::CHAT_WHO_MASK && glob(server, &turn.chat.settings.server_name);
    if is_us || turn.chat.state.user_named(server).is_some() {
        return Ok(());
    }
    Err(Refusal::numeric(Numeric::ErrNoSuchServer, &[server]))
}

pub(super) fn admin(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    must_be_us(turn, params.first().copied())?;
    let Turn { chat, reply, .. } = turn;
    let (name, admin) = (&chat.settings.server_name, &chat.settings.admin);
    if *admin == crate::chat::Admin::default() {
        return Err(Refusal::numeric(Numeric::ErrNoAdminInfo, &[name]));
    }
    reply.numeric(Numeric::RplAdminMe, &[name]);
    reply.numeric_text(Numeric::RplAdminLoc1, &[], &admin.location);
    reply.numeric_text(Numeric::RplAdminLoc2, &[], &admin.description);
    reply.numeric_text(Numeric::RplAdminEmail, &[], &admin.email);
    Ok(())
}

pub(super) fn info(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    must_be_us(turn, params.first().copied())?;
    let Turn { chat, reply, .. } = turn;
    let lines = [
        chat.settings.version.clone(),
        "A private communications server: rooms, files and feeds in one program.".to_string(),
        format!("Up since {}", chat.started.utc.rfc3339_millis()),
    ];
    for line in &lines {
        reply.numeric_text(Numeric::RplInfo, &[], line);
    }
    reply.numeric(Numeric::RplEndOfInfo, &[]);
    Ok(())
}

pub(super) fn links(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    // RFC 2812 §3.4.5: the server that is to answer, and a mask of servers.
    let (remote, mask) = match params {
        [] => (None, "*"),
        [mask] => (None, *mask),
        [remote, mask, ..] => (Some(*remote), *mask),
    };
    must_be_us(turn, remote)?;
    let Turn { chat, reply, .. } = turn;
    let name = &chat.settings.server_name;
    if mask.len() <= limits::CHAT_WHO_MASK && glob(mask, name) {
        reply.numeric_text(Numeric::RplLinks, &[name, name], &format!("0 {}", chat.settings.network));
    }
    reply.numeric(Numeric::RplEndOfLinks, &[mask]);
    Ok(())
}

pub(super) fn time(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    must_be_us(turn, params.first().copied())?;
    let Turn { chat, reply, now, .. } = turn;
    let seconds = now.utc.micros().div_euclid(1_000_000).to_string();
    // Everything here is in UTC, so that is the offset.
    let params = [chat.settings.server_name.as_str(), &seconds, "0"];
    reply.numeric_text(Numeric::RplTime, &params, &now.utc.rfc3339_millis());
    Ok(())
}

/// Operators see all connections, others their own (RFC 2812 §3.4.8).
pub(super) fn trace(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let target = params.first().copied().filter(|target| turn.chat.state.user_named(target).is_some());
    if target.is_none() {
        must_be_us(turn, params.first().copied())?;
    }
    let id = turn.user_id()?;
    let Turn { chat, reply, .. } = turn;
    let Some(viewer) = chat.state.user(id) else { return Ok(()) };
    let is_meant = |user: &&User| {
        let is_named = target.is_none_or(|target| crate::irc::casemap::eq(target, &user.nick));
        is_named && policy::can_see_connection(viewer, user)
    };
    for user in chat.state.users.values().filter(is_meant).take(limits::CHAT_WHO_REPLIES) {
        let (numeric, word) = match user.is_operator() {
            true => (Numeric::RplTraceOperator, "Oper"),
            false => (Numeric::RplTraceUser, "User"),
        };
        reply.numeric(numeric, &[word, "users", &user.nick]);
    }
    let settings = &chat.settings;
    reply.numeric(Numeric::RplTraceEnd, &[&settings.server_name, &settings.version]);
    Ok(())
}

/// RFC 1459 §5.5: lists who is logged in to the machine; nowhere done any more.
pub(super) fn users(_: &mut Turn<'_>, _: &[&str]) -> Outcome {
    Err(Refusal::numeric(Numeric::ErrUsersDisabled, &[]))
}

/// RFC 1459 §5.4: calls somebody who is logged in to the machine; nowhere done any more.
pub(super) fn summon(_: &mut Turn<'_>, _: &[&str]) -> Outcome {
    Err(Refusal::numeric(Numeric::ErrSummonDisabled, &[]))
}
