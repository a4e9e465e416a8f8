//! NICK: how one is called.

use super::{attach, register};
use crate::chat::event::Presence;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::casemap::fold;
use crate::irc::name::{Nick, skeleton};
use crate::irc::numeric::Numeric;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let wanted = params.first().copied().unwrap_or_default();
    if wanted.is_empty() {
        return Err(Refusal::numeric(Numeric::ErrNoNicknameGiven, &[]));
    }
    let nick = Nick::parse(wanted, turn.chat.settings.nick_rules)
        .map_err(|_| Refusal::numeric(Numeric::ErrErroneusNickname, &[wanted]))?;
    if turn.chat.reserved.has(nick.as_str()) {
        return Err(Refusal::numeric(Numeric::ErrErroneusNickname, &[wanted]));
    }
    if !attach::is_possible(turn, nick.as_str()) {
        is_free(turn, nick.as_str())?;
    }
    match turn.user_id() {
        Ok(_) if turn.user()?.nick == nick.as_str() => Ok(()),
        Ok(user) => {
            is_own(turn, nick.as_str())?;
            turn.commit(Presence::NickChanged { user, nick: nick.as_str().to_string() });
            turn.reply.set_target(nick.as_str());
            Ok(())
        }
        Err(_) => {
            if let Some(registration) = turn.session_mut()?.registration() {
                registration.nick = Some(nick.as_str().to_string());
            }
            register::complete(turn)
        }
    }
}

/// Nobody else has this nickname, or one that looks like it.
pub(super) fn is_free(turn: &Turn<'_>, nick: &str) -> Outcome {
    let state = &turn.chat.state;
    let own = turn.user_id().ok();
    let holders = [state.nicks.get(&fold(nick)), state.skeletons.get(skeleton(nick).as_str())];
    if holders.into_iter().flatten().any(|holder| Some(*holder) != own) {
        return Err(Refusal::numeric(Numeric::ErrNicknameInUse, &[nick]));
    }
    Ok(())
}

/// No account owns this nickname, or one that looks like it, but the one that the session is logged in to. Before a connection is
/// registered only its end asks this: log-in may follow NICK.
pub(super) fn is_own(turn: &Turn<'_>, nick: &str) -> Outcome {
    if policy::can_be_called(&turn.chat.state, nick, turn.account()) {
        return Ok(());
    }
    let text = "Nickname belongs to an account: log in to it first";
    Err(Refusal::Text(Numeric::ErrNicknameInUse, [nick.to_string()].into(), text))
}
