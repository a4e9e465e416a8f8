//! How long conversations are kept: what is older, or more, goes from the disk for good (spec/event-log.md, "How long messages
//! are kept").

use super::effect::Effect;
use super::query::Kept;
use super::state::Room;
use super::{Chat, Settings};
use crate::limits;
use crate::time::{Instant, Now};

/// When to look again.
#[derive(Debug)]
pub(super) struct Retention {
    next: Instant,
}

impl Retention {
    pub(super) fn new(started: Now) -> Self {
        Self { next: started.mono + limits::CHAT_RETENTION_INTERVAL }
    }

    /// `None`: everything is kept for ever.
    pub(super) fn next(&self, settings: &Settings) -> Option<Instant> {
        settings.retention.is_bounded().then_some(self.next)
    }
}

/// Has everything trimmed that is not to be kept any more, if it is time for that.
pub(super) fn run_if_due(chat: &mut Chat, now: Now) {
    if chat.retention.next(&chat.settings).is_none_or(|at| at > now.mono) {
        return;
    }
    chat.retention.next = now.mono + limits::CHAT_RETENTION_INTERVAL;
    let kept = kept(chat, now);
    let rooms = chat.state.rooms.values().filter(|room| room.is_lasting).map(|room| (Room::log_of(&room.id), kept));
    chat.effects.push_back(Effect::Retain { logs: rooms.collect(), private: kept });
}

/// What is kept as the settings say. A clock that was set forward since the start does not make things older: they could not
/// be had back when it is set right.
fn kept(chat: &Chat, now: Now) -> Kept {
    let retention = chat.settings.retention;
    let lived = now.mono.since(chat.started.mono);
    let since_us = retention.age.map(|age| {
        let micros = |duration: core::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let clock = now.utc.micros().min(chat.started.utc.micros().saturating_add(micros(lived)));
        clock.saturating_sub(micros(age))
    });
    Kept { since_us, newest: retention.newest }
}
