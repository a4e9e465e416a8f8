//! `helio invite`: codes with which people make accounts.

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::exit::{Failure, Outcome};
use crate::output;
use crate::value::Span;
use clap::{Args, Subcommand};
use helio_core::chat::{ControlAnswer, ControlRequest};
use helio_core::limits;
use helio_core::time::Utc;

/// Make a code with which somebody can register an account
///
/// The code is printed once and not kept. Whoever has it types `/quote REGISTER * CODE PASSWORD` in an IRC client; their nickname
/// becomes their account. Codes count where the setting `registration` is "invited".
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio invite                          for one person, within a week
  helio invite --uses 20 --expires 2d   for a class
  helio invite list
  helio invite revoke 4k2jq7xa")]
pub(crate) struct InviteArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// How many accounts can be made with it [default: 1]
    #[arg(long, value_name = "N")]
    uses: Option<u32>,

    /// For how long [default: 7d]
    #[arg(long, value_name = "TIME")]
    expires: Option<Span>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the invitations that can be used; their codes are not known any more
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Let nobody use an invitation any more
    Revoke {
        /// Its id, the first word of its line in the list
        id: String,
    },
}

pub(crate) fn run(args: InviteArgs, global: &Global) -> Outcome {
    if args.action.is_some() && (args.uses.is_some() || args.expires.is_some()) {
        return Err(Failure::usage("--uses and --expires are for a new invitation"));
    }
    let mut server = Server::reach(&args.place, global, false)?;
    match args.action {
        None => {
            let expires = args.expires.map_or(limits::CHAT_INVITE_AGE_DEFAULT, |span| span.0);
            make(&mut server, ControlRequest::InviteAdd { uses: args.uses.unwrap_or(1), expires_s: expires.as_secs() })
        }
        Some(Action::List { json }) => list(&mut server, json),
        Some(Action::Revoke { id }) => server.order(ControlRequest::InviteRevoke { id }),
    }
}

fn make(server: &mut Server, request: ControlRequest) -> Outcome {
    let ControlAnswer::Invited { id, code } = server.ask(request)? else { return Err(unexpected()) };
    output::line(&code)?;
    output::message(format_args!("to use it: /quote REGISTER * {code} PASSWORD"));
    output::message(format_args!("to take it back: helio invite revoke {id}"));
    Ok(())
}

fn list(server: &mut Server, is_json: bool) -> Outcome {
    let mut after = None;
    loop {
        let answer = server.ask(ControlRequest::InviteList { after })?;
        let ControlAnswer::Invites { invites, is_last } = answer else { return Err(unexpected()) };
        for invite in &invites {
            if is_json {
                output::json(invite)?;
                continue;
            }
            let expires = Utc::from_micros(invite.expires_us).rfc3339_millis();
            output::line(format_args!("{} uses={} until={expires} by={}", invite.id, invite.uses_left, invite.by))?;
        }
        after = invites.last().map(|invite| invite.id.clone());
        if is_last || after.is_none() {
            return Ok(());
        }
    }
}
