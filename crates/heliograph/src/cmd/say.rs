//! say
use crate::args::Global;
use crate::exit::Outcome;
use clap::Args;
/// Send a message and time its answer
#[derive(Args, Debug)]
pub(crate) struct SayArgs {}
pub(crate) fn run(_args: SayArgs, _global: &Global) -> Outcome {
    Ok(())
}
