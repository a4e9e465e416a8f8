//! ACCOUNT SET: how one's account is to be.

use super::{carry_out, done, own, unknown};
use crate::chat::AccountChange;
use crate::chat::policy;
use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;

/// What can be set.
const ALWAYS_ON: &str = "ALWAYS-ON";

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !params[0].eq_ignore_ascii_case(ALWAYS_ON) {
        return Err(unknown("SET", params[0]));
    }
    let is_on = match params[1].to_ascii_uppercase().as_str() {
        "ON" => true,
        "OFF" => false,
        word => return Err(unknown("SET", word)),
    };
    let account = own(turn)?;
    let known = turn.chat.state.accounts.get(&account).and_then(|known| known.always_on);
    let ticket = match known {
        Some(known) if known == is_on => None,
        Some(_) | None => {
            let at_us = turn.now.utc.micros();
            carry_out(turn, AccountChange::AlwaysOn { account: account.clone(), is_on, at_us }, ALWAYS_ON)?
        }
    };
    // The server's setting may say otherwise whatever the account wants.
    let account = turn.chat.state.accounts.get(&account);
    let stays = account.is_some_and(|account| policy::may_stay(&turn.chat.settings, account));
    let text = match stays {
        true => "You stay while no client of yours is here",
        false => "You leave with your last client",
    };
    done(turn, ticket, if is_on { "ON" } else { "OFF" }, &[ALWAYS_ON], text);
    Ok(())
}
