//! QUIT: leave the server.

use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;
use alloc::format;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let reason = match params.first() {
        Some(reason) if !reason.is_empty() => format!("Quit: {reason}"),
        Some(_) | None => "Client quit".into(),
    };
    turn.close(&reason);
    Ok(())
}
