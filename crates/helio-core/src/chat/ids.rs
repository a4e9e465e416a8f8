//! Names of things inside one running service.

use crate::time::Utc;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A connection: its place in the table and how often that place was used before, so that what still arrives for a
/// connection that is gone reaches nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl SessionId {
    /// The place in a table that a driver keeps beside the service's own; places are used again.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// Somebody who is there. Never used twice while the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UserId(pub(super) u64);

/// A thing that the driver was asked for; its answer carries the same number. Tickets only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

impl Ticket {
    /// The number, for a driver's own bookkeeping.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The identity of a room in the log. The name may change or be given to a later room; this never is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomId(pub(super) String);

/// The identity of a message, unique for ever and across servers (IRCv3 message-ids). Opaque to clients; for us it tells
/// when the message was said (spec/event-log.md, "Finding a message").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MsgId(pub(super) String);

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MsgId {
    /// When the message was said, in microseconds since 1970 in UTC. `None`: an earlier version made the id, or nobody did.
    #[must_use]
    pub fn at_us(&self) -> Option<i64> {
        let mut parts = self.0.split('-').skip(2);
        let time = parts.next().and_then(number_of).filter(|_| parts.next().is_none());
        time.and_then(|time| i64::try_from(time).ok())
    }
}

impl From<&str> for MsgId {
    /// The id as somebody wrote it; it may be that of no message.
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// Makes ids that nobody else makes and that are never made again.
///
/// Each is the run's 96 random bits, drawn anew at every start, and a counter; a message's has its time as well. A data
/// directory restored from a copy can therefore not repeat an id, which a counter kept on disk would.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    run: String,
    next: u64,
    /// The time of the newest message.
    last_us: i64,
}

impl Ids {
    pub(super) fn new(run: [u8; 12]) -> Self {
        Self { run: base32(&run), next: 0, last_us: 0 }
    }

    /// The identity and the time of a message that is said now. The time, in microseconds, is later than that of every other
    /// message of this run, whatever the clock does.
    pub(super) fn message(&mut self, now: Utc) -> (MsgId, i64) {
        self.last_us = now.micros().max(self.last_us.saturating_add(1));
        let mut id = self.draw();
        id.push('-');
        id.push_str(&base32_number(self.last_us.unsigned_abs()));
        (MsgId(id), self.last_us)
    }

    pub(super) fn room(&mut self) -> RoomId {
        RoomId(self.draw())
    }

    /// A reference for a batch; unique in this run, and only within one connection does it matter.
    pub(super) fn batch(&mut self) -> String {
        self.next += 1;
        base32_number(self.next)
    }

    /// A number of this run that nothing else has.
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The newest id so far, for [`Self::is_later`].
    pub(super) fn mark(&self) -> u64 {
        self.next
    }

    /// Whether a message's id was made in this run and after `mark`.
    pub(super) fn is_later(&self, id: &MsgId, mark: u64) -> bool {
        let number = id.0.strip_prefix(self.run.as_str()).and_then(|rest| rest.strip_prefix('-'));
        let number = number.and_then(|rest| rest.split('-').next());
        number.and_then(number_of).is_some_and(|number| number > mark)
    }

    fn draw(&mut self) -> String {
        self.next += 1;
        let mut id = self.run.clone();
        id.push('-');
        id.push_str(&base32_number(self.next));
        id
    }
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// RFC 4648 §6 in lower case, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut pending, mut bits) = (0u32, 0);
    for byte in bytes {
        pending = (pending << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(ALPHABET[(pending >> bits & 31) as usize] as char);
        }
    }
    if bits > 0 {
        text.push(ALPHABET[(pending << (5 - bits) & 31) as usize] as char);
    }
    text
}

fn base32_number(number: u64) -> String {
    let digits = (64 - number.leading_zeros()).div_ceil(5).max(1);
    (0..digits).rev().map(|digit| ALPHABET[(number >> (digit * 5) & 31) as usize] as char).collect()
}

/// The number that [`base32_number`] wrote; `None` for what no number is written as.
fn number_of(digits: &str) -> Option<u64> {
    let digits = Some(digits).filter(|digits| !digits.is_empty())?;
    digits.bytes().try_fold(0u64, |number, digit| {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        number.checked_mul(32)?.checked_add(value as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const NOW: Utc = Utc::from_micros(1_795_345_720_000_000);

    #[test]
    fn ids_differ_within_a_run_and_between_runs() {
        let mut runs = [Ids::new([1; 12]), Ids::new([2; 12])];
        let made: BTreeSet<String> = runs
            .iter_mut()
            .flat_map(|ids| (0..2_000).map(|_| ids.message(NOW).0.to_string()).collect::<Vec<_>>())
            .collect();
        assert_eq!(made.len(), 4_000);
    }

    #[test]
    fn ids_are_short_and_need_no_escape_in_a_tag() {
        let id = Ids::new([0xFF; 12]).message(NOW).0.to_string();
        assert_eq!(id, "7777777777777777777q-b-bta3n76hpqa");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }

    #[test]
    fn ids_of_this_run_are_in_order() {
        let mut ids = Ids::new([3; 12]);
        let (before, _) = ids.message(NOW);
        for _ in 0..100 {
            let mark = ids.mark();
            let (after, _) = ids.message(NOW);
            assert!(!ids.is_later(&before, mark) && ids.is_later(&after, mark));
        }
        let mut others = Ids::new([4; 12]);
        assert!(!ids.is_later(&others.message(NOW).0, 0) && !ids.is_later(&"x".into(), 0));
    }

    /// spec/event-log.md, "Finding a message": times rise within a run, though the clock stands still or is set back.
    #[test]
    fn an_id_tells_its_time_which_only_rises() {
        let mut ids = Ids::new([3; 12]);
        let mut last = 0;
        for clock in [-5, 0, 7, 7, 7, 1_000, 3, i64::MAX - 9, 5] {
            let (id, at_us) = ids.message(Utc::from_micros(clock));
            assert!(at_us > last && at_us >= clock, "{at_us} after {last}");
            assert_eq!(id.at_us(), Some(at_us));
            last = at_us;
        }
        for foreign in ["", "-", "--", "run-b", "run-b-", "run-b-A", "run-b-c-d", "run-b-77777777777777"] {
            assert_eq!(MsgId::from(foreign).at_us(), None, "{foreign:?}");
        }
    }
}
