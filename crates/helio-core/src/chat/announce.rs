//! Who is told of an event, and in which words.

mod changed;
mod marked;
mod metadata;
mod monitor;
mod presence;
mod redacted;
mod room;
mod said;

pub(super) use changed::change;
pub(super) use said::Shown;

use super::Chat;
use super::event::{Event, Presence, Said};
use super::ids::SessionId;
use super::line::{Audience, Face, Line, compose};
use super::reply::Reply;
use super::sessions::Sessions;
use crate::time::Now;
use alloc::vec::Vec;

/// The session whose command caused an event. Its own copy is part of its answer, so that it can be labelled.
pub(super) struct Origin<'a> {
    pub(super) session: SessionId,
    pub(super) reply: &'a mut Reply,
}

/// Whether an event is told before it is applied: after it, those concerned can no longer be found.
pub(super) fn is_told_first(event: &Event) -> bool {
    match event {
        Event::Presence(presence) => matches!(
            presence,
            Presence::NickChanged { .. } | Presence::Parted { .. } | Presence::Kicked { .. } | Presence::Quit { .. }
        ),
        Event::Room(_)
        | Event::Account(_)
        | Event::Said(..)
        | Event::Marked(_)
        | Event::Redacted(_)
        | Event::Metadata(_)
        | Event::Audit(_)
        | Event::Server(_) => false,
    }
}

/// Tells everybody whom `event` concerns. `shown` is what [`change`] made of it.
pub(super) fn announce(chat: &mut Chat, event: &Event, shown: Option<&Said>, origin: Option<Origin<'_>>, now: Now) {
    let Chat { state, sessions, settings, ids, .. } = chat;
    let mut to = To { sessions, origin };
    match event {
        Event::Presence(presence) => presence::announce(state, presence, &settings.server_name, &mut to, now),
        Event::Room(event) => room::announce(state, event, shown, &settings.server_name, &mut to, now),
        // Whom it concerns is told by what follows from it.
        Event::Account(_) | Event::Audit(_) | Event::Server(_) => {}
        Event::Said(said, scope) => said::announce(state, said, scope, &mut to, || ids.batch()),
        Event::Marked(marked) => marked::announce(state, marked, &settings.server_name, &mut to),
        Event::Redacted(redacted) => redacted::announce(state, redacted, &mut to),
        Event::Metadata(event) => metadata::announce(state, event, &settings.server_name, &mut to, now),
    }
}

/// The way to those concerned.
struct To<'a, 'r> {
    sessions: &'a mut Sessions,
    origin: Option<Origin<'r>>,
}

impl To<'_, '_> {
    /// Tells all of `whom`; the session that caused the event gets its copy in its answer.
    fn tell<'l>(&mut self, whom: impl IntoIterator<Item = SessionId>, pick: impl Fn(Audience) -> Option<&'l Line>) {
        let origin = self.origin.as_ref().map(|origin| origin.session);
        let mut is_origin_told = false;
        let others = whom.into_iter().filter(|session| {
            let is_origin = Some(*session) == origin;
            is_origin_told |= is_origin;
            !is_origin
        });
        self.sessions.deliver(others, |audience, out| {
            if let Some(line) = pick(audience) {
                line.encode(audience, out);
            }
        });
        if is_origin_told {
            self.tell_origin(pick);
        }
    }

    fn tell_origin<'l>(&mut self, pick: impl Fn(Audience) -> Option<&'l Line>) {
        let Some(origin) = &mut self.origin else { return };
        let Some(audience) = self.sessions.audience(origin.session) else { return };
        // Guests get no echo of what they do.
        if audience.face == Face::Guest {
            return;
        }
        if let Some(line) = pick(audience) {
            origin.reply.line(line.clone());
        }
    }
}

/// A line of `source`: `command` with `params`, the last of which may hold anything.
fn line(source: &str, command: &str, params: &[&str], trailing: Option<&str>) -> Vec<u8> {
    compose(Some(source), command, params, trailing)
}
