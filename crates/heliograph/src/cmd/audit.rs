//! `helio audit`: what was done by privilege on a server (spec/audit.md).

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::exit::{Failure, Outcome};
use crate::output;
use crate::signals::Signals;
use clap::Args;
use helio_core::chat::{AuditRecord, By, ControlAnswer, ControlRequest};
use helio_core::limits;
use helio_core::printable::printable;
use helio_core::time::Utc;

/// Show what was done by privilege: by server operators and by helio itself
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio audit                      everything that is kept, oldest first
  helio audit --follow             and what happens from now on, until Ctrl-C
  helio audit --json | jq .        for programs")]
pub(crate) struct AuditArgs {
    /// Go on with what happens from now on; the server must run
    #[arg(long)]
    follow: bool,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(args: &AuditArgs, global: &Global) -> Outcome {
    let mut server = Server::reach(&args.place, global, false)?;
    if args.follow && !server.is_running() {
        return Err(Failure::usage("no server runs with this --data-dir, so there is nothing to follow"));
    }
    let mut from = show(&mut server, 0, args.json)?;
    if !args.follow {
        return Ok(());
    }
    crate::run::small_runtime()?.block_on(async {
        let mut signals = Signals::catch()?;
        loop {
            signals.or(tokio::time::sleep(limits::AUDIT_FOLLOW_INTERVAL)).await?;
            from = show(&mut server, from, args.json)?;
        }
    })
}

/// Shows all from a position on; the one behind them.
fn show(server: &mut Server, mut from: u64, is_json: bool) -> Outcome<u64> {
    loop {
        let answer = server.ask(ControlRequest::Audit { from: Some(from) })?;
        let ControlAnswer::Audit { records, next, is_last } = answer else { return Err(unexpected()) };
        for record in &records {
            if is_json { output::json(record)? } else { output::line(line(record))? }
        }
        from = next;
        if is_last {
            return Ok(from);
        }
    }
}

/// `time who act target: detail`.
fn line(record: &AuditRecord) -> String {
    let AuditRecord { at_us, by, act, target, detail, is_refused } = record;
    let who = match by {
        By::Control { uid: Some(uid) } => format!("uid={uid}"),
        By::Control { uid: None } => "control".to_owned(),
        By::Operator { name, mask } => format!("operator={name} ({mask})"),
        By::User { mask, account: Some(account) } => format!("account={account} ({mask})"),
        By::User { mask, account: None } => mask.clone(),
        By::Server => "server".to_owned(),
    };
    let mut text = format!("{} {who} {act}", Utc::from_micros(*at_us).rfc3339_millis());
    if !target.is_empty() {
        text += &format!(" {target}");
    }
    if *is_refused {
        text += " (refused)";
    }
    if !detail.is_empty() {
        text += &format!(": {detail}");
    }
    printable(text.as_bytes(), 2 * limits::CHAT_AUDIT_TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_did_what_to_whom_and_drives_no_terminal() {
        let by = By::Operator { name: "boss".to_owned(), mask: "ada!a@127.0.0.1".to_owned() };
        let (target, detail) = ("eve!e@192.0.2.1".to_owned(), "spam\u{1b}[2J".to_owned());
        let kill = AuditRecord { at_us: 0, by, act: "kill".to_owned(), target, detail, is_refused: false };
        let text = line(&kill);
        let head = "1970-01-01T00:00:00.000Z operator=boss (ada!a@127.0.0.1) kill eve!e@192.0.2.1: spam";
        assert!(text.starts_with(head) && !text.contains('\u{1b}'), "{text}");
        let by = By::Control { uid: Some(1000) };
        let refused = AuditRecord { by, target: String::new(), detail: String::new(), is_refused: true, ..kill };
        assert_eq!(line(&refused), "1970-01-01T00:00:00.000Z uid=1000 kill (refused)");
    }
}
