//! ACCOUNT APP: passwords for single programs. The server makes them, and shows each once.

use super::super::app_secret;
use super::{carry_out, done, own, own_to_change, unknown};
use crate::chat::AccountChange;
use crate::chat::credential::TokenHash;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let name = params.get(1).copied().filter(|name| !name.is_empty());
    match (params[0].to_ascii_uppercase().as_str(), name) {
        ("ADD", Some(name)) => add(turn, name),
        ("DEL", Some(name)) => delete(turn, name),
        ("ADD" | "DEL", None) => Err(Refusal::fail(ReplyCode::NeedMoreParams, &["APP"])),
        ("LIST", _) => list(turn),
        (word, _) => Err(unknown("APP", word)),
    }
}

fn add(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let account = own_to_change(turn)?;
    let secret = app_secret(turn.chat).ok_or_else(|| Refusal::fail(ReplyCode::UnknownError, &[]))?;
    let (app, hash, at_us) = (name.to_string(), Some(TokenHash::of(&secret)), turn.now.utc.micros());
    let ticket = carry_out(turn, AccountChange::App { account, app, hash, at_us }, name)?;
    let text = format!("The password of {name} is {secret} and is not shown again");
    done(turn, ticket, "APP_ADDED", &[name, &secret], &text);
    Ok(())
}

fn delete(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let account = own_to_change(turn)?;
    let (app, at_us) = (name.to_string(), turn.now.utc.micros());
    let ticket = carry_out(turn, AccountChange::App { account, app, hash: None, at_us }, name)?;
    done(turn, ticket, "APP_DELETED", &[name], "Nobody can log in by this password any more");
    Ok(())
}

fn list(turn: &mut Turn<'_>) -> Outcome {
    let name = own(turn)?;
    let apps: Vec<(String, i64)> = turn
        .chat
        .state
        .accounts
        .get(&name)
        .into_iter()
        .flat_map(|account| account.apps.iter().map(|app| (app.name.clone(), app.at_us)))
        .collect();
    for (app, at_us) in apps {
        let made = Utc::from_micros(at_us).rfc3339_millis();
        turn.reply.note("APP", &[&app, &made], &format!("{app}, made {made}"));
    }
    turn.reply.note("END", &["APP"], "End of your app passwords");
    Ok(())
}
