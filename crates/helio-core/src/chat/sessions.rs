//! All connections, and the way of bytes to them.

#[cfg(test)]
mod bounds;

use super::ids::{SessionId, Ticket, UserId};
use super::line::{Audience, Encodings, Line};
use super::session::{Session, Stage};
use super::tally::Tally;
use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The table of connections.
#[derive(Debug)]
pub(super) struct Sessions {
    slots: Vec<Slot>,
    free: Vec<u32>,
    len: usize,
    /// Those that are nobody yet.
    registering: usize,
    /// Sessions that the driver is to look at, each once.
    listed: VecDeque<SessionId>,
    /// Sessions whose queue outgrew its bound; they are told and closed at the end of the turn.
    overflowed: BTreeSet<SessionId>,
    pub(super) tally: Tally,
    /// Lines that were queued by [`Self::deliver`].
    delivered: u64,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    session: Option<Box<Session>>,
}

impl Sessions {
    pub(super) fn new(queue_max: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            len: 0,
            registering: 0,
            listed: VecDeque::new(),
            overflowed: BTreeSet::new(),
            tally: Tally::new(queue_max),
            delivered: 0,
        }
    }

    pub(super) fn set_queue_max(&mut self, bytes: usize) {
        self.tally.queue_max = bytes;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Lines that were queued because of what somebody else did.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Connections that are nobody yet.
    pub(super) fn registering(&self) -> usize {
        self.registering
    }

    /// The connection is `user` from now on.
    pub(super) fn register(&mut self, id: SessionId, user: UserId) {
        if let Some(session) = self.get_mut(id).filter(|session| matches!(session.stage, Stage::Registering(_))) {
            session.stage = Stage::Registered(user);
            self.registering -= 1;
        }
    }

    pub(super) fn insert(&mut self, session: Session) -> SessionId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.session = Some(Box::new(session));
        self.len += 1;
        self.registering += 1;
        SessionId { index, generation: slot.generation }
    }

    pub(super) fn remove(&mut self, id: SessionId) -> Option<Box<Session>> {
        let slot = self.slots.get_mut(id.index())?;
        if slot.generation != id.generation {
            return None;
        }
        let session = slot.session.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        self.len -= 1;
        self.tally.forget(&session);
        Some(session)
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        let slot = self.slots.get(id.index())?;
        slot.session.as_deref().filter(|_| slot.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let slot = self.slots.get_mut(id.index())?;
        slot.session.as_deref_mut().filter(|_| slot.generation == id.generation)
    }

    pub(super) fn ids(&self) -> Vec<SessionId> {
        let ids = self.slots.iter().enumerate().filter(|(_, slot)| slot.session.is_some());
        ids.map(|(index, slot)| SessionId { index: index as u32, generation: slot.generation }).collect()
    }

    pub(super) fn audience(&self, id: SessionId) -> Option<Audience> {
        self.get(id).map(Session::audience)
    }

    /// Queues one line for one session.
    pub(super) fn send(&mut self, id: SessionId, line: &Line) {
        let Some(session) = self.get_mut(id) else { return };
        let mut bytes = Vec::new();
        line.encode(session.audience(), &mut bytes);
        self.push(id, &bytes);
    }

    /// Queues lines for one session, held until `ticket` is answered; none keeps a place.
    pub(super) fn send_held(&mut self, id: SessionId, ticket: Ticket, lines: &[Line]) {
        let Some(session) = self.get_mut(id).filter(|session| !session.is_closing()) else { return };
        let mut bytes = Vec::new();
        for line in lines {
            line.encode(session.audience(), &mut bytes);
        }
        session.out.hold(ticket, &bytes);
        self.look_after(id);
    }

    /// Queues a line for many, made once for each kind of audience among them.
    pub(super) fn deliver(
        &mut self,
        to: impl IntoIterator<Item = SessionId>,
        make: impl FnMut(Audience, &mut Vec<u8>),
    ) {
        let mut encodings = Encodings::new(make);
        let Self { slots, listed, overflowed, tally, len, delivered, .. } = self;
        // From within: the sessions of a room's members come in layers, which `next` would ask anew for each.
        to.into_iter().for_each(|id| {
            let slot = slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation);
            if let Some(session) = slot.and_then(|slot| slot.session.as_deref_mut()) {
                let bytes = encodings.for_audience(session.audience());
                if !bytes.is_empty() && !session.is_closing() {
                    session.out.push_shared(bytes);
                    *delivered += 1;
                    tally.count(session);
                    let is_over = tally.is_over(session, *len);
                    look_after(id, session, is_over, listed, overflowed);
                }
            }
        });
    }

    /// Answers a hold. `replacement` takes the place of what was promised.
    pub(super) fn resolve(&mut self, id: SessionId, ticket: Ticket, replacement: Option<&[u8]>) -> bool {
        let Some(session) = self.get_mut(id) else { return false };
        let was_held = session.out.resolve(ticket, replacement);
        self.look_after(id);
        was_held
    }

    /// Answers a hold with these lines in the place of what was promised. `false`: there was none.
    pub(super) fn replace(&mut self, id: SessionId, ticket: Ticket, lines: &[Line]) -> bool {
        let Some(audience) = self.audience(id) else { return false };
        let mut bytes = Vec::new();
        for line in lines {
            line.encode(audience, &mut bytes);
        }
        self.resolve(id, ticket, Some(&bytes))
    }

    /// No more is read from the session, nor queued for it; what it has goes out, then the driver closes.
    pub(super) fn close(&mut self, id: SessionId, reason: &str) {
        if let Some(session) = self.get_mut(id).filter(|session| !session.is_closing()) {
            let was = core::mem::replace(&mut session.stage, Stage::Closing { reason: reason.to_string() });
            session.waiting.clear();
            session.multiline = None;
            session.answering = VecDeque::new();
            session.sasl = None;
            session.entering = VecDeque::new();
            self.registering -= usize::from(matches!(was, Stage::Registering(_)));
            self.look_after(id);
        }
    }

    /// The next session that has something to write, or is to be closed.
    pub(super) fn poll_listed(&mut self) -> Option<SessionId> {
        while let Some(id) = self.listed.pop_front() {
            if let Some(session) = self.get_mut(id) {
                session.is_listed = false;
                if session.needs_driver() {
                    return Some(id);
                }
            }
        }
        None
    }

    /// The next session whose queue has outgrown its bound and that is not told yet.
    pub(super) fn poll_overflowed(&mut self) -> Option<SessionId> {
        while let Some(id) = self.overflowed.pop_first() {
            if self.get(id).is_some_and(|session| !session.is_closing()) {
                return Some(id);
            }
        }
        None
    }

    /// The reason of a session that is closing.
    pub(super) fn closing_reason(&self, id: SessionId) -> Option<String> {
        match &self.get(id)?.stage {
            Stage::Closing { reason } => Some(reason.clone()),
            Stage::Registering(_) | Stage::Registered(_) => None,
        }
    }

    pub(super) fn push(&mut self, id: SessionId, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let Some(session) = self.get_mut(id).filter(|session| !session.is_closing()) else { return };
        session.out.push(bytes);
        self.look_after(id);
    }

    /// The first `len` bytes of what a session may write were taken.
    pub(super) fn consume(&mut self, id: SessionId, len: usize) {
        self.change(id, |session| session.out.consume(len));
    }

    /// Drops what waits for a session, promises included.
    pub(super) fn clear(&mut self, id: SessionId) {
        self.change(id, |session| session.out.clear());
    }

    fn change(&mut self, id: SessionId, change: impl FnOnce(&mut Session)) {
        let slot = self.slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation);
        if let Some(session) = slot.and_then(|slot| slot.session.as_deref_mut()) {
            change(session);
            self.tally.count(session);
        }
    }

    fn look_after(&mut self, id: SessionId) {
        let Self { slots, listed, overflowed, tally, len, .. } = self;
        let slot = slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation);
        if let Some(session) = slot.and_then(|slot| slot.session.as_deref_mut()) {
            tally.count(session);
            let is_over = tally.is_over(session, *len);
            look_after(id, session, is_over, listed, overflowed);
        }
    }
}

/// Lists a session that has something to write, and notes one that has too much.
fn look_after(
    id: SessionId,
    session: &mut Session,
    is_over: bool,
    listed: &mut VecDeque<SessionId>,
    overflowed: &mut BTreeSet<SessionId>,
) {
    if is_over && !session.is_closing() {
        overflowed.insert(id);
    } else if !session.is_listed && session.needs_driver() {
        session.is_listed = true;
        listed.push_back(id);
    }
}
