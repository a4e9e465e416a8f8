//! WHO and WHOX: who is in a room, or fits a mask (modern.ircdocs.horse "WHO message").

mod row;

use crate::chat::policy;
use crate::chat::reply::Outcome;
use crate::chat::state::{Room, State, User};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::mask::glob;
use crate::irc::numeric::Numeric;
use crate::irc::whox::WhoxQuery;
use crate::limits;
use alloc::vec::Vec;
use row::Row;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let mask = params.first().copied().filter(|mask| !mask.is_empty()).unwrap_or("*");
    let options = params.get(1).copied().unwrap_or_default();
    let whox = WhoxQuery::parse(options);
    let wants_operators = whox.map_or(options, |query| query.flags).contains('o');
    let (id, all_prefixes) = (turn.user_id()?, turn.has(Capability::MultiPrefix));
    let Turn { chat, reply, now, .. } = turn;
    let Some(viewer) = chat.state.user(id) else { return Ok(()) };
    let server = &chat.settings.server_name;
    let (room, mut found) = find(&chat.state, viewer, mask, server);
    found.retain(|user| !wants_operators || user.is_operator());
    let is_cut = found.len() > limits::CHAT_WHO_REPLIES;
    for user in found.into_iter().take(limits::CHAT_WHO_REPLIES) {
        let row = Row { viewer, user, room, server, all_prefixes, now: *now };
        match &whox {
            Some(query) => row.special(reply, query),
            None => row.plain(reply),
        }
    }
    if is_cut {
        reply.numeric(Numeric::ErrTooManyMatches, &["WHO"]);
    }
    reply.numeric(Numeric::RplEndOfWho, &[mask]);
    Ok(())
}

/// Whom `viewer` may see of those that the mask means: members of a room, somebody by name, or all whom it fits.
fn find<'a>(state: &'a State, viewer: &User, mask: &str, server: &str) -> (Option<&'a Room>, Vec<&'a User>) {
    if mask.starts_with('#') {
        let room = state.room(mask).filter(|room| policy::can_see_room(viewer, room));
        let members = room.into_iter().flat_map(|room| room.members.keys().filter_map(|id| state.user(*id)));
        let seen = |user: &&User| room.is_some_and(|room| policy::can_see_membership(viewer, user, room));
        return (room, members.filter(seen).collect());
    }
    if let Some(user) = state.user_named(mask) {
        // Whoever knows the nickname can ask WHOIS as well.
        return (None, alloc::vec![user]);
    }
    if mask.len() > limits::CHAT_WHO_MASK {
        return (None, Vec::new());
    }
    // RFC 2812 §3.6.1: `0` is everybody.
    let mask = if mask == "0" { "*" } else { mask };
    let fits = |user: &&User| is_meant(mask, user, server) && policy::can_see_user(state, viewer, user);
    (None, state.users.values().filter(fits).collect())
}

/// A mask may be of anything that a WHO shows.
fn is_meant(mask: &str, user: &User, server: &str) -> bool {
    if mask.contains(['!', '@']) {
        return glob(mask, &user.mask());
    }
    [&user.nick, &user.username, &user.host, &user.realname].into_iter().any(|text| glob(mask, text))
        || glob(mask, server)
}
