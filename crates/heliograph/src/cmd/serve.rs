//! `helio serve`: all services in one process.
use crate::args::Global;
use crate::exit::Outcome;
use clap::Args;
use serde::Deserialize;
/// Run all services in one process
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {}
/// serve
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServeFlags {}
pub(crate) fn run(_args: ServeArgs, _global: &Global) -> Outcome {
    Ok(())
}
