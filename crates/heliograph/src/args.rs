//! The command line as typed. Checking and meaning belong to the commands.

use crate::cmd::Command;
use clap::{Args, Parser};
use std::path::PathBuf;

/// Talk, hand over files and see what the transport does, on a network of your own.
#[derive(Debug, Parser)]
#[command(name = "helio", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = crate::exit::help())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Read settings from FILE instead of the default file
    ///
    /// The default is $XDG_CONFIG_HOME/helio/helio.toml, which need not exist. Flags stand over HELIO_* environment
    /// variables, those over the file, that over the defaults.
    #[arg(long, global = true, value_name = "FILE", env = "HELIO_CONFIG", help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,

    /// Show results and errors only
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
}
