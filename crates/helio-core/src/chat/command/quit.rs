//! QUIT: leave the server.

use super::filter;
use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;
use alloc::format;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let reason = params.first().copied().filter(|reason| !reason.is_empty());
    let is_said = |reason: &&str| filter::screen_everywhere(turn, reason).is_ok();
    let reason = reason.filter(is_said).map_or_else(|| "Client quit".to_string(), |reason| format!("Quit: {reason}"));
    turn.close(&reason);
    Ok(())
}
