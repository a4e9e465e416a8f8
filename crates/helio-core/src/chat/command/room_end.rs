//! When a room ends: nobody is there, and there is nothing worth keeping or it was kept long enough.

use crate::chat::Chat;
use crate::chat::event::RoomEvent;
use crate::limits;
use crate::time::{Instant, Now, Utc};
use alloc::boxed::Box;
use core::time::Duration;

/// Ends the rooms whose end has come. Costs nothing when there are none.
pub(in crate::chat) fn sweep(chat: &mut Chat, now: Now) {
    while let Some(key) = chat.state.empty_rooms.unneeded().map(Box::<str>::from) {
        end(chat, &key, now);
    }
    chat.next_room_end = None;
    // The end of a kept room must be stored; while that fails it stays.
    while chat.storage.can_take().is_ok()
        && let Some((since, key)) = chat.state.empty_rooms.oldest()
    {
        let left = remaining(since, chat.settings.keep_empty_rooms, now.utc);
        if let Some(left) = left {
            chat.next_room_end = Some(later(now.mono, left));
            return;
        }
        let key = Box::<str>::from(key);
        end(chat, &key, now);
    }
}

/// Ends the kept room that has been empty for longest, to make place. `false`: none has been for long enough, or its end
/// cannot be stored.
pub(in crate::chat) fn end_oldest(chat: &mut Chat, now: Now) -> bool {
    let is_safe = |since| remaining(since, limits::CHAT_EMPTY_ROOM_SAFE, now.utc).is_some();
    let oldest = chat.state.empty_rooms.oldest().filter(|(since, _)| !is_safe(*since));
    let oldest = oldest.map(|(_, key)| Box::<str>::from(key));
    let oldest = oldest.filter(|_| chat.storage.can_take().is_ok());
    oldest.map(|key| end(chat, &key, now)).is_some()
}

fn end(chat: &mut Chat, key: &str, now: Now) {
    let Some(room) = chat.state.rooms.get(key) else { return };
    let event = RoomEvent::Ended { room: room.name.clone(), id: room.id.clone(), was_kept: room.is_lasting };
    chat.happen(&event.into(), None, now);
}

/// How long a room that is empty `since` is still kept; `None` when that time has passed.
pub(super) fn remaining(since: Utc, kept: Duration, now: Utc) -> Option<Duration> {
    // A clock that was set back makes the time longer, by no more than it was set back.
    let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let left = since.micros().saturating_add(kept).saturating_sub(now.micros());
    u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_micros)
}

/// A far end comes early; it is looked at again then.
fn later(now: Instant, left: Duration) -> Instant {
    now + left.min(Duration::from_hours(24))
}
