//! `helio`: arguments → checked settings → work → exit code.

mod args;
mod cmd;
mod config;
mod exit;
mod log_line;
mod output;
mod password;
mod run;
mod settings;
mod signals;
mod transfer;
mod value;

use args::Cli;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    helio_net::rlimit::raise_open_files();
    match cmd::dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
