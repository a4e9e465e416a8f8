//! The bans of the server, so that whom they mean is found fast.

use crate::chat::ban::{Ban, Somebody, Target};
use crate::limits;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::net::IpAddr;
use ipnet::IpNet;

/// All bans, ended ones too for a while.
#[derive(Debug, Default)]
pub(in crate::chat) struct Bans {
    nets: BTreeMap<IpNet, Ban>,
    /// How many networks have which length: whether IPv6, and the length. An address is looked up once for each.
    lengths: BTreeMap<(bool, u8), usize>,
    /// Of the other kinds, by [`Target::key`].
    others: BTreeMap<Box<str>, Ban>,
    /// Bans that were set since those were forgotten that ended long ago: as many again, so that setting many stays cheap.
    set: usize,
}

impl Bans {
    /// A ban that holds and means this one.
    pub(in crate::chat) fn find(&self, somebody: &Somebody<'_>, now: Utc) -> Option<&Ban> {
        let by_address = somebody.address.and_then(|address| self.find_address(address, now));
        by_address.or_else(|| self.others.values().find(|ban| ban.holds(now) && ban.target.means(somebody)))
    }

    /// A ban of a network that holds and has this address.
    pub(in crate::chat) fn find_address(&self, address: IpAddr, now: Utc) -> Option<&Ban> {
        let is_v6 = address.is_ipv6();
        let lengths = self.lengths.range((is_v6, 0)..=(is_v6, u8::MAX)).map(|((_, length), _)| *length);
        let nets = lengths.filter_map(|length| IpNet::new(address, length).ok());
        nets.filter_map(|net| self.nets.get(&net.trunc())).find(|ban| ban.holds(now))
    }

    /// A ban of an account, or of those like it, that holds and means this one.
    pub(in crate::chat) fn find_account(&self, account: &str, now: Utc) -> Option<&Ban> {
        let is_meant = |ban: &&Ban| match &ban.target {
            Target::Account(pattern) => crate::irc::mask::glob(pattern, account),
            Target::Net(_) | Target::User { .. } => false,
        };
        self.others.values().find(|ban| ban.holds(now) && is_meant(ban))
    }

    pub(in crate::chat) fn get(&self, target: &Target) -> Option<&Ban> {
        match target {
            Target::Net(net) => self.nets.get(net),
            Target::User { .. } | Target::Account(_) => self.others.get(&target.key()),
        }
    }

    /// All of them, networks first.
    pub(in crate::chat) fn iter(&self) -> impl Iterator<Item = &Ban> {
        self.nets.values().chain(self.others.values())
    }

    /// Whether there is room for a new one like this. Those that have ended make room.
    pub(in crate::chat) fn has_room(&self, target: &Target, now: Utc) -> bool {
        let is_network = matches!(target, Target::Net(_));
        let has_ended = |ban: &Ban| matches!(ban.target, Target::Net(_)) == is_network && !ban.holds(now);
        !self.is_full(target) || self.get(target).is_some() || self.iter().any(has_ended)
    }

    fn is_full(&self, target: &Target) -> bool {
        match target {
            Target::Net(_) => self.nets.len() >= limits::CHAT_ADDRESS_BANS,
            Target::User { .. } | Target::Account(_) => self.others.len() >= limits::CHAT_MASK_BANS,
        }
    }

    /// Sets a ban. What ended long ago is forgotten, and all that has ended when there is no room else.
    pub(in crate::chat) fn set(&mut self, ban: Ban, now: Utc) {
        self.set += 1;
        if self.set >= (self.nets.len() + self.others.len()) / 2 {
            self.set = 0;
            self.forget(|ban| ban.is_forgotten(now));
        }
        if self.is_full(&ban.target) && self.get(&ban.target).is_none() {
            self.forget(|ban| !ban.holds(now));
        }
        self.restore(ban);
    }

    /// It is exactly like this, whatever there was.
    pub(in crate::chat) fn restore(&mut self, ban: Ban) {
        match &ban.target {
            Target::Net(net) => {
                let (net, length) = (*net, length_of(net));
                if self.nets.insert(net, ban).is_none() {
                    *self.lengths.entry(length).or_default() += 1;
                }
            }
            Target::User { .. } | Target::Account(_) => _ = self.others.insert(ban.target.key(), ban),
        }
    }

    pub(in crate::chat) fn lift(&mut self, target: &Target) {
        match target {
            Target::Net(net) => {
                if self.nets.remove(net).is_some() {
                    self.one_less(length_of(net));
                }
            }
            Target::User { .. } | Target::Account(_) => _ = self.others.remove(&target.key()),
        }
    }

    fn forget(&mut self, is_forgotten: impl Fn(&Ban) -> bool) {
        self.others.retain(|_, ban| !is_forgotten(ban));
        let gone: alloc::vec::Vec<IpNet> =
            self.nets.iter().filter(|(_, ban)| is_forgotten(ban)).map(|(net, _)| *net).collect();
        for net in gone {
            self.nets.remove(&net);
            self.one_less(length_of(&net));
        }
    }

    fn one_less(&mut self, length: (bool, u8)) {
        if let Some(count) = self.lengths.get_mut(&length) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&length);
            }
        }
    }

    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self) {
        assert!(self.nets.len() <= limits::CHAT_ADDRESS_BANS, "{} bans of networks", self.nets.len());
        assert!(self.others.len() <= limits::CHAT_MASK_BANS, "{} other bans", self.others.len());
        let mut again = Self::default();
        self.iter().for_each(|ban| again.restore(ban.clone()));
        assert_eq!((&self.nets, &self.lengths, &self.others), (&again.nets, &again.lengths, &again.others), "bans");
    }
}

fn length_of(net: &IpNet) -> (bool, u8) {
    (net.addr().is_ipv6(), net.prefix_len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;

    fn ban(target: &str, until_us: Option<i64>) -> Ban {
        let target = Target::parse(target).unwrap();
        Ban { target, reason: String::new(), by: String::new(), at_us: 0, until_us }
    }

    proptest! {
        /// The reference is to ask every ban.
        #[test]
        fn an_address_is_found_as_by_asking_every_ban(
            bans in prop::collection::vec((any::<[u8; 4]>(), 0_u8..=32, prop::option::of(0_i64..20), any::<bool>()), 0..40),
            addresses in prop::collection::vec(any::<[u8; 4]>(), 1..20),
            now in 0_i64..20,
        ) {
            let mut all = Bans::default();
            for ([a, b, c, d], length, until, is_lifted) in bans {
                // Few different ones, so that they meet.
                let ban = ban(&format!("{}.{}.{}.{}/{length}", a & 3, b & 1, c & 1, d & 3), until);
                all.restore(ban.clone());
                if is_lifted {
                    all.lift(&ban.target);
                }
            }
            all.check_bounds();
            let now = Utc::from_micros(now);
            for [a, b, c, d] in addresses {
                let address = IpAddr::from([a & 3, b & 1, c & 1, d & 3]);
                let somebody = Somebody { address: Some(address), user_host: None, account: None };
                let expected = all.iter().any(|ban| ban.holds(now) && ban.target.means(&somebody));
                prop_assert_eq!(all.find_address(address, now).is_some(), expected, "{}", address);
            }
        }
    }

    /// A clock that was ahead for a while takes nothing away, unless it was ahead by much.
    #[test]
    fn an_ended_ban_holds_again_when_the_clock_is_set_back() {
        let mut bans = Bans::default();
        let (before, after) = (Utc::from_micros(5), Utc::from_micros(2_000_000));
        bans.set(ban("10.0.0.1", Some(1_000_000)), before);
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(bans.find_address(address, after).is_none());
        bans.set(ban("10.0.0.2", None), after);
        assert!(bans.find_address(address, before).is_some());
        let remembered = i64::try_from(limits::CHAT_BAN_REMEMBERED.as_micros()).unwrap();
        bans.set(ban("10.0.0.3", None), Utc::from_micros(1_000_000 + remembered));
        assert!(bans.find_address(address, before).is_none());
    }

    /// At the bound those that ended make room; then a new one is refused, and one that is there can still be changed.
    #[test]
    fn bans_are_bounded() {
        let now = Utc::from_micros(10);
        let mut bans = Bans::default();
        for n in 0..limits::CHAT_MASK_BANS {
            bans.set(ban(&format!("user{n}@host"), (n == 7).then_some(10)), now);
        }
        let new = Target::parse("new@host").unwrap();
        assert!(bans.has_room(&new, now));
        bans.set(ban("new@host", None), now);
        bans.check_bounds();
        assert!(bans.get(&Target::parse("user7@host").unwrap()).is_none());
        assert!(!bans.has_room(&Target::parse("more@host").unwrap(), now) && bans.has_room(&new, now));
        assert!(bans.has_room(&Target::parse("10.0.0.1").unwrap(), now), "networks are counted apart");
    }
}
