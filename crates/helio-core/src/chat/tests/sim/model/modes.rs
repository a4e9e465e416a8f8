//! MODE for rooms.

use super::rooms::Room;
use super::{Conn, Model, Told, words};
use crate::irc::casemap::fold;
use crate::irc::extban::ListEntry;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A letter with its sign, and its argument as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    is_added: bool,
    letter: char,
    argument: Option<String>,
    /// Whose status it is.
    member: Option<Conn>,
}

impl Model {
    pub(super) fn room_mode(&mut self, conn: Conn, name: &str, modes: &str, args: &[&str]) {
        let Some(room) = self.rooms.get(&fold(name)) else { return };
        let (mut is_added, mut args, mut changes) = (true, args.iter(), Vec::<Change>::new());
        for letter in modes.chars() {
            match letter {
                '+' | '-' => is_added = letter == '+',
                _ => {
                    let has_argument = "beIkqaohv".contains(letter) || (letter == 'l' && is_added);
                    let argument = if has_argument { args.next().copied() } else { None };
                    let change = self.read_change(room, is_added, letter, argument, has_argument);
                    let Some(change) = change.filter(|change| may_change(room, conn, change)) else { continue };
                    changes.retain(|earlier| !is_same_thing(earlier, &change));
                    if has_effect(room, &change) {
                        changes.push(change);
                    }
                }
            }
        }
        if self.is_store_failing {
            changes.retain(|change| change.member.is_some());
        }
        self.change(conn, name, &changes);
    }

    fn read_change(
        &self,
        room: &Room,
        is_added: bool,
        letter: char,
        argument: Option<&str>,
        needs_argument: bool,
    ) -> Option<Change> {
        if needs_argument && argument.is_none() {
            return None;
        }
        let mut change = Change { is_added, letter, argument: argument.map(ToString::to_string), member: None };
        match letter {
            'q' | 'a' | 'o' | 'h' | 'v' => {
                change.member = Some(self.named(argument?).filter(|other| room.members.contains_key(other))?);
                change.argument = change.member.map(|other| self.nick_of(other));
            }
            'b' | 'e' | 'I' => {
                let entry = ListEntry::parse(argument?).ok().filter(|entry| letter != 'I' || !entry.is_mute)?;
                change.argument = Some(entry.to_string());
            }
            'k' if !is_added => change.argument = Some("*".into()),
            'l' if is_added => _ = argument?.parse::<u32>().ok().filter(|limit| *limit > 0)?,
            'k' | 'l' | 'i' | 'm' | 'n' | 's' | 't' | 'C' | 'R' => {}
            _ => return None,
        }
        Some(change)
    }

    fn change(&mut self, conn: Conn, name: &str, changes: &[Change]) {
        let Some(room) = self.rooms.get_mut(&fold(name)).filter(|_| !changes.is_empty()) else { return };
        for change in changes {
            room.is_lasting |= change.member.is_none();
            room.apply(change);
        }
        let shown = changes.iter().map(|change| {
            let sign = if change.is_added { '+' } else { '-' };
            let argument = change.argument.as_ref().map(|argument| format!(" {argument}")).unwrap_or_default();
            format!("{sign}{}{argument}", change.letter)
        });
        let irc = [words([&*self.people[&conn].mask(), "MODE", &room.name]), shown.collect()].concat();
        let members: BTreeSet<Conn> = room.members.keys().copied().collect();
        let (name, later) = (room.name.clone(), changes.iter().filter_map(Change::shown_later).collect());
        let said = self.changed(conn, "MODE", &name, later);
        self.tell(&members, Some(conn), &Told { irc, guest: None, said }, |_| true);
    }
}

impl Change {
    /// As all may see it in history.
    fn shown_later(&self) -> Option<String> {
        let sign = if self.is_added { '+' } else { '-' };
        match (self.letter, &self.argument) {
            ('q' | 'a' | 'o' | 'h' | 'v' | 'e' | 'I', _) => None,
            ('k', _) => Some(format!("{sign}k *")),
            (letter, Some(argument)) if letter == 'b' || self.is_added => Some(format!("{sign}{letter} {argument}")),
            (letter, _) => Some(format!("{sign}{letter}")),
        }
    }
}

impl Room {
    fn apply(&mut self, change: &Change) {
        let Change { is_added, letter, argument, member } = change.clone();
        let text = argument.unwrap_or_default();
        match (letter, member) {
            (_, Some(member)) => {
                let statuses = self.members.entry(member).or_default();
                if is_added {
                    statuses.insert(letter)
                } else {
                    statuses.remove(&letter)
                };
            }
            ('k', None) => self.key = is_added.then_some(text),
            ('l', None) => self.limit = text.parse().ok(),
            ('b' | 'e' | 'I', None) if is_added => _ = self.lists.insert((letter, text)),
            ('b' | 'e' | 'I', None) => self.lists.retain(|entry| !is_entry(entry, letter, &text)),
            (_, None) => _ = if is_added { self.flags.insert(letter) } else { self.flags.remove(&letter) },
        }
    }
}

fn is_entry((letter, mask): &(char, String), wanted: char, text: &str) -> bool {
    *letter == wanted && mask.eq_ignore_ascii_case(text)
}

fn may_change(room: &Room, conn: Conn, change: &Change) -> bool {
    let rank = room.rank(conn);
    let is_member = room.members.contains_key(&conn);
    match change.member {
        _ if !is_member => false,
        None => rank >= 2,
        Some(member) if member == conn && !change.is_added => true,
        Some(member) => {
            let least = match change.letter {
                'q' | 'a' => 5,
                'o' | 'h' => 3,
                _ => 2,
            };
            rank >= if change.is_added { least } else { least.max(room.rank(member)) }
        }
    }
}

fn is_same_thing(a: &Change, b: &Change) -> bool {
    let is_list = "beI".contains(a.letter);
    let (text_a, text_b) = (a.argument.as_deref().unwrap_or_default(), b.argument.as_deref().unwrap_or_default());
    a.letter == b.letter && a.member == b.member && (!is_list || text_a.eq_ignore_ascii_case(text_b))
}

fn has_effect(room: &Room, change: &Change) -> bool {
    let text = change.argument.as_deref().unwrap_or_default();
    match (change.letter, change.member) {
        (letter, Some(member)) => room.members[&member].contains(&letter) != change.is_added,
        ('k', None) => room.key.as_deref() != change.is_added.then_some(text),
        ('l', None) => room.limit != text.parse().ok(),
        (letter @ ('b' | 'e' | 'I'), None) => {
            room.lists.iter().any(|entry| is_entry(entry, letter, text)) != change.is_added
        }
        (letter, None) => room.flags.contains(&letter) != change.is_added,
    }
}
