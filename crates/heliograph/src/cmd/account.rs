//! `helio account`: who may do what on a server.

mod change;

use crate::args::Global;
use crate::cmd::control::Place;
use crate::exit::{Exit, Failure, Outcome};
use crate::signals::Signals;
use crate::{output, password};
use clap::{Args, Subcommand};
use helio_server::service::chat::hash_password;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use tokio::sync::oneshot;

/// Say who may do what on a server
#[derive(Args, Debug)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    action: Action,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Change(change::Action),
    /// Print the hash of a password, for password-hash in the settings file
    ///
    /// The password is asked for twice on a terminal, and is the first line of standard input otherwise. The hash is a PHC
    /// string of Argon2id with a salt of its own, so it differs each time.
    #[command(after_help = "Examples:
  helio account hash                           asks for the password, without showing it
  pass show chat/ann | helio account hash      takes it from another program")]
    Hash {
        /// Taken as by all of `helio account`, and of no use here
        #[arg(long, hide = true)]
        data_dir: Option<PathBuf>,
    },
}

pub(crate) fn run(args: AccountArgs, global: &Global) -> Outcome {
    match args.action {
        Action::Change(action) => change::run(action, &args.place, global),
        Action::Hash { data_dir: _ } => {
            let password = read_password()?;
            let hash = hash_password(&password).map_err(|error| Failure::new(Exit::Unavailable, error))?;
            output::line(hash)
        }
    }
}

fn read_password() -> Outcome<String> {
    if !io::stdin().is_terminal() {
        return password::read_line(io::stdin().lock());
    }
    crate::run::small_runtime()?.block_on(async {
        let mut signals = Signals::catch()?;
        // Dropped when a signal comes, too. The thread is left behind then: nothing takes back a read from a terminal.
        let _quiet = Quiet::begin();
        let (sender, asked) = oneshot::channel();
        std::thread::spawn(move || sender.send(ask_twice()));
        match signals.or(asked).await {
            Ok(asked) => asked.unwrap_or_else(|_| Err(Failure::new(Exit::Failure, "cannot ask for the password"))),
            Err(interrupted) => {
                output::message("");
                Err(interrupted)
            }
        }
    })
}

fn ask_twice() -> Outcome<String> {
    let password = ask("Password: ")?;
    if ask("Again: ")? == password { Ok(password) } else { Err(Failure::usage("the two passwords differ")) }
}

fn ask(prompt: &str) -> Outcome<String> {
    let mut err = io::stderr();
    let _ = write!(err, "{prompt}").and_then(|()| err.flush());
    let line = password::read_line(io::stdin().lock());
    // The line end that was typed is not shown either.
    let _ = writeln!(err);
    line
}

/// The character of a key that does nothing: `_POSIX_VDISABLE` of Linux (`termios(3)`).
const DISABLED: u8 = 0;

/// A terminal that does not show what is typed, until dropped.
struct Quiet {
    before: Option<Termios>,
}

impl Quiet {
    fn begin() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            // These keys would stop or kill us with the terminal as it is.
            for key in [SpecialCodeIndex::VQUIT, SpecialCodeIndex::VSUSP] {
                quiet.special_codes[key] = DISABLED;
            }
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
