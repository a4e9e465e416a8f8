//! The page that `/help` and F1 open: made from the table of keys and the client's list of commands.

use super::keys::TABLE;
use super::text::{self, Row};
use super::theme::Theme;
use helio_core::chat::client::COMMANDS;
use ratatui::style::{Modifier, Style};

/// Cells for the keys.
const KEYS: usize = 31;

/// The page in rows of so many cells.
pub(super) fn rows(theme: Theme, cells: usize) -> Vec<Row> {
    let title = |words: &str| text::pieces(words, theme.accent().add_modifier(Modifier::BOLD));
    let mut rows = Vec::new();
    for section in TABLE {
        rows.push(title(section.title));
        let told = section.bindings.iter().filter(|binding| !binding.says.is_empty());
        rows.extend(told.flat_map(|binding| entry(&binding.label(), binding.says, theme, cells)));
        rows.push(Row::new());
    }
    rows.push(title("Commands"));
    for command in COMMANDS {
        let label = format!("/{} {}", command.name, command.parameters);
        rows.extend(entry(label.trim_end(), command.help, theme, cells));
    }
    rows.extend(entry("//etc/hosts", "says /etc/hosts", theme, cells));
    rows
}

fn entry(keys: &str, says: &str, theme: Theme, cells: usize) -> Vec<Row> {
    let lead = text::filled(text::pieces(&format!("  {keys}"), theme.mention()), KEYS + 2, Style::new());
    let space = text::filled(Row::new(), KEYS + 2, Style::new());
    let words = text::wrap(text::pieces(says, Style::new()), cells.saturating_sub(KEYS + 2));
    let heads = std::iter::once(lead).chain(std::iter::repeat(space));
    heads.zip(words).map(|(head, words)| text::cut(head.into_iter().chain(words).collect(), cells)).collect()
}
