//! USERHOST and ISON: the short questions of old clients about who is here (RFC 2812 §4.8, §4.9).

use crate::chat::reply::Outcome;
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let found = found(turn, params, limits::CHAT_USERHOST_TARGETS, |user| {
        let operator = if user.is_operator() { "*" } else { "" };
        let here = if user.away.is_some() { '-' } else { '+' };
        format!("{}{operator}={here}{}@{}", user.nick, user.username, user.host)
    });
    tell(turn, Numeric::RplUserhost, &found);
    Ok(())
}

pub(super) fn ison(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let found = found(turn, params, usize::MAX, |user| user.nick.clone());
    tell(turn, Numeric::RplIson, &found);
    Ok(())
}

/// Those of the named who are here. Some clients put all names into one parameter.
fn found(turn: &Turn<'_>, params: &[&str], max: usize, show: impl Fn(&User) -> String) -> Vec<String> {
    let names = params.iter().flat_map(|param| param.split(' ')).filter(|nick| !nick.is_empty());
    names.take(max).filter_map(|nick| turn.chat.state.user_named(nick)).map(show).collect()
}

/// One line at least: nobody is an answer, too.
fn tell(turn: &mut Turn<'_>, numeric: Numeric, found: &[String]) {
    if found.is_empty() {
        turn.reply.numeric_text(numeric, &[], "");
    }
    turn.reply.numeric_list(numeric, &[], found, ' ');
}
