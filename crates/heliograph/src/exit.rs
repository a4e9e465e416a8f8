//! Exit codes, in one table, and which error gets which.

use crate::log_line::{is_journal, priority};
use clap::error::ErrorKind;
use helio_client::weather::{FetchError, SendError, WeatherError};
use helio_core::feed::weather::AnswerError;
use helio_net::connect::ConnectError;
use helio_net::listen::BindError;
use helio_net::tls::TlsError;
use helio_server::event::Level;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// How a command ends, as a number that scripts can rely on. `docs/exit-codes.md` holds the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Something went wrong that has no code of its own.
    Failure = 1,
    /// The command line or the settings are wrong; nothing was done.
    Usage = 2,
    /// A file, a host name or a place does not exist.
    NotFound = 3,
    /// The other side answered, and refused.
    Refused = 4,
    /// The network failed: unreachable, reset, cut off.
    Network = 5,
    /// What arrived is incomplete or damaged.
    Incomplete = 6,
    /// This machine lacks something: the port is in use, the disk is full, a file cannot be written.
    Unavailable = 7,
    /// A check found something that must be mended.
    Unwell = 8,
    /// No answer within the time given.
    TimedOut = 124,
    /// Ended by Ctrl-C or a signal.
    Interrupted = 130,
}

/// Every code but 0 with its meaning, as `helio --help` and `docs/exit-codes.md` show them.
const TABLE: [(Exit, &str); 10] = [
    (Exit::Failure, "something went wrong that has no code of its own"),
    (Exit::Usage, "the command line or the settings are wrong; nothing was done"),
    (Exit::NotFound, "a file, a host name or a place does not exist"),
    (Exit::Refused, "the other side answered, and refused"),
    (Exit::Network, "the network failed: unreachable, reset, cut off"),
    (Exit::Incomplete, "what arrived is incomplete or damaged"),
    (Exit::Unavailable, "this machine lacks something: port in use, disk full, file not writable"),
    (Exit::Unwell, "a check found something that must be mended"),
    (Exit::TimedOut, "no answer within the time given"),
    (Exit::Interrupted, "ended by Ctrl-C or a signal before the work was done"),
];

/// The table for `helio --help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n    0  success");
    for (exit, meaning) in TABLE {
        text += &format!("\n  {:>3}  {meaning}", exit as u8);
    }
    text
}

/// A failed command: the exit code and what to tell the user, as a fragment after `helio: `.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

/// What every command returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// A wrong command line or setting.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Ended by a signal, with nothing to say about it.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "")
    }

    /// A failed file operation; `doing` completes "cannot …".
    pub(crate) fn file(doing: impl fmt::Display, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Unavailable };
        Self::new(exit, format_args!("cannot {doing}: {error}"))
    }

    /// Prints the message and gives the code. A message that is empty was already told.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            let urgent = if is_journal() { format!("<{}>", priority(Level::Error)) } else { String::new() };
            let _ = writeln!(io::stderr(), "{urgent}helio: {}", self.message);
        }
        ExitCode::from(self.exit as u8)
    }
}

/// Prints what clap has to say: help and version are success, everything else is a usage error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(Exit::Usage as u8)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let exit = match &error {
            ConnectError::WrongScheme { .. } => Exit::Usage,
            ConnectError::Lookup { .. } => Exit::NotFound,
            ConnectError::Failed { .. } if error.is_refused() => Exit::Refused,
            ConnectError::Failed { .. } => Exit::Network,
            ConnectError::TimedOut { .. } => Exit::TimedOut,
            ConnectError::Tls { source, .. } => match &**source {
                TlsError::Changed { .. } | TlsError::Untrusted { .. } | TlsError::Unknown { .. } => Exit::Refused,
                TlsError::Name(_) => Exit::Usage,
                TlsError::Unavailable(_) => Exit::Unavailable,
                TlsError::Handshake(_) => Exit::Network,
            },
        };
        Self::new(exit, error)
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        let exit = match &error {
            BindError::Lookup { .. } => Exit::NotFound,
            BindError::WrongScheme { .. } => Exit::Usage,
            BindError::InUse { .. } | BindError::NotPermitted { .. } | BindError::Failed { .. } => Exit::Unavailable,
        };
        Self::new(exit, error)
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let exit = match &error {
            FetchError::Tls { .. } => Exit::Unavailable,
            FetchError::Url { .. } => Exit::Usage,
            FetchError::Lookup { .. } => Exit::NotFound,
            FetchError::ConnectionRefused { .. } => Exit::Refused,
            FetchError::Connect { .. } | FetchError::Handshake { .. } => Exit::Network,
            FetchError::TimedOut { .. } => Exit::TimedOut,
            FetchError::Redirects { .. }
            | FetchError::TooLarge { .. }
            | FetchError::Cut { .. }
            | FetchError::Protocol { .. } => Exit::Incomplete,
        };
        Self::new(exit, error)
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let exit = match error {
            SendError::Connect(error) => return error.into(),
            SendError::Write { .. } | SendError::Lost { .. } => Exit::Network,
            SendError::NotRead { .. } => Exit::TimedOut,
            SendError::Unreachable { .. } => Exit::Refused,
        };
        Self::new(exit, error)
    }
}

impl From<WeatherError> for Failure {
    fn from(error: WeatherError) -> Self {
        let exit = match error {
            WeatherError::Fetch(error) => return error.into(),
            WeatherError::Send(error) => return error.into(),
            WeatherError::Refused { .. } | WeatherError::Answer { error: AnswerError::Reported(_), .. } => {
                Exit::Refused
            }
            WeatherError::Answer { .. } => Exit::Incomplete,
            WeatherError::NotFound { .. } => Exit::NotFound,
        };
        Self::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_the_same_table() {
        let manual = include_str!("../../../docs/exit-codes.md");
        for (exit, meaning) in TABLE {
            let row = format!("| {} | {meaning} |", exit as u8);
            assert!(manual.contains(&row), "docs/exit-codes.md lacks the row {row}");
        }
        assert_eq!(manual.matches("\n| ").count(), TABLE.len() + 2, "a row too many, or too few");
    }
}
