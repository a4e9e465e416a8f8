//! What the names of rooms look like.

use crate::irc::name::skeleton;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

/// Names of rooms by their [`skeleton`]: how many there are of each. A new one may not look like another; a store of an
/// earlier version may hold some that do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct Looks(BTreeMap<Box<str>, usize>);

impl Looks {
    /// There is a room of this name.
    pub(in crate::chat) fn note(&mut self, name: &str) {
        *self.0.entry(skeleton(name).into()).or_default() += 1;
    }

    /// A room of this name is no more.
    pub(in crate::chat) fn forget(&mut self, name: &str) {
        let look = skeleton(name);
        if let Some(count) = self.0.get_mut(look.as_str()) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(look.as_str());
            }
        }
    }

    /// Whether a room looks like this.
    pub(in crate::chat) fn is_taken(&self, name: &str) -> bool {
        self.0.contains_key(skeleton(name).as_str())
    }
}

impl<'a> FromIterator<&'a str> for Looks {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut looks = Self::default();
        names.into_iter().for_each(|name| looks.note(name));
        looks
    }
}
