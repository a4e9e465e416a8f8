//! How long conversations are kept: what is older, or more, goes from the disk for good (spec/event-log.md, "How long messages
//! are kept").

use super::Chat;
use super::effect::Effect;
use super::query::Kept;
use super::state::Keep;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::vec::Vec;
use core::time::Duration;

/// When to look again.
#[derive(Debug)]
pub(super) struct Retention {
    next: Instant,
}

impl Retention {
    pub(super) fn new(started: Now) -> Self {
        Self { next: started.mono + limits::CHAT_RETENTION_INTERVAL }
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }
}

/// Has everything trimmed that is not to be kept any more, if it is time for that.
pub(super) fn run_if_due(chat: &mut Chat, now: Now) {
    if chat.retention.next > now.mono {
        return;
    }
    chat.retention.next = now.mono + limits::CHAT_RETENTION_INTERVAL;
    let clock_us = clock_us(chat, now);
    let of_all = chat.settings.retention;
    let rooms = chat.state.rooms.values().filter(|room| room.is_lasting);
    let rooms = rooms.map(|room| (room.log(), kept(stricter(of_all, room.keep), clock_us)));
    let logs: Vec<_> = rooms.filter(|(_, kept)| *kept != Kept::default()).collect();
    let private = kept(of_all, clock_us);
    if !logs.is_empty() || private != Kept::default() {
        chat.effects.push_back(Effect::Retain { logs, private });
    }
}

/// What is kept of a room: no more than the server's settings say.
fn stricter(of_all: super::Retention, keep: Keep) -> super::Retention {
    let age = keep.days.map(|days| Duration::from_hours(24) * days);
    let least = |a: Option<Duration>, b: Option<Duration>| a.into_iter().chain(b).min();
    super::Retention { age: least(of_all.age, age), newest: of_all.newest.into_iter().chain(keep.newest).min() }
}

fn kept(retention: super::Retention, clock_us: i64) -> Kept {
    let since_us = retention.age.map(|age| clock_us.saturating_sub(micros(age)));
    Kept { since_us, newest: retention.newest }
}

/// What the clock says. One that was set forward since the start does not make things older: they could not be had back when it
/// is set right.
fn clock_us(chat: &Chat, now: Now) -> i64 {
    let lived = now.mono.since(chat.started.mono);
    now.utc.micros().min(chat.started.utc.micros().saturating_add(micros(lived)))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
