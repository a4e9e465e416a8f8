//! When sessions want to be looked at again: one entry each.

#[cfg(test)]
mod bounds;

use super::ids::SessionId;
use super::session::{Session, Stage};
use super::{Chat, Settings, command};
use crate::limits;
use crate::time::{Instant, Now};
use alloc::collections::{BTreeMap, BTreeSet};

/// Each session's next moment. A moment may come earlier than needed; what is due is decided when it comes, so hearing
/// from a client costs nothing here.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeSet<(Instant, SessionId)>,
    by_session: BTreeMap<SessionId, Instant>,
}

impl Timers {
    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Wakes the session at `at`, unless it is woken earlier already.
    pub(super) fn set(&mut self, id: SessionId, at: Instant) {
        if self.by_session.get(&id).is_some_and(|known| *known <= at) {
            return;
        }
        self.forget(id);
        self.by_session.insert(id, at);
        self.by_time.insert((at, id));
    }

    pub(super) fn forget(&mut self, id: SessionId) {
        if let Some(at) = self.by_session.remove(&id) {
            self.by_time.remove(&(at, id));
        }
    }

    /// The sessions whose moment has come, in the order in which they are looked after.
    #[cfg(test)]
    pub(super) fn due(&self, now: Instant) -> alloc::vec::Vec<SessionId> {
        self.by_time.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    fn poll_due(&mut self, now: Instant) -> Option<SessionId> {
        let (_, id) = *self.by_time.first().filter(|(at, _)| *at <= now)?;
        self.forget(id);
        Some(id)
    }
}

/// Where the new settings leave less time than `old`, every session is looked at now: its moment may be too late.
pub(super) fn settings_changed(chat: &mut Chat, old: &Settings, now: Now) {
    let new = &chat.settings;
    if new.ping_interval < old.ping_interval || new.registration_timeout < old.registration_timeout {
        for id in chat.sessions.ids() {
            if chat.sessions.get(id).is_some_and(|session| !session.is_closing()) {
                chat.timers.set(id, now.mono);
            }
        }
    }
}

/// Looks after every session whose moment has come.
pub(super) fn run(chat: &mut Chat, now: Now) {
    while let Some(id) = chat.timers.poll_due(now.mono) {
        if let Some(next) = look_after(chat, id, now) {
            // Later than now in any case, so that this ends.
            chat.timers.set(id, next.max(now.mono + core::time::Duration::from_nanos(1)));
        }
    }
}

/// What is due for a session, and when to look again.
fn look_after(chat: &mut Chat, id: SessionId, now: Now) -> Option<Instant> {
    command::run_waiting(chat, id, now);
    command::multiline::expire(chat, id, now);
    command::authenticate::expire(chat, id, now);
    command::answering::proceed(chat, id, now);
    command::attach::proceed(chat, id, now);
    let interval = chat.settings.ping_interval;
    let session = chat.sessions.get_mut(id)?;
    let next = match &session.stage {
        Stage::Closing { .. } => return None,
        Stage::Registering(_) if session.peer.face == super::Face::Guest => {
            let settled = session.opened + limits::CHAT_GUEST_SETTLING;
            if settled <= now.mono {
                command::guest::arrive(chat, id, now);
                now.mono + interval
            } else {
                settled
            }
        }
        Stage::Registering(_) => {
            let deadline = session.opened + chat.settings.registration_timeout;
            if deadline <= now.mono {
                chat.end(id, "Registration timed out", now);
                return None;
            }
            deadline
        }
        // A guest's program knows no PING; TCP's keepalive finds it gone.
        Stage::Registered(_) if session.peer.face == super::Face::Guest => now.mono + interval,
        Stage::Registered(_) => match session.pinged {
            Some(asked) if asked + interval <= now.mono => {
                let text = alloc::format!("Ping timeout: {} seconds", interval.as_secs());
                chat.end(id, &text, now);
                return None;
            }
            Some(asked) => asked + interval,
            None if session.heard + interval <= now.mono => {
                session.pinged = Some(now.mono);
                command::ping::ask(chat, id);
                now.mono + interval
            }
            None => session.heard + interval,
        },
    };
    let next = command::multiline::deadline(chat, id).map_or(next, |deadline| next.min(deadline));
    let next = command::authenticate::deadline(chat, id).map_or(next, |deadline| next.min(deadline));
    let waits = |session: &Session| session.has_waiting() || !session.entering.is_empty();
    let has_waiting = chat.sessions.get(id).is_some_and(waits);
    Some(if has_waiting { next.min(now.mono + chat.flood_pause()) } else { next })
}
