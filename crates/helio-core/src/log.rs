//! The log service: what any TCP or UDP program sends, written to a file. Format and promises: `spec/log.md`.
//!
//! [`LogSession`] turns one stream's bytes into entries, [`datagram_entries`] does the same for a datagram.
//! [`FileWriter`] decides for one file when to write, sync, rotate and tell whom that his bytes are safe.

mod entry;
mod rotation;
mod session;
mod splitter;
mod template;
mod writer;

pub use entry::{EntryHead, datagram_entries};
pub use rotation::{RotatedFile, Rotation, compressed_name, half_made_name, rotated_name, rotated_set, surplus};
pub use session::{LogMode, LogOptions, LogSession};
pub use splitter::{LineSplitter, Piece};
pub use template::{FileName, TemplateError};
pub use writer::{FileAction, FileReport, FileWriter, Fsync, Opened, Operation, WriterOptions};

/// What stands before the acknowledged bytes with `--ack`: the workshop's answer, the same as the echo service's.
pub const ACK_PREFIX: &[u8] = crate::echo::DEFAULT_PREFIX;
