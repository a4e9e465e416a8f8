//! When somebody wants attention.

use super::View;
use crate::terminal::text;
use helio_core::chat::client::desk::{Buffer, Desk, Entry};
use helio_core::limits;

/// Who said what, and where: plain text on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) struct Notice {
    pub(in crate::terminal) title: String,
    pub(in crate::terminal) body: String,
}

impl View {
    /// The last mention, if there are more of them than before and nobody is looking at it.
    pub(super) fn attention(&mut self, desk: &Desk) -> Option<Notice> {
        let before = std::mem::replace(&mut self.mentions, desk.mentions());
        let is_reading = self.is_reading();
        let current = desk.current().id();
        let others =
            desk.buffers().iter().filter(|buffer| buffer.mentions > 0 && !(is_reading && buffer.id() == current));
        let latest = others.filter_map(|buffer| Some((buffer, last_mention(buffer)?)));
        let (buffer, entry) = latest.max_by_key(|(_, entry)| entry.at).filter(|_| self.mentions > before)?;
        Some(notice(buffer, entry))
    }
}

fn last_mention(buffer: &Buffer) -> Option<&Entry> {
    buffer.entries().rev().find(|entry| entry.is_mention && entry.is_news())
}

fn notice(buffer: &Buffer, entry: &Entry) -> Notice {
    let is_private = buffer.is_named(&entry.author);
    let title = if is_private { entry.author.clone() } else { format!("{} in {}", entry.author, buffer.name) };
    let words = entry.said().map_or_else(String::new, |said| said.lines.join(" "));
    let short = |text: &str| text::clean(&text::uncoded(text)).chars().take(limits::TERMINAL_NOTICE_CHARS).collect();
    Notice { title: short(&title), body: short(&words) }
}
