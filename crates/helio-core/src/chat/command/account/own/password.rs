//! ACCOUNT PASSWD: a new password for who knows the old one.

use super::super::new_password;
use super::{carry_out, done, own_to_change};
use crate::chat::command::{answer, login};
use crate::chat::credential::Credential;
use crate::chat::effect::{Password, Verdict};
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::chat::verifying::{self, Purpose};
use crate::chat::{AccountChange, Chat};
use crate::irc::standard_reply::ReplyCode;
use crate::sasl::prepare_password;
use crate::time::Now;
use alloc::string::String;

/// A password on its way to be that of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct NewPassword {
    account: String,
    /// What the account's was when it was asked for.
    old: Option<Credential>,
    new: Password,
    label: Option<String>,
}

/// `PASSWD old new`. An account without a password takes any old one.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let account = own_to_change(turn)?;
    let new = new_password(&account, params[1])?;
    let old = turn.chat.state.accounts.get(&account).and_then(|account| account.credential.clone());
    if turn.chat.verifying.is_full() || !login::may_try(turn, &account) {
        return Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &[&account]));
    }
    let label = turn.reply.label.take();
    let hash = old.as_ref().map(|credential| credential.hash.clone());
    let change = NewPassword { account, old, new, label };
    match hash {
        Some(hash) => {
            let Ok(text) = prepare_password(params[0]) else {
                turn.reply.label = change.label;
                return Err(wrong(&change.account));
            };
            verifying::begin(turn.chat, turn.session, Purpose::ChangePassword(change), Password(text), hash);
        }
        None => derive(turn.chat, turn.session, change),
    }
    Ok(())
}

/// The old password was compared.
pub(in crate::chat::command) fn compared(
    chat: &mut Chat,
    id: SessionId,
    change: NewPassword,
    verdict: Verdict,
    now: Now,
) {
    if verdict == Verdict::Right {
        return derive(chat, id, change);
    }
    answer(chat, id, "ACCOUNT", now, |turn| {
        turn.reply.label.clone_from(&change.label);
        turn.reply.refuse(&match verdict {
            Verdict::NotCompared => Refusal::fail(ReplyCode::TemporarilyUnavailable, &[&change.account]),
            Verdict::Right | Verdict::Wrong => wrong(&change.account),
        });
    });
}

/// What the new password will be compared with is there.
pub(in crate::chat::command) fn changed(
    chat: &mut Chat,
    id: SessionId,
    change: NewPassword,
    credential: Option<Credential>,
    now: Now,
) {
    answer(chat, id, "ACCOUNT", now, |turn| {
        turn.reply.label.clone_from(&change.label);
        set(turn, &change, credential).unwrap_or_else(|refusal| turn.reply.refuse(&refusal));
    });
}

fn derive(chat: &mut Chat, id: SessionId, change: NewPassword) {
    let new = change.new.clone();
    verifying::derive(chat, id, Purpose::ChangePassword(change), new);
}

/// Sets it, if what was compared is still true.
fn set(turn: &mut Turn<'_>, change: &NewPassword, credential: Option<Credential>) -> Outcome {
    let account = own_to_change(turn)?;
    let is_same = turn.chat.state.accounts.get(&account).is_some_and(|known| known.credential == change.old);
    if account != change.account || !is_same || credential.is_none() {
        return Err(Refusal::fail(ReplyCode::TemporarilyUnavailable, &[&account]));
    }
    login::was_right(turn, &account);
    let at_us = turn.now.utc.micros();
    let ticket = carry_out(turn, AccountChange::Password { account: account.clone(), credential, at_us }, &account)?;
    done(turn, ticket, "PASSWORD_CHANGED", &[&account], "Your password was changed");
    Ok(())
}

fn wrong(account: &str) -> Refusal {
    Refusal::fail_text(ReplyCode::InvalidParams, &["PASSWD", account], "The old password is wrong")
}
