//! ACCOUNT NICK: nicknames that only who is logged in to the account can use.

use super::{carry_out, done, own, own_to_change, unknown};
use crate::chat::AccountChange;
use crate::chat::command::nick;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params[0].to_ascii_uppercase().as_str() {
        "ADD" => set(turn, params.get(1).copied(), true),
        "DEL" => set(turn, params.get(1).copied(), false),
        "LIST" => list(turn),
        word => Err(unknown("NICK", word)),
    }
}

/// Without a name it is the nickname in use.
fn set(turn: &mut Turn<'_>, name: Option<&str>, is_owned: bool) -> Outcome {
    let account = own_to_change(turn)?;
    let name = name.filter(|name| !name.is_empty()).map(ToString::to_string);
    let nick = name.map_or_else(|| turn.user().map(|user| user.nick.clone()), Ok)?;
    // Nobody loses the nickname that they use to who is faster.
    if is_owned && nick::is_free(turn, &nick).is_err() {
        return Err(Refusal::fail(ReplyCode::Taken, &[&nick]));
    }
    let at_us = turn.now.utc.micros();
    let change = AccountChange::NickOwned { account: account.clone(), nick: nick.clone(), is_owned, at_us };
    let ticket = carry_out(turn, change, &nick)?;
    let (code, text) = match is_owned {
        true => ("NICK_ADDED", format!("{nick} belongs to your account {account} now")),
        false => ("NICK_DELETED", format!("{nick} is free for everybody now")),
    };
    done(turn, ticket, code, &[&nick], &text);
    Ok(())
}

fn list(turn: &mut Turn<'_>) -> Outcome {
    let name = own(turn)?;
    let nicks: Vec<String> =
        turn.chat.state.accounts.get(&name).into_iter().flat_map(|account| account.names().map(String::from)).collect();
    for nick in nicks {
        turn.reply.note("NICK", &[&nick], &format!("{nick} is yours"));
    }
    turn.reply.note("END", &["NICK"], "End of your nicknames");
    Ok(())
}
