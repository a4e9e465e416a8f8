//! Who has to wait before they speak again. What a moment has to do with it is asked here and nowhere else in `policy`.

use super::LEAST_FOR_SETTINGS;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Moments, Room, Statuses, User, Who};
use crate::irc::numeric::Numeric;
use crate::time::Instant;
use alloc::format;
use core::time::Duration;

/// May `user`, who may speak in `room`, say something at this moment?
pub(in crate::chat) fn can_speak_now(user: &User, room: &Room, now: Instant) -> Outcome {
    is_unmuted(user, room, now)?;
    let Some(seconds) = room.slow else { return Ok(()) };
    if room.statuses(user.id).unwrap_or_default().at_least(Statuses::VOICE) {
        return Ok(());
    }
    let pause = Duration::from_secs(seconds.into());
    match moment(&room.spoke, user).map(|spoke| (spoke + pause).since(now)) {
        Some(left) if left > Duration::ZERO => Err(refusal(room, "slow mode (+W)", left)),
        Some(_) | None => Ok(()),
    }
}

/// Has no filter muted `user` in `room`, or is that over?
pub(in crate::chat) fn is_unmuted(user: &User, room: &Room, now: Instant) -> Outcome {
    match moment(&room.muted, user).map(|until| until.since(now)) {
        Some(left) if left > Duration::ZERO && !is_unfiltered(user, room) => {
            Err(refusal(room, "a filter has muted you", left))
        }
        Some(_) | None => Ok(()),
    }
}

/// Do the filters of `room` leave `user` alone?
pub(in crate::chat) fn is_unfiltered(user: &User, room: &Room) -> bool {
    room.statuses(user.id).unwrap_or_default().at_least(LEAST_FOR_SETTINGS)
}

fn moment(moments: &Moments, user: &User) -> Option<Instant> {
    if moments.is_empty() { None } else { moments.of(&Who::of(user)) }
}

fn refusal(room: &Room, why: &str, left: Duration) -> Refusal {
    let seconds = left.as_millis().div_ceil(1_000);
    let text = format!("Cannot send to channel, {why}: wait {seconds} s");
    Refusal::Words(Numeric::ErrCannotSendToChan, [room.name.clone()].into(), text)
}
