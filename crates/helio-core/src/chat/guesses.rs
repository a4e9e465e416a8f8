//! How often a password may be guessed: for each network and for each account, whether there is such an account or not.

use super::tries::{Tries, place};
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::net::IpAddr;

/// Wrong log-ins. A right one gives back what it took.
#[derive(Debug)]
pub(super) struct Guesses {
    pub(super) places: Tries<IpAddr>,
    /// By folded name.
    pub(super) accounts: Tries<Box<str>>,
    /// Where each account was logged in to last. From there others' guesses do not lock its owner out. As many as there are
    /// accounts.
    last: BTreeMap<Box<str>, IpAddr>,
}

impl Guesses {
    pub(super) fn new() -> Self {
        Self {
            places: Tries::new(limits::CHAT_LOGIN_BURST, limits::CHAT_LOGIN_INTERVAL),
            accounts: Tries::new(limits::CHAT_ACCOUNT_LOGIN_BURST, limits::CHAT_ACCOUNT_LOGIN_INTERVAL),
            last: BTreeMap::new(),
        }
    }

    /// Counts a log-in from `address` to the account called `name`; `false`: there were too many wrong ones.
    pub(super) fn take(&mut self, address: IpAddr, name: &str, now: Instant) -> bool {
        let (place, key) = (place(address), fold(name));
        self.places.take(&place, now) && (self.last.get(&key) == Some(&place) || self.accounts.take(&key, now))
    }

    /// Counts a try from `address` that names no account; `false`: there were too many wrong ones.
    pub(super) fn take_place(&mut self, address: IpAddr, now: Instant) -> bool {
        self.places.take(&place(address), now)
    }

    /// It was a right one.
    pub(super) fn give_back_place(&mut self, address: IpAddr) {
        self.places.give_back(&place(address));
    }

    /// It was the right password.
    pub(super) fn give_back(&mut self, address: IpAddr, name: &str) {
        let (place, key) = (place(address), fold(name));
        self.places.give_back(&place);
        if self.last.get(&key) != Some(&place) {
            self.accounts.give_back(&key);
            self.last.insert(key, place);
        }
    }

    /// Log-ins that were not to be tried.
    pub(super) fn refused(&self) -> u64 {
        self.places.refused() + self.accounts.refused()
    }

    #[cfg(test)]
    pub(super) fn check_bounds(&self, accounts: usize) {
        self.places.check_bounds();
        self.accounts.check_bounds();
        assert!(self.last.len() <= accounts, "{} last places", self.last.len());
    }
}
