//! What becomes of text, and that nothing gets through.

use super::*;
use crate::terminal::theme::Colours;
use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

fn texts(row: &[Piece]) -> Vec<&str> {
    row.iter().map(|piece| piece.text.as_str()).collect()
}

fn shown(text: &str) -> String {
    texts(&pieces(text, Style::new())).concat()
}

fn wrapped(text: &str, cells: usize) -> Vec<String> {
    wrap(pieces(text, Style::new()), cells).iter().map(|row| texts(row).concat()).collect()
}

#[test]
fn controls_are_seen_and_do_nothing() {
    assert_eq!(shown("a\u{1b}[2J\u{7}\r\n\u{7f}\u{9b}z\tx"), "a␛[2J␇␍ ␡�z    x");
}

#[test]
fn what_turns_or_hides_text_is_left_out() {
    assert_eq!(shown("exe\u{202e}gpj\u{2066}\u{feff}\u{200b}\u{ad}\u{200f}."), "exegpj.");
}

#[test]
fn scripts_keep_their_clusters_and_widths() {
    let row = pieces("e\u{301}世👍🏽 نمی\u{200c}شود", Style::new());
    assert_eq!(texts(&row)[..3], ["e\u{301}", "世", "👍🏽"]);
    assert_eq!(row.iter().map(|piece| piece.width).take(4).collect::<Vec<_>>(), [1, 2, 2, 1]);
    assert_eq!(text_width("한국어 กำลัง"), 11);
}

/// Terminals show a joined family in 2, 6 or 8 cells.
#[test]
fn joined_emoji_stand_side_by_side() {
    assert_eq!(texts(&pieces("👩\u{200d}👧x", Style::new())), ["👩", "👧", "x"]);
    assert_eq!(texts(&pieces("👩\u{200d}", Style::new())), ["👩"], "while it is being typed");
}

#[test]
fn syllables_have_a_cell_for_each_letter() {
    assert_eq!(texts(&pieces("नमस्ते", Style::new())), ["न", "म", "स्", "ते"]);
}

#[test]
fn piled_up_marks_are_bounded() {
    let piled = format!("a{}b", "\u{301}".repeat(500));
    let row = pieces(&piled, Style::new());
    assert_eq!((row.len(), row[0].text.chars().count()), (2, limits::TERMINAL_CLUSTER));
}

#[test]
fn lines_break_at_spaces_and_long_words_anywhere() {
    assert_eq!(wrapped("is there any tea left?", 10), ["is there", "any tea", "left?"]);
    assert_eq!(wrapped("aaaa bbbbbbbbbbbbbbb c", 6), ["aaaa b", "bbbbbb", "bbbbbb", "bb c"]);
    assert_eq!(wrapped("世界世界 a", 5), ["世界", "世界", "a"]);
    assert_eq!(wrapped("", 5), [""]);
    assert_eq!(wrapped("ab   cd", 3), ["ab", "cd"]);
}

#[test]
fn a_cut_row_says_so() {
    assert_eq!(texts(&cut(pieces("abcdef", Style::new()), 4)).concat(), "abc…");
    assert_eq!(texts(&cut(pieces("世界世界", Style::new()), 4)).concat(), "世…");
    assert_eq!(texts(&cut(pieces("abcd", Style::new()), 4)).concat(), "abcd");
    assert!(cut(pieces("abcd", Style::new()), 0).is_empty());
}

/// modern.ircdocs.horse "Formatting": toggles, colours by number and by hex, reset.
#[test]
fn formatting_codes_become_styles() {
    let row = styled("\u{2}b\u{2}n\u{1d}\u{1f}iu\u{f}p\u{3}4,12c\u{3}d\u{4}ff0000h", Style::new(), Colours::Indexed);
    let style = |at: usize| row[at].style;
    assert_eq!(texts(&row).concat(), "bniupcdh");
    assert_eq!(style(0).add_modifier, Modifier::BOLD);
    assert_eq!(style(1), Style::new());
    assert_eq!(style(2).add_modifier, Modifier::ITALIC | Modifier::UNDERLINED);
    assert_eq!(style(4), Style::new());
    assert_eq!((style(5).fg, style(5).bg), (Some(Color::LightRed), Some(Color::LightBlue)));
    assert_eq!((style(6).fg, style(6).bg), (None, None));
    assert_eq!(style(7).fg, Some(Color::Indexed(196)));
}

#[test]
fn codes_without_colours_leave_the_words() {
    let row = styled("\u{3}4red\u{3}, \u{3},x", Style::new(), Colours::None);
    assert_eq!(texts(&row).concat(), "red, ,x");
    assert!(row.iter().all(|piece| piece.style == Style::new()));
    assert_eq!(uncoded("\u{2}bold\u{2} \u{3}07x \u{4}ff0000,00ff00y\u{f}"), "bold x y");
    assert_eq!(styled("\u{3}99x\u{3}98y", Style::new(), Colours::Indexed)[0].style, Style::new());
}

/// What formatting leaves is what the core's `plain_text` leaves.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<String>(),
        "[\u{0}-\u{1f}\u{7f}-\u{9f}]{1,4}",
        "[\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}]{1,4}",
        "[👩👧👍🏽🇩🇪\u{200d}\u{fe0f}\u{20e3}1#]{1,8}",
        "[a\u{301}\u{489}\u{ff9e}ᄀ가क\u{94d}ष]{1,12}",
        "\u{3}[0-9]{0,3}(,[0-9]{0,3})?",
    ];
    proptest::collection::vec(parts, 0..8).prop_map(|parts| parts.concat())
}

/// Whether a character does something on a terminal; joiners of letters do not.
fn acts(c: char) -> bool {
    is_hidden(c) && !matches!(c, '\u{200c}' | '\u{200d}')
}

proptest! {
    #[test]
    fn no_text_gets_a_control_character_to_the_screen(text in hostile(), cells in 0u16..30) {
        let row = styled(&text, Style::new(), Colours::Indexed);
        for piece in &row {
            prop_assert!(!piece.text.chars().any(acts), "{:?}", piece.text);
            prop_assert!((1..=2).contains(&piece.width));
            prop_assert_eq!(piece.text.as_str().cell_width(), piece.width);
            prop_assert!(piece.text.chars().count() <= limits::TERMINAL_CLUSTER);
        }
        for line in wrap(row.clone(), usize::from(cells)) {
            prop_assert!(width(&line) <= usize::from(cells).max(2));
        }
        prop_assert!(width(&cut(row.clone(), usize::from(cells))) <= usize::from(cells));
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        prop_assert!(put(&mut buffer, 3, 0, cells, &row) <= (3 + cells).min(20));
        prop_assert!(buffer.content.iter().take(3).all(|cell| cell.symbol() == " "));
    }

    #[test]
    fn codes_are_understood_as_elsewhere(text in hostile()) {
        prop_assert_eq!(uncoded(&text), helio_core::chat::client::plain_text(&text));
    }
}
