//! What the keeper does when nothing waits: forgetting, trimming, making bytes be gone.

use super::{Forgetting, Keeper};
use helio_core::limits;
use helio_store::{Log, LogHead, Position, StoreError};

impl Keeper {
    /// Does a part of what has time. Returns whether there was any.
    pub(super) fn proceed(&mut self) -> bool {
        if self.erase_next() {
            return true;
        }
        if self.is_failing || self.is_frozen {
            return false;
        }
        if !self.forgetting.is_empty() {
            self.forget_step();
            return true;
        }
        match self.retaining.step(self.store.as_mut()) {
            Ok(Some(has_trimmed)) => {
                self.is_unscrubbed |= has_trimmed;
                return true;
            }
            Ok(None) => {}
            Err(error) => self.trouble(&error),
        }
        if std::mem::take(&mut self.is_unscrubbed) {
            if let Err(error) = self.store.scrub() {
                self.trouble(&error);
            }
            if let Some(press) = &self.press {
                press.trimmed();
            }
            return true;
        }
        false
    }

    /// Forgets a part of the log that waits for it longest.
    pub(super) fn forget_step(&mut self) {
        let Some(forgetting) = self.forgetting.front() else { return };
        match trim_step(self.store.as_mut(), forgetting) {
            Ok(Step { has_trimmed, is_done }) => {
                self.is_unscrubbed |= has_trimmed;
                self.forgetting.pop_front_if(|_| is_done);
            }
            // What is left is in nobody's way: the room's identity is never used again.
            Err(error) => {
                self.forgetting.pop_front();
                self.trouble(&error);
            }
        }
    }
}

/// What came of a part of the work.
struct Step {
    has_trimmed: bool,
    is_done: bool,
}

/// Trims at most [`limits::CHAT_FORGET_STEP`] records of a log.
fn trim_step(store: &mut dyn Log, Forgetting { log, until }: &Forgetting) -> Result<Step, StoreError> {
    let nothing = Step { has_trimmed: false, is_done: true };
    let Some(LogHead { first, next, .. }) = store.head(log)? else { return Ok(nothing) };
    let until = next.min(*until);
    if first >= until {
        return Ok(nothing);
    }
    let step = Position::new(first.get() + limits::CHAT_FORGET_STEP as u64).min(until);
    let kept = store.trim_lazily(log, step)?;
    Ok(Step { has_trimmed: true, is_done: kept >= until })
}
