//! What was typed before.

use helio_core::limits;
use std::collections::VecDeque;

/// Typed texts, the latest last, and which one is being looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    texts: VecDeque<String>,
    /// Steps back from the end, and what was being typed when the first was taken.
    looking: Option<(usize, String)>,
}

impl History {
    /// Remembers a text, unless it is empty or the same as the last one.
    pub(super) fn add(&mut self, text: &str) {
        self.leave();
        if text.is_empty() || self.texts.back().is_some_and(|last| last == text) {
            return;
        }
        if self.texts.len() >= limits::TERMINAL_HISTORY {
            self.texts.pop_front();
        }
        self.texts.push_back(text.to_owned());
    }

    /// What is being looked at is a text of its own from now on.
    pub(super) fn leave(&mut self) {
        self.looking = None;
    }

    /// The text before the one that is looked at, for one who has `typed` so far.
    pub(super) fn older(&mut self, typed: &str) -> Option<String> {
        let back = self.looking.as_ref().map_or(0, |(back, _)| *back) + 1;
        let text = self.texts.len().checked_sub(back).and_then(|at| self.texts.get(at))?.clone();
        let draft = self.looking.take().map_or_else(|| typed.to_owned(), |(_, draft)| draft);
        self.looking = Some((back, draft));
        Some(text)
    }

    /// The text after it; behind the last one, what was being typed.
    pub(super) fn newer(&mut self, _typed: &str) -> Option<String> {
        let (back, draft) = self.looking.take()?;
        if back == 1 {
            return Some(draft);
        }
        self.looking = Some((back - 1, draft));
        self.texts.get(self.texts.len() - (back - 1)).cloned()
    }
}
