//! The formatting codes of IRC as styles (modern.ircdocs.horse "Formatting").

use super::{Row, push};
use crate::terminal::theme::Colours;
use ratatui::style::{Color, Modifier, Style};

const BOLD: char = '\u{2}';
const COLOUR: char = '\u{3}';
const HEX_COLOUR: char = '\u{4}';
const RESET: char = '\u{f}';
const MONOSPACE: char = '\u{11}';
const REVERSE: char = '\u{16}';
const ITALIC: char = '\u{1d}';
const STRIKETHROUGH: char = '\u{1e}';
const UNDERLINE: char = '\u{1f}';

/// Text with formatting codes in pieces, upon `base`.
pub(in crate::terminal) fn styled(text: &str, base: Style, colours: Colours) -> Row {
    let mut row = Row::new();
    runs(text, base, colours, |run, style| push(&mut row, run, style));
    row
}

/// The words alone.
pub(in crate::terminal) fn uncoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    runs(text, Style::new(), Colours::None, |run, _| out.push_str(run));
    out
}

/// Hands over each stretch between two codes with its style.
fn runs(text: &str, base: Style, colours: Colours, mut take: impl FnMut(&str, Style)) {
    let (mut style, mut rest) = (base, text);
    while let Some(at) = rest.find(is_code) {
        let (run, from_code) = rest.split_at(at);
        if !run.is_empty() {
            take(run, style);
        }
        let mut behind = from_code.chars();
        let code = behind.next().unwrap_or(RESET);
        rest = behind.as_str();
        match code {
            COLOUR => rest = numbered(rest, &mut style, base, colours),
            HEX_COLOUR => rest = hex(rest, &mut style, base, colours),
            RESET => style = base,
            MONOSPACE => {}
            code => style = toggled(style, modifier(code)),
        }
    }
    if !rest.is_empty() {
        take(rest, style);
    }
}

fn is_code(c: char) -> bool {
    matches!(c, BOLD | COLOUR | HEX_COLOUR | RESET | MONOSPACE | REVERSE | ITALIC | STRIKETHROUGH | UNDERLINE)
}

fn modifier(code: char) -> Modifier {
    match code {
        BOLD => Modifier::BOLD,
        REVERSE => Modifier::REVERSED,
        ITALIC => Modifier::ITALIC,
        STRIKETHROUGH => Modifier::CROSSED_OUT,
        _ => Modifier::UNDERLINED,
    }
}

fn toggled(mut style: Style, modifier: Modifier) -> Style {
    style.add_modifier.toggle(modifier);
    style
}

/// `\x03`, `\x03FG` or `\x03FG,BG` with one or two digits each. What is behind it.
fn numbered<'a>(rest: &'a str, style: &mut Style, base: Style, colours: Colours) -> &'a str {
    let Some((front, behind)) = number(rest) else {
        (style.fg, style.bg) = (base.fg, base.bg);
        return rest;
    };
    style.fg = of_number(front, colours).or(base.fg);
    match behind.strip_prefix(',').and_then(number) {
        Some((back, behind)) => {
            style.bg = of_number(back, colours).or(base.bg);
            behind
        }
        None => behind,
    }
}

/// `\x04`, `\x04RRGGBB` or `\x04RRGGBB,RRGGBB`. What is behind it.
fn hex<'a>(rest: &'a str, style: &mut Style, base: Style, colours: Colours) -> &'a str {
    let Some((front, behind)) = six_digits(rest) else {
        (style.fg, style.bg) = (base.fg, base.bg);
        return rest;
    };
    style.fg = of_rgb(front, colours).or(base.fg);
    match behind.strip_prefix(',').and_then(six_digits) {
        Some((back, behind)) => {
            style.bg = of_rgb(back, colours).or(base.bg);
            behind
        }
        None => behind,
    }
}

fn number(text: &str) -> Option<(usize, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, behind) = text.split_at(digits);
    Some((digits.parse().ok()?, behind))
}

fn six_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, behind) = text.split_at_checked(6)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?.map(|value| (value, behind))
}

/// The first sixteen are the terminal's own colours, so that its theme holds; 99 is the default.
fn of_number(number: usize, colours: Colours) -> Option<Color> {
    const NAMED: [Color; 16] = [
        Color::White,
        Color::Black,
        Color::Blue,
        Color::Green,
        Color::LightRed,
        Color::Red,
        Color::Magenta,
        Color::Yellow,
        Color::LightYellow,
        Color::LightGreen,
        Color::Cyan,
        Color::LightCyan,
        Color::LightBlue,
        Color::LightMagenta,
        Color::DarkGray,
        Color::Gray,
    ];
    match colours {
        Colours::None => None,
        Colours::Ansi | Colours::Indexed if number < NAMED.len() => NAMED.get(number).copied(),
        Colours::Ansi => None,
        Colours::Indexed => EXTENDED.get(number - NAMED.len()).map(|index| Color::Indexed(*index)),
    }
}

/// The colours 16 to 98 as places in the palette of 256.
const EXTENDED: [u8; 83] = [
    52, 94, 100, 58, 22, 29, 23, 24, 17, 54, 53, 89, 88, 130, 142, 64, 28, 35, 30, 25, 18, 91, 90, 125, 124, 166, 184,
    106, 34, 49, 37, 33, 19, 129, 127, 161, 196, 208, 226, 154, 46, 86, 51, 75, 21, 171, 201, 198, 203, 215, 227, 191,
    83, 122, 87, 111, 63, 177, 207, 205, 217, 223, 229, 193, 157, 158, 159, 153, 147, 183, 219, 212, 16, 233, 235, 237,
    239, 241, 244, 247, 250, 254, 231,
];

/// The nearest of the 6 × 6 × 6 colours of the palette of 256.
fn of_rgb(value: u32, colours: Colours) -> Option<Color> {
    let step = |shift: u32| match value >> shift & 0xff {
        level @ 0..115 => u8::from(level >= 48),
        level => u8::try_from((level - 35) / 40).unwrap_or(5),
    };
    (colours == Colours::Indexed).then(|| Color::Indexed(16 + 36 * step(16) + 6 * step(8) + step(0)))
}
