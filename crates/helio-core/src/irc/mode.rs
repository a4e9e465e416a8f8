//! The grammar of MODE: `+ov-k alice bob *` (modern.ircdocs.horse "MODE message"), for rooms and users alike.

use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// One change of one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeChange<'a> {
    /// `+` or `-`.
    pub is_added: bool,
    /// The mode's letter.
    pub letter: u8,
    /// Its argument, if this kind of change takes one.
    pub argument: Option<&'a str>,
}

/// What one letter of a MODE asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeRequest<'a> {
    /// Change it.
    Change(ModeChange<'a>),
    /// Show the list of this mode: a list mode without argument.
    Query(u8),
}

/// Whether a mode takes an argument (the four kinds of ISUPPORT CHANMODES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A list such as `b`; without argument its contents are asked for. CHANMODES type A.
    List,
    /// Always has an argument: `k`, and the statuses of PREFIX such as `o`. Type B.
    Setting,
    /// Has an argument when it is set: `l`. Type C.
    SettingOnSet,
    /// Never has an argument. Type D.
    Flag,
}

/// Why one letter of a MODE was refused; the others are not touched by it. The sender is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// No mode has this letter: ERR_UNKNOWNMODE or ERR_UMODEUNKNOWNFLAG.
    #[error("mode {0} is not known")]
    UnknownLetter(char),
    /// The mode needs an argument and none is left: ERR_INVALIDMODEPARAM.
    #[error("mode {}{} needs an argument", if *.is_added { '+' } else { '-' }, char::from(*.letter))]
    MissingArgument {
        /// `+` or `-`.
        is_added: bool,
        /// The mode's letter.
        letter: u8,
    },
}

/// Walks through the letters of a MODE in their order. Letters before any sign are added.
///
/// At most [`limits::IRC_MODE_CHANGES`] requests come out of it that are more than the change of a flag: with an
/// argument, for a list, or refused. What stands after these is ignored, so that one line cannot ask for hundreds of
/// lists or refusals.
#[derive(Clone, Debug)]
pub struct Modes<'a, P, F> {
    letters: core::str::Chars<'a>,
    arguments: P,
    kind_of: F,
    is_added: bool,
    /// Requests other than flags that may still be made.
    left: usize,
}

impl<'a, P, F> Modes<'a, P, F>
where
    P: Iterator<Item = &'a str>,
    F: Fn(u8) -> Option<Kind>,
{
    /// The requests in a mode string and the parameters after it; `kind_of` knows the letters.
    pub fn new(modes: &'a str, arguments: impl IntoIterator<IntoIter = P>, kind_of: F) -> Self {
        let left = limits::IRC_MODE_CHANGES;
        Self { letters: modes.chars(), arguments: arguments.into_iter(), kind_of, is_added: true, left }
    }

    fn request(&mut self, letter: char) -> Result<ModeRequest<'a>, ModeError> {
        let known = u8::try_from(letter).ok().filter(u8::is_ascii);
        let (letter, kind) =
            known.and_then(|byte| Some((byte, (self.kind_of)(byte)?))).ok_or(ModeError::UnknownLetter(letter))?;
        let is_added = self.is_added;
        let takes_argument = match kind {
            Kind::List | Kind::Setting => true,
            Kind::SettingOnSet => is_added,
            Kind::Flag => false,
        };
        let argument = if takes_argument { self.arguments.next() } else { None };
        match (argument, kind) {
            (None, Kind::List) => Ok(ModeRequest::Query(letter)),
            (None, _) if takes_argument => Err(ModeError::MissingArgument { is_added, letter }),
            _ => Ok(ModeRequest::Change(ModeChange { is_added, letter, argument })),
        }
    }
}

impl<'a, P, F> Iterator for Modes<'a, P, F>
where
    P: Iterator<Item = &'a str>,
    F: Fn(u8) -> Option<Kind>,
{
    type Item = Result<ModeRequest<'a>, ModeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.letters.next()? {
                '+' => self.is_added = true,
                '-' => self.is_added = false,
                letter => {
                    let request = self.request(letter);
                    if !matches!(request, Ok(ModeRequest::Change(ModeChange { argument: None, .. }))) {
                        let Some(left) = self.left.checked_sub(1) else {
                            self.letters = "".chars();
                            return None;
                        };
                        self.left = left;
                    }
                    return Some(request);
                }
            }
        }
    }
}

/// Changes as the mode strings with arguments of MODE messages, in their order: each has at most
/// [`limits::IRC_MODE_CHANGES`] arguments and at most `budget` bytes. A change larger than the budget stands alone.
#[must_use]
pub fn compose(changes: &[ModeChange<'_>], budget: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = Composed::default();
    for change in changes {
        if !line.is_empty() && !line.has_room(change, budget) {
            lines.push(core::mem::take(&mut line).finish());
        }
        line.push(change);
    }
    if !line.is_empty() {
        lines.push(line.finish());
    }
    lines
}

#[derive(Default)]
struct Composed {
    letters: String,
    arguments: String,
    argument_count: usize,
    sign: Option<bool>,
}

impl Composed {
    fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    fn has_room(&self, change: &ModeChange<'_>, budget: usize) -> bool {
        let sign = usize::from(self.sign != Some(change.is_added));
        let argument = change.argument.map_or(0, |argument| 1 + argument.len());
        let bytes = self.letters.len() + self.arguments.len() + sign + 1 + argument;
        let arguments = self.argument_count + usize::from(change.argument.is_some());
        bytes <= budget && arguments <= limits::IRC_MODE_CHANGES
    }

    fn push(&mut self, change: &ModeChange<'_>) {
        if self.sign != Some(change.is_added) {
            self.letters.push(if change.is_added { '+' } else { '-' });
            self.sign = Some(change.is_added);
        }
        self.letters.push(char::from(change.letter));
        if let Some(argument) = change.argument {
            self.arguments.push(' ');
            self.arguments.push_str(argument);
            self.argument_count += 1;
        }
    }

    fn finish(mut self) -> String {
        self.letters.push_str(&self.arguments);
        self.letters
    }
}

#[cfg(test)]
mod tests;
