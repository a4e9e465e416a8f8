//! MONITOR: who wanted to know that somebody comes or goes (IRCv3 monitor, extended-monitor).

use super::To;
use crate::chat::ids::SessionId;
use crate::chat::line::Line;
use crate::chat::state::{State, User};
use crate::irc::line::LineBuilder;
use crate::irc::numeric::Numeric;
use alloc::vec::Vec;

/// `mask` is there now, as its `nick!user@host` says.
pub(super) fn online(state: &State, mask: &str, server: &str, to: &mut To<'_, '_>) {
    tell(state, nick_of(mask), Numeric::RplMonOnline, mask, server, to);
}

/// Nobody is called `nick` any more.
pub(super) fn offline(state: &State, nick: &str, server: &str, to: &mut To<'_, '_>) {
    tell(state, nick, Numeric::RplMonOffline, nick, server, to);
}

/// Those who watch `user` and share no room with it: with extended-monitor they are told what neighbours are told.
pub(super) fn strangers(state: &State, user: &User, neighbours: &[SessionId]) -> Vec<SessionId> {
    let watchers = state.watchers(&user.nick).filter(|session| !user.sessions.contains(*session));
    watchers.filter(|session| neighbours.binary_search(session).is_err()).collect()
}

fn tell(state: &State, nick: &str, numeric: Numeric, text: &str, server: &str, to: &mut To<'_, '_>) {
    for session in state.watchers(nick).collect::<Vec<_>>() {
        let watcher = to.sessions.get(session).and_then(|session| session.user()).and_then(|id| state.user(id));
        let Some(watcher) = watcher else { continue };
        let mut bytes = Vec::new();
        LineBuilder::new(&mut bytes).source(server).numeric(numeric).param(&watcher.nick).trailing(text).finish();
        let told = Line::irc(bytes);
        to.tell([session], |_| Some(&told));
    }
}

fn nick_of(mask: &str) -> &str {
    mask.split('!').next().unwrap_or_default()
}
