//! How far people have read (IRCv3 read-marker, a draft): for each account, a time for each room and conversation.
//! `spec/event-log.md`, "Read markers", describes it.

use crate::chat::conversation::Party;
use crate::chat::ids::{RoomId, UserId};
use crate::irc::casemap::fold;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// All markers. Bounded for each owner and in all.
#[derive(Debug, Default)]
pub(in crate::chat) struct Markers {
    by_owner: BTreeMap<MarkerOwner, BTreeMap<MarkerTarget, i64>>,
    /// Markers of all owners.
    len: usize,
}

/// Whose a marker is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chat) enum MarkerOwner {
    /// Of an account, by its folded name. These last.
    Account(Box<str>),
    /// Of who is not logged in, while they are there.
    User(UserId),
}

// spec: begin

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::chat) enum MarkerTarget {
    /// A room. A later one of the same name is another.
    Room(RoomId),
    /// A private conversation, by its other side.
    With(Party),
}

/// That a target was read up to a time, milliseconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct Marker {
    #[serde(flatten)]
    pub(in crate::chat) target: MarkerTarget,
    pub(in crate::chat) at_ms: i64,
}

/// A record of the log of markers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::chat) struct MarkerRecord {
    pub(in crate::chat) account: String,
    pub(in crate::chat) markers: Vec<Marker>,
}

// spec: end

impl MarkerOwner {
    pub(in crate::chat) fn new(user: UserId, account: Option<&str>) -> Self {
        account.map_or(Self::User(user), |account| Self::Account(fold(account)))
    }

    /// The folded name of the account.
    pub(in crate::chat) fn account(&self) -> Option<&str> {
        match self {
            Self::Account(name) => Some(name),
            Self::User(_) => None,
        }
    }
}

impl Markers {
    /// Up to when a target was read; `None`: not known.
    pub(in crate::chat) fn get(&self, owner: &MarkerOwner, target: &MarkerTarget) -> Option<i64> {
        self.by_owner.get(owner)?.get(target).copied()
    }

    /// Moves a marker forward; one that is further already stays. At the bounds another one goes: the oldest of this owner, or
    /// of the one who has most.
    pub(in crate::chat) fn set(&mut self, owner: &MarkerOwner, marker: &Marker) {
        if let Some(known) = self.by_owner.get_mut(owner).and_then(|markers| markers.get_mut(&marker.target)) {
            *known = (*known).max(marker.at_ms);
            return;
        }
        if self.by_owner.get(owner).is_some_and(|markers| markers.len() >= limits::CHAT_MARKERS) {
            self.drop_oldest(owner);
        } else if self.len >= limits::CHAT_MARKERS_ALL {
            let richest = self.by_owner.iter().max_by_key(|(_, markers)| markers.len());
            if let Some(owner) = richest.map(|(owner, _)| owner.clone()) {
                self.drop_oldest(&owner);
            }
        }
        self.by_owner.entry(owner.clone()).or_default().insert(marker.target.clone(), marker.at_ms);
        self.len += 1;
    }

    fn drop_oldest(&mut self, owner: &MarkerOwner) {
        let Some(markers) = self.by_owner.get_mut(owner) else { return };
        let oldest = markers.iter().min_by_key(|(_, at_ms)| **at_ms).map(|(target, _)| target.clone());
        if oldest.and_then(|target| markers.remove(&target)).is_some() {
            self.len -= 1;
        }
        if markers.is_empty() {
            self.by_owner.remove(owner);
        }
    }

    /// Forgets all of an owner who is no more.
    pub(in crate::chat) fn forget(&mut self, owner: &MarkerOwner) {
        self.len -= self.by_owner.remove(owner).map_or(0, |markers| markers.len());
    }

    /// Forgets those of rooms that are no more.
    pub(in crate::chat) fn retain_rooms(&mut self, is_there: impl Fn(&RoomId) -> bool) {
        for markers in self.by_owner.values_mut() {
            markers.retain(|target, _| match target {
                MarkerTarget::Room(id) => is_there(id),
                MarkerTarget::With(_) => true,
            });
        }
        self.by_owner.retain(|_, markers| !markers.is_empty());
        self.len = self.by_owner.values().map(BTreeMap::len).sum();
    }

    /// Accounts that have any.
    pub(in crate::chat) fn accounts(&self) -> usize {
        self.by_owner.keys().filter(|owner| owner.account().is_some()).count()
    }

    /// All that last, one record for each account.
    pub(in crate::chat) fn records(&self) -> impl Iterator<Item = MarkerRecord> {
        self.by_owner.iter().filter_map(|(owner, markers)| {
            let markers = markers.iter().map(|(target, at_ms)| Marker { target: target.clone(), at_ms: *at_ms });
            Some(MarkerRecord { account: owner.account()?.to_string(), markers: markers.collect() })
        })
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self, is_there: impl Fn(&MarkerOwner) -> bool) {
        assert_eq!(self.len, self.by_owner.values().map(BTreeMap::len).sum::<usize>(), "markers");
        assert!(self.len <= limits::CHAT_MARKERS_ALL, "{} markers", self.len);
        for (owner, markers) in &self.by_owner {
            assert!((1..=limits::CHAT_MARKERS).contains(&markers.len()), "markers of {owner:?}");
            assert!(is_there(owner), "{owner:?} is no more");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, at_ms: i64) -> Marker {
        Marker { target: MarkerTarget::With(Party::account(name)), at_ms }
    }

    fn owner(name: &str) -> MarkerOwner {
        MarkerOwner::Account(name.into())
    }

    #[test]
    fn at_the_bound_of_an_account_its_oldest_goes() {
        let (mut markers, ann) = (Markers::default(), owner("ann"));
        for number in 0..limits::CHAT_MARKERS {
            markers.set(&ann, &with(&number.to_string(), 100 + number as i64));
        }
        markers.set(&ann, &with("new", 1));
        markers.check_bounds(|_| true);
        assert_eq!(markers.get(&ann, &with("0", 0).target), None);
        assert_eq!(markers.get(&ann, &with("1", 0).target), Some(101));
        assert_eq!(markers.get(&ann, &with("new", 0).target), Some(1), "what was just set stays");
    }

    #[test]
    fn at_the_bound_of_all_the_oldest_of_who_has_most_goes() {
        let (mut markers, ann) = (Markers::default(), owner("ann"));
        for number in 0..limits::CHAT_MARKERS {
            markers.set(&ann, &with(&number.to_string(), number as i64));
        }
        for number in limits::CHAT_MARKERS..limits::CHAT_MARKERS_ALL {
            let of = owner(&alloc::format!("user{}", number / (limits::CHAT_MARKERS - 1)));
            markers.set(&of, &with(&number.to_string(), number as i64));
        }
        assert_eq!(markers.len, limits::CHAT_MARKERS_ALL);
        markers.set(&owner("ben"), &with("x", 1));
        markers.check_bounds(|_| true);
        assert_eq!(markers.get(&ann, &with("0", 0).target), None);
        assert_eq!(markers.get(&owner("ben"), &with("x", 0).target), Some(1));
    }
}
