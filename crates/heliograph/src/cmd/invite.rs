//! `helio invite`: links with which people make accounts.

mod link;
mod qr;

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::cmd::serve::PublicAddress;
use crate::exit::{Failure, Outcome};
use crate::output;
use crate::value::{RoomArg, Span};
use clap::{Args, Subcommand};
use helio_core::chat::{AccountRegistration, ControlAnswer, ControlRequest, Settings};
use helio_core::limits;
use helio_core::time::Utc;
use link::Reach;
use serde::Serialize;

/// Make a link with which somebody can come in
///
/// It is printed once and not kept. Opened in a browser it asks for a name, and one is in the room; `helio chat LINK` does the
/// same. Other IRC clients register with the code in it: `/quote REGISTER * CODE PASSWORD`. On a terminal a QR code is drawn too.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio invite --room tea               for one person, within a week, into #tea
  helio invite --uses 20 --expires 2d   for a class
  helio invite --address chat.example.org
  helio invite list
  helio invite revoke 4k2jq7xa")]
pub(crate) struct InviteArgs {
    #[command(subcommand)]
    action: Option<Action>,

    /// The room that it leads to, # may be left out; also one that is closed to others [default: none]
    #[arg(short, long, value_name = "ROOM")]
    room: Option<RoomArg>,

    /// How many accounts can be made with it [default: 1]
    #[arg(long, value_name = "N")]
    uses: Option<u32>,

    /// For how long [default: 7d]
    #[arg(long, value_name = "TIME")]
    expires: Option<Span>,

    /// Where people reach the server's page, host or host:port [default: the setting public-address, or what it listens on]
    #[arg(long, value_name = "HOST")]
    address: Option<PublicAddress>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

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

/// An invitation that was made.
#[derive(Serialize)]
struct Made {
    id: String,
    code: String,
    link: Option<String>,
    /// The line for a terminal.
    command: Option<String>,
    room: Option<String>,
    uses: u32,
    expires_in_s: u64,
}

pub(crate) fn run(args: InviteArgs, global: &Global) -> Outcome {
    let InviteArgs { action, room, uses, expires, address, json, place } = args;
    let is_for_new = uses.is_some() || expires.is_some() || room.is_some() || address.is_some();
    if action.is_some() && is_for_new {
        return Err(Failure::usage("--room, --uses, --expires and --address are for a new invitation"));
    }
    let mut server = Server::reach(&place, global, false)?;
    match action {
        None => {
            let (_, settings) = place.find(global)?;
            warn(&settings);
            let reach = Reach::find(&mut server, &place, global, address.as_ref())?;
            let expires_s = expires.map_or(limits::CHAT_INVITE_AGE_DEFAULT, |span| span.0).as_secs();
            let made = make(&mut server, &reach, (uses.unwrap_or(1), expires_s), room)?;
            if json { output::json(&made) } else { show(&made, &reach) }
        }
        Some(Action::List { json: is_json }) => list(&mut server, json || is_json),
        Some(Action::Revoke { id }) => server.order(ControlRequest::InviteRevoke { id }),
    }
}

/// Settings with which an invitation does not help.
fn warn(settings: &Settings) {
    if settings.registration == AccountRegistration::Closed {
        output::message("nobody can use it as long as registration in [chat] is \"closed\"");
    }
    if settings.password_hash.is_some() {
        output::message("links do not work as long as [chat] has a password-hash; IRC clients can use the code");
    }
}

fn make(server: &mut Server, reach: &Reach, (uses, expires_s): (u32, u64), room: Option<RoomArg>) -> Outcome<Made> {
    let room = room.map(|room| room.0.to_string());
    let request = ControlRequest::InviteAdd { uses, expires_s, room: room.clone() };
    let ControlAnswer::Invited { id, code } = server.ask(request)? else { return Err(unexpected()) };
    let link = reach.link(&code).map(|link| link.to_string());
    let command = link.as_ref().map(|link| format!("helio chat '{link}'"));
    Ok(Made { id, code, link, command, room, uses, expires_in_s: expires_s })
}

/// The link alone is the result; what helps to use it goes to the terminal.
fn show(made: &Made, reach: &Reach) -> Outcome {
    let Made { id, code, .. } = made;
    output::line(made.link.as_ref().unwrap_or(code))?;
    if let Some(link) = made.link.as_ref().filter(|_| output::is_drawn_on()) {
        qr::draw(link)?.iter().for_each(output::message);
    }
    if let Some(command) = &made.command {
        output::message(format_args!("in a terminal: {command}"));
    }
    output::message(format_args!("in other IRC clients: /quote REGISTER * {code} PASSWORD"));
    output::message(format_args!("to take it back: helio invite revoke {id}"));
    reach.advice.iter().for_each(output::message);
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
            let room = invite.room.as_ref().map(|room| format!(" room={room}")).unwrap_or_default();
            let (id, uses, by) = (&invite.id, invite.uses_left, &invite.by);
            output::line(format_args!("{id} uses={uses} until={expires} by={by}{room}"))?;
        }
        after = invites.last().map(|invite| invite.id.clone());
        if is_last || after.is_none() {
            return Ok(());
        }
    }
}
