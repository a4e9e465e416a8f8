//! The rooms that a client is in, or wants to be in.

use crate::irc::casemap::fold;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};

/// By the folded name.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    known: BTreeMap<Box<str>, Room>,
    /// Where words without a target go.
    current: Option<String>,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) is_joined: bool,
    /// Names of members, while the server lists them, and how many.
    pub(super) members: BTreeSet<String>,
    pub(super) member_count: usize,
}

impl Rooms {
    /// A room to be in from now on, which is also where words go. `false`: there are too many.
    pub(super) fn want(&mut self, name: &str, key: Option<&str>) -> bool {
        if self.known.len() >= limits::CHAT_CLIENT_ROOMS && !self.known.contains_key(&fold(name)) {
            return false;
        }
        let room = self.known.entry(fold(name)).or_insert_with(|| Room::new(name));
        if key.is_some() {
            room.key = key.map(str::to_string);
        }
        self.current = Some(name.to_string());
        true
    }

    pub(super) fn get(&self, name: &str) -> Option<&Room> {
        self.known.get(&fold(name))
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Room> {
        self.known.get_mut(&fold(name))
    }

    /// Not to be in it any more. Words then go to the first of the others.
    pub(super) fn forget(&mut self, name: &str) -> Option<Room> {
        let room = self.known.remove(&fold(name))?;
        if self.current.as_deref().is_some_and(|current| super::input::same(current, name)) {
            self.current = self.known.values().next().map(|room| room.name.clone());
        }
        Some(room)
    }

    /// A room has another name.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(mut room) = self.known.remove(&fold(from)) {
            room.name = to.to_string();
            self.known.insert(fold(to), room);
            if self.current.as_deref().is_some_and(|current| super::input::same(current, from)) {
                self.current = Some(to.to_string());
            }
        }
    }

    /// Where words go.
    pub(super) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    pub(super) fn choose(&mut self, name: &str) {
        self.current = Some(name.to_string());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Room> {
        self.known.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether it is known of each room that we are in it.
    pub(super) fn are_joined(&self) -> bool {
        self.known.values().all(|room| room.is_joined)
    }

    /// The connection is lost: we are in none.
    pub(super) fn left_all(&mut self) {
        self.known.values_mut().for_each(|room| room.is_joined = false);
    }
}

impl Room {
    fn new(name: &str) -> Self {
        Self { name: name.to_string(), key: None, is_joined: false, members: BTreeSet::new(), member_count: 0 }
    }

    /// One name of the list, which begins with the marks of what the member may do.
    pub(super) fn list_member(&mut self, listed: &str) {
        let nick = listed.trim_start_matches(['~', '&', '@', '%', '+', '!', '.']);
        let nick = nick.split('!').next().unwrap_or_default();
        self.member_count += 1;
        if self.members.len() < limits::CHAT_CLIENT_MEMBERS {
            self.members.insert(nick.to_string());
        }
    }
}
