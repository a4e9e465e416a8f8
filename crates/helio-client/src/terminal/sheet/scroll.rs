//! Which rows are on the screen, and how one gets to others.

use super::Sheet;
use crate::terminal::text::Row;
use helio_core::chat::client::desk::EntryId;

/// What stands at the lower edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::terminal) enum Scroll {
    /// The newest entry, whatever comes.
    #[default]
    Newest,
    /// This entry, of which so many rows are below the edge. What comes before or behind it moves nothing.
    At {
        /// Which.
        entry: EntryId,
        /// How many.
        hidden: usize,
    },
}

/// What is on the screen.
#[derive(Debug)]
pub(in crate::terminal) struct Page {
    /// At most as many as there is room for.
    pub(in crate::terminal) rows: Vec<Row>,
    /// How many entries are before the first one on the screen.
    pub(in crate::terminal) before: usize,
    /// How many entries are behind the last one on the screen.
    pub(in crate::terminal) behind: usize,
}

/// An entry by its place, and how many of its rows are below the edge.
type Edge = (usize, usize);

impl Sheet<'_> {
    /// The rows of a screen of so many.
    pub(in crate::terminal) fn page(&self, scroll: Scroll, height: usize) -> Page {
        let (last, hidden) = self.edge(scroll);
        let (mut rows, mut at) = (Vec::new(), last + 1);
        while at > 0 && rows.len() < height + hidden {
            at -= 1;
            rows.extend(self.rows(at).into_iter().rev());
        }
        let mut rows: Vec<Row> = rows.into_iter().skip(hidden).take(height).collect();
        rows.reverse();
        Page { rows, before: at, behind: self.entries.len().saturating_sub(last + 1) }
    }

    /// So many rows towards the past, but no further than the first entry at the upper edge.
    pub(in crate::terminal) fn up(&self, scroll: Scroll, count: usize, height: usize) -> Scroll {
        let (mut at, mut hidden) = self.edge(scroll);
        hidden += count;
        while at > 0 {
            let rows = self.rows(at).len();
            if hidden < rows {
                break;
            }
            hidden -= rows;
            at -= 1;
        }
        let top = self.below(0, height);
        self.scroll(if is_before((at, hidden), top) { top } else { (at, hidden) })
    }

    /// So many rows towards the present.
    pub(in crate::terminal) fn down(&self, scroll: Scroll, count: usize) -> Scroll {
        let (mut at, mut hidden) = self.edge(scroll);
        let mut left = count;
        while left > hidden && at + 1 < self.entries.len() {
            left -= hidden;
            at += 1;
            hidden = self.rows(at).len();
        }
        self.scroll((at, hidden.saturating_sub(left)))
    }

    /// An entry at the upper edge, or as far up as there are rows below it.
    pub(in crate::terminal) fn with_top(&self, entry: EntryId, height: usize) -> Scroll {
        self.place(entry).map_or(Scroll::Newest, |at| self.scroll(self.below(at, height)))
    }

    /// The nearest place at which an entry is on the screen.
    pub(in crate::terminal) fn showing(&self, entry: EntryId, scroll: Scroll, height: usize) -> Scroll {
        let Some(at) = self.place(entry) else { return scroll };
        let edge = self.edge(scroll);
        if is_before(edge, (at, 0)) {
            return self.scroll((at, 0));
        }
        let top = self.below(at, height);
        if is_before(top, edge) { self.scroll(top) } else { scroll }
    }

    /// What is at the lower edge when this entry is at the upper one.
    fn below(&self, first: usize, height: usize) -> Edge {
        let mut sum = 0;
        for at in first..self.entries.len() {
            sum += self.rows(at).len();
            if sum >= height {
                return (at, sum - height);
            }
        }
        (self.entries.len().saturating_sub(1), 0)
    }

    fn edge(&self, scroll: Scroll) -> Edge {
        let newest = (self.entries.len().saturating_sub(1), 0);
        match scroll {
            Scroll::Newest => newest,
            // A row less when the screen became wider.
            Scroll::At { entry, hidden } => {
                self.place(entry).map_or(newest, |at| (at, hidden.min(self.rows(at).len().saturating_sub(1))))
            }
        }
    }

    fn scroll(&self, (at, hidden): Edge) -> Scroll {
        match self.entries.get(at) {
            Some(entry) if hidden > 0 || at + 1 < self.entries.len() => Scroll::At { entry: entry.id, hidden },
            Some(_) | None => Scroll::Newest,
        }
    }
}

fn is_before((at, hidden): Edge, (other, other_hidden): Edge) -> bool {
    at < other || at == other && hidden > other_hidden
}
