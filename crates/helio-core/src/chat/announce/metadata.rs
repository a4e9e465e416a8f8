//! Metadata (IRCv3 metadata, a draft): each key is told to sessions that are subscribed to it, and see whom or what it is of.

use super::{To, line, monitor};
use crate::chat::event::MetadataEvent;
use crate::chat::ids::SessionId;
use crate::chat::line::Line;
use crate::chat::state::{MetadataTarget, Room, State, Statuses, User};
use crate::irc::capability::Capability;
use crate::time::Now;
use alloc::vec::Vec;

pub(super) fn announce(state: &State, event: &MetadataEvent, server: &str, to: &mut To<'_, '_>, now: Now) {
    let mut tell = Telling { server, to, now, is_origin_told: false };
    match event {
        MetadataEvent::Restored(_) => {}
        MetadataEvent::Shown { user, changes } => {
            // It did not ask for this.
            tell.is_origin_told = true;
            let user = state.user(*user);
            user.into_iter().for_each(|user| tell.of_user(state, user, told(changes)));
        }
        MetadataEvent::Changed(changed) => match &changed.target {
            MetadataTarget::Account(name) => {
                state.users_of(name).for_each(|user| tell.of_user(state, user, told(&changed.changes)));
            }
            MetadataTarget::User(user) => {
                let user = state.user(*user);
                user.into_iter().for_each(|user| tell.of_user(state, user, told(&changed.changes)));
            }
            MetadataTarget::Room { name, .. } => {
                let Some(room) = state.room(name) else { return };
                let whom: Vec<SessionId> = room.sessions(Statuses::NONE).collect();
                tell.tell(&whom, &room.name, told(&changed.changes));
            }
        },
    }
}

/// Somebody came into a room: those who are there are told what they tell.
pub(super) fn entered(state: &State, user: &User, room: &Room, server: &str, to: &mut To<'_, '_>, now: Now) {
    let Some(values) = state.metadata_of(user) else { return };
    let whom = room.sessions(Statuses::NONE).filter(|session| !user.sessions.contains(*session));
    let whom: Vec<SessionId> = whom.collect();
    let values = values.iter().map(|(key, value)| (key.as_str(), Some(value.as_str())));
    Telling { server, to, now, is_origin_told: false }.tell(&whom, &user.nick, values);
}

/// Somebody is called `nick` from now on: those who watch that nickname are told what they tell.
pub(super) fn online(state: &State, user: &User, nick: &str, server: &str, to: &mut To<'_, '_>, now: Now) {
    let Some(values) = state.metadata_of(user) else { return };
    let whom: Vec<SessionId> = state.watchers(nick).collect();
    let values = values.iter().map(|(key, value)| (key.as_str(), Some(value.as_str())));
    Telling { server, to, now, is_origin_told: false }.tell(&whom, nick, values);
}

fn told(changes: &crate::chat::state::MetadataChanges) -> impl Iterator<Item = (&str, Option<&str>)> {
    changes.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
}

struct Telling<'a, 't, 'r> {
    server: &'a str,
    to: &'a mut To<'t, 'r>,
    now: Now,
    /// Else the session whose command it was has an answer to it.
    is_origin_told: bool,
}

impl Telling<'_, '_, '_> {
    fn of_user<'k>(&mut self, state: &State, user: &User, changes: impl Iterator<Item = (&'k str, Option<&'k str>)>) {
        let mut whom = state.neighbours(user.id);
        let strangers = monitor::strangers(state, user, &whom);
        whom.extend(strangers);
        whom.extend(user.sessions.iter());
        self.tell(&whom, &user.nick, changes);
    }

    fn tell<'k>(
        &mut self,
        whom: &[SessionId],
        target: &str,
        changes: impl Iterator<Item = (&'k str, Option<&'k str>)>,
    ) {
        let origin = self.to.origin.as_ref().map(|origin| origin.session).filter(|_| !self.is_origin_told);
        let sessions = &mut *self.to.sessions;
        for (key, value) in changes {
            let is_concerned = |id: &SessionId| {
                let is_subscribed = sessions.get(*id).is_some_and(|session| session.subscriptions.contains(key));
                is_subscribed && Some(*id) != origin
            };
            let whom: Vec<SessionId> = whom.iter().copied().filter(is_concerned).collect();
            let told = Line::irc(line(self.server, "METADATA", &[target, key, "*"], value)).at(self.now.utc);
            sessions.deliver(whom, |audience, out| {
                if audience.has(Capability::Metadata) {
                    told.encode(audience, out);
                }
            });
        }
    }
}
