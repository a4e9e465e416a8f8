//! MONITOR: be told when somebody comes and goes (IRCv3 monitor).

use super::metadata;
use crate::chat::event::Presence;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::casemap::fold;
use crate::irc::name::Nick;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params[0] {
        "+" => add(turn, targets(params)?),
        "-" => remove(turn, targets(params)?),
        "C" | "c" => {
            let all: Vec<String> = watched(turn)?.iter().map(ToString::to_string).collect();
            commit(turn, all, false)
        }
        "L" | "l" => {
            let watched = watched(turn)?;
            turn.reply.numeric_list(Numeric::RplMonList, &[], &watched, ',');
            turn.reply.numeric(Numeric::RplEndOfMonList, &[]);
            Ok(())
        }
        "S" | "s" => {
            let watched = watched(turn)?;
            tell(turn, watched.iter().map(AsRef::as_ref));
            Ok(())
        }
        // The specification has no answer for anything else.
        other => Err(Refusal::numeric(Numeric::ErrUnknownError, &["MONITOR", other])),
    }
}

fn targets<'a>(params: &[&'a str]) -> Outcome<Vec<&'a str>> {
    let list = params.get(1).copied().unwrap_or_default();
    let targets: Vec<&str> = list.split(',').filter(|nick| !nick.is_empty()).collect();
    if targets.is_empty() { Err(Refusal::numeric(Numeric::ErrNeedMoreParams, &["MONITOR"])) } else { Ok(targets) }
}

fn watched(turn: &Turn<'_>) -> Outcome<BTreeSet<Box<str>>> {
    turn.user()?;
    Ok(turn.chat.state.watching.get(&turn.session).cloned().unwrap_or_default())
}

/// Adds as many as there is room for, and says of each whether it is here now. What can be nobody's nickname is left out.
fn add(turn: &mut Turn<'_>, targets: Vec<&str>) -> Outcome {
    let rules = turn.chat.settings.nick_rules;
    let mut known = watched(turn)?;
    let (mut added, mut refused) = (Vec::new(), Vec::new());
    for target in targets.into_iter().filter(|target| Nick::parse(target, rules).is_ok()) {
        if !known.contains(&fold(target)) && known.len() >= limits::CHAT_MONITOR {
            refused.push(target);
        } else {
            known.insert(fold(target));
            added.push(target);
        }
    }
    commit(turn, added.iter().map(ToString::to_string).collect(), true)?;
    tell(turn, added.iter().copied());
    metadata::sync::watched(turn, &added)?;
    let limit = limits::CHAT_MONITOR.to_string();
    let room = turn.reply.room(&[&limit, ""]).saturating_sub(Numeric::ErrMonListFull.text().len());
    for list in crate::chat::reply::pack(refused, ',', room) {
        turn.reply.numeric(Numeric::ErrMonListFull, &[&limit, &list]);
    }
    Ok(())
}

fn remove(turn: &mut Turn<'_>, targets: Vec<&str>) -> Outcome {
    commit(turn, targets.into_iter().map(ToString::to_string).collect(), false)
}

fn commit(turn: &mut Turn<'_>, nicks: Vec<String>, is_added: bool) -> Outcome {
    turn.user()?;
    turn.commit(Presence::Watched { session: turn.session, nicks, is_added });
    Ok(())
}

/// Says who of them is here and who is not.
fn tell<'a>(turn: &mut Turn<'_>, nicks: impl Iterator<Item = &'a str>) {
    let (mut online, mut offline) = (Vec::new(), Vec::new());
    for nick in nicks {
        match turn.chat.state.user_named(nick) {
            Some(user) => online.push(user.mask()),
            None => offline.push(nick),
        }
    }
    turn.reply.numeric_list(Numeric::RplMonOnline, &[], online, ',');
    turn.reply.numeric_list(Numeric::RplMonOffline, &[], offline, ',');
}
