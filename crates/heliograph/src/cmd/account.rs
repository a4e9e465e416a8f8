//! `helio account`: who may do what on a server.

use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use helio_core::limits;
use helio_server::service::chat::hash_password;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal as _, Read as _, Write as _};

/// Prepare who may do what on a server
#[derive(Args, Debug)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the hash of a password, for password-hash in the settings file
    ///
    /// The password is asked for twice on a terminal, and is the first line of standard input otherwise. The hash is a PHC
    /// string of Argon2id with a salt of its own, so it differs each time.
    #[command(after_help = "Examples:
  helio account hash                           asks for the password, without showing it
  pass show chat/ann | helio account hash      takes it from another program")]
    Hash,
}

pub(crate) fn run(args: &AccountArgs) -> Outcome {
    match args.action {
        Action::Hash => {
            let password = read_password()?;
            let hash = hash_password(&password).map_err(|error| Failure::new(Exit::Unavailable, error))?;
            output::line(hash)
        }
    }
}

fn read_password() -> Outcome<String> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let _quiet = Quiet::begin();
    let password = ask("Password: ")?;
    if ask("Again: ")? == password { Ok(password) } else { Err(Failure::usage("the two passwords differ")) }
}

fn ask(prompt: &str) -> Outcome<String> {
    let mut err = io::stderr();
    let _ = write!(err, "{prompt}").and_then(|()| err.flush());
    let line = read_line();
    // The line end that was typed is not shown either.
    let _ = writeln!(err);
    line
}

/// One line of stdin, which is never shown in an error.
fn read_line() -> Outcome<String> {
    // What fits into the line that carries it.
    let most = limits::IRC_BODY - "PASS :\r\n".len();
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(most as u64 + 2);
    input.read_until(b'\n', &mut line).map_err(|error| Failure::file("read the password", &error))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(Failure::usage("no password was given")),
        Ok(text) if text.len() <= most && !text.chars().any(char::is_control) => Ok(text.to_owned()),
        Ok(_) => Err(Failure::usage(format_args!("the password has control characters or more than {most} bytes"))),
        Err(_) => Err(Failure::usage("the password is not UTF-8")),
    }
}

/// A terminal that does not show what is typed, until dropped.
struct Quiet {
    before: Option<Termios>,
}

impl Quiet {
    fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &quiet);
        }
        Self { before }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}
