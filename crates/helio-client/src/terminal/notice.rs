//! How a mention is told to somebody who looks elsewhere.

use super::view::Notice;

/// What a mention does beside being shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// Nothing.
    None,
    /// The terminal's bell.
    #[default]
    Bell,
    /// The bell, and a desktop notice as iTerm2, Windows Terminal, `WezTerm` and others take it (OSC 9). Others see who wrote
    /// what, so it is not the default.
    Osc9,
    /// The bell, and a desktop notice as `rxvt-unicode`, foot, Ghostty and others take it (OSC 777).
    Osc777,
}

impl Attention {
    /// What is written to the terminal.
    pub(super) fn bytes(self, notice: &Notice) -> Vec<u8> {
        let Notice { title, body } = notice;
        let text = match self {
            Self::None => String::new(),
            Self::Bell => "\x07".to_owned(),
            Self::Osc9 => format!("\x07\x1b]9;{title}: {body}\x1b\\"),
            Self::Osc777 => format!("\x07\x1b]777;notify;{};{body}\x1b\\", title.replace(';', ",")),
        };
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_have_the_form_that_terminals_know() {
        let notice = Notice { title: "ben; zoe in #tea".to_owned(), body: "tea?".to_owned() };
        let bytes = |attention: Attention| String::from_utf8(attention.bytes(&notice)).unwrap();
        assert_eq!(bytes(Attention::None), "");
        assert_eq!(bytes(Attention::Bell), "\x07");
        assert_eq!(bytes(Attention::Osc9), "\x07\x1b]9;ben; zoe in #tea: tea?\x1b\\");
        assert_eq!(bytes(Attention::Osc777), "\x07\x1b]777;notify;ben, zoe in #tea;tea?\x1b\\");
    }
}
