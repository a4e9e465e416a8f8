//! Who has to wait before they speak in a room again, and for how long. Known to this run of the service alone.

use super::User;
use crate::chat::tries;
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::net::IpAddr;

/// Somebody, whatever they are called at the moment and however often they come back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::chat) enum Who {
    /// By folded name.
    Account(Box<str>),
    Network(IpAddr),
    /// All on this machine come from one address: the username tells them apart.
    Local(Box<str>),
}

impl Who {
    pub(in crate::chat) fn of(user: &User) -> Self {
        match (&user.account, user.address.map(tries::place)) {
            (Some(account), _) => Self::Account(fold(account)),
            (None, Some(address)) if !address.is_loopback() => Self::Network(address),
            (None, _) => Self::Local(fold(&user.username)),
        }
    }
}

/// A moment for each of some people; at most [`limits::CHAT_ROOM_RESTRAINED`].
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::chat) struct Moments(BTreeMap<Who, Instant>);

impl Moments {
    pub(in crate::chat) fn of(&self, who: &Who) -> Option<Instant> {
        self.0.get(who).copied()
    }

    /// Notes a moment. When there are too many, those that are over are forgotten, or else the earliest.
    pub(in crate::chat) fn note(&mut self, who: Who, at: Instant, is_over: impl Fn(Instant) -> bool) {
        if self.0.len() >= limits::CHAT_ROOM_RESTRAINED && !self.0.contains_key(&who) {
            self.0.retain(|_, at| !is_over(*at));
            if self.0.len() >= limits::CHAT_ROOM_RESTRAINED {
                let earliest = self.0.iter().min_by_key(|(_, at)| **at).map(|(who, _)| who.clone());
                earliest.into_iter().for_each(|who| _ = self.0.remove(&who));
            }
        }
        self.0.insert(who, at);
    }

    pub(in crate::chat) fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub(in crate::chat) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::chat) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use core::time::Duration;

    fn who(number: usize) -> Who {
        Who::Account(format!("a{number}").into())
    }

    /// At [`limits::CHAT_ROOM_RESTRAINED`] those make room whose moment is over; when none is, the earliest.
    #[test]
    fn moments_are_bounded() {
        const MOST: usize = limits::CHAT_ROOM_RESTRAINED;
        let at = |seconds: usize| Instant::ORIGIN + Duration::from_secs(seconds as u64);
        let mut moments = Moments::default();
        (0..MOST).for_each(|number| moments.note(who(number), at(100 + number), |_| false));
        moments.note(who(7), at(50), |_| false);
        assert_eq!(moments.len(), MOST, "one who is there takes no place");
        moments.note(who(MOST), at(200), |_| false);
        assert_eq!((moments.len(), moments.of(&who(7))), (MOST, None));
        moments.note(who(MOST + 1), at(5_000), |moment| moment < at(110));
        assert_eq!(moments.of(&who(0)), None);
        assert_eq!(moments.of(&who(10)), Some(at(110)));
        assert_eq!(moments.of(&who(MOST + 1)), Some(at(5_000)));
        assert_eq!(moments.len(), MOST - 9 + 1, "all nine that were over are gone");
    }
}
