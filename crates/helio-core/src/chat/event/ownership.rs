//! What changes whose a room is. `spec/rooms.md` fixes the stored form.

use crate::chat::state::Access;
use alloc::string::String;
use serde::{Deserialize, Serialize};

// spec: begin

/// A change to whose a room is, and to who has access to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::chat) enum OwnershipChange {
    /// It is registered now, and this account's.
    Registered { founder: String },
    /// It is this account's now; the founder before becomes an admin.
    Founder { founder: String },
    /// `None`: this account has no access any more.
    Access {
        account: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access: Option<Access>,
        /// Who gave it: an account, or the nickname of a server operator.
        by: String,
    },
    /// It is registered no more.
    Dropped,
}

// spec: end
