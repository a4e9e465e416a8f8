//! draft/multiline: several lines that are one message.

use alloc::string::String;

/// A batch that a client has begun and not ended.
#[derive(Debug)]
pub(in crate::chat) struct Open {
    pub(in crate::chat) reference: String,
}
