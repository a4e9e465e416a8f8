//! ROOM: registered rooms. `spec/rooms.md` describes them. One row a subcommand.

pub(super) mod access;
mod registration;
pub(super) mod settings;

use super::{acknowledge, filter};
use crate::chat::ids::Ticket;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::Room;
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use alloc::string::{String, ToString};

/// A subcommand: its name, how many parameters it needs behind it, how it is written, and what does it.
struct Subcommand {
    name: &'static str,
    min_params: usize,
    usage: &'static str,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
}

const fn row(
    name: &'static str,
    min_params: usize,
    usage: &'static str,
    run: fn(&mut Turn<'_>, &[&str]) -> Outcome,
) -> Subcommand {
    Subcommand { name, min_params, usage, run }
}

/// In alphabetical order. The first parameter of each is the room.
const SUBCOMMANDS: &[Subcommand] = &[
    row("ACCEPT", 1, "room: takes over a room that its founder offers you", registration::accept),
    row("ACCESS", 2, "room LIST|SET account founder|admin|op|halfop|voice|none: who is what in it", access::run),
    row("DROP", 1, "room [code]: it is registered no more", registration::drop),
    row(
        "FILTER",
        2,
        "room LIST|ADD refuse|report text|ADD mute minutes text|DEL text: what nobody may say",
        filter::of_room,
    ),
    row("INFO", 1, "room: whose it is, and how it is set", registration::info),
    row("REGISTER", 1, "room: makes a room that you are operator of your account's own", registration::register),
    row(
        "SET",
        3,
        "room slow|read-only|invite-only|keep-days|keep-newest number|on|off: how one speaks and comes in, what is kept",
        settings::set,
    ),
    row(
        "TRANSFER",
        2,
        "room account: offers your room to another; to yourself, takes the offer back",
        registration::transfer,
    ),
];

/// `ROOM subcommand room …`; alone, what there is.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let Some((name, params)) = params.split_first() else {
        for subcommand in SUBCOMMANDS {
            turn.reply.note("HELP", &[subcommand.name], subcommand.usage);
        }
        turn.reply.note("END_OF_HELP", &[], "End of help");
        return Ok(());
    };
    let Some(subcommand) = SUBCOMMANDS.iter().find(|known| known.name.eq_ignore_ascii_case(name)) else {
        return Err(Refusal::fail(ReplyCode::InvalidParams, &[name]));
    };
    if params.len() < subcommand.min_params {
        return Err(Refusal::fail(ReplyCode::NeedMoreParams, &[subcommand.name]));
    }
    (subcommand.run)(turn, params)
}

/// The room called `name`, if the one who asks may know that it is there.
pub(super) fn find<'t>(turn: &'t Turn<'_>, name: &str) -> Outcome<&'t Room> {
    let user = turn.user()?;
    let known = turn.chat.state.room(name).filter(|room| policy::can_know_room(user, room));
    known.ok_or_else(|| Refusal::numeric(Numeric::ErrNoSuchChannel, &[name]))
}

/// The name of the account that is written `name`, if one can log in to it.
fn account(turn: &Turn<'_>, room: &str, name: &str) -> Outcome<String> {
    let known = turn.chat.state.accounts.get(name).filter(|account| account.is_active());
    let known = known.map(|account| account.name.to_string());
    known.ok_or_else(|| Refusal::fail(ReplyCode::NoSuchAccount, &[room, name]))
}

/// Says that it is done to a room, the first word of `context`.
fn done(turn: &mut Turn<'_>, ticket: Option<Ticket>, code: &str, context: &[&str], text: &str) {
    let told = turn.reply.note_line(code, context, text);
    acknowledge(turn, ticket, ("ROOM", context.first().copied().unwrap_or("*")), told);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(SUBCOMMANDS.is_sorted_by(|a, b| a.name < b.name));
    }
}
