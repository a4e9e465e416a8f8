//! Where the cursor can go: from one grapheme cluster, word or line to the next.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

pub(super) fn left(text: &str, at: usize) -> usize {
    GraphemeCursor::new(at, text.len(), true).prev_boundary(text, 0).ok().flatten().unwrap_or(0)
}

pub(super) fn right(text: &str, at: usize) -> usize {
    GraphemeCursor::new(at, text.len(), true).next_boundary(text, 0).ok().flatten().unwrap_or(text.len())
}

/// The place itself if it is between two clusters, else the end of the one that it is in.
pub(super) fn at_or_after(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    match GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0) {
        Ok(true) => at,
        Ok(false) | Err(_) => right(text, at),
    }
}

/// The start of the word before.
pub(super) fn word_left(text: &str, at: usize) -> usize {
    let words = text.split_word_bound_indices().filter(|(_, word)| is_word(word));
    words.map(|(start, _)| start).take_while(|start| *start < at).last().unwrap_or(0)
}

/// The end of the word behind.
pub(super) fn word_right(text: &str, at: usize) -> usize {
    let words = text.split_word_bound_indices().filter(|(_, word)| is_word(word));
    words.map(|(start, word)| start + word.len()).find(|end| *end > at).unwrap_or(text.len())
}

pub(super) fn home(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

pub(super) fn end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|behind| behind.find('\n')).map_or(text.len(), |end| at + end)
}

fn is_word(word: &str) -> bool {
    !word.trim().is_empty() && (word.chars().any(char::is_alphanumeric) || !word.is_ascii())
}
