//! What server operators do: OPER, KILL, WALLOPS, REHASH.

use crate::chat::audit::{self, By, Deed};
use crate::chat::effect::{Effect, Password, Verdict};
use crate::chat::event::Presence;
use crate::chat::ids::SessionId;
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{User, UserFlag};
use crate::chat::turn::Turn;
use crate::chat::verifying::{self, Purpose};
use crate::chat::{Chat, Operator, Settings};
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::time::Now;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let (name, now, session) = (params[0], turn.now.mono, turn.session);
    let last = turn.session_mut()?.oper_tried.replace(now);
    let is_soon = last.is_some_and(|last| now.since(last) < limits::CHAT_OPER_INTERVAL);
    if is_soon || turn.chat.verifying.is_full() {
        return Err(Refusal::numeric(Numeric::RplTryAgain, &["OPER"]));
    }
    let operators = &turn.chat.settings.operators;
    let operator = operators.iter().find(|operator| operator.name == name).cloned();
    // A name that nobody has takes as long as one that somebody has; else the time would tell which names there are.
    let Some(hash) = operator.as_ref().or(operators.first()).map(|operator| operator.password_hash.clone()) else {
        notice_refused(turn.chat, session, name, turn.now);
        return Err(Refusal::numeric(Numeric::ErrPasswdMismatch, &[]));
    };
    // The answer comes with its label when the password was compared; until then there is nothing to say.
    let purpose = Purpose::Oper { operator, label: turn.reply.label.take(), name: name.into() };
    verifying::begin(turn.chat, session, purpose, Password(params[1].into()), hash);
    Ok(())
}

/// The password of OPER was compared.
pub(super) fn verified(
    chat: &mut Chat,
    id: SessionId,
    (operator, label, name): (Option<Operator>, Option<String>, String),
    verdict: Verdict,
    now: Now,
) {
    // The settings may have changed meanwhile, and with them the password.
    let operator = operator.filter(|operator| chat.settings.operators.contains(operator));
    let operator = operator.filter(|_| verdict == Verdict::Right);
    let is_compared = verdict != Verdict::NotCompared;
    if is_compared && operator.is_none() {
        notice_refused(chat, id, &name, now);
    }
    super::answer(chat, id, "OPER", now, |turn| {
        turn.reply.label = label;
        let Ok(user) = turn.user() else { return };
        let (user, mask) = (user.id, user.mask());
        if !is_compared {
            return turn.reply.numeric(Numeric::RplTryAgain, &["OPER"]);
        }
        let Some(Operator { name, .. }) = operator else {
            return turn.reply.numeric(Numeric::ErrPasswdMismatch, &[]);
        };
        super::notice(turn.chat, format!("{mask} is now server operator {name}"), now);
        turn.commit(Presence::Operator { user, name: Some(name.clone()) });
        let by = By::session(turn.chat, id);
        audit::note(turn.chat, by, Deed::done("oper", &name, ""), now);
        turn.commit(Presence::Flags { user, set: alloc::vec![(true, UserFlag::ServerNotices)] });
        turn.reply.numeric(Numeric::RplYoureOper, &[]);
    });
}

pub(super) fn kill(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    if casemap::eq(params[0], &turn.chat.settings.server_name) {
        return Err(Refusal::numeric(Numeric::ErrCantKillServer, &[]));
    }
    let by = turn.user()?;
    let (by_nick, by_mask) = (by.nick.clone(), by.mask());
    let target = turn.someone(params[0])?;
    let (user, nick, mask) = (target.id, target.nick.clone(), target.mask());
    let sessions = target.sessions.clone();
    let comment = params.get(1).copied().filter(|comment| !comment.is_empty()).unwrap_or("no reason given");
    let told = Line::irc(compose(Some(&by_mask), "KILL", &[&nick], Some(comment))).at(turn.now.utc);
    let reason = format!("Killed ({by_nick} ({comment}))");
    super::notice(turn.chat, format!("{by_nick} killed {mask}: {comment}"), turn.now);
    let (by, now) = (By::session(turn.chat, turn.session), turn.now);
    audit::note(turn.chat, by, Deed::done("kill", &mask, comment), now);
    if sessions.contains(turn.session) {
        turn.reply.line(told.clone());
        turn.close(&reason);
    }
    for session in sessions.iter().filter(|session| *session != turn.session) {
        turn.chat.sessions.send(session, &told);
    }
    turn.chat.end_user(user, &reason, Some(turn.session), turn.now);
    Ok(())
}

pub(super) fn wallops(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let by = turn.user()?;
    policy::can_operate(by)?;
    let event = Presence::Wallops { by: by.id, text: params[0].into() };
    turn.commit(event);
    Ok(())
}

pub(super) fn rehash(turn: &mut Turn<'_>, _: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let session = turn.session;
    let (by, now) = (By::session(turn.chat, session), turn.now);
    audit::note(turn.chat, by, Deed::done("rehash", "", ""), now);
    turn.chat.effects.push_back(Effect::Reload { session });
    turn.reply.numeric(Numeric::RplRehashing, &["settings"]);
    Ok(())
}

/// New settings hold: who is no operator by them stops being one.
pub(in crate::chat) fn settings_changed(chat: &mut Chat, now: Now) {
    super::notice(chat, "Settings were read again".into(), now);
    let is_gone = |name: &String, settings: &Settings| !settings.operators.iter().any(|known| known.name == *name);
    let operators = chat
        .state
        .users
        .values()
        .filter(|user| user.operator.as_ref().is_some_and(|name| is_gone(name, &chat.settings)));
    for user in operators.map(|user| user.id).collect::<Vec<_>>() {
        let notices = alloc::vec![(false, UserFlag::ServerNotices)];
        if chat.state.user(user).is_some_and(|user| user.has(UserFlag::ServerNotices)) {
            chat.happen(&Presence::Flags { user, set: notices }.into(), None, now);
        }
        chat.happen(&Presence::Operator { user, name: None }.into(), None, now);
    }
}

/// The settings could not be read: whoever asked is told why, and the other operators.
pub(in crate::chat) fn settings_refused(chat: &mut Chat, asked: Option<SessionId>, reason: &str, now: Now) {
    let text = format!("Settings were not changed: {reason}");
    let user = asked.and_then(|id| chat.sessions.get(id)).and_then(|session| session.user());
    let user = user.and_then(|id| chat.state.user(id));
    if let Some(user) = user.filter(|user| !(user.is_operator() && user.has(UserFlag::ServerNotices))) {
        let text = format!("*** {text}");
        let line = Line::irc(compose(Some(&chat.settings.server_name), "NOTICE", &[&user.nick], Some(&text)));
        asked.into_iter().for_each(|session| chat.sessions.send(session, &line));
    }
    super::notice(chat, text, now);
}

fn notice_refused(chat: &mut Chat, id: SessionId, name: &str, now: Now) {
    let by = By::session(chat, id);
    // A name that nobody has may be a password in the wrong place.
    let is_known = chat.settings.operators.iter().any(|operator| operator.name == name);
    audit::note(chat, by, Deed::refused("oper", if is_known { name } else { "*" }, ""), now);
    let user = chat.sessions.get(id).and_then(|session| session.user()).and_then(|id| chat.state.user(id));
    if let Some(mask) = user.map(User::mask) {
        super::notice(chat, format!("{mask} failed to become server operator"), now);
    }
}
