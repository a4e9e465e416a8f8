//! Storage: ordered logs and small tables, in memory or in SQLite.
//!
//! `spec/store.md` says what each call promises. [`Log`] and [`Table`] are the two traits, [`memory::MemoryStore`] is
//! the obvious back end and the model of the others, [`sqlite::SqliteStore`] the one that servers use. Every call blocks until it is
//! done, so a server gives its store to a thread of its own.

mod bounds;
mod error;
mod follow;
mod log;
mod name;
pub mod search;
mod seek;
mod table;

#[cfg(test)]
mod contract;
#[cfg(any(test, feature = "sim"))]
pub mod fault;
pub mod memory;
pub mod sqlite;

pub use error::{AppendError, SetError, StoreError, TooLarge};
pub use follow::{FollowError, Follower, Unread};
pub use log::{Append, Direction, Limit, Log, LogHead, Position, Record};
pub use name::{Key, LogName, NameError, TableName};
pub use seek::seek;
pub use table::{Entry, Table, Version};

/// A whole store: logs and tables.
pub trait Store: Log + Table {}

impl<S: Log + Table> Store for S {}
