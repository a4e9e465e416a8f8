//! Metadata of people and rooms.

use crate::chat::event::MetadataEvent;
use crate::chat::state::{MetadataTarget, State};

impl State {
    pub(super) fn apply_metadata(&mut self, event: &MetadataEvent) {
        match event {
            MetadataEvent::Changed(changed) if self.is_there(&changed.target) => {
                self.metadata.change(changed.target.owner(), &changed.changes);
            }
            MetadataEvent::Restored(record) if self.is_there(&record.target) => {
                self.metadata.set(record.target.owner(), record.values.clone());
            }
            MetadataEvent::Changed(_) | MetadataEvent::Restored(_) | MetadataEvent::Shown { .. } => {}
        }
    }

    fn is_there(&self, target: &MetadataTarget) -> bool {
        match target {
            MetadataTarget::Account(name) => {
                self.accounts.get(name).is_some_and(|account| account.deleted_us.is_none())
            }
            MetadataTarget::Room { name, id } => self.room(name).is_some_and(|room| room.id == *id),
            MetadataTarget::User(user) => self.user(*user).is_some(),
        }
    }
}
