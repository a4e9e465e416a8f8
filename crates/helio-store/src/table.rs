//! Small tables of versioned values.

use crate::{Key, SetError, StoreError, TableName};
use std::fmt;

/// Which write a value comes from. Later writes of a store have higher versions; none is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One value with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The write that it comes from.
    pub version: Version,
    /// The value.
    pub value: Vec<u8>,
}

impl Entry {
    pub(crate) fn size(&self) -> usize {
        self.key.as_str().len() + self.value.len()
    }
}

/// A set of named tables.
pub trait Table {
    /// The value of a key with its version.
    ///
    /// # Errors
    ///
    /// The store fails.
    fn get(&self, table: &TableName, key: &Key) -> Result<Option<(Version, Vec<u8>)>, StoreError>;

    /// Sets the value, or deletes it with `None`, if its version is `expected`; `None` expects that there is no value.
    /// One synced commit. Returns the version of this write.
    ///
    /// # Errors
    ///
    /// Another version is there, the value is larger than [`helio_core::limits::STORE_VALUE_BYTES`], or the store
    /// fails. Nothing is changed then.
    fn compare_and_set(
        &mut self,
        table: &TableName,
        key: &Key,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, SetError>;

    /// Entries whose keys begin with `prefix` and come behind `after`, by key; at most `limit`,
    /// [`helio_core::limits::STORE_READ_RECORDS`] and [`helio_core::limits::STORE_READ_BYTES`].
    ///
    /// # Errors
    ///
    /// The store fails.
    fn list(
        &self,
        table: &TableName,
        prefix: &str,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;
}
