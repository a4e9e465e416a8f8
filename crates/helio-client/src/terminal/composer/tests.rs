//! Typing, without a screen.

use super::*;
use proptest::prelude::*;

const CELLS: usize = 10;

fn with(text: &str) -> Composer {
    let mut composer = Composer::default();
    assert!(composer.insert(text));
    composer
}

/// The text with `|` at the cursor.
fn seen(composer: &Composer) -> String {
    let (before, behind) = composer.text.split_at(composer.cursor);
    format!("{before}|{behind}")
}

fn edits(composer: &mut Composer, edits: &[Edit]) -> String {
    for edit in edits {
        composer.edit(*edit, CELLS);
    }
    seen(composer)
}

#[test]
fn the_cursor_moves_by_what_is_seen() {
    let mut composer = with("ae\u{301}👍🏽b");
    assert_eq!(edits(&mut composer, &[Edit::Left, Edit::Left]), "ae\u{301}|👍🏽b");
    assert_eq!(edits(&mut composer, &[Edit::Backspace]), "a|👍🏽b");
    assert_eq!(edits(&mut composer, &[Edit::Delete, Edit::Right, Edit::Right]), "ab|");
}

#[test]
fn words_are_jumped_over_and_cut() {
    let mut composer = with("is there, any tea");
    assert_eq!(edits(&mut composer, &[Edit::WordLeft, Edit::WordLeft]), "is there, |any tea");
    assert_eq!(edits(&mut composer, &[Edit::CutWordLeft]), "is |any tea");
    assert_eq!(edits(&mut composer, &[Edit::WordRight, Edit::CutEnd]), "is any|");
    assert_eq!(edits(&mut composer, &[Edit::Home, Edit::Paste]), " tea|is any");
    assert_eq!(edits(&mut composer, &[Edit::CutHome]), "|is any");
    assert_eq!(edits(&mut with("say 你好"), &[Edit::WordLeft]), "say 你|好");
}

#[test]
fn lines_are_gone_through_before_history() {
    let mut composer = with("first");
    assert_eq!(composer.take(), "first");
    composer.insert("one\ntwo");
    assert_eq!(edits(&mut composer, &[Edit::Left, Edit::Up]), "on|e\ntwo");
    assert_eq!(edits(&mut composer, &[Edit::Up]), "first|");
    assert_eq!(edits(&mut composer, &[Edit::Down]), "one\ntwo|");
    assert_eq!(edits(&mut composer, &[Edit::Down]), "one\ntwo|", "there is nothing newer");
}

/// The bound on history: the oldest is forgotten.
#[test]
fn history_keeps_the_latest_without_repeats() {
    let mut composer = Composer::default();
    for number in 0..limits::TERMINAL_HISTORY + 5 {
        composer.insert(&number.to_string());
        composer.take();
        composer.insert(&number.to_string());
        composer.take();
    }
    let mut oldest = String::new();
    while composer.edit(Edit::Up, CELLS) {
        composer.text().clone_into(&mut oldest);
    }
    assert_eq!(oldest, "5");
    composer.insert("x");
    assert!(!composer.edit(Edit::Down, CELLS), "a changed text is no longer history");
}

/// The bound on what is typed.
#[test]
fn what_would_be_too_long_is_not_inserted() {
    let mut composer = with(&"x".repeat(limits::TERMINAL_INPUT));
    assert!(!composer.insert("y"));
    assert_eq!(composer.text().len(), limits::TERMINAL_INPUT);
}

#[test]
fn rows_wrap_and_the_cursor_has_a_cell() {
    let composer = with("abcdefghi世x\ny");
    let shown = composer.shown(CELLS, Style::new());
    let rows: Vec<String> =
        shown.rows.iter().map(|row| row.iter().map(|piece| piece.text.as_str()).collect()).collect();
    assert_eq!(rows, ["abcdefghi", "世x", "y"]);
    assert_eq!(shown.cursor, (2, 1));
    assert_eq!(with("abcdefghi").shown(CELLS, Style::new()).cursor, (0, 9));
}

#[test]
fn a_paste_brings_no_control_characters() {
    assert_eq!(with("a\u{1b}[31mb\r\nc\u{7}\td").text(), "a[31mb\nc    d");
}

proptest! {
    /// Whatever is typed: the cursor is between clusters, and every row fits.
    #[test]
    fn the_cursor_never_breaks_a_cluster(steps in proptest::collection::vec((0u8..20, "[a é\u{301}世👍🏽\u{200d}👧\n🇩🇪]{0,3}"), 0..40), cells in 1usize..15) {
        let mut composer = Composer::default();
        for (step, inserted) in steps {
            use Edit::*;
            let all = [Newline, Left, Right, WordLeft, WordRight, Home, End, Backspace, Delete, CutWordLeft, CutWordRight,
                CutHome, CutEnd, Paste, Up, Down];
            match all.get(usize::from(step)) {
                Some(edit) => { composer.edit(*edit, cells); }
                None if step == 16 => { composer.take(); }
                None => { composer.insert(&inserted); }
            }
            let boundaries: Vec<usize> = composer.text.grapheme_indices(true).map(|(at, _)| at).collect();
            prop_assert!(composer.cursor == composer.text.len() || boundaries.contains(&composer.cursor));
            let shown = composer.shown(cells, Style::new());
            prop_assert!(shown.rows.iter().all(|row| text::width(row) < cells.max(3)));
            prop_assert!(shown.cursor.0 < shown.rows.len() && shown.cursor.1 < cells.max(3));
        }
    }
}
