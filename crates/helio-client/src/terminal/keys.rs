//! What keys do: one table, which `/help` shows too.

use super::composer::Edit;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for while one reads and types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Edit(Edit),
    Send,
    Complete,
    CompleteBack,
    Previous,
    Next,
    NextUnread,
    /// The buffer whose number is on the key.
    Numbered,
    PageUp,
    PageDown,
    Newest,
    JumpUnread,
    Pick,
    PickNewer,
    Rooms,
    People,
    Close,
    Reconnect,
    Help,
    Cancel,
    Interrupt,
    Redraw,
    Suspend,
}

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    held: KeyModifiers,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) does: Action,
    /// What `/help` says; empty where another row says it too.
    pub(super) says: &'static str,
}

/// A part of the table.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) bindings: &'static [Binding],
}

const fn key(code: KeyCode) -> Key {
    Key { code, held: KeyModifiers::NONE }
}

const fn shift(code: KeyCode) -> Key {
    Key { code, held: KeyModifiers::SHIFT }
}

const fn ctrl(code: KeyCode) -> Key {
    Key { code, held: KeyModifiers::CONTROL }
}

const fn alt(code: KeyCode) -> Key {
    Key { code, held: KeyModifiers::ALT }
}

const fn ctrl_char(c: char) -> Key {
    ctrl(KeyCode::Char(c))
}

const fn alt_char(c: char) -> Key {
    alt(KeyCode::Char(c))
}

const fn row(keys: &'static [Key], does: Action, says: &'static str) -> Binding {
    Binding { keys, does, says }
}

/// All keys.
pub(super) const TABLE: &[Section] = &[
    Section {
        title: "Rooms and messages",
        bindings: &[
            row(&[alt(KeyCode::Up), ctrl_char('p')], Action::Previous, "previous room or conversation"),
            row(&[alt(KeyCode::Down), ctrl_char('n')], Action::Next, "next one"),
            row(&[alt_char('a')], Action::NextUnread, "next one with something new, mentions first"),
            row(DIGITS, Action::Numbered, "the one with that number"),
            row(&[alt_char('u')], Action::JumpUnread, "to the first unread message"),
            row(&[key(KeyCode::PageUp)], Action::PageUp, "earlier; what is not here is fetched"),
            row(&[key(KeyCode::PageDown)], Action::PageDown, "later"),
            row(&[ctrl(KeyCode::End), alt(KeyCode::End)], Action::Newest, "to the newest message"),
            row(&[ctrl(KeyCode::Up), alt_char('s')], Action::Pick, "pick a message, to reply, react or take it back"),
            row(&[ctrl(KeyCode::Down)], Action::PickNewer, ""),
            row(&[alt_char('w')], Action::Close, "leave the room, or close the conversation"),
            row(&[key(KeyCode::F(2))], Action::Rooms, "show or hide the rooms"),
            row(&[key(KeyCode::F(3))], Action::People, "show or hide the people"),
        ],
    },
    Section {
        title: "Typing",
        bindings: &[
            row(&[key(KeyCode::Enter)], Action::Send, "send"),
            row(
                &[alt(KeyCode::Enter), shift(KeyCode::Enter), ctrl_char('j')],
                Action::Edit(Edit::Newline),
                "another line of the same message",
            ),
            row(&[key(KeyCode::Tab)], Action::Complete, "complete a nickname, /command, #room or :emoji"),
            row(&[key(KeyCode::BackTab), shift(KeyCode::BackTab)], Action::CompleteBack, ""),
            row(&[key(KeyCode::Up)], Action::Edit(Edit::Up), "a row up; then what was typed before"),
            row(&[key(KeyCode::Down)], Action::Edit(Edit::Down), ""),
            row(&[key(KeyCode::Left), ctrl_char('b')], Action::Edit(Edit::Left), ""),
            row(&[key(KeyCode::Right), ctrl_char('f')], Action::Edit(Edit::Right), ""),
            row(&[ctrl(KeyCode::Left), alt(KeyCode::Left), alt_char('b')], Action::Edit(Edit::WordLeft), "a word left"),
            row(
                &[ctrl(KeyCode::Right), alt(KeyCode::Right), alt_char('f')],
                Action::Edit(Edit::WordRight),
                "a word right",
            ),
            row(&[key(KeyCode::Home), ctrl_char('a')], Action::Edit(Edit::Home), "start of the line"),
            row(&[key(KeyCode::End), ctrl_char('e')], Action::Edit(Edit::End), "end of the line"),
            row(&[key(KeyCode::Backspace), ctrl_char('h')], Action::Edit(Edit::Backspace), ""),
            row(&[key(KeyCode::Delete), ctrl_char('d')], Action::Edit(Edit::Delete), ""),
            row(&[ctrl_char('w'), alt(KeyCode::Backspace)], Action::Edit(Edit::CutWordLeft), "cut the word before"),
            row(&[alt_char('d')], Action::Edit(Edit::CutWordRight), "cut the word behind"),
            row(&[ctrl_char('u')], Action::Edit(Edit::CutHome), "cut to the start of the line"),
            row(&[ctrl_char('k')], Action::Edit(Edit::CutEnd), "cut to its end"),
            row(&[ctrl_char('y')], Action::Edit(Edit::Paste), "put in what was cut"),
        ],
    },
    Section {
        title: "The program",
        bindings: &[
            row(&[key(KeyCode::F(1))], Action::Help, "this page"),
            row(&[key(KeyCode::Esc)], Action::Cancel, "close what is open, give up what was begun"),
            row(&[ctrl_char('r')], Action::Reconnect, "connect now instead of waiting longer"),
            row(&[ctrl_char('l')], Action::Redraw, "draw the screen again"),
            row(&[ctrl_char('z')], Action::Suspend, "stop for a while; fg comes back"),
            row(&[ctrl_char('c')], Action::Interrupt, "give up the line; twice: leave"),
        ],
    },
];

const DIGITS: &[Key] = &[
    alt_char('1'),
    alt_char('2'),
    alt_char('3'),
    alt_char('4'),
    alt_char('5'),
    alt_char('6'),
    alt_char('7'),
    alt_char('8'),
    alt_char('9'),
];

/// What a key asks for; `None`: nothing, so it may be a letter.
pub(super) fn action(event: &KeyEvent) -> Option<Action> {
    let pressed = Key { code: event.code, held: event.modifiers };
    let bindings = TABLE.iter().flat_map(|section| section.bindings);
    bindings.into_iter().find(|binding| binding.keys.contains(&pressed)).map(|binding| binding.does)
}

/// The letter that a key types.
pub(super) fn letter(event: &KeyEvent) -> Option<char> {
    let is_held = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    event.code.as_char().filter(|_| !is_held)
}

impl Binding {
    /// Its keys as people call them.
    pub(super) fn label(&self) -> String {
        match self.keys {
            [first, .., last] if self.keys.len() > 3 => format!("{} … {}", first.name(), last.name()),
            keys => keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(", "),
        }
    }
}

impl Key {
    fn name(self) -> String {
        let held = [(KeyModifiers::CONTROL, "Ctrl-"), (KeyModifiers::ALT, "Alt-"), (KeyModifiers::SHIFT, "Shift-")];
        let mut name: String =
            held.iter().filter(|(held, _)| self.held.contains(*held)).map(|(_, name)| *name).collect();
        if self.code == KeyCode::PageUp {
            name.push_str("PageUp");
        } else if self.code == KeyCode::PageDown {
            name.push_str("PageDown");
        } else if self.held.contains(KeyModifiers::CONTROL) {
            name.push_str(&self.code.as_char().map_or(self.code.to_string(), |c| c.to_uppercase().collect()));
        } else {
            name.push_str(&self.code.to_string());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = &'static Binding> {
        TABLE.iter().flat_map(|section| section.bindings)
    }

    #[test]
    fn no_key_has_two_meanings() {
        let keys: Vec<Key> = all().flat_map(|binding| binding.keys).copied().collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[at + 1..].contains(key), "{}", key.name());
        }
    }

    #[test]
    fn keys_are_called_as_people_call_them() {
        let label = |does| all().find(|binding| binding.does == does).map(Binding::label).unwrap();
        assert_eq!(label(Action::Previous), "Alt-Up, Ctrl-P");
        assert_eq!(label(Action::Numbered), "Alt-1 … Alt-9");
        assert_eq!(label(Action::Help), "F1");
    }

    #[test]
    fn letters_are_no_commands() {
        let press = |c, held| KeyEvent::new(KeyCode::Char(c), held);
        assert_eq!(letter(&press('A', KeyModifiers::SHIFT)), Some('A'));
        assert_eq!(letter(&press('a', KeyModifiers::ALT)), None);
        assert_eq!(action(&press('a', KeyModifiers::NONE)), None);
        assert_eq!(action(&press('a', KeyModifiers::ALT)), Some(Action::NextUnread));
    }
}
