//! Read markers: told to all connections of whose they are, and to nobody else.

use super::{To, line};
use crate::chat::command::markread;
use crate::chat::event::Marked;
use crate::chat::line::Line;
use crate::chat::state::{MarkerOwner, State};
use crate::irc::capability::Capability;

pub(super) fn announce(state: &State, marked: &Marked, server: &str, to: &mut To<'_, '_>) {
    let known = state.markers.get(&marked.owner, &marked.marker.target);
    let told = Line::irc(line(server, "MARKREAD", &[&marked.name, &markread::moment(known)], None));
    let users: alloc::vec::Vec<_> = match &marked.owner {
        MarkerOwner::Account(account) => state.users_of(account).collect(),
        MarkerOwner::User(user) => state.user(*user).into_iter().collect(),
    };
    let sessions = users.into_iter().flat_map(|user| user.sessions.iter());
    to.tell(sessions, |audience| audience.has(Capability::ReadMarker).then_some(&told));
}
