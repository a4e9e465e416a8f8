//! The sessions of one user.

use crate::chat::ids::SessionId;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The sessions of a user, or those of them that are told what happens in a room, in the order in which they came. Nearly
/// everybody has one: it is kept in place, and giving out several copies nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::chat) enum Attached {
    #[default]
    None,
    One(SessionId),
    Many(Arc<Vec<SessionId>>),
}

impl Attached {
    pub(in crate::chat) fn as_slice(&self) -> &[SessionId] {
        match self {
            Self::None => &[],
            Self::One(session) => core::slice::from_ref(session),
            Self::Many(sessions) => sessions,
        }
    }

    pub(in crate::chat) fn iter(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.as_slice().iter().copied()
    }

    pub(in crate::chat) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(in crate::chat) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(in crate::chat) fn contains(&self, session: SessionId) -> bool {
        self.as_slice().contains(&session)
    }

    pub(in crate::chat) fn add(&mut self, session: SessionId) {
        if !self.contains(session) {
            *self = self.iter().chain([session]).collect();
        }
    }

    pub(in crate::chat) fn remove(&mut self, session: SessionId) {
        if self.contains(session) {
            *self = self.iter().filter(|known| *known != session).collect();
        }
    }
}

impl FromIterator<SessionId> for Attached {
    fn from_iter<I: IntoIterator<Item = SessionId>>(sessions: I) -> Self {
        let sessions: Vec<SessionId> = sessions.into_iter().collect();
        match sessions.as_slice() {
            [] => Self::None,
            [only] => Self::One(*only),
            [..] => Self::Many(Arc::new(sessions)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_set(steps in prop::collection::vec((any::<bool>(), 0u32..5), 0..40)) {
            let (mut attached, mut set) = (Attached::default(), BTreeSet::new());
            for (is_added, index) in steps {
                let session = SessionId { index, generation: 0 };
                if is_added {
                    attached.add(session);
                    set.insert(session);
                } else {
                    attached.remove(session);
                    set.remove(&session);
                }
                prop_assert_eq!(attached.iter().collect::<BTreeSet<_>>(), set.clone());
                prop_assert_eq!((attached.len(), attached.is_empty()), (set.len(), set.is_empty()));
            }
        }
    }
}
