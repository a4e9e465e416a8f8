//! When a room ends: nobody is there, and there is nothing worth keeping or it was kept long enough.

use crate::chat::Chat;
use crate::time::Now;

pub(in crate::chat) fn sweep(_chat: &mut Chat, _now: Now) {}
