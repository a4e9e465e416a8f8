//! ACCOUNT INFO and LIST: what is known of accounts.

use super::own;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::AccountInfo;
use crate::chat::state::accounts::Account;
use crate::chat::turn::Turn;
use crate::irc::casemap;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// `INFO [account]`: one's own; of others for server operators.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let name = match params.first().copied().filter(|name| !name.is_empty()) {
        Some(name) => name.to_string(),
        None => own(turn)?,
    };
    if !turn.account().is_some_and(|account| casemap::eq(account, &name)) {
        policy::can_operate(turn.user()?)?;
    }
    let info = turn.chat.state.accounts.get(&name).map(Account::info);
    let info = info.ok_or_else(|| Refusal::fail(ReplyCode::AccountUnknown, &[&name]))?;
    tell(turn, &info);
    turn.reply.note("END", &["INFO", &info.name], "End of account");
    Ok(())
}

/// `LIST [after]`: as many as fit into one answer.
pub(super) fn list(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let after = params.first().copied().filter(|name| !name.is_empty());
    let mut rows = turn.chat.state.accounts.after(after);
    let shown: Vec<AccountInfo> = rows.by_ref().take(limits::CONTROL_ROWS).map(Account::info).collect();
    let is_more = rows.next().is_some();
    for account in &shown {
        turn.reply.note("ACCOUNT", &[&account.name], &format!("{} {}", account.name, account.state()));
    }
    match shown.last().filter(|_| is_more) {
        Some(last) => turn.reply.note("MORE", &["LIST", &last.name], &format!("More: ACCOUNT LIST {}", last.name)),
        None => turn.reply.note("END", &["LIST"], "End of accounts"),
    }
    Ok(())
}

fn tell(turn: &mut Turn<'_>, info: &AccountInfo) {
    let AccountInfo { name, registered_us, nicks, certificates, apps, .. } = info;
    let registered = Utc::from_micros(*registered_us).rfc3339_millis();
    let text = format!("{name} {}, registered {registered}", info.state());
    turn.reply.note("INFO", &[name, &registered], &text);
    let list = |what: &str, items: Vec<String>| (what.to_string(), items);
    let certificates = certificates.iter().map(ToString::to_string).collect();
    for (what, items) in
        [list("nickname", nicks.clone()), list("app password", apps.clone()), list("certificate", certificates)]
    {
        for item in items {
            turn.reply.note("INFO", &[name], &format!("{what} {item}"));
        }
    }
}
