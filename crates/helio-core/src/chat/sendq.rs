//! What waits to be written to one session: bytes in order, some of them behind a promise.
//!
//! An echo promises that its message is on disk. Its bytes are queued at once, at their place, but *held*: nothing from
//! there on is written until the commit is known. So a session's output keeps its order without a second queue.

use super::ids::Ticket;
use crate::limits;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The queue of one session. Empty, it holds at most [`limits::CHAT_SENDQ_KEPT`].
#[derive(Debug, Default)]
pub(super) struct SendQueue {
    bytes: Vec<u8>,
    /// A line that many are sent, while it is all that there is: most are written before another comes, and need no copy.
    shared: Option<Arc<[u8]>>,
    /// Bytes at the front of `shared` or `bytes` that are written already.
    written: usize,
    /// A part of a line is written, and its rest is not.
    is_mid_line: bool,
    /// Places that wait for an answer, in order. Positions count from the start of `bytes`.
    holds: VecDeque<Hold>,
}

/// Bytes that may be written only when `ticket` was answered.
#[derive(Debug)]
struct Hold {
    ticket: Ticket,
    start: usize,
    len: usize,
}

impl SendQueue {
    /// Bytes that wait, held ones included.
    pub(super) fn len(&self) -> usize {
        self.all().len() - self.written
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0 && self.holds.is_empty()
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.own();
        self.bytes.extend_from_slice(line);
    }

    /// The same for a line that others are sent as well.
    pub(super) fn push_shared(&mut self, line: &Arc<[u8]>) {
        if self.all().is_empty() && self.holds.is_empty() {
            self.shared = Some(Arc::clone(line));
        } else {
            self.push(line);
        }
    }

    /// Queues `line` and holds it, and whatever follows, until [`Self::resolve`] is told `ticket`. An empty line keeps a
    /// place for bytes that are not known yet.
    pub(super) fn hold(&mut self, ticket: Ticket, line: &[u8]) {
        self.own();
        self.holds.push_back(Hold { ticket, start: self.bytes.len(), len: line.len() });
        self.bytes.extend_from_slice(line);
    }

    /// The number of places that wait.
    pub(super) fn holds(&self) -> usize {
        self.holds.len()
    }

    /// Ends the hold of `ticket`: its bytes stay, or are replaced. Returns whether there was one.
    pub(super) fn resolve(&mut self, ticket: Ticket, replacement: Option<&[u8]>) -> bool {
        let Some(index) = self.holds.iter().position(|hold| hold.ticket == ticket) else {
            return false;
        };
        let Some(hold) = self.holds.remove(index) else {
            return false;
        };
        if let Some(replacement) = replacement {
            self.bytes.splice(hold.start..hold.start + hold.len, replacement.iter().copied());
            for later in self.holds.range_mut(index..) {
                later.start = later.start - hold.len + replacement.len();
            }
        }
        true
    }

    /// What may be written now.
    pub(super) fn ready(&self) -> &[u8] {
        let all = self.all();
        let end = self.holds.front().map_or(all.len(), |hold| hold.start);
        &all[self.written..end]
    }

    /// The first `len` bytes of [`Self::ready`] are written.
    pub(super) fn consume(&mut self, len: usize) {
        let taken = self.ready().get(..len).unwrap_or(self.ready());
        let (taken, last) = (taken.len(), taken.last().copied());
        self.is_mid_line = last.map_or(self.is_mid_line, |last| last != b'\n');
        self.written += taken;
        if self.shared.as_ref().is_some_and(|shared| shared.len() == self.written) {
            self.shared = None;
            self.written = 0;
        } else if self.shared.is_some() {
            // The rest stays where it is until something follows it.
        } else if self.written == self.bytes.len() {
            self.written = 0;
            if self.holds.is_empty() {
                self.bytes.clear();
                self.bytes.shrink_to(limits::CHAT_SENDQ_KEPT);
            } else {
                self.forget_front(self.bytes.len());
            }
        } else if self.written >= limits::CHAT_SENDQ_COMPACT && self.written >= self.bytes.len() / 2 {
            self.forget_front(self.written);
            self.written = 0;
        }
    }

    /// Drops everything that waits, promises included: the session is over. Only a line that has begun is ended, so that
    /// the last words are a line of their own.
    pub(super) fn clear(&mut self) {
        let end = self.ready().iter().position(|byte| *byte == b'\n').filter(|_| self.is_mid_line);
        let rest = self.ready().get(..end.map_or(0, |end| end + 1)).unwrap_or_default().to_vec();
        *self = Self { bytes: rest, is_mid_line: self.is_mid_line, ..Self::default() };
    }

    /// All bytes, those that are written included.
    fn all(&self) -> &[u8] {
        self.shared.as_deref().unwrap_or(&self.bytes)
    }

    /// Copies the shared line, so that something can follow it.
    fn own(&mut self) {
        if let Some(shared) = self.shared.take() {
            self.bytes.extend_from_slice(&shared);
        }
    }

    fn forget_front(&mut self, len: usize) {
        self.bytes.drain(..len);
        for hold in &mut self.holds {
            hold.start -= len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(queue: &mut SendQueue) -> Vec<u8> {
        let bytes = queue.ready().to_vec();
        queue.consume(bytes.len());
        bytes
    }

    #[test]
    fn what_follows_a_held_line_waits_for_it() {
        let mut queue = SendQueue::default();
        queue.push(b"one ");
        queue.hold(Ticket(1), b"two ");
        queue.push(b"three ");
        assert_eq!(written(&mut queue), b"one ");
        assert_eq!(written(&mut queue), b"");
        assert!(queue.resolve(Ticket(1), None));
        assert_eq!(written(&mut queue), b"two three ");
        assert!(queue.is_empty());
    }

    #[test]
    fn a_failed_promise_is_replaced_in_its_place() {
        let mut queue = SendQueue::default();
        queue.hold(Ticket(1), b"echo ");
        queue.push(b"pong ");
        queue.hold(Ticket(2), b"echo ");
        assert!(queue.resolve(Ticket(1), Some(b"failed ")));
        assert_eq!(written(&mut queue), b"failed pong ");
        assert!(queue.resolve(Ticket(2), None));
        assert_eq!(written(&mut queue), b"echo ");
        assert!(!queue.resolve(Ticket(2), None), "a ticket is answered once");
    }

    /// The judge: a list of pieces, each free or waiting.
    #[derive(Default)]
    struct Pieces(VecDeque<(Option<u64>, Vec<u8>)>);

    impl Pieces {
        fn ready(&self) -> Vec<u8> {
            self.0.iter().take_while(|(wait, _)| wait.is_none()).flat_map(|(_, bytes)| bytes.clone()).collect()
        }

        fn consume(&mut self, mut len: usize) {
            while len > 0 {
                let (_, piece) = self.0.front_mut().expect("no more is consumed than is ready");
                let taken = piece.len().min(len);
                piece.drain(..taken);
                len -= taken;
                if piece.is_empty() {
                    self.0.pop_front();
                }
            }
        }
    }

    #[test]
    fn a_line_that_has_begun_is_ended_before_the_last_words() {
        let mut queue = SendQueue::default();
        queue.push(b"one\r\ntwo\r\nthree\r\n");
        assert_eq!(queue.ready().len(), 17);
        queue.consume(7);
        queue.clear();
        queue.push(b"bye\r\n");
        assert_eq!(queue.ready(), b"o\r\nbye\r\n");
        queue.consume(3);
        queue.clear();
        assert!(queue.ready().is_empty());
    }

    proptest! {
        #[test]
        fn any_order_of_steps_agrees_with_a_list_of_pieces(steps in prop::collection::vec((0u8..5, 0usize..40), 0..200)) {
            let (mut queue, mut pieces, mut next) = (SendQueue::default(), Pieces::default(), 0u64);
            for (kind, size) in steps {
                let line = alloc::vec![b'a' + (size % 26) as u8; size];
                match kind {
                    0 | 1 => {
                        if kind == 0 { queue.push(&line) } else { queue.push_shared(&line.as_slice().into()) }
                        pieces.0.push_back((None, line));
                    }
                    2 => {
                        next += 1;
                        queue.hold(Ticket(next), &line);
                        pieces.0.push_back((Some(next), line));
                    }
                    3 => {
                        let waiting: Vec<u64> = pieces.0.iter().filter_map(|(wait, _)| *wait).collect();
                        if let Some(ticket) = waiting.get(size % waiting.len().max(1)) {
                            let replacement = (size % 2 == 0).then_some(line);
                            prop_assert!(queue.resolve(Ticket(*ticket), replacement.as_deref()));
                            for (wait, bytes) in &mut pieces.0 {
                                if *wait == Some(*ticket) {
                                    *wait = None;
                                    if let Some(new) = &replacement {
                                        bytes.clone_from(new);
                                    }
                                }
                            }
                        }
                    }
                    _ => {
                        let len = size.min(queue.ready().len());
                        queue.consume(len);
                        pieces.consume(len);
                    }
                }
                while pieces.0.front().is_some_and(|(wait, bytes)| wait.is_none() && bytes.is_empty()) {
                    pieces.0.pop_front();
                }
                prop_assert_eq!(queue.ready(), &pieces.ready()[..]);
                prop_assert_eq!(queue.len(), pieces.0.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
            }
        }
    }
}
