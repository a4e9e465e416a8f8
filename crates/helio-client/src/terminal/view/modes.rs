//! When keys mean something else: a message is picked, a question is asked, a page is open.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "there are many keys; the others mean what they always mean, or nothing"
)]

use super::{Scroll, Step, View};
use crate::terminal::composer::Edit;
use crate::terminal::emoji;
use crate::terminal::help;
use crate::terminal::keys::{self, Action};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use helio_core::chat::client::Wish;
use helio_core::chat::client::desk::{Delivery, Desk, Entry, EntryId};
use helio_core::limits;

/// What keys mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) enum Mode {
    /// Reading and typing.
    Talk,
    /// A message is picked; keys say what to do with it.
    Pick {
        /// Which.
        entry: EntryId,
    },
    /// A reaction is being chosen.
    React {
        /// To which message.
        entry: EntryId,
        /// The name of an emoji, as far as it is typed.
        name: String,
    },
    /// Is the message to be taken back?
    Redact {
        /// Which.
        entry: EntryId,
    },
    /// Are these lines to be sent?
    Paste {
        /// What was pasted.
        text: String,
    },
    /// The page of keys and commands.
    Help {
        /// Its first row on the screen.
        from: usize,
    },
}

impl Mode {
    /// The message that it is about.
    pub(in crate::terminal) fn entry(&self) -> Option<EntryId> {
        match self {
            Self::Pick { entry } | Self::React { entry, .. } | Self::Redact { entry } => Some(*entry),
            Self::Talk | Self::Paste { .. } | Self::Help { .. } => None,
        }
    }
}

impl View {
    /// A key, unless it means what it always means.
    pub(super) fn mode_key(&mut self, key: &KeyEvent, desk: &Desk) -> Option<Vec<Step>> {
        match self.mode.clone() {
            Mode::Talk => None,
            Mode::Pick { entry } => self.pick_key(entry, key, desk),
            Mode::React { entry, name } => Some(self.react_key(entry, name, key, desk)),
            Mode::Redact { entry } => {
                self.mode = Mode::Talk;
                let is_yes = keys::letter(key) == Some('y');
                let wish = Wish::Redact { buffer: desk.current().id(), entry, reason: String::new() };
                Some(if is_yes { vec![Step::Wish(wish)] } else { Vec::new() })
            }
            Mode::Paste { text } => Some(self.paste_key(text, key, desk)),
            Mode::Help { from } => Some(self.help_key(from, key)),
        }
    }

    /// Keys for what was found, while nothing else is open.
    pub(super) fn search_key(&mut self, action: Option<Action>, desk: &Desk) -> Option<Vec<Step>> {
        let search = desk.search.as_ref()?;
        let last = search.found.len().saturating_sub(1);
        let page = 10;
        let action = action?;
        self.found = match action {
            Action::Cancel => return Some(vec![Step::Wish(Wish::CloseSearch)]),
            Action::Send if self.composer.is_empty() => return Some(self.go_to_found(desk)),
            _ if action == Action::Edit(Edit::Up) => self.found + 1,
            _ if action == Action::Edit(Edit::Down) => self.found.saturating_sub(1),
            _ if action == Action::PageUp => self.found + page,
            _ if action == Action::PageDown => self.found.saturating_sub(page),
            _ => return None,
        }
        .min(last);
        Some(Vec::new())
    }

    /// Picks the message above the one that is picked, or below; at first the last one on the screen.
    pub(super) fn pick(&mut self, is_up: bool, desk: &Desk) -> Vec<Step> {
        let (sheet, height) = self.sheet(desk);
        let entries = sheet.entries();
        let page = sheet.page(self.scroll, height);
        let is_said = |at: &usize| entries.get(*at).is_some_and(|entry| entry.said().is_some());
        let picked = self.mode.entry().and_then(|id| sheet.place(id));
        let place = match (picked, is_up) {
            (None, _) => (0..entries.len() - page.behind).rfind(is_said),
            (Some(at), true) => (0..at).rfind(is_said),
            (Some(at), false) => (at + 1..entries.len()).find(is_said),
        };
        let Some(entry) = place.and_then(|at| entries.get(at)).map(|entry| entry.id) else { return Vec::new() };
        let scroll = sheet.showing(entry, self.scroll, height);
        let is_first = place == Some(0);
        (self.scroll, self.mode) = (scroll, Mode::Pick { entry });
        if is_first { self.scroll_by(true, Some(0), desk) } else { Vec::new() }
    }

    /// Something was pasted. Several lines are asked about, since they may be more than one wanted to say.
    pub(super) fn paste(&mut self, text: &str, desk: &Desk) -> Vec<Step> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.len() > limits::TERMINAL_INPUT {
            self.note = Some(format!("{} bytes were pasted, limit is {}", text.len(), limits::TERMINAL_INPUT));
            return Vec::new();
        }
        if text.contains('\n') {
            self.mode = Mode::Paste { text: text.to_owned() };
            return Vec::new();
        }
        self.mode = Mode::Talk;
        self.change(desk, |view| view.insert(text))
    }

    fn pick_key(&mut self, entry: EntryId, key: &KeyEvent, desk: &Desk) -> Option<Vec<Step>> {
        let Some(picked) = desk.current().entry(entry) else { return Some(Vec::new()) };
        let buffer = desk.current().id();
        let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty() || key.code == KeyCode::Esc;
        match key.code {
            _ if !plain => return None,
            KeyCode::Up => return Some(self.pick(true, desk)),
            KeyCode::Down => return Some(self.pick(false, desk)),
            KeyCode::Esc => self.mode = Mode::Talk,
            KeyCode::Enter | KeyCode::Char('r') if picked.msgid.is_some() => {
                (self.mode, self.reply, self.scroll) = (Mode::Talk, Some(entry), Scroll::Newest);
            }
            KeyCode::Char('e' | '+') if picked.msgid.is_some() => {
                self.mode = Mode::React { entry, name: String::new() };
            }
            KeyCode::Char('d') if picked.msgid.is_some() => self.mode = Mode::Redact { entry },
            KeyCode::Char('a') if has_failed(picked) => {
                self.mode = Mode::Talk;
                return Some(vec![Step::Wish(Wish::Again { buffer, entry })]);
            }
            KeyCode::Char('d') if has_failed(picked) => {
                self.mode = Mode::Talk;
                return Some(vec![Step::Wish(Wish::Discard { buffer, entry })]);
            }
            KeyCode::Char(_) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    fn react_key(&mut self, entry: EntryId, mut name: String, key: &KeyEvent, desk: &Desk) -> Vec<Step> {
        let quick = keys::letter(key).and_then(|c| c.to_digit(10)).and_then(|digit| digit.checked_sub(1));
        let chosen = match (key.code, quick) {
            (_, Some(at)) if name.is_empty() => usize::try_from(at).ok().and_then(|at| emoji::QUICK.get(at).copied()),
            (KeyCode::Enter, _) => emoji::of_name(&name).or_else(|| emoji::beginning(&name).next().map(|(_, e)| e)),
            _ => None,
        };
        if let Some(text) = chosen {
            self.mode = Mode::Talk;
            return vec![Step::Wish(Wish::React { buffer: desk.current().id(), entry, text: text.to_owned() })];
        }
        match key.code {
            KeyCode::Esc => self.mode = Mode::Talk,
            KeyCode::Backspace => {
                name.pop();
                self.mode = Mode::React { entry, name };
            }
            _ => {
                name.extend(
                    keys::letter(key).filter(|c| c.is_ascii_graphic() && name.len() < limits::CHAT_DESK_REACTION),
                );
                self.mode = Mode::React { entry, name };
            }
        }
        Vec::new()
    }

    fn paste_key(&mut self, text: String, key: &KeyEvent, desk: &Desk) -> Vec<Step> {
        match (key.code, keys::letter(key)) {
            (_, Some('y')) if !self.takes_input => {
                self.note = Some("too much waits to be sent already".to_owned());
            }
            (_, Some('y')) => {
                (self.mode, self.scroll, self.unread) = (Mode::Talk, Scroll::Newest, None);
                return vec![Step::Wish(Wish::Say { buffer: desk.current().id(), text, reply_to: self.reply.take() })];
            }
            (_, Some('e')) => {
                self.mode = Mode::Talk;
                return self.change(desk, |view| view.insert(&text));
            }
            (KeyCode::Esc, _) | (_, Some('n')) => self.mode = Mode::Talk,
            _ if keys::action(key) == Some(Action::Interrupt) => self.mode = Mode::Talk,
            _ => {}
        }
        Vec::new()
    }

    fn help_key(&mut self, from: usize, key: &KeyEvent) -> Vec<Step> {
        let page = usize::from(self.size.height).saturating_sub(6).max(1);
        let last = help::rows(self.theme, usize::from(self.size.width)).len().saturating_sub(page);
        let to = match key.code {
            KeyCode::Up => from.saturating_sub(1),
            KeyCode::Down => from + 1,
            KeyCode::PageUp => from.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => from + page,
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => {
                self.mode = Mode::Talk;
                return Vec::new();
            }
        };
        self.mode = Mode::Help { from: to.min(last) };
        Vec::new()
    }

    /// Shows the message that was found, if its room is open and it is among its messages.
    fn go_to_found(&mut self, desk: &Desk) -> Vec<Step> {
        let search = desk.search.as_ref();
        let Some(found) = search.and_then(|search| search.found.iter().rev().nth(self.found)) else {
            return Vec::new();
        };
        let buffer = desk.named(&found.place);
        let entry = buffer.and_then(|buffer| Some((buffer, buffer.message(found.entry.msgid.as_deref()?)?.id)));
        let Some((buffer, entry)) = entry else {
            self.note =
                Some("that message is further back than what is here; PageUp in its room fetches more".to_owned());
            return Vec::new();
        };
        self.goal = Some((buffer.id(), entry));
        vec![Step::Wish(Wish::CloseSearch), Step::Wish(Wish::Show(buffer.id()))]
    }
}

fn has_failed(entry: &Entry) -> bool {
    matches!(entry.delivery, Some(Delivery::Failed { .. } | Delivery::Unknown))
}
