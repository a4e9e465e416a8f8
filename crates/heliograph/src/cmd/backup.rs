//! `helio backup`: copies of the data directory, also while the server runs.

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::run::small_runtime;
use crate::signals::Signals;
use clap::{Args, Subcommand};
use helio_core::chat::{ControlAnswer, ControlRequest};
use helio_server::backup::{self, BackupError, Frozen, Manifest, Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Copy what a server keeps, also while it runs, and bring it back
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio backup create /srv/backups/2026-11-22    while the server runs, or not
  helio backup check /srv/backups/2026-11-22     reads and judges every byte of it
  helio backup restore /srv/backups/2026-11-22 --data-dir /var/lib/helio

A backup holds messages, what passwords are compared with, and the server's private key.")]
pub(crate) struct BackupArgs {
    #[command(subcommand)]
    action: Action,

    #[command(flatten)]
    place: Place,

    /// Show no progress
    #[arg(long, short, global = true)]
    quiet: bool,

    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a backup of the data directory
    Create {
        /// Where: a directory that is not there yet, or is empty
        backup: PathBuf,
    },
    /// Look at every byte of a backup
    Check {
        /// The backup
        backup: PathBuf,
    },
    /// Make a data directory of a backup; there must be none
    Restore {
        /// The backup
        backup: PathBuf,
    },
}

/// What is printed in the end.
#[derive(Serialize)]
struct Done<'a> {
    backup: &'a Path,
    bytes: u64,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(crate) fn run(args: BackupArgs, global: &Global) -> Outcome {
    let BackupArgs { action, place, quiet, json } = args;
    let (backup, verb) = match &action {
        Action::Create { backup } => (backup.clone(), "backed up to"),
        Action::Check { backup } => (backup.clone(), "nothing wrong with"),
        Action::Restore { backup } => (backup.clone(), "restored from"),
    };
    let manifest = match action {
        Action::Create { backup } => {
            let (data, _) = place.find(global)?;
            let mut server = Asked(Server::reach(&place, global, false)?);
            watched(quiet, move |watch| backup::make(&data, &backup, &mut server, watch))
        }
        Action::Check { backup } => watched(quiet, move |watch| backup::check(&backup, watch)),
        Action::Restore { backup } => {
            let (data, _) = place.find(global)?;
            watched(quiet, move |watch| backup::restore(&backup, &data, watch))
        }
    }?;
    if json {
        return output::json(&Done { backup: &backup, bytes: manifest.bytes(), manifest: &manifest });
    }
    let files = manifest.files.len();
    output::line(format_args!("{verb} {}: {files} files, {} bytes", backup.display(), manifest.bytes()))
}

/// A server, asked to leave its store's file alone.
struct Asked(Server);

impl Asked {
    fn ask(&mut self, request: ControlRequest) -> Result<ControlAnswer, BackupError> {
        self.0.ask(request).map_err(|failure| BackupError::Server(failure.message))
    }
}

impl Frozen for Asked {
    fn freeze(&mut self) -> Result<PathBuf, BackupError> {
        let answer = self.ask(ControlRequest::StoreFreeze)?;
        let ControlAnswer::Frozen { path } = answer else { return Err(BackupError::Server(unexpected().message)) };
        Ok(path.into())
    }

    fn thaw(&mut self) -> Result<bool, BackupError> {
        let answer = self.ask(ControlRequest::StoreThaw)?;
        let ControlAnswer::Thawed { is_intact } = answer else { return Err(BackupError::Server(unexpected().message)) };
        Ok(is_intact)
    }
}

/// Works on a thread of its own, shows on a terminal how far it is, and stops it on a signal.
fn watched(
    quiet: bool,
    work: impl FnOnce(backup::Watch<'_>) -> Result<Manifest, BackupError> + Send + 'static,
) -> Outcome<Manifest> {
    small_runtime()?.block_on(async {
        let mut signals = Signals::catch()?;
        let bar = (!quiet && output::is_watched()).then(ProgressBar::no_length);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (shown, stop) = (bar.clone(), is_stopped.clone());
        let mut work = tokio::task::spawn_blocking(move || {
            work(&|progress| {
                shown.iter().for_each(|bar| draw(bar, progress));
                !stop.load(Ordering::Relaxed)
            })
        });
        let done = tokio::select! {
            done = &mut work => done,
            () = signals.received() => {
                is_stopped.store(true, Ordering::Relaxed);
                work.await
            }
        };
        bar.iter().for_each(ProgressBar::finish_and_clear);
        let done = done.map_err(|error| Failure::new(Exit::Failure, format_args!("cannot do it: {error}")))?;
        done.map_err(refused)
    })
}

fn draw(bar: &ProgressBar, progress: Progress) {
    let what = match progress.phase {
        Phase::Copying => "copying",
        Phase::Reading => "reading",
        Phase::Checking => "checking the database",
    };
    let template = match progress.total {
        0 => "{spinner} {msg}",
        _ => "{msg} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.set_length(progress.total);
    bar.set_position(progress.bytes);
}

fn refused(error: BackupError) -> Failure {
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is left is a matter of this machine")]
    let exit = match &error {
        BackupError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Exit::NotFound,
        BackupError::NoBackup(_) => Exit::NotFound,
        BackupError::Exists(_) => Exit::Usage,
        error if error.is_damage() => Exit::Incomplete,
        BackupError::Stopped => Exit::Interrupted,
        BackupError::Server(_) => Exit::Refused,
        _ => Exit::Unavailable,
    };
    Failure::new(exit, error)
}
