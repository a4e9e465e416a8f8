//! ACCOUNT: what people do with their own account, and server operators with invitations. One row a subcommand.

mod apps;
mod certificates;
mod info;
mod invites;
mod nicks;
mod password;
mod set;

pub(in crate::chat) use password::NewPassword;
pub(in crate::chat::command) use password::{changed as password_changed, compared as password_compared};

use super::change;
use crate::chat::AccountChange;
use crate::chat::command::acknowledge;
use crate::chat::control::ControlError;
use crate::chat::ids::Ticket;
use crate::chat::policy::AccountError;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::standard_reply::ReplyCode;
use alloc::string::{String, ToString};

/// What comes behind `ACCOUNT`, how it is written, and what it does.
struct Subcommand {
    name: &'static str,
    min_params: usize,
    usage: &'static str,
    text: &'static str,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
}

const fn row(
    name: &'static str,
    min_params: usize,
    usage: &'static str,
    text: &'static str,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
) -> Subcommand {
    Subcommand { name, min_params, usage, text, run }
}

/// In alphabetical order.
const SUBCOMMANDS: &[Subcommand] = &[
    row("APP", 1, "APP ADD|DEL name, APP LIST", "passwords for single programs, made by the server", apps::run),
    row("CERT", 1, "CERT ADD|DEL [fingerprint], CERT LIST", "certificates that log you in", certificates::run),
    row("INFO", 0, "INFO", "shows your account; server operators can name another", info::run),
    row(
        "INVITE",
        0,
        "INVITE [uses [days]], INVITE LIST|REVOKE id",
        "lets people register; server operators only",
        invites::run,
    ),
    row("LIST", 0, "LIST [after]", "lists accounts; server operators only", info::list),
    row("NICK", 1, "NICK ADD|DEL [nick], NICK LIST", "nicknames that only you can use", nicks::run),
    row("PASSWD", 2, "PASSWD old new", "sets your password", password::run),
    row("SET", 2, "SET ALWAYS-ON ON|OFF", "whether you stay while no client of yours is here", set::run),
];

pub(in crate::chat::command) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let asked = params.first().copied().unwrap_or("HELP").to_ascii_uppercase();
    let Some(subcommand) = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == asked) else {
        return help(turn, &asked);
    };
    let rest = &params[1..];
    if rest.len() < subcommand.min_params || rest.iter().take(subcommand.min_params).any(|param| param.is_empty()) {
        return Err(usage(subcommand));
    }
    (subcommand.run)(turn, rest)
}

fn help(turn: &mut Turn<'_>, asked: &str) -> Outcome {
    if asked != "HELP" {
        return Err(Refusal::fail(ReplyCode::InvalidParams, &[asked]));
    }
    for Subcommand { name, usage, text, .. } in SUBCOMMANDS {
        turn.reply.note("HELP", &[name], &alloc::format!("ACCOUNT {usage}: {text}"));
    }
    turn.reply.note("END", &["HELP"], "End of help");
    Ok(())
}

fn usage(subcommand: &Subcommand) -> Refusal {
    let text = alloc::format!("Expected ACCOUNT {}", subcommand.usage);
    Refusal::fail_text(ReplyCode::NeedMoreParams, &[subcommand.name], &text)
}

/// What is answered to `ADD`, `DEL` or `LIST` that is none of these.
fn unknown(name: &str, word: &str) -> Refusal {
    let usage = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name).map_or("", |found| found.usage);
    Refusal::fail_text(ReplyCode::InvalidParams, &[name, word], &alloc::format!("Expected ACCOUNT {usage}"))
}

/// The account of who asks.
fn own(turn: &Turn<'_>) -> Outcome<String> {
    turn.account().map(ToString::to_string).ok_or_else(|| Refusal::fail(ReplyCode::AccountRequired, &[]))
}

/// The same of one who may change what opens it: a program's own password does not.
fn own_to_change(turn: &Turn<'_>) -> Outcome<String> {
    let account = own(turn)?;
    if turn.session()?.is_app { Err(Refusal::fail(ReplyCode::AppPassword, &[&account])) } else { Ok(account) }
}

/// Makes a change; `what` is named when it is refused.
fn carry_out(turn: &mut Turn<'_>, change_to: AccountChange, what: &str) -> Outcome<Option<Ticket>> {
    change(turn.chat, change_to, turn.now).map_err(|error| refusal(&error, what))
}

fn refusal(error: &AccountError, what: &str) -> Refusal {
    Refusal::fail_text(error.code(), &[what], &error.to_string())
}

/// The refusal of what a request to the control socket shares with us.
fn refused(error: &ControlError, what: &str) -> Refusal {
    let code = ReplyCode::ALL.iter().find(|code| code.code() == error.code);
    Refusal::fail_text(code.copied().unwrap_or(ReplyCode::UnknownError), &[what], &error.message)
}

/// Answers that it is done, when that is on disk.
fn done(turn: &mut Turn<'_>, ticket: Option<Ticket>, code: &str, context: &[&str], text: &str) {
    let told = turn.reply.note_line(code, context, text);
    acknowledge(turn, ticket, ("ACCOUNT", context.first().copied().unwrap_or("*")), told);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_how_each_is_written() {
        assert!(SUBCOMMANDS.is_sorted_by(|a, b| a.name < b.name));
        assert!(SUBCOMMANDS.iter().all(|subcommand| subcommand.usage.starts_with(subcommand.name)));
    }
}
