//! Which messages were seen, so that a repetition is known.

use crate::limits;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString as _};

/// The ids of the last [`limits::CHAT_CLIENT_SEEN`] messages, numbered in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Seen {
    numbers: BTreeMap<String, u64>,
    order: VecDeque<String>,
    count: u64,
}

impl Seen {
    /// Notes a message. `Some`: it was seen before, and this is the number that it got then.
    pub(super) fn note(&mut self, msgid: &str) -> Option<u64> {
        if let Some(number) = self.numbers.get(msgid) {
            return Some(*number);
        }
        self.count += 1;
        self.numbers.insert(msgid.to_string(), self.count);
        self.order.push_back(msgid.to_string());
        if self.order.len() > limits::CHAT_CLIENT_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.numbers.remove(&oldest);
        }
        None
    }

    /// Messages seen until now; the number of the last one.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_again_until_it_is_the_oldest_of_too_many() {
        let mut seen = Seen::default();
        assert_eq!((seen.note("first"), seen.note("second"), seen.note("first")), (None, None, Some(1)));
        for other in 0..limits::CHAT_CLIENT_SEEN - 1 {
            assert_eq!(seen.note(&alloc::format!("{other}")), None);
        }
        assert_eq!((seen.note("second"), seen.note("first")), (Some(2), None));
        assert_eq!(seen.numbers.len(), limits::CHAT_CLIENT_SEEN);
    }
}
