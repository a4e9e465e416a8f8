//! What was said before, as one client sees it: on joining, and as the answer to CHATHISTORY and SEARCH.

use super::message;
use crate::chat::announce::Shown;
use crate::chat::event::Said;
use crate::chat::guest_text;
use crate::chat::ids::Ids;
use crate::chat::line::{Audience, Face, Line};
use crate::chat::reply::{Place, batch_lines};
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::{Now, Utc};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Messages on their way to one client.
pub(super) struct Past {
    audience: Audience,
    /// The batch that they are put into, for those who know batches.
    batch: Option<String>,
    now: Now,
}

impl Past {
    pub(super) fn new(audience: Audience, ids: &mut Ids, now: Now) -> Self {
        let is_batched = audience.face == Face::Irc && audience.has(Capability::Batch);
        Self { audience, batch: is_batched.then(|| ids.batch()), now }
    }

    /// The bytes of one message; none if the client cannot take it.
    pub(super) fn show(&self, mut said: Said, ids: &mut Ids) -> Vec<u8> {
        self.tell_time(&mut said);
        if self.audience.face == Face::Guest {
            return guest_text::said_at(&said).into_bytes();
        }
        let mut out = Vec::new();
        let shown = Shown::new(&said, || ids.batch());
        let lines = shown.to(self.audience);
        for (index, line) in lines.iter().enumerate() {
            let mut line: Line = line.clone();
            // The end of an inner batch bears no tag; its other lines are in it.
            let is_end = index + 1 == lines.len() && shown.is_batch(self.audience);
            if !is_end {
                line.tags.batch = line.tags.batch.or_else(|| self.batch.clone());
            }
            line.encode(self.audience, &mut out);
        }
        out
    }

    /// Puts `messages`, which may be none, into a batch of the type, and with the parameters, `kind`, tagged as `place` says.
    pub(super) fn wrap(&self, messages: &[u8], server: &str, kind: &[&str], place: &Place) -> Vec<u8> {
        let Some(batch) = &self.batch else { return messages.to_vec() };
        let (mut begin, end) = batch_lines(server, batch, kind);
        place.tag(&mut begin);
        let mut out = Vec::new();
        begin.encode(self.audience, &mut out);
        out.extend_from_slice(messages);
        end.encode(self.audience, &mut out);
        out
    }

    /// Writes the time into the text for clients that are not told it otherwise, unless it was just now.
    fn tell_time(&self, said: &mut Said) {
        let age = self.now.utc.micros().saturating_sub(said.at_us);
        let is_new = u128::try_from(age).is_ok_and(|age| age < limits::CHAT_REPLAY_JUST_NOW.as_micros());
        let is_told = self.audience.face == Face::Guest || self.audience.has(Capability::ServerTime);
        if is_told || is_new || !said.kind.is_message() {
            return;
        }
        // 2026-11-22T11:08:40.000123Z
        let stamp = Utc::from_micros(said.at_us).rfc3339().replace('T', " ");
        let stamp = stamp.get(..19).unwrap_or_default();
        for line in said.lines.iter_mut().filter(|line| !line.text.is_empty() && !line.is_concat) {
            line.text = match guest_text::action(&line.text) {
                Some(Some(action)) => format!("\u{1}ACTION [{stamp}] {action}\u{1}"),
                Some(None) | None => format!("[{stamp}] {}", line.text),
            };
        }
        message::split_long(said);
    }
}
