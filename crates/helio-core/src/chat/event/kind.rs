//! By which command something was said.

use super::SaidKind;

impl SaidKind {
    /// Whether it is text that somebody said to others.
    #[must_use]
    pub fn is_message(self) -> bool {
        match self {
            Self::Privmsg | Self::Notice => true,
            Self::Tagmsg | Self::Topic | Self::Mode | Self::Rename => false,
        }
    }

    /// The command's name.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Privmsg => "PRIVMSG",
            Self::Notice => "NOTICE",
            Self::Tagmsg => "TAGMSG",
            Self::Topic => "TOPIC",
            Self::Mode => "MODE",
            Self::Rename => "RENAME",
        }
    }
}
