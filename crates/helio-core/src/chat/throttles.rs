//! What was tried too often, so that a restart does not forgive it. `spec/bans.md` describes the record.

use super::Chat;
use super::effect::Effect;
use super::storage::{self, RecordError};
use super::tries::Tries;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;
use serde::{Deserialize, Serialize};

// spec: begin

/// The log whose last record has the throttles.
pub const THROTTLES_LOG: &str = "throttles";

/// Its record: who misses how many milliseconds of filling.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    at_us: i64,
    logins: Vec<(IpAddr, u64)>,
    names: Vec<(String, u64)>,
    registrations: Vec<(IpAddr, u64)>,
    connections: Vec<(IpAddr, u64)>,
}

// spec: end

impl Chat {
    /// Takes the last record of the log [`THROTTLES_LOG`], before the first connection.
    ///
    /// # Errors
    /// The record cannot be read; the counts begin anew.
    pub fn handle_throttles(&mut self, record: &[u8], now: Now) -> Result<(), RecordError> {
        restore(self, record, now)
    }
}

/// Connections of each network lately, and when the throttles are written next.
#[derive(Debug)]
pub(super) struct Throttles {
    pub(super) connections: Tries<IpAddr>,
    save_at: Option<Instant>,
}

impl Throttles {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { connections: by_minute(per_minute), save_at: None }
    }

    /// So many connections a minute from now on; the counts begin anew.
    pub(super) fn set_per_minute(&mut self, per_minute: u32) {
        self.connections = by_minute(per_minute);
    }

    pub(super) fn save_at(&self) -> Option<Instant> {
        self.save_at
    }
}

/// Takes note that something may have changed that is worth keeping.
pub(super) fn note(chat: &mut Chat, now: Now) {
    if chat.throttles.save_at.is_some() {
        return;
    }
    let tries = [&chat.guesses.places, &chat.registrations, &chat.throttles.connections];
    if tries.into_iter().any(Tries::is_worth_keeping) || chat.guesses.accounts.is_worth_keeping() {
        chat.throttles.save_at = Some(now.mono + limits::CHAT_THROTTLES_INTERVAL);
    }
}

/// Hands the throttles to the driver if they changed and it is time, or in any case at the end.
pub(super) fn save(chat: &mut Chat, is_end: bool, now: Now) {
    if chat.throttles.save_at.is_none_or(|at| at > now.mono && !is_end) {
        return;
    }
    chat.throttles.save_at = None;
    let record = Record {
        at_us: now.utc.micros(),
        logins: kept(&mut chat.guesses.places, now, |place| *place),
        names: kept(&mut chat.guesses.accounts, now, ToString::to_string),
        registrations: kept(&mut chat.registrations, now, |place| *place),
        connections: kept(&mut chat.throttles.connections, now, |place| *place),
    };
    let bytes = storage::encode(&record);
    chat.effects.push_back(Effect::Replace { log: THROTTLES_LOG.into(), bytes });
}

/// Takes the throttles of the run before.
fn restore(chat: &mut Chat, bytes: &[u8], now: Now) -> Result<(), RecordError> {
    let record: Record = serde_json::from_slice(bytes).map_err(|error| RecordError { reason: error.to_string() })?;
    // A clock that went back counts as no time.
    let passed = Duration::from_micros(u64::try_from(now.utc.micros().saturating_sub(record.at_us)).unwrap_or(0));
    let names = record.names.into_iter().map(|(name, missing)| (Box::from(name), missing));
    give(&mut chat.guesses.accounts, names, passed, now);
    give(&mut chat.guesses.places, record.logins, passed, now);
    give(&mut chat.registrations, record.registrations, passed, now);
    give(&mut chat.throttles.connections, record.connections, passed, now);
    Ok(())
}

fn by_minute(per_minute: u32) -> Tries<IpAddr> {
    let per_minute = per_minute.max(1);
    Tries::new(per_minute, Duration::from_mins(1) / per_minute)
}

fn kept<K: Ord + Clone, S>(tries: &mut Tries<K>, now: Now, shown: impl Fn(&K) -> S) -> Vec<(S, u64)> {
    let worst = tries.take_worst(limits::CHAT_THROTTLES_KEPT, now.mono);
    worst.iter().map(|(who, missing)| (shown(who), u64::try_from(missing.as_millis()).unwrap_or(u64::MAX))).collect()
}

fn give<K: Ord + Clone>(tries: &mut Tries<K>, kept: impl IntoIterator<Item = (K, u64)>, passed: Duration, now: Now) {
    for (who, missing_ms) in kept.into_iter().take(limits::CHAT_THROTTLES_KEPT) {
        let missing = Duration::from_millis(missing_ms).saturating_sub(passed);
        if missing > Duration::ZERO {
            tries.restore(who, missing, now.mono);
        }
    }
}
