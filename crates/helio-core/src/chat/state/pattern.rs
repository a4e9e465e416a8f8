//! What a filter looks for, found in one pass over the text. `spec/rooms.md` says what patterns mean.

use crate::irc::formatting::after_colours;
use crate::irc::name::skeleton;
use crate::limits;
use crate::printable::is_hidden;
use alloc::string::String;
use alloc::vec::Vec;

/// A pattern made ready: at most 63 steps, each of which is a bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) struct Pattern {
    /// The steps that each of these characters takes, in the order of characters.
    literals: Vec<(char, u64)>,
    /// Steps that any character takes.
    any: u64,
    /// Steps that anything but a letter or digit takes.
    edge: u64,
    /// Steps before which anything may stand.
    many: u64,
    /// Behind the last step.
    end: u64,
}

/// Why a text is no pattern. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::chat) enum PatternError {
    /// It would look for nothing, or for everything.
    #[error("pattern has nothing but wildcards")]
    Empty,
    /// Too long, as it was written or when look-alikes are written out.
    #[error("pattern is longer than {} bytes", limits::CHAT_FILTER_PATTERN)]
    TooLong,
    /// Something that is not seen.
    #[error("pattern has a control character")]
    ForbiddenCharacter,
}

enum Step {
    Many,
    Any,
    Edge,
    Literal(char),
}

/// A text as patterns see it: without formatting and what is not seen, spaces as one, case and look-alikes folded.
pub(in crate::chat) fn folded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if let Some(after) = after_colours(c, rest) {
            rest = after;
        } else if c.is_whitespace() && !plain.ends_with(' ') {
            plain.push(' ');
        } else if !c.is_whitespace() && !is_hidden(c) {
            plain.extend(c.to_lowercase());
        }
    }
    skeleton(&plain)
}

impl Pattern {
    /// With `*` or `?`, a mask for the whole text; without, a word or words anywhere in it.
    ///
    /// # Errors
    /// [`PatternError`] when it is none.
    pub(in crate::chat) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > limits::CHAT_FILTER_PATTERN {
            return Err(PatternError::TooLong);
        }
        if text.chars().any(is_hidden) {
            return Err(PatternError::ForbiddenCharacter);
        }
        let mut steps = Vec::new();
        let mut literal = String::new();
        let mut is_mask = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let wildcard = match c {
                '*' => Step::Many,
                '?' => Step::Any,
                // An escaped wildcard stands for itself.
                '\\' => {
                    literal.push(chars.next_if(|next| matches!(next, '*' | '?')).unwrap_or(c));
                    continue;
                }
                _ => {
                    literal.push(c);
                    continue;
                }
            };
            is_mask = true;
            push_literal(&mut steps, &mut literal);
            steps.push(wildcard);
        }
        push_literal(&mut steps, &mut literal);
        if !steps.iter().any(|step| matches!(step, Step::Literal(c) if *c != ' ')) {
            return Err(PatternError::Empty);
        }
        if !is_mask {
            steps.insert(0, Step::Edge);
            steps.insert(0, Step::Many);
            steps.extend([Step::Edge, Step::Many]);
        }
        Self::compile(&steps)
    }

    fn compile(steps: &[Step]) -> Result<Self, PatternError> {
        let mut pattern = Self { literals: Vec::new(), any: 0, edge: 0, many: 0, end: 1 };
        for step in steps {
            match step {
                Step::Many => {
                    pattern.many |= pattern.end;
                    continue;
                }
                Step::Any => pattern.any |= pattern.end,
                Step::Edge => pattern.edge |= pattern.end,
                Step::Literal(c) => match pattern.literals.binary_search_by_key(c, |(known, _)| *known) {
                    Ok(index) => pattern.literals[index].1 |= pattern.end,
                    Err(index) => pattern.literals.insert(index, (*c, pattern.end)),
                },
            }
            pattern.end = pattern.end.checked_mul(2).ok_or(PatternError::TooLong)?;
        }
        Ok(pattern)
    }

    /// Whether a text that is [`folded`] is meant. One pass, however the two are made.
    pub(in crate::chat) fn matches(&self, folded: &str) -> bool {
        let edge = (self.edge != 0).then_some(' ');
        let mut reached = 1u64;
        for c in edge.into_iter().chain(folded.chars()).chain(edge) {
            let known = self.literals.binary_search_by_key(&c, |(known, _)| *known);
            let mut takes = self.any | known.map_or(0, |index| self.literals[index].1);
            if !c.is_alphanumeric() {
                takes |= self.edge;
            }
            reached = (reached & self.many) | ((reached & takes) << 1);
            if reached == 0 {
                return false;
            }
        }
        reached & self.end != 0
    }
}

fn push_literal(steps: &mut Vec<Step>, literal: &mut String) {
    steps.extend(folded(literal).chars().map(Step::Literal));
    literal.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irc::mask::glob;
    use proptest::prelude::*;

    fn is_met(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).expect("a pattern").matches(&folded(text))
    }

    #[test]
    fn a_word_is_found_where_words_begin_and_end() {
        for (pattern, text, expected) in [
            ("cat", "cat", true),
            ("cat", "My CAT!", true),
            ("cat", "concatenate", false),
            ("cat", "cat2", false),
            ("buy now", "please buy   now.", true),
            ("buy now", "buynow", false),
            ("c++", "I like c++ more", true),
        ] {
            assert_eq!(is_met(pattern, text), expected, "{pattern:?} in {text:?}");
        }
    }

    #[test]
    fn a_mask_is_for_the_whole_text() {
        for (pattern, text, expected) in [
            ("buy*", "BUY now", true),
            ("buy*", "please buy", false),
            ("*free*coins*", "get your free, really free coins here", true),
            ("?a", "ba", true),
            ("?a", "a", false),
            ("*a \\**", "a * b", true),
            ("*a \\**", "a b", false),
        ] {
            assert_eq!(is_met(pattern, text), expected, "{pattern:?} {text:?}");
        }
    }

    /// What people do to get round a filter.
    #[test]
    fn look_alikes_formatting_and_hidden_characters_do_not_help() {
        for text in
            ["casino", "CASINO", "ca\u{2}sin\u{2}o", "cа\u{455}inо", "ca\u{200b}sino", "\u{3}04,12casino", "cas1no"]
        {
            // Of `1` UTS 39 says that it looks like `l`, not like `i`.
            assert_eq!(is_met("casino", text), text != "cas1no", "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, error) in [
            ("", PatternError::Empty),
            ("* ?", PatternError::Empty),
            ("a\u{2}b", PatternError::ForbiddenCharacter),
            (&"a".repeat(limits::CHAT_FILTER_PATTERN + 1), PatternError::TooLong),
        ] {
            assert_eq!(Pattern::parse(text), Err(error), "{text:?}");
        }
        assert!(Pattern::parse(&"a".repeat(limits::CHAT_FILTER_PATTERN)).is_ok());
    }

    proptest! {
        /// The mask matcher of lists, which may go back, gives the same answers.
        #[test]
        fn masks_agree_with_those_of_lists(pattern in "[ab*?]{1,12}", text in "[ab]{0,24}") {
            if let Ok(parsed) = Pattern::parse(&pattern).as_ref() && pattern.contains(['*', '?']) {
                prop_assert_eq!(parsed.matches(&text), glob(&pattern, &text));
            }
        }

        #[test]
        fn any_text_is_read(pattern: String, text: String) {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let _ = pattern.matches(&folded(&text));
            }
        }
    }
}
