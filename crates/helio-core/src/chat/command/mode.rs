//! MODE: of a room or of oneself.

use super::{room_mode, user_mode};
use crate::chat::reply::Outcome;
use crate::chat::turn::Turn;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if params[0].starts_with('#') { room_mode::run(turn, params) } else { user_mode::run(turn, params) }
}
