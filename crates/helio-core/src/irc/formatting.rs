//! Formatting codes inside texts (modern.ircdocs.horse "Formatting").

/// What follows the colours that `code` announces, given what stands behind it: `\u{3}` one or two decimal colours of up to
/// two digits, `\u{4}` one or two hexadecimal ones of up to six. `None`: `code` announces no colour.
#[must_use]
pub fn after_colours(code: char, rest: &str) -> Option<&str> {
    match code {
        '\u{3}' => Some(skip_colours(rest, 2, |c| c.is_ascii_digit())),
        '\u{4}' => Some(skip_colours(rest, 6, |c| c.is_ascii_hexdigit())),
        _ => None,
    }
}

/// Skips `foreground[,background]`. A comma without a colour on both sides belongs to the text.
fn skip_colours(text: &str, digits: usize, is_digit: fn(char) -> bool) -> &str {
    let skip = |text: &str| text.chars().take(digits).take_while(|c| is_digit(*c)).count();
    let foreground = skip(text);
    let rest = text.get(foreground..).unwrap_or_default();
    let background = rest.strip_prefix(',').map_or(0, skip);
    if foreground == 0 || background == 0 { rest } else { rest.get(1 + background..).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_colour_or_two_are_skipped_and_other_commas_stay() {
        for (code, rest, after) in [
            ('\u{3}', "04,12red", "red"),
            ('\u{3}', "123", "3"),
            ('\u{3}', "4, then", ", then"),
            ('\u{3}', ",4", ",4"),
            ('\u{4}', "ff0000,00ff00hex", "hex"),
        ] {
            assert_eq!(after_colours(code, rest), Some(after), "{rest}");
        }
        assert_eq!(after_colours('\u{2}', "04"), None);
    }
}
