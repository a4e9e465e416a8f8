//! Who is in a room with the one who asks.

use crate::chat::ids::UserId;
use crate::chat::state::State;
use crate::limits;
use alloc::collections::BTreeSet;

/// Answers it for the people of one part of an answer, asked in the order of their ids: those who are near are looked up
/// once, and only if somebody hides, not in all rooms for each who does.
pub(super) struct Near<'a> {
    state: &'a State,
    viewer: UserId,
    /// As far as a part goes, from the first who was asked about.
    found: Option<BTreeSet<UserId>>,
}

impl<'a> Near<'a> {
    pub(super) fn new(state: &'a State, viewer: UserId) -> Self {
        Self { state, viewer, found: None }
    }

    pub(super) fn has(&mut self, user: UserId) -> bool {
        let Self { state, viewer, found } = self;
        let near = found.get_or_insert_with(|| {
            let part = state.users.range(user..).take(limits::CHAT_ANSWER_STEP);
            let last = part.last().map_or(user, |(id, _)| *id);
            state.near(*viewer, user..=last)
        });
        near.contains(&user)
    }
}
