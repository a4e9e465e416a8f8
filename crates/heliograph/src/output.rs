//! Writing to the user: results on stdout, messages on stderr. Both keep quiet when nobody reads any more.

use crate::exit::{Exit, Failure, Outcome};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

/// One line of result. A closed pipe ends the program with success, as it does for `cat`.
pub(crate) fn line(text: impl Display) -> Outcome {
    let mut out = io::stdout().lock();
    wrote(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// One line of a service's events.
pub(crate) fn event(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// One result as a JSON object on its own line.
pub(crate) fn json(value: &impl Serialize) -> Outcome {
    match serde_json::to_string(value) {
        Ok(text) => line(text),
        Err(error) => Err(Failure::new(Exit::Failure, format_args!("cannot write JSON: {error}"))),
    }
}

/// Raw bytes of result, such as an answer that was asked for as it came.
pub(crate) fn bytes(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    wrote(out.write_all(bytes).and_then(|()| out.flush()))
}

/// One line beside the result. Errors while telling are of no use to anyone.
pub(crate) fn message(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Whether a person reads stderr, so that progress may be drawn.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

fn wrote(result: io::Result<()>) -> Outcome {
    match result {
        Ok(()) => Ok(()),
        #[expect(clippy::exit, reason = "nobody reads the result: the one case that ends the program from the depth")]
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(Exit::Unavailable, format_args!("cannot write the result: {error}"))),
    }
}
