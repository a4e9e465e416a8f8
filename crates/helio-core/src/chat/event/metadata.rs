//! What changes the metadata of people and rooms. `spec/metadata.md` fixes the stored form.

use crate::chat::ids::UserId;
use crate::chat::state::{MetadataChanged, MetadataChanges, MetadataRecord};

/// Metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum MetadataEvent {
    Changed(MetadataChanged),
    /// Exactly these are set, whatever was. Nobody is told.
    Restored(MetadataRecord),
    /// To others it looks as if somebody had changed these, for they logged in: what they tell is the account's now. Never stored.
    Shown {
        user: UserId,
        changes: MetadataChanges,
    },
}
