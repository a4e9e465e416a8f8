//! `helio chat` on a terminal: the whole screen.

use super::show::zone;
use super::way::Failed;
use super::{ChatClientFlags, outcome};
use crate::exit::{Exit, Failure, Outcome};
use crate::run;
use crate::signals::{self, Signals};
use helio_client::known::KnownServers;
use helio_client::random::random_u64;
use helio_client::terminal::{Colours, ScreenError, ScreenOptions};
use helio_core::limits;
use helio_net::clock::Clock;
use std::io::{IsTerminal as _, stdin, stdout};
use tokio::signal::unix::SignalKind;

/// Whether there is a terminal that can show a screen, and nobody asked for lines.
pub(super) fn is_wanted(asked_for_lines: bool) -> bool {
    let is_able = std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb");
    !asked_for_lines && is_able && stdin().is_terminal() && stdout().is_terminal()
}

/// Opens it, and tells how it ended when the terminal is the shell's again.
pub(super) fn run(flags: ChatClientFlags, known: Option<KnownServers>) -> Outcome {
    let screen = ScreenOptions {
        colours: Colours::of_environment(|name| std::env::var(name).ok()),
        zone: zone::local(),
        has_mouse: flags.mouse.unwrap_or(false),
        attention: flags.notify.map_or_else(Default::default, |notify| notify.0),
    };
    let runtime = run::small_runtime()?;
    // What has to be asked is asked before there is a screen.
    let mut options = runtime.block_on(flags.options(known))?;
    options.settings.stays_without_rooms = true;
    options.settings.lag_interval = Some(limits::CHAT_CLIENT_LAG_INTERVAL);
    let seed = random_u64().map_err(|error| Failure::new(Exit::Unavailable, error))?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let mut hangup = signals::catch(SignalKind::hangup())?;
        let stop = async {
            tokio::select! {
                () = signals.received() => {}
                _ = hangup.recv() => {}
            }
        };
        helio_client::terminal::run(options, screen, seed, Clock::start(), stop).await.map_err(failure)
    })?;
    outcome(ended, None)
}

fn failure(error: ScreenError) -> Failure {
    match error {
        ScreenError::Connect(error) => Failed::from(error).0,
        ScreenError::Terminal(error) => {
            Failure::new(Exit::Unavailable, format_args!("the terminal cannot be used: {error}"))
        }
    }
}
