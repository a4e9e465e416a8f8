//! Colours: readable on light and dark, none where that is asked for.

use helio_core::irc::casemap;
use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// None: bold, dim and reversed only.
    None,
    /// The sixteen of the terminal's theme.
    Ansi,
    /// The palette of 256.
    Indexed,
}

impl Colours {
    /// What the environment says: `NO_COLOR` (no-color.org; set and not empty), else `COLORTERM` and `TERM`.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let has = |name| variable(name).is_some_and(|value| !value.is_empty());
        let term = variable("TERM").unwrap_or_default();
        if has("NO_COLOR") || term == "dumb" {
            Self::None
        } else if has("COLORTERM")
            || ["256", "direct", "kitty", "ghostty", "alacritty"].iter().any(|name| term.contains(name))
        {
            Self::Indexed
        } else {
            Self::Ansi
        }
    }
}

/// Colours of nicknames in the palette of 256. Like all colours here that stand on the terminal's own background, they
/// have a contrast of at least 3.9 to black and to white.
const NICKS: [u8; 15] = [131, 130, 64, 28, 29, 30, 31, 27, 63, 98, 129, 133, 164, 162, 161];
const NICKS_ANSI: [Color; 5] = [Color::Green, Color::Yellow, Color::Blue, Color::Magenta, Color::Cyan];

const ERROR: u8 = 196;
const ACCENT: u8 = 31;
const MENTION: u8 = 162;
const QUIET: u8 = 243;

/// The styles of all parts of the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) colours: Colours,
}

impl Theme {
    /// The colour of a nickname, the same everywhere and always.
    pub(super) fn nick(self, nick: &str) -> Style {
        let hash = fnv(&casemap::fold(nick));
        let at = |count: usize| usize::try_from(hash % count as u64).unwrap_or(0);
        match self.colours {
            Colours::None => Style::new().add_modifier(Modifier::BOLD),
            Colours::Ansi => Style::new().fg(NICKS_ANSI.get(at(NICKS_ANSI.len())).copied().unwrap_or_default()),
            Colours::Indexed => Style::new().fg(Color::Indexed(NICKS.get(at(NICKS.len())).copied().unwrap_or(QUIET))),
        }
    }

    /// Times, joins, hints: what may be overlooked.
    pub(super) fn quiet(self) -> Style {
        match self.colours {
            Colours::Indexed => Style::new().fg(Color::Indexed(QUIET)),
            Colours::None | Colours::Ansi => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// What went wrong.
    pub(super) fn error(self) -> Style {
        self.coloured(Color::Red, ERROR, Modifier::BOLD)
    }

    /// The unread line, unread rooms, prompts.
    pub(super) fn accent(self) -> Style {
        self.coloured(Color::Cyan, ACCENT, Modifier::BOLD)
    }

    /// What is meant for us.
    pub(super) fn mention(self) -> Style {
        self.coloured(Color::Magenta, MENTION, Modifier::BOLD)
    }

    /// The lines with the topic and the state, which have a background of their own.
    pub(super) fn bar(self) -> Style {
        match self.colours {
            Colours::None => Style::new().add_modifier(Modifier::REVERSED),
            Colours::Ansi => Style::new().fg(Color::White).bg(Color::Blue),
            Colours::Indexed => Style::new().fg(Color::Indexed(255)).bg(Color::Indexed(24)),
        }
    }

    /// The line with the state while there is no connection.
    pub(super) fn alarm(self) -> Style {
        match self.colours {
            Colours::None => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            Colours::Ansi => Style::new().fg(Color::White).bg(Color::Red),
            Colours::Indexed => Style::new().fg(Color::Indexed(255)).bg(Color::Indexed(124)),
        }
    }

    /// What is chosen among others.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn coloured(self, ansi: Color, indexed: u8, plain: Modifier) -> Style {
        match self.colours {
            Colours::None => Style::new().add_modifier(plain),
            Colours::Ansi => Style::new().fg(ansi),
            Colours::Indexed => Style::new().fg(Color::Indexed(indexed)),
        }
    }
}

/// FNV-1a, which spreads short names well.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2) of one of the 6 × 6 × 6 colours, or of a grey.
    fn luminance(index: u8) -> f64 {
        let level = |step: u8| if step == 0 { 0.0 } else { f64::from(step) * 40.0 + 55.0 };
        let rgb = match index {
            232..=255 => [f64::from(index - 232) * 10.0 + 8.0; 3],
            _ => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(level),
        };
        let linear =
            |c: f64| if c / 255.0 <= 0.03928 { c / 255.0 / 12.92 } else { ((c / 255.0 + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
    }

    fn contrast(a: f64, b: f64) -> f64 {
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read_on_light_and_on_dark() {
        for index in NICKS.into_iter().chain([ERROR, ACCENT, MENTION, QUIET]) {
            let own = luminance(index);
            assert!(contrast(own, 0.0) >= 3.9 && contrast(own, 1.0) >= 3.9, "{index}");
        }
        assert!(contrast(luminance(255), luminance(24)) >= 4.5, "the bars");
        assert!(contrast(luminance(255), luminance(124)) >= 4.5, "the alarm");
    }

    #[test]
    fn a_nickname_has_one_colour_however_it_is_written() {
        let theme = Theme { colours: Colours::Indexed };
        assert_eq!(theme.nick("Ada"), theme.nick("ada"));
        let several: std::collections::BTreeSet<_> =
            (0..100).filter_map(|n| theme.nick(&format!("nick{n}")).fg.map(|fg| fg.to_string())).collect();
        assert_eq!(several.len(), NICKS.len());
        assert_eq!(Theme { colours: Colours::None }.nick("ada").fg, None);
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let of = |set: &[(&str, &str)]| {
            Colours::of_environment(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Colours::None);
        assert_eq!(of(&[("NO_COLOR", ""), ("TERM", "xterm-256color")]), Colours::Indexed);
        assert_eq!(of(&[("TERM", "linux")]), Colours::Ansi);
        assert_eq!(of(&[("TERM", "dumb")]), Colours::None);
        assert_eq!(of(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), Colours::Indexed);
    }
}
