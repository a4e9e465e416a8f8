//! What people and rooms tell of themselves by keys and values (IRCv3 metadata, a draft). `spec/metadata.md` describes it.

use super::{State, User};
use crate::chat::ids::{RoomId, UserId};
use crate::irc::casemap::fold;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use serde::{Deserialize, Serialize};

/// Keys and their values.
pub(in crate::chat) type MetadataValues = BTreeMap<String, String>;

/// Keys and their new values; `None`: not set any more.
pub(in crate::chat) type MetadataChanges = BTreeMap<String, Option<String>>;

/// All metadata.
#[derive(Debug, Default)]
pub(in crate::chat) struct Metadata {
    by_owner: BTreeMap<MetadataOwner, MetadataValues>,
    /// Bytes of all keys and values.
    bytes: usize,
}

/// Whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chat) enum MetadataOwner {
    /// Of an account, by its folded name.
    Account(Box<str>),
    /// Of a room, by its identity, so that it stays when the room is renamed.
    Room(RoomId),
    /// Of who is not logged in, while they are there.
    User(UserId),
}

// spec: begin

/// What metadata is set of, as a change names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::chat) enum MetadataTarget {
    /// An account, by its name.
    Account(String),
    /// The room that has this name and identity at the time of the change.
    Room { name: String, id: RoomId },
    /// Somebody who is not logged in. Never stored.
    #[serde(skip)]
    User(UserId),
}

/// Stored: exactly these keys are set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct MetadataRecord {
    #[serde(flatten)]
    pub(in crate::chat) target: MetadataTarget,
    pub(in crate::chat) values: MetadataValues,
}

/// Stored: these keys have other values, or none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct MetadataChanged {
    #[serde(flatten)]
    pub(in crate::chat) target: MetadataTarget,
    pub(in crate::chat) changes: MetadataChanges,
}

/// The key that is written `text`, if it can be one: `a-z`, `0-9` and `_./-`, capitals made small.
pub(in crate::chat) fn metadata_key(text: &str) -> Option<String> {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    let is_key = (1..=limits::CHAT_METADATA_KEY).contains(&text.len()) && text.bytes().all(is_valid);
    is_key.then(|| text.to_ascii_lowercase())
}

/// Whether `text` can be a value.
pub(in crate::chat) fn is_metadata_value(text: &str) -> bool {
    (1..=limits::CHAT_METADATA_VALUE).contains(&text.len()) && !text.contains(['\r', '\n', '\0'])
}

// spec: end

impl MetadataTarget {
    pub(in crate::chat) fn owner(&self) -> MetadataOwner {
        match self {
            Self::Account(name) => MetadataOwner::Account(fold(name)),
            Self::Room { id, .. } => MetadataOwner::Room(id.clone()),
            Self::User(user) => MetadataOwner::User(*user),
        }
    }

    /// Whether what is set of it is stored.
    pub(in crate::chat) fn is_lasting(&self) -> bool {
        !matches!(self, Self::User(_))
    }
}

impl Metadata {
    pub(in crate::chat) fn get(&self, owner: &MetadataOwner) -> Option<&MetadataValues> {
        self.by_owner.get(owner)
    }

    /// Bytes of all keys and values.
    pub(in crate::chat) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(in crate::chat) fn change(&mut self, owner: MetadataOwner, changes: &MetadataChanges) {
        let mut values = self.take(&owner);
        for (key, value) in changes {
            match value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        self.set(owner, values);
    }

    /// Exactly these are set.
    pub(in crate::chat) fn set(&mut self, owner: MetadataOwner, values: MetadataValues) {
        self.forget(&owner);
        if !values.is_empty() {
            self.bytes += metadata_bytes(&values);
            self.by_owner.insert(owner, values);
        }
    }

    /// Forgets all of an owner who is no more.
    pub(in crate::chat) fn forget(&mut self, owner: &MetadataOwner) {
        self.take(owner);
    }

    fn take(&mut self, owner: &MetadataOwner) -> MetadataValues {
        let values = self.by_owner.remove(owner).unwrap_or_default();
        self.bytes -= metadata_bytes(&values);
        values
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self, is_there: impl Fn(&MetadataOwner) -> bool) {
        assert_eq!(self.bytes, self.by_owner.values().map(metadata_bytes).sum::<usize>(), "bytes of metadata");
        assert!(self.bytes <= limits::CHAT_METADATA_ALL, "{} bytes of metadata", self.bytes);
        for (owner, values) in &self.by_owner {
            assert!((1..=limits::CHAT_METADATA_KEYS).contains(&values.len()), "metadata of {owner:?}");
            let is_valid =
                |(key, value): (&String, &String)| metadata_key(key).as_ref() == Some(key) && is_metadata_value(value);
            assert!(values.iter().all(is_valid), "metadata of {owner:?}: {values:?}");
            assert!(is_there(owner), "{owner:?} is no more");
        }
    }
}

/// Bytes that these keys and values count.
fn metadata_bytes(values: &MetadataValues) -> usize {
    values.iter().map(|(key, value)| key.len() + value.len()).sum()
}

impl State {
    /// What metadata of `user` is set of: the account, if there is one.
    pub(in crate::chat) fn metadata_target(&self, user: &User) -> MetadataTarget {
        let account = user.account.as_deref().and_then(|name| self.accounts.get(name));
        match account.filter(|account| account.deleted_us.is_none()) {
            Some(account) => MetadataTarget::Account(account.name.to_string()),
            None => MetadataTarget::User(user.id),
        }
    }

    /// What `user` tells.
    pub(in crate::chat) fn metadata_of(&self, user: &User) -> Option<&MetadataValues> {
        self.metadata.get(&self.metadata_target(user).owner())
    }

    /// Everything that lasts, one record for each account and room that has any.
    pub(in crate::chat) fn metadata_records(&self) -> impl Iterator<Item = MetadataRecord> {
        let accounts = self.accounts.iter().map(|account| MetadataTarget::Account(account.name.clone()));
        let rooms = self.rooms.values().filter(|room| room.is_lasting);
        let rooms = rooms.map(|room| MetadataTarget::Room { name: room.name.clone(), id: room.id.clone() });
        accounts.chain(rooms).filter_map(|target| {
            let values = self.metadata.get(&target.owner())?.clone();
            Some(MetadataRecord { target, values })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_made_of_few_characters() {
        for (text, key) in
            [("avatar", Some("avatar")), ("Display-Name", Some("display-name")), ("a.b/c_1", Some("a.b/c_1"))]
        {
            assert_eq!(metadata_key(text).as_deref(), key);
        }
        let longest = "k".repeat(limits::CHAT_METADATA_KEY);
        assert_eq!(metadata_key(&longest).as_ref(), Some(&longest));
        for text in ["", ":a", "a b", "$url", "é", "a\n", &alloc::format!("{longest}k")] {
            assert_eq!(metadata_key(text), None, "{text:?}");
        }
    }

    #[test]
    fn values_are_any_text_that_fits_into_a_line() {
        let longest = "é".repeat(limits::CHAT_METADATA_VALUE / 2);
        for value in ["x", " ", ":", "\u{1f49c}", "\u{2}bold", &longest] {
            assert!(is_metadata_value(value), "{value:?}");
        }
        for value in ["", "a\rb", "a\nb", "a\0b", &alloc::format!("{longest}x")] {
            assert!(!is_metadata_value(value), "{value:?}");
        }
    }

    proptest! {
        /// A key is in its form already, and one word that no line builder has to change.
        #[test]
        fn a_key_is_one_word(text in "\\PC{0,60}|[a-zA-Z0-9_./:-]{0,60}") {
            if let Some(key) = metadata_key(&text) {
                prop_assert_eq!(metadata_key(&key), Some(key.clone()));
                prop_assert!(key.eq_ignore_ascii_case(&text));
                prop_assert!(!key.starts_with(':') && !key.contains(|c: char| c.is_whitespace() || c.is_control()));
                prop_assert!(key.len() <= limits::CHAT_METADATA_KEY);
            } else {
                let is_valid = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
                prop_assert!(text.is_empty() || text.len() > limits::CHAT_METADATA_KEY || !text.chars().all(is_valid));
            }
        }

        /// What a model of plain maps says, with the sum of all bytes.
        #[test]
        fn changes_agree_with_a_map(
            steps in proptest::collection::vec((0_u64..3, "[ab]", proptest::option::of("[xy]{1,4}"), any::<bool>()), 0..40)
        ) {
            let (mut metadata, mut model) = (Metadata::default(), BTreeMap::<u64, MetadataValues>::new());
            for (user, key, value, is_forgotten) in steps {
                let owner = MetadataOwner::User(UserId(user));
                if is_forgotten {
                    metadata.forget(&owner);
                    model.remove(&user);
                    continue;
                }
                metadata.change(owner, &[(key.clone(), value.clone())].into());
                let values = model.entry(user).or_default();
                match value {
                    Some(value) => values.insert(key, value),
                    None => values.remove(&key),
                };
            }
            for user in 0..3 {
                let expected = model.get(&user).filter(|values| !values.is_empty());
                prop_assert_eq!(metadata.get(&MetadataOwner::User(UserId(user))), expected);
            }
            metadata.check_bounds(|_| true);
        }
    }
}
